"""Raw BGP clients over real sockets, with a codec of their own: a second opinion on ours.

It speaks just enough: OPEN with multiprotocol IPv4 or IPv6 unicast (that of its address) and 4-octet AS, KEEPALIVE,
UPDATE. Many clients share one selector; nothing sleeps.
"""

import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4
ORIGIN, AS_PATH, NEXT_HOP, MED, LOCAL_PREF, COMMUNITIES, ORIGINATOR_ID, CLUSTER_LIST = 1, 2, 3, 4, 5, 8, 9, 10
MP_REACH, MP_UNREACH = 14, 15
AFI_IPV4, AFI_IPV6 = 1, 2
UNICAST = 1
IPV6_FAMILY = struct.pack("!HB", AFI_IPV6, UNICAST)
OPTIONAL, TRANSITIVE = 0x80, 0x40
EXTENDED_LENGTH = 0x10


def message(kind: int, body: bytes = b"") -> bytes:
    """One message with its header."""
    return MARKER + struct.pack("!HB", 19 + len(body), kind) + body


def open_message(asn: int, router_id: str, hold_time_s: int = 90, afi: int = AFI_IPV4) -> bytes:
    """OPEN with multiprotocol unicast of one family and 4-octet AS."""
    capabilities = bytes([1, 4, 0, afi, 0, UNICAST]) + bytes([65, 4]) + struct.pack("!I", asn)
    parameters = bytes([2, len(capabilities)]) + capabilities
    two_octet_as = asn if asn < 65536 else 23456
    head = struct.pack("!BHH4sB", 4, two_octet_as, hold_time_s, IPv4Address(router_id).packed, len(parameters))
    return message(OPEN, head + parameters)


