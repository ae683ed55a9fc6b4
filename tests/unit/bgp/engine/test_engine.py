"""Engines joined in memory: what a speaker and a reflector do, end to end and without I/O."""

from dataclasses import replace
from typing import Any

import pytest

from support.world import (
    LOCAL_AS,
    add_speaker,
    best,
    client_range,
    established,
    identifier,
    mesh,
    own_prefix,
    peer,
    resets,
)
from tortie.bgp.engine import (
    BestPathsChanged,
    Engine,
    NextHopsWanted,
    PeerDown,
    PeerUp,
    SpeakerConfig,
    peer_statuses,
    route_statuses,
)
from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.policy import PrefixFilter, PrefixRule
from tortie.bgp.rib import Rejection, Step
from tortie.bgp.session import AddPathMode
from tortie.bgp.wire import (
    IPV4_UNICAST,
    UnknownAttribute,
    address_from_text,
    communities_from_texts,
    prefix_from_text,
)
from tortie.sim import World

REFLECTOR = "192.0.2.100"
NODES = [f"192.0.2.{index}" for index in (1, 2, 3)]


def reflected(world: World, nodes: list[str] = NODES, **changes: object) -> tuple[Engine, dict[str, Engine]]:
    """One reflector, nodes as its clients by range. `changes` are options of every session."""
    ranges = [client_range("192.0.2.0/24", **changes)]
    reflector = add_speaker(world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1")
    clients = {
        node: add_speaker(world, node, [peer(node, REFLECTOR, **changes)], prefixes=[own_prefix(node)])
        for node in nodes
    }
    return reflector, clients


def test_a_full_mesh_learns_everything_once_both_ends_have_dialled() -> None:
    world = World()
    speakers = mesh(world, NODES)
    world.wait_for(lambda: all(len(best(each)) == 2 for each in speakers.values()))
    for address, engine in speakers.items():
        assert established(engine) == [each for each in NODES if each != address]
        assert {route.next_hop for route in best(engine).values()} == set(NODES) - {address}
    world.run(100)
    assert all(resets(engine) == 0 for engine in speakers.values())


@pytest.mark.rfc("4456", "6")
@pytest.mark.rfc("4456", "8")
def test_clients_learn_all_but_their_own_through_a_reflector() -> None:
    world = World()
    _, clients = reflected(world)
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients.values()))
    for address, engine in clients.items():
        for route in best(engine).values():
            assert route.prefix != own_prefix(address)
            assert route.originator_id == route.next_hop
            assert route.cluster_list == ("1.0.0.1",)
            assert route.peer == REFLECTOR


def test_a_mesh_speaker_does_not_pass_on_what_it_heard_inside() -> None:
    world = World()
    speakers = mesh(world, NODES[:2])
    lone = add_speaker(world, NODES[2], [peer(NODES[2], NODES[0])])
    speakers[NODES[0]].reconfigure([peer(NODES[0], NODES[1]), peer(NODES[0], NODES[2])], (), world.now)
    world.wait_for(lambda: bool(best(lone)))
    world.run(10)
    assert set(best(lone)) == {own_prefix(NODES[0])}


@pytest.mark.rfc("4486", "4")
def test_unknown_addresses_are_told_so_and_counted() -> None:
    world = World()
    reflector = add_speaker(world, REFLECTOR, ranges=[client_range("198.51.100.0/24")])
    node = add_speaker(world, NODES[0], [peer(NODES[0], REFLECTOR)])
    world.run(10)
    assert reflector.refused_count >= 1
    assert not reflector.peers
    [status] = peer_statuses(node, world.now)
    assert status.last_notification_received is not None
    assert "Connection Rejected" in status.last_notification_received


def test_peers_of_a_range_are_never_dialled() -> None:
    """A range implies passive, whatever its options say: when a client goes, nobody dials it."""
    world = World()
    reflector = add_speaker(world, REFLECTOR, ranges=[client_range("192.0.2.0/24", passive=False)])
    add_speaker(world, NODES[0], [peer(NODES[0], REFLECTOR)])
    world.wait_for(lambda: len(established(reflector)) == 1)
    [status] = peer_statuses(reflector, world.now)
    assert status.is_passive
    assert not any("outgoing: IDLE to CONNECT" in str(event["text"]) for event in status.events)


