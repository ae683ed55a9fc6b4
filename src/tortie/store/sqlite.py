"""SQLite underneath the sqlite driver: one data file, its tables, and everything that can be wrong with it.

What it is for: `SQLiteConnection` reads and writes a file as a `base.Store` does, synchronously, and notices
when the file is removed, replaced, locked or damaged. Writes are `BEGIN IMMEDIATE` transactions in
write-ahead-log mode, synced before they are acknowledged; changes stand in a table that the watchers of
every process read. What it is not for: threads and the event loop (`sqlite_store.py`), telling files apart
(`datafile.py`). The only module that imports sqlite3.

The structures to know: `SQLiteConnection`, and `SQLiteFile`, what the connections of one store know together.
"""

import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from tortie.store.base import (
    WATCH_BATCH_EVENTS_MAX,
    Compare,
    Entry,
    Event,
    Events,
    Listing,
    Operation,
    Put,
    whole_revisions,
)
from tortie.store.datafile import FileSet, Inode, Stamp, create_file, look, set_aside_stale_log
from tortie.store.errors import Compacted, Conflict, HistoryReplaced, StoreMissing, StoreUnavailable

__all__ = ["APPLICATION_ID", "BUSY_TIMEOUT_S", "FORMAT_VERSION", "LogPosition", "SQLiteConnection", "SQLiteFile"]

BUSY_TIMEOUT_S: Final = 5.0
"""Longest wait for a lock that another process holds; then StoreUnavailable."""

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


@dataclass(slots=True)
class LogPosition:
    """Where a watch stands in the change log.

    Attributes:
        prefix: of the keys that are watched.
        revision: events up to here were read.
        history: what the revision counts in; None = whatever is found first.
    """

    prefix: str
    revision: int
    history: str | None


class SQLiteFile:
    """What the connections of one store know together about its file.

    Attributes:
        path: where it stands.
        on_create: is told the path when a new file was made.
        first: inode that the first of them opened; None = none was opened yet, so none can have been lost.
        last: what was opened last, as it was last seen; a log of it is not the log of another file.
    """

    def __init__(self, path: Path, on_create: Callable[[Path], None]) -> None:
        """Keep the path; nothing was opened yet."""
        self.path = path
        self.on_create = on_create
        self.first: Inode | None = None
        self.last: FileSet | None = None


