"""What is said in OPEN, what is refused in the peer's, and what follows from both."""

import pytest

from support.sessions import PEER_AS, PEER_ID, session_config
from tortie.bgp.errors import RemoteProtocolError
from tortie.bgp.session import AddPathMode, LocalRestart, Negotiated, SessionConfig, negotiate, own_open
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    AddPath,
    Capability,
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
    UnknownCapability,
)

BOTH = (IPV4_UNICAST, IPV6_UNICAST)
USUAL: tuple[Capability, ...] = (Multiprotocol(IPV4_UNICAST), RouteRefreshCapability(), FourOctetAS(PEER_AS))


def agree(config: SessionConfig, **changes: object) -> Negotiated:
    fields: dict[str, object] = {
        "asn": PEER_AS,
        "hold_time_s": 90,
        "router_id": PEER_ID,
        "capabilities": USUAL,
    }
    message = Open(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the dataclass
    return negotiate(config, message, connection=4, local_address="192.0.2.1")


@pytest.mark.rfc("4271", "4.2")
def test_own_open_announces_what_is_configured() -> None:
    message = own_open(session_config(local_as=4_200_000_000, hold_time_s=30, families=BOTH), LocalRestart())
    assert (message.asn, message.hold_time_s) == (4_200_000_000, 30)
    assert message.capabilities == (
        Multiprotocol(IPV4_UNICAST),
        Multiprotocol(IPV6_UNICAST),
        RouteRefreshCapability(),
        FourOctetAS(4_200_000_000),
    )


def test_own_open_without_route_refresh() -> None:
    message = own_open(session_config(route_refresh=False), LocalRestart())
    assert RouteRefreshCapability() not in message.capabilities


@pytest.mark.rfc("4724", "3")
@pytest.mark.rfc("8538", "2")
@pytest.mark.parametrize(
    ("restart", "expected"),
    [
        (LocalRestart(), GracefulRestart(False, True, 120, ((IPV4_UNICAST, False), (IPV6_UNICAST, False)))),
        (
            LocalRestart(is_restarting=True, preserved=frozenset({IPV6_UNICAST})),
            GracefulRestart(True, True, 120, ((IPV4_UNICAST, False), (IPV6_UNICAST, True))),
        ),
    ],
    ids=["nothing preserved", "restarting, IPv6 preserved"],
)
def test_own_open_offers_graceful_restart(restart: LocalRestart, expected: GracefulRestart) -> None:
    assert expected in own_open(session_config(restart_time_s=120, families=BOTH), restart).capabilities


@pytest.mark.rfc("4724", "3")
def test_own_open_without_graceful_restart() -> None:
    capabilities = own_open(session_config(), LocalRestart(is_restarting=True)).capabilities
    assert not [each for each in capabilities if isinstance(each, GracefulRestart)]


PEER_RESTART = GracefulRestart(False, True, 60, ((IPV4_UNICAST, True),))
PEER_RESTART_WITHOUT_N = GracefulRestart(False, False, 60, ((IPV4_UNICAST, True),))


@pytest.mark.rfc("4724", "3")
@pytest.mark.rfc("8538", "2")
@pytest.mark.parametrize(
    ("restart_time_s", "offered", "expected", "is_notification_graceful"),
    [
        (120, (PEER_RESTART,), PEER_RESTART, True),
        (120, (PEER_RESTART_WITHOUT_N,), PEER_RESTART_WITHOUT_N, False),
        (120, (), None, False),
        (0, (PEER_RESTART,), None, False),
        (120, (PEER_RESTART, PEER_RESTART_WITHOUT_N), PEER_RESTART_WITHOUT_N, False),
    ],
    ids=["both", "the peer has no N bit", "the peer has it not", "we have it not", "the last of two counts"],
)
def test_graceful_restart_holds_when_both_have_it(
    restart_time_s: int,
    offered: tuple[Capability, ...],
    expected: GracefulRestart | None,
    is_notification_graceful: bool,
) -> None:
    negotiated = agree(session_config(restart_time_s=restart_time_s), capabilities=(*USUAL, *offered))
    assert negotiated.peer_restart == expected
    assert negotiated.is_notification_graceful == is_notification_graceful


@pytest.mark.rfc("7911", "4")
@pytest.mark.parametrize(
    ("mode", "theirs", "received", "sent"),
    [
        (AddPathMode.OFF, 3, False, False),
        (AddPathMode.RECEIVE, 3, True, False),
        (AddPathMode.SEND, 3, False, True),
        (AddPathMode.BOTH, 3, True, True),
        (AddPathMode.BOTH, 1, False, True),
        (AddPathMode.BOTH, 2, True, False),
        (AddPathMode.RECEIVE, 1, False, False),
        (AddPathMode.SEND, 2, False, False),
        (AddPathMode.BOTH, None, False, False),
    ],
)
def test_add_path_goes_where_one_sends_and_the_other_receives(
    mode: AddPathMode, theirs: int | None, received: bool, sent: bool
) -> None:
    families = () if theirs is None else ((IPV4_UNICAST, theirs),)
    both = (Multiprotocol(IPV4_UNICAST), Multiprotocol(IPV6_UNICAST), FourOctetAS(PEER_AS), AddPath(families))
    negotiated = agree(session_config(add_path=mode, families=BOTH), capabilities=both)
    assert negotiated.decode.add_path == ({IPV4_UNICAST} if received else set())
    assert negotiated.add_path_sent == ({IPV4_UNICAST} if sent else set())


@pytest.mark.rfc("7911", "4")
@pytest.mark.parametrize(
    ("mode", "expected"),
    [(AddPathMode.RECEIVE, 1), (AddPathMode.SEND, 2), (AddPathMode.BOTH, 3)],
)
def test_own_open_announces_add_path_for_each_family(mode: AddPathMode, expected: int) -> None:
    capabilities = own_open(session_config(add_path=mode, families=BOTH), LocalRestart()).capabilities
    assert AddPath(((IPV4_UNICAST, expected), (IPV6_UNICAST, expected))) in capabilities


def test_own_open_says_nothing_of_add_path_when_it_is_off() -> None:
    capabilities = own_open(session_config(), LocalRestart()).capabilities
    assert not [each for each in capabilities if isinstance(each, AddPath)]


REFUSED: list[tuple[str, dict[str, object], dict[str, object], tuple[int, int], bytes]] = [
    ("another AS", {}, {"asn": 65002}, (2, 2), b""),
    ("AS_TRANS for any AS", {"peer_as": 0}, {"asn": 23456, "capabilities": ()}, (2, 2), b""),
    ("own identifier in own AS", {"peer_as": 65000}, {"asn": 65000, "router_id": 0x0A000001}, (2, 3), b""),
    (
        "no family in common",
        {"families": (IPV6_UNICAST,)},
        {},
        (2, 7),
        bytes.fromhex("010400020001"),
    ),
    (
        "no capability is IPv4 only",
        {"families": (IPV6_UNICAST,)},
        {"capabilities": ()},
        (2, 7),
        b"\x01\x04\0\x02\0\x01",
    ),
]


@pytest.mark.rfc("4271", "6.2")
@pytest.mark.rfc("6286", "2.2")
@pytest.mark.rfc("5492", "5")
@pytest.mark.parametrize(
    ("configured", "received", "answer", "data"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(
    configured: dict[str, object], received: dict[str, object], answer: tuple[int, int], data: bytes
) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        agree(session_config(**configured), **received)
    assert (caught.value.code, caught.value.subcode) == answer
    assert caught.value.data == data


@pytest.mark.rfc("6286", "2.2")
def test_own_identifier_in_another_as_is_accepted() -> None:
    assert agree(session_config(), router_id=0x0A000001).peer_router_id == 0x0A000001


def test_any_as_is_taken_from_the_open() -> None:
    negotiated = agree(session_config(peer_as=0), asn=4_200_000_000)
    assert negotiated.peer_as == 4_200_000_000
    assert not negotiated.is_internal


@pytest.mark.parametrize("peer_as", [0, 65000])
def test_same_as_is_internal(peer_as: int) -> None:
    negotiated = agree(session_config(peer_as=peer_as), asn=65000)
    assert negotiated.is_internal
    assert negotiated.decode.is_internal


@pytest.mark.rfc("4271", "4.2")
@pytest.mark.parametrize(
    ("ours", "theirs", "hold_time_s", "keepalive_s"),
    [(90, 90, 90, 30.0), (90, 30, 30, 10.0), (30, 90, 30, 10.0), (0, 90, 0, 0.0), (90, 0, 0, 0.0), (3, 90, 3, 1.0)],
)
def test_hold_time_is_the_smaller(ours: int, theirs: int, hold_time_s: int, keepalive_s: float) -> None:
    negotiated = agree(session_config(hold_time_s=ours), hold_time_s=theirs)
    assert (negotiated.hold_time_s, negotiated.keepalive_s) == (hold_time_s, keepalive_s)


@pytest.mark.rfc("4760", "8")
@pytest.mark.parametrize(
    ("ours", "capabilities", "expected"),
    [
        (BOTH, (Multiprotocol(IPV4_UNICAST), Multiprotocol(IPV6_UNICAST)), set(BOTH)),
        (BOTH, (Multiprotocol(IPV6_UNICAST),), {IPV6_UNICAST}),
        ((IPV4_UNICAST,), (Multiprotocol(IPV4_UNICAST), Multiprotocol(IPV6_UNICAST)), {IPV4_UNICAST}),
        (BOTH, (), {IPV4_UNICAST}),
        (BOTH, (Multiprotocol(IPV4_UNICAST), Multiprotocol(Family(25, 70))), {IPV4_UNICAST}),
    ],
    ids=["both", "only theirs", "only ours", "no multiprotocol capability is IPv4", "unknown family"],
)
def test_families_are_those_of_both(
    ours: tuple[Family, ...], capabilities: tuple[Capability, ...], expected: set[Family]
) -> None:
    negotiated = agree(session_config(families=ours), capabilities=capabilities)
    assert negotiated.families == expected
    assert negotiated.decode.families == expected


@pytest.mark.rfc("6793", "4.1")
@pytest.mark.rfc("2918", "2")
@pytest.mark.parametrize(
    ("capabilities", "four_octet_as", "route_refresh", "is_enhanced"),
    [
        (USUAL, True, True, False),
        ((), False, False, False),
        ((FourOctetAS(PEER_AS),), True, False, False),
        ((RouteRefreshCapability(), EnhancedRouteRefresh()), False, True, True),
        ((UnknownCapability(200, b"x"),), False, False, False),
    ],
    ids=["usual", "none", "4-octet AS", "route refresh", "unknown"],
)
def test_capabilities_hold_when_both_have_them(
    capabilities: tuple[Capability, ...], four_octet_as: bool, route_refresh: bool, is_enhanced: bool
) -> None:
    negotiated = agree(session_config(), capabilities=capabilities)
    assert negotiated.four_octet_as == negotiated.encode.four_octet_as == four_octet_as
    assert negotiated.decode.four_octet_as == four_octet_as
    assert negotiated.route_refresh == route_refresh
    assert negotiated.peer_enhanced_route_refresh == is_enhanced


def test_connection_and_address_are_kept() -> None:
    negotiated = agree(session_config())
    assert (negotiated.connection, negotiated.local_address) == (4, "192.0.2.1")
    assert negotiated.message_size_bytes_max == 4096


@pytest.mark.rfc("8654", "3")
@pytest.mark.rfc("8654", "4")
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"), [(True, True, 65535), (True, False, 4096), (False, True, 4096)]
)
def test_long_messages_where_both_announce_them(*, ours: bool, theirs: bool, expected: int) -> None:
    config = session_config(extended_messages=ours)
    assert (ExtendedMessage() in own_open(config, LocalRestart()).capabilities) is ours
    negotiated = agree(config, capabilities=(*USUAL, ExtendedMessage()) if theirs else USUAL)
    assert negotiated.message_size_bytes_max == negotiated.encode.message_size_bytes_max == expected


@pytest.mark.rfc("9234", "4.1")
@pytest.mark.rfc("9234", "4.2")
def test_role_is_said_to_another_as_only() -> None:
    said = RoleCapability(Role.CUSTOMER)
    assert said in own_open(session_config(role=Role.CUSTOMER), LocalRestart()).capabilities
    assert said in own_open(session_config(role=Role.CUSTOMER, peer_as=0), LocalRestart()).capabilities
    assert said not in own_open(session_config(role=Role.CUSTOMER, peer_as=65000), LocalRestart()).capabilities


@pytest.mark.rfc("9234", "4.2")
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (Role.CUSTOMER, (0,), Role.PROVIDER),
        (Role.CUSTOMER, (0, 0), Role.PROVIDER),
        (Role.CUSTOMER, (), None),
        (None, (3,), None),
    ],
    ids=["goes together", "said twice", "not said", "none of ours"],
)
def test_role_of_the_peer(ours: Role | None, theirs: tuple[int, ...], expected: Role | None) -> None:
    capabilities = (*USUAL, *map(RoleCapability, theirs))
    assert agree(session_config(role=ours), capabilities=capabilities).peer_role is expected


