"""The sqlite driver: one file, several processes on one host.

What it is for: the embedded default. Writes are `BEGIN IMMEDIATE` transactions in a write-ahead-logged
file, synced before they are acknowledged; changes stand in a log table that watchers of every process read.
What it is not for: file systems shared between hosts, and telling files apart (`datafile.py`). The only
module that imports sqlite3.

Two structures to know: `_Connection` (sqlite3 with a watch on its inode: a file that was removed or
replaced is reported, and opened anew when there is one) and `SQLiteStore` (the asynchronous face: one
thread reads, one writes, one looks for changes; none of it runs on the event loop).
"""

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from tortie.store.base import (
    CHANGE_LOG_EVENTS_MAX,
    WATCH_BATCH_EVENTS_MAX,
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
    whole_revisions,
)
from tortie.store.datafile import FileSet, Inode, create_file, discard_stale_log, look
from tortie.store.errors import Compacted, Conflict, HistoryReplaced, InvalidRequest, StoreUnavailable
from tortie.store.poller import Poller

__all__ = ["BUSY_TIMEOUT_S", "POLL_INTERVAL_S", "SQLiteStore"]

BUSY_TIMEOUT_S: Final = 5.0
"""Longest wait for a lock that another process holds; then StoreUnavailable."""
POLL_INTERVAL_S: Final = 0.04
"""Pause between two looks for changes by other processes."""
WAKE_TIMEOUT_S: Final = 5.0
"""A watch reads the log at least this often, even if nobody wakes it."""
STOP_TIMEOUT_S: Final = 2 * BUSY_TIMEOUT_S
"""Longest wait for the threads at close()."""

APPLICATION_ID: Final = 0x746F7274
"""Marks our files in SQLite's header ("tort")."""
FORMAT_VERSION: Final = 1
"""Kept as SQLite's user_version; a file of a later one is refused."""

_SCHEMA: Final = """
CREATE TABLE state (history TEXT NOT NULL, revision INTEGER NOT NULL, compacted INTEGER NOT NULL);
CREATE TABLE entries (
    key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL,
    create_revision INTEGER NOT NULL, mod_revision INTEGER NOT NULL);
CREATE TABLE changes (
    position INTEGER PRIMARY KEY, revision INTEGER NOT NULL, key TEXT NOT NULL,
    value BLOB, create_revision INTEGER NOT NULL);
CREATE INDEX changes_by_revision ON changes (revision);
"""
_KEY_END: Final = "\U0010ffff"
"""Sorts behind every key that begins with a prefix."""

_Result = TypeVar("_Result")


