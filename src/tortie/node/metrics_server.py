"""`/metrics` over HTTP: a listening socket, and one answer a connection, in the agent's own event loop.

For: GET and HEAD of one page, with bounds on everything a stranger could do: requests, their size, their time, their
number and how often the page is made. Not for: what stands on the page (`metrics_text`), TLS and passwords: it listens
on loopback unless told otherwise, and a proxy in front of it has these.
The parsing of HTTP is h11's. Threads, as the Prometheus client's own server has them, would read the engine's tables
while it changes them; an application server is ten times the size.
Structures to know: `MetricsAddress`, `MetricsServer`.
"""

import asyncio
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import h11

from tortie.node.log import Log
from tortie.node.metrics_address import MetricsAddress
from tortie.node.metrics_table import Samples
from tortie.node.metrics_text import Exposition
from tortie.node.readable import readable
from tortie.speaker.dial import listening_socket

__all__ = ["MetricsServer"]

PATH: Final = b"/metrics"
REQUEST_BYTES_MAX: Final = 16 * 1024
READ_SIZE_BYTES: Final = 4096
UNREAD_BYTES_MAX: Final = 64 * 1024
"""What is read of a request after it was answered."""
CONNECTIONS_MAX: Final = 16
TIMEOUT_S: Final = 10.0
"""From a connection to its end."""
ACCEPT_PAUSE_S: Final = 0.1
PAGE_AGE_S_MAX: Final = 0.5
"""Who asks sooner gets the same page again: asking without pause does not keep the agent from its work."""

TEXT: Final = "text/plain; charset=utf-8"


class MetricsServer:
    """Serves one address. `open`, then `serve` until cancelled, then `close`."""

    def __init__(self, address: MetricsAddress, samples: Callable[[], Samples], log: Log) -> None:
        """Keep them; nothing is opened before `open`."""
        self._address = address
        self._log = log
        self._exposition = Exposition(samples)
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._pages: dict[str, tuple[float, bytes, str]] = {}

    def open(self) -> int:
        """Listen; return the port, of interest when 0 was asked for.

        Raises:
            ListenFailed: names address, port, reason and remedy.
        """
        self._listener = listening_socket(self._address.host, self._address.port)
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """Stop listening; may be called again."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def serve(self) -> None:
        """Answer until cancelled."""
        listener = self._listener
        assert listener is not None, "open() comes first"
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    await readable(listener)
                    is_taken = self._accept(listener, tasks)
                    if not is_taken:  # no descriptor left, or the asker has gone: the agent lives on
                        await asyncio.sleep(ACCEPT_PAUSE_S)
        finally:
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
            connection.close()
        else:
            self._connections.add(connection)
            tasks.create_task(self._serve_connection(connection))
        return True

    async def _serve_connection(self, connection: socket.socket) -> None:
        """Answer one asker; its faults end here."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._converse(connection)
        except (TimeoutError, OSError):
            return  # gone or asleep: nobody to tell
        except Exception as error:  # noqa: BLE001 - a defect of the metrics must not end the agent
            self._log.error("metrics not answered", object="metrics", reason=f"{type(error).__name__}: {error}")
        finally:
            self._connections.discard(connection)
            connection.close()

    async def _converse(self, connection: socket.socket) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=REQUEST_BYTES_MAX)
        try:
            request = await _read_request(http, connection)
            if request is None:
                return
            status, body, content_type = self._answer(request)
        except h11.RemoteProtocolError as error:
            request = None
            status, body, content_type = HTTPStatus(error.error_status_hint), b"not a request of HTTP/1.1\n", TEXT
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("Connection", "close")]
        data = http.send(h11.Response(status_code=status, reason=status.phrase, headers=headers)) or b""
        if request is None or request.method != b"HEAD":
            data += http.send(h11.Data(data=body)) or b""
        await asyncio.get_running_loop().sock_sendall(connection, data)
        await _hear_out(connection)

    def _answer(self, request: h11.Request) -> tuple[HTTPStatus, bytes, str]:
        if request.method not in (b"GET", b"HEAD"):
            return HTTPStatus.METHOD_NOT_ALLOWED, b"GET /metrics is all there is\n", TEXT
        if request.target.partition(b"?")[0] != PATH:
            return HTTPStatus.NOT_FOUND, b"the page is /metrics\n", TEXT
        accept = next((value for name, value in request.headers if name == b"accept"), b"")
        body, content_type = self._page(accept.decode("ascii", "replace"))
        return HTTPStatus.OK, body, content_type

    def _page(self, accept: str) -> tuple[bytes, str]:
        """Return the page, made anew unless it is very young."""
        now = asyncio.get_running_loop().time()
        wanted = "openmetrics" if "application/openmetrics-text" in accept else "text"
        found = self._pages.get(wanted)
        if found is None or now - found[0] > PAGE_AGE_S_MAX:
            found = self._pages[wanted] = (now, *self._exposition.render(accept))
        return found[1:]


async def _hear_out(connection: socket.socket) -> None:
    """Wait for the asker's end: to close with something unread would reset the connection, the answer included."""
    loop = asyncio.get_running_loop()
    connection.shutdown(socket.SHUT_WR)
    byte_count = 0
    while byte_count < UNREAD_BYTES_MAX and (data := await loop.sock_recv(connection, READ_SIZE_BYTES)):
        byte_count += len(data)


async def _read_request(http: h11.Connection, connection: socket.socket) -> h11.Request | None:
    """Return the request line and headers; None: the asker has gone."""
    loop = asyncio.get_running_loop()
    while True:
        event = http.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        http.receive_data(await loop.sock_recv(connection, READ_SIZE_BYTES))
