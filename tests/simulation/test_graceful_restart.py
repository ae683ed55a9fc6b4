"""Speakers that go and come back among others: who notices, and when."""

import pytest

from support.world import (
    add_speaker,
    best,
    client_range,
    established,
    mesh,
    own_prefix,
    peer,
    resets,
)
from tortie.bgp.engine import BestPathsChanged, Engine, PeerConfig, PeerKey, peer_statuses
from tortie.bgp.engine.restart import DIAL_AFTER_S, SELECTION_DEFERRAL_S
from tortie.sim import World

REFLECTOR = "192.0.2.100"
NODES = [f"192.0.2.{index}" for index in (1, 2, 3)]
GONE = NODES[0]
RESTART_TIME_S = 120
HOLD_TIME_S = 90


def reflector_peers(
    nodes: list[str] = NODES, *, restart_time_s: int = RESTART_TIME_S, hold_time_s: int = HOLD_TIME_S
) -> list[PeerConfig]:
    return [
        peer(REFLECTOR, node, passive=True, is_client=True, restart_time_s=restart_time_s, hold_time_s=hold_time_s)
        for node in nodes
    ]


def reflected(
    world: World, *, restart_time_s: int = RESTART_TIME_S, hold_time_s: int = HOLD_TIME_S
) -> tuple[Engine, dict[str, Engine]]:
    """A reflector that knows its clients by name, everything learned."""
    peers = reflector_peers(restart_time_s=restart_time_s, hold_time_s=hold_time_s)
    reflector = add_speaker(world, REFLECTOR, peers, cluster_id="1.0.0.1")
    clients = {node: add_node(world, node, restart_time_s=restart_time_s, hold_time_s=hold_time_s) for node in NODES}
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients.values()))
    world.run(1)
    return reflector, clients


def add_node(world: World, node: str, *, is_restarting: bool = False, **changes: object) -> Engine:
    peers = [peer(node, REFLECTOR, **changes)]
    return add_speaker(world, node, peers, prefixes=[own_prefix(node)], is_restarting=is_restarting)


def changes_since(world: World, name: str, when: float) -> list[BestPathsChanged]:
    return [each for at, each in world.hosts[name].log if at >= when and isinstance(each, BestPathsChanged)]


def updates_received(engine: Engine) -> int:
    return sum(each.counters["update_received"] for each in peer_statuses(engine, 0.0))


# ---------------------------------------------------------------- a client restarts


@pytest.mark.rfc("4724", "4.2")
def test_nobody_else_notices_a_client_that_restarts() -> None:
    world = World()
    reflector, clients = reflected(world)
    heard = {node: updates_received(clients[node]) for node in NODES[1:]}
    killed = world.now
    world.kill(GONE)
    world.run(20)
    back = add_node(world, GONE, is_restarting=True)
    world.wait_for(lambda: len(best(back)) == 2 and len(established(reflector)) == 3)
    world.run(30)
    for name in (REFLECTOR, *NODES[1:]):
        assert changes_since(world, name, killed) == []
    assert {node: updates_received(clients[node]) for node in NODES[1:]} == heard
    assert all(status.stale_s is None for status in peer_statuses(reflector, world.now))


@pytest.mark.rfc("4724", "4.2")
def test_a_client_that_does_not_come_back_is_forgotten_after_its_restart_time() -> None:
    world = World()
    _, clients = reflected(world)
    killed = world.now
    world.kill(GONE)
    world.run(RESTART_TIME_S - 1)
    assert all(own_prefix(GONE) in best(clients[node]) for node in NODES[1:])
    world.run(2)
    assert not any(own_prefix(GONE) in best(clients[node]) for node in NODES[1:])
    [change] = changes_since(world, REFLECTOR, killed)
    assert change.changes[0][1] == ()


def test_without_graceful_restart_it_is_forgotten_at_once() -> None:
    world = World()
    _, clients = reflected(world, restart_time_s=0)
    world.kill(GONE)
    world.run(0.1)
    assert not any(own_prefix(GONE) in best(clients[node]) for node in NODES[1:])


