"""Capabilities: what a speaker says in its OPEN that it can do.

For: the values and their bytes. Not for: what follows when both sides have one (`session`).
RFC 5492 §4; each row of `_DECODERS` names its own RFC.

Structure to know: `Capability`, one frozen dataclass a kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NoReturn

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire.family import Family

OPEN_MESSAGE_ERROR: Final = 2
UNSPECIFIC: Final = 0

MULTIPROTOCOL: Final = 1
ROUTE_REFRESH: Final = 2
EXTENDED_NEXT_HOP: Final = 5
EXTENDED_MESSAGE: Final = 6
ROLE: Final = 9
GRACEFUL_RESTART: Final = 64
FOUR_OCTET_AS: Final = 65
ADD_PATH: Final = 69
ENHANCED_ROUTE_REFRESH: Final = 70
LONG_LIVED_GRACEFUL_RESTART: Final = 71

ADD_PATH_RECEIVE: Final = 1
ADD_PATH_SEND: Final = 2
ADD_PATH_BOTH: Final = 3
RESTART_TIME_S_MAX: Final = 4095
STALE_TIME_S_MAX: Final = 0xFF_FFFF

_HEADER_LENGTH: Final = 2
_MULTIPROTOCOL_LENGTH: Final = 4
_FOUR_OCTET_AS_LENGTH: Final = 4
_RESTART_HEADER_LENGTH: Final = 2
_FAMILY_ENTRY_LENGTH: Final = 4
_LONG_LIVED_ENTRY_LENGTH: Final = 7
_EXTENDED_NEXT_HOP_LENGTH: Final = 6
_RESTARTING: Final = 0x8000
_NOTIFICATION_SUPPORTED: Final = 0x4000
_FORWARDING_PRESERVED: Final = 0x80


@dataclass(frozen=True, slots=True)
class Multiprotocol:
    """RFC 4760 §8: routes of `family` can be exchanged."""

    family: Family


@dataclass(frozen=True, slots=True)
class RouteRefreshCapability:
    """RFC 2918 §2: ROUTE-REFRESH is understood."""


@dataclass(frozen=True, slots=True)
class ExtendedNextHop:
    """RFC 8950 §4: routes of each family may have next hops of another address family.

    Attributes:
        families: (family of the routes, AFI of the next hop).
    """

    families: tuple[tuple[Family, int], ...]


@dataclass(frozen=True, slots=True)
class ExtendedMessage:
    """RFC 8654 §3: messages of up to 65,535 octets are understood."""


class Role(IntEnum):
    """What a speaker is to its peer on an eBGP session (RFC 9234 §4.1)."""

    PROVIDER = 0
    ROUTE_SERVER = 1
    ROUTE_SERVER_CLIENT = 2
    CUSTOMER = 3
    PEER = 4


@dataclass(frozen=True, slots=True)
class RoleCapability:
    """RFC 9234 §4.1: the sender's role; any octet, of which those of `Role` have a meaning."""

    role: int


@dataclass(frozen=True, slots=True)
class GracefulRestart:
    """RFC 4724 §3, RFC 8538 §2.

    Attributes:
        is_restarting: the speaker has restarted (R bit).
        is_notification_supported: restart also after NOTIFICATION (N bit).
        restart_time_s: estimated seconds until the session is back, 0 to 4095.
        families: (family, forwarding state was preserved).
    """

    is_restarting: bool
    is_notification_supported: bool
    restart_time_s: int
    families: tuple[tuple[Family, bool], ...]


@dataclass(frozen=True, slots=True)
class LongLivedGracefulRestart:
    """RFC 9494 §3.1; counts only beside `GracefulRestart`.

    Attributes:
        families: (family, forwarding state was preserved, seconds for which its stale routes are kept, 0 to 16777215).
    """

    families: tuple[tuple[Family, bool, int], ...]


@dataclass(frozen=True, slots=True)
class FourOctetAS:
    """RFC 6793 §3: AS numbers have 4 octets; `asn` is the speaker's, 32-bit unsigned."""

    asn: int


@dataclass(frozen=True, slots=True)
class AddPath:
    """RFC 7911 §4: several paths a prefix.

    Attributes:
        families: (family, 1 can receive | 2 can send | 3 both).
    """

    families: tuple[tuple[Family, int], ...]


@dataclass(frozen=True, slots=True)
class EnhancedRouteRefresh:
    """RFC 7313 §3.1: a refresh is marked by its beginning and end."""


@dataclass(frozen=True, slots=True)
class UnknownCapability:
    """A capability that is not interpreted, kept as it came."""

    code: int
    value: bytes


