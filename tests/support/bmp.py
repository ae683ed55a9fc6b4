"""BMP read by a few lines of our own: a second opinion on what we write (RFC 7854 §4)."""

import struct
from dataclasses import dataclass, field
from ipaddress import ip_address

ROUTE_MONITORING, STATISTICS, PEER_DOWN, PEER_UP, INITIATION, TERMINATION = range(6)
GLOBAL_INSTANCE, LOC_RIB = 0, 3
PER_PEER_OCTETS = 42


@dataclass
class PeerHeader:
    """Of the messages that are about a peer."""

    address: str
    asn: int
    router_id: str
    flags: int
    when: float
    kind: int = 0


@dataclass
class BMPMessage:
    """One message; what has no place in its kind is empty."""

    kind: int
    peer: PeerHeader | None = None
    update: bytes = b""
    local_address: str = ""
    ports: tuple[int, int] = (0, 0)
    opens: list[bytes] = field(default_factory=list)
    reason: int = 0
    data: bytes = b""
    tlvs: dict[int, list[bytes]] = field(default_factory=dict)


def messages(data: bytes) -> list[BMPMessage]:
    """All whole messages of a stream; what is no BMP fails."""
    found = []
    while len(data) >= 6:
        version, length, kind = struct.unpack(">BIB", data[:6])
        assert version == 3
        assert length >= 6
        if length > len(data):
            break
        found.append(_message(kind, data[6:length]))
        data = data[length:]
    return found


def _message(kind: int, body: bytes) -> BMPMessage:
    if kind in (INITIATION, TERMINATION):
        return BMPMessage(kind, tlvs=_tlvs(body))
    message = BMPMessage(kind, _peer(body[:PER_PEER_OCTETS]))
    body = body[PER_PEER_OCTETS:]
    match kind:
        case _ if kind == ROUTE_MONITORING:
            message.update = _bgp(body)[0]
            assert len(message.update) == len(body)
        case _ if kind == PEER_UP:
            message.local_address = _address(body[:16], is_ipv6=bool(any(body[:12])))
            message.ports = struct.unpack(">HH", body[16:20])
            message.opens = _bgp(body[20:], 2)
            message.tlvs = _tlvs(body[20 + sum(map(len, message.opens)) :])
        case _ if kind == PEER_DOWN:
            message.reason, message.data = body[0], body[1:]
        case _ if kind == STATISTICS:
            (count,) = struct.unpack(">I", body[:4])
            message.tlvs = _tlvs(body[4:])
            assert sum(map(len, message.tlvs.values())) == count
        case _:
            raise AssertionError(f"BMP message type {kind}")
    return message


def _peer(header: bytes) -> PeerHeader:
    kind, flags, distinguisher, address, asn, router_id, seconds, microseconds = struct.unpack(">BB8s16sI4sII", header)
    assert kind in (GLOBAL_INSTANCE, LOC_RIB)
    assert distinguisher == bytes(8)
    when = seconds + microseconds / 1e6
    return PeerHeader(_address(address, is_ipv6=bool(flags & 0x80)), asn, str(ip_address(router_id)), flags, when, kind)


def _address(padded: bytes, *, is_ipv6: bool) -> str:
    if is_ipv6:
        return str(ip_address(padded))
    assert padded[:12] == bytes(12)
    return str(ip_address(padded[12:]))


def _bgp(data: bytes, count: int = 1) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        assert data[:16] == b"\xff" * 16
        length = int.from_bytes(data[16:18], "big")
        found.append(data[:length])
        data = data[length:]
    return found


def _tlvs(data: bytes) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    while data:
        kind, length = struct.unpack(">HH", data[:4])
        assert len(data) >= 4 + length
        found.setdefault(kind, []).append(data[4 : 4 + length])
        data = data[4 + length :]
    return found
