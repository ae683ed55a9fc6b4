"""Whose timer is next: a heap that tolerates stale entries.

For: one look for thousands of sessions whose deadlines move with every message. A deadline that moves later
is not touched in the heap: when its old entry comes up, it is put back at its true time. Not for: what a timer
means (session).
Price: one heap entry (about 100 octets) a session.
"""

from collections.abc import Callable, Hashable
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class TimerHeap(Generic[T]):
    """Deadlines of many owners.

    Args:
        deadline_of: the owner's next deadline in seconds of the engine's clock, None when it has none.
    """

    def __init__(self, deadline_of: Callable[[T], float | None]) -> None:
        """Start empty."""
        self._deadline_of = deadline_of
        self._heap: list[tuple[float, int, T]] = []
        self._scheduled: dict[T, float] = {}
        self._order = count()

    def update(self, owner: T) -> None:
        """Look at the owner's deadline again; call after every input that it got."""
        deadline = self._deadline_of(owner)
        if deadline is None:
            return
        scheduled = self._scheduled.get(owner)
        if scheduled is None or deadline < scheduled:
            self._scheduled[owner] = deadline
            heappush(self._heap, (deadline, next(self._order), owner))

    def forget(self, owner: T) -> None:
        """The owner is gone."""
        self._scheduled.pop(owner, None)

    def next(self) -> float | None:
        """Return the earliest deadline, None when nobody has one."""
        self._settle()
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> T | None:
        """Return an owner whose deadline has come, at most once for each `update`; None when there is none."""
        self._settle()
        if not self._heap or self._heap[0][0] > now:
            return None
        _, _, owner = heappop(self._heap)
        del self._scheduled[owner]
        return owner

    def _settle(self) -> None:
        """Bring a true deadline to the top: drop stale entries, put moved ones back."""
        while self._heap:
            entered, _, owner = self._heap[0]
            if self._scheduled.get(owner) != entered:
                heappop(self._heap)
                continue
            deadline = self._deadline_of(owner)
            if deadline == entered:
                return
            heappop(self._heap)
            del self._scheduled[owner]
            self.update(owner)
