"""A border router goes away: others of its AS and its peers turn to another way before it does."""

from dataclasses import replace

import pytest

from support.world import add_speaker, best, established, peer
from tortie.bgp.engine import Engine, PeerConfig, RouteStatus, route_statuses
from tortie.bgp.wire import IPV4_UNICAST
from tortie.sim import World

OUTSIDE, LEAVING, STAYING, INSIDE = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
OUTSIDE_AS = 65001
FROM_OUTSIDE, FROM_INSIDE = "10.1.0.0/16", "10.4.0.0/16"
GRACEFUL_SHUTDOWN = "65535:0"


def two_ways(world: World, *, obeys: bool = True) -> dict[str, Engine]:
    """AS 65001 - LEAVING and STAYING - INSIDE, a mesh of AS 64512; LEAVING has the lower router id."""
    speakers = {
        OUTSIDE: add_speaker(
            world,
            OUTSIDE,
            [peer(OUTSIDE, other, local_as=OUTSIDE_AS, obeys_graceful_shutdown=obeys) for other in (LEAVING, STAYING)],
            prefixes=[FROM_OUTSIDE],
            local_as=OUTSIDE_AS,
        )
    }
    inner = (LEAVING, STAYING, INSIDE)
    for address in inner:
        peers = [peer(address, other) for other in inner if other != address]
        if address != INSIDE:
            peers.append(peer(address, OUTSIDE, peer_as=OUTSIDE_AS))
        prefixes = [FROM_INSIDE] if address == INSIDE else []
        speakers[address] = add_speaker(world, address, peers, prefixes=prefixes)
    world.wait_for(lambda: all(len(established(each)) >= 2 for each in speakers.values()))
    world.run(1)
    return speakers


def paths(engine: Engine, prefix: str) -> dict[str, RouteStatus]:
    return {route.peer: route for route in route_statuses(engine, IPV4_UNICAST) if route.prefix == prefix}


@pytest.mark.rfc("8326", "4.1")
@pytest.mark.rfc("8326", "4.2")
def test_traffic_turns_away_both_ways_and_back() -> None:
    world = World()
    speakers = two_ways(world)
    outside, inside = speakers[OUTSIDE], speakers[INSIDE]

    def ways() -> tuple[str, str]:
        return best(outside)[FROM_INSIDE].peer, best(inside)[FROM_OUTSIDE].peer

    assert ways() == (LEAVING, LEAVING)
    speakers[LEAVING].drain(world.now)
    world.wait_for(lambda: ways() == (STAYING, STAYING))
    world.run(1)
    assert paths(outside, FROM_INSIDE)[LEAVING].communities == (GRACEFUL_SHUTDOWN,)
    assert paths(outside, FROM_INSIDE)[LEAVING].preference == 0
    assert paths(outside, FROM_INSIDE)[STAYING].communities == ()
    assert LEAVING not in paths(inside, FROM_OUTSIDE), "it hears of the better way and takes back its own"
    assert sum(speaker.session_end_count for speaker in speakers.values()) == 0
    speakers[LEAVING].drain(world.now, is_draining=False)
    world.wait_for(lambda: ways() == (LEAVING, LEAVING))
    assert paths(outside, FROM_INSIDE)[LEAVING].communities == ()


@pytest.mark.rfc("8326", "4.1")
def test_the_last_way_stays_in_use() -> None:
    world = World()
    speakers = two_ways(world)
    speakers[STAYING].shutdown(world.now)
    world.run(1)
    speakers[LEAVING].drain(world.now)
    world.run(1)
    assert best(speakers[OUTSIDE])[FROM_INSIDE].peer == LEAVING
    assert best(speakers[INSIDE])[FROM_OUTSIDE].local_pref == 0


@pytest.mark.rfc("8326", "4.2")
def test_who_does_not_obey_shows_the_community_and_chooses_as_before() -> None:
    world = World()
    speakers = two_ways(world, obeys=False)
    speakers[LEAVING].drain(world.now)
    world.run(1)
    route = best(speakers[OUTSIDE])[FROM_INSIDE]
    assert (route.peer, route.communities, route.preference) == (LEAVING, (GRACEFUL_SHUTDOWN,), 100)


@pytest.mark.rfc("8326", "4.2")
def test_whether_it_is_obeyed_changes_in_place() -> None:
    world = World()
    speakers = two_ways(world, obeys=False)
    outside = speakers[OUTSIDE]
    speakers[LEAVING].drain(world.now)
    world.run(1)
    obeying = [peer(OUTSIDE, other, local_as=OUTSIDE_AS, obeys_graceful_shutdown=True) for other in (LEAVING, STAYING)]
    outside.reconfigure(obeying, (), world.now)
    world.run(1)
    assert best(outside)[FROM_INSIDE].peer == STAYING
    assert outside.session_end_count == 0


@pytest.mark.rfc("8326", "4.1")
def test_new_configuration_and_new_sessions_do_not_end_it() -> None:
    world = World()
    speakers = two_ways(world)
    leaving = speakers[LEAVING]
    leaving.drain(world.now)
    same = [
        PeerConfig(remote_address=key.remote_address, local_address=key.local_address, options=each.options)
        for key, each in leaving.peers.items()
    ]
    leaving.reconfigure(same, (), world.now, replace(leaving.config, is_draining=False))
    world.run(1)
    world.cut(LEAVING, OUTSIDE)
    world.run(1)
    world.mend(LEAVING, OUTSIDE)
    world.wait_for(lambda: OUTSIDE in established(leaving))
    world.run(2)
    assert paths(speakers[OUTSIDE], FROM_INSIDE)[LEAVING].communities == (GRACEFUL_SHUTDOWN,)


@pytest.mark.rfc("8326", "4.1")
def test_our_own_routes_go_with_the_lowest_local_pref() -> None:
    world = World()
    speakers = two_ways(world)
    speakers[LEAVING].originate("10.99.0.0/16", world.now)
    speakers[STAYING].originate("10.99.0.0/16", world.now)
    world.run(1)
    assert best(speakers[INSIDE])["10.99.0.0/16"].peer == LEAVING
    speakers[LEAVING].drain(world.now)
    world.run(1)
    assert best(speakers[INSIDE])["10.99.0.0/16"].peer == STAYING
    assert paths(speakers[INSIDE], "10.99.0.0/16")[LEAVING].local_pref == 0
