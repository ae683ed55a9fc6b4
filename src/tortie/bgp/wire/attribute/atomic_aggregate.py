"""ATOMIC_AGGREGATE: more specific routes were left out. RFC 4271 §4.3 f, §5.1.6; RFC 7606 §7.6.

For: the value's bytes. Not for: aggregating. Present, with no octet, or absent.
"""

from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import ATTRIBUTE_LENGTH_ERROR
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.atomic_aggregate`; malformed unless empty."""
    if value:
        raise MalformedAttributeError(ATTRIBUTE_LENGTH_ERROR, f"{len(value)} octets, expected none")
    draft.atomic_aggregate = True


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the empty value, None when the attribute is absent."""
    return b"" if attributes.atomic_aggregate else None
