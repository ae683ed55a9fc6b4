"""ADD-PATH among engines: a reflector that hides no path from who wants them all."""

import pytest

from support.world import add_speaker, best, client_range, established, own_prefix, peer
from tortie.bgp.engine import AddPathMode, Engine, RouteStatus, route_statuses
from tortie.bgp.wire import IPV4_UNICAST, RouteRefresh, encode_route_refresh
from tortie.sim import World

REFLECTOR = "192.0.2.100"
NODES = [f"192.0.2.{index}" for index in (1, 2, 3)]
WATCHER = NODES[2]
SHARED = "10.99.0.0/16"


def add_node(world: World, node: str, mode: AddPathMode = AddPathMode.OFF, *, is_restarting: bool = False) -> Engine:
    prefixes = [own_prefix(node)] if node == WATCHER else [own_prefix(node), SHARED]
    peers = [peer(node, REFLECTOR, add_path=mode)]
    return add_speaker(world, node, peers, prefixes=prefixes, is_restarting=is_restarting)


def anycast(world: World, watcher: AddPathMode, reflector: AddPathMode = AddPathMode.BOTH) -> dict[str, Engine]:
    """Two nodes announce one prefix to a reflector; a third listens."""
    ranges = [client_range("192.0.2.0/24", add_path=reflector)]
    add_speaker(world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1")
    nodes = {node: add_node(world, node, watcher if node == WATCHER else AddPathMode.OFF) for node in NODES}
    world.wait_for(lambda: len(best(nodes[WATCHER])) == 3)
    world.run(1)
    return nodes


def shared(engine: Engine) -> list[RouteStatus]:
    return [route for route in route_statuses(engine, IPV4_UNICAST) if route.prefix == SHARED]


@pytest.mark.rfc("7911", "2")
@pytest.mark.parametrize(
    ("watcher", "reflector", "expected"),
    [
        (AddPathMode.RECEIVE, AddPathMode.SEND, NODES[:2]),
        (AddPathMode.BOTH, AddPathMode.BOTH, NODES[:2]),
        (AddPathMode.OFF, AddPathMode.BOTH, NODES[:1]),
        (AddPathMode.RECEIVE, AddPathMode.OFF, NODES[:1]),
        (AddPathMode.SEND, AddPathMode.SEND, NODES[:1]),
    ],
)
def test_who_receives_all_paths(watcher: AddPathMode, reflector: AddPathMode, expected: list[str]) -> None:
    world = World()
    nodes = anycast(world, watcher, reflector)
    assert sorted(str(route.next_hop) for route in shared(nodes[WATCHER])) == expected
    identifiers = [route.path_id for route in shared(nodes[WATCHER])]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.rfc("7911", "3")
def test_a_path_goes_and_comes() -> None:
    world = World()
    nodes = anycast(world, AddPathMode.RECEIVE)
    watcher = nodes[WATCHER]
    before = {route.next_hop: route.path_id for route in shared(watcher)}
    nodes[NODES[0]].withdraw(SHARED, world.now)
    world.wait_for(lambda: [route.next_hop for route in shared(watcher)] == [NODES[1]])
    nodes[NODES[0]].originate(SHARED, world.now)
    world.wait_for(lambda: len(shared(watcher)) == 2)
    assert {route.next_hop: route.path_id for route in shared(watcher)} == before


@pytest.mark.rfc("2918", "4")
def test_a_route_refresh_sends_all_paths_again() -> None:
    world = World()
    nodes = anycast(world, AddPathMode.RECEIVE)
    reflector = world.hosts[REFLECTOR].engine
    [toward] = [each for each in reflector.peers.values() if each.key.remote_address == WATCHER]
    before = toward.announced_count
    assert toward.connection is not None
    request = RouteRefresh(IPV4_UNICAST)
    reflector.receive_data(toward.connection, encode_route_refresh(request), world.now)
    world.run(1)
    assert toward.announced_count == before + 4
    assert len(shared(nodes[WATCHER])) == 2


@pytest.mark.rfc("4724", "4.2")
def test_all_paths_outlive_a_restart_of_who_announces_one() -> None:
    world = World()
    nodes = anycast(world, AddPathMode.RECEIVE)
    before = shared(nodes[WATCHER])
    world.kill(NODES[0])
    world.run(10)
    assert shared(nodes[WATCHER]) == before
    add_node(world, NODES[0], is_restarting=True)
    world.wait_for(lambda: len(established(world.hosts[REFLECTOR].engine)) == 3)
    world.run(10)
    assert shared(nodes[WATCHER]) == before
