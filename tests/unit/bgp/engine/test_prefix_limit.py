"""Maximum prefixes: at the limit and beyond, the warning, and how a session comes back."""

from math import inf
from typing import TypeVar

import pytest

from support.world import add_speaker, best, client_range, established, peer
from tortie.bgp.engine import Engine, PeerConfig, PeerDown, PeerStatus, PrefixLimit, PrefixLimitNear, peer_statuses
from tortie.bgp.engine.prefix_limit import held_until
from tortie.bgp.wire import IPV4_UNICAST
from tortie.sim import World

REFLECTOR, LEAKER, WATCHER = "192.0.2.100", "192.0.2.1", "192.0.2.2"
Logged = TypeVar("Logged", PeerDown, PrefixLimitNear)
LIMIT = PrefixLimit(prefixes_max=10, warning_percent=70, restart_s=100)


def limited(limit: PrefixLimit = LIMIT, *, is_range: bool = False, **changes: object) -> tuple[World, Engine, Engine]:
    """A reflector, and a client that may announce as much as `limit` says; another client watches."""
    world = World()
    range_prefix = "192.0.2.0/24" if is_range else "192.0.2.2/32"
    ranges = [client_range(range_prefix, prefix_limit=limit, **changes)]
    named = [] if is_range else [limited_peer(limit, **changes)]
    reflector = add_speaker(world, REFLECTOR, named, ranges=ranges)
    leaker = add_speaker(world, LEAKER, [peer(LEAKER, REFLECTOR, **changes)])
    add_speaker(world, WATCHER, [peer(WATCHER, REFLECTOR, **changes)])
    world.wait_for(lambda: established(reflector) == [LEAKER, WATCHER])
    return world, reflector, leaker


def limited_peer(limit: PrefixLimit, **changes: object) -> PeerConfig:
    return peer(REFLECTOR, LEAKER, passive=True, is_client=True, prefix_limit=limit, **changes)


def announce(world: World, leaker: Engine, first: int, last: int) -> None:
    for number in range(first, last + 1):
        leaker.originate(f"10.{number}.0.0/16", world.now)
    world.run(1)


def status(engine: Engine, world: World) -> PeerStatus:
    return next(each for each in peer_statuses(engine, world.now) if each.remote_address == LEAKER)


def logged(world: World, kind: type[Logged]) -> list[Logged]:
    return [output for _, output in world.hosts[REFLECTOR].log if isinstance(output, kind)]


@pytest.mark.rfc("4271", "6.7")
@pytest.mark.rfc("4486", "4")
@pytest.mark.parametrize("restart_time_s", [0, 120], ids=["plain", "graceful restart"])
def test_at_the_limit_all_is_well_and_with_one_more_the_session_ends(restart_time_s: int) -> None:
    world, reflector, leaker = limited(restart_time_s=restart_time_s)
    announce(world, leaker, 1, 10)
    assert len(best(reflector)) == 10
    assert established(reflector) == [LEAKER, WATCHER]
    announce(world, leaker, 11, 11)
    assert established(reflector) == [WATCHER]
    assert best(reflector) == {}
    assert best(world.hosts[WATCHER].engine) == {}
    [down] = logged(world, PeerDown)
    assert down.stale_s is None
    assert down.reason.startswith("11 prefixes of ipv4, expected at most 10")
    seen = status(reflector, world)
    assert (seen.is_held_down, seen.prefixes_max, seen.state) == (True, 10, "idle")
    assert seen.last_error == "11 prefixes of ipv4, expected at most 10"
    received = peer_statuses(leaker, world.now)[0].last_notification_received
    assert received is not None
    assert "Maximum Number of Prefixes Reached" in received


@pytest.mark.rfc("4486", "4")
def test_notification_names_family_and_limit() -> None:
    world, _, leaker = limited(restart_time_s=0)
    announce(world, leaker, 1, 11)
    [session] = [each.session for each in leaker.peers.values()]
    notification = session.last_notification_received
    assert notification is not None
    assert notification.data == bytes.fromhex("0001 01 0000000a")