def test_a_dynamic_peer_is_forgotten_when_it_goes() -> None:
    world = World()
    reflector, clients = reflected(world, restart_time_s=0)
    world.wait_for(lambda: len(established(reflector)) == 3)
    world.kill(NODES[0])
    assert len(reflector.peers) == 2
    world.run(1)
    assert set(best(clients[NODES[1]])) == {own_prefix(NODES[2])}


def test_sessions_come_back_after_a_cut() -> None:
    world = World()
    speakers = mesh(world, NODES[:2], restart_time_s=0)
    world.wait_for(lambda: all(best(each) for each in speakers.values()))
    world.cut(NODES[0], NODES[1])
    world.run(1)
    assert not any(best(each) for each in speakers.values())
    world.mend(NODES[0], NODES[1])
    world.wait_for(lambda: all(best(each) for each in speakers.values()))


def test_the_best_path_moves_between_two_clients_and_leaves_nothing_stale() -> None:
    """Both announce one prefix; the better one comes and goes."""
    world = World()
    _, clients = reflected(world)
    one, two, watcher = (clients[node] for node in NODES)
    one.originate("10.99.0.0/16", world.now)
    world.wait_for(lambda: "10.99.0.0/16" in best(watcher))
    two.originate("10.99.0.0/16", world.now)
    world.run(1)
    assert best(watcher)["10.99.0.0/16"].next_hop == NODES[0]
    assert best(two)["10.99.0.0/16"].next_hop == NODES[0] if "10.99.0.0/16" in best(two) else True
    one.withdraw("10.99.0.0/16", world.now)
    world.wait_for(lambda: best(watcher)["10.99.0.0/16"].next_hop == NODES[1])
    world.wait_for(lambda: "10.99.0.0/16" in best(one))
    learned_by_two = [route for route in route_statuses(two, IPV4_UNICAST) if route.prefix == "10.99.0.0/16"]
    assert [route.source for route in learned_by_two] == ["local"]


@pytest.mark.rfc("4456", "8")
def test_a_route_that_comes_back_to_its_cluster_is_kept_and_not_used() -> None:
    world = World()
    reflectors = ["192.0.2.101", "192.0.2.102"]
    for address in reflectors:
        others = [peer(address, other) for other in reflectors if other != address]
        add_speaker(world, address, others, ranges=[client_range("192.0.2.0/28")], cluster_id="1.0.0.1")
    add_speaker(world, NODES[0], [peer(NODES[0], reflectors[0])], prefixes=["10.1.0.0/16"])
    second = world.hosts[reflectors[1]].engine
    world.run(10)
    routes = [route for route in route_statuses(second, IPV4_UNICAST) if route.prefix == "10.1.0.0/16"]
    assert [(route.best, route.reason) for route in routes] == [(False, Rejection.CLUSTER_LOOP)]


def test_a_new_cluster_id_takes_effect_without_a_reset() -> None:
    world = World()
    reflector, clients = reflected(world)
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients.values()))
    config = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(REFLECTOR), cluster_id=identifier("2.0.0.2"))
    reflector.reconfigure((), [client_range("192.0.2.0/24")], world.now, config)
    world.wait_for(
        lambda: {each.cluster_list for engine in clients.values() for each in best(engine).values()} == {("2.0.0.2",)}
    )
    assert all(len(best(each)) == 2 for each in clients.values())
    assert sum(map(resets, clients.values())) == 0


def test_a_peer_becomes_a_client_without_a_reset() -> None:
    world = World()
    reflector = add_speaker(world, REFLECTOR, [peer(REFLECTOR, node, passive=True) for node in NODES])
    clients = {node: add_speaker(world, node, [peer(node, REFLECTOR)], prefixes=[own_prefix(node)]) for node in NODES}
    world.wait_for(lambda: len(established(reflector)) == 3)
    world.run(1)
    assert not any(best(each) for each in clients.values())
    peers = [peer(REFLECTOR, node, passive=True, is_client=True) for node in NODES]
    reflector.reconfigure(peers, (), world.now)
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients.values()))
    reflector.reconfigure([peer(REFLECTOR, node, passive=True) for node in NODES], (), world.now)
    world.wait_for(lambda: not any(best(each) for each in clients.values()))
    assert resets(reflector) == 0


