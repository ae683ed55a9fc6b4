"""Requests to the kernel's routing tables over one netlink socket.

For: writing routes in batches with an answer to each, reading tables, links and addresses, looking up the way to one
address. Not for: events (`netlink_monitor`), the bytes of a route (`netlink_route`), or what should be written
(`reconcile`). rtnetlink(7), netlink(7).

Calls are synchronous: the kernel works on a request inside `send`, so its answers are there when `send` returns and
waiting would gain nothing. The cost is that the caller's event loop stands still meanwhile: about 7 µs a route written,
3 µs a route read, so callers write in slices (see `kernel_routes`). A worker thread would be worse: each of the 200
`recv` calls of a batch gives up the interpreter lock and would have to win it back from a busy event loop.

Structures to know: `RouteSocket`; `RouteRequest` and `RouteFailure` stand in `route_change`.
"""

import errno
import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar

from tortie.bgp.wire.family import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.bgp.wire.nlri import address_to_text
from tortie.node.errors import DumpInterrupted, NetlinkOverrun, NetlinkRefused, NetlinkTimeout
from tortie.node.interface import InterfaceAddress, Link
from tortie.node.netlink_interface import (
    RTM_GETADDR,
    RTM_GETLINK,
    decode_address,
    decode_link,
    encode_address_dump,
    encode_link_dump,
)
from tortie.node.netlink_message import (
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLM_F_REQUEST,
    NLMSG_DONE,
    NLMSG_ERROR,
    Acknowledgement,
    Header,
    decode_acknowledgement,
    decode_done,
    encode_message,
    errno_name,
    headers,
)
from tortie.node.netlink_route import (
    RTM_GETROUTE,
    RTM_NEWROUTE,
    RouteDecoder,
    decode_route_answer,
    encode_route,
    encode_route_deletion,
    encode_route_dump,
    encode_route_lookup,
)
from tortie.node.route import (
    PROTOCOL_UNSPECIFIED,
    TABLE_MAIN,
    NextHop,
    Route,
    RouteKey,
    RouteKind,
    route_key_to_text,
)
from tortie.node.route_change import RouteFailure, RouteOperation, RouteRequest

__all__ = [
    "BATCH_ROUTES_MAX",
    "Lookup",
    "RouteSocket",
]

BATCH_ROUTES_MAX: Final = 200
BATCH_BYTES_MAX: Final = 65536
RECEIVE_BYTES_MAX: Final = 65536
RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024
SEND_BUFFER_BYTES: Final = 1024 * 1024
TIMEOUT_S_DEFAULT: Final = 10.0

SOL_NETLINK: Final = 270
NETLINK_CAP_ACK: Final = 10
NETLINK_EXT_ACK: Final = 11
NETLINK_GET_STRICT_CHK: Final = 12
SO_SNDBUFFORCE: Final = 32
SO_RCVBUFFORCE: Final = 33

_TIMEVAL: Final = Struct("@ll")
_ANSWER: Final = Struct("=IHHIIi")  # header and errno of an acknowledgement

Value = TypeVar("Value")
Decode = Callable[[bytes, int, int], Value | None]
"""`(data, start, end)` of a payload → value, None to leave it out."""


class Lookup(NamedTuple):
    """The way the kernel would send a packet.

    Attributes:
        kind: LOCAL: the address is ours.
        next_hop: the one it chose; its gateway is empty where the address is on the link.
        source: the source address it would use, 4 or 16 octets, or empty.
    """

    kind: RouteKind
    next_hop: NextHop
    source: bytes

    @property
    def is_on_link(self) -> bool:
        """Whether the address is reached without a gateway."""
        return not self.next_hop.gateway


