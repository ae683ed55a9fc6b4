"""The datastore's one interface: revisioned keys, compare-and-swap transactions, watch from a revision.

What it is for: every driver (`memory`, `sqlite`, `files`, `etcd`) gives etcd's semantics through `Store`, so
that no caller knows which one it has (`Holder` is what only some can). What it is not for: resources
(`resources.py`), following a prefix through outages (`follow.py`), choosing a driver (`open.py`).

The structures to know: `Entry` (a key, its value and its revisions) and `Event` (what one revision did to
one key). One revision is one transaction that changed something; revisions only grow, within one `history`.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from tortie.store.errors import InvalidRequest

__all__ = [
    "CHANGE_LOG_EVENTS_MAX",
    "KEY_BYTES_MAX",
    "OPERATIONS_COUNT_MAX",
    "VALUE_BYTES_MAX",
    "WATCH_BATCH_EVENTS_MAX",
    "Compare",
    "Delete",
    "Entry",
    "Event",
    "Events",
    "Holder",
    "Listing",
    "Operation",
    "Put",
    "Store",
    "check_key",
    "check_prefix",
    "check_transaction",
    "whole_revisions",
]

KEY_BYTES_MAX: Final = 1024
"""Longest key, UTF-8 bytes. A longer one is refused with InvalidRequest."""
VALUE_BYTES_MAX: Final = 1 << 20
"""Largest value, bytes (etcd refuses requests above 1.5 MiB). A larger one is refused with InvalidRequest."""
OPERATIONS_COUNT_MAX: Final = 128
"""Most compares, and most operations, of one transaction (etcd's limit). More: InvalidRequest."""
CHANGE_LOG_EVENTS_MAX: Final = 10_000
"""Events that a driver keeps for watchers; older ones are compacted, whole revisions at a time."""
WATCH_BATCH_EVENTS_MAX: Final = 1000
"""Most events a watch hands over at once; it never splits a revision. At least OPERATIONS_COUNT_MAX. A single revision
that others made may have more: etcd deletes a prefix of any size at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key as it stands: its value, the revision that created it and the one that last wrote it."""

    key: str
    value: bytes
    create_revision: int
    mod_revision: int


@dataclass(frozen=True, slots=True)
class Event:
    """What one revision did to one key; `entry` is None when it deleted it."""

    key: str
    entry: Entry | None
    revision: int


Events = list[Event]
"""A batch of events in revision order (a name of its own: inside a store `list` is the method)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All entries under a prefix at one revision, sorted by key.

    Attributes:
        revision: the store's revision when this was read; watch from it to miss nothing.
        entries: sorted by key.
        history: name of the sequence of revisions that `revision` counts in. Another name means another store
            (a file made anew): its revisions cannot be compared with those seen before.
    """

    revision: int
    entries: tuple[Entry, ...]
    history: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Condition of a transaction: the key was last written at `mod_revision`; 0 = the key is absent."""

    key: str
    mod_revision: int


@dataclass(frozen=True, slots=True)
class Put:
    """Write a value, creating the key or replacing what it held."""

    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a key; no error and no revision when it is absent."""

    key: str


Operation = Put | Delete


class Store(Protocol):
    """A datastore. Every method may raise StoreUnavailable; none waits for ever for a store that is gone."""

    async def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None."""
        ...

    async def list(self, prefix: str) -> Listing:
        """Return all entries whose key starts with `prefix` (plain text, "" = all), at one revision."""
        ...

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations if all compares hold, else nothing.

        Args:
            compares: conditions on keys; they need not be keys of the operations.
            operations: at most one for each key.

        Returns:
            Revision of the transaction; the store's current one when nothing was changed by it (no
            operations, or only deletions of absent keys).

        Raises:
            Conflict: the first compare that did not hold.
            InvalidRequest: a limit is exceeded or a key named twice.
        """
        ...

    def watch(self, prefix: str, from_revision: int, history: str | None = None) -> AsyncGenerator[Events, None]:
        """Yield, in order and without gaps, the events under `prefix` of all revisions after `from_revision`.

        A batch holds whole revisions, at most WATCH_BATCH_EVENTS_MAX events. The iterator has no end of its
        own; close it (`contextlib.aclosing`) or cancel. It holds no queue: a slow reader that falls behind
        the change log gets Compacted.

        Args:
            prefix: plain text; "" = all.
            from_revision: the last revision already seen, as a listing or an event gave it.
            history: the listing's history; None = whatever the store's is at the first step.

        Raises:
            Compacted: the change log begins later; list again.
            HistoryReplaced: the store stands before `from_revision`, or its history is or becomes another.
            StoreUnavailable: the store went away; nothing was lost, watch again from the last revision seen.
        """
        ...

    async def close(self) -> None:
        """Let go of files, threads and connections. Later calls and running watches raise InvalidRequest."""
        ...


@runtime_checkable
class Holder(Protocol):
    """A store that has leases: keys that live as long as their holder."""

    async def hold(self, key: str, value: bytes, ttl_s: int) -> None:
        """Keep a key in place until cancelled, then remove it; if the holder dies, it goes away after `ttl_s`.

        Raises:
            StoreUnavailable: it cannot be kept; it goes away by itself.
        """
        ...


def check_key(key: str) -> None:
    """Raise InvalidRequest unless `key` starts with "/", has no control character and fits KEY_BYTES_MAX."""
    if not key.startswith("/"):
        raise InvalidRequest(f"key {key!r}: a key starts with '/'")
    check_prefix(key)


def check_prefix(prefix: str) -> None:
    """Raise InvalidRequest unless `prefix` has no control character and fits KEY_BYTES_MAX."""
    if any(ord(character) < ord(" ") or "\ud800" <= character <= "\udfff" for character in prefix):
        raise InvalidRequest(f"key {prefix!r}: control characters and lone surrogates are not allowed")
    if len(prefix.encode()) > KEY_BYTES_MAX:
        raise InvalidRequest(f"key {prefix[:64]!r}...: {len(prefix.encode())} bytes, at most {KEY_BYTES_MAX} allowed")


def check_transaction(compares: Sequence[Compare], operations: Sequence[Operation]) -> None:
    """Raise InvalidRequest unless the transaction keeps the limits and names each written key once."""
    for name, count in (("compares", len(compares)), ("operations", len(operations))):
        if count > OPERATIONS_COUNT_MAX:
            raise InvalidRequest(f"{count} {name} in one transaction, at most {OPERATIONS_COUNT_MAX} allowed")
    for compare in compares:
        check_key(compare.key)
    written: set[str] = set()
    for operation in operations:
        check_key(operation.key)
        if operation.key in written:
            raise InvalidRequest(f"key {operation.key}: written twice in one transaction")
        written.add(operation.key)
        if isinstance(operation, Put) and len(operation.value) > VALUE_BYTES_MAX:
            raise InvalidRequest(
                f"key {operation.key}: value of {len(operation.value)} bytes, at most {VALUE_BYTES_MAX} allowed"
            )


def whole_revisions(events: list[Event], limit: int) -> list[Event]:
    """Return the longest head of `events`, at most `limit` of them, that splits no revision."""
    if len(events) <= limit:
        return events
    cut = limit
    while cut and events[cut - 1].revision == events[limit].revision:
        cut -= 1
    assert cut, f"a revision of more than {limit} events: transactions are limited to {OPERATIONS_COUNT_MAX}"
    return events[:cut]
