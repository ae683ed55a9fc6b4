"""A route collector's updates through an engine: what is left is what a last-state model of the file says.

The model is made of what mrtparse reads; it knows that the last word on a prefix counts, and the rules of RFC 4271
§9.1.2.2 as far as eBGP paths without LOCAL_PREF can be told apart. The file lies outside the project.
"""

from ipaddress import IPv4Address
from typing import Any, NamedTuple

import pytest

from support.corpus import corpus_folder
from support.mrt import attributes_of, code, parsed, prefixes_of, raw_messages
from support.world import steady
from tortie.bgp.engine import Engine, PeerConfig, PeerKey, SessionOptions, SpeakerConfig, route_statuses
from tortie.bgp.policy import ACCEPT_ALL
from tortie.bgp.wire import (
    IPV4_UNICAST,
    KEEPALIVE,
    Capability,
    FourOctetAS,
    Multiprotocol,
    Open,
    RouteRefreshCapability,
    encode_open,
    prefix_to_text,
)

FILE = "rrc15_2010.02_updates.20100227.1610.gz"
LOCAL_AS = 12654
LOCAL_ADDRESS = "200.219.130.23"
UPDATE = 2
ORIGIN, AS_PATH, NEXT_HOP, MED, ATOMIC_AGGREGATE, AGGREGATOR, COMMUNITY = 1, 2, 3, 4, 6, 7, 8
ORIGINS = ("IGP", "EGP", "INCOMPLETE")


class Peer(NamedTuple):
    """Of the file."""

    address: str
    asn: int
    is_four_octet: bool


Model = dict[str, dict[str, dict[int, Any]]]
"""Peer → prefix → attributes, as they stand after the last record."""


def last_state() -> Model:
    """Of every IPv4 peer, from mrtparse alone."""
    model: Model = {}
    for record in parsed(corpus_folder("ris") / FILE):
        message = record.get("bgp_message")
        if message is None or ":" in record["peer_ip"] or code(message["type"]) != UPDATE:
            continue
        routes = model.setdefault(record["peer_ip"], {})
        for prefix in prefixes_of(message["withdrawn_routes"]):
            routes.pop(prefix, None)
        attributes = attributes_of(message["path_attributes"])
        for prefix in prefixes_of(message["nlri"]):
            routes[prefix] = attributes
    return model


def peers_of_file() -> dict[str, Peer]:
    return {
        raw.peer: Peer(raw.peer, raw.peer_as, raw.is_four_octet)
        for raw in raw_messages(corpus_folder("ris") / FILE)
        if ":" not in raw.peer
    }


def collector(peers: dict[str, Peer]) -> Engine:
    """A speaker in the collector's place, its sessions established."""
    engine = Engine(SpeakerConfig(local_as=LOCAL_AS, router_id=int(IPv4Address(LOCAL_ADDRESS))), steady)
    configs = [
        PeerConfig(
            remote_address=peer.address,
            options=SessionOptions(local_as=LOCAL_AS, peer_as=peer.asn, passive=True, import_filter=ACCEPT_ALL),
        )
        for peer in peers.values()
    ]
    engine.reconfigure(configs, (), 0.0)
    for number, peer in enumerate(peers.values(), start=1):
        capabilities: list[Capability] = [Multiprotocol(IPV4_UNICAST), RouteRefreshCapability()]
        if peer.is_four_octet:
            capabilities.append(FourOctetAS(peer.asn))
        router_id = int(IPv4Address(peer.address))
        its_open = Open(asn=peer.asn, hold_time_s=90, router_id=router_id, capabilities=tuple(capabilities))
        engine.accept(number, peer.address, LOCAL_ADDRESS, 0.0)
        engine.receive_data(number, encode_open(its_open) + KEEPALIVE, 0.0)
    assert all(each.negotiated is not None for each in engine.peers.values())
    return engine


@pytest.fixture(scope="module")
def replayed() -> Engine:
    peers = peers_of_file()
    engine = collector(peers)
    numbers = {address: number for number, address in enumerate(peers, start=1)}
    for raw in raw_messages(corpus_folder("ris") / FILE):
        if raw.peer in numbers:
            engine.receive_data(numbers[raw.peer], raw.message, float(raw.when))
            engine.flush(float(raw.when))
    assert all(each.negotiated is not None for each in engine.peers.values()), "no message resets a session"
    return engine


@pytest.fixture(scope="module")
def model() -> Model:
    return last_state()


def test_the_file_is_the_one_that_is_meant(model: Model) -> None:
    assert {address: len(routes) for address, routes in model.items()}["200.219.130.4"] == 1707
    assert len(model) == 6


def test_adj_rib_in_is_the_last_state_of_each_peer(replayed: Engine, model: Model) -> None:
    for address, routes in model.items():
        source = replayed.peers[PeerKey("", address, 179)].source
        assert source is not None
        paths = replayed.rib.adj_rib_ins[source, IPV4_UNICAST].paths
        assert {prefix_to_text(nlri, IPV4_UNICAST) for nlri in paths} == routes.keys()
        for nlri, path in paths.items():
            expected = routes[prefix_to_text(nlri, IPV4_UNICAST)]
            found = path.attributes
            assert ORIGINS[found.origin] == origin(expected)
            assert [asn for segment in found.as_path for asn in segment.asns] == as_path(expected)
            assert str(IPv4Address(found.next_hop)) == expected[NEXT_HOP]
            assert [f"{each >> 16}:{each & 0xFFFF}" for each in found.communities] == expected.get(COMMUNITY, [])
            assert found.atomic_aggregate == (ATOMIC_AGGREGATE in expected)
            assert found.aggregator == aggregator(expected)
            assert found.med == expected.get(MED)


def origin(attributes: dict[int, Any]) -> str:
    name: str = next(iter(attributes[ORIGIN].values()))
    return name


def as_path(attributes: dict[int, Any]) -> list[int]:
    return [int(asn) for segment in attributes[AS_PATH] for asn in segment["value"]]


def aggregator(attributes: dict[int, Any]) -> tuple[int, int] | None:
    value = attributes.get(AGGREGATOR)
    return None if value is None else (int(value["as"]), int(IPv4Address(value["id"])))


def as_path_length(attributes: dict[int, Any]) -> int:
    """A set counts once."""
    return sum(len(each["value"]) if code(each["type"]) == 2 else 1 for each in attributes[AS_PATH])


def test_loc_rib_is_the_best_of_the_last_states(replayed: Engine, model: Model) -> None:
    """By AS path, origin, then router id, which is the address here; no path of the file has a MED.

    The collector's operator announces prefixes too: these come back with our own AS in AS_PATH, and are not used.
    """
    best: dict[str, str] = {}
    own: set[str] = set()
    for prefix in {prefix for routes in model.values() for prefix in routes}:
        holders = [
            (as_path_length(routes[prefix]), ORIGINS.index(origin(routes[prefix])), int(IPv4Address(address)), address)
            for address, routes in model.items()
            if prefix in routes and LOCAL_AS not in as_path(routes[prefix])
        ]
        if holders:
            best[prefix] = min(holders)[-1]
        else:
            own.add(prefix)
    assert own == {"2.0.0.0/16", "2.1.0.0/21", "41.223.236.0/22", "197.255.252.0/22"}
    assert not any(MED in attributes for routes in model.values() for attributes in routes.values())
    found = {route.prefix: route.peer for route in route_statuses(replayed, IPV4_UNICAST) if route.best}
    assert found == best
    assert sum(sum(prefix in routes for routes in model.values()) > 1 for prefix in best) > 100, "there were choices"
