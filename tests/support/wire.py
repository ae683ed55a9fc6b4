"""Bytes of UPDATEs put together by hand, and the contexts that codec tests share."""

from typing import Final

from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, DecodeContext, EncodeContext

FAMILIES: Final = frozenset({IPV4_UNICAST, IPV6_UNICAST})
EBGP: Final = DecodeContext(is_internal=False, four_octet_as=True, families=FAMILIES)
IBGP: Final = DecodeContext(is_internal=True, four_octet_as=True, families=FAMILIES)
OLD_EBGP: Final = DecodeContext(is_internal=False, four_octet_as=False, families=FAMILIES)
OLD_IBGP: Final = DecodeContext(is_internal=True, four_octet_as=False, families=FAMILIES)
WIDE: Final = EncodeContext(four_octet_as=True)
NARROW: Final = EncodeContext(four_octet_as=False)


def attribute(flags: int, code: int, value: bytes = b"") -> bytes:
    """Return one path attribute; Extended Length as `flags` say."""
    length = len(value).to_bytes(2 if flags & 0x10 else 1)
    return bytes((flags, code)) + length + value


ORIGIN: Final = attribute(0x40, 1, b"\0")
AS_PATH: Final = attribute(0x40, 2, bytes.fromhex("02010000fde9"))
OLD_AS_PATH: Final = attribute(0x40, 2, bytes.fromhex("0201fde9"))
NEXT_HOP: Final = attribute(0x40, 3, bytes((10, 0, 0, 1)))
BASE: Final = ORIGIN + AS_PATH + NEXT_HOP
"""The mandatory attributes of a route from AS 65001."""

PREFIX: Final = bytes((24, 192, 0, 2))
PREFIX6: Final = bytes.fromhex("2020010db8")
NEXT_HOP6: Final = bytes.fromhex("20010db8000000000000000000000001")


def update_body(block: bytes = b"", nlri: bytes = b"", withdrawn: bytes = b"") -> bytes:
    """Return the body of an UPDATE."""
    return len(withdrawn).to_bytes(2) + withdrawn + len(block).to_bytes(2) + block + nlri


def mp_reach(nlri: bytes = PREFIX6, next_hop: bytes = NEXT_HOP6, family: bytes = b"\0\2\1", flags: int = 0x80) -> bytes:
    """Return an MP_REACH_NLRI attribute."""
    return attribute(flags, 14, family + bytes((len(next_hop),)) + next_hop + b"\0" + nlri)


def mp_unreach(nlri: bytes = PREFIX6, family: bytes = b"\0\2\1", flags: int = 0x80) -> bytes:
    """Return an MP_UNREACH_NLRI attribute."""
    return attribute(flags, 15, family + nlri)
