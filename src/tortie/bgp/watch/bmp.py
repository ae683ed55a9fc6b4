"""BMP messages: what a collector is told of sessions and what comes in on them.

For: the bytes of RFC 7854. Not for: when they are sent (bmp_feed.py), the connection (speaker/bmp_client.py), reading
them (nobody sends us any, RFC 7854 §3.2).
RFC 7854 §4, §10; RFC 9069 §4 (Loc-RIB as a peer of a type of its own).
Structure to know: none, each message is a function.

    +-----------+------------+----------+      +----------+-----------+-------------------+
    | version 3 | length (4) | type (1) |      | type (1) | flags (1) | distinguisher (8) |
    +-----------+------------+----------+      +----------+-----------+-------------------+------+------------------+
      common header, length counts itself      | address (16) | AS (4) | BGP Identifier (4) | seconds, µs (4 + 4)    |
                                               +--------------+--------+--------------------+------------------------+
                                                 per-peer header
"""

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct
from typing import Final

from tortie.bgp.engine.peer import Peer
from tortie.bgp.session.outputs import SessionDown
from tortie.bgp.wire import address_from_text, encode_notification

__all__ = [
    "HEADER_OCTETS",
    "MessageType",
    "StatisticType",
    "TerminationReason",
    "initiation",
    "loc_rib_header",
    "loc_rib_up",
    "peer_down",
    "peer_header",
    "peer_up",
    "route_monitoring",
    "statistics_report",
    "termination",
]

VERSION: Final = 3
_HEADER: Final = Struct(">BIB")
HEADER_OCTETS: Final = _HEADER.size
_PEER_HEADER: Final = Struct(">BB8s16sIIII")
_PORTS: Final = Struct(">HH")
_TLV: Final = Struct(">HH")

GLOBAL_INSTANCE_PEER: Final = 0
LOC_RIB_PEER: Final = 3
LOC_RIB_NAME: Final = "global"
FLAG_IPV6: Final = 0x80
FLAG_TWO_OCTET_AS: Final = 0x20
IPV4_OCTETS: Final = 4
TEXT_OCTETS_MAX: Final = 0xFFFF

DOWN_LOCAL_NOTIFICATION: Final = 1
DOWN_LOCAL: Final = 2
DOWN_REMOTE_NOTIFICATION: Final = 3
DOWN_REMOTE: Final = 4
NO_FSM_EVENT: Final = b"\0\0"


class MessageType(IntEnum):
    """RFC 7854 §4.1."""

    ROUTE_MONITORING = 0
    STATISTICS_REPORT = 1
    PEER_DOWN = 2
    PEER_UP = 3
    INITIATION = 4
    TERMINATION = 5


class StatisticType(IntEnum):
    """Those of RFC 7854 §4.8 that we report."""

    ADJ_RIB_IN_ROUTES = 7
    ADJ_RIB_IN_ROUTES_OF_FAMILY = 9
    TREATED_AS_WITHDRAW = 11


class TerminationReason(IntEnum):
    """RFC 7854 §4.5."""

    ADMINISTRATIVELY_CLOSED = 0


class _Information(IntEnum):
    """Information TLVs of Initiation (RFC 7854 §4.4), Termination (§4.5) and Peer Up (RFC 9069 §5.2.1)."""

    STRING = 0
    SYSTEM_DESCRIPTION = 1
    SYSTEM_NAME = 2
    TABLE_NAME = 3


_TERMINATION_REASON: Final = 1


def initiation(system_name: str, system_description: str) -> bytes:
    """Return the first message of a connection."""
    return _message(
        MessageType.INITIATION,
        _text(_Information.SYSTEM_DESCRIPTION, system_description),
        _text(_Information.SYSTEM_NAME, system_name),
    )


def termination(reason: TerminationReason) -> bytes:
    """Return the last message of a connection."""
    return _message(MessageType.TERMINATION, _tlv(_TERMINATION_REASON, reason.to_bytes(2)))


