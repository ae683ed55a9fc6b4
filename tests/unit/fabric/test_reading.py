"""Tests of tortie.fabric.reading: one row for each reason why a record is set aside."""

from typing import Any

import pytest

from support.fabric import (
    MESH_OFF,
    bgp_filter,
    block,
    configuration,
    endpoint,
    fabric,
    names,
    node,
    peer,
    pool,
    reasons,
    reflector,
    seed_nodes,
)
from tortie.fabric import Fabric, LiveFabric
from tortie.fabric.reading import Unsupported, check_as_number
from tortie.model import Resource

OLD = "2026-01-01T00:00:00Z"
NEW = "2026-01-02T00:00:00Z"
AS_NUMBER = "another AS number (23456 stands for those that do not fit in 16 bits)"
INTERFACE = "the name of an interface, 1 to 15 characters without blanks and '/'"

NODE_ROWS = [
    pytest.param(
        node("bad"), "spec.bgp.ipv4Address: missing, expected an IPv4 or an IPv6 address (ipv6Address)", id="no bgp"
    ),
    pytest.param(
        node("bad", as_number=64512),
        "spec.bgp.ipv4Address: missing, expected an IPv4 or an IPv6 address (ipv6Address)",
        id="no address",
    ),
    pytest.param(
        node("bad", "10.0.0.1", as_number=23456),
        f"spec.bgp.asNumber: 23456: expected {AS_NUMBER}",
        id="AS_TRANS",
        marks=pytest.mark.rfc("6793", "9"),
    ),
    pytest.param(
        node("bad", "10.10.31.193", created=NEW),
        "spec.bgp.ipv4Address: '10.10.31.193': expected an address of its own: Node 'kube-node1' has it and is older",
        id="address of another node",
    ),
    pytest.param(
        node("bad", "10.0.0.1", "FD00::168", created=NEW),
        "spec.bgp.ipv6Address: 'fd00::168': expected an address of its own: "
        "RouteReflector 'fd00::168' has it and is older",
        id="address of a reflector",
    ),
    pytest.param(
        node("bad", "10.0.0.0/24"),
        "spec.bgp.ipv4Address: '10.0.0.0/24': expected the address of a host "
        "(10.0.0.0 in 10.0.0.0/24 is the subnet itself)",
        id="address of the subnet",
    ),
    pytest.param(
        node("bad", "10.0.0.3/30"),
        "spec.bgp.ipv4Address: '10.0.0.3/30': expected the address of a host (10.0.0.3 in 10.0.0.0/30 is all of it)",
        id="broadcast address",
    ),
]

PEER_ROWS = [
    *(
        pytest.param(
            peer("bad", peer_ip),
            f"spec.peerIP: '{peer_ip}': expected an address that says the host by itself "
            "(a link-local one needs an interface, RFC 4007 §6)",
            id=f"link-local {peer_ip}",
            marks=pytest.mark.rfc("4007", "6"),
        )
        for peer_ip in ("fe80::1", "[febf::1]:1790")
    ),
    pytest.param(
        peer("bad", "192.0.2.1", asNumber=23456),
        f"spec.asNumber: 23456: expected {AS_NUMBER}",
        id="AS_TRANS",
        marks=pytest.mark.rfc("6793", "9"),
    ),
    pytest.param(
        peer("bad", "fd00::7", node="kube-node1"),
        "spec.peerIP: 'fd00::7': expected a node with an IPv6 address: node 'kube-node1' has none",
        id="node without address for the family",
    ),
    pytest.param(
        peer("bad", "10.10.31.193", node="kube-node1"),
        "spec.peerIP: '10.10.31.193': expected another address than that of node 'kube-node1' itself",
        id="node as its own peer",
    ),
    pytest.param(
        peer("bad", "fd00::168", asNumber=65001),
        "spec.asNumber: 65001: expected 64512, the cluster's: only an internal peer can be a client of "
        "reflector fd00::168",
        id="AS number of a reflector",
        marks=pytest.mark.rfc("4456", "4"),
    ),
    pytest.param(
        peer("bad", "192.0.2.1", localASNumber=23456),
        f"spec.localASNumber: 23456: expected {AS_NUMBER}",
        id="AS_TRANS as own",
        marks=pytest.mark.rfc("6793", "9"),
    ),
    pytest.param(
        peer("bad", "192.0.2.1", maxRestartTime="4096s"),
        "spec.maxRestartTime: '4096s': expected 0 to 4095 seconds",
        id="restart time",
        marks=pytest.mark.rfc("4724", "3"),
    ),
    pytest.param(
        peer("bad", "192.0.2.1", keepaliveTime="400ms"),
        "spec.keepaliveTime: '400ms': expected 1 to 21845 seconds",
        id="keepalive time too short",
    ),
    pytest.param(
        peer("bad", "192.0.2.1", keepaliveTime="21846s"),
        "spec.keepaliveTime: '21846s': expected 1 to 21845 seconds",
        id="keepalive time too long",
        marks=pytest.mark.rfc("4271", "4.4"),
    ),
]