@pytest.mark.rfc("9234", "4.2")
@pytest.mark.parametrize(
    ("theirs", "is_strict", "said"),
    [
        ((3,), False, "customer, expected provider"),
        ((0, 3), False, "provider and customer, expected provider"),
        ((77,), False, "role 77, expected provider"),
        ((), True, "nothing, expected provider"),
    ],
)
def test_role_that_does_not_go_with_ours(theirs: tuple[int, ...], is_strict: bool, said: str) -> None:
    config = session_config(role=Role.CUSTOMER, is_role_strict=is_strict)
    with pytest.raises(RemoteProtocolError, match=f"our role is customer, the peer says {said}") as caught:
        agree(config, capabilities=(*USUAL, *map(RoleCapability, theirs)))
    assert (caught.value.code, caught.value.subcode) == (2, 11)


@pytest.mark.rfc("9234", "4.2")
def test_roles_count_for_nothing_inside_an_as() -> None:
    config = session_config(peer_as=0, role=Role.CUSTOMER, is_role_strict=True)
    capabilities = (Multiprotocol(IPV4_UNICAST), FourOctetAS(65000), RoleCapability(3))
    assert agree(config, asn=65000, capabilities=capabilities).peer_role is None


@pytest.mark.rfc("8950", "4")
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (True, ExtendedNextHop(((IPV4_UNICAST, 2),)), True),
        (True, ExtendedNextHop(((Family(1, 128), 2), (IPV4_UNICAST, 2))), True),
        (True, ExtendedNextHop(((Family(1, 128), 2),)), False),
        (True, ExtendedNextHop(((IPV4_UNICAST, 1),)), False),
        (True, None, False),
        (False, ExtendedNextHop(((IPV4_UNICAST, 2),)), False),
    ],
)
def test_ipv6_next_hops_of_ipv4_routes(*, ours: bool, theirs: ExtendedNextHop | None, expected: bool) -> None:
    config = session_config(extended_next_hop=ours)
    assert (ExtendedNextHop(((IPV4_UNICAST, 2),)) in own_open(config, LocalRestart()).capabilities) is ours
    negotiated = agree(config, capabilities=USUAL if theirs is None else (*USUAL, theirs))
    assert (negotiated.encode.extended_next_hop, negotiated.decode.extended_next_hop) == (expected, expected)


