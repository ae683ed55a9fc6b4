"""Attributes that are recognized and carried as they are: IPv6 extended communities.

For: checking their length, keeping their bytes. Not for: what they mean, nor unknown attributes
(`unknown`). RFC 5701 §2; RFC 7606 §7.15.
"""

from typing import Final

from tortie.bgp.wire.attribute.draft import MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import OPTIONAL_ATTRIBUTE_ERROR

IPV6_EXTENDED_COMMUNITY_LENGTH: Final = 20


def check_entries(value: bytes, entry_length: int) -> None:
    """Refuse a value that is not made of whole entries, at least one.

    Raises:
        MalformedAttributeError: the length is zero or not a multiple of `entry_length`.
    """
    if not value or len(value) % entry_length:
        text = f"{len(value)} octets, expected a multiple of {entry_length}, not zero"
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, text)
