"""The runner of `tortie api`: listens, with or without TLS, until it is told to end.

What it is for: one socket, bound here so that every failure has a clear message, and uvicorn behind it with
bounded connections and requests. What it is not for: what is answered (`app.py`).
"""

import asyncio
import errno
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from ssl import SSLContext
from typing import Final

import uvicorn

from tortie.store import Store
from tortie.web.app import make_app
from tortie.web.errors import ListenFailed
from tortie.web.tls import TLSFiles, server_context

__all__ = ["CONNECTION_COUNT_MAX", "HEADER_BYTES_MAX", "STOP_TIMEOUT_S", "serve_api"]

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
"""Called with the port that is listened on, once requests are answered."""


async def serve_api(  # noqa: PLR0913 - where, how and for whom: each is asked by the command
    store: Store,
    listen_address: str,
    port: int,
    tls: TLSFiles | None,
    ready: Ready,
    *,
    may_be_open: bool = False,
) -> None:
    """Serve the API until SIGTERM or SIGINT, or until cancelled; running requests are answered first.

    Args:
        store: the datastore; stays the caller's to close.
        listen_address: IPv4 or IPv6 address, no name.
        port: 0 = any free one.
        tls: HTTPS that demands client certificates; None = plain HTTP.
        ready: called with the port once it listens.
        may_be_open: plain HTTP on an address that others can reach is refused without this: whoever
            reaches it may change the network.

    Raises:
        ListenFailed: the address is in use, not of this host, not allowed, or not safe.
        TLSFilesInvalid: a certificate or key file cannot be used.
    """
    _check_safe(listen_address, has_tls=tls is not None, may_be_open=may_be_open)
    context = server_context(tls) if tls is not None else None
    listener = _listen(listen_address, port)
    try:
        await _serve(store, listener, context, ready)
    finally:
        listener.close()


async def _serve(store: Store, listener: socket.socket, context: SSLContext | None, ready: Ready) -> None:
    def make_context(*_: object) -> SSLContext:
        assert context is not None, "asked for only with TLS"
        return context

    config = uvicorn.Config(
        make_app(store),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTION_COUNT_MAX,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
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


def _check_safe(listen_address: str, *, has_tls: bool, may_be_open: bool) -> None:
    """Refuse plain HTTP where others than this host reach it."""
    try:
        address = ipaddress.ip_address(listen_address)
    except ValueError:
        raise ListenFailed(
            f"listen address {listen_address!r}: expected an IPv4 or IPv6 address, such as 127.0.0.1"
        ) from None
    if not (address.is_loopback or has_tls or may_be_open):
        raise ListenFailed(
            f"listen address {listen_address}: others can reach it, and without TLS any of them may change the "
            "network: give CA, certificate and key files, listen on 127.0.0.1, or allow it (--allow-anyone)"
        )


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
        self._ready(self.servers[0].sockets[0].getsockname()[1])
