"""Files that nobody else may read: passwords, hashes of tokens.

For: reading one and refusing it where others could have read or changed it. Not for: what stands in it.
"""

import os
import stat
from pathlib import Path
from typing import Final

__all__ = ["FileNotPrivate", "read_private"]

OTHERS: Final = 0o077


class FileNotPrivate(Exception):
    """A file cannot be used: not there, not readable, too long, or not only ours. The message names it."""


def read_private(path: Path, bytes_max: int) -> bytes:
    """Return what stands in a file that only its owner, we or root, may read and write.

    In a directory that is closed to all others (mode 0700) the file's own mode does not matter.

    Raises:
        FileNotPrivate: naming the file and what to do.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise FileNotPrivate(f"{path}: {error.strerror or error}") from error
    try:
        _check(path, os.fstat(descriptor))
        content = os.read(descriptor, bytes_max + 1)
    except OSError as error:
        raise FileNotPrivate(f"{path}: {error.strerror or error}") from error
    finally:
        os.close(descriptor)
    if len(content) > bytes_max:
        raise FileNotPrivate(f"{path}: longer than {bytes_max} octets")
    return content


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise FileNotPrivate(f"{path}: not a plain file")
    if found.st_uid not in (0, os.geteuid()):
        raise FileNotPrivate(f"{path}: it belongs to user {found.st_uid}, expected ours or root's")
    if found.st_mode & OTHERS and not _is_closed(path.parent):
        mode = stat.S_IMODE(found.st_mode)
        raise FileNotPrivate(f"{path}: mode {mode:04o}, others may read or change it; chmod 600 {path}")


def _is_closed(directory: Path) -> bool:
    found = directory.stat()
    return found.st_uid in (0, os.geteuid()) and not found.st_mode & OTHERS