class RouteSocket:
    """A netlink socket for requests; it belongs to the network namespace in which it was made.

    Not thread-safe, one request at a time; a dump must be read to its end or closed before the next request.
    """

    def __init__(
        self, *, timeout_s: float = TIMEOUT_S_DEFAULT, receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES
    ) -> None:
        """Open the socket.

        Args:
            timeout_s: how long one answer is waited for.
            receive_buffer_bytes: must hold the answers of a batch, about 1 KiB each; fewer makes batches shrink.
        Raises:
            OSError: no netlink in this system.
        """
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._timeout_s = timeout_s
        self._sequence = 0
        self._decoder = RouteDecoder()
        set_buffer_size(self._socket, socket.SO_SNDBUF, SO_SNDBUFFORCE, SEND_BUFFER_BYTES)
        set_buffer_size(self._socket, socket.SO_RCVBUF, SO_RCVBUFFORCE, receive_buffer_bytes)
        # The kernel's own timeout spares the poll() before each recv() that Socket.settimeout() would cost.
        seconds, fraction = divmod(timeout_s, 1.0)
        timeout = _TIMEVAL.pack(int(seconds), int(fraction * 1e6))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        _turn_on(self._socket, NETLINK_EXT_ACK)  # Linux 4.12: errors come with the kernel's words
        _turn_on(self._socket, NETLINK_CAP_ACK)  # Linux 4.3: they do not quote the request
        self._is_strict = _turn_on(self._socket, NETLINK_GET_STRICT_CHK)  # Linux 4.20: dumps are filtered
        self._socket.bind((0, 0))
        self._answer = bytearray(RECEIVE_BYTES_MAX)

    @property
    def port_id(self) -> int:
        """The number that events caused by this socket carry; 32-bit unsigned."""
        return int(self._socket.getsockname()[0])

    def close(self) -> None:
        """Close the socket; may be called again."""
        self._socket.close()

    def __enter__(self) -> Self:
        """Return the socket itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # ------------------------------------------------------------ routes

    def apply(self, requests: Sequence[RouteRequest]) -> list[RouteFailure]:
        """Write changes, in order, and return those that the kernel refused.

        Where answers are lost (ENOBUFS) the unanswered changes are asked again in smaller batches. A creation that had
        succeeded then fails with EEXIST, a deletion with ESRCH: to a caller these mean "look again".

        Raises:
            NetlinkTimeout: no answer in time.
            NetlinkOverrun: no memory to send, or the receive buffer does not even hold one answer.
        Cost: about 7 µs a change, 200 a system call.
        """
        failures: list[RouteFailure] = []
        start = 0
        while start < len(requests):
            batch, payload = self._next_batch(requests, start)
            start += len(batch)
            self._transmit(payload)
            lost = self._collect(batch, failures)
            if lost:
                self._apply_again(lost, failures)
        return failures

    def dump_routes(
        self, family: Family, *, table: int = TABLE_MAIN, protocol: int = PROTOCOL_UNSPECIFIED
    ) -> Generator[list[tuple[RouteKey, Route]], None, None]:
        """Read a table, a list for each datagram of the kernel (up to about 600 routes, 1 ms).

        Args:
            family: IPV4_UNICAST or IPV6_UNICAST.
            table: routing table.
            protocol: only its routes; 0 is all.
        Raises:
            DumpInterrupted: at the end, when the table changed meanwhile; what was read may lack routes.
            NetlinkTimeout, NetlinkOverrun, NetlinkRefused: no answer in time, one lost, or an error for an answer.
        Cost: about 3 µs a route.
        """
        payload = encode_route_dump(family, table, protocol)
        for found in self._dump(RTM_GETROUTE, payload, self._decoder.decode):
            if self._is_strict:
                yield found
            else:
                yield [
                    (key, route)
                    for key, route in found
                    if key.table == table and protocol in (PROTOCOL_UNSPECIFIED, route.protocol)
                ]

    def lookup(self, address: bytes) -> Lookup | None:
        """Return the way to an address (4 or 16 octets) as the kernel sees it now, or None if there is none.

        Blackholed, unreachable and prohibited destinations are None as well. The answer counts every route, ours too.

        Raises:
            NetlinkRefused: another error, for want of rights for example.
            NetlinkTimeout: no answer in time.
        """
        family = IPV4_UNICAST if len(address) == IPV4_UNICAST.prefix_bits_max // 8 else IPV6_UNICAST
        self._send(RTM_GETROUTE, NLM_F_REQUEST, encode_route_lookup(family, address))
        for data, header in self._answers():
            if header.type == RTM_NEWROUTE:
                route = decode_route_answer(data, header.start, header.end)
                if route.kind not in (RouteKind.UNICAST, RouteKind.LOCAL) or not route.next_hops:
                    return None
                return Lookup(route.kind, route.next_hops[0], route.source)
            answer = decode_acknowledgement(data, header)
            _raise_refusal(answer, f"route lookup of {address_to_text(address)}", _NO_ROUTE)
            return None
        return None

    # ------------------------------------------------------------ interfaces

    def dump_links(self) -> list[Link]:
        """Return all interfaces.

        Raises:
            DumpInterrupted, NetlinkTimeout, NetlinkRefused: as `dump_routes`.
        """
        return [link for found in self._dump(RTM_GETLINK, encode_link_dump(), decode_link) for link in found]

    def dump_addresses(self) -> list[InterfaceAddress]:
        """Return all IPv4 and IPv6 addresses.

        Raises:
            DumpInterrupted, NetlinkTimeout, NetlinkRefused: as `dump_routes`.
        """
        return [found for part in self._dump(RTM_GETADDR, encode_address_dump(), decode_address) for found in part]

    # ------------------------------------------------------------ batches

    def _next_batch(self, requests: Sequence[RouteRequest], start: int) -> tuple[dict[int, RouteRequest], bytes]:
        """Return sequence → request for as many requests as one datagram takes, and the datagram."""
        batch: dict[int, RouteRequest] = {}
        messages: list[bytes] = []
        size = 0
        for request in requests[start : start + BATCH_ROUTES_MAX]:
            sequence = self._next_sequence()
            message = _encode_request(request, sequence)
            if batch and size + len(message) > BATCH_BYTES_MAX:
                break
            size += len(message)
            batch[sequence] = request
            messages.append(message)
        return batch, b"".join(messages)

    def _collect(self, batch: dict[int, RouteRequest], failures: list[RouteFailure]) -> list[RouteRequest]:
        """Read the answers to a batch; return the requests whose answers were lost."""
        answer = self._answer
        view = memoryview(answer)
        flags = 0
        while batch:
            try:
                size = self._socket.recv_into(answer, 0, flags)
            except BlockingIOError as error:
                if flags:
                    break
                raise NetlinkTimeout(f"no answer to {len(batch)} route changes in {self._timeout_s} s") from error
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                flags = socket.MSG_DONTWAIT  # what arrived before the loss is still queued
                continue
            _length, message_type, _flags, sequence, _port_id, number = _ANSWER.unpack_from(answer)
            request = batch.pop(sequence, None)
            if number and message_type == NLMSG_ERROR and request is not None:
                failures.append(_failure(request, bytes(view[:size])))
        return list(batch.values())

    def _apply_again(self, lost: list[RouteRequest], failures: list[RouteFailure]) -> None:
        """Ask again one by one what was lost: a rare case, kept simple."""
        for request in lost:
            sequence = self._next_sequence()
            self._transmit(_encode_request(request, sequence))
            if self._collect({sequence: request}, failures):
                raise NetlinkOverrun(f"{route_key_to_text(request.key)}: the answer does not fit the receive buffer")

    # ------------------------------------------------------------ single requests

    def _next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF or 1
        return self._sequence

    def _send(self, message_type: int, flags: int, payload: bytes) -> None:
        self._transmit(encode_message(message_type, flags, self._next_sequence(), payload))

    def _transmit(self, data: bytes) -> None:
        try:
            self._socket.send(data)
        except OSError as error:
            if error.errno not in _SHORT_OF_MEMORY:
                raise
            raise NetlinkOverrun(f"{len(data)} octets cannot be sent: {errno_name(error.errno)}") from error

    def _answers(self) -> Iterator[tuple[bytes, Header]]:
        """Walk over the messages that answer the last request; the caller knows which is the last."""
        while True:
            data = self._receive()
            for header in headers(data):
                if header.sequence == self._sequence:
                    yield data, header

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(RECEIVE_BYTES_MAX)
        except BlockingIOError as error:
            raise NetlinkTimeout(f"no answer in {self._timeout_s} s") from error
        except OSError as error:
            if error.errno not in _SHORT_OF_MEMORY:
                raise
            raise NetlinkOverrun(f"an answer was lost: {errno_name(error.errno)}") from error

    def _dump(self, message_type: int, payload: bytes, decode: Decode[Value]) -> Iterator[list[Value]]:
        """Ask for a dump and yield what `decode` makes of it, a list a datagram."""
        self._send(message_type, NLM_F_REQUEST | NLM_F_DUMP, payload)
        progress = _DumpProgress()
        try:
            while not progress.is_done:
                found = self._dump_part(self._receive(), decode, progress)
                if found:
                    yield found
        finally:
            while not progress.is_done:  # the reader left early: the rest must not answer the next request
                self._dump_part(self._receive(), _skip, progress)
        if progress.is_interrupted:
            raise DumpInterrupted(f"the table changed while it was read (message type {message_type})")

    def _dump_part(self, data: bytes, decode: Decode[Value], progress: "_DumpProgress") -> list[Value]:
        found: list[Value] = []
        for header in headers(data):
            if header.sequence != self._sequence:
                continue
            if header.flags & NLM_F_DUMP_INTR:
                progress.is_interrupted = True
            if header.type in (NLMSG_DONE, NLMSG_ERROR):
                progress.is_done = True
                decode_end = decode_done if header.type == NLMSG_DONE else decode_acknowledgement
                _raise_refusal(decode_end(data, header), "dump", _NO_TABLE)
            else:
                value = decode(data, header.start, header.end)
                if value is not None:
                    found.append(value)
        return found


@dataclass(slots=True)
class _DumpProgress:
    is_done: bool = False
    is_interrupted: bool = False


_SHORT_OF_MEMORY: Final = frozenset({errno.ENOBUFS, errno.ENOMEM})

_NO_TABLE: Final = (errno.ENOENT,)
"""A table without a route may not exist: an empty dump, no error."""

_NO_ROUTE: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EACCES, errno.ESRCH)


def set_buffer_size(sock: socket.socket, option: int, forced_option: int, size_bytes: int) -> None:
    """Ask for a buffer size, beyond the system's limit if we may (CAP_NET_ADMIN), else as much as the limit gives."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, forced_option, size_bytes)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, option, size_bytes)


