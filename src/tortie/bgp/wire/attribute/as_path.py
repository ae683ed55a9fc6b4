"""AS_PATH: the ASes a route has passed. RFC 4271 §4.3 b, §5.1.2; RFC 6793 §4; RFC 7606 §7.2; RFC 7607 §2.

For: segments to and from bytes, for AS_PATH and AS4_PATH. Not for: what a path says (`segment`).

    +-------------+--------------+------------------------------+
    | kind (1)    | count (1)    | AS numbers, 2 or 4 octets each |   repeated
    +-------------+--------------+------------------------------+
"""

from struct import pack, unpack_from
from typing import Final

from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import MALFORMED_AS_PATH
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext
from tortie.bgp.wire.segment import (
    AS_CONFED_SET,
    AS_SET,
    AS_TRANS,
    CONFEDERATION_KINDS,
    TWO_OCTET_AS_MAX,
    Segment,
    merged,
)

SEGMENT_ASNS_MAX: Final = 255
_SEGMENT_HEADER_LENGTH: Final = 2


def decode(value: bytes, context: DecodeContext, draft: AttributeDraft) -> None:
    """Set `draft.as_path`.

    Malformed: an unknown kind, a count of 0, a segment that runs past the attribute or leaves an octet
    over, AS 0, and from outside our AS any confederation segment (RFC 5065 §5.1; we are in none).
    """
    path = decode_segments(value, context.four_octet_as)
    if not context.is_internal and any(segment.kind in CONFEDERATION_KINDS for segment in path):
        raise MalformedAttributeError(MALFORMED_AS_PATH, "confederation segment from outside the confederation")
    draft.as_path = path


def encode(attributes: AttributeSet, four_octet_as: bool) -> bytes:
    """Return the value; AS_TRANS stands for what 2 octets cannot carry (RFC 6793 §4.2.2)."""
    return encode_segments(attributes.as_path, four_octet_as)


def decode_segments(value: bytes, four_octet_as: bool) -> tuple[Segment, ...]:
    """Return the segments of a path, neighbouring sequences joined.

    Raises:
        MalformedAttributeError: as for `decode`, confederations excepted.
    """
    segments: list[Segment] = []
    size, letter = (4, "I") if four_octet_as else (2, "H")
    start, end = 0, len(value)
    while start < end:
        if start + _SEGMENT_HEADER_LENGTH > end:
            raise MalformedAttributeError(MALFORMED_AS_PATH, f"one octet left over at octet {start}")
        kind, count = value[start], value[start + 1]
        stop = start + _SEGMENT_HEADER_LENGTH + count * size
        if not AS_SET <= kind <= AS_CONFED_SET:
            raise MalformedAttributeError(MALFORMED_AS_PATH, f"segment kind {kind}, expected 1 to 4")
        if not count:
            raise MalformedAttributeError(MALFORMED_AS_PATH, f"segment without AS numbers at octet {start}")
        if stop > end:
            raise MalformedAttributeError(
                MALFORMED_AS_PATH, f"segment of {count} AS numbers runs {stop - end} octets past"
            )
        asns = unpack_from(f">{count}{letter}", value, start + _SEGMENT_HEADER_LENGTH)
        if 0 in asns:
            raise MalformedAttributeError(MALFORMED_AS_PATH, "AS 0 in the path (RFC 7607)")
        segments.append(Segment(kind, asns))
        start = stop
    return merged(segments) if len(segments) > 1 else tuple(segments)


def encode_segments(as_path: tuple[Segment, ...], four_octet_as: bool) -> bytes:
    """Return the octets of a path; a segment of more than 255 AS numbers becomes several of its kind."""
    letter = "I" if four_octet_as else "H"
    parts: list[bytes] = []
    for kind, asns in as_path:
        numbers = asns if four_octet_as else tuple(map(_two_octet_as, asns))
        for start in range(0, len(numbers), SEGMENT_ASNS_MAX):
            chunk = numbers[start : start + SEGMENT_ASNS_MAX]
            parts.append(pack(f">BB{len(chunk)}{letter}", kind, len(chunk), *chunk))
    return b"".join(parts)


def _two_octet_as(asn: int) -> int:
    return asn if asn <= TWO_OCTET_AS_MAX else AS_TRANS
