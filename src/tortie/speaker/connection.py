"""One TCP connection: a non-blocking socket and what is still to be written.

For: scatter-gather writes of shared buffers without a copy, and an end that does not lose a NOTIFICATION.
Not for: meaning (engine) or who may connect (speaker).
RFC sections: 4271 §6 (a NOTIFICATION is sent before the connection is closed).
Structures to know: `Connection`. Price: a backlog holds references to buffers that update groups share.
"""

import socket
from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, Protocol

from tortie.speaker.guard import UNPROTECTED, Protection

__all__ = ["LINGER_S", "READ_SIZE_BYTES", "Connection", "ConnectionOwner"]

READ_SIZE_BYTES: Final = 65536
"""Most bytes taken from a socket before the others have their turn."""

IOV_MAX: Final = 1024
"""Most buffers the kernel takes in one call."""

LINGER_S: Final = 2.0
"""How long a connection that we end may take to hand out its last bytes and hear the peer's end."""


class ConnectionOwner(Protocol):
    """Who is told what happens on a connection; each is called with the connection's number."""

    def on_data(self, number: int, data: bytes) -> None:
        """Bytes came in."""

    def on_lost(self, number: int, reason: str) -> None:
        """The far end or the network ended it."""

    def on_drained(self, number: int) -> None:
        """All that was handed to `send` has been written."""


class Connection:
    """A connected socket of one session.

    Args:
        number: how the engine names it.
        sock: connected, non-blocking.
        loop: the running loop.
        owner: who is told.

    Attributes:
        protection: what the socket has; whoever changes the socket's options changes it too.
    """

    def __init__(
        self,
        number: int,
        sock: socket.socket,
        loop: AbstractEventLoop,
        owner: ConnectionOwner,
        protection: Protection = UNPROTECTED,
    ) -> None:
        """Start reading."""
        self.number = number
        self.protection = protection
        self._sock = sock
        self._loop = loop
        self._owner = owner
        self._backlog: deque[bytes | memoryview] = deque()
        self._is_writing = False
        self._is_closing = False
        self._linger: TimerHandle | None = None
        self._on_closed: Callable[[], None] | None = None
        loop.add_reader(sock.fileno(), self._read)

    @property
    def sock(self) -> socket.socket:
        """The socket, for its options."""
        return self._sock

    @property
    def is_open(self) -> bool:
        """The socket has not been closed."""
        return self._sock.fileno() >= 0

    @property
    def ports(self) -> tuple[int, int]:
        """The local and the remote TCP port; 0 where the connection is gone already."""
        try:
            return int(self._sock.getsockname()[1]), int(self._sock.getpeername()[1])
        except OSError:
            return 0, 0

    @property
    def unsent_byte_count(self) -> int:
        """Octets that the kernel has not taken yet."""
        return sum(map(len, self._backlog))

    def send(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Write the buffers behind what is still unwritten; calls on_drained at once if all could be written."""
        self._backlog.extend(buffers)
        if not self._is_writing:
            self._write()

    def close(self, on_closed: Callable[[], None]) -> None:
        """End the connection once what is unwritten went out; then `on_closed`, within LINGER_S at the latest."""
        self._is_closing = True
        self._on_closed = on_closed
        self._linger = self._loop.call_later(LINGER_S, self.abort)
        if not self._backlog:
            self._half_close()

    def abort(self) -> None:
        """Close the socket now."""
        if not self.is_open:
            return
        if self._linger is not None:
            self._linger.cancel()
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        self._backlog.clear()
        if self._on_closed is not None:
            self._on_closed()

    def _half_close(self) -> None:
        """Say that no more will come, and wait for the far end to say so: a plain close may reset the last bytes."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.abort()

    def _read(self) -> None:
        try:
            data = self._sock.recv(READ_SIZE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error.strerror or str(error))
            return
        if not data:
            self._lose("closed by the far end")
        elif not self._is_closing:
            self._owner.on_data(self.number, data)

    def _write(self) -> None:
        backlog = self._backlog
        try:
            while backlog:
                self._drop_written(self._sock.sendmsg(list(islice(backlog, IOV_MAX))))
        except (BlockingIOError, InterruptedError):
            self._want_to_write(is_wanted=True)
            return
        except OSError as error:
            self._lose(error.strerror or str(error))
            return
        self._want_to_write(is_wanted=False)
        if self._is_closing:
            self._half_close()
        else:
            self._owner.on_drained(self.number)

    def _drop_written(self, byte_count: int) -> None:
        backlog = self._backlog
        while backlog and byte_count >= len(backlog[0]):
            byte_count -= len(backlog.popleft())
        if byte_count:
            backlog[0] = memoryview(backlog[0])[byte_count:]

    def _want_to_write(self, *, is_wanted: bool) -> None:
        if is_wanted == self._is_writing:
            return
        self._is_writing = is_wanted
        if is_wanted:
            self._loop.add_writer(self._sock.fileno(), self._write)
        else:
            self._loop.remove_writer(self._sock.fileno())

    def _lose(self, reason: str) -> None:
        was_closing = self._is_closing
        self.abort()
        if not was_closing:
            self._owner.on_lost(self.number, reason)
