"""COMMUNITIES: tags on a route. RFC 1997; RFC 7606 §7.8.

For: the value's bytes. Not for: what a tag means (`policy`, `rib`). 32-bit each, order kept.
"""

from tortie.bgp.wire.attribute.draft import AttributeDraft
from tortie.bgp.wire.attribute.integer import decode_integers, encode_integers
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.communities`; malformed unless a multiple of 4 octets, not zero."""
    draft.communities = decode_integers(value)


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the value, None when the attribute is absent."""
    return encode_integers(attributes.communities)
