"""The change log of a driver that keeps its state in this process: what watchers are told.

What it is for: events in revision order, bounded; a watcher is a revision, its position is looked up, so that no
watcher costs a queue. What it is not for: waiting for changes, and the state itself.
"""

from bisect import bisect_right
from collections.abc import Iterable

from tortie.store.base import WATCH_BATCH_EVENTS_MAX, Event, Events, whole_revisions
from tortie.store.errors import Compacted, HistoryReplaced

__all__ = ["ChangeLog"]


class ChangeLog:
    """Events of the last revisions; older ones are compacted, whole revisions at a time.

    Attributes:
        compacted: newest revision whose events are gone.
    """

    def __init__(self, events_max: int, compacted: int = 0) -> None:
        """Begin with no events after revision `compacted`; keep at most `events_max`."""
        self._events_max = events_max
        self._events: list[Event] = []
        self.compacted = compacted

    def append(self, events: Iterable[Event]) -> None:
        """Add the events of a later revision."""
        self._events.extend(events)
        excess = len(self._events) - self._events_max
        if excess > 0:
            self.compacted = self._events[excess - 1].revision
            del self._events[: bisect_right(self._events, self.compacted, key=_revision_of)]

    def after(self, cursor: int, revision: int, prefix: str) -> tuple[Events, int]:
        """Return the next batch of events under `prefix` after `cursor`, and the revision up to which it reaches.

        Args:
            cursor: last revision seen.
            revision: the store's current one.
            prefix: plain text; "" = all.

        Raises:
            Compacted: the log begins later.
            HistoryReplaced: the store stands before `cursor`.
        """
        if cursor < self.compacted:
            raise Compacted(cursor, self.compacted)
        if cursor > revision:
            raise HistoryReplaced(cursor, revision)
        start = bisect_right(self._events, cursor, key=_revision_of)
        step = whole_revisions(self._events[start : start + WATCH_BATCH_EVENTS_MAX + 1], WATCH_BATCH_EVENTS_MAX)
        reached = step[-1].revision if step else revision
        return [event for event in step if event.key.startswith(prefix)], reached


def _revision_of(event: Event) -> int:
    return event.revision
