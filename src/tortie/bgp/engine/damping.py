"""How often an address has failed of late: what damps peers that are forgotten when they go.

For: a peer of a range that connects, establishes and leaves again and again meets the same back-off as a named one
(IdleHoldTimer, RFC 4271 §8.1.1 DampPeerOscillations), though nothing else is kept of it. Not for: named peers, whose
session counts itself.
Structures to know: `Damping`. Price: about 200 octets an address, ADDRESSES_MAX at most.
"""

from typing import Final

__all__ = ["ADDRESSES_MAX", "REMEMBERED_S", "Damping"]

REMEMBERED_S: Final = 60.0
"""For how long a failure counts: twice the longest IdleHoldTime, so that waiting it out is no way round it."""

ADDRESSES_MAX: Final = 4096
"""Addresses remembered; the one that failed longest ago makes room."""


class Damping:
    """Failures in a row, by address."""

    __slots__ = ("_failures",)

    def __init__(self) -> None:
        """Remember nobody."""
        self._failures: dict[str, tuple[int, float]] = {}

    def __len__(self) -> int:
        """Count the addresses remembered."""
        return len(self._failures)

    def note_gone(self, address: str, failure_count: int, now: float) -> None:
        """A peer at this address is forgotten, after so many failures in a row."""
        self._failures.pop(address, None)
        if failure_count:
            self._failures[address] = (failure_count, now)
        if len(self._failures) > ADDRESSES_MAX:
            del self._failures[next(iter(self._failures))]

    def failure_count(self, address: str, now: float) -> int:
        """Return how many failures in a row a new peer at this address begins with; 0 = none that count."""
        failure_count, when = self._failures.get(address, (0, 0.0))
        return failure_count if now - when < REMEMBERED_S else 0
