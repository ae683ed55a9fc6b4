"""A client is gone for hours: what is kept of it, who is told, and what happens when it is back."""

import pytest

from support.world import add_speaker, best, client_range, established, own_prefix, peer
from tortie.bgp.engine import Engine, PeerStatus, RouteStatus, peer_statuses, route_statuses
from tortie.bgp.rib import Step
from tortie.bgp.wire import IPV4_UNICAST, communities_from_texts
from tortie.sim import World

REFLECTOR = "192.0.2.100"
GONE, OTHER, PLAIN = "192.0.2.1", "192.0.2.2", "192.0.2.3"
RESTART_S, LONG_S = 20, 1000
NOT_FOR_LONG, SHARED = "10.88.0.0/16", "10.99.0.0/16"
STALE, NO_LLGR, NO_EXPORT = "65535:6", "65535:7", "65535:65281"


def add_client(world: World, node: str, *, long_lived_s: int = LONG_S, is_restarting: bool = False) -> Engine:
    options = {"restart_time_s": RESTART_S, "long_lived_s": 0 if node == PLAIN else long_lived_s}
    engine = add_speaker(
        world, node, [peer(node, REFLECTOR, **options)], prefixes=[own_prefix(node)], is_restarting=is_restarting
    )
    if node == GONE:
        engine.originate(NOT_FOR_LONG, world.now, communities=communities_from_texts([NO_LLGR]))
    return engine


def reflected(world: World, *, tells_stale: bool = False, ours_s: int = LONG_S, theirs_s: int = LONG_S) -> Engine:
    """A reflector; GONE and OTHER have long-lived graceful restart, PLAIN has only the other kind."""
    ranges = [
        client_range(
            "192.0.2.0/24", restart_time_s=RESTART_S, long_lived_s=ours_s, tells_stale=tells_stale, hold_time_s=9
        )
    ]
    reflector = add_speaker(world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1")
    for node in (GONE, OTHER, PLAIN):
        add_client(world, node, long_lived_s=theirs_s)
    world.wait_for(lambda: len(established(reflector)) == 3 and len(best(reflector)) == 4)
    world.run(5)
    return reflector


def route(world: World, name: str, prefix: str = own_prefix(GONE)) -> RouteStatus | None:
    return best(world.hosts[name].engine).get(prefix)


def status(engine: Engine, address: str = GONE, now: float = 0.0) -> PeerStatus:
    return next(each for each in peer_statuses(engine, now) if each.remote_address == address)


@pytest.mark.rfc("9494", "4.2")
@pytest.mark.rfc("9494", "4.3")
def test_a_client_that_stays_away_is_kept_for_long_as_a_last_resort() -> None:
    world = World()
    reflector = reflected(world)
    assert status(reflector).long_lived_s == LONG_S
    world.kill(GONE)
    world.run(RESTART_S - 5)
    for name in (REFLECTOR, OTHER, PLAIN):
        found = route(world, name)
        assert found is not None
        assert found.communities == ()
    assert not status(reflector).is_long_lived_stale
    world.run(10)
    assert status(reflector).is_long_lived_stale
    for name in (REFLECTOR, OTHER):
        found = route(world, name)
        assert found is not None
        assert found.communities == (STALE,)
    assert route(world, PLAIN) is None, "it cannot know what the community means"
    assert route(world, REFLECTOR, NOT_FOR_LONG) is None
    assert route(world, OTHER, NOT_FOR_LONG) is None
    world.run(LONG_S - 20)
    assert route(world, OTHER) is not None
    world.run(20)
    assert route(world, OTHER) is None
    assert GONE not in {each.key.remote_address for each in reflector.peers.values()}, "nothing is left of it"


@pytest.mark.rfc("9494", "4.3")
def test_any_other_path_is_better() -> None:
    world = World()
    reflector = reflected(world)
    for node in (GONE, OTHER):
        world.hosts[node].engine.originate(SHARED, world.now)
    world.run(1)
    world.kill(GONE)
    world.run(1)
    before = best(reflector)[SHARED]
    assert before.peer == GONE, "stale for a short time it counts as before"
    world.run(RESTART_S + 5)
    assert best(reflector)[SHARED].peer == OTHER
    reasons = {each.peer: each.reason for each in route_statuses(reflector, IPV4_UNICAST) if each.prefix == SHARED}
    assert reasons == {OTHER: None, GONE: Step.LONG_LIVED_STALE}
    assert route(world, PLAIN, SHARED) is not None


@pytest.mark.rfc("9494", "4.2")
def test_who_is_back_is_as_before() -> None:
    world = World()
    reflector = reflected(world)
    world.kill(GONE)
    world.run(RESTART_S + 60)
    back = add_client(world, GONE, is_restarting=True)
    back.withdraw(NOT_FOR_LONG, world.now)
    world.wait_for(lambda: route(world, PLAIN) is not None)
    world.run(100)
    assert GONE in established(reflector)
    for name in (REFLECTOR, OTHER, PLAIN):
        found = route(world, name)
        assert found is not None
        assert found.communities == ()
    assert not status(reflector).is_long_lived_stale


@pytest.mark.rfc("9494", "4.2")
def test_what_who_is_back_does_not_announce_again_goes() -> None:
    world = World()
    reflector = reflected(world)
    world.hosts[GONE].engine.originate(SHARED, world.now)
    world.run(1)
    world.kill(GONE)
    world.run(RESTART_S + 60)
    assert best(reflector)[SHARED].communities == (STALE,)
    add_client(world, GONE, is_restarting=True)
    world.wait_for(lambda: SHARED not in best(reflector))
    assert route(world, REFLECTOR) is not None


@pytest.mark.rfc("9494", "4.6")
def test_others_of_our_as_are_told_where_that_is_asked_for() -> None:
    world = World()
    reflected(world, tells_stale=True)
    world.kill(GONE)
    world.run(RESTART_S + 5)
    found = route(world, PLAIN)
    assert found is not None
    assert (found.communities, found.local_pref) == ((STALE, NO_EXPORT), 0)
    with_it = route(world, OTHER)
    assert with_it is not None
    assert (with_it.communities, with_it.local_pref) == ((STALE,), 100)


@pytest.mark.rfc("9494", "4.2")
@pytest.mark.parametrize(("ours_s", "theirs_s", "kept_s"), [(50, 1000, 50), (1000, 50, 50)])
def test_the_shorter_time_counts(ours_s: int, theirs_s: int, kept_s: int) -> None:
    world = World()
    reflected(world, ours_s=ours_s, theirs_s=theirs_s)
    world.kill(GONE)
    world.run(RESTART_S + kept_s - 5)
    assert route(world, REFLECTOR) is not None
    world.run(10)
    assert route(world, REFLECTOR) is None


@pytest.mark.rfc("9494", "4.2")
def test_who_says_it_goes_for_good_is_kept_no_longer() -> None:
    world = World()
    reflected(world)
    world.hosts[GONE].engine.shutdown(world.now)
    world.run(1)
    assert route(world, REFLECTOR) is None


@pytest.mark.rfc("9494", "4.2")
def test_a_client_without_it_is_kept_for_the_restart_time_only() -> None:
    world = World()
    reflected(world)
    world.kill(PLAIN)
    world.run(RESTART_S + 5)
    assert route(world, REFLECTOR, own_prefix(PLAIN)) is None