@pytest.mark.rfc("4724", "4.2")
def test_what_a_client_has_lost_meanwhile_goes_when_it_is_back() -> None:
    world = World()
    _, clients = reflected(world)
    clients[GONE].originate("10.200.0.0/16", world.now)
    world.wait_for(lambda: "10.200.0.0/16" in best(clients[NODES[1]]))
    world.kill(GONE)
    world.run(5)
    add_node(world, GONE, is_restarting=True)
    world.wait_for(lambda: "10.200.0.0/16" not in best(clients[NODES[1]]), deadline_s=30)
    assert own_prefix(GONE) in best(clients[NODES[1]])


@pytest.mark.rfc("4724", "4.2")
@pytest.mark.rfc("4724", "5")
def test_a_client_that_is_back_before_its_loss_is_noticed() -> None:
    """Power was lost: nobody was told, the old connection still looks Established when the new one comes."""
    world = World()
    reflector, clients = reflected(world)
    gone = world.now
    world.vanish(GONE)
    world.run(8)
    assert len(established(reflector)) == 3
    back = add_node(world, GONE, is_restarting=True)
    world.wait_for(lambda: len(best(back)) == 2, deadline_s=10)
    world.run(5)
    assert len(established(reflector)) == 3
    for name in (REFLECTOR, *NODES[1:]):
        assert changes_since(world, name, gone) == []
    assert sum(resets(clients[node]) for node in NODES[1:]) == 0


@pytest.mark.rfc("8538", "4")
def test_a_client_whose_hold_timer_expires_is_kept_for_its_restart_time() -> None:
    world = World()
    reflector, clients = reflected(world, hold_time_s=9)
    world.vanish(GONE)
    world.wait_for(lambda: len(established(reflector)) == 2, deadline_s=10)
    expired = world.now
    assert own_prefix(GONE) in best(clients[NODES[1]])
    world.wait_for(lambda: own_prefix(GONE) not in best(clients[NODES[1]]))
    assert world.now - expired == pytest.approx(RESTART_TIME_S, abs=0.1)


@pytest.mark.rfc("4724", "4.2")
def test_a_client_that_is_not_restarting_and_lost_its_link_is_back_as_it_was() -> None:
    world = World()
    _, clients = reflected(world)
    cut = world.now
    world.cut(GONE, REFLECTOR)
    world.run(20)
    world.mend(GONE, REFLECTOR)
    world.run(20)
    for name in (REFLECTOR, *NODES):
        assert changes_since(world, name, cut) == []
    assert resets(clients[GONE]) == 1


def test_a_dynamic_client_comes_back_to_its_paths() -> None:
    world = World()
    ranges = [client_range("192.0.2.0/24")]
    reflector = add_speaker(world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1")
    clients = {node: add_node(world, node) for node in NODES}
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients.values()))
    world.run(1)
    killed = world.now
    world.kill(GONE)
    world.run(10)
    assert len(reflector.peers) == 3
    add_node(world, GONE, is_restarting=True)
    world.wait_for(lambda: len(established(reflector)) == 3)
    world.run(10)
    assert changes_since(world, NODES[1], killed) == []


# ---------------------------------------------------------------- the reflector restarts


@pytest.mark.rfc("4724", "4.1")
def test_no_client_notices_a_reflector_that_restarts() -> None:
    world = World()
    _, clients = reflected(world)
    killed = world.now
    world.kill(REFLECTOR)
    world.run(10)
    reflector = add_speaker(world, REFLECTOR, reflector_peers(), cluster_id="1.0.0.1", is_restarting=True)
    world.wait_for(lambda: len(established(reflector)) == 3)
    world.run(30)
    assert reflector.deferred_families == ()
    for node in NODES:
        assert changes_since(world, node, killed) == []
        [status] = peer_statuses(clients[node], world.now)
        assert status.stale_s is None


