"""The data file as the file system sees it: is it the one we opened, and how a new one comes into being.

What it is for: SQLite cannot tell that its file was unlinked or replaced (it goes on with the old inode and
looks healthy for ever), and two log files by the same name may belong to two files. Here stand the looks at
inodes that tell them apart, and the one way in which this project makes a file: complete under another
name, then renamed, under a lock of the directory. What it is not for: what stands in the file
(`sqlite.py`).

The structure to know: `FileSet`, the inodes of the file and of its write-ahead log and index.
Nothing here opens the data file itself: closing it would drop the locks that SQLite holds on it in this process.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from tortie.store.errors import StoreUnavailable

__all__ = ["FILE_MODE", "FileSet", "Inode", "create_file", "look", "set_aside_stale_log"]

FILE_MODE: Final = 0o600
"""Mode of a new data file; SQLite gives its log and index the same."""
LOCK_RETRY_S: Final = 0.01
"""Pause between two tries for the directory's lock."""

LOG_SUFFIX: Final = "-wal"
INDEX_SUFFIX: Final = "-shm"
NEW_SUFFIX: Final = ".new"
ASIDE_SUFFIX: Final = ".wal-set-aside-"
"""Followed by a number; no name that SQLite looks for."""

Inode = tuple[int, int]
"""Device and inode number: which file it is, whatever its name."""
Stamp = tuple[int, int]
"""Size in bytes and time of the last write in ns."""


@dataclass(frozen=True, slots=True)
class FileSet:
    """Which files stand at a data file's path now; None = there is none.

    Attributes:
        data, log, index: the file, its write-ahead log, the log's index.
        log_stamp: of the log; another one, and somebody wrote into it. No part of which files they are.
        data_stamp: the same of the file itself.
    """

    data: Inode | None
    log: Inode | None
    index: Inode | None
    log_stamp: Stamp = field(default=(0, 0), compare=False)
    data_stamp: Stamp = field(default=(0, 0), compare=False)


def look(path: Path) -> FileSet:
    """Return the inodes at `path` and beside it. Three system calls, no I/O on the disk."""
    text = str(path)
    data, log, index = _status(text), _status(text + LOG_SUFFIX), _status(text + INDEX_SUFFIX)
    return FileSet(_inode(data), _inode(log), _inode(index), _stamp(log), _stamp(data))


def create_file(path: Path, fill: Callable[[Path], None], timeout_s: float) -> bool:
    """Make a new data file, unless there is one: nobody ever sees it incomplete, and only one maker wins.

    The log of a file that was removed is set aside first: SQLite would take it for the new file's.

    Args:
        path: where the file shall stand; its directory must exist.
        fill: writes the content at the path given to it (an empty file of FILE_MODE) and leaves no log
            behind.
        timeout_s: longest wait for another maker.

    Returns:
        True if it was made, False if there was one.

    Raises:
        StoreUnavailable: the directory is missing or not writable, the disk full, or the lock held too long.
    """
    new = _beside(path, NEW_SUFFIX)
    try:
        with _directory_locked(path.parent, timeout_s):
            if path.exists():
                return False
            if (log := _beside(path, LOG_SUFFIX)).exists():
                _rename_aside(path, log)
            _remove(_beside(path, INDEX_SUFFIX), new)
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
            try:
                fill(new)
                new.rename(path)
            finally:
                _remove(new, _beside(new, LOG_SUFFIX), _beside(new, INDEX_SUFFIX))
            _sync_directory(path.parent)
            return True
    except OSError as error:
        raise StoreUnavailable(f"cannot create the datastore file {path}: {_reason(error, path)}") from error


def set_aside_stale_log(path: Path, seen: FileSet, timeout_s: float, may_belong: Callable[[Path], bool]) -> Path | None:
    """Rename the log beside `path` if it belongs to the file that stood there before; remove that file's index.

    After `cp backup.db store.db` or a rename the old file's log still has the new file's name, and SQLite
    would replay it into the new file. But whoever restores a backup with a log copies that over the old log, which
    keeps its inode: a log that was written since it was last seen is asked about, and nothing is ever deleted
    that cannot be made again (an index can).

    Args:
        path: the data file.
        seen: what stood at this path when it was last looked at with the file before.
        timeout_s: longest wait for another process that does the same.
        may_belong: whether a log can be that of the data file, by what stands in both.

    Returns:
        Where the log lies now; None if it was left alone.

    Raises:
        StoreUnavailable: it cannot be renamed; the file must not be opened beside it.
    """
    if look(path).data in (seen.data, None):
        return None
    aside = None
    try:
        with _directory_locked(path.parent, timeout_s):
            now = look(path)
            log = _beside(path, LOG_SUFFIX)
            if now.log is not None and now.log == seen.log:
                is_untouched = now.log_stamp == seen.log_stamp
                if is_untouched or not may_belong(log):
                    aside = _rename_aside(path, log)
            if now.index == seen.index:
                _remove(_beside(path, INDEX_SUFFIX))
    except OSError as error:
        raise StoreUnavailable(f"cannot set aside the old log beside {path}: {_reason(error, path)}") from error
    return aside


def _rename_aside(path: Path, log: Path) -> Path | None:
    """Return the log's new name; an empty log holds nothing and is removed."""
    if log.stat().st_size == 0:
        _remove(log)
        return None
    aside = next(free for number in count(1) if not (free := _beside(path, f"{ASIDE_SUFFIX}{number}")).exists())
    return log.rename(aside)


@contextmanager
def _directory_locked(directory: Path, timeout_s: float) -> Iterator[None]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + timeout_s
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise StoreUnavailable(
                    f"the directory {directory} stayed locked for {timeout_s:g} s by another process "
                    "that creates a datastore file in it: end that process"
                )
            time.sleep(LOCK_RETRY_S)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # many times a second: no Path for each
    except OSError:
        return None


def _inode(status: os.stat_result | None) -> Inode | None:
    return (status.st_dev, status.st_ino) if status else None


def _stamp(status: os.stat_result | None) -> Stamp:
    return (status.st_size, status.st_mtime_ns) if status else (0, 0)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _reason(error: OSError, path: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return f"the directory {path.parent} does not exist; create it first"
    if isinstance(error, NotADirectoryError):
        return f"{path.parent} is not a directory"
    return f"{error.strerror or error} (the directory {path.parent} must be writable, with free space)"