def prefix_bytes(prefix: str) -> bytes:
    """A prefix as it stands in an UPDATE."""
    network = ip_network(prefix)
    return bytes([network.prefixlen]) + network.network_address.packed[: (network.prefixlen + 7) // 8]


def attribute(flags: int, code: int, value: bytes) -> bytes:
    """One path attribute; values of more than 255 octets have no place here."""
    return bytes([flags, code, len(value)]) + value


def announcement(prefixes: Iterable[str], next_hop: str, local_pref: int = 100, more: bytes = b"") -> bytes:
    """UPDATE of an iBGP speaker for routes of its own; `more` are attributes that go with them."""
    nlri = b"".join(map(prefix_bytes, prefixes))
    packed = ip_address(next_hop).packed
    attributes = attribute(TRANSITIVE, ORIGIN, b"\0") + attribute(TRANSITIVE, AS_PATH, b"")
    if len(packed) == 4:
        attributes += attribute(TRANSITIVE, NEXT_HOP, packed)
    else:
        attributes += attribute(OPTIONAL, MP_REACH, IPV6_FAMILY + bytes([len(packed)]) + packed + b"\0" + nlri)
        nlri = b""
    attributes += attribute(TRANSITIVE, LOCAL_PREF, struct.pack("!I", local_pref)) + more
    return message(UPDATE, b"\0\0" + struct.pack("!H", len(attributes)) + attributes + nlri)


def withdrawal(prefixes: Iterable[str]) -> bytes:
    """UPDATE that takes prefixes of one family back."""
    prefixes = list(prefixes)
    gone = b"".join(map(prefix_bytes, prefixes))
    if ip_network(prefixes[0]).version == 4:
        return message(UPDATE, struct.pack("!H", len(gone)) + gone + b"\0\0")
    attributes = attribute(OPTIONAL, MP_UNREACH, IPV6_FAMILY + gone)
    return message(UPDATE, b"\0\0" + struct.pack("!H", len(attributes)) + attributes)


@dataclass(frozen=True)
class RawRoute:
    """What a client was told about one prefix."""

    next_hop: str
    local_pref: int | None
    originator_id: str | None
    cluster_list: tuple[str, ...]
    as_path: tuple[int, ...] = ()
    med: int | None = None
    communities: tuple[str, ...] = ()
    unknown: tuple[tuple[int, bytes], ...] = ()


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
    router_id: str = ""
    _buffer: bytes = b""

    def announce(self, *prefixes: str, local_pref: int = 100, more: bytes = b"") -> None:
        """Announce routes with ourselves as next hop; `more` are further attributes."""
        self.own.update(prefixes)
        self.connection.sendall(announcement(prefixes, self.address, local_pref, more))

    def withdraw(self, *prefixes: str) -> None:
        """Take routes back."""
        self.own.difference_update(prefixes)
        self.connection.sendall(withdrawal(prefixes))

    def routes_of_others(self) -> dict[str, RawRoute]:
        """Return what it holds without its own prefixes, which some reflectors send back (RFC 4456 lets them)."""
        return {prefix: route for prefix, route in self.routes.items() if prefix not in self.own}

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
        values = _attributes(body[attributes_start:nlri_start])
        gone = _prefixes(body[2 : 2 + withdrawn_length])
        announced = _prefixes(body[nlri_start:])
        if MP_REACH in values:
            announced += _prefixes(values[MP_REACH][5 + values[MP_REACH][3] :], AFI_IPV6)
        if MP_UNREACH in values:
            gone += _prefixes(values[MP_UNREACH][3:], AFI_IPV6)
        if not gone and not announced:
            self.has_end_of_rib = True
        for prefix in gone:
            if self.routes.pop(prefix, None) is None:
                self.unknown_withdrawn += 1
        if announced:
            route = _route(values)
            for prefix in announced:
                self.routes[prefix] = route
                if route.next_hop == self.address or route.originator_id == self.router_id:
                    self.own_seen.append(prefix)


def _prefixes(data: bytes, afi: int = AFI_IPV4) -> list[str]:
    prefixes = []
    at = 0
    while at < len(data):
        length = data[at]
        octets = (length + 7) // 8
        packed = data[at + 1 : at + 1 + octets].ljust(4 if afi == AFI_IPV4 else 16, b"\0")
        prefixes.append(f"{ip_address(packed)}/{length}")
        at += 1 + octets
    return prefixes


def _attributes(data: bytes) -> dict[int, bytes]:
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
    return values


KNOWN = (ORIGIN, AS_PATH, NEXT_HOP, MED, LOCAL_PREF, COMMUNITIES, ORIGINATOR_ID, CLUSTER_LIST, MP_REACH, MP_UNREACH)


def _route(values: dict[int, bytes]) -> RawRoute:
    originator = values.get(ORIGINATOR_ID)
    return RawRoute(
        next_hop=_next_hop(values),
        local_pref=_number(values.get(LOCAL_PREF)),
        originator_id=None if originator is None else str(IPv4Address(originator)),
        cluster_list=tuple(str(IPv4Address(number)) for number in _numbers(values.get(CLUSTER_LIST, b""))),
        as_path=_numbers(values[AS_PATH][2:]),
        med=_number(values.get(MED)),
        communities=tuple(f"{each >> 16}:{each & 0xFFFF}" for each in _numbers(values.get(COMMUNITIES, b""))),
        unknown=tuple((code, value) for code, value in values.items() if code not in KNOWN),
    )


def _next_hop(values: dict[int, bytes]) -> str:
    if NEXT_HOP in values:
        return str(IPv4Address(values[NEXT_HOP]))
    return str(IPv6Address(values[MP_REACH][4:20]))


def _number(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(value, "big")


def _numbers(value: bytes) -> tuple[int, ...]:
    """Return 4-octet numbers; of an AS_PATH this is its first segment, which is all that these clients see."""
    return tuple(int.from_bytes(value[at : at + 4], "big") for at in range(0, len(value), 4))


class RawClients:
    """Many raw clients of one reflector, driven by one selector."""

    def __init__(self, reflector: str, port: int, asn: int) -> None:
        self.reflector = reflector
        self.port = port
        self.asn = asn
        self.clients: dict[str, RawClient] = {}
        self._selector = selectors.DefaultSelector()

    def add(self, address: str, router_id: str | None = None) -> RawClient:
        """Connect one client from `address` and send its OPEN; its router id is its address unless it has another."""
        connection = socket.create_connection((self.reflector, self.port), timeout=10, source_address=(address, 0))
        afi = AFI_IPV4 if ip_address(address).version == 4 else AFI_IPV6
        identifier = router_id or address
        connection.sendall(open_message(self.asn, identifier, afi=afi))
        client = self.clients[address] = RawClient(address, self.asn, connection, router_id=identifier)
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
            self.poll(min(left, 0.5))

    def poll(self, timeout_s: float) -> None:
        """Take in what comes; wait for it no longer than the timeout."""
        for key, _ in self._selector.select(timeout_s):
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
