"""What we tell a BMP collector, read by tshark: every message is understood, and says what it should."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.tshark import dissected, values
from support.world import add_speaker, client_range, own_prefix, peer
from tortie.bgp.engine import AddPathMode, Observer
from tortie.bgp.watch import BMPFeed
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.sim import World

REFLECTOR, NODE, OTHER = "192.0.2.100", "192.0.2.1", "192.0.2.2"
PORT = 11019
ROUTE_MONITORING, STATISTICS, PEER_DOWN, PEER_UP, INITIATION, TERMINATION = "012345"
REMOTE_NOTIFICATION = "3"
GLOBAL_INSTANCE, LOC_RIB = "0", "3"


def told(add_path: AddPathMode, *, has_loc_rib: bool = False) -> bytes:
    """The whole life of a connection: two peers, two families, a table, changes, an end by NOTIFICATION."""
    world = World()
    feed = BMPFeed(lambda: 1_700_000_000.5 + world.now, "reflector", "tortie test", has_loc_rib=has_loc_rib)
    observer = Observer(propagated=None, session_event=lambda _key, _text: None, watchers=(feed,))
    options = {"families": (IPV4_UNICAST, IPV6_UNICAST), "add_path": add_path}
    ranges = [client_range("192.0.2.0/24", **options)]
    reflector = add_speaker(world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1", observer=observer)
    feed.attach(reflector, lambda _connection: (179, 45678), lambda: None)
    clients = {}
    for node in (NODE, OTHER):
        prefixes = [own_prefix(node), f"2001:db8:{node[-1]}::/48"]
        next_hops = ((IPV6_UNICAST, f"2001:db8::{node[-1]}"),)
        sessions = [peer(node, REFLECTOR, **options)]
        clients[node] = add_speaker(world, node, sessions, prefixes=prefixes, next_hops=next_hops)
    world.wait_for(lambda: len(list(reflector.best_paths(IPV6_UNICAST))) == 2)
    world.run(2)
    feed.start()
    stream = drained(feed)
    clients[NODE].originate("10.99.0.0/16", world.now)
    world.run(1)
    clients[NODE].withdraw("10.99.0.0/16", world.now)
    world.run(1)
    feed.put_statistics()
    clients[OTHER].reconfigure((), (), world.now)
    world.run(1)
    return stream + drained(feed) + feed.goodbye()


def drained(feed: BMPFeed) -> bytes:
    chunks = []
    while chunk := feed.next_chunk():
        chunks.append(chunk)
    return b"".join(chunks)


@pytest.mark.all
@pytest.mark.rfc("7854", "4")
@pytest.mark.parametrize("add_path", [AddPathMode.OFF, AddPathMode.BOTH])
def test_tshark_understands_every_message(tmp_path: Path, add_path: AddPathMode) -> None:
    packets = dissected(told(add_path), PORT, "bmp", tmp_path / "bmp.pcap")
    assert complaints(packets) == []
    kinds = Counter(values(packets, "bmp.type"))
    assert kinds.keys() == set("012345")
    assert (kinds[INITIATION], kinds[PEER_UP], kinds[PEER_DOWN], kinds[TERMINATION]) == (1, 2, 1, 1)
    assert values(packets, "bmp.init.info") == ["tortie test", "reflector"]
    assert set(values(packets, "bmp.peer.ip.addr")) == {NODE, OTHER}
    assert set(values(packets, "bmp.peer.id")) == {NODE, OTHER}
    assert set(values(packets, "bmp.peer.asn")) == {"64512"}
    assert values(packets, "bmp.peer.up.ip.addr") == [REFLECTOR] * 2
    assert (
        values(packets, "bmp.peer.up.port.local") + values(packets, "bmp.peer.up.port.remote")
        == ["179"] * 2 + ["45678"] * 2
    )
    assert values(packets, "bmp.peer.down.reason") == [REMOTE_NOTIFICATION]
    assert values(packets, "bmp.stats.data.routes_adj_rib_in") == ["2"] * 2
    assert {"10.1.0.0", "10.2.0.0", "10.99.0.0"} <= set(values(packets, "bgp.nlri_prefix"))
    assert values(packets, "bgp.withdrawn_prefix") == ["10.99.0.0"]


@pytest.mark.all
@pytest.mark.rfc("9069", "4.1")
def test_tshark_knows_our_own_choices_for_what_they_are(tmp_path: Path) -> None:
    """The tshark of Debian 12 takes the table's name in Peer Up for BGP and complains; it is not asked about that."""
    packets = dissected(told(AddPathMode.OFF, has_loc_rib=True), PORT, "bmp", tmp_path / "bmp.pcap")
    kinds = Counter(values(packets, "bmp.peer.type"))
    assert kinds.keys() == {GLOBAL_INSTANCE, LOC_RIB}
    assert kinds[GLOBAL_INSTANCE] > kinds[LOC_RIB] > 0


@pytest.mark.all
def test_tshark_sees_a_mistake(tmp_path: Path) -> None:
    prefix = bytes((16, 10, 99))
    wrong = told(AddPathMode.OFF).replace(prefix, bytes((160, 10, 99)))
    assert complaints(dissected(wrong, PORT, "bmp", tmp_path / "bmp.pcap")) != []


def complaints(packets: list[dict[str, Any]]) -> list[str]:
    return values(packets, "_ws.malformed") + values(packets, "_ws.expert.message")
