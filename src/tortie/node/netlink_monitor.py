"""What happens in the kernel's routing, as events from one netlink socket.

For: route, link and address events of both families as values, readable from an event loop (`fileno`,
`loop.add_reader`). Not for: asking the kernel anything (`netlink`), the bytes (`netlink_event`), or acting on events
(`kernel_sync`). netlink(7).

The kernel drops events when the socket's buffer is full. That is not an error here but an event, `ResyncNeeded`: the
reader must look at everything again. What one of our own sockets caused is dropped by a filter inside the kernel, so
that writing a hundred thousand routes does not overrun us with news of it.

Structures to know: `RouteMonitor`; the events stand in `kernel_event`.
"""

import errno
import socket
from array import array
from collections.abc import Sequence
from struct import Struct
from types import TracebackType
from typing import Final, Self

from tortie.node.kernel_event import Event, ResyncNeeded
from tortie.node.netlink import SO_RCVBUFFORCE, SOL_NETLINK, set_buffer_size
from tortie.node.netlink_event import EventDecoder

__all__ = [
    "EVENT_DATAGRAMS_MAX",
    "RouteMonitor",
    "port_filter",
]

EVENT_DATAGRAMS_MAX: Final = 1000
"""What one `read` takes at most: about 5 ms of work."""

MONITOR_BUFFER_BYTES: Final = 16 * 1024 * 1024
RECEIVE_BYTES_MAX: Final = 65536

NETLINK_ADD_MEMBERSHIP: Final = 1
SO_ATTACH_FILTER: Final = 26
RTNLGRP_LINK: Final = 1
RTNLGRP_IPV4_IFADDR: Final = 5
RTNLGRP_IPV4_ROUTE: Final = 7
RTNLGRP_IPV6_IFADDR: Final = 9
RTNLGRP_IPV6_ROUTE: Final = 11
GROUPS: Final = (RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE)

PORT_ID_OFFSET: Final = 12  # in the message header
BPF_LOAD_WORD: Final = 0x20
BPF_JUMP_IF_EQUAL: Final = 0x15
BPF_RETURN: Final = 0x06
BPF_ACCEPT: Final = 0xFFFFFFFF

_INSTRUCTION: Final = Struct("=HBBI")
_PROGRAM: Final = Struct("@HP")
_U32: Final = Struct("=I")


class RouteMonitor:
    """A netlink socket for events; it belongs to the network namespace in which it was made."""

    def __init__(self, *, ignored_port_ids: Sequence[int] = (), buffer_bytes: int = MONITOR_BUFFER_BYTES) -> None:
        """Open the socket and join the groups; from now on nothing is missed unannounced.

        Args:
            ignored_port_ids: sockets whose own changes are not reported (`RouteSocket.port_id`); at most 200.
            buffer_bytes: what the kernel may queue for us; an event takes about 1 KiB.
        Raises:
            OSError: no netlink in this system.
        """
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
        set_buffer_size(self._socket, socket.SO_RCVBUF, SO_RCVBUFFORCE, buffer_bytes)
        self._decoder = EventDecoder()
        if ignored_port_ids:
            _attach_filter(self._socket, port_filter(ignored_port_ids))
        self._socket.bind((0, 0))
        for group in GROUPS:
            self._socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when there are events."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket; may be called again."""
        self._socket.close()

    def __enter__(self) -> Self:
        """Return the monitor itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def read(self, datagrams_max: int = EVENT_DATAGRAMS_MAX) -> list[Event]:
        """Return the events that wait, in order, without waiting for more; empty when there are none.

        Args:
            datagrams_max: an event is a datagram; the rest stays for the next call.
        """
        events: list[Event] = []
        for _ in range(datagrams_max):
            try:
                data = self._socket.recv(RECEIVE_BYTES_MAX)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                events.append(ResyncNeeded("the kernel dropped events: its buffer for us was full"))
                continue
            events.extend(self._decoder.decode(data))
        return events


def port_filter(port_ids: Sequence[int]) -> bytes:
    """Return a socket filter (classic BPF) that drops messages caused by these sockets and accepts all others."""
    program = [_INSTRUCTION.pack(BPF_LOAD_WORD, 0, 0, PORT_ID_OFFSET)]
    for index, port_id in enumerate(port_ids):
        # The filter reads big-endian; the header is in host order.
        wanted = int.from_bytes(_U32.pack(port_id))
        drop_distance = len(port_ids) - index  # over the remaining comparisons and the accepting return
        program.append(_INSTRUCTION.pack(BPF_JUMP_IF_EQUAL, drop_distance, 0, wanted))
    program.append(_INSTRUCTION.pack(BPF_RETURN, 0, 0, BPF_ACCEPT))
    program.append(_INSTRUCTION.pack(BPF_RETURN, 0, 0, 0))
    return b"".join(program)


def _attach_filter(sock: socket.socket, program: bytes) -> None:
    """Have the kernel run a filter on what arrives; it copies the program."""
    instructions = array("B", program)
    address, length = instructions.buffer_info()
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, _PROGRAM.pack(length // _INSTRUCTION.size, address))