class SQLiteStore:
    """A store in a file (see `base.Store`). Nothing is opened before the first call."""

    def __init__(
        self,
        path: Path,
        *,
        may_create: bool = True,
        change_log_events_max: int = CHANGE_LOG_EVENTS_MAX,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
    ) -> None:
        """Keep the path.

        Args:
            path: the file. Its directory must exist.
            may_create: make the file if there is none at the first call. A file that was there once is
                never made anew by this object: an empty one in its place would look like the deletion of
                everything.
            change_log_events_max: events kept for watchers; older ones are compacted.
            busy_timeout_s: longest wait for another process's lock, seconds.
        """
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._change_log_events_max = change_log_events_max
        self._file = _File(path)
        self._reader = _Connection(self._file, may_create, busy_timeout_s)
        self._writer = _Connection(self._file, may_create, busy_timeout_s)
        self._read_thread = ThreadPoolExecutor(1, "tortie-store-read")
        self._write_thread = ThreadPoolExecutor(1, "tortie-store-write")
        self._poller: Poller | None = None
        self._changed = asyncio.Event()
        self._closed = False

    async def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None."""
        check_key(key)
        return await self._read(lambda connection: _get(connection, key))

    async def list(self, prefix: str) -> Listing:
        """Return all entries under `prefix`, at one revision."""
        check_prefix(prefix)
        return await self._read(lambda connection: _list(connection, prefix))

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations if all compares hold (see `base.Store.transact`); on disk when it returns."""
        check_transaction(compares, operations)
        limit = self._change_log_events_max
        revision = await self._in_thread(
            self._write_thread,
            lambda: self._writer.run(lambda connection: _transact(connection, compares, operations, limit)),
        )
        self._wake()
        return revision

    async def watch(self, prefix: str, from_revision: int, history: str | None = None) -> AsyncGenerator[Events, None]:
        """Yield events under `prefix` after `from_revision` (see `base.Store.watch`)."""
        check_prefix(prefix)
        self._start_poller()
        log = _LogReader(prefix, from_revision, history)
        while True:
            changed = self._changed
            events, is_all = await self._read(log.read)
            if events:
                yield events
            elif is_all:
                with suppress(TimeoutError):
                    async with asyncio.timeout(WAKE_TIMEOUT_S):
                        await changed.wait()

    async def close(self) -> None:
        """Close the file and end the threads; running watches raise InvalidRequest."""
        self._closed = True
        self._wake()
        await asyncio.to_thread(self._stop_threads)

    def _stop_threads(self) -> None:
        if self._poller is not None:
            self._poller.stop(STOP_TIMEOUT_S)
        for thread, connection in ((self._read_thread, self._reader), (self._write_thread, self._writer)):
            with suppress(RuntimeError):  # shut down already: a second close()
                thread.submit(connection.close)
            thread.shutdown(wait=True)

    async def _read(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        return await self._in_thread(self._read_thread, lambda: self._reader.run(work))

    async def _in_thread(self, thread: ThreadPoolExecutor, call: Callable[[], _Result]) -> _Result:
        if self._closed:
            raise InvalidRequest(f"the datastore {self._path} was closed")
        return await asyncio.get_running_loop().run_in_executor(thread, call)

    def _start_poller(self) -> None:
        if self._poller is None:
            loop = asyncio.get_running_loop()
            connection = _Connection(self._file, may_create=False, busy_timeout_s=POLL_INTERVAL_S)
            self._poller = Poller(
                connection.change_token,
                connection.close,
                lambda: self._wake_from_thread(loop),
                POLL_INTERVAL_S,
            )
            self._poller.start()

    def _wake_from_thread(self, loop: asyncio.AbstractEventLoop) -> bool:
        try:
            loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the loop was closed without close(): nobody is left to wake
            return False
        return True

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class _File:
    """What the connections of one store know together about its file.

    Attributes:
        path: where it stands.
        first: inode that the first of them opened; None = none was opened yet, so none can have been lost.
        last: what was opened last; a log of it is not the log of another file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: Inode | None = None
        self.last: FileSet | None = None


class _Connection:
    """sqlite3 that knows which file it is open on. For one thread at a time.

    After the file was replaced the first call fails, on every connection: what its caller compares with was
    read from the old one.
    """

    def __init__(self, file: _File, may_create: bool, busy_timeout_s: float) -> None:
        self._file = file
        self._path = file.path
        self._may_create = may_create
        self._busy_timeout_s = busy_timeout_s
        self._connection: sqlite3.Connection | None = None
        self._opened: FileSet | None = None
        self._believed: Inode | None = None

    def run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Return what `work` makes of the open file.

        Raises:
            StoreUnavailable: there is no file, it was removed or replaced since the last call, it is
                locked, damaged or not ours, the disk is full, ... The next call opens what stands at the
                path then.
        """
        try:
            connection = self._current()
            result = work(connection)
        except sqlite3.Error as error:
            if not _is_passing(error):
                self.close()
            raise StoreUnavailable(_unavailable_text(self._path, error, self._busy_timeout_s)) from error
        if look(self._path) != self._opened:
            self.close()
            raise StoreUnavailable(
                f"the datastore file {self._path} was removed or replaced during an operation, "
                "whose outcome is unknown: read again before writing"
            )
        return result

    def change_token(self) -> object:
        """Return something that differs after every change of the data or of the file; never raises."""
        try:
            return self.run(lambda connection: (self._opened, _value(connection, "PRAGMA data_version")))
        except StoreUnavailable as error:
            return str(error)

    def close(self) -> None:
        """Close the file if it is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):  # the file may be gone: there is nothing left to save
                connection.close()

    def _current(self) -> sqlite3.Connection:
        now = look(self._path)
        if self._connection is not None and now == self._opened:
            return self._connection
        was_open = self._connection is not None
        self._abandon()
        if now.data is None:
            self._create()
        elif now.data != (believed := self._believed or self._file.first) and believed is not None:
            self._believed = now.data
            raise StoreUnavailable(
                f"the datastore file {self._path} was replaced while in use: the next try opens it anew"
            )
        elif was_open:
            raise StoreUnavailable(
                f"the log of the datastore file {self._path} was removed while in use: "
                "what was written last may be lost"
            )
        return self._open()

    def _abandon(self) -> None:
        """Close a file that is no longer in its place, complete without its log, should it ever come back."""
        if self._connection is not None:
            with suppress(sqlite3.Error):  # it may be damaged, or on a disk that is gone
                self._connection.execute("PRAGMA wal_checkpoint")
        self.close()

    def _create(self) -> None:
        if self._file.first is not None:
            raise StoreUnavailable(
                f"the datastore file {self._path} was removed while in use: put it back "
                "(a new one is made only by a process that is started anew)"
            )
        if not self._may_create:
            raise StoreUnavailable(f"the datastore file {self._path} does not exist")
        create_file(self._path, lambda new: _fill(new, self._path), self._busy_timeout_s)

    def _open(self) -> sqlite3.Connection:
        if self._file.last is not None:
            discard_stale_log(self._path, self._file.last, self._busy_timeout_s)
        before = look(self._path).data
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._opened = self._file.last = _prepare(connection, self._path, before)
        except BaseException:
            connection.close()
            raise
        self._connection, self._believed = connection, self._opened.data
        self._file.first = self._file.first or self._opened.data
        return connection


class _LogReader:
    """Where a watch stands in the change log."""

    def __init__(self, prefix: str, cursor: int, history: str | None) -> None:
        self._prefix = prefix
        self._cursor = cursor
        self._history = history

    def read(self, connection: sqlite3.Connection) -> tuple[Events, bool]:
        """Return the next batch and whether it is all there is; go on behind it."""
        with _Transaction(connection, "BEGIN"):
            history, revision, compacted = connection.execute(
                "SELECT history, revision, compacted FROM state"
            ).fetchone()
            self._history = self._history or history
            if self._cursor > revision or self._history != history:
                raise HistoryReplaced(self._cursor, revision)
            if self._cursor < compacted:
                raise Compacted(self._cursor, compacted)
            if self._cursor == revision:
                return [], True
            rows = connection.execute(
                "SELECT key, value, create_revision, revision FROM changes "
                "WHERE revision > ? AND key >= ? AND key < ? ORDER BY position LIMIT ?",
                (self._cursor, self._prefix, self._prefix + _KEY_END, WATCH_BATCH_EVENTS_MAX + 1),
            ).fetchall()
        events = whole_revisions([_event(*row) for row in rows], WATCH_BATCH_EVENTS_MAX)
        is_all = len(events) == len(rows)
        self._cursor = revision if is_all else events[-1].revision
        return events, is_all


class _Transaction:
    """`with` block between BEGIN and COMMIT; any exception rolls back."""

    def __init__(self, connection: sqlite3.Connection, begin: str) -> None:
        self._connection = connection
        self._begin = begin

    def __enter__(self) -> None:
        self._connection.execute(self._begin)

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _get(connection: sqlite3.Connection, key: str) -> Entry | None:
    row = connection.execute(
        "SELECT key, value, create_revision, mod_revision FROM entries WHERE key = ?", (key,)
    ).fetchone()
    return Entry(*row) if row else None


def _list(connection: sqlite3.Connection, prefix: str) -> Listing:
    with _Transaction(connection, "BEGIN"):
        history, revision = connection.execute("SELECT history, revision FROM state").fetchone()
        rows = connection.execute(
            "SELECT key, value, create_revision, mod_revision FROM entries WHERE key >= ? AND key < ? ORDER BY key",
            (prefix, prefix + _KEY_END),
        ).fetchall()
    return Listing(revision, tuple(Entry(*row) for row in rows), history)


def _transact(
    connection: sqlite3.Connection,
    compares: Sequence[Compare],
    operations: Sequence[Operation],
    log_events_max: int,
) -> int:
    with _Transaction(connection, "BEGIN IMMEDIATE"):
        for compare in compares:
            entry = _get(connection, compare.key)
            found = entry.mod_revision if entry else 0
            if found != compare.mod_revision:
                raise Conflict(compare.key, compare.mod_revision, found)
        revision: int = _value(connection, "SELECT revision FROM state")
        has_changed = [_apply(connection, operation, revision + 1) for operation in operations]
        if not any(has_changed):
            return revision
        connection.execute("UPDATE state SET revision = ?", (revision + 1,))
        _compact(connection, log_events_max)
    return revision + 1


def _apply(connection: sqlite3.Connection, operation: Operation, revision: int) -> bool:
    """Write one operation and its line in the change log; return whether it changed anything."""
    old = _get(connection, operation.key)
    if isinstance(operation, Put):
        value, create_revision = operation.value, old.create_revision if old else revision
        connection.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE "
            "SET value = excluded.value, mod_revision = excluded.mod_revision",
            (operation.key, value, create_revision, revision),
        )
    elif old is None:
        return False
    else:
        value, create_revision = None, 0
        connection.execute("DELETE FROM entries WHERE key = ?", (operation.key,))
    connection.execute(
        "INSERT INTO changes (revision, key, value, create_revision) VALUES (?, ?, ?, ?)",
        (revision, operation.key, value, create_revision),
    )
    return True


def _compact(connection: sqlite3.Connection, log_events_max: int) -> None:
    """Delete the oldest revisions beyond the limit. Positions have no gaps: a count is a difference."""
    row = connection.execute(
        "SELECT revision FROM changes WHERE position = (SELECT max(position) FROM changes) - ?",
        (log_events_max,),
    ).fetchone()
    if row:
        connection.execute("DELETE FROM changes WHERE revision <= ?", row)
        connection.execute("UPDATE state SET compacted = ?", row)


def _event(key: str, value: bytes | None, create_revision: int, revision: int) -> Event:
    entry = None if value is None else Entry(key, value, create_revision, revision)
    return Event(key, entry, revision)


def _fill(new: Path, path: Path) -> None:
    """Make an empty datastore of the empty file `new`, which will stand at `path`."""
    try:
        connection = sqlite3.connect(new, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            if _value(connection, "PRAGMA journal_mode = WAL") != "wal":
                raise StoreUnavailable(f"the file system of {path} does not support SQLite's write-ahead log")
            connection.executescript(f"BEGIN; {_SCHEMA} COMMIT")
            connection.execute("INSERT INTO state VALUES (?, 0, 0)", (uuid.uuid4().hex,))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreUnavailable(_unavailable_text(path, error, BUSY_TIMEOUT_S)) from error


def _prepare(connection: sqlite3.Connection, path: Path, data: Inode | None) -> FileSet:
    """Check that the file is ours and still the one with inode `data`; return what is open now."""
    _check_format(connection, path)
    connection.execute("PRAGMA synchronous = FULL")
    _value(connection, "SELECT revision FROM state")  # opens log and index, whose inodes are looked at next
    opened = look(path)
    if opened.data != data:
        raise StoreUnavailable(f"the datastore file {path} was replaced while it was opened: try again")
    return opened


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    if _value(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise StoreUnavailable(f"the file {path} is not a Tortie datastore: name another file")
    version = _value(connection, "PRAGMA user_version")
    if version != FORMAT_VERSION:
        raise StoreUnavailable(
            f"the datastore file {path} has format {version}, this program reads format {FORMAT_VERSION}: "
            "upgrade the program"
        )


def _value(connection: sqlite3.Connection, statement: str) -> Any:  # noqa: ANN401 - what SQLite has
    """Return the one value of a statement that has one row of one column."""
    return connection.execute(statement).fetchone()[0]


# ---------------------------------------------------------------- what sqlite3 says, in words that help

_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full; nothing was changed: free some space",
    sqlite3.SQLITE_READONLY: "it cannot be written: check permissions and mount of file and directory",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: the file must be readable and its directory writable",
    sqlite3.SQLITE_PERM: "access was denied: check the file's permissions",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore it from a backup",
    sqlite3.SQLITE_NOTADB: "it is not a Tortie datastore, or damaged: restore it, or name another file",
    sqlite3.SQLITE_IOERR: "the disk reported an input/output error: check its health and free space",
}


def _primary_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_passing(error: sqlite3.Error) -> bool:
    """Whether the connection is as good as before the error."""
    return _primary_code(error) in _LOCKED | {sqlite3.SQLITE_FULL}


def _unavailable_text(path: Path, error: sqlite3.Error, busy_timeout_s: float) -> str:
    code = _primary_code(error)
    if code in _LOCKED:
        reason = f"another process locked it for over {busy_timeout_s:g} s; nothing was changed: end that process"
    else:
        reason = _REASONS.get(code, f"sqlite reported: {error}")
    return f"the datastore file {path} is unavailable: {reason}"
