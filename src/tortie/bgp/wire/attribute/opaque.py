"""Attributes that are recognized and carried as they are: extended, IPv6 extended and large communities.

For: checking their length, keeping their bytes. Not for: what they mean, nor unknown attributes
(`unknown`). RFC 4360, RFC 5701, RFC 8092 §5; RFC 7606 §7.14.
"""

from typing import Final

from tortie.bgp.wire.attribute.draft import MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import OPTIONAL_ATTRIBUTE_ERROR

EXTENDED_COMMUNITY_LENGTH: Final = 8
IPV6_EXTENDED_COMMUNITY_LENGTH: Final = 20
LARGE_COMMUNITY_LENGTH: Final = 12


def check_entries(value: bytes, entry_length: int) -> None:
    """Refuse a value that is not made of whole entries, at least one.

    Raises:
        MalformedAttributeError: the length is zero or not a multiple of `entry_length`.
    """
    if not value or len(value) % entry_length:
        text = f"{len(value)} octets, expected a multiple of {entry_length}, not zero"
        raise MalformedAttributeError(OPTIONAL_ATTRIBUTE_ERROR, text)