class SQLiteConnection:
    """sqlite3 that knows which file it is open on. For one thread at a time.

    After the file was replaced the first call fails, on every connection: what its caller compares with was
    read from the old one.
    """

    def __init__(self, file: SQLiteFile, *, may_create: bool, busy_timeout_s: float) -> None:
        """Keep what to open; the first call opens it.

        Args:
            file: shared by all connections of one store.
            may_create: make the file if there is none, and none of them has opened one before.
            busy_timeout_s: longest wait for another process's lock, seconds.
        """
        self._file = file
        self._path = file.path
        self._may_create = may_create
        self._busy_timeout_s = busy_timeout_s
        self._connection: sqlite3.Connection | None = None
        self._opened: FileSet | None = None
        self._believed: Inode | None = None
        self._checked: Stamp | None = None

    def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None."""
        return self._run(lambda connection: _get(connection, key))

    def list(self, prefix: str) -> Listing:
        """Return all entries under a prefix, at one revision."""
        return self._run(lambda connection: _list(connection, prefix))

    def transact(self, compares: Sequence[Compare], operations: Sequence[Operation], change_log_events_max: int) -> int:
        """Apply all operations if all compares hold; keep at most so many events of the change log."""
        return self._run(lambda connection: _transact(connection, compares, operations, change_log_events_max))

    def read_log(self, position: LogPosition) -> tuple[Events, bool]:
        """Return the next batch of a watch and whether it is all there is; the position moves behind it."""
        return self._run(lambda connection: _read_log(connection, position))

    def change_token(self) -> object:
        """Return something that differs after every change of the data or of the file; never raises."""
        try:
            return self._run(lambda connection: (self._opened, _value(connection, "PRAGMA data_version")))
        except StoreUnavailable as error:
            return str(error)

    def close(self) -> None:
        """Close the file if it is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):  # the file may be gone: there is nothing left to save
                connection.close()

    def _run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Return what `work` makes of the open file.

        Raises:
            StoreUnavailable: there is no file, it was removed or replaced since the last call, it is
                locked, damaged or not ours, the disk is full, ... The next call opens what stands at the
                path then.
        """
        try:
            connection = self._current()
            result = work(connection)
            now = look(self._path)
        except sqlite3.Error as error:
            if not _is_passing(error):
                self.close()
            raise StoreUnavailable(_unavailable_text(self._path, error, self._busy_timeout_s)) from error
        if now != self._opened:
            self._abandon()
            raise StoreUnavailable(
                f"the datastore file {self._path} was removed or replaced during an operation, "
                "whose outcome is unknown: read again before writing"
            )
        self._file.last = now
        return result

    def _current(self) -> sqlite3.Connection:
        now = look(self._path)
        if self._connection is not None and now == self._opened:
            if now.data_stamp != self._checked:
                self._check_after_write(self._connection, now)
            return self._connection
        was_open = self._connection is not None
        self._abandon()
        if now.data is None:
            self._create()
        elif now.data != (believed := self._believed or self._file.first) and believed is not None:
            self._believed = now.data
            aside = self._set_aside_stale_log()
            kept = f" (what the file before had not yet taken up from its log is kept as {aside})" if aside else ""
            raise StoreUnavailable(
                f"the datastore file {self._path} was replaced while in use: the next try opens it anew{kept}"
            )
        elif was_open:
            raise StoreUnavailable(
                f"the log of the datastore file {self._path} was removed while in use: "
                "what was written last may be lost"
            )
        return self._open()

    def _check_after_write(self, connection: sqlite3.Connection, now: FileSet) -> None:
        """See that the file is still one, and forget what was kept of it.

        SQLite itself writes into it at checkpoints, now and then; from anybody else it takes no notice: it goes on
        with the pages it has read before.
        """
        _check_header(self._path, now)
        connection.execute("PRAGMA shrink_memory")
        self._checked = now.data_stamp

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
            raise StoreMissing(f"the datastore file {self._path} does not exist")
        if create_file(self._path, lambda new: _fill(new, self._path), self._busy_timeout_s):
            self._file.on_create(self._path)

    def _open(self) -> sqlite3.Connection:
        self._set_aside_stale_log()
        before = look(self._path)
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _check_header(self._path, before)
            self._opened = self._file.last = _prepare(connection, self._path, before.data)
        except BaseException:
            connection.close()
            raise
        self._connection, self._believed = connection, self._opened.data
        self._checked = before.data_stamp
        self._file.first = self._file.first or self._opened.data
        return connection

    def _set_aside_stale_log(self) -> Path | None:
        if self._file.last is None:
            return None
        return set_aside_stale_log(
            self._path, self._file.last, self._busy_timeout_s, lambda log: _may_belong(log, self._path)
        )


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


def _read_log(connection: sqlite3.Connection, position: LogPosition) -> tuple[Events, bool]:
    with _Transaction(connection, "BEGIN"):
        history, revision, compacted = connection.execute("SELECT history, revision, compacted FROM state").fetchone()
        position.history = position.history or history
        if position.revision > revision or position.history != history:
            raise HistoryReplaced(position.revision, revision)
        if position.revision < compacted:
            raise Compacted(position.revision, compacted)
        if position.revision == revision:
            return [], True
        rows = connection.execute(
            "SELECT key, value, create_revision, revision FROM changes "
            "WHERE revision > ? AND key >= ? AND key < ? ORDER BY position LIMIT ?",
            (position.revision, position.prefix, position.prefix + _KEY_END, WATCH_BATCH_EVENTS_MAX + 1),
        ).fetchall()
    events = whole_revisions([_event(*row) for row in rows], WATCH_BATCH_EVENTS_MAX)
    is_all = len(events) == len(rows)
    position.revision = revision if is_all else events[-1].revision
    return events, is_all


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


def _may_belong(log: Path, path: Path) -> bool:
    """Return whether the data file, taken together with the log, is a whole datastore that continues the file.

    SQLite itself says so, of a copy in a directory of its own: it takes of a log what its checksums hold for.
    """
    with tempfile.TemporaryDirectory(prefix="tortie-") as directory:
        copy = Path(directory) / path.name
        try:
            before = _copy_without_log(path, copy)
            shutil.copyfile(log, copy.with_name(log.name))
            with closing(sqlite3.connect(copy)) as connection:
                history, revision = connection.execute("SELECT history, revision FROM state").fetchone()
                is_whole: bool = _value(connection, "PRAGMA integrity_check") == "ok"
        except sqlite3.Error:
            return False
        return is_whole and history == before[0] and revision >= before[1]


def _copy_without_log(path: Path, copy: Path) -> tuple[str, int]:
    """Copy a data file as it is on disk; return its history and revision."""
    with closing(_connect_without_log(path)) as source:
        with closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        history, revision = source.execute("SELECT history, revision FROM state").fetchone()
    return history, revision


def _prepare(connection: sqlite3.Connection, path: Path, data: Inode | None) -> FileSet:
    """Check that the file is ours and still the one with inode `data`; return what is open now."""
    _check_format(connection, path)
    connection.execute("PRAGMA synchronous = FULL")
    _value(connection, "SELECT revision FROM state")  # opens log and index, whose inodes are looked at next
    opened = look(path)
    if opened.data != data:
        raise StoreUnavailable(f"the datastore file {path} was replaced while it was opened: try again")
    return opened


def _check_header(path: Path, now: FileSet) -> None:
    """Check that the file itself, without its log, begins as one of ours (sqlite3.Error: it is no database)."""
    if now.data_stamp[0] == 0:
        raise StoreUnavailable(f"the datastore file {path} is damaged: it is empty: restore it from a backup")
    with closing(_connect_without_log(path)) as connection:
        _check_format(connection, path)


def _connect_without_log(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


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
