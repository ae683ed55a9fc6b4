"""The runner of `tortie api`: listens, with or without TLS, until it is told to end.

What it is for: one socket, bound here so that every failure has a clear message, and uvicorn behind it with
bounded connections and requests. It is closed by default: what others can reach needs TLS and callers who show who they
are. What it is not for: what is answered (`app.py`), and who may what (`access.py`).

To know first: `Serving`.
"""

import asyncio
import errno
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from ssl import SSLContext
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tortie.node.errors import StatusSocketUnusable
from tortie.node.log import Log
from tortie.node.unix_socket import open_listener
from tortie.store import Store
from tortie.web.access import Access, AccessControl, Caller, Grant, Role
from tortie.web.app import make_app
from tortie.web.errors import ListenFailed
from tortie.web.tls import TLSFiles, server_context
from tortie.web.tokens import TokenFile

__all__ = ["CONNECTION_COUNT_MAX", "HEADER_BYTES_MAX", "STOP_TIMEOUT_S", "Serving", "serve_api"]

CONNECTION_COUNT_MAX: Final = 256
"""Most connections at once; further ones are answered 503."""
HEADER_BYTES_MAX: Final = 16 * 1024
"""Largest request line with headers; larger ones are answered 400."""
KEEP_ALIVE_S: Final = 30
"""An idle connection is closed after this."""
STOP_TIMEOUT_S: Final = 2
"""Longest wait for running requests at the end."""
BACKLOG: Final = 128
PORT_MAX: Final = 65535

Ready = Callable[[int], None]
"""Called with the port that is listened on (0: a unix socket), once requests are answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Where, how and for whom the API is served.

    Attributes:
        listen: an IPv4 or IPv6 address and a port (0 = any free one), or the path of a unix socket.
        tls: HTTPS; None = plain HTTP.
        grants: roles of client certificates.
        tokens: bearer tokens that are taken; None = none.
        clock: the time, for tokens that expire.
    """

    listen: tuple[str, int] | Path
    tls: TLSFiles | None = None
    grants: Sequence[Grant] = ()
    tokens: TokenFile | None = None
    clock: Callable[[], datetime]

    @property
    def is_caller_known(self) -> bool:
        """Callers show who they are: by a certificate or a token."""
        return self.tokens is not None or (self.tls is not None and self.tls.ca_cert_file is not None)

    @property
    def anonymous(self) -> Caller | None:
        """Who comes without a certificate or token.

        The owner of a unix socket may write, others do not reach it. Everybody on this host reaches loopback, and may
        read there unless callers are to show who they are. Beyond this host nobody may do anything.
        """
        if isinstance(self.listen, Path):
            return Caller("owner of the socket", Role.WRITE)
        return None if self.is_caller_known else Caller("anonymous", Role.READ)


async def serve_api(store: Store, serving: Serving, log: Log, ready: Ready) -> None:
    """Serve the API until SIGTERM or SIGINT, or until cancelled; running requests are answered first.

    Args:
        store: the datastore; stays the caller's to close.
        serving: where, how and for whom.
        log: is told of each write, and who was refused.
        ready: called with the port once it listens; 0 for a unix socket.

    Raises:
        ListenFailed: the address is in use, not of this host, not allowed, or not safe.
        TLSFilesInvalid: a certificate or key file cannot be used.
        AccessInvalid: the file of tokens cannot be used.
    """
    if isinstance(serving.listen, tuple):
        _check_safe(serving.listen[0], serving)
    if serving.tokens is not None:
        serving.tokens.tokens()
    context = None if serving.tls is None else server_context(serving.tls)
    listener = _listener(serving.listen)
    try:
        access = Access(grants=serving.grants, tokens=serving.tokens, anonymous=serving.anonymous, clock=serving.clock)
        app = AccessControl(make_app(store), access, log, asyncio.get_running_loop().time)
        await _serve(app, listener, context, ready)
    finally:
        listener.close()
        if isinstance(serving.listen, Path):
            serving.listen.unlink(missing_ok=True)


async def _serve(app: AccessControl, listener: socket.socket, context: SSLContext | None, ready: Ready) -> None:
    def make_context(*_: object) -> SSLContext:
        assert context is not None, "asked for only with TLS"
        return context

    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTION_COUNT_MAX,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
        proxy_headers=False,
        ssl_context_factory=make_context if context is not None else None,
        backlog=BACKLOG,
    )
    server = _Server(config, ready)
    try:
        await server.serve(sockets=[listener])
    except asyncio.CancelledError:
        if server.started:
            await server.shutdown(sockets=[listener])
        raise


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 that tells the application which certificate the client has shown."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, "client_certificate": tls.getpeercert() if tls is not None else None}


def _check_safe(listen_address: str, serving: Serving) -> None:
    """Refuse to let others than this host in without TLS and without knowing who they are."""
    try:
        address = ipaddress.ip_address(listen_address)
    except ValueError:
        raise ListenFailed(
            f"listen address {listen_address!r}: expected an IPv4 or IPv6 address, such as 127.0.0.1"
        ) from None
    if address.is_loopback or (serving.tls is not None and serving.is_caller_known):
        return
    shown = f"[{listen_address}]" if ":" in listen_address else listen_address
    raise ListenFailed(
        f"listen address {listen_address}: others can reach it, so it needs TLS and callers who show who they are: "
        f"tortie api --listen {shown}:2379 --cert server.pem --key server-key.pem --ca-cert ca.pem "
        "--grant write=CN=admin (or --tokens FILE in place of the last two)"
    )


def _listener(where: tuple[str, int] | Path) -> socket.socket:
    if isinstance(where, tuple):
        return _listen(*where)
    try:
        return open_listener(where, "API socket")
    except StatusSocketUnusable as error:
        raise ListenFailed(str(error)) from error


def _listen(address: str, port: int) -> socket.socket:
    """Return a bound socket."""
    if not 0 <= port <= PORT_MAX:
        raise ListenFailed(f"listen port {port}: expected 1 to {PORT_MAX}, or 0 for any free one")
    is_ipv6 = ":" in address
    listener = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_ipv6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        reason = _REASONS.get(error.errno or 0, error.strerror)
        raise ListenFailed(f"cannot listen on {address} port {port}: {reason}", error.errno) from error
    listener.setblocking(False)
    return listener


_REASONS: Final = {
    errno.EADDRINUSE: "the port is in use by another process: end it or choose another port",
    errno.EACCES: "ports below 1024 need more rights: choose another port",
    errno.EADDRNOTAVAIL: "it is not an address of this host",
}


class _Server(uvicorn.Server):
    """uvicorn's server, that says when it is ready and ends on a signal as on any other request to end."""

    def __init__(self, config: uvicorn.Config, ready: Ready) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End on SIGTERM and SIGINT, without raising them again."""
        is_main = threading.current_thread() is threading.main_thread()
        loop, numbers = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT) if is_main else ()
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, then say so."""
        await super().startup(sockets)
        name = self.servers[0].sockets[0].getsockname()
        self._ready(name[1] if isinstance(name, tuple) else 0)