def test_a_new_import_filter_judges_what_is_there_again() -> None:
    world = World()
    speakers = mesh(world, NODES[:2])
    one = speakers[NODES[0]]
    world.wait_for(lambda: bool(best(one)))
    nothing = PrefixFilter((PrefixRule("0.0.0.0/0", accept=False),))
    one.reconfigure([peer(NODES[0], NODES[1], import_filter=nothing)], (), world.now)
    assert not best(one)
    reasons = {route.reason for route in route_statuses(one, IPV4_UNICAST) if route.source != "local"}
    assert reasons == {Rejection.IMPORT_FILTER}
    one.reconfigure([peer(NODES[0], NODES[1])], (), world.now)
    assert set(best(one)) == {own_prefix(NODES[1])}
    assert resets(one) == 0


def test_a_new_export_filter_sends_the_difference() -> None:
    world = World()
    speakers = mesh(world, NODES[:2])
    one, two = (speakers[node] for node in NODES[:2])
    one.originate("10.50.0.0/16", world.now)
    world.wait_for(lambda: len(best(two)) == 2)
    own_only = PrefixFilter((PrefixRule("10.1.0.0/16", accept=True),))
    one.reconfigure([peer(NODES[0], NODES[1], export_filter=own_only)], (), world.now)
    world.wait_for(lambda: set(best(two)) == {"10.1.0.0/16"})
    one.reconfigure([peer(NODES[0], NODES[1])], (), world.now)
    world.wait_for(lambda: len(best(two)) == 2)
    assert resets(one) + resets(two) == 0


@pytest.mark.rfc("4486", "4")
def test_a_peer_that_is_no_longer_named_is_told_so() -> None:
    world = World()
    speakers = mesh(world, NODES[:2])
    one, two = (speakers[node] for node in NODES[:2])
    world.wait_for(lambda: bool(best(one)) and bool(best(two)))
    one.reconfigure((), (), world.now)
    world.run(0.1)
    assert not one.peers
    assert not best(one)
    assert not best(two)
    [status] = peer_statuses(two, world.now)
    assert status.last_notification_received is not None
    assert "Peer De-configured" in status.last_notification_received


def test_another_as_resets_the_session() -> None:
    world = World()
    speakers = mesh(world, NODES[:2])
    one = speakers[NODES[0]]
    world.wait_for(lambda: bool(best(one)))
    one.reconfigure([peer(NODES[0], NODES[1], peer_as=64999)], (), world.now)
    world.run(20)
    assert established(one) == []
    assert resets(one) >= 1


def test_unreachable_next_hops_are_not_used_where_routes_are_written() -> None:
    world = World()
    speakers = mesh(world, NODES[:2])
    node = add_speaker(world, NODES[2], [peer(NODES[2], NODES[0])], resolve_next_hops=True)
    speakers[NODES[0]].reconfigure([peer(NODES[0], NODES[1]), peer(NODES[0], NODES[2])], (), world.now)
    world.wait_for(lambda: bool(established(node)))
    world.run(1)
    assert not best(node)
    next_hop = address_from_text(NODES[0])
    assert wanted_next_hops(world, NODES[2]) == [(next_hop,)]
    node.next_hop_changed(next_hop, world.now, metric=0)
    assert set(best(node)) == {own_prefix(NODES[0])}
    node.next_hop_changed(next_hop, world.now, metric=None)
    assert not best(node)


def wanted_next_hops(world: World, name: str) -> list[tuple[bytes, ...]]:
    return [output.next_hops for _, output in world.hosts[name].log if isinstance(output, NextHopsWanted)]


def test_next_hops_that_nobody_uses_any_more_are_not_wanted() -> None:
    world = World()
    speakers = mesh(world, NODES[:2])
    node = add_speaker(world, NODES[2], [peer(NODES[2], NODES[0], restart_time_s=0)], resolve_next_hops=True)
    speakers[NODES[0]].reconfigure([peer(NODES[0], NODES[1]), peer(NODES[0], NODES[2])], (), world.now)
    world.wait_for(lambda: bool(established(node)))
    world.run(1)
    world.cut(NODES[0], NODES[2])
    world.run(0.1)
    assert wanted_next_hops(world, NODES[2])[-1] == ()


