"""Several equal paths: what the data path is told, while peers are told of the best one."""

import pytest

from support.world import add_speaker, best, client_range, established, own_prefix, peer
from tortie.bgp.engine import AddPathMode, BestPathsChanged, Engine, SpeakerConfig, route_statuses
from tortie.bgp.wire import IPV4_UNICAST, prefix_from_text
from tortie.sim import World

REFLECTOR = "192.0.2.100"
NODES = [f"192.0.2.{index}" for index in (1, 2, 3)]
WATCHER = "192.0.2.9"
SHARED = "10.99.0.0/16"


def told(world: World, name: str = WATCHER) -> list[list[str]]:
    """The ways to SHARED that the data path of a host was told, one list a change."""
    nlri = prefix_from_text(SHARED)[1]
    outputs = [output for _, output in world.hosts[name].log if isinstance(output, BestPathsChanged)]
    return [
        [".".join(map(str, path.attributes.next_hop)) for path in paths]
        for output in outputs
        for changed, paths in output.changes
        if changed == nlri
    ]


def anycast(world: World, *, paths_max: int = 8, mode: AddPathMode = AddPathMode.BOTH) -> dict[str, Engine]:
    """Three nodes announce SHARED to a reflector, one after the other; WATCHER listens."""
    add_speaker(world, REFLECTOR, ranges=[client_range("192.0.2.0/24", add_path=mode)], cluster_id="1.0.0.1")
    watcher = add_speaker(world, WATCHER, [peer(WATCHER, REFLECTOR, add_path=AddPathMode.RECEIVE)], paths_max=paths_max)
    world.wait_for(lambda: bool(established(watcher)))
    engines = {WATCHER: watcher}
    for node in NODES:
        engines[node] = add_speaker(world, node, [peer(node, REFLECTOR)], prefixes=[SHARED, own_prefix(node)])
        world.wait_for(lambda node=node: own_prefix(node) in best(watcher))  # type: ignore[misc]  # bound at once
        world.run(1)
    return engines


@pytest.mark.rfc("7911", "2")
def test_each_equal_path_that_comes_or_goes_is_told() -> None:
    world = World()
    engines = anycast(world)
    assert told(world) == [NODES[:1], NODES[:2], NODES]
    engines[NODES[1]].withdraw(SHARED, world.now)
    world.run(1)
    engines[NODES[0]].withdraw(SHARED, world.now)
    world.run(1)
    engines[NODES[2]].withdraw(SHARED, world.now)
    world.run(1)
    assert told(world)[3:] == [[NODES[0], NODES[2]], [NODES[2]], []]


@pytest.mark.parametrize(("paths_max", "expected"), [(1, [NODES[:1]]), (2, [NODES[:1], NODES[:2]])])
def test_at_most_so_many(paths_max: int, expected: list[list[str]]) -> None:
    world = World()
    anycast(world, paths_max=paths_max)
    assert told(world) == expected


def test_without_add_path_a_reflector_hides_the_others() -> None:
    world = World()
    anycast(world, mode=AddPathMode.OFF)
    assert told(world) == [NODES[:1]]


def test_peers_are_told_of_the_best_one_and_hear_nothing_when_another_comes() -> None:
    """WATCHER as an eBGP speaker, so that it passes on what it has."""
    world = World()
    outside = "192.0.2.200"
    engines = anycast(world)
    watcher = engines[WATCHER]
    far = add_speaker(world, outside, [peer(outside, WATCHER, local_as=65001)], local_as=65001)
    peers = [peer(WATCHER, REFLECTOR, add_path=AddPathMode.RECEIVE), peer(WATCHER, outside, peer_as=65001)]
    watcher.reconfigure(peers, (), world.now)
    world.wait_for(lambda: SHARED in best(far))
    world.run(1)
    [toward] = [each for each in watcher.peers.values() if each.key.remote_address == outside]
    before = toward.announced_count, toward.withdrawn_count
    engines[NODES[2]].withdraw(SHARED, world.now)
    world.run(1)
    assert told(world)[-1] == NODES[:2]
    assert (toward.announced_count, toward.withdrawn_count) == before


def test_status_names_the_paths_in_use() -> None:
    world = World()
    watcher = anycast(world, paths_max=2)[WATCHER]
    shared = [route for route in route_statuses(watcher, IPV4_UNICAST) if route.prefix == SHARED]
    assert [(route.next_hop, route.best, route.is_equal) for route in shared] == [
        (NODES[0], True, False), (NODES[1], False, True), (NODES[2], False, False)
    ]  # fmt: skip


def test_the_limit_changes_in_place() -> None:
    world = World()
    watcher = anycast(world, paths_max=1)[WATCHER]
    config = watcher.config
    more = SpeakerConfig(local_as=config.local_as, router_id=config.router_id, paths_max=8)
    watcher.reconfigure([peer(WATCHER, REFLECTOR, add_path=AddPathMode.RECEIVE)], (), world.now, more)
    world.run(1)
    assert told(world)[-1] == NODES
    watcher.reconfigure([peer(WATCHER, REFLECTOR, add_path=AddPathMode.RECEIVE)], (), world.now, config)
    world.run(1)
    assert told(world)[-1] == NODES[:1]
    assert watcher.session_end_count == 0