def _turn_on(sock: socket.socket, option: int) -> bool:
    """Turn on an option of netlink; False where the kernel does not know it."""
    try:
        sock.setsockopt(SOL_NETLINK, option, 1)
    except OSError as error:
        if error.errno != errno.ENOPROTOOPT:
            raise
        return False
    return True


def _encode_request(request: RouteRequest, sequence: int) -> bytes:
    operation, key, route = request
    message_type, flags = operation.value
    if operation is RouteOperation.DELETE:
        payload = encode_route_deletion(key, route.protocol)
    else:
        payload = encode_route(key, route)
    return encode_message(message_type, flags, sequence, payload)


def _failure(request: RouteRequest, data: bytes) -> RouteFailure:
    header = next(headers(data))
    answer = decode_acknowledgement(data, header)
    return RouteFailure(request, answer.errno, answer.message)


def _raise_refusal(answer: Acknowledgement, asked: str, expected: Sequence[int]) -> None:
    """Raise what an answer says, unless its number is among the expected."""
    if answer.errno and answer.errno not in expected:
        words = f": {answer.message}" if answer.message else ""
        raise NetlinkRefused(answer.errno, f"{asked}: {errno_name(answer.errno)}{words}")


def _skip(_data: bytes, _start: int, _end: int) -> None:
    """Decode nothing."""