def test_the_log_tells_up_best_paths_and_down_in_order() -> None:
    world = World()
    mesh(world, NODES[:2], restart_time_s=0)
    world.wait_for(lambda: bool(best(world.hosts[NODES[0]].engine)))
    world.cut(*NODES[:2])
    world.run(1)
    log = [type(output) for _, output in world.hosts[NODES[0]].log]
    first_up, first_down = log.index(PeerUp), log.index(PeerDown)
    assert first_up < first_down
    assert BestPathsChanged in log[first_up:first_down]
    assert BestPathsChanged in log[first_down:]


@pytest.mark.rfc("4724", "2")
def test_end_of_rib_comes_after_the_table() -> None:
    world = World()
    reflector, _ = reflected(world)
    world.wait_for(lambda: len(established(reflector)) == 3)
    world.run(1)
    for status in peer_statuses(reflector, world.now):
        assert [family.end_of_rib for family in status.families] == [True]
        assert status.announced == 2


def test_an_external_peer_sees_our_as_and_ourselves_as_next_hop() -> None:
    world = World()
    outside = "198.51.100.1"
    speakers = mesh(world, NODES[:2])
    inside = speakers[NODES[0]]
    inside.reconfigure([peer(NODES[0], NODES[1]), peer(NODES[0], outside, peer_as=65001)], (), world.now)
    far = add_speaker(
        world,
        outside,
        [peer(outside, NODES[0], local_as=65001, peer_as=LOCAL_AS)],
        prefixes=["203.0.113.0/24"],
    )
    world.wait_for(lambda: len(best(far)) == 2)
    assert {(route.next_hop, route.as_path) for route in best(far).values()} == {(NODES[0], str(LOCAL_AS))}
    world.wait_for(lambda: "203.0.113.0/24" in best(speakers[NODES[1]]))
    passed_on = best(speakers[NODES[1]])["203.0.113.0/24"]
    assert (passed_on.as_path, passed_on.next_hop, passed_on.local_pref) == ("65001", outside, 100)


def test_the_same_world_gives_the_same_trace() -> None:
    def trace() -> list[str]:
        world = World()
        reflected(world)
        world.run(30)
        return [f"{when} {output}" for host in world.hosts.values() for when, output in host.log]

    assert [line.split(" at 0x")[0] for line in trace()] == [line.split(" at 0x")[0] for line in trace()]


def test_an_update_that_grows_too_large_when_it_is_reflected_is_held_back() -> None:
    """ORIGINATOR_ID and CLUSTER_LIST add 14 octets; everything else flows on."""
    world = World()
    reflector, clients = reflected(world, extended_messages=False)
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients.values()))
    one = clients[NODES[0]]
    huge = one.table.intern(unknown=(UnknownAttribute(0xC0, 200, bytes(4035)),))
    one.rib.announce(one.local, IPV4_UNICAST, huge, (prefix_from_text("10.99.0.0/16")[1],))
    one.originate("10.98.0.0/16", world.now)
    world.wait_for(lambda: "10.98.0.0/16" in best(clients[NODES[1]]))
    assert "10.99.0.0/16" in {route.prefix for route in route_statuses(reflector, IPV4_UNICAST)}
    assert "10.99.0.0/16" not in best(clients[NODES[1]])
    assert sum(group.unsendable_count for group in reflector.rib.groups.values()) == 1


def test_two_sessions_with_one_router_are_told_apart() -> None:
    """A reflector with two addresses, a client that dials both: equal in all that the RFCs compare."""
    world = World()
    second_address = "192.0.2.200"
    reflector = add_speaker(world, REFLECTOR, ranges=[client_range("192.0.2.0/27")])
    world.add_address(REFLECTOR, second_address)
    peers = [peer(NODES[0], REFLECTOR), peer(NODES[0], second_address)]
    add_speaker(world, NODES[0], peers, prefixes=["10.1.0.0/16"])
    world.wait_for(lambda: len(established(reflector)) == 2)
    world.run(5)
    routes = list(route_statuses(reflector, IPV4_UNICAST))
    assert [(route.best, route.reason) for route in routes] == [(True, None), (False, Step.SESSION.value)]


