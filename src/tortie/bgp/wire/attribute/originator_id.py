"""ORIGINATOR_ID: the router that brought a reflected route into the AS. RFC 4456 §8; RFC 7606 §7.9.

For: the value's bytes. Not for: setting it or loops (`rib/reflection`). 32-bit router id.
"""

from tortie.bgp.wire.attribute.draft import AttributeDraft
from tortie.bgp.wire.attribute.integer import decode_integer, encode_integer
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.originator_id`; malformed unless 4 octets."""
    draft.originator_id = decode_integer(value)


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the value, None when the attribute is absent."""
    return encode_integer(attributes.originator_id)
