"""The garbage collector of a process that keeps hundreds of thousands of records for as long as it runs.

For: agents: what they read from the datastore they keep, so that looking at it again and again for cycles that are not
there is work for nothing (with 5,000 nodes a third of the time to the first intent). Not for: short commands.
"""

import gc
from typing import Final

__all__ = ["relax_collector", "settle_collector"]

NEW_OBJECTS_MAX: Final = 50_000
"""Objects that may be made before the youngest are looked at; Python's own number is 700."""


def relax_collector() -> None:
    """Look less often; before the datastore is read."""
    gc.set_threshold(NEW_OBJECTS_MAX)


def settle_collector() -> None:
    """Set aside all that is there now: it stays. What is made from now on is collected as ever."""
    gc.collect()
    gc.freeze()
