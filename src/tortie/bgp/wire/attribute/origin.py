"""ORIGIN: where the route came from. RFC 4271 §4.3 a, §5.1.1; RFC 7606 §7.1.

For: the value's bytes. Not for: comparing origins (`rib`). One octet: 0 IGP, 1 EGP, 2 INCOMPLETE.
"""

from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import ATTRIBUTE_LENGTH_ERROR, INVALID_ORIGIN
from tortie.bgp.wire.attribute_set import ORIGIN_INCOMPLETE, AttributeSet
from tortie.bgp.wire.context import DecodeContext


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.origin`; malformed unless one octet of 0 to 2."""
    if len(value) != 1:
        raise MalformedAttributeError(ATTRIBUTE_LENGTH_ERROR, f"{len(value)} octets, expected 1")
    if value[0] > ORIGIN_INCOMPLETE:
        raise MalformedAttributeError(INVALID_ORIGIN, f"value {value[0]}, expected 0 to 2")
    draft.origin = value[0]


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes:
    """Return the value; every set has an origin."""
    return bytes((attributes.origin,))
