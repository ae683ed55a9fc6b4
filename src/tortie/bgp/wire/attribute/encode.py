"""An attribute set to a block of path attributes.

For: the block that UPDATEs of a set share, encoded once and kept on the set. Not for: MP_REACH_NLRI, which
differs from message to message (`update`). RFC 4271 §4.3, §5; RFC 6793 §4.2.2.

Structure to know: `AttributeSet.encoded_block`, the last encoding, and `encoded_form`, how it was written.
"""

from struct import error as StructError  # noqa: N812  a class that its module calls "error"
from typing import Final

from tortie.bgp.errors import AttributesTooLargeError, LocalProtocolError
from tortie.bgp.wire.attribute.decode import NEXT_HOP_CODE
from tortie.bgp.wire.attribute.subcode import EXTENDED_LENGTH, PARTIAL
from tortie.bgp.wire.attribute.table import ATTRIBUTE_TABLE
from tortie.bgp.wire.attribute_set import AttributeSet

_SHORT_LENGTH_MAX: Final = 255
_LENGTH_MAX: Final = 0xFFFF
_ENCODED_ROWS: Final = tuple((row.code, row.flags, row.encode) for row in ATTRIBUTE_TABLE.values() if row.encode)


def encode_block(attributes: AttributeSet, four_octet_as: bool, has_next_hop: bool) -> bytes:
    """Return the block of a set, by ascending code (RFC 4271 §5), encoding it only if the form is new.

    Args:
        attributes: the set; its `encoded_form` and `encoded_block` change when it holds another form.
        four_octet_as: AS numbers have 4 octets.
        has_next_hop: NEXT_HOP is written; without, MP_REACH_NLRI carries the next hop.
    Raises:
        AttributesTooLargeError: one attribute is longer than 65,535 octets.
        LocalProtocolError: a field is out of its range.
    """
    form = four_octet_as << 1 | has_next_hop
    if attributes.encoded_form != form:
        attributes.encoded_block = _encode(attributes, four_octet_as, has_next_hop)
        attributes.encoded_form = form
    return attributes.encoded_block


def _encode(attributes: AttributeSet, four_octet_as: bool, has_next_hop: bool) -> bytes:
    parts: list[bytes] = []
    for code, flags, encode in _ENCODED_ROWS:
        try:
            value = encode(attributes, four_octet_as)
        except (OverflowError, ValueError, StructError) as error:
            raise LocalProtocolError(f"{ATTRIBUTE_TABLE[code].name}: {error} in {attributes!r}") from error
        if value is not None and (has_next_hop or code != NEXT_HOP_CODE):
            parts.append(_attribute(flags | PARTIAL if code in attributes.partial else flags, code, value))
    if attributes.unknown:
        parts += [_attribute(flags, code, value) for flags, code, value in attributes.unknown]
        parts.sort(key=_code)
    return b"".join(parts)


def _attribute(flags: int, code: int, value: bytes) -> bytes:
    size = len(value)
    if size <= _SHORT_LENGTH_MAX:
        return bytes((flags, code, size)) + value
    if size > _LENGTH_MAX:
        raise AttributesTooLargeError(f"attribute {code}: {size} octets, at most {_LENGTH_MAX} can be written")
    return bytes((flags | EXTENDED_LENGTH, code)) + size.to_bytes(2) + value


def _code(attribute: bytes) -> int:
    return attribute[1]
