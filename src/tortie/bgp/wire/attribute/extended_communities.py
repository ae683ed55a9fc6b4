"""EXTENDED COMMUNITIES: typed tags on a route. RFC 4360 §2; RFC 7606 §7.14.

For: the value's bytes. Not for: what a tag says (`community`), nor which go to another AS (`rib`). 64-bit each, order
kept.
"""

from struct import pack, unpack
from typing import Final

from tortie.bgp.wire.attribute.draft import AttributeDraft
from tortie.bgp.wire.attribute.opaque import check_entries
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext

COMMUNITY_LENGTH: Final = 8


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.extended_communities`; malformed unless a multiple of 8 octets, not zero."""
    check_entries(value, COMMUNITY_LENGTH)
    draft.extended_communities = unpack(f">{len(value) // COMMUNITY_LENGTH}Q", value)


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the value, None when the attribute is absent."""
    communities = attributes.extended_communities
    return pack(f">{len(communities)}Q", *communities) if communities else None
