"""MRT records, read by mrtparse: what came in one by one, and tables."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from support.mrt import attributes_of, code, parsed, prefixes_of
from support.world import add_speaker, client_range, identifier, own_prefix, peer
from tortie.bgp.engine import AddPathMode, Engine, Observer
from tortie.bgp.watch import MRTFeed, table_records
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.sim import World

REFLECTOR = "192.0.2.100"
NODE, OTHER = "192.0.2.1", "192.0.2.2"
NOON = 1_700_000_000.25
OPEN, UPDATE, NOTIFICATION = 1, 2, 3
MESSAGE_AS4, STATE_CHANGE_AS4, MESSAGE_AS4_LOCAL, MESSAGE_AS4_ADDPATH = 4, 5, 7, 9
PEER_INDEX_TABLE, RIB_IPV4, RIB_IPV6, RIB_IPV4_ADDPATH, RIB_IPV6_ADDPATH = 1, 2, 4, 8, 10
NEXT_HOP, MP_REACH = 3, 14


def watched(world: World, written: list[bytes], **changes: object) -> Engine:
    feed = MRTFeed(lambda: NOON + world.now, written.append)
    observer = Observer(propagated=None, session_event=lambda _key, _text: None, watchers=(feed,))
    ranges = [client_range("192.0.2.0/24", **changes)]
    return add_speaker(world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1", observer=observer)


def records_of(written: list[bytes], tmp_path: Path) -> list[dict[str, Any]]:
    file = tmp_path / "records.mrt"
    file.write_bytes(b"".join(written))
    return parsed(file)


def subtypes(records: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [
        (code(each["subtype"]), code(each["bgp_message"]["type"]) if "bgp_message" in each else 0) for each in records
    ]


@pytest.mark.rfc("6396", "4.4.1")
@pytest.mark.rfc("6396", "4.4.3")
@pytest.mark.rfc("6396", "3")
def test_a_session_is_written_from_its_opens_to_its_end(tmp_path: Path) -> None:
    world, written = World(), list[bytes]()
    reflector = watched(world, written)
    client = add_speaker(world, NODE, [peer(NODE, REFLECTOR, restart_time_s=0)], prefixes=[own_prefix(NODE)])
    world.wait_for(lambda: len(list(reflector.best_paths(IPV4_UNICAST))) == 1)
    client.withdraw(own_prefix(NODE), world.now)
    world.run(1)
    client.reconfigure((), (), world.now)
    world.run(1)
    records = records_of(written, tmp_path)
    announced, *_, withdrawn, last, down = records[3:]
    assert subtypes(records[:3]) == [(MESSAGE_AS4_LOCAL, OPEN), (MESSAGE_AS4, OPEN), (STATE_CHANGE_AS4, 0)]
    for record in records:
        assert code(record["type"]) == 17
        assert (record["peer_as"], record["local_as"]) == ("64512", "64512")
        assert (record["peer_ip"], record["local_ip"]) == (NODE, REFLECTOR)
    opens = [records[0]["bgp_message"]["bgp_id"], records[1]["bgp_message"]["bgp_id"]]
    assert opens == [REFLECTOR, NODE]
    assert (code(records[2]["old_state"]), code(records[2]["new_state"])) == (5, 6)
    assert prefixes_of(announced["bgp_message"]["nlri"]) == [own_prefix(NODE)]
    assert attributes_of(announced["bgp_message"]["path_attributes"])[NEXT_HOP] == NODE
    assert code(announced["timestamp"]) == int(NOON)
    assert announced["microsecond_timestamp"] > 250_000
    assert prefixes_of(withdrawn["bgp_message"]["withdrawn_routes"]) == [own_prefix(NODE)]
    assert code(last["subtype"]) == MESSAGE_AS4, "the peer's NOTIFICATION"
    assert code(last["bgp_message"]["type"]) == NOTIFICATION
    assert (code(down["old_state"]), code(down["new_state"])) == (6, 1)


def test_our_own_notification_is_said_to_be_ours(tmp_path: Path) -> None:
    world, written = World(), list[bytes]()
    reflector = watched(world, written)
    add_speaker(world, NODE, [peer(NODE, REFLECTOR)])
    world.wait_for(lambda: any(each.source for each in reflector.peers.values()))
    reflector.shutdown(world.now)
    assert subtypes(records_of(written, tmp_path))[-2:] == [(MESSAGE_AS4_LOCAL, NOTIFICATION), (STATE_CHANGE_AS4, 0)]


@pytest.mark.rfc("8050", "3")
def test_path_identifiers_have_a_subtype_of_their_own(tmp_path: Path) -> None:
    world, written = World(), list[bytes]()
    reflector = watched(world, written, add_path=AddPathMode.BOTH)
    client = add_speaker(world, NODE, [peer(NODE, REFLECTOR, add_path=AddPathMode.BOTH)], prefixes=[own_prefix(NODE)])
    world.wait_for(lambda: len(list(reflector.best_paths(IPV4_UNICAST))) == 1)
    client.withdraw(own_prefix(NODE), world.now)
    world.run(1)
    updates = [each for each in records_of(written, tmp_path) if code(each["subtype"]) == MESSAGE_AS4_ADDPATH]
    (announced,), (withdrawn,) = updates[0]["bgp_message"]["nlri"], updates[-1]["bgp_message"]["withdrawn_routes"]
    assert prefixes_of([announced, withdrawn]) == [own_prefix(NODE)] * 2
    assert announced["path_id"] == withdrawn["path_id"] > 0


# ---------------------------------------------------------------- tables


def table_of(engine: Engine, tmp_path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """The addresses of the index, and the other records."""
    index, *records = records_of(list(table_records(engine, NOON)), tmp_path)
    assert (code(index["type"]), code(index["subtype"])) == (13, PEER_INDEX_TABLE)
    assert index["collector_bgp_id"] == REFLECTOR
    assert index["peer_count"] == len(index["peer_entries"])
    assert [each["sequence_number"] for each in records] == list(range(len(records)))
    return [entry["peer_ip"] for entry in index["peer_entries"]], records


def rows(peers: list[str], records: list[dict[str, Any]]) -> set[tuple[int, str, str, str]]:
    """(subtype, prefix, peer, next hop) of every entry."""
    found = set()
    for record in records:
        for entry in record["rib_entries"]:
            attributes = attributes_of(entry["path_attributes"])
            next_hop = attributes[NEXT_HOP] if NEXT_HOP in attributes else attributes[MP_REACH]["next_hop"][0]
            prefix = f"{record['prefix']}/{record['length']}"
            found.add((code(record["subtype"]), prefix, peers[entry["peer_index"]], next_hop))
    return found


@pytest.mark.rfc("6396", "4.3.1")
@pytest.mark.rfc("6396", "4.3.2")
@pytest.mark.rfc("6396", "4.3.4")
def test_a_table_has_every_path_of_every_peer_and_our_own(tmp_path: Path) -> None:
    world = World()
    families = {"families": (IPV4_UNICAST, IPV6_UNICAST)}
    reflector = watched(world, [], **families)
    for node in (NODE, OTHER):
        next_hops = ((IPV6_UNICAST, f"2001:db8::{node[-1]}"),)
        prefixes = [own_prefix(node), "172.16.0.0/12", f"2001:db8:{node[-1]}::/48"]
        add_speaker(world, node, [peer(node, REFLECTOR, **families)], prefixes=prefixes, next_hops=next_hops)
    reflector.originate("10.0.0.0/8", world.now)
    reflector.originate("2001:db8::/32", world.now)
    world.wait_for(lambda: len(list(reflector.best_paths(IPV6_UNICAST))) == 3)
    world.run(1)
    peers, records = table_of(reflector, tmp_path)
    assert (peers[0], sorted(peers[1:])) == ("0.0.0.0", [NODE, OTHER])
    assert rows(peers, records) == {
        (RIB_IPV4, "10.0.0.0/8", "0.0.0.0", "0.0.0.0"),
        (RIB_IPV4, "10.1.0.0/16", NODE, NODE),
        (RIB_IPV4, "10.2.0.0/16", OTHER, OTHER),
        (RIB_IPV4, "172.16.0.0/12", NODE, NODE),
        (RIB_IPV4, "172.16.0.0/12", OTHER, OTHER),
        (RIB_IPV6, "2001:db8::/32", "0.0.0.0", "::"),
        (RIB_IPV6, "2001:db8:1::/48", NODE, "2001:db8::1"),
        (RIB_IPV6, "2001:db8:2::/48", OTHER, "2001:db8::2"),
    }


@pytest.mark.rfc("8050", "4")
def test_paths_with_and_without_identifiers_are_two_records(tmp_path: Path) -> None:
    world = World()
    reflector = watched(world, [], add_path=AddPathMode.BOTH)
    for node, mode in ((NODE, AddPathMode.BOTH), (OTHER, AddPathMode.OFF)):
        add_speaker(world, node, [peer(node, REFLECTOR, add_path=mode)], prefixes=["172.16.0.0/12"])
    world.wait_for(lambda: len(reflector.rib.adj_rib_ins) == 2 + 2 * 1)
    world.run(2)
    peers, records = table_of(reflector, tmp_path)
    assert rows(peers, records) == {
        (RIB_IPV4_ADDPATH, "172.16.0.0/12", NODE, NODE),
        (RIB_IPV4, "172.16.0.0/12", OTHER, OTHER),
    }
    (entry,) = next(each for each in records if code(each["subtype"]) == RIB_IPV4_ADDPATH)["rib_entries"]
    assert entry["path_id"] > 0


def test_a_table_may_be_written_while_the_engine_goes_on(tmp_path: Path) -> None:
    world = World()
    reflector = watched(world, [])
    client = add_speaker(world, NODE, [peer(NODE, REFLECTOR)])
    prefixes = [f"10.{high}.{low}.0/24" for high, low in product(range(2), range(50))]
    for prefix in prefixes:
        client.originate(prefix, world.now)
    world.wait_for(lambda: len(list(reflector.best_paths(IPV4_UNICAST))) == len(prefixes))
    records = table_records(reflector, NOON)
    written = [next(records) for _ in range(20)]
    world.kill(NODE)
    reflector.reconfigure((), (), world.now)
    written += records
    assert len(records_of(written, tmp_path)) == 20


def test_the_index_knows_the_router_ids(tmp_path: Path) -> None:
    world = World()
    reflector = watched(world, [])
    add_speaker(world, NODE, [peer(NODE, REFLECTOR)])
    world.wait_for(lambda: any(each.source for each in reflector.peers.values()))
    index, *_ = records_of(list(table_records(reflector, NOON)), tmp_path)
    assert [identifier(each["peer_bgp_id"]) for each in index["peer_entries"]] == [
        identifier(REFLECTOR),
        identifier(NODE),
    ]
    assert [each["peer_as"] for each in index["peer_entries"]] == ["64512", "64512"]