Capability = (
    Multiprotocol
    | RouteRefreshCapability
    | ExtendedNextHop
    | ExtendedMessage
    | RoleCapability
    | GracefulRestart
    | LongLivedGracefulRestart
    | FourOctetAS
    | AddPath
    | EnhancedRouteRefresh
    | UnknownCapability
)


def decode_capabilities(data: bytes) -> tuple[Capability, ...]:
    """Decode a run of capabilities, in order; unknown codes are kept as `UnknownCapability`.

        +------------+--------------+------------------+
        | code (1)   | length (1)   | value (length)   |
        +------------+--------------+------------------+

    Raises:
        RemoteProtocolError: 2/0, a length runs past the data or does not fit the code.
    """
    capabilities: list[Capability] = []
    start = 0
    while start < len(data):
        if start + _HEADER_LENGTH > len(data):
            _malformed(f"capabilities: one octet left over at octet {start}")
        code, length = data[start], data[start + 1]
        end = start + _HEADER_LENGTH + length
        if end > len(data):
            _malformed(f"capability {code}: length {length} runs {end - len(data)} octets past its parameter")
        decode = _DECODERS.get(code)
        value = data[start + _HEADER_LENGTH : end]
        capabilities.append(UnknownCapability(code, value) if decode is None else decode(value))
        start = end
    return tuple(capabilities)


def encode_capability(capability: Capability) -> bytes:
    """Encode one capability: code, length, value.

    Raises:
        LocalProtocolError: the value is longer than 255 octets, or a field is out of range.
    """
    try:
        code, value = _code_and_value(capability)
        return bytes((code, len(value))) + value
    except (OverflowError, ValueError) as error:
        raise LocalProtocolError(f"capability {capability}: {error}") from error


def _malformed(text: str) -> NoReturn:
    raise RemoteProtocolError(OPEN_MESSAGE_ERROR, UNSPECIFIC, b"", text)


def _expect_length(name: str, value: bytes, expected: int) -> None:
    if len(value) != expected:
        _malformed(f"capability {name}: {len(value)} octets, expected {expected}")


def _expect_entries(name: str, value: bytes, entry_length: int) -> None:
    if len(value) % entry_length:
        _malformed(f"capability {name}: {len(value)} octets, expected entries of {entry_length}")


def _decode_multiprotocol(value: bytes) -> Capability:
    _expect_length("multiprotocol", value, _MULTIPROTOCOL_LENGTH)
    return Multiprotocol(Family(int.from_bytes(value[:2]), value[3]))


def _decode_route_refresh(value: bytes) -> Capability:
    _expect_length("route refresh", value, 0)
    return RouteRefreshCapability()


def _decode_extended_next_hop(value: bytes) -> Capability:
    _expect_entries("extended next hop", value, _EXTENDED_NEXT_HOP_LENGTH)
    entries = [value[i : i + _EXTENDED_NEXT_HOP_LENGTH] for i in range(0, len(value), _EXTENDED_NEXT_HOP_LENGTH)]
    return ExtendedNextHop(tuple((Family(int.from_bytes(e[:2]), e[3]), int.from_bytes(e[4:])) for e in entries))


def _decode_extended_message(value: bytes) -> Capability:
    _expect_length("extended message", value, 0)
    return ExtendedMessage()


def _decode_role(value: bytes) -> Capability:
    _expect_length("role", value, 1)
    return RoleCapability(value[0])


def _decode_graceful_restart(value: bytes) -> Capability:
    if len(value) < _RESTART_HEADER_LENGTH:
        _malformed(f"capability graceful restart: {len(value)} octets, expected at least 2")
    _expect_entries("graceful restart", value[_RESTART_HEADER_LENGTH:], _FAMILY_ENTRY_LENGTH)
    header = int.from_bytes(value[:_RESTART_HEADER_LENGTH])
    return GracefulRestart(
        is_restarting=bool(header & _RESTARTING),
        is_notification_supported=bool(header & _NOTIFICATION_SUPPORTED),
        restart_time_s=header & RESTART_TIME_S_MAX,
        families=tuple(
            (family, bool(octet & _FORWARDING_PRESERVED))
            for family, octet in _family_entries(value[_RESTART_HEADER_LENGTH:])
        ),
    )


def _decode_long_lived(value: bytes) -> Capability:
    step = _LONG_LIVED_ENTRY_LENGTH
    _expect_entries("long-lived graceful restart", value, step)
    entries = (value[start : start + step] for start in range(0, len(value), step))
    return LongLivedGracefulRestart(
        tuple(
            (Family(int.from_bytes(e[:2]), e[2]), bool(e[3] & _FORWARDING_PRESERVED), int.from_bytes(e[4:]))
            for e in entries
        )
    )


