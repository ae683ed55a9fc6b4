"""AS4_AGGREGATOR: AGGREGATOR with a 4-octet AS number, carried past speakers that know 2. RFC 6793 §4.2, §6.

For: the value's bytes, and what it changes on receipt. Not for: AGGREGATOR itself (`aggregator`).
"""

from tortie.bgp.wire.attribute.aggregator import decode_aggregator
from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import OPTIONAL_ATTRIBUTE_ERROR
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext
from tortie.bgp.wire.segment import AS_TRANS, TWO_OCTET_AS_MAX


def decode(value: bytes, context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.as4_aggregator`; malformed unless 8 octets, with AS 0, or from a 4-octet AS peer."""
    if context.four_octet_as:
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, "sent by a peer with 4-octet AS numbers")
    draft.as4_aggregator = decode_aggregator(value, 4)


def encode(attributes: AttributeSet, four_octet_as: bool) -> bytes | None:
    """Return the value when AGGREGATOR cannot say it: an AS above 65535, and 2 octets a number."""
    if four_octet_as or attributes.aggregator is None or attributes.aggregator[0] <= TWO_OCTET_AS_MAX:
        return None
    asn, address = attributes.aggregator
    return asn.to_bytes(4) + address.to_bytes(4)


def is_overruled(aggregator: tuple[int, int]) -> bool:
    """Say whether a 2-octet speaker has aggregated since, so that both AS4 attributes must be ignored.

    RFC 6793 §4.2.3, where both AGGREGATOR and AS4_AGGREGATOR came: AGGREGATOR's AS is not AS_TRANS.
    """
    return aggregator[0] != AS_TRANS