def test_warning_comes_once_a_session() -> None:
    world, _, leaker = limited()
    announce(world, leaker, 1, 6)
    assert logged(world, PrefixLimitNear) == []
    announce(world, leaker, 7, 9)
    announce(world, leaker, 10, 10)
    [near] = logged(world, PrefixLimitNear)
    assert (near.family, near.count, near.prefixes_max) == (IPV4_UNICAST, 9, 10), "looked at once an UPDATE"


@pytest.mark.parametrize("is_range", [False, True], ids=["named", "range"])
def test_the_session_comes_back_after_the_restart_time(is_range: bool) -> None:
    world, reflector, leaker = limited(is_range=is_range, restart_time_s=0)
    announce(world, leaker, 1, 11)
    world.run(90)
    assert established(reflector) == [WATCHER]
    leaker.withdraw("10.11.0.0/16", world.now)
    world.wait_for(lambda: established(reflector) == [LEAKER, WATCHER], deadline_s=60)
    world.run(1)
    assert len(best(reflector)) == 10
    assert not status(reflector, world).is_held_down


def test_it_goes_again_while_the_peer_does_not_mend_its_ways() -> None:
    world, reflector, leaker = limited()
    announce(world, leaker, 1, 11)
    world.run(300)
    assert len(logged(world, PeerDown)) == 3
    assert best(reflector) == {}


def test_restart_time_0_waits_for_another_configuration() -> None:
    stays = PrefixLimit(prefixes_max=10, restart_s=0)
    world, reflector, leaker = limited(stays, restart_time_s=0)
    announce(world, leaker, 1, 11)
    world.run(10_000)
    assert established(reflector) == [WATCHER]
    higher = PrefixLimit(prefixes_max=11, restart_s=0)
    ranges = [client_range("192.0.2.2/32", restart_time_s=0)]
    reflector.reconfigure([limited_peer(higher, restart_time_s=0)], ranges, world.now)
    world.wait_for(lambda: len(best(reflector)) == 11, deadline_s=60)


def test_a_lower_limit_counts_at_once() -> None:
    world, reflector, leaker = limited()
    announce(world, leaker, 1, 10)
    lower = PrefixLimit(prefixes_max=9, restart_s=0)
    reflector.reconfigure([limited_peer(lower)], [client_range("192.0.2.2/32")], world.now)
    world.run(1)
    assert established(reflector) == [WATCHER]


def test_what_is_withdrawn_does_not_count() -> None:
    world, reflector, leaker = limited()
    announce(world, leaker, 1, 10)
    for number in range(1, 6):
        leaker.withdraw(f"10.{number}.0.0/16", world.now)
    world.run(1)
    announce(world, leaker, 21, 25)
    assert established(reflector) == [LEAKER, WATCHER]
    assert len(best(reflector)) == 10


def test_stale_paths_of_a_peer_that_restarts_do_not_count() -> None:
    world, reflector, leaker = limited()
    announce(world, leaker, 1, 10)
    world.kill(LEAKER)
    back = add_speaker(world, LEAKER, [peer(LEAKER, REFLECTOR)])
    announce(world, back, 21, 30)
    world.wait_for(lambda: established(reflector) == [LEAKER, WATCHER])
    world.run(10)
    assert set(best(reflector)) == {f"10.{number}.0.0/16" for number in range(21, 31)}
    assert [down.reason for down in logged(world, PeerDown)] == ["connection lost: connection reset by peer"]


def test_restart_time_in_figures() -> None:
    assert held_until(PrefixLimit(prefixes_max=1, restart_s=30), 5.0) == 35.0
    assert held_until(PrefixLimit(prefixes_max=1, restart_s=0), 5.0) == inf
    assert PrefixLimit(prefixes_max=0).warning_count == 1
