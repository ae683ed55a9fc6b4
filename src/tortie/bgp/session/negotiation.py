"""What this speaker says in OPEN, and what follows from the peer's.

For: `own_open` and `negotiate`, two pure functions.
Not for: octets (wire/open.py has checked what concerns the message alone: version, AS 0, identifier 0, hold
time 1 and 2, the form of parameters and capabilities).
RFC 4271 §4.2 and §6.2, RFC 5492 §5, RFC 6286 §2.2, RFC 6793 §4.1, RFC 4760 §8, RFC 2918 §2, RFC 7313 §3.1, RFC 4724 §3,
RFC 8538 §2, RFC 7911 §4, RFC 8654 §3, RFC 8950 §4, RFC 9234 §4.2, RFC 9494 §3.1.
"""

from typing import Final

from tortie.bgp.errors import RemoteProtocolError
from tortie.bgp.session.config import AddPathMode, LocalRestart, Negotiated, SessionConfig
from tortie.bgp.wire import (
    ADD_PATH_BOTH,
    ADD_PATH_RECEIVE,
    ADD_PATH_SEND,
    AS_TRANS,
    IPV4_UNICAST,
    IPV6_UNICAST,
    MESSAGE_LENGTH_MAX,
    MESSAGE_LENGTH_MAX_EXTENDED,
    AddPath,
    Capability,
    DecodeContext,
    EncodeContext,
    EnhancedRouteRefresh,
    ExtendedMessage,
    ExtendedNextHop,
    Family,
    FourOctetAS,
    GracefulRestart,
    LongLivedGracefulRestart,
    Multiprotocol,
    Open,
    Role,
    RoleCapability,
    RouteRefreshCapability,
    encode_capability,
)

OPEN_MESSAGE_ERROR: Final = 2
BAD_PEER_AS: Final = 2
BAD_BGP_IDENTIFIER: Final = 3
UNSUPPORTED_CAPABILITY: Final = 7
ROLE_MISMATCH: Final = 11

KEEPALIVES_PER_HOLD_TIME: Final = 3

ADD_PATH_VALUES: Final = {
    AddPathMode.OFF: 0,
    AddPathMode.RECEIVE: ADD_PATH_RECEIVE,
    AddPathMode.SEND: ADD_PATH_SEND,
    AddPathMode.BOTH: ADD_PATH_BOTH,
}
"""Send/Receive of RFC 7911 §4: a bit a direction."""


IPV4_OVER_IPV6: Final = ExtendedNextHop(((IPV4_UNICAST, IPV6_UNICAST.afi),))
"""The one thing that we say of RFC 8950 §4."""

ROLE_PAIRS: Final = {
    Role.PROVIDER: Role.CUSTOMER,
    Role.CUSTOMER: Role.PROVIDER,
    Role.ROUTE_SERVER: Role.ROUTE_SERVER_CLIENT,
    Role.ROUTE_SERVER_CLIENT: Role.ROUTE_SERVER,
    Role.PEER: Role.PEER,
}
"""Our role → the only one that the peer may have (RFC 9234 §4.2, table 2)."""


def own_open(config: SessionConfig, restart: LocalRestart) -> Open:
    """Return the OPEN that this speaker sends: Multiprotocol for each family, always the 4-octet AS.

    With graceful restart always the N bit (RFC 8538 §2).
    """
    capabilities: list[Capability] = [Multiprotocol(family) for family in config.families]
    if config.route_refresh:
        capabilities.append(RouteRefreshCapability())
        if config.enhanced_route_refresh:
            capabilities.append(EnhancedRouteRefresh())
    if config.restart_time_s:
        families = tuple((family, family in restart.preserved) for family in config.families)
        capabilities.append(GracefulRestart(restart.is_restarting, True, config.restart_time_s, families))
    if config.long_lived_s:
        long_lived = tuple((family, family in restart.preserved, config.long_lived_s) for family in config.families)
        capabilities.append(LongLivedGracefulRestart(long_lived))
    if add_path := ADD_PATH_VALUES[config.add_path]:
        capabilities.append(AddPath(tuple((family, add_path) for family in config.families)))
    if config.extended_next_hop and IPV4_UNICAST in config.families:
        capabilities.append(IPV4_OVER_IPV6)
    if config.extended_messages:
        capabilities.append(ExtendedMessage())
    if config.role is not None and config.peer_as != config.local_as:
        capabilities.append(RoleCapability(config.role))
    capabilities.append(FourOctetAS(config.local_as))
    return Open(
        asn=config.local_as,
        hold_time_s=config.hold_time_s,
        router_id=config.router_id,
        capabilities=tuple(capabilities),
    )


