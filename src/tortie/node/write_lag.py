"""How long changes wait until they are written: marks in a queue that is served first in, first out. Pure.

For: the age of the oldest change that waits, and the time that each batch took. Not for: single routes: a batch of ten
thousand is one mark.
Structure to know: `WriteLag`. A mark is (length of the queue since its beginning, time).
"""

from collections import deque
from typing import Final

__all__ = ["MARKS_MAX", "WriteLag"]

MARKS_MAX: Final = 1024
"""Batches told apart; more become one with the last, under its older time."""


class WriteLag:
    """The batches that wait."""

    __slots__ = ("_marks",)

    def __init__(self) -> None:
        """Nothing waits."""
        self._marks: deque[tuple[int, float]] = deque()

    def note(self, queued_count: int, now: float) -> None:
        """Something was queued: the queue's last entry is its `queued_count`-th ever."""
        if self._marks and self._marks[-1][0] >= queued_count:
            return
        if len(self._marks) >= MARKS_MAX:
            _, now = self._marks.pop()
        self._marks.append((queued_count, now))

    def take_done(self, taken_count: int, now: float) -> list[float]:
        """Return the seconds that each batch took which is wholly among the first `taken_count` entries."""
        done: list[float] = []
        while self._marks and self._marks[0][0] <= taken_count:
            done.append(now - self._marks.popleft()[1])
        return done

    def seconds(self, now: float) -> float:
        """Return how long the oldest batch has waited, 0 if none does."""
        return now - self._marks[0][1] if self._marks else 0.0
