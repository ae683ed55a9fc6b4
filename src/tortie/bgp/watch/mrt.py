"""MRT records: what came in, and tables, in the form that route collectors publish.

For: the bytes of RFC 6396: BGP4MP_ET (messages and changes of state) and TABLE_DUMP_V2 (tables). Not for: files
(speaker/watch_file.py).
RFC 6396 §2, §3 (extended timestamp), §4.3, §4.4; RFC 8050 (ADD-PATH).
Structure to know: none, each record is a function.

    +-------------+----------+-------------+------------+- - - - - - - +
    | seconds (4) | type (2) | subtype (2) | length (4) | µs (4), _ET  |
    +-------------+----------+-------------+------------+- - - - - - - +
"""

from collections.abc import Sequence
from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

from tortie.bgp.engine.peer import Peer
from tortie.bgp.session import State
from tortie.bgp.wire import (
    AS_TRANS,
    IPV4_UNICAST,
    IPV6_UNICAST,
    AttributeSet,
    EncodeContext,
    Family,
    address_from_text,
    attribute_block,
)

__all__ = ["RIBEntry", "TablePeer", "message_record", "peer_index_table", "rib_record", "state_change_record"]

TABLE_DUMP_V2: Final = 13
BGP4MP_ET: Final = 17

_HEADER: Final = Struct(">IHHI")
_MICROSECONDS: Final = Struct(">I")
_AS_PAIR: Final = {False: Struct(">HH"), True: Struct(">II")}
_LINK: Final = Struct(">HH")
_STATES: Final = Struct(">HH")
_TABLE_HEAD: Final = Struct(">IHH")
_TABLE_PEER: Final = Struct(">BI")
_ENTRY: Final = Struct(">HI")
_LENGTH: Final = Struct(">H")
_SEQUENCE: Final = Struct(">I")

AFI_IPV4: Final = 1
AFI_IPV6: Final = 2
IPV4_OCTETS: Final = 4

TWO_OCTET_AS_MAX: Final = 0xFFFF

PEER_IPV6: Final = 1
PEER_FOUR_OCTET_AS: Final = 2

PEERS_MAX: Final = 0xFFFF
"""Peers that an index table can hold."""

ATTRIBUTE_NEXT_HOP: Final = b"\x40\x03\x04"
ATTRIBUTE_MP_REACH: Final = b"\x80\x0e"
FOUR_OCTET_AS: Final = EncodeContext(four_octet_as=True)


class BGP4MPSubtype(IntEnum):
    """RFC 6396 §4.4, RFC 8050 §3."""

    STATE_CHANGE = 0
    MESSAGE = 1
    MESSAGE_AS4 = 4
    STATE_CHANGE_AS4 = 5
    MESSAGE_LOCAL = 6
    MESSAGE_AS4_LOCAL = 7
    MESSAGE_ADDPATH = 8
    MESSAGE_AS4_ADDPATH = 9


class TableSubtype(IntEnum):
    """RFC 6396 §4.3, RFC 8050 §4."""

    PEER_INDEX_TABLE = 1
    RIB_IPV4_UNICAST = 2
    RIB_IPV6_UNICAST = 4
    RIB_IPV4_UNICAST_ADDPATH = 8
    RIB_IPV6_UNICAST_ADDPATH = 10


_MESSAGE_SUBTYPES: Final = {
    # four octets, path identifiers, ours
    (False, False, False): BGP4MPSubtype.MESSAGE,
    (False, True, False): BGP4MPSubtype.MESSAGE_ADDPATH,
    (False, False, True): BGP4MPSubtype.MESSAGE_LOCAL,
    (True, False, False): BGP4MPSubtype.MESSAGE_AS4,
    (True, True, False): BGP4MPSubtype.MESSAGE_AS4_ADDPATH,
    (True, False, True): BGP4MPSubtype.MESSAGE_AS4_LOCAL,
}
_RIB_SUBTYPES: Final = {
    (IPV4_UNICAST, False): TableSubtype.RIB_IPV4_UNICAST,
    (IPV4_UNICAST, True): TableSubtype.RIB_IPV4_UNICAST_ADDPATH,
    (IPV6_UNICAST, False): TableSubtype.RIB_IPV6_UNICAST,
    (IPV6_UNICAST, True): TableSubtype.RIB_IPV6_UNICAST_ADDPATH,
}


# ---------------------------------------------------------------- what came in


def message_record(
    peer: Peer, when: float, message: bytes, *, has_path_ids: bool = False, is_local: bool = False
) -> bytes:
    """Return one BGP message of an established session.

    Args:
        peer: whose session it is.
        when: time of day, seconds since 1970.
        message: whole.
        has_path_ids: its prefixes have path identifiers.
        is_local: it was sent by us.
    """
    is_four_octet = _is_four_octet(peer)
    subtype = _MESSAGE_SUBTYPES[is_four_octet, has_path_ids, is_local]
    return _record_et(when, subtype, _ends(peer, is_four_octet) + message)


