"""AS4_PATH: a path with 4-octet AS numbers, carried past speakers that know 2. RFC 6793 §4.2, §6.

For: the value's bytes, and merging it into AS_PATH on receipt. Not for: AS_PATH itself (`as_path`).
"""

from tortie.bgp.wire.attribute.as_path import decode_segments, encode_segments
from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import OPTIONAL_ATTRIBUTE_ERROR
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext
from tortie.bgp.wire.segment import (
    AS_SEQUENCE,
    AS_SET,
    TWO_OCTET_AS_MAX,
    Segment,
    merged,
    path_length,
    without_confederation,
)


def decode(value: bytes, context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.as4_path`, without confederation segments (RFC 6793 §6).

    Malformed: empty, as AS_PATH would be, or from a peer with 4-octet AS numbers (RFC 6793 §4.1).
    """
    if context.four_octet_as:
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, "sent by a peer with 4-octet AS numbers")
    if not value:
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, "empty, expected at least one segment")
    draft.as4_path = without_confederation(decode_segments(value, four_octet_as=True))


def encode(attributes: AttributeSet, four_octet_as: bool) -> bytes | None:
    """Return the value when AS_PATH cannot say it all: some AS number above 65535, and 2 octets a number."""
    if four_octet_as:
        return None
    path = without_confederation(attributes.as_path)
    if all(asn <= TWO_OCTET_AS_MAX for segment in path for asn in segment.asns):
        return None
    return encode_segments(path, four_octet_as=True)


def merge(as_path: tuple[Segment, ...], as4_path: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Return the path that AS_PATH and AS4_PATH mean together (RFC 6793 §4.2.3).

    The leading part of AS_PATH that AS4_PATH does not cover is put before it; a longer AS4_PATH is
    ignored. Confederation segments that lead AS_PATH or touch that part are kept.
    """
    missing = path_length(as_path) - path_length(as4_path)
    if missing < 0 or not as4_path:
        return as_path
    leading: list[Segment] = []
    for segment in as_path:
        kind, asns = segment
        if kind == AS_SEQUENCE and missing:
            leading.append(Segment(kind, asns[:missing]))
            missing -= len(leading[-1].asns)
            if len(leading[-1].asns) < len(asns):
                break
        elif kind == AS_SET and missing:
            leading.append(segment)
            missing -= 1
        elif kind in (AS_SEQUENCE, AS_SET):
            break
        else:
            leading.append(segment)
    return merged([*leading, *as4_path])
