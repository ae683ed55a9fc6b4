"""Who wants to know what an engine does without having a part in it: logs and metrics of the shell.

For: what is too much, or too idle, for the queue of outputs. Not for: anything that a decision hangs on.
Structure to know: `Observer`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tortie.bgp.engine.config import PeerKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Called from within the engine: must be quick, must not raise, must not call the engine.

    Attributes:
        propagated: how many seconds it took from the oldest input of a batch of changes until the last member of one
            update group had been sent it (see `propagation`); None: it is not measured.
        session_event: one step of a session's state machines, as its status shows it.
    """

    propagated: Callable[[float], None] | None
    session_event: Callable[[PeerKey, str], None]
