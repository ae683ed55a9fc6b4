"""LOCAL_PREF: how much our AS likes a route. RFC 4271 §4.3 e, §5.1.5; RFC 7606 §7.5.

For: the value's bytes. Not for: comparing (`rib`). 32-bit unsigned, between internal peers only.
"""

from tortie.bgp.wire.attribute.draft import AttributeDraft
from tortie.bgp.wire.attribute.integer import decode_integer, encode_integer
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.local_pref`; malformed unless 4 octets."""
    draft.local_pref = decode_integer(value)


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the value, None when the attribute is absent."""
    return encode_integer(attributes.local_pref)
