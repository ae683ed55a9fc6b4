"""Sockets in the file system that nobody but their owner can reach.

For: a listening unix socket with mode 0600 in a directory in which nobody else can put another in its place. Not for:
what is said on it.

A stale socket file (nobody listens) is replaced; where somebody listens, that is an error. Both are decided under a
lock on the directory, so that of two that start at once exactly one gets the socket.
"""

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tortie.node.errors import StatusSocketInUse, StatusSocketUnusable
from tortie.node.status_protocol import SOCKET_PATH_BYTES_MAX

__all__ = ["identity", "open_listener"]

DIRECTORY_MODE: Final = 0o700
SOCKET_MODE: Final = 0o600
LISTEN_BACKLOG: Final = 64


def open_listener(path: Path, what: str) -> socket.socket:
    """Make the directory and the socket, and listen.

    Args:
        path: of the socket, at most `SOCKET_PATH_BYTES_MAX` octets.
        what: it is, for messages.

    Raises:
        StatusSocketInUse: another process listens on it.
        StatusSocketUnusable: it cannot be made there; the message says why.
    """
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
        raise StatusSocketUnusable(f"{what} {path}: the path is longer than {SOCKET_PATH_BYTES_MAX} octets")
    try:
        path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        _check_directory(path, what)
        with _locked(path.parent):
            _remove_stale(path, what)
            return _listening_socket(path)
    except OSError as error:
        raise StatusSocketUnusable(f"{what} {path}: {error.strerror or error}") from error


def identity(path: Path) -> tuple[int, int]:
    """Return what tells a file from another of its name."""
    found = path.lstat()
    return found.st_dev, found.st_ino


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold a lock on a directory: who decides about a socket in it decides alone."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _check_directory(path: Path, what: str) -> None:
    """Refuse a directory in which somebody else could put another socket in our socket's place.

    The default directory of an ordinary user may lie in /tmp, where anybody can have made it before.

    Raises:
        StatusSocketUnusable: it is another user's, or others may write to it (but for one with the sticky bit).
    """
    found = path.parent.stat()
    if found.st_uid not in (0, os.geteuid()):
        raise StatusSocketUnusable(f"{what} {path}: the directory belongs to user {found.st_uid}, not to us")
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    if is_open:
        raise StatusSocketUnusable(f"{what} {path}: others may write to the directory; chmod go-w it")


def _remove_stale(path: Path, what: str) -> None:
    """Remove a socket file on which nobody listens.

    Raises:
        StatusSocketInUse: somebody does.
        StatusSocketUnusable: there is a file that is no socket.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise StatusSocketUnusable(f"{what} {path}: there is a file that is no socket; remove it first")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        result = probe.connect_ex(os.fspath(path))
    if result in (0, errno.EAGAIN):
        raise StatusSocketInUse(
            f"{what} {path}: another agent listens on it; stop that one, or give this one a socket of its own"
        )
    if result != errno.ECONNREFUSED:
        raise OSError(result, os.strerror(result))
    path.unlink()


def _listening_socket(path: Path) -> socket.socket:
    """Return a listening socket; its file has mode 0600 from the first moment, whatever the umask is."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        os.fchmod(listener.fileno(), SOCKET_MODE)
        listener.bind(os.fspath(path))
        listener.listen(LISTEN_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
