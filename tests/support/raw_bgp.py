"""Raw BGP clients over real sockets, with a codec of their own: a second opinion on ours.

It speaks just enough: OPEN with multiprotocol IPv4 and 4-octet AS, KEEPALIVE, UPDATE for IPv4 unicast. Many
clients share one selector; nothing sleeps.
"""

import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4
ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST = 1, 2, 3, 5, 9, 10
EXTENDED_LENGTH = 0x10


def message(kind: int, body: bytes = b"") -> bytes:
    """One message with its header."""
    return MARKER + struct.pack("!HB", 19 + len(body), kind) + body


def open_message(asn: int, router_id: str, hold_time_s: int = 90) -> bytes:
    """OPEN with multiprotocol IPv4 unicast and 4-octet AS."""
    capabilities = bytes([1, 4, 0, 1, 0, 1]) + bytes([65, 4]) + struct.pack("!I", asn)
    parameters = bytes([2, len(capabilities)]) + capabilities
    two_octet_as = asn if asn < 65536 else 23456
    head = struct.pack("!BHH4sB", 4, two_octet_as, hold_time_s, IPv4Address(router_id).packed, len(parameters))
    return message(OPEN, head + parameters)


def prefix_bytes(prefix: str) -> bytes:
    """A prefix as it stands in an UPDATE."""
    network = IPv4Network(prefix)
    return bytes([network.prefixlen]) + network.network_address.packed[: (network.prefixlen + 7) // 8]


def announcement(prefixes: Iterable[str], next_hop: str, local_pref: int = 100) -> bytes:
    """UPDATE of an iBGP speaker for routes of its own."""
    attributes = (
        bytes([0x40, ORIGIN, 1, 0])
        + bytes([0x40, AS_PATH, 0])
        + bytes([0x40, NEXT_HOP, 4])
        + IPv4Address(next_hop).packed
        + bytes([0x40, LOCAL_PREF, 4])
        + struct.pack("!I", local_pref)
    )
    body = b"\0\0" + struct.pack("!H", len(attributes)) + attributes + b"".join(map(prefix_bytes, prefixes))
    return message(UPDATE, body)


def withdrawal(prefixes: Iterable[str]) -> bytes:
    """UPDATE that takes prefixes back."""
    gone = b"".join(map(prefix_bytes, prefixes))
    return message(UPDATE, struct.pack("!H", len(gone)) + gone + b"\0\0")


@dataclass(frozen=True)
class RawRoute:
    """What a client was told about one prefix."""

    next_hop: str
    local_pref: int | None
    originator_id: str | None
    cluster_list: tuple[str, ...]


@dataclass(eq=False)
class RawClient:
    """One BGP client: the routes it holds, and everything that must not happen, counted."""

    address: str
    asn: int
    connection: socket.socket
    routes: dict[str, RawRoute] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    is_established: bool = False
    has_end_of_rib: bool = False
    notification: bytes | None = None
    own_seen: list[str] = field(default_factory=list)
    unknown_withdrawn: int = 0
    _buffer: bytes = b""

    def announce(self, *prefixes: str, local_pref: int = 100) -> None:
        """Announce routes with ourselves as next hop."""
        self.own.update(prefixes)
        self.connection.sendall(announcement(prefixes, self.address, local_pref))

    def withdraw(self, *prefixes: str) -> None:
        """Take routes back."""
        self.own.difference_update(prefixes)
        self.connection.sendall(withdrawal(prefixes))

    def feed(self, data: bytes) -> None:
        """Take bytes from the reflector."""
        self._buffer += data
        while len(self._buffer) >= 19:
            length, kind = struct.unpack_from("!HB", self._buffer, 16)
            if len(self._buffer) < length:
                return
            body, self._buffer = self._buffer[19:length], self._buffer[length:]
            self._take(kind, body)

    def _take(self, kind: int, body: bytes) -> None:
        if kind == OPEN:
            self.connection.sendall(message(KEEPALIVE))
        elif kind == KEEPALIVE:
            self.is_established = True
        elif kind == NOTIFICATION:
            self.notification = body
        elif kind == UPDATE:
            self._take_update(body)

    def _take_update(self, body: bytes) -> None:
        (withdrawn_length,) = struct.unpack_from("!H", body)
        (attributes_length,) = struct.unpack_from("!H", body, 2 + withdrawn_length)
        attributes_start = 4 + withdrawn_length
        nlri_start = attributes_start + attributes_length
        gone = _prefixes(body[2 : 2 + withdrawn_length])
        announced = _prefixes(body[nlri_start:])
        if not gone and not announced:
            self.has_end_of_rib = True
        for prefix in gone:
            if self.routes.pop(prefix, None) is None:
                self.unknown_withdrawn += 1
        if announced:
            route = _route(body[attributes_start:nlri_start])
            for prefix in announced:
                self.routes[prefix] = route
                if self.address in (route.originator_id, route.next_hop):
                    self.own_seen.append(prefix)


def _prefixes(data: bytes) -> list[str]:
    prefixes = []
    at = 0
    while at < len(data):
        length = data[at]
        octets = (length + 7) // 8
        packed = data[at + 1 : at + 1 + octets].ljust(4, b"\0")
        prefixes.append(f"{IPv4Address(packed)}/{length}")
        at += 1 + octets
    return prefixes


def _route(data: bytes) -> RawRoute:
    values: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        flags, code = data[at], data[at + 1]
        if flags & EXTENDED_LENGTH:
            (length,) = struct.unpack_from("!H", data, at + 2)
            start = at + 4
        else:
            length, start = data[at + 2], at + 3
        values[code] = data[start : start + length]
        at = start + length
    clusters = values.get(CLUSTER_LIST, b"")
    originator = values.get(ORIGINATOR_ID)
    local_pref = values.get(LOCAL_PREF)
    return RawRoute(
        next_hop=str(IPv4Address(values[NEXT_HOP])),
        local_pref=None if local_pref is None else int.from_bytes(local_pref, "big"),
        originator_id=None if originator is None else str(IPv4Address(originator)),
        cluster_list=tuple(str(IPv4Address(clusters[i : i + 4])) for i in range(0, len(clusters), 4)),
    )


class RawClients:
    """Many raw clients of one reflector, driven by one selector."""

    def __init__(self, reflector: str, port: int, asn: int) -> None:
        self.reflector = reflector
        self.port = port
        self.asn = asn
        self.clients: dict[str, RawClient] = {}
        self._selector = selectors.DefaultSelector()

    def add(self, address: str) -> RawClient:
        """Connect one client from `address` and send its OPEN."""
        connection = socket.create_connection((self.reflector, self.port), timeout=10, source_address=(address, 0))
        connection.sendall(open_message(self.asn, address))
        client = self.clients[address] = RawClient(address, self.asn, connection)
        self._selector.register(connection, selectors.EVENT_READ, client)
        return client

    def drop(self, address: str) -> None:
        """Close one client's connection without a word."""
        client = self.clients.pop(address)
        self._selector.unregister(client.connection)
        client.connection.close()

    def wait_for(self, condition: Callable[[], bool], what: str, deadline_s: float = 60.0) -> None:
        """Take in what comes until `condition` holds; fails with `what` after the deadline."""
        end = time.monotonic() + deadline_s
        while not condition():
            left = end - time.monotonic()
            assert left > 0, f"not within {deadline_s} s: {what}"
            for key, _ in self._selector.select(min(left, 0.5)):
                self._read(key.data)

    def _read(self, client: RawClient) -> None:
        data = client.connection.recv(262_144)
        if data:
            client.feed(data)
        else:
            self._selector.unregister(client.connection)

    def close(self) -> None:
        """Close everything."""
        for address in list(self.clients):
            client = self.clients.pop(address)
            client.connection.close()
        self._selector.close()
