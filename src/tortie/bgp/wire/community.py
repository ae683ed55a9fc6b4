"""Communities of all three kinds: their texts, and the tags that everybody knows.

For: reading and writing what people type and see. Not for: octets (`attribute/`), nor what a well-known community
makes a speaker do (`rib`).
RFC 1997; RFC 4360 §2, §3, §4, §5; RFC 5668 §2; RFC 8092 §3, §5; RFC 8326 §5; RFC 9494 §4.6.

Structure to know: `Communities`. Texts: `64512:100`; `rt:64512:100`, `soo:192.0.2.1:5`, or 16 digits of
hexadecimal (`0x030b000000000064`) for what has no name here; `64512:1:2`.
"""

from typing import Final, NamedTuple

from tortie.bgp.errors import LocalProtocolError

NO_EXPORT: Final = 0xFFFFFF01
NO_ADVERTISE: Final = 0xFFFFFF02
NO_EXPORT_SUBCONFED: Final = 0xFFFFFF03
GRACEFUL_SHUTDOWN: Final = 0xFFFF0000
LLGR_STALE: Final = 0xFFFF0006
NO_LLGR: Final = 0xFFFF0007

LargeCommunity = tuple[int, int, int]

_OCTET: Final = 8
_WORD_MAX: Final = 0xFFFF
_LONG_MAX: Final = 0xFFFF_FFFF
_NON_TRANSITIVE: Final = 0x40 << 56
_TWO_OCTET_AS, _IPV4, _FOUR_OCTET_AS = 0x00, 0x01, 0x02
_NAMES: Final = {0x02: "rt", 0x03: "soo"}
_SUBTYPES: Final = {name: subtype for subtype, name in _NAMES.items()}
_HEXADECIMAL: Final = "0x"
_NORMAL_PARTS, _LARGE_PARTS = 2, 3


class Communities(NamedTuple):
    """What a route may be tagged with.

    Attributes:
        standard: 32-bit unsigned each (RFC 1997).
        extended: 64-bit unsigned each (RFC 4360).
        large: three 32-bit unsigned each (RFC 8092).
    """

    standard: tuple[int, ...] = ()
    extended: tuple[int, ...] = ()
    large: tuple[LargeCommunity, ...] = ()


NO_COMMUNITIES: Final = Communities()


def is_transitive(extended_community: int) -> bool:
    """Say whether an extended community may cross the border of an AS (RFC 4360 §2, the T bit)."""
    return not extended_community & _NON_TRANSITIVE


def community_to_text(community: int) -> str:
    """Return `64512:100`."""
    return f"{community >> 16}:{community & _WORD_MAX}"


def large_community_to_text(community: LargeCommunity) -> str:
    """Return `64512:1:2` (RFC 8092 §5: decimal, without leading zeros)."""
    return ":".join(map(str, community))


def extended_community_to_text(community: int) -> str:
    """Return `rt:64512:100`, or hexadecimal where type or subtype has no name here."""
    octets = community.to_bytes(_OCTET)
    kind, name = octets[0], _NAMES.get(octets[1])
    if name is not None and kind == _TWO_OCTET_AS:
        return f"{name}:{int.from_bytes(octets[2:4])}:{int.from_bytes(octets[4:])}"
    if name is not None and kind == _IPV4:
        return f"{name}:{'.'.join(map(str, octets[2:6]))}:{int.from_bytes(octets[6:])}"
    asn = int.from_bytes(octets[2:6])
    if name is not None and kind == _FOUR_OCTET_AS and asn > _WORD_MAX:  # smaller ones would read as the first kind
        return f"{name}:{asn}:{int.from_bytes(octets[6:])}"
    return f"{_HEXADECIMAL}{octets.hex()}"


def communities_from_texts(texts: list[str]) -> Communities:
    """Return the communities that people have typed, each kind in the order given, each once.

    Raises:
        LocalProtocolError: one of them is none; names it.
    """
    standard: dict[int, None] = {}
    extended: dict[int, None] = {}
    large: dict[LargeCommunity, None] = {}
    for text in texts:
        parts = text.split(":")
        if text.startswith(_HEXADECIMAL) or parts[0] in _SUBTYPES:
            extended[_extended_from_text(text)] = None
        elif len(parts) == _LARGE_PARTS:
            first, second, third = (_number(part, _LONG_MAX, text) for part in parts)
            large[first, second, third] = None
        elif len(parts) == _NORMAL_PARTS:
            high, low = (_number(part, _WORD_MAX, text) for part in parts)
            standard[high << 16 | low] = None
        else:
            raise _no_community(text)
    return Communities(tuple(standard), tuple(extended), tuple(large))


def _extended_from_text(text: str) -> int:
    if text.startswith(_HEXADECIMAL):
        digits = text.removeprefix(_HEXADECIMAL)
        if len(digits) != 2 * _OCTET or not set(digits.lower()) <= set("0123456789abcdef"):
            raise _no_community(text)
        return int(digits, 16)
    name, _, rest = text.partition(":")
    administrator, _, number = rest.rpartition(":")
    subtype = _SUBTYPES[name]
    if "." in administrator:
        octets = [_number(part, 0xFF, text) for part in administrator.split(".")]
        if len(octets) != 4:  # noqa: PLR2004  the octets of an IPv4 address
            raise _no_community(text)
        return _joined(_IPV4, subtype, bytes(octets) + _number(number, _WORD_MAX, text).to_bytes(2))
    asn = _number(administrator, _LONG_MAX, text)
    if asn <= _WORD_MAX:
        return _joined(_TWO_OCTET_AS, subtype, asn.to_bytes(2) + _number(number, _LONG_MAX, text).to_bytes(4))
    return _joined(_FOUR_OCTET_AS, subtype, asn.to_bytes(4) + _number(number, _WORD_MAX, text).to_bytes(2))


def _joined(kind: int, subtype: int, rest: bytes) -> int:
    return int.from_bytes(bytes((kind, subtype)) + rest)


def _number(text: str, highest: int, whole: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(highest)) or int(text) > highest:
        raise _no_community(whole)
    return int(text)


def _no_community(text: str) -> LocalProtocolError:
    return LocalProtocolError(
        f"community {text!r}: expected such as 64512:100, rt:64512:100, 0x030b000000000064 or 64512:1:2"
    )
