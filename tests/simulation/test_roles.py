"""Four ASes: two providers, a customer of both, and the customer's customer. No route goes up again."""

import pytest

from support.world import add_speaker, best, established, peer, resets
from tortie.bgp.engine import Engine, PeerConfig, peer_statuses, route_statuses
from tortie.bgp.rib import Rejection
from tortie.bgp.wire import IPV4_UNICAST, Role
from tortie.sim import World

LEFT, RIGHT, MIDDLE, BELOW = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
AS_OF = {LEFT: 65001, RIGHT: 65002, MIDDLE: 65003, BELOW: 65004}
PREFIX_OF = {address: f"10.{index}.0.0/16" for index, address in enumerate(AS_OF, 1)}
LINKS = [(LEFT, MIDDLE), (RIGHT, MIDDLE), (MIDDLE, BELOW)]
"""(provider, customer)"""


def session(local: str, remote: str, role: Role | None, **changes: object) -> PeerConfig:
    return peer(local, remote, local_as=AS_OF[local], peer_as=AS_OF[remote], role=role, **changes)


def peers_of(address: str, *, with_roles: bool = True) -> list[PeerConfig]:
    above = [(provider, Role.CUSTOMER) for provider, customer in LINKS if customer == address]
    below = [(customer, Role.PROVIDER) for provider, customer in LINKS if provider == address]
    return [session(address, remote, role if with_roles else None) for remote, role in above + below]


def chain(world: World, *without_roles: str) -> dict[str, Engine]:
    speakers = {
        address: add_speaker(
            world,
            address,
            peers_of(address, with_roles=address not in without_roles),
            prefixes=[PREFIX_OF[address]],
            local_as=asn,
        )
        for address, asn in AS_OF.items()
    }
    world.wait_for(lambda: [len(established(speakers[each])) for each in AS_OF] == [1, 1, 3, 1])
    world.run(1)
    return speakers


@pytest.mark.rfc("9234", "4.2")
@pytest.mark.rfc("9234", "5")
def test_no_route_of_a_provider_goes_to_another() -> None:
    world = World()
    speakers = chain(world)
    assert set(best(speakers[BELOW])) == {PREFIX_OF[LEFT], PREFIX_OF[RIGHT], PREFIX_OF[MIDDLE]}
    assert best(speakers[BELOW])[PREFIX_OF[LEFT]].only_to_customer == AS_OF[LEFT]
    assert best(speakers[BELOW])[PREFIX_OF[MIDDLE]].only_to_customer == AS_OF[MIDDLE]
    for provider in (LEFT, RIGHT):
        assert set(best(speakers[provider])) == {PREFIX_OF[MIDDLE], PREFIX_OF[BELOW]}
        assert best(speakers[provider])[PREFIX_OF[BELOW]].only_to_customer is None
    roles = {status.remote_address: (status.role, status.peer_role) for status in peer_statuses(speakers[MIDDLE], 0.0)}
    assert roles == {LEFT: ("customer", "provider"), RIGHT: ("customer", "provider"), BELOW: ("provider", "customer")}


@pytest.mark.rfc("9234", "5")
def test_a_leak_of_one_that_knows_nothing_of_roles_is_found_by_who_hears_it() -> None:
    world = World()
    speakers = chain(world, MIDDLE)
    leaked = [route for route in route_statuses(speakers[RIGHT], IPV4_UNICAST) if route.prefix == PREFIX_OF[LEFT]]
    assert [(route.best, route.reason, route.only_to_customer) for route in leaked] == [
        (False, Rejection.ROUTE_LEAK, AS_OF[LEFT])
    ]


def test_without_any_role_it_leaks() -> None:
    world = World()
    speakers = chain(world, *AS_OF)
    assert PREFIX_OF[LEFT] in best(speakers[RIGHT])


@pytest.mark.rfc("9234", "4.2")
@pytest.mark.parametrize(
    ("left", "middle", "is_strict", "is_up"),
    [
        (Role.PROVIDER, Role.CUSTOMER, True, True),
        (Role.PEER, Role.PEER, True, True),
        (Role.ROUTE_SERVER, Role.ROUTE_SERVER_CLIENT, True, True),
        (Role.PROVIDER, Role.PROVIDER, False, False),
        (Role.PEER, Role.CUSTOMER, False, False),
        (Role.PROVIDER, None, False, True),
        (Role.PROVIDER, None, True, False),
    ],
)
def test_which_roles_go_together(left: Role, middle: Role | None, is_strict: bool, is_up: bool) -> None:
    world = World()
    one = add_speaker(world, LEFT, [session(LEFT, MIDDLE, left, is_role_strict=is_strict)], local_as=AS_OF[LEFT])
    add_speaker(world, MIDDLE, [session(MIDDLE, LEFT, middle)], local_as=AS_OF[MIDDLE])
    world.run(20)
    assert bool(established(one)) is is_up
    [status] = peer_statuses(one, world.now)
    said = {status.last_notification_sent, status.last_notification_received}
    assert ("OPEN Message Error / Role Mismatch" in said) is not is_up


@pytest.mark.rfc("9234", "4.2")
def test_another_role_is_another_session() -> None:
    world = World()
    speakers = chain(world)
    changed = [session(BELOW, MIDDLE, Role.PEER)]
    speakers[BELOW].reconfigure(changed, (), world.now)
    world.run(5)
    assert established(speakers[BELOW]) == []
    assert resets(speakers[BELOW]) == 1


@pytest.mark.rfc("8212", "2.1")
@pytest.mark.rfc("8212", "2.2")
@pytest.mark.parametrize(
    ("policies", "heard_by_left", "heard_by_middle"),
    [
        ({}, 1, 1),
        ({"import_filter": None}, 0, 1),
        ({"export_filter": None}, 1, 0),
        ({"import_filter": None, "export_filter": None}, 0, 0),
    ],
    ids=["both", "no import", "no export", "neither"],
)
def test_nothing_comes_or_goes_without_a_policy(
    policies: dict[str, None], heard_by_left: int, heard_by_middle: int
) -> None:
    world = World()
    prefixes = {address: [PREFIX_OF[address]] for address in (LEFT, MIDDLE)}
    left = add_speaker(
        world, LEFT, [session(LEFT, MIDDLE, None, **policies)], prefixes=prefixes[LEFT], local_as=AS_OF[LEFT]
    )
    middle = add_speaker(
        world, MIDDLE, [session(MIDDLE, LEFT, None)], prefixes=prefixes[MIDDLE], local_as=AS_OF[MIDDLE]
    )
    world.wait_for(lambda: established(left) == [MIDDLE])
    world.run(1)
    assert (len(best(left)), len(best(middle))) == (heard_by_left, heard_by_middle)
    reasons = [route.reason for route in route_statuses(left, IPV4_UNICAST) if route.source == "external"]
    assert reasons == [None if heard_by_left else Rejection.NO_POLICY]
    left.reconfigure([session(LEFT, MIDDLE, None)], (), world.now)
    world.run(1)
    assert (len(best(left)), len(best(middle)), resets(left)) == (1, 1, 0)


@pytest.mark.rfc("8212", "2.1")
def test_inside_an_as_no_policy_is_asked_for() -> None:
    world = World()
    left = add_speaker(world, LEFT, [peer(LEFT, MIDDLE, import_filter=None)], prefixes=[PREFIX_OF[LEFT]])
    middle = add_speaker(world, MIDDLE, [peer(MIDDLE, LEFT, export_filter=None)], prefixes=[PREFIX_OF[MIDDLE]])
    world.wait_for(lambda: len(best(left)) == len(best(middle)) == 1)
