"""What a BMP collector is told, read by a decoder of the tests' own."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from support.bmp import (
    INITIATION,
    LOC_RIB,
    PEER_DOWN,
    PEER_UP,
    ROUTE_MONITORING,
    STATISTICS,
    TERMINATION,
    BMPMessage,
    messages,
)
from support.world import add_speaker, client_range, identifier, own_prefix, peer
from tortie.bgp.engine import AddPathMode, Engine, Observer
from tortie.bgp.watch import BMPFeed
from tortie.bgp.watch.bmp_feed import CHUNK_BYTES
from tortie.bgp.watch.heard import STEP_PREFIXES_MAX
from tortie.bgp.wire import (
    HEADER_LENGTH,
    IPV4_UNICAST,
    IPV6_UNICAST,
    AttributeTable,
    DecodeContext,
    Family,
    decode_open,
    decode_update,
    prefix_to_text,
    split_path_id,
)
from tortie.sim import World

REFLECTOR = "192.0.2.100"
NODES = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
NOON = 1_700_000_000.25
PORTS = (179, 34567)


@dataclass
class Collector:
    """It believes what it is told: for each peer that is up, the prefixes that stand, and whose End-of-RIB came."""

    add_path: frozenset[Family] = frozenset()
    messages: list[BMPMessage] = field(default_factory=list)
    routes: dict[str, dict[str, str]] = field(default_factory=dict)
    ended: dict[str, list[Family]] = field(default_factory=dict)

    def take(self, feed: BMPFeed) -> "Collector":
        taken: list[bytes] = []
        while chunk := feed.next_chunk():
            taken.append(chunk)
        for message in messages(b"".join(taken)):
            self.messages.append(message)
            self.believe(message)
        return self

    def believe(self, message: BMPMessage) -> None:
        address = "" if message.peer is None else message.peer.address
        if message.kind == INITIATION:
            self.routes.clear()
            self.ended.clear()
        elif message.kind == PEER_UP:
            assert address not in self.routes
            self.routes[address], self.ended[address] = {}, []
        elif message.kind == PEER_DOWN:
            del self.routes[address], self.ended[address]
        elif message.kind == ROUTE_MONITORING:
            self.believe_update(address, message.update)

    def believe_update(self, address: str, message: bytes) -> None:
        routes = self.routes[address]
        context = DecodeContext(True, True, frozenset((IPV4_UNICAST, IPV6_UNICAST)), self.add_path)
        update = decode_update(message[HEADER_LENGTH:], context, AttributeTable())
        assert update.problems == ()
        for family, keys in update.withdrawn:
            for key in keys:
                routes.pop(self.text(key, family), None)
        for family, attributes, keys in update.announced:
            routes.update(dict.fromkeys((self.text(key, family) for key in keys), attributes.as_path_text()))
        if update.end_of_rib is not None:
            self.ended[address].append(update.end_of_rib)

    def text(self, key: bytes, family: Family) -> str:
        if family not in self.add_path:
            return prefix_to_text(key, family)
        path_id, nlri = split_path_id(key)
        return f"{prefix_to_text(nlri, family)} {path_id}"

    def kinds(self) -> list[int]:
        return [message.kind for message in self.messages]


def watched(
    world: World,
    *,
    nodes: Iterable[str] = NODES,
    queue_bytes_max: int = 1 << 24,
    has_loc_rib: bool = False,
    **changes: object,
) -> tuple[BMPFeed, Engine, dict[str, Engine]]:
    """A reflector that a feed watches, and its clients, which are not up yet."""
    feed = BMPFeed(
        lambda: NOON + world.now, "reflector", "tortie test", queue_bytes_max=queue_bytes_max, has_loc_rib=has_loc_rib
    )
    observer = Observer(propagated=None, session_event=lambda _key, _text: None, watchers=(feed,))
    ranges = [client_range("192.0.2.0/24", **changes)]
    reflector = add_speaker(world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1", observer=observer)
    feed.attach(reflector, lambda _connection: PORTS, lambda: None)
    clients = {
        node: add_speaker(world, node, [peer(node, REFLECTOR, **changes)], prefixes=[own_prefix(node)])
        for node in nodes
    }
    return feed, reflector, clients


def wait_up(world: World, reflector: Engine, count: int = len(NODES)) -> None:
    world.wait_for(lambda: sum(each.source is not None for each in reflector.peers.values()) == count)
    world.run(2)


def held(reflector: Engine, address: str, family: Family = IPV4_UNICAST) -> set[str]:
    """What is in the Adj-RIB-In of a peer."""
    (source,) = [each.source for each in reflector.peers.values() if each.key.remote_address == address]
    assert source is not None
    return {prefix_to_text(nlri, family) for nlri, _ in reflector.rib.adj_rib_ins[source, family].by_prefix()}


@pytest.mark.rfc("7854", "4.3")
@pytest.mark.rfc("7854", "4.4")
@pytest.mark.rfc("7854", "4.10")
@pytest.mark.rfc("7854", "4.2")
def test_a_collector_that_is_there_first_hears_everything_in_order() -> None:
    world = World()
    feed, reflector, _ = watched(world)
    feed.start()
    wait_up(world, reflector)
    collector = Collector().take(feed)
    first = collector.messages[0]
    assert (first.kind, first.tlvs) == (INITIATION, {1: [b"tortie test"], 2: [b"reflector"]})
    ups = [message for message in collector.messages if message.kind == PEER_UP]
    assert sorted(up.peer.address for up in ups if up.peer) == NODES
    for up in ups:
        assert up.peer is not None
        assert (up.peer.asn, up.peer.router_id, up.peer.flags) == (64512, up.peer.address, 0)
        assert NOON < up.peer.when < NOON + 10
        assert (up.local_address, up.ports) == (REFLECTOR, PORTS)
        ours, theirs = (decode_open(each[HEADER_LENGTH:]) for each in up.opens)
        assert (ours.router_id, theirs.router_id) == (identifier(REFLECTOR), identifier(up.peer.address))
    assert {address: set(routes) for address, routes in collector.routes.items()} == {
        node: {own_prefix(node)} for node in NODES
    }
    assert collector.ended == {node: [IPV4_UNICAST] for node in NODES}


@pytest.mark.rfc("7854", "5")
def test_a_collector_that_comes_later_hears_the_state_then_what_happens() -> None:
    world = World()
    feed, reflector, clients = watched(world)
    wait_up(world, reflector)
    assert feed.next_chunk() == b"", "nothing is kept for a collector that is not there"
    feed.start()
    clients[NODES[0]].originate("10.99.0.0/16", world.now)
    world.run(1)
    collector = Collector().take(feed)
    assert set(collector.routes[NODES[0]]) == {own_prefix(NODES[0]), "10.99.0.0/16"} == held(reflector, NODES[0])
    assert collector.ended == {node: [IPV4_UNICAST] for node in NODES}
    clients[NODES[0]].withdraw("10.99.0.0/16", world.now)
    world.run(1)
    collector.take(feed)
    assert set(collector.routes[NODES[0]]) == {own_prefix(NODES[0])}


def test_a_large_table_is_told_in_steps_while_it_changes() -> None:
    world = World()
    feed, reflector, clients = watched(world, nodes=NODES[:1])
    wait_up(world, reflector, 1)
    client = clients[NODES[0]]
    prefixes = [f"10.{index >> 8}.{index & 255}.0/24" for index in range(3 * STEP_PREFIXES_MAX)]
    for prefix in prefixes:
        client.originate(prefix, world.now)
    world.run(1)
    feed.start()
    collector = Collector()
    taken = [feed.next_chunk()]
    assert len(taken[0]) <= 2 * CHUNK_BYTES
    for prefix in prefixes[::3]:
        client.withdraw(prefix, world.now)
    client.originate("172.16.0.0/12", world.now)
    world.run(1)
    while chunk := feed.next_chunk():
        taken.append(chunk)
    for message in messages(b"".join(taken)):
        collector.believe(message)
    assert set(collector.routes[NODES[0]]) == held(reflector, NODES[0])
    assert "172.16.0.0/12" in collector.routes[NODES[0]]
    assert len(collector.routes[NODES[0]]) == 2 * STEP_PREFIXES_MAX + 2


def test_path_identifiers_are_passed_on() -> None:
    world = World()
    feed, reflector, clients = watched(world, nodes=NODES[:1], add_path=AddPathMode.BOTH)
    wait_up(world, reflector, 1)
    feed.start()
    clients[NODES[0]].originate("10.99.0.0/16", world.now)
    world.run(1)
    collector = Collector(add_path=frozenset((IPV4_UNICAST,))).take(feed)
    assert {text.split()[0] for text in collector.routes[NODES[0]]} == held(reflector, NODES[0])


def test_both_families_end_with_their_end_of_rib() -> None:
    world = World()
    feed, reflector, _ = watched(world, nodes=NODES[:1], families=(IPV4_UNICAST, IPV6_UNICAST))
    wait_up(world, reflector, 1)
    feed.start()
    assert Collector().take(feed).ended == {NODES[0]: [IPV4_UNICAST, IPV6_UNICAST]}


@pytest.mark.rfc("7854", "4.9")
@pytest.mark.parametrize(
    ("reason", "starts_with"),
    [
        (1, "notification"),  # ours
        (3, "notification"),  # the peer's
        (4, "nothing"),  # the connection is lost
    ],
)
def test_peer_down_says_who_ended_it(reason: int, starts_with: str) -> None:
    world = World()
    feed, reflector, clients = watched(world, nodes=NODES[:1], restart_time_s=0)
    feed.start()
    wait_up(world, reflector, 1)
    match reason:
        case 1:
            reflector.reconfigure((), (), world.now)
        case 3:
            clients[NODES[0]].reconfigure((), (), world.now)
        case _:
            world.cut(REFLECTOR, NODES[0])
    world.run(1)
    collector = Collector().take(feed)
    down = collector.messages[-1]
    assert (down.kind, down.reason) == (PEER_DOWN, reason)
    expected = b"\xff" * 16 if starts_with == "notification" else b""
    assert down.data[:16] == expected
    assert collector.routes == {}


@pytest.mark.rfc("7854", "4.9")
def test_a_session_that_we_leave_without_a_word_has_no_event_to_name() -> None:
    world = World()
    feed, reflector, _ = watched(world, nodes=NODES[:1])
    feed.start()
    wait_up(world, reflector, 1)
    reflector.shutdown(world.now, for_restart=True)
    down = Collector().take(feed).messages[-1]
    assert (down.kind, down.reason, down.data) == (PEER_DOWN, 2, b"\0\0")


@pytest.mark.rfc("7854", "4.8")
def test_statistics_count_what_a_peer_has_announced() -> None:
    world = World()
    feed, reflector, clients = watched(world, nodes=NODES[:1])
    clients[NODES[0]].originate("10.99.0.0/16", world.now)
    wait_up(world, reflector, 1)
    feed.start()
    feed.put_statistics()
    (report,) = [message for message in Collector().take(feed).messages if message.kind == STATISTICS]
    assert report.tlvs == {7: [(2).to_bytes(8)], 9: [b"\0\1\1" + (2).to_bytes(8)], 11: [bytes(4)]}


@pytest.mark.rfc("7854", "4.5")
def test_the_last_message_says_that_we_leave() -> None:
    (goodbye,) = messages(BMPFeed.goodbye())
    assert (goodbye.kind, goodbye.tlvs) == (TERMINATION, {1: [b"\0\0"]})


def test_a_queue_that_is_full_is_given_up_and_the_next_collector_hears_all_again() -> None:
    world = World()
    feed, reflector, clients = watched(world, nodes=NODES[:1], queue_bytes_max=1000)
    feed.start()
    wait_up(world, reflector, 1)
    assert not feed.is_overrun
    for index in range(100):
        clients[NODES[0]].originate(f"10.99.{index}.0/24", world.now)
        world.run(0.1)
    assert feed.is_overrun
    assert (feed.next_chunk(), feed.is_on) == (b"", False)
    feed.start()
    collector = Collector().take(feed)
    assert not feed.is_overrun
    assert set(collector.routes[NODES[0]]) == held(reflector, NODES[0])
    assert len(collector.routes[NODES[0]]) == 101


def test_stale_paths_are_not_said_again() -> None:
    world = World()
    feed, reflector, _ = watched(world, nodes=NODES[:1])
    wait_up(world, reflector, 1)
    world.kill(NODES[0])
    world.run(1)
    feed.start()
    assert Collector().take(feed).kinds() == [INITIATION]
    add_speaker(world, NODES[0], [peer(NODES[0], REFLECTOR)], is_restarting=True)
    world.wait_for(lambda: any(each.stale and each.stale.is_back for each in reflector.peers.values()))
    feed.start()
    collector = Collector().take(feed)
    assert collector.routes == {NODES[0]: {}}


# ---------------------------------------------------------------- Loc-RIB

LOC_RIB_ADDRESS = "0.0.0.0"


@pytest.mark.rfc("9069", "4.1")
@pytest.mark.rfc("9069", "5.2")
@pytest.mark.rfc("9069", "5.4")
@pytest.mark.parametrize("is_early", [True, False])
def test_what_we_have_chosen_is_told_as_a_peer_of_its_own(is_early: bool) -> None:
    world = World()
    feed, reflector, clients = watched(world, has_loc_rib=True, families=(IPV4_UNICAST, IPV6_UNICAST))
    collector = Collector()
    if is_early:
        feed.start()
        collector.take(feed)
    for node in NODES:
        clients[node].originate("172.16.0.0/12", world.now)
    reflector.originate("10.0.0.0/8", world.now)
    reflector.originate("2001:db8::/32", world.now)
    wait_up(world, reflector)
    if not is_early:
        feed.start()
    collector.take(feed)
    everything = {*map(own_prefix, NODES), "172.16.0.0/12", "10.0.0.0/8", "2001:db8::/32"}
    assert set(collector.routes[LOC_RIB_ADDRESS]) == everything
    assert collector.ended[LOC_RIB_ADDRESS] == [IPV4_UNICAST, IPV6_UNICAST]
    (up,) = [each for each in collector.messages if each.kind == PEER_UP and each.peer and each.peer.kind == LOC_RIB]
    assert up.peer is not None
    assert (up.peer.router_id, up.peer.asn, up.peer.flags) == (REFLECTOR, 64512, 0)
    assert (up.ports, up.tlvs) == ((0, 0), {3: [b"global"]})
    assert up.opens[0] == up.opens[1]
    clients[NODES[0]].withdraw("172.16.0.0/12", world.now)
    reflector.withdraw("10.0.0.0/8", world.now)
    reflector.withdraw("2001:db8::/32", world.now)
    world.run(1)
    assert set(collector.take(feed).routes[LOC_RIB_ADDRESS]) == everything - {"10.0.0.0/8", "2001:db8::/32"}


def test_what_we_have_chosen_is_told_only_if_it_is_asked_for() -> None:
    world = World()
    feed, reflector, _ = watched(world)
    feed.start()
    wait_up(world, reflector)
    assert LOC_RIB_ADDRESS not in Collector().take(feed).routes
