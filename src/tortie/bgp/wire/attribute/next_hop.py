"""NEXT_HOP: the IPv4 address to send to. RFC 4271 §4.3 c, §5.1.3, §6.3; RFC 7606 §7.3.

For: the value's bytes, and which addresses can be a host's. Not for: the next hop in MP_REACH
(`mp_reach`), nor whether it can be reached (`rib`). Four octets.
"""

from typing import Final

from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import ATTRIBUTE_LENGTH_ERROR, INVALID_NEXT_HOP
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext

IPV4_LENGTH: Final = 4
IPV6_LENGTH: Final = 16

_IPV4_MULTICAST_FIRST: Final = 224
_IPV4_RESERVED_FIRST: Final = 240
_IPV4_BROADCAST: Final = b"\xff" * IPV4_LENGTH
_IPV6_UNSPECIFIED: Final = bytes(IPV6_LENGTH)
_IPV6_MULTICAST_FIRST: Final = 0xFF


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.next_hop`; malformed unless 4 octets that can be a host's address."""
    if len(value) != IPV4_LENGTH:
        raise MalformedAttributeError(ATTRIBUTE_LENGTH_ERROR, f"{len(value)} octets, expected 4")
    check_host(value)
    draft.next_hop = value


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the value, None when the next hop is not IPv4 (it then goes into MP_REACH)."""
    return attributes.next_hop if len(attributes.next_hop) == IPV4_LENGTH else None


def check_host(address: bytes) -> None:
    """Refuse an address that no host can have: RFC 4271 §6.3 "valid IP host address".

    Args:
        address: 4 or 16 octets; of 32 the first 16 are looked at.
    Raises:
        MalformedAttributeError: 0.0.0.0/8, multicast, 255.255.255.255, or `::`.
    """
    if len(address) == IPV4_LENGTH:
        first = address[0]
        is_multicast = _IPV4_MULTICAST_FIRST <= first < _IPV4_RESERVED_FIRST
        is_bad = first == 0 or is_multicast or address == _IPV4_BROADCAST
    else:
        is_bad = address[0] == _IPV6_MULTICAST_FIRST or address[:IPV6_LENGTH] == _IPV6_UNSPECIFIED
    if is_bad:
        raise MalformedAttributeError(INVALID_NEXT_HOP, f"{address.hex('.', 1)} (hex), expected a host's address")