def test_a_peer_of_a_range_that_is_named_stays_up_under_its_name() -> None:
    world = World()
    reflector, clients = reflected(world)
    world.wait_for(lambda: all(len(best(each)) == 2 for each in clients.values()))
    ranges = [client_range("192.0.2.0/24")]
    reflector.reconfigure([peer(REFLECTOR, NODES[0], passive=True, description="named")], ranges, world.now)
    world.run(60)
    assert sorted(established(reflector)) == sorted(NODES)
    assert resets(reflector) == 0
    [named] = [status for status in peer_statuses(reflector, world.now) if not status.is_dynamic]
    assert (named.remote_address, named.is_client, named.description) == (NODES[0], False, "named")
    assert named.counters["collision_count"] == 0


@pytest.mark.parametrize("first", ["", NODES[0]], ids=["given a source", "source left to the system"])
def test_a_session_that_speaks_from_the_wanted_address_already_stays_up(first: str) -> None:
    world = World()
    second = NODES[0] if first == "" else ""
    node = add_speaker(world, NODES[0], [peer(first, NODES[1])])
    add_speaker(world, NODES[1], [peer(NODES[1], NODES[0])], prefixes=["10.2.0.0/16"])
    world.wait_for(lambda: len(best(node)) == 1)
    node.reconfigure([peer(second, NODES[1])], (), world.now)
    world.run(60)
    assert [key.local_address for key in node.peers] == [second]
    assert (established(node), resets(node), node.session_end_count) == ([NODES[1]], 0, 0)


@pytest.mark.parametrize(
    "changed", [{"local_address": "192.0.2.77"}, {"remote_port": 1790}], ids=["another source", "another port"]
)
def test_another_end_is_another_session(changed: dict[str, Any]) -> None:
    world = World()
    node = add_speaker(world, NODES[0], [peer(NODES[0], NODES[1])])
    add_speaker(world, NODES[1], ranges=[client_range("192.0.2.0/24")])
    world.wait_for(lambda: established(node) == [NODES[1]])
    world.add_address(NODES[0], "192.0.2.77")
    node.reconfigure([replace(peer(NODES[0], NODES[1]), **changed)], (), world.now)
    world.run(60)
    assert (established(node), node.session_end_count) == ([NODES[1]], 1)


def test_the_counter_of_ends_outlives_the_peer() -> None:
    world = World()
    reflector, clients = reflected(world)
    world.wait_for(lambda: len(established(reflector)) == len(NODES))
    clients[NODES[0]].reconfigure((), (), world.now)
    world.run(1)
    assert clients[NODES[0]].session_end_count == 1
    assert reflector.session_end_count == 1


def test_a_peer_that_is_passive_no_more_is_dialled_at_once() -> None:
    world = World()
    lone = add_speaker(world, NODES[0], [peer(NODES[0], NODES[1], passive=True)])
    add_speaker(world, NODES[1], [peer(NODES[1], NODES[0], passive=True)])
    world.run(1)
    assert established(lone) == []
    lone.reconfigure([peer(NODES[0], NODES[1])], (), world.now)
    world.run(0.5)
    assert established(lone) == [NODES[1]]


@pytest.mark.rfc("4271", "5.1.3")
def test_a_new_own_address_is_not_taken_as_next_hop_and_an_old_one_is_again() -> None:
    world = World()
    speakers = mesh(world, NODES[:2])
    one, two = (speakers[node] for node in NODES[:2])
    two.originate("10.70.0.0/16", world.now, next_hop="203.0.113.7")
    world.wait_for(lambda: "10.70.0.0/16" in best(one))
    own = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(NODES[0]), next_hops=((IPV4_UNICAST, "203.0.113.7"),))
    one.reconfigure([peer(NODES[0], NODES[1])], (), world.now, own)
    assert "10.70.0.0/16" not in best(one)
    former = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(NODES[0]))
    one.reconfigure([peer(NODES[0], NODES[1])], (), world.now, former)
    assert "10.70.0.0/16" in best(one)