@pytest.mark.rfc("4724", "4.1")
def test_a_restarting_reflector_says_nothing_before_all_have_told_it_what_they_have() -> None:
    world = World()
    _, clients = reflected(world)
    world.kill(REFLECTOR)
    world.kill(GONE)
    world.run(1)
    started = world.now
    reflector = add_speaker(world, REFLECTOR, reflector_peers(), cluster_id="1.0.0.1", is_restarting=True)
    world.wait_for(lambda: len(established(reflector)) == 2)
    clients[NODES[1]].originate("10.200.0.0/16", world.now)
    world.run(SELECTION_DEFERRAL_S - 20)
    assert changes_since(world, REFLECTOR, started) == []
    assert all(own_prefix(GONE) in best(clients[node]) for node in NODES[1:])
    assert "10.200.0.0/16" not in best(clients[NODES[2]])
    world.wait_for(lambda: "10.200.0.0/16" in best(clients[NODES[2]]), deadline_s=21)
    assert world.now - started == pytest.approx(SELECTION_DEFERRAL_S, abs=1)
    assert not any(own_prefix(GONE) in best(clients[node]) for node in NODES[1:])


@pytest.mark.rfc("4724", "4.2")
def test_a_restarting_reflector_dials_the_clients_that_wait_for_it() -> None:
    """Both ends are passive, as a helper is that leaves dialling to the one that restarts (FRR, "NSF passive")."""
    world = World()
    _, clients = reflected(world)
    waiting = NODES[2]
    clients[waiting].reconfigure([peer(waiting, REFLECTOR, passive=True)], (), world.now)
    killed = world.now
    world.kill(REFLECTOR)
    world.run(10)
    started = world.now
    reflector = add_speaker(world, REFLECTOR, reflector_peers(), cluster_id="1.0.0.1", is_restarting=True)
    world.wait_for(lambda: len(established(reflector)) == 2)
    assert world.now - started < DIAL_AFTER_S, "those who dial are not dialled"
    world.wait_for(lambda: len(established(reflector)) == 3)
    assert world.now - started == pytest.approx(DIAL_AFTER_S, abs=1)
    world.run(30)
    assert reflector.deferred_families == ()
    for node in NODES:
        assert changes_since(world, node, killed) == []
    world.cut(REFLECTOR, waiting)
    world.run(200)
    world.mend(REFLECTOR, waiting)
    world.run(200)
    assert waiting not in established(reflector), "once it is there it is dialled no more"


@pytest.mark.rfc("4724", "4.1")
def test_a_restarting_reflector_dials_no_longer_than_it_waits() -> None:
    world = World()
    reflector = add_speaker(world, REFLECTOR, reflector_peers(), cluster_id="1.0.0.1", is_restarting=True)

    def dialled() -> set[bool]:
        return {not each.session.config.passive for each in reflector.peers.values()}

    world.run(DIAL_AFTER_S - 1)
    assert dialled() == {False}
    world.run(2)
    assert dialled() == {True}
    reflector.reconfigure(reflector_peers(hold_time_s=30), (), world.now)
    assert dialled() == {True}, "other options leave it so"
    world.run(SELECTION_DEFERRAL_S)
    assert (dialled(), reflector.deferred_families) == ({False}, ())


@pytest.mark.rfc("4724", "4.1")
def test_all_restart_at_once_and_nobody_waits_for_the_other() -> None:
    world = World()
    reflected(world)
    for name in (REFLECTOR, *NODES):
        world.kill(name)
    add_speaker(world, REFLECTOR, reflector_peers(), cluster_id="1.0.0.1", is_restarting=True)
    clients = {node: add_node(world, node, is_restarting=True) for node in NODES}
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients.values()), deadline_s=20)


