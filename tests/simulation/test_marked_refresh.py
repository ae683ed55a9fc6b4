"""Refreshes with a beginning and an end among engines: what is not said again goes, what changes meanwhile stays."""

import pytest

from support.world import add_speaker, best, client_range, established, peer, resets
from tortie.bgp.engine import Engine
from tortie.bgp.engine.peer import Peer
from tortie.bgp.engine.refresh import REFRESH_TIME_S
from tortie.bgp.wire import IPV4_UNICAST, RouteRefresh, address_from_text, encode_route_refresh, prefix_from_text
from tortie.sim import World

REFLECTOR, ANNOUNCER, WATCHER = "192.0.2.100", "192.0.2.1", "192.0.2.2"
PREFIXES = [f"10.{index >> 8}.{index & 255}.0/24" for index in range(250)]
PHANTOM = "10.200.0.0/16"
REQUEST, BEGINNING, END = 0, 1, 2


def reflected(world: World) -> Engine:
    add_speaker(world, REFLECTOR, ranges=[client_range("192.0.2.0/24")], cluster_id="1.0.0.1")
    add_speaker(world, ANNOUNCER, [peer(ANNOUNCER, REFLECTOR)], prefixes=PREFIXES)
    watcher = add_speaker(world, WATCHER, [peer(WATCHER, REFLECTOR)])
    world.wait_for(lambda: len(best(watcher)) == len(PREFIXES))
    world.run(1)
    return watcher


def toward(engine: Engine, address: str) -> Peer:
    return next(each for each in engine.peers.values() if each.key.remote_address == address)


def imagine(watcher: Engine, prefix: str = PHANTOM) -> None:
    """Let the watcher believe that the reflector has announced a prefix, as after a lost withdrawal."""
    source = toward(watcher, REFLECTOR).source
    assert source is not None
    attributes = watcher.table.intern(next_hop=address_from_text(ANNOUNCER), local_pref=100)
    watcher.rib.announce(source, IPV4_UNICAST, attributes, (prefix_from_text(prefix)[1],))


def say(engine: Engine, from_address: str, subtype: int, now: float) -> None:
    """Have an engine hear a ROUTE-REFRESH of a peer."""
    connection = toward(engine, from_address).connection
    assert connection is not None
    engine.receive_data(connection, encode_route_refresh(RouteRefresh(IPV4_UNICAST, subtype)), now)


@pytest.mark.rfc("7313", "4")
def test_what_is_not_said_again_goes() -> None:
    world = World()
    watcher = reflected(world)
    imagine(watcher)
    assert PHANTOM in best(watcher)
    say(world.hosts[REFLECTOR].engine, WATCHER, REQUEST, world.now)
    world.run(1)
    assert set(best(watcher)) == set(PREFIXES)
    assert not toward(watcher, REFLECTOR).refreshing
    assert toward(watcher, REFLECTOR).session.counters.as_dict()["route_refresh_received"] == 2
    assert resets(watcher) == 0


@pytest.mark.rfc("7313", "4")
def test_what_changes_meanwhile_is_never_missing() -> None:
    """The walk is slow: one segment a round trip; changes lie behind it and must come before the end."""
    world = World()
    watcher = reflected(world)
    reflector = world.hosts[REFLECTOR].engine
    for group in reflector.rib.groups.values():
        group._segment_size_bytes = 64
        group._segments.clear()
    say(reflector, WATCHER, REQUEST, world.now)
    gone = set()
    for index in range(248, 188, -2):
        announcer = world.hosts[ANNOUNCER].engine
        announcer.withdraw(PREFIXES[index], world.now)
        announcer.originate(PREFIXES[index], world.now, next_hop=f"192.0.2.{index}")
        world.run(0.002)
        gone |= set(PREFIXES) - set(best(watcher))
    assert toward(watcher, REFLECTOR).refreshing
    for _ in range(300):
        world.run(0.002)
        gone |= set(PREFIXES) - set(best(watcher))
    assert not toward(watcher, REFLECTOR).refreshing
    assert gone == set()
    assert best(watcher)[PREFIXES[240]].next_hop == "192.0.2.240"


@pytest.mark.rfc("7313", "4")
def test_an_end_that_does_not_come_is_not_waited_for_for_ever() -> None:
    world = World()
    watcher = reflected(world)
    say(watcher, REFLECTOR, BEGINNING, world.now)
    world.run(REFRESH_TIME_S - 5)
    assert len(best(watcher)) == len(PREFIXES)
    world.run(10)
    assert best(watcher) == {}


@pytest.mark.rfc("7313", "4")
def test_an_end_without_a_beginning_means_nothing() -> None:
    world = World()
    watcher = reflected(world)
    say(watcher, REFLECTOR, END, world.now)
    world.run(1)
    assert len(best(watcher)) == len(PREFIXES)


@pytest.mark.rfc("7313", "4")
@pytest.mark.rfc("4724", "4.2")
def test_a_session_that_ends_in_between_keeps_all_for_its_restart() -> None:
    world = World()
    watcher = reflected(world)
    say(watcher, REFLECTOR, BEGINNING, world.now)
    world.kill(REFLECTOR)
    world.run(1)
    assert established(watcher) == []
    assert len(best(watcher)) == len(PREFIXES)


@pytest.mark.rfc("7313", "4")
def test_asked_for_before_end_of_rib_it_comes_after() -> None:
    world = World()
    add_speaker(world, REFLECTOR, ranges=[client_range("192.0.2.0/24")], cluster_id="1.0.0.1")
    add_speaker(world, ANNOUNCER, [peer(ANNOUNCER, REFLECTOR)], prefixes=PREFIXES)
    reflector = world.hosts[REFLECTOR].engine
    world.wait_for(lambda: len(best(reflector)) == len(PREFIXES))
    watcher = add_speaker(world, WATCHER, [peer(WATCHER, REFLECTOR)])
    world.wait_for(lambda: WATCHER in established(reflector))
    [(_, member)] = toward(reflector, WATCHER).memberships.values()
    member.owes_end_of_rib = True
    say(reflector, WATCHER, REQUEST, world.now)
    assert (member.is_refresh_wanted, member.refresh) == (True, None)
    world.run(1)
    assert not member.is_refresh_wanted
    assert len(best(watcher)) == len(PREFIXES)
    assert toward(watcher, REFLECTOR).session.counters.as_dict()["route_refresh_received"] == 2