def test_a_new_cluster_id_takes_effect_for_add_path_clients_as_well() -> None:
    world = World()
    ranges = [client_range("192.0.2.0/24", add_path=AddPathMode.SEND)]
    reflector = add_speaker(world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1")
    clients = [
        add_speaker(world, node, [peer(node, REFLECTOR, add_path=AddPathMode.RECEIVE)], prefixes=["10.50.0.0/16"])
        for node in NODES
    ]
    world.wait_for(lambda: len(established(reflector)) == 3)
    world.run(1)
    config = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(REFLECTOR), cluster_id=identifier("2.0.0.2"))
    reflector.reconfigure((), ranges, world.now, config)
    world.run(1)
    for engine in clients:
        learned = [route for route in route_statuses(engine, IPV4_UNICAST) if route.source == "internal"]
        assert len(learned) == 2
        assert {route.cluster_list for route in learned} == {("2.0.0.2",)}


@pytest.mark.rfc("8203", "2")
@pytest.mark.rfc("9003", "2")
@pytest.mark.parametrize(("restart_time_s", "lead"), [(0, ""), (120, "Cease / Hard Reset: ")])
def test_who_shuts_down_says_why(restart_time_s: int, lead: str) -> None:
    world = World()
    reflector, clients = reflected(world, restart_time_s=restart_time_s)
    world.wait_for(lambda: len(established(reflector)) == 3)
    reflector.shutdown(world.now, message="é" * 127)
    world.run(1)
    for client in clients.values():
        [status] = peer_statuses(client, world.now)
        assert status.last_notification_received == f'{lead}Cease / Administrative Shutdown: "{"é" * 127}"'
        assert status.last_error == f"the peer says: {status.last_notification_received}"


@pytest.mark.rfc("9003", "2")
def test_words_that_are_too_long_shut_nothing_down() -> None:
    world = World()
    reflector, _ = reflected(world)
    world.wait_for(lambda: len(established(reflector)) == 3)
    with pytest.raises(LocalProtocolError, match="256 octets of UTF-8, at most 255"):
        reflector.shutdown(world.now, message="é" * 128)
    assert len(established(reflector)) == 3


@pytest.mark.rfc("9003", "2")
def test_words_reach_who_has_no_graceful_restart_even_at_a_restart() -> None:
    world = World()
    reflector, clients = reflected(world, restart_time_s=0)
    world.wait_for(lambda: len(established(reflector)) == 3)
    reflector.shutdown(world.now, for_restart=True, message="soon back")
    world.run(1)
    for client in clients.values():
        [status] = peer_statuses(client, world.now)
        assert status.last_notification_received == 'Cease / Administrative Shutdown: "soon back"'


@pytest.mark.rfc("1997", "Operation")
@pytest.mark.rfc("4360", "6")
@pytest.mark.rfc("8092", "3")
def test_what_is_originated_with_communities_arrives_with_them() -> None:
    """By way of a reflector, and at the border to another AS without what must not cross it."""
    world = World()
    texts = ["64512:2", "64512:1", "rt:64512:9", "0x4002fc0000000009", "70000:1:2"]
    inside = add_speaker(world, NODES[0], [peer(NODES[0], REFLECTOR)])
    ranges = [client_range("192.0.2.1/32"), client_range("192.0.2.3/32")]
    add_speaker(world, REFLECTOR, [peer(REFLECTOR, NODES[1], peer_as=65001)], ranges=ranges)
    other = add_speaker(world, NODES[2], [peer(NODES[2], REFLECTOR)])
    outside = add_speaker(world, NODES[1], [peer(NODES[1], REFLECTOR, local_as=65001)], local_as=65001)
    inside.originate("10.1.0.0/16", world.now, communities=communities_from_texts(texts))
    world.wait_for(lambda: bool(best(other)) and bool(best(outside)))
    for engine, extended in ((other, tuple(texts[2:4])), (outside, (texts[2],))):
        route = best(engine)["10.1.0.0/16"]
        assert (route.communities, route.extended_communities, route.large_communities) == (
            ("64512:2", "64512:1"),
            extended,
            ("70000:1:2",),
        )
    inside.originate("10.1.0.0/16", world.now, communities=communities_from_texts(["64512:3"]))
    world.wait_for(lambda: best(outside)["10.1.0.0/16"].communities == ("64512:3",))
    assert best(outside)["10.1.0.0/16"].large_communities == ()
