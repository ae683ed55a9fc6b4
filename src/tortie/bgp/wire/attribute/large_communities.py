"""LARGE_COMMUNITY: tags on a route, with room for 4-octet AS numbers. RFC 8092 §3, §5, §6.

For: the value's bytes. Not for: what a tag means. Three 32-bit values each, order kept, each once.
"""

from struct import iter_unpack, pack
from typing import Final

from tortie.bgp.wire.attribute.draft import AttributeDraft
from tortie.bgp.wire.attribute.opaque import check_entries
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext

COMMUNITY_LENGTH: Final = 12


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.large_communities`, without repetitions; malformed unless a multiple of 12 octets, not zero."""
    check_entries(value, COMMUNITY_LENGTH)
    draft.large_communities = tuple(dict.fromkeys(iter_unpack(">3I", value)))


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the value, None when the attribute is absent."""
    communities = dict.fromkeys(attributes.large_communities)
    return b"".join(pack(">3I", *each) for each in communities) if communities else None
