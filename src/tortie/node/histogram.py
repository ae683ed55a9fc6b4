"""A histogram of durations: counts by upper bound, as Prometheus wants them, and nothing else.

For: what is observed once a batch, never once a prefix. Not for: exposition (`metrics_text`).
Structure to know: `Histogram`. Price: about 300 octets; 0.3 µs an observation.
"""

from bisect import bisect_left
from itertools import accumulate
from typing import Final

__all__ = ["BOUNDS_S", "Histogram"]

BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds: from one pass of an event loop to what an operator calls an outage."""


class Histogram:
    """Durations in seconds; `sum_s` is their sum."""

    __slots__ = ("_counts", "sum_s")

    def __init__(self) -> None:
        """Nothing was observed."""
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def observe(self, seconds: float) -> None:
        """Take one duration."""
        self._counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds

    @property
    def count(self) -> int:
        """How many were observed."""
        return sum(self._counts)

    def cumulative(self) -> list[tuple[str, int]]:
        """Return (upper bound as text, how many were not longer), the last bound being "+Inf"."""
        return list(zip([*map(str, BOUNDS_S), "+Inf"], accumulate(self._counts), strict=True))
