"""IPv4 routes over sessions of IPv6 addresses."""

import pytest

from support.world import LOCAL_AS, add_speaker, best, identifier, options, resets
from tortie.bgp.engine import Engine, PeerConfig, PeerStatus, peer_statuses
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.sim import World

ONE, OTHER, THIRD = "fd00::1", "fd00::2", "fd00::3"
BOTH = (IPV4_UNICAST, IPV6_UNICAST)
IPV4_OF = {ONE: "192.0.2.1", OTHER: "192.0.2.2", THIRD: "192.0.2.3"}


def peer(local: str, remote: str, **changes: object) -> PeerConfig:
    return PeerConfig(local_address=local, remote_address=remote, options=options(families=BOTH, **changes))


def add(world: World, address: str, *peers: PeerConfig, prefix: str | None = None, **changes: object) -> Engine:
    fields: dict[str, object] = {"router_id": identifier(IPV4_OF[address]), "local_as": LOCAL_AS}
    prefixes = [] if prefix is None else [prefix]
    return add_speaker(world, address, peers, prefixes=prefixes, **{**fields, **changes})  # type: ignore[arg-type]  # fields of the configuration


def status(engine: Engine) -> PeerStatus:
    return next(iter(peer_statuses(engine, 0.0)))


@pytest.mark.rfc("8950", "3")
@pytest.mark.rfc("8950", "4")
@pytest.mark.parametrize(("mine", "theirs"), [(True, True), (True, False), (False, True), (False, False)])
def test_goes_where_both_have_it(*, mine: bool, theirs: bool) -> None:
    world = World()
    one = add(world, ONE, peer(ONE, OTHER, extended_next_hop=mine), prefix="10.1.0.0/16")
    other = add(world, OTHER, peer(OTHER, ONE, extended_next_hop=theirs))
    world.run(10)
    assert status(one).has_extended_next_hop is status(other).has_extended_next_hop is (mine and theirs)
    assert {route.next_hop for route in best(other).values()} == ({ONE} if mine and theirs else set())
    one.withdraw("10.1.0.0/16", world.now)
    world.run(1)
    assert best(other) == {}


@pytest.mark.rfc("8950", "4")
def test_where_both_have_it_the_sessions_address_goes_before_another_one_of_ours() -> None:
    world = World()
    own = ((IPV4_UNICAST, IPV4_OF[ONE]),)
    add(world, ONE, peer(ONE, OTHER, extended_next_hop=True), prefix="10.1.0.0/16", next_hops=own)
    other = add(world, OTHER, peer(OTHER, ONE, extended_next_hop=True))
    world.wait_for(lambda: bool(best(other)))
    assert best(other)["10.1.0.0/16"].next_hop == ONE


@pytest.mark.rfc("8950", "4")
def test_a_reflector_passes_it_on_to_who_has_it_and_holds_it_back_from_who_has_not() -> None:
    world = World()
    clients = [peer(OTHER, ONE, is_client=True, extended_next_hop=True), peer(OTHER, THIRD, is_client=True)]
    add(world, OTHER, *clients)
    add(world, THIRD, peer(THIRD, OTHER), prefix="10.3.0.0/16", next_hops=((IPV4_UNICAST, IPV4_OF[THIRD]),))
    one = add(world, ONE, peer(ONE, OTHER, extended_next_hop=True), prefix="10.1.0.0/16")
    world.wait_for(lambda: bool(best(one)))
    world.run(1)
    assert best(world.hosts[THIRD].engine) == {}
    assert best(one)["10.3.0.0/16"].next_hop == IPV4_OF[THIRD], "an IPv4 next hop goes as ever"
    changed = [peer(OTHER, ONE, is_client=True, extended_next_hop=True)]
    changed.append(peer(OTHER, THIRD, is_client=True, extended_next_hop=True))
    world.hosts[OTHER].engine.reconfigure(changed, (), world.now)
    world.hosts[THIRD].engine.reconfigure([peer(THIRD, OTHER, extended_next_hop=True)], (), world.now)
    world.wait_for(lambda: bool(best(world.hosts[THIRD].engine)))
    assert best(world.hosts[THIRD].engine)["10.1.0.0/16"].next_hop == ONE
    assert resets(one) == 0