def negotiate(config: SessionConfig, peer_open: Open, *, connection: int, local_address: str) -> Negotiated:
    """Check the peer's OPEN against the configuration and return what both agree on.

    RFC 4271 §6.2 (AS, identifier), RFC 6286 §2.2, RFC 5492 §5.

    Args:
        config: this side.
        peer_open: the peer's OPEN, decoded.
        connection: number of the TCP connection that carried it.
        local_address: own textual address of that connection.
    Raises:
        RemoteProtocolError: 2/2 AS, 2/3 identifier, 2/7 no family in common (data: the Multiprotocol
            capabilities of which one is required), 2/11 roles that do not go together.
    """
    has_four_octet_as = _has(peer_open, FourOctetAS)
    _check_as(config, peer_open.asn, has_four_octet_as=has_four_octet_as)
    is_internal = peer_open.asn == config.local_as
    _check_router_id(config, peer_open.router_id, is_internal=is_internal)
    families = _common_families(config, peer_open)
    hold_time_s = min(config.hold_time_s, peer_open.hold_time_s)
    own_add_path = ADD_PATH_VALUES[config.add_path]
    received = _with_add_path(peer_open, families, ADD_PATH_SEND) if own_add_path & ADD_PATH_RECEIVE else frozenset()
    sent = _with_add_path(peer_open, families, ADD_PATH_RECEIVE) if own_add_path & ADD_PATH_SEND else frozenset()
    has_route_refresh = config.route_refresh and _has(peer_open, RouteRefreshCapability)
    has_extended_next_hop = config.extended_next_hop and _has_extended_next_hop(peer_open)
    message_size_bytes_max = _message_size_bytes_max(config, peer_open)
    return Negotiated(
        peer_as=peer_open.asn,
        peer_router_id=peer_open.router_id,
        hold_time_s=hold_time_s,
        keepalive_s=hold_time_s / KEEPALIVES_PER_HOLD_TIME,
        families=families,
        four_octet_as=has_four_octet_as,
        route_refresh=has_route_refresh,
        message_size_bytes_max=message_size_bytes_max,
        decode=DecodeContext(
            is_internal=is_internal,
            four_octet_as=has_four_octet_as,
            families=families,
            add_path=received,
            extended_next_hop=has_extended_next_hop,
        ),
        encode=EncodeContext(
            four_octet_as=has_four_octet_as,
            message_size_bytes_max=message_size_bytes_max,
            extended_next_hop=has_extended_next_hop,
        ),
        is_internal=is_internal,
        local_address=local_address,
        connection=connection,
        peer_enhanced_route_refresh=_has(peer_open, EnhancedRouteRefresh),
        enhanced_route_refresh=has_route_refresh
        and config.enhanced_route_refresh
        and _has(peer_open, EnhancedRouteRefresh),
        peer_restart=_peer_restart(peer_open) if config.restart_time_s else None,
        peer_long_lived=_peer_long_lived(peer_open) if config.long_lived_s else None,
        peer_role=None if is_internal else _peer_role(config, peer_open),
        add_path_sent=sent,
    )


def _has(peer_open: Open, kind: type[Capability]) -> bool:
    return any(isinstance(each, kind) for each in peer_open.capabilities)


def _has_extended_next_hop(peer_open: Open) -> bool:
    """Say whether the peer has IPv4 routes with IPv6 next hops, among whatever else it has (RFC 8950 §4)."""
    found = [each for each in peer_open.capabilities if isinstance(each, ExtendedNextHop)]
    return any(IPV4_OVER_IPV6.families[0] in each.families for each in found)


