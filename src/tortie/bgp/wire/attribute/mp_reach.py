"""MP_REACH_NLRI: routes of any family, with their next hop.

RFC 4760 §3, §7; RFC 2545 §3; RFC 8950 §3; RFC 7606 §7.11.

For: the layout of the attribute. Not for: its prefixes (`nlri`), nor routes as such (`update`).

    +----------+-----------+----------------------+----------+--------------+------+
    | AFI (2)  | SAFI (1)  | next hop length (1)  | next hop | reserved (1) | NLRI |
    +----------+-----------+----------------------+----------+--------------+------+
"""

from struct import Struct
from typing import Final, NamedTuple

from tortie.bgp.errors import NextHopUnusableError
from tortie.bgp.wire.attribute.draft import MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import EXTENDED_LENGTH, OPTIONAL, OPTIONAL_ATTRIBUTE_ERROR
from tortie.bgp.wire.family import IPV4_UNICAST, IPV6_UNICAST, Family

CODE: Final = 14
_FIXED_LENGTH: Final = 5
_NEXT_HOP_START: Final = 4
_NEXT_HOP_LENGTHS: Final = {
    IPV4_UNICAST: (4, 16, 32),  # RFC 4760; RFC 8950 §3
    IPV6_UNICAST: (16, 32),  # RFC 2545 §3
}
_FAMILY_OF_OCTETS: Final = {family.afi.to_bytes(2) + bytes((family.safi,)): family for family in _NEXT_HOP_LENGTHS}
_LEADING_LENGTH_MIN: Final = 9
_HEADER: Final = Struct(">BBHHBB")


class MPReach(NamedTuple):
    """The parts of an MP_REACH_NLRI; `nlri` is the field of prefixes, not yet cut."""

    family: Family
    next_hop: bytes
    nlri: bytes


def read_family(value: bytes) -> Family:
    """Return the family of MP_REACH_NLRI or MP_UNREACH_NLRI, which both begin with it.

    Raises:
        MalformedAttributeError: fewer than 3 octets.
    """
    if len(value) < _NEXT_HOP_START - 1:
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, f"{len(value)} octets, expected at least 3")
    return Family(value[0] << 8 | value[1], value[2])


def decode(value: bytes, family: Family) -> MPReach:
    """Cut the attribute into its parts.

    Raises:
        MalformedAttributeError: too short, or a next hop length that `family` cannot have: the prefixes
            cannot be located then, the session has to be reset (RFC 7606 §7.11).
    """
    if len(value) < _FIXED_LENGTH:
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, f"{len(value)} octets, expected at least 5")
    length = value[_NEXT_HOP_START - 1]
    nlri_start = _NEXT_HOP_START + length + 1
    lengths = _NEXT_HOP_LENGTHS.get(family)
    if (lengths is not None and length not in lengths) or nlri_start > len(value):
        text = f"next hop of {length} octets in {len(value)}, expected {lengths or 'fewer'} for {family.name}"
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, text)
    return MPReach(family, value[_NEXT_HOP_START : nlri_start - 1], value[nlri_start:])


def cut_leading(block: bytes) -> tuple[Family, bytes, bytes, bytes] | None:
    """Return family, next hop, prefixes and what follows, if a block begins with a sound MP_REACH_NLRI.

    None if it begins with anything else, or with one that is wrong in any way: `decode` says how.
    """
    if len(block) < _LEADING_LENGTH_MIN or block[1] != CODE:
        return None
    if block[0] == OPTIONAL | EXTENDED_LENGTH:
        start = 4
        end = start + (block[2] << 8 | block[3])
    elif block[0] == OPTIONAL:
        start = 3
        end = start + block[2]
    else:
        return None
    family = _FAMILY_OF_OCTETS.get(block[start : start + 3])
    length = block[start + 3]
    next_hop_start = start + _NEXT_HOP_START
    nlri_start = next_hop_start + length + 1
    if family is None or length not in _NEXT_HOP_LENGTHS[family] or not nlri_start <= end <= len(block):
        return None
    return family, block[next_hop_start : nlri_start - 1], block[nlri_start:end], block[end:]


def header_length(next_hop: bytes) -> int:
    """Return the length of what `encode_header` returns."""
    return _HEADER.size + len(next_hop) + 1


def encode_header(family: Family, next_hop: bytes, nlri_length: int) -> bytes:
    """Return the whole attribute but for its prefixes, which take `nlri_length` octets.

    Raises:
        NextHopUnusableError: `family` cannot have a next hop of this length.
    """
    if len(next_hop) not in _NEXT_HOP_LENGTHS.get(family, ()):
        text = f"next hop {next_hop.hex()!r}: {len(next_hop)} octets do not suit family {family.name}"
        raise NextHopUnusableError(text)
    length = _FIXED_LENGTH + len(next_hop) + nlri_length
    flags = OPTIONAL | EXTENDED_LENGTH
    return _HEADER.pack(flags, CODE, length, family.afi, family.safi, len(next_hop)) + next_hop + b"\0"
