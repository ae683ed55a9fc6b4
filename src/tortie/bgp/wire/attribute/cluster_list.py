"""CLUSTER_LIST: the clusters a reflected route has passed. RFC 4456 §8; RFC 7606 §7.10.

For: the value's bytes. Not for: loops (`rib/reflection`). 32-bit cluster ids, the latest first.
"""

from tortie.bgp.wire.attribute.draft import AttributeDraft
from tortie.bgp.wire.attribute.integer import decode_integers, encode_integers
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext


def decode(value: bytes, _context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.cluster_list`; malformed unless a multiple of 4 octets, not zero."""
    draft.cluster_list = decode_integers(value)


def encode(attributes: AttributeSet, _four_octet_as: bool) -> bytes | None:
    """Return the value, None when the attribute is absent."""
    return encode_integers(attributes.cluster_list)
