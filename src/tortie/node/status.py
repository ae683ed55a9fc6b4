"""The status socket, the agent's side: a unix socket that answers for what the agent knows.

For: its connections, and calling a handler for each request. Not for: the socket file (`unix_socket`), what is answered
(handlers are passed in), or asking (`status_client`). `status_protocol` has the lines.

Structure to know: `Handlers`, op → function of the arguments (`status_reply`).
"""

import asyncio
import socket
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from tortie.node.errors import StatusSocketUnusable
from tortie.node.readable import readable
from tortie.node.status_protocol import REQUEST_BYTES_MAX
from tortie.node.status_reply import Handler, Handlers, RequestInvalid, error_line, reply_lines
from tortie.node.unix_socket import identity, open_listener

__all__ = ["Handler", "Handlers", "RequestInvalid", "StatusServer"]

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
        self._socket = open_listener(self._path, "status socket")
        self._identity = identity(self._path)

    def close(self) -> None:
        """Stop listening and remove the socket file if it is still ours; may be called again."""
        if self._socket is None:
            return
        self._socket.close()
        self._socket = None
        with suppress(OSError):  # the directory may be gone
            if identity(self._path) == self._identity:
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
