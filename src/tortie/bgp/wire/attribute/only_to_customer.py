"""ONLY_TO_CUSTOMER: who first sent a route down or sideways, so that it goes up no more. RFC 9234 §5; RFC 7606 §2.

For: the value's bytes. Not for: who may be sent it (`rib/roles`). An AS number of four octets, whatever was negotiated.
"""

from tortie.bgp.wire.attribute.draft import AttributeDraft
from tortie.bgp.wire.attribute.integer import decode_integer, encode_integer
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.only_to_customer`; malformed unless 4 octets."""
    draft.only_to_customer = decode_integer(value)


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the value, None when the attribute is absent."""
    return encode_integer(attributes.only_to_customer)
