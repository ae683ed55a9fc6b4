"""The status socket, the agent's side: a unix socket that answers for what the agent knows.

For: the socket (mode 0600, in a directory of mode 0700), its connections, and calling a handler for each request.
Not for: what is answered (handlers are passed in), or asking (`status_client`). `status_protocol` has the lines.

A stale socket file (nobody listens) is replaced; where somebody listens, that is an error. Both are decided under a
lock on the directory, so that of two agents that start at once exactly one gets the socket.

Structure to know: `Handlers`, op → function of the arguments (`status_reply`).
"""

import asyncio
import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final

from tortie.node.errors import StatusSocketInUse, StatusSocketUnusable
from tortie.node.readable import readable
from tortie.node.status_protocol import (
    REQUEST_BYTES_MAX,
    SOCKET_PATH_BYTES_MAX,
)
from tortie.node.status_reply import Handler, Handlers, RequestInvalid, error_line, reply_lines

__all__ = ["Handler", "Handlers", "RequestInvalid", "StatusServer"]

DIRECTORY_MODE: Final = 0o700
SOCKET_MODE: Final = 0o600
LISTEN_BACKLOG: Final = 64
CONNECTIONS_MAX: Final = 64
IDLE_TIMEOUT_S: Final = 60.0
"""A connection without a request for so long is closed, and one that does not take its answer."""
ACCEPT_PAUSE_S: Final = 0.1
LINES_A_WRITE: Final = 200


class StatusServer:
    """Serves one socket. `open`, then `serve` until cancelled; the socket file is gone afterwards."""

    def __init__(self, path: Path | str, handlers: Handlers) -> None:
        """Keep both; nothing is touched before `open`.

        Args:
            path: of the socket, at most `SOCKET_PATH_BYTES_MAX` octets.
            handlers: op → handler.
        """
        self._path = Path(path)
        self._handlers = dict(handlers)
        self._socket: socket.socket | None = None
        self._identity: tuple[int, int] | None = None
        self._connections: set[socket.socket] = set()

    def open(self) -> None:
        """Make the directory and the socket, and listen.

        Raises:
            StatusSocketInUse: another process listens on it.
            StatusSocketUnusable: it cannot be made there; the message says why.
        """
        if len(os.fsencode(self._path)) > SOCKET_PATH_BYTES_MAX:
            raise StatusSocketUnusable(
                f"status socket {self._path}: the path is longer than {SOCKET_PATH_BYTES_MAX} octets"
            )
        try:
            self._path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            _check_directory(self._path)
            with _locked(self._path.parent):
                _remove_stale(self._path)
                self._socket = _listening_socket(self._path)
                self._identity = _identity(self._path)
        except OSError as error:
            raise StatusSocketUnusable(f"status socket {self._path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Stop listening and remove the socket file if it is still ours; may be called again."""
        if self._socket is None:
            return
        self._socket.close()
        self._socket = None
        with suppress(OSError):  # the directory may be gone
            if _identity(self._path) == self._identity:
                self._path.unlink()

    async def serve(self) -> None:
        """Answer until cancelled, then close.

        Raises:
            StatusSocketUnusable: `open` was not called.
        """
        if self._socket is None:
            raise StatusSocketUnusable(f"status socket {self._path}: not open")
        listener = self._socket
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    await readable(listener)
                    is_taken = self._accept(listener, tasks)
                    if not is_taken:  # no descriptor left, or the asker went while it waited: the agent lives on
                        await asyncio.sleep(ACCEPT_PAUSE_S)
        finally:
            self.close()
            for connection in self._connections:  # accepted, and cancelled before its task began
                connection.close()
            self._connections.clear()

    def _accept(self, listener: socket.socket, tasks: asyncio.TaskGroup) -> bool:
        """Take one connection and give it a task, in one step that no cancellation can cut in two."""
        try:
            connection, _ = listener.accept()
        except OSError:
            return False
        connection.setblocking(False)
        if len(self._connections) >= CONNECTIONS_MAX:
            _turn_away(connection)
        else:
            self._connections.add(connection)
            tasks.create_task(self._serve_connection(connection))
        return True

    # ------------------------------------------------------------ one connection

    async def _serve_connection(self, connection: socket.socket) -> None:
        """Answer one asker; its faults end here."""
        writer: asyncio.StreamWriter | None = None
        try:
            reader, writer = await asyncio.open_unix_connection(sock=connection, limit=REQUEST_BYTES_MAX - 1)
            await self._converse(reader, writer)
        except (TimeoutError, OSError):
            return  # gone or asleep: nobody to tell
        finally:
            self._connections.discard(connection)
            if writer is None:
                connection.close()
            else:
                writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                async with asyncio.timeout(IDLE_TIMEOUT_S):
                    line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                break
            except asyncio.LimitOverrunError:
                await _send(writer, error_line("bad-request", f"a request takes at most {REQUEST_BYTES_MAX} octets"))
                break
            await self._answer(line, writer)
        writer.close()
        async with asyncio.timeout(IDLE_TIMEOUT_S):
            await writer.wait_closed()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        """Send the lines a few at a time: at most one write waits in memory."""
        lines = reply_lines(self._handlers, line)
        while part := b"".join(islice(lines, LINES_A_WRITE)):
            await _send(writer, part)
            await asyncio.sleep(0)


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    async with asyncio.timeout(IDLE_TIMEOUT_S):
        await writer.drain()


def _turn_away(connection: socket.socket) -> None:
    """Tell one asker too many."""
    with connection, suppress(OSError):
        connection.send(error_line("busy", f"{CONNECTIONS_MAX} others are asking; try again"))


# ---------------------------------------------------------------- the socket file


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold a lock on a directory: who decides about a socket in it decides alone."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _check_directory(path: Path) -> None:
    """Refuse a directory in which somebody else could put another socket in our socket's place.

    The default directory of an ordinary user may lie in /tmp, where anybody can have made it before.

    Raises:
        StatusSocketUnusable: it is another user's, or others may write to it (but for one with the sticky bit).
    """
    found = path.parent.stat()
    if found.st_uid not in (0, os.geteuid()):
        raise StatusSocketUnusable(f"status socket {path}: the directory belongs to user {found.st_uid}, not to us")
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    if is_open:
        raise StatusSocketUnusable(f"status socket {path}: others may write to the directory; chmod go-w it")


def _remove_stale(path: Path) -> None:
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
        raise StatusSocketUnusable(f"status socket {path}: there is a file that is no socket; remove it first")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        result = probe.connect_ex(os.fspath(path))
    if result in (0, errno.EAGAIN):
        raise StatusSocketInUse(
            f"status socket {path}: another agent listens on it; stop that one, or give this one a socket of its own"
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


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino
