"""Sockets that listen and sockets that dial.

For: the options that a BGP socket needs, and errors that name address and remedy. Not for: what is said on them.
RFC sections: 4271 §8.1.1 (listen, dial), §8 (TCP port 179).
"""

import errno
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from tortie.speaker.errors import ListenFailed

__all__ = ["LISTEN_BACKLOG", "Prepare", "dialling_socket", "listening_socket"]

Prepare = Callable[[socket.socket], object]
"""Sets the options of a socket before it is used; raises OSError where that fails: then the socket is not used."""

LISTEN_BACKLOG: Final = 4096
"""Connections the kernel may hold for us before we accept them: a storm of redialling clients."""

_IPV6_VERSION: Final = 6


def listening_socket(address: str, port: int, prepare: Prepare = lambda _: None) -> socket.socket:
    """Return a non-blocking listening socket; `prepare` has had it before anybody could connect.

    Raises:
        ListenFailed: names address, port, reason and remedy.
    """
    try:
        sock = _socket(address)
    except ValueError as error:
        raise ListenFailed(address, port, OSError(errno.EINVAL, "not an IP address")) from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        prepare(sock)
        sock.bind((address, port))
        sock.listen(LISTEN_BACKLOG)
    except OverflowError as error:
        sock.close()
        raise ListenFailed(address, port, OSError(errno.EINVAL, "not a port, expected 0 to 65535")) from error
    except OSError as error:
        sock.close()
        raise ListenFailed(address, port, error) from error
    return sock


def dialling_socket(
    remote_address: str, remote_port: int, local_address: str, prepare: Prepare = lambda _: None
) -> socket.socket:
    """Return a non-blocking socket whose connect is under way; writable when it is decided. `prepare` had it before.

    Raises:
        OSError: it failed at once.
    """
    sock = _socket(remote_address)
    try:
        prepare(sock)
        if local_address:
            sock.bind((local_address, 0))
        sock.connect((remote_address, remote_port))
    except BlockingIOError:
        pass
    except OSError:
        sock.close()
        raise
    return sock


def _socket(address: str) -> socket.socket:
    family = socket.AF_INET6 if ip_address(address).version == _IPV6_VERSION else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