def test_a_restarting_reflector_of_clients_without_graceful_restart_waits_for_nobody() -> None:
    world = World()
    reflected(world, restart_time_s=0)
    world.kill(REFLECTOR)
    add_speaker(world, REFLECTOR, reflector_peers(), cluster_id="1.0.0.1", is_restarting=True)
    clients = [world.hosts[node].engine for node in NODES]
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients), deadline_s=20)


# ---------------------------------------------------------------- meshes, and ends that are meant


@pytest.mark.rfc("4724", "4.2")
@pytest.mark.parametrize("seconds", [0.0, 3.0, 50.0])
def test_nobody_notices_a_mesh_speaker_that_restarts(seconds: float) -> None:
    """Both ends dial: connections collide again when it is back."""
    world = World()
    speakers = mesh(world, NODES)
    world.wait_for(lambda: all(len(best(each)) == 2 for each in speakers.values()))
    world.run(10)
    killed = world.now
    world.kill(GONE)
    world.run(seconds)
    peers = [peer(GONE, other) for other in NODES[1:]]
    back = add_speaker(world, GONE, peers, prefixes=[own_prefix(GONE)], is_restarting=True)
    world.wait_for(lambda: len(best(back)) == 2)
    world.run(20)
    assert established(back) == NODES[1:]
    for node in NODES[1:]:
        assert changes_since(world, node, killed) == []


@pytest.mark.rfc("4724", "4.2")
@pytest.mark.parametrize(
    ("for_restart", "restart_time_s", "is_kept"),
    [(True, 120, True), (False, 120, False), (True, 0, False)],
    ids=["for a restart", "for good", "for a restart, without graceful restart"],
)
def test_shutdown(for_restart: bool, restart_time_s: int, is_kept: bool) -> None:
    world = World()
    _, clients = reflected(world, restart_time_s=restart_time_s)
    clients[GONE].shutdown(world.now, for_restart=for_restart)
    world.run(1)
    assert (own_prefix(GONE) in best(clients[NODES[1]])) is is_kept


@pytest.mark.rfc("8538", "3.1")
def test_a_peer_that_is_no_longer_named_keeps_nothing() -> None:
    world = World()
    reflector, clients = reflected(world)
    reflector.reconfigure(reflector_peers(NODES[1:]), (), world.now)
    world.run(1)
    assert best(clients[GONE]) == {}
    assert own_prefix(GONE) not in best(clients[NODES[1]])
    [status] = peer_statuses(clients[GONE], world.now)
    told = [str(event["text"]) for event in status.events]
    assert any("Hard Reset: Cease / Peer De-configured" in text for text in told)


def test_the_same_world_gives_the_same_trace() -> None:
    def trace() -> list[str]:
        world = World()
        reflected(world)
        world.kill(REFLECTOR)
        world.run(3)
        add_speaker(world, REFLECTOR, reflector_peers(), cluster_id="1.0.0.1", is_restarting=True)
        world.run(30)
        return [f"{when} {output}" for host in world.hosts.values() for when, output in host.log]

    assert trace() == trace()


@pytest.mark.rfc("4724", "4.1")
@pytest.mark.parametrize("is_known", [True, False], ids=["known to be away", "nothing is known"])
def test_a_peer_that_was_away_before_holds_nobody_up(is_known: bool) -> None:
    """One peer is dead; the speaker that restarts waits for it only if nobody wrote down that it was."""
    world = World()
    other, dead = NODES[1], "192.0.2.99"
    add_speaker(world, other, [peer(other, GONE)], prefixes=[own_prefix(other)])
    expected = frozenset({PeerKey(GONE, other, 179)}) if is_known else None
    began = world.now
    peers = [peer(GONE, other), peer(GONE, dead)]
    back = add_speaker(world, GONE, peers, prefixes=[own_prefix(GONE)], is_restarting=True, expected=expected)
    world.wait_for(lambda: own_prefix(GONE) in best(world.hosts[other].engine))
    assert (world.now - began < 10) is is_known
    assert (world.now - began >= SELECTION_DEFERRAL_S) is not is_known
    assert back.deferred_families == ()