def peer_header(peer: Peer, when: float) -> bytes:
    """Return the per-peer header of an established session, pre-policy Adj-RIB-In.

    Args:
        peer: whose session it is.
        when: time of day, seconds since 1970.
    """
    negotiated, source = peer.negotiated, peer.source
    assert negotiated is not None, "only established peers are monitored"
    assert source is not None, "only established peers are monitored"
    address = source.address
    flags = 0 if len(address) == IPV4_OCTETS else FLAG_IPV6
    if not negotiated.four_octet_as:
        flags |= FLAG_TWO_OCTET_AS
    return _PEER_HEADER.pack(
        GLOBAL_INSTANCE_PEER,
        flags,
        bytes(8),
        _padded(address),
        negotiated.peer_as,
        negotiated.peer_router_id,
        *divmod(int(when * 1e6), 1_000_000),
    )


def loc_rib_header(local_as: int, router_id: int, when: float) -> bytes:
    """Return the per-peer header of our own Loc-RIB (RFC 9069 §4.1)."""
    seconds, microseconds = divmod(int(when * 1e6), 1_000_000)
    return _PEER_HEADER.pack(LOC_RIB_PEER, 0, bytes(8), bytes(16), local_as, router_id, seconds, microseconds)


def loc_rib_up(header: bytes, own_open: bytes) -> bytes:
    """Return Peer Up of our Loc-RIB (RFC 9069 §5.2); the OPEN, which nobody sent, says how its UPDATEs are coded."""
    name = _text(_Information.TABLE_NAME, LOC_RIB_NAME)
    return _message(MessageType.PEER_UP, header, bytes(16), _PORTS.pack(0, 0), own_open, own_open, name)


def peer_up(header: bytes, peer: Peer, local_port: int, remote_port: int) -> bytes:
    """Return Peer Up, with both OPENs (RFC 7854 §4.10).

    Args:
        header: see peer_header.
        peer: the same.
        local_port, remote_port: TCP ports of its connection.
    """
    assert peer.negotiated is not None, "only established peers are monitored"
    local_address = _padded(address_from_text(peer.negotiated.local_address))
    return _message(MessageType.PEER_UP, header, local_address, _PORTS.pack(local_port, remote_port), *peer.opens)


def peer_down(header: bytes, down: SessionDown) -> bytes:
    """Return Peer Down with the reason (RFC 7854 §4.9)."""
    if down.notification is not None:
        reason = DOWN_REMOTE_NOTIFICATION if down.is_remote else DOWN_LOCAL_NOTIFICATION
        data = encode_notification(down.notification)
    else:
        reason, data = (DOWN_REMOTE, b"") if down.is_remote else (DOWN_LOCAL, NO_FSM_EVENT)
    return _message(MessageType.PEER_DOWN, header, bytes((reason,)), data)


def route_monitoring(header: bytes, update: bytes) -> bytes:
    """Return Route Monitoring: one whole UPDATE (RFC 7854 §4.6)."""
    return _message(MessageType.ROUTE_MONITORING, header, update)


def statistics_report(header: bytes, statistics: Iterable[tuple[StatisticType, bytes]]) -> bytes:
    """Return Statistics Report (RFC 7854 §4.8); each value in the form that its type asks for."""
    entries = [_tlv(kind, value) for kind, value in statistics]
    return _message(MessageType.STATISTICS_REPORT, header, len(entries).to_bytes(4), *entries)


def _message(kind: MessageType, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return _HEADER.pack(VERSION, HEADER_OCTETS + len(body), kind) + body


def _text(kind: int, text: str) -> bytes:
    return _tlv(kind, text.encode()[:TEXT_OCTETS_MAX])


def _tlv(kind: int, value: bytes) -> bytes:
    return _TLV.pack(kind, len(value)) + value


def _padded(address: bytes) -> bytes:
    """Return 16 octets; an IPv4 address stands at their end."""
    return address.rjust(16, b"\0")