OTHER_ROWS = [
    pytest.param(
        pool("bad", "192.168.0.0/16", created=NEW),
        "spec.cidr: '192.168.0.0/16': expected a range that overlaps no other pool: IPPool 'pool' has it and is older",
        id="the same pool",
    ),
    pytest.param(
        pool("bad", "192.168.128.0/17", created=NEW),
        "spec.cidr: '192.168.128.0/17': expected a range that overlaps no other pool: "
        "IPPool 'pool' has it and is older",
        id="pool within a pool",
    ),
    pytest.param(
        pool("bad", "192.0.0.0/8", created=NEW),
        "spec.cidr: '192.0.0.0/8': expected a range that overlaps no other pool: IPPool 'pool' has it and is older",
        id="pool around a pool",
    ),
    pytest.param(
        block("zz", "192.168.1.0/26"),
        "spec.cidr: '192.168.1.0/26': expected a block of its own: "
        "BlockAffinity 'kube-node1-192-168-1-0-26' has it and is older",
        id="block of another node",
    ),
    pytest.param(
        endpoint("bad", "kube-node1", "192.168.1.1", interface=None),
        f"spec.interfaceName: missing, expected {INTERFACE}",
        id="endpoint without interface",
    ),
    pytest.param(
        endpoint("bad", "kube-node1", "192.168.1.1", interface="cali/../../x"),
        f"spec.interfaceName: 'cali/../../x': expected {INTERFACE}",
        id="interface with a slash",
    ),
    pytest.param(
        endpoint("bad", "kube-node1", "192.168.1.1", interface="c" * 16),
        f"spec.interfaceName: '{'c' * 16}': expected {INTERFACE}",
        id="interface of 16 characters",
    ),
    pytest.param(
        endpoint("bad", "kube-node2", "192.168.1.9", "192.168.1.5", created=NEW),
        "spec.ipNetworks[1]: '192.168.1.5/32': expected an address of its own: "
        "WorkloadEndpoint 'default/pod' has it and is older",
        id="address of another workload",
    ),
]


def sound() -> list[Resource]:
    """Resources of which nothing is set aside."""
    return [
        *seed_nodes(),
        MESH_OFF,
        reflector("fd00::168", "1.0.0.1"),
        peer("rr", "fd00::168"),
        peer("tor", "192.0.2.9", created=OLD),
        peer("tor-1", "192.0.2.8", node="kube-node1", created=OLD),
        pool("pool", "192.168.0.0/16", created=OLD),
        block("kube-node1", "192.168.1.0/26"),
        endpoint("pod", "kube-node1", "192.168.1.5", created=OLD),
    ]


def test_sound_resources() -> None:
    assert fabric(*sound()).quarantine == ()


@pytest.mark.parametrize(("resource", "reason"), [*NODE_ROWS, *PEER_ROWS, *OTHER_ROWS])
def test_reason(resource: Resource, reason: str) -> None:
    whole = fabric(*sound(), resource)
    assert list(reasons(whole).values()) == [reason]
    assert (whole.quarantine[0].kind, whole.quarantine[0].name.split("/")[-1]) == (resource.kind, resource.name)


@pytest.mark.parametrize(("resource", "reason"), [*NODE_ROWS, *PEER_ROWS, *OTHER_ROWS])
def test_what_is_set_aside_leaves_no_trace(resource: Resource, reason: str) -> None:
    with_it, without = fabric(*sound(), resource), fabric(*sound())
    assert reason
    assert (with_it.speakers, with_it.pools, with_it.blocks) == (without.speakers, without.pools, without.blocks)
    assert (with_it.peers_by_address, with_it.endpoints) == (without.peers_by_address, without.endpoints)


def test_a_peer_with_a_field_that_cannot_be_obeyed_is_set_aside_whole() -> None:
    missing = Unsupported("ttl_security", "ttlSecurity", "the sockets cannot check it")
    resources = [*sound(), peer("bad", "192.0.2.1", ttlSecurity=1), peer("good", "192.0.2.2", ttlSecurity=0)]
    whole = Fabric.from_resources(resources, unsupported=[missing])
    assert reasons(whole) == {
        ("BGPPeer", "bad"): "spec.ttlSecurity: 1: expected no such field (the sockets cannot check it)"
    }
    assert Fabric.from_resources(resources).quarantine == ()


