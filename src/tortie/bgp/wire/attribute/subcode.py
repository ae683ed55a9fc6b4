"""Subcodes of an UPDATE Message Error, and the flags of an attribute.

For: the figures that every attribute's module needs. Not for: NOTIFICATION text (`notification`).
RFC 4271 §4.3, §6.3.
"""

from typing import Final

MALFORMED_ATTRIBUTE_LIST: Final = 1
UNRECOGNIZED_WELL_KNOWN: Final = 2
MISSING_WELL_KNOWN: Final = 3
ATTRIBUTE_FLAGS_ERROR: Final = 4
ATTRIBUTE_LENGTH_ERROR: Final = 5
INVALID_ORIGIN: Final = 6
INVALID_NEXT_HOP: Final = 8
OPTIONAL_ATTRIBUTE_ERROR: Final = 9
MALFORMED_AS_PATH: Final = 11

OPTIONAL: Final = 0x80
TRANSITIVE: Final = 0x40
PARTIAL: Final = 0x20
EXTENDED_LENGTH: Final = 0x10
KIND_MASK: Final = OPTIONAL | TRANSITIVE
"""The bits that the specification of an attribute fixes."""
