"""MP_UNREACH_NLRI: routes of any family that are withdrawn. RFC 4760 §4, §7; RFC 7606 §7.12.

For: the layout of the attribute. Not for: its prefixes (`nlri`). Without prefixes it is an End-of-RIB
(RFC 4724 §2).

    +----------+-----------+------------------+
    | AFI (2)  | SAFI (1)  | withdrawn routes |
    +----------+-----------+------------------+
"""

from struct import Struct
from typing import Final

from tortie.bgp.wire.attribute.subcode import EXTENDED_LENGTH, OPTIONAL
from tortie.bgp.wire.family import Family

CODE: Final = 15
FIXED_LENGTH: Final = 3
HEADER_OCTETS: Final = 7
"""What stands before the prefixes, flags to SAFI, always with an extended length."""

_HEADER: Final = Struct(">BBHHB")


def encode_header(family: Family, nlri_length: int) -> bytes:
    """Return the whole attribute but for its prefixes, which take `nlri_length` octets."""
    return _HEADER.pack(OPTIONAL | EXTENDED_LENGTH, CODE, FIXED_LENGTH + nlri_length, family.afi, family.safi)