def test_a_peer_that_names_a_filter_that_is_none_is_set_aside_until_there_is_one() -> None:
    live = LiveFabric()
    for index, resource in enumerate([*sound(), peer("edge", "192.0.2.1", filters=["f", "g"])]):
        live.put(str(index), resource)
    live.put("f", bgp_filter("f"))
    expected = "the name of a BGPFilter (without it, routes would go by)"
    assert reasons(live.fabric()) == {("BGPPeer", "edge"): f"spec.filters[1]: 'g': expected {expected}"}
    live.put("g", bgp_filter("g"))
    assert live.fabric().quarantine == ()
    live.put("f", None)
    assert names(reasons(live.fabric())) == ["edge"]


@pytest.mark.parametrize("spec", [{"ttlSecurity": 0}, {"numAllowedLocalASNumbers": 0}, {"filters": []}])
def test_a_field_that_asks_for_nothing_is_no_reason(spec: dict[str, Any]) -> None:
    assert fabric(*sound(), peer("good", "192.0.2.1", **spec)).quarantine == ()


def test_a_password_without_a_secret_is_no_session_without_a_password() -> None:
    whole = fabric(peer("bad", "192.0.2.1", password={}))
    assert reasons(whole) == {
        ("BGPPeer", "bad"): "spec.password.secretKeyRef: missing, expected name and key of the secret"
    }


@pytest.mark.rfc("6793", "9")
@pytest.mark.parametrize("number", [1, 23455, 23457, 65535, 65536, 4294967295])
def test_as_numbers_that_a_session_can_have(number: int) -> None:
    assert check_as_number("asNumber", number) == number


@pytest.mark.parametrize("name", ["cali0", "c" * 15, "eth0.100", "a"])
def test_interface_names_that_linux_takes(name: str) -> None:
    assert fabric(endpoint("pod", "n", "192.168.1.1", interface=name)).quarantine == ()


@pytest.mark.parametrize("name", ["..", ".", "a b", "a\n", "a:1", "é" * 8])
def test_interface_names_that_linux_refuses(name: str) -> None:
    assert names(reasons(fabric(endpoint("pod", "n", "192.168.1.1", interface=name)))) == ["default/pod"]


def test_blocks_that_are_no_matter_of_ours() -> None:
    whole = fabric(
        block("n1", "192.168.0.0/26", "pending"),
        block("n1", "192.168.0.64/26", deleted=True),
        block("n1", "192.168.0.128/26", type="virtual"),
    )
    assert (whole.blocks, whole.quarantine) == ({}, ())


@pytest.mark.parametrize("state", ["pending", "pendingDeletion"])
def test_a_block_in_transit_disputes_nothing(state: str) -> None:
    """The name `a` sorts first, so it would be the incumbent if it claimed the block."""
    whole = fabric(block("a", "192.168.0.0/26", state), block("b", "192.168.0.0/26"))
    assert whole.quarantine == ()
    assert [item.is_confirmed for item in whole.blocks["b"]] == [True]


def test_a_peer_takes_the_port_of_the_node_it_names() -> None:
    whole = fabric(
        node("n1", "10.0.0.1"),
        node("n2", "10.0.0.2"),
        configuration("node.n1", listenPort=1790),
        peer("p1", "10.0.0.1"),
        peer("p5", "10.0.0.1", node="n2", asNumber=65001),
        peer("p2", "10.0.0.1:1790", node="n2"),
        peer("p3", "192.0.2.1"),
        peer("p4", "[fd00::9]:1791"),
    )
    assert {item.name: item.port for item in (*whole.global_peers, *whole.node_peers["n2"])} == {
        "p1": 1790,
        "p2": 1790,
        "p3": 179,
        "p4": 1791,
        "p5": 179,
    }, "of the node only where the AS number is the node's"


def test_another_port_of_a_nodes_address_is_another_speaker() -> None:
    """A router on the same machine may have another AS number."""
    whole = fabric(node("n1", "10.0.0.1"), peer("p", "10.0.0.1:1790", asNumber=65001))
    assert whole.quarantine == ()


def test_a_peer_without_as_number_has_the_clusters() -> None:
    whole = fabric(configuration(asNumber=65001), peer("p", "192.0.2.1", asNumber=None))
    assert [item.as_number for item in whole.global_peers] == [65001]


@pytest.mark.rfc("3021", "2.1")
@pytest.mark.parametrize("address", ["10.0.0.0/31", "10.0.0.1/31", "10.0.0.0/32"])
def test_every_address_of_a_point_to_point_subnet_is_a_hosts(address: str) -> None:
    assert reasons(fabric(node("n", address))) == {}