LONG = LongLivedGracefulRestart(((IPV4_UNICAST, True, 3600),))


@pytest.mark.rfc("9494", "3.1")
def test_own_open_offers_long_lived_graceful_restart() -> None:
    config = session_config(restart_time_s=60, long_lived_s=7200, families=BOTH)
    expected = LongLivedGracefulRestart(((IPV4_UNICAST, True, 7200), (IPV6_UNICAST, False, 7200)))
    assert expected in own_open(config, LocalRestart(preserved=frozenset({IPV4_UNICAST}))).capabilities
    plain = own_open(session_config(restart_time_s=60), LocalRestart()).capabilities
    assert not [each for each in plain if isinstance(each, LongLivedGracefulRestart)]


@pytest.mark.rfc("9494", "3.1")
@pytest.mark.parametrize(
    ("changes", "theirs", "expected"),
    [
        ({"restart_time_s": 60, "long_lived_s": 60}, (PEER_RESTART, LONG), LONG),
        ({"restart_time_s": 60, "long_lived_s": 60}, (LONG,), None),
        ({"restart_time_s": 60}, (PEER_RESTART, LONG), None),
        ({"restart_time_s": 60, "long_lived_s": 60}, (PEER_RESTART,), None),
    ],
    ids=["both", "not beside graceful restart", "not ours", "not theirs"],
)
def test_long_lived_graceful_restart_holds_when_both_have_it(
    changes: dict[str, object], theirs: tuple[Capability, ...], expected: LongLivedGracefulRestart | None
) -> None:
    assert agree(session_config(**changes), capabilities=(*USUAL, *theirs)).peer_long_lived is expected


@pytest.mark.rfc("7313", "3.1")
@pytest.mark.parametrize(
    ("changes", "theirs", "is_said", "is_agreed"),
    [
        ({"enhanced_route_refresh": True}, (EnhancedRouteRefresh(),), True, True),
        ({"enhanced_route_refresh": True}, (), True, False),
        ({}, (EnhancedRouteRefresh(),), False, False),
        ({"enhanced_route_refresh": True, "route_refresh": False}, (EnhancedRouteRefresh(),), False, False),
    ],
)
def test_marked_refreshes(
    changes: dict[str, object], theirs: tuple[Capability, ...], *, is_said: bool, is_agreed: bool
) -> None:
    config = session_config(**changes)
    assert (EnhancedRouteRefresh() in own_open(config, LocalRestart()).capabilities) is is_said
    assert agree(config, capabilities=(*USUAL, *theirs)).enhanced_route_refresh is is_agreed
