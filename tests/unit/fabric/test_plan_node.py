"""Tests of tortie.fabric.plan_node: the header of a node's intent, and nodes that cannot be used."""

import ipaddress

import pytest

from support.fabric import (
    SEED_REFLECTOR,
    block,
    configuration,
    endpoint,
    fabric,
    names,
    node,
    pool,
    reasons,
    remotes,
    seed_nodes,
    seed_reflection,
)
from tortie.fabric import NodeNotFound, PoolIntent, node_intent, router_id_of_name
from tortie.model import Resource


def test_the_seeds_node_before_and_after() -> None:
    """Six sessions in the mesh become one with the reflector."""
    assert remotes(node_intent(fabric(*seed_nodes()), "kube-node1")) == [
        "10.10.31.190",
        "10.10.31.194",
        "10.10.31.196",
    ]
    intent = node_intent(fabric(*seed_reflection()), "kube-node1")
    assert remotes(intent) == [SEED_REFLECTOR]
    assert (intent.kind, intent.router_id, intent.local_as) == ("node", "10.10.31.193", 64512)
    assert (intent.address_v4, intent.network_v4) == ("10.10.31.193", "10.10.31.0/24")
    assert (intent.address_v6, intent.network_v6, intent.cluster_id) == (None, None, None)


def test_header_of_a_node_with_everything() -> None:
    whole = fabric(
        node("n1", "10.1.2.3/16", "FD00::3/64", as_number=65001, cluster_id="1.0.0.1"),
        configuration("node.n1", logSeverityScreen="Warning", ignoredInterfaces=["eth9"], listenPort=1790),
        configuration(asNumber=65000, ignoredInterfaces=["docker0"]),
    )
    intent = node_intent(whole, "n1")
    assert (intent.local_as, intent.cluster_id, intent.listen_port) == (65001, "1.0.0.1", 1790)
    assert (intent.address_v4, intent.network_v4) == ("10.1.2.3", "10.1.0.0/16")
    assert (intent.address_v6, intent.network_v6) == ("fd00::3", "fd00::/64")
    assert (intent.ignored_interfaces, intent.log_level) == (("eth9",), "Warning")


@pytest.mark.rfc("6286", "2.1")
@pytest.mark.parametrize(
    ("name", "router_id"),
    [
        pytest.param("kube-master", "25.79.212.8", id="as it comes"),
        pytest.param("node16", "200.251.245.244", id="first octet above 223 is lowered by 32"),
    ],
)
def test_router_id_of_a_node_without_ipv4(name: str, router_id: str) -> None:
    assert node_intent(fabric(node(name, None, "fd00::1")), name).router_id == router_id


@pytest.mark.rfc("6286", "2.1")
def test_router_ids_of_names_are_usable() -> None:
    for number in range(1000):
        address = ipaddress.IPv4Address(router_id_of_name(f"node{number}"))
        assert not address.is_multicast
        assert not address.is_unspecified


def test_pools_go_along() -> None:
    whole = fabric(
        node("n1", "10.0.0.1"),
        pool("b", "192.168.0.0/16", ipipMode="CrossSubnet", natOutgoing=True),
        pool("a", "10.244.0.0/16", vxlanMode="Always", disabled=True, disableBGPExport=True),
    )
    assert node_intent(whole, "n1").pools == (
        PoolIntent(cidr="10.244.0.0/16", vxlan_mode="Always", disabled=True, disable_bgp_export=True),
        PoolIntent(cidr="192.168.0.0/16", ipip_mode="CrossSubnet", nat_outgoing=True),
    )


def test_an_unknown_node_is_an_error_with_its_name() -> None:
    with pytest.raises(NodeNotFound, match="node 'n9' has no Node record") as caught:
        node_intent(fabric(*seed_nodes()), "n9")
    assert caught.value.name == "n9"


def local(name: str) -> list[Resource]:
    return [block(name, "192.168.1.0/26"), endpoint("p", name, "192.168.1.5", interface="cali1")]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(node("bad", "10.10.31.190", created="2026-01-01T00:00:00Z"), id="address of another node"),
        pytest.param(node("bad"), id="no address"),
        pytest.param(node("bad", "10.10.31.200", as_number=23456), id="AS number"),
    ],
)
def test_a_node_that_was_set_aside_keeps_its_workloads_and_has_no_session(bad: Resource) -> None:
    intent = node_intent(fabric(*seed_nodes(), *local("bad"), bad), "bad")
    assert (intent.sessions, intent.address_v4, intent.address_v6) == ((), None, None)
    assert intent.originated == intent.blackholes == ("192.168.1.0/26",)
    assert [route.interface for route in intent.workloads] == ["cali1"]
    assert (intent.local_as, intent.router_id) == (64512, router_id_of_name("bad"))
    assert names(reasons(intent)) == ["bad"]


def test_every_node_reports_what_was_set_aside() -> None:
    whole = fabric(*seed_nodes(), node("bad"))
    assert {names(reasons(node_intent(whole, name)))[0] for name in whole.nodes} == {"bad"}
