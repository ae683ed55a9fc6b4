"""Values that are 32-bit integers, one or several.

For: what six attributes share. Not for: what the integers mean. RFC 4271 §4.3.
"""

from struct import pack, unpack
from typing import Final

from tortie.bgp.wire.attribute.draft import MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import ATTRIBUTE_LENGTH_ERROR, OPTIONAL_ATTRIBUTE_ERROR

INTEGER_LENGTH: Final = 4


def decode_integer(value: bytes) -> int:
    """Return the one 32-bit unsigned integer that `value` is.

    Raises:
        MalformedAttributeError: the length is not 4.
    """
    if len(value) != INTEGER_LENGTH:
        raise MalformedAttributeError(ATTRIBUTE_LENGTH_ERROR, f"{len(value)} octets, expected 4")
    return int.from_bytes(value)


def decode_integers(value: bytes) -> tuple[int, ...]:
    """Return the 32-bit unsigned integers that `value` is made of, at least one.

    Raises:
        MalformedAttributeError: the length is zero or not a multiple of 4.
    """
    if not value or len(value) % INTEGER_LENGTH:
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, f"{len(value)} octets, expected 4, 8, 12, ...")
    return unpack(f">{len(value) // INTEGER_LENGTH}I", value)


def encode_integers(integers: tuple[int, ...]) -> bytes | None:
    """Return 32-bit unsigned integers as octets, None when there is none."""
    return pack(f">{len(integers)}I", *integers) if integers else None


def encode_integer(integer: int | None) -> bytes | None:
    """Return a 32-bit unsigned integer as 4 octets, None when there is none."""
    return None if integer is None else integer.to_bytes(4)