def state_change_record(peer: Peer, when: float, before: State, after: State) -> bytes:
    """Return one change of state (RFC 6396 §4.4.1); the numbers of states are those of the FSM."""
    is_four_octet = _is_four_octet(peer)
    subtype = BGP4MPSubtype.STATE_CHANGE_AS4 if is_four_octet else BGP4MPSubtype.STATE_CHANGE
    states = _STATES.pack(before, after)
    return _record_et(when, subtype, _ends(peer, is_four_octet) + states)


def _is_four_octet(peer: Peer) -> bool:
    assert peer.negotiated is not None, "only established sessions are written down"
    return peer.negotiated.four_octet_as


def _ends(peer: Peer, is_four_octet: bool) -> bytes:
    """AS numbers, interface, addresses: the peer's first."""
    assert peer.negotiated is not None, "only established sessions are written down"
    assert peer.source is not None, "only established sessions are written down"
    remote = peer.source.address
    local = address_from_text(peer.negotiated.local_address).rjust(len(remote), b"\0")[-len(remote) :]
    numbers = _AS_PAIR[is_four_octet].pack(
        _as_number(peer.negotiated.peer_as, is_four_octet), _as_number(peer.options.local_as, is_four_octet)
    )
    afi = AFI_IPV4 if len(remote) == IPV4_OCTETS else AFI_IPV6
    return numbers + _LINK.pack(0, afi) + remote + local


def _as_number(number: int, is_four_octet: bool) -> int:
    return number if is_four_octet or number <= TWO_OCTET_AS_MAX else AS_TRANS


def _record_et(when: float, subtype: int, body: bytes) -> bytes:
    seconds, microseconds = divmod(int(when * 1e6), 1_000_000)
    extended = _MICROSECONDS.pack(microseconds) + body
    return _HEADER.pack(seconds, BGP4MP_ET, subtype, len(extended)) + extended


# ---------------------------------------------------------------- tables


class TablePeer(NamedTuple):
    """One row of the index; RIB entries name it by its number.

    Attributes:
        router_id: 32-bit unsigned.
        address: packed.
        asn: AS number.
    """

    router_id: int
    address: bytes
    asn: int


class RIBEntry(NamedTuple):
    """One path of a prefix.

    Attributes:
        peer_index: row of the index.
        since: time of day, seconds since 1970, from which it stands.
        path_id: 32-bit unsigned; None = its peer sends none.
        attributes: its attributes.
    """

    peer_index: int
    since: float
    path_id: int | None
    attributes: AttributeSet


def peer_index_table(when: float, router_id: int, peers: Sequence[TablePeer]) -> bytes:
    """Return the first record of a table (RFC 6396 §4.3.1); at most PEERS_MAX peers."""
    rows = [
        _TABLE_PEER.pack(PEER_FOUR_OCTET_AS | (len(each.address) != IPV4_OCTETS) * PEER_IPV6, each.router_id)
        + each.address
        + each.asn.to_bytes(4)
        for each in peers
    ]
    return _record(when, TableSubtype.PEER_INDEX_TABLE, _TABLE_HEAD.pack(router_id, 0, len(rows)) + b"".join(rows))


def rib_record(when: float, number: int, family: Family, nlri: bytes, entries: Sequence[RIBEntry]) -> bytes:
    """Return the paths of one prefix (RFC 6396 §4.3.2).

    Args:
        when: time of day, seconds since 1970.
        number: of the record in its table, 32-bit unsigned.
        family: of the prefix.
        nlri: in its wire form.
        entries: all with path identifiers (RFC 8050 §4), or all without.
    """
    has_path_ids = entries[0].path_id is not None
    packed = [
        _ENTRY.pack(each.peer_index, int(each.since))
        + (b"" if each.path_id is None else each.path_id.to_bytes(4))
        + _LENGTH.pack(len(block := _table_attributes(each.attributes, family)))
        + block
        for each in entries
    ]
    body = _SEQUENCE.pack(number) + nlri + _LENGTH.pack(len(packed)) + b"".join(packed)
    return _record(when, _RIB_SUBTYPES[family, has_path_ids], body)


def _table_attributes(attributes: AttributeSet, family: Family) -> bytes:
    """Return attributes with four-octet AS numbers; of MP_REACH the next hop only (RFC 6396 §4.3.4).

    A path of our own has no next hop: it is written as the unspecified address.
    """
    block = attribute_block(attributes, family, FOUR_OCTET_AS)
    next_hop = attributes.next_hop
    if family == IPV4_UNICAST and len(next_hop) == IPV4_OCTETS:
        return block
    if family == IPV4_UNICAST and not next_hop:
        return block + ATTRIBUTE_NEXT_HOP + bytes(IPV4_OCTETS)
    next_hop = next_hop or bytes(16)
    return block + ATTRIBUTE_MP_REACH + bytes((1 + len(next_hop), len(next_hop))) + next_hop


def _record(when: float, subtype: int, body: bytes) -> bytes:
    return _HEADER.pack(int(when), TABLE_DUMP_V2, subtype, len(body)) + body
