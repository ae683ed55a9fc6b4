"""AGGREGATOR: who aggregated. RFC 4271 §4.3 g, §5.1.7; RFC 6793 §4; RFC 7606 §7.7; RFC 7607 §2.

For: the value's bytes, for AGGREGATOR and AS4_AGGREGATOR. Not for: aggregating.
AS number of 2 or 4 octets, then an IPv4 address.
"""

from typing import Final

from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import ATTRIBUTE_LENGTH_ERROR, OPTIONAL_ATTRIBUTE_ERROR
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext
from tortie.bgp.wire.segment import AS_TRANS, TWO_OCTET_AS_MAX

_ADDRESS_LENGTH: Final = 4


def decode(value: bytes, context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.aggregator`; malformed unless 6 octets (8 with 4-octet AS numbers), or with AS 0."""
    draft.aggregator = decode_aggregator(value, 4 if context.four_octet_as else 2)


def encode(attributes: AttributeSet, four_octet_as: bool) -> bytes | None:
    """Return the value; AS_TRANS stands for what 2 octets cannot carry. None when absent."""
    if attributes.aggregator is None:
        return None
    asn, address = attributes.aggregator
    if four_octet_as:
        return asn.to_bytes(4) + address.to_bytes(_ADDRESS_LENGTH)
    return (asn if asn <= TWO_OCTET_AS_MAX else AS_TRANS).to_bytes(2) + address.to_bytes(_ADDRESS_LENGTH)


def decode_aggregator(value: bytes, as_length: int) -> tuple[int, int]:
    """Return AS number and address.

    Raises:
        MalformedAttributeError: the length is not `as_length` + 4, or the AS is 0.
    """
    if len(value) != as_length + _ADDRESS_LENGTH:
        text = f"{len(value)} octets, expected {as_length + _ADDRESS_LENGTH}"
        raise MalformedAttributeError(ATTRIBUTE_LENGTH_ERROR, text)
    asn = int.from_bytes(value[:as_length])
    if asn == 0:
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, "AS 0 (RFC 7607)")
    return asn, int.from_bytes(value[as_length:])