def _message_size_bytes_max(config: SessionConfig, peer_open: Open) -> int:
    """Return the largest message that may go either way: long ones where both announce it (RFC 8654 §4)."""
    is_extended = config.extended_messages and _has(peer_open, ExtendedMessage)
    return MESSAGE_LENGTH_MAX_EXTENDED if is_extended else MESSAGE_LENGTH_MAX


def _peer_restart(peer_open: Open) -> GracefulRestart | None:
    """Return the last of its graceful restart capabilities (RFC 4724 §3: all but the last are ignored)."""
    found = [each for each in peer_open.capabilities if isinstance(each, GracefulRestart)]
    return found[-1] if found else None


def _peer_long_lived(peer_open: Open) -> LongLivedGracefulRestart | None:
    """Return the last of what it says of long-lived graceful restart; without the other kind it counts for nothing."""
    found = [each for each in peer_open.capabilities if isinstance(each, LongLivedGracefulRestart)]
    return found[-1] if found and _has(peer_open, GracefulRestart) else None


def _with_add_path(peer_open: Open, families: frozenset[Family], direction: int) -> frozenset[Family]:
    """Return the families for which the peer announces that direction of ADD-PATH (RFC 7911 §4)."""
    return families & {
        family
        for each in peer_open.capabilities
        if isinstance(each, AddPath)
        for family, value in each.families
        if value & direction
    }


def _peer_role(config: SessionConfig, peer_open: Open) -> Role | None:
    """Return the role that the peer says it has; it must go with ours (RFC 9234 §4.2), if we have one."""
    if config.role is None:
        return None
    said = {each.role for each in peer_open.capabilities if isinstance(each, RoleCapability)}
    expected = ROLE_PAIRS[config.role]
    if said == {expected}:
        return expected
    if said or config.is_role_strict:
        names = " and ".join(_role_name(role) for role in sorted(said)) or "nothing"
        text = f"our role is {_role_name(config.role)}, the peer says {names}, expected {_role_name(expected)}"
        raise RemoteProtocolError(OPEN_MESSAGE_ERROR, ROLE_MISMATCH, message=text)
    return None


def _role_name(role: int) -> str:
    return Role(role).name.lower().replace("_", " ") if role in set(Role) else f"role {role}"


def _check_as(config: SessionConfig, peer_as: int, *, has_four_octet_as: bool) -> None:
    if config.peer_as not in (0, peer_as):
        raise RemoteProtocolError(
            OPEN_MESSAGE_ERROR, BAD_PEER_AS, message=f"peer says AS {peer_as}, expected {config.peer_as}"
        )
    if peer_as == AS_TRANS:
        text = f"peer says AS {AS_TRANS} (AS_TRANS), which is nobody's"
        if not has_four_octet_as:
            text += ", and announces no 4-octet AS"
        raise RemoteProtocolError(OPEN_MESSAGE_ERROR, BAD_PEER_AS, message=text)


def _check_router_id(config: SessionConfig, peer_router_id: int, *, is_internal: bool) -> None:
    """Refuse our own identifier from our own AS (RFC 6286 §2.2); from another AS it is allowed."""
    if is_internal and peer_router_id == config.router_id:
        raise RemoteProtocolError(
            OPEN_MESSAGE_ERROR,
            BAD_BGP_IDENTIFIER,
            message=f"peer has our own BGP Identifier {peer_router_id:#010x} in our own AS",
        )


def _common_families(config: SessionConfig, peer_open: Open) -> frozenset[Family]:
    """Return the families that both announce; without any Multiprotocol capability that is IPv4 unicast."""
    announced = {each.family for each in peer_open.capabilities if isinstance(each, Multiprotocol)}
    common = frozenset(config.families) & (announced or {IPV4_UNICAST})
    if not common:
        ours = ", ".join(family.name for family in config.families)
        theirs = ", ".join(family.name for family in sorted(announced)) or "none (IPv4 unicast)"
        raise RemoteProtocolError(
            OPEN_MESSAGE_ERROR,
            UNSUPPORTED_CAPABILITY,
            b"".join(encode_capability(Multiprotocol(family)) for family in config.families),
            f"no family in common: we have {ours}, the peer announces {theirs}",
        )
    return common