def _decode_four_octet_as(value: bytes) -> Capability:
    _expect_length("4-octet AS", value, _FOUR_OCTET_AS_LENGTH)
    return FourOctetAS(int.from_bytes(value))


def _decode_add_path(value: bytes) -> Capability:
    _expect_entries("ADD-PATH", value, _FAMILY_ENTRY_LENGTH)
    families = _family_entries(value)
    if all(ADD_PATH_RECEIVE <= mode <= ADD_PATH_BOTH for _, mode in families):
        return AddPath(families)
    # RFC 7911 §4: with any other value "the capability SHOULD be treated as not understood".
    return UnknownCapability(ADD_PATH, value)


def _decode_enhanced_route_refresh(value: bytes) -> Capability:
    _expect_length("enhanced route refresh", value, 0)
    return EnhancedRouteRefresh()


def _family_entries(value: bytes) -> tuple[tuple[Family, int], ...]:
    """Cut AFI (2), SAFI (1), one more octet, repeated."""
    return tuple(
        (Family(int.from_bytes(value[i : i + 2]), value[i + 2]), value[i + 3])
        for i in range(0, len(value), _FAMILY_ENTRY_LENGTH)
    )


_DECODERS: Final[dict[int, Callable[[bytes], Capability]]] = {
    MULTIPROTOCOL: _decode_multiprotocol,  # RFC 4760
    ROUTE_REFRESH: _decode_route_refresh,  # RFC 2918
    EXTENDED_NEXT_HOP: _decode_extended_next_hop,  # RFC 8950
    EXTENDED_MESSAGE: _decode_extended_message,  # RFC 8654
    ROLE: _decode_role,  # RFC 9234
    GRACEFUL_RESTART: _decode_graceful_restart,  # RFC 4724, RFC 8538
    FOUR_OCTET_AS: _decode_four_octet_as,  # RFC 6793
    ADD_PATH: _decode_add_path,  # RFC 7911
    ENHANCED_ROUTE_REFRESH: _decode_enhanced_route_refresh,  # RFC 7313
    LONG_LIVED_GRACEFUL_RESTART: _decode_long_lived,  # RFC 9494
}


_EMPTY_CODES: Final[dict[type, int]] = {
    RouteRefreshCapability: ROUTE_REFRESH,
    ExtendedMessage: EXTENDED_MESSAGE,
    EnhancedRouteRefresh: ENHANCED_ROUTE_REFRESH,
}
"""Capabilities that say all by being there."""


def _code_and_value(capability: Capability) -> tuple[int, bytes]:  # noqa: PLR0911  one return a kind of capability
    match capability:
        case Multiprotocol(family):
            return MULTIPROTOCOL, family.afi.to_bytes(2) + bytes((0, family.safi))
        case RouteRefreshCapability() | ExtendedMessage() | EnhancedRouteRefresh():
            return _EMPTY_CODES[type(capability)], b""
        case ExtendedNextHop(families):
            return EXTENDED_NEXT_HOP, b"".join(
                f.afi.to_bytes(2) + bytes((0, f.safi)) + afi.to_bytes(2) for f, afi in families
            )
        case RoleCapability(role):
            return ROLE, role.to_bytes(1)
        case GracefulRestart():
            return GRACEFUL_RESTART, _graceful_restart_value(capability)
        case LongLivedGracefulRestart(families):
            return LONG_LIVED_GRACEFUL_RESTART, b"".join(
                f.afi.to_bytes(2) + bytes((f.safi, _FORWARDING_PRESERVED if is_preserved else 0)) + stale_s.to_bytes(3)
                for f, is_preserved, stale_s in families
            )
        case FourOctetAS(asn):
            return FOUR_OCTET_AS, asn.to_bytes(4)
        case AddPath(families):
            return ADD_PATH, b"".join(f.afi.to_bytes(2) + bytes((f.safi, mode)) for f, mode in families)
        case UnknownCapability(code, value):
            return code, value


def _graceful_restart_value(capability: GracefulRestart) -> bytes:
    if not 0 <= capability.restart_time_s <= RESTART_TIME_S_MAX:
        raise LocalProtocolError(f"graceful restart: {capability.restart_time_s} s, expected 0 to {RESTART_TIME_S_MAX}")
    header = capability.restart_time_s
    header |= _RESTARTING if capability.is_restarting else 0
    header |= _NOTIFICATION_SUPPORTED if capability.is_notification_supported else 0
    return header.to_bytes(2) + b"".join(
        family.afi.to_bytes(2) + bytes((family.safi, _FORWARDING_PRESERVED if is_preserved else 0))
        for family, is_preserved in capability.families
    )
