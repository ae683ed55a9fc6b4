"""The memory driver: a whole store in one process, for tests and for standing alone.

What it is for: the reference of the semantics that all drivers share, and a fake that can be told to fail.
What it is not for: anything that must outlive the process, or be seen by another one.

The structures to know: `_entries` (key to Entry) and `change_log.ChangeLog` (what watchers are told).
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Sequence

from tortie.store.base import (
    CHANGE_LOG_EVENTS_MAX,
    Compare,
    Entry,
    Event,
    Events,
    Listing,
    Operation,
    Put,
    check_key,
    check_prefix,
    check_transaction,
)
from tortie.store.change_log import ChangeLog
from tortie.store.errors import Conflict, HistoryReplaced, InvalidRequest, StoreUnavailable

__all__ = ["MemoryStore"]


class MemoryStore:
    """A store in memory (see `base.Store`). One event loop; not for several threads."""

    def __init__(self, *, change_log_events_max: int = CHANGE_LOG_EVENTS_MAX) -> None:
        """Make an empty store that keeps at most `change_log_events_max` events for watchers."""
        self._change_log_events_max = change_log_events_max
        self._changed = asyncio.Event()
        self._closed = False
        self._outage: str | None = None
        self.clear_history()

    def clear_history(self) -> None:
        """Become another, empty store, as a data file that was made anew: revision 0 of a new history."""
        self._entries: dict[str, Entry] = {}
        self._log = ChangeLog(self._change_log_events_max)
        self._revision = 0
        self._history = uuid.uuid4().hex
        self._wake()

    def set_outage(self, reason: str | None) -> None:
        """Be unavailable with this reason until called with None; for tests of those who use a store."""
        self._outage = reason
        self._wake()

    async def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None."""
        check_key(key)
        self._check_usable()
        return self._entries.get(key)

    async def list(self, prefix: str) -> Listing:
        """Return all entries under `prefix` at the current revision."""
        check_prefix(prefix)
        self._check_usable()
        keys = sorted(key for key in self._entries if key.startswith(prefix))
        return Listing(self._revision, tuple(self._entries[key] for key in keys), self._history)

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations if all compares hold (see `base.Store.transact`)."""
        check_transaction(compares, operations)
        self._check_usable()
        for compare in compares:
            entry = self._entries.get(compare.key)
            found = entry.mod_revision if entry else 0
            if found != compare.mod_revision:
                raise Conflict(compare.key, compare.mod_revision, found)
        events = [event for operation in operations if (event := self._event(operation))]
        if events:
            self._commit(events)
        return self._revision

    async def watch(self, prefix: str, from_revision: int, history: str | None = None) -> AsyncGenerator[Events, None]:
        """Yield events under `prefix` after `from_revision` (see `base.Store.watch`)."""
        check_prefix(prefix)
        cursor, history = from_revision, history or self._history
        while True:
            changed = self._changed
            self._check_usable()
            if self._history != history:
                raise HistoryReplaced(cursor, self._revision)
            events, cursor = self._log.after(cursor, self._revision, prefix)
            if events:
                yield events
            elif cursor == self._revision:
                await changed.wait()

    async def close(self) -> None:
        """End all watches; later calls raise InvalidRequest."""
        self._closed = True
        self._wake()

    def _check_usable(self) -> None:
        if self._closed:
            raise InvalidRequest("the memory datastore was closed")
        if self._outage is not None:
            raise StoreUnavailable(f"memory datastore: {self._outage}")

    def _event(self, operation: Operation) -> Event | None:
        """Return what an operation does at the next revision; None when it changes nothing."""
        revision = self._revision + 1
        old = self._entries.get(operation.key)
        if isinstance(operation, Put):
            create_revision = old.create_revision if old else revision
            entry = Entry(operation.key, operation.value, create_revision, revision)
            return Event(operation.key, entry, revision)
        return Event(operation.key, None, revision) if old else None

    def _commit(self, events: Sequence[Event]) -> None:
        self._revision += 1
        for event in events:
            if event.entry:
                self._entries[event.key] = event.entry
            else:
                del self._entries[event.key]
        self._log.append(events)
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
