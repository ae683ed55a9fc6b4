"""Keys of the datastore, both ways."""

import pytest

from tortie.model import (
    KINDS,
    BlockAffinity,
    ParsedKey,
    ResourceInvalid,
    UnknownKind,
    WorkloadEndpoint,
    key_of,
    kind_prefixes,
    parse_key,
    resource_key,
)
from tortie.model.keys import affinity_name, network_name, network_of_name, split_affinity_name

V3 = "/calico/resources/v3/projectcalico.org"

ROWS = [
    ("Node", "kube-node1", None, f"{V3}/nodes/kube-node1"),
    ("BGPPeer", "10-10-31-168", None, f"{V3}/bgppeers/10-10-31-168"),
    ("BGPConfiguration", "node.kube-node1", None, f"{V3}/bgpconfigurations/node.kube-node1"),
    ("IPPool", "default-pool", None, f"{V3}/ippools/default-pool"),
    ("WorkloadEndpoint", "w", "prod", f"{V3}/workloadendpoints/prod/w"),
    ("RouteReflector", "10.10.31.168", None, "/calico/bgp/v1/rr_v4/10.10.31.168"),
    ("RouteReflector", "fd00::1", None, "/calico/bgp/v1/rr_v6/fd00::1"),
    ("BlockAffinity", "n-1-10-0-0-0-26", None, "/calico/ipam/v2/host/n-1/ipv4/block/10.0.0.0-26"),
    ("BlockAffinity", "n-10-0-0-0-26-virtual", None, "/calico/ipam/v2/virtual/n/ipv4/block/10.0.0.0-26"),
    (
        "BlockAffinity",
        "n-fd00-0000-0000-0000-0000-0000-0000-0000-122",
        None,
        "/calico/ipam/v2/host/n/ipv6/block/fd00::-122",
    ),
    ("IPAMBlock", "10-0-0-0-26", None, "/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26"),
    (
        "IPAMBlock",
        "fd00-0000-0000-0000-0000-0000-0000-0000-122",
        None,
        "/calico/ipam/v2/assignment/ipv6/block/fd00::-122",
    ),
    ("IPAMConfiguration", "default", None, "/calico/ipam/v2/config"),
    ("HostEndpoint", "n1-eth0", None, f"{V3}/hostendpoints/n1-eth0"),
    ("IPAMHandle", "k8s-pod-network.abc", None, "/calico/ipam/v2/handle/k8s-pod-network.abc"),
]


@pytest.mark.parametrize(("kind", "name", "namespace", "key"), ROWS)
def test_key_of_each_kind_and_back(kind: str, name: str, namespace: str | None, key: str) -> None:
    assert resource_key(kind, name, namespace) == key
    assert parse_key(key) == ParsedKey(kind, name, namespace)
    assert key.startswith(kind_prefixes(kind))


def test_kind_may_be_spelled_in_any_way() -> None:
    assert resource_key("nodes", "a") == resource_key("Node", "a")
    with pytest.raises(UnknownKind):
        resource_key("zzz", "a")


def test_namespace_is_default_unless_given() -> None:
    assert resource_key("WorkloadEndpoint", "w") == f"{V3}/workloadendpoints/default/w"


def test_key_of_a_resource() -> None:
    endpoint = WorkloadEndpoint.from_data({"metadata": {"name": "w", "namespace": "p"}, "spec": {"node": "n"}})
    assert key_of(endpoint) == f"{V3}/workloadendpoints/p/w"
    spec = {"node": "n", "cidr": "10.0.0.0/26"}
    affinity = BlockAffinity.from_data({"metadata": {"name": "any-name"}, "spec": spec})
    assert key_of(affinity) == "/calico/ipam/v2/host/n/ipv4/block/10.0.0.0-26"


@pytest.mark.parametrize("kind", KINDS)
def test_prefixes_of_kinds_do_not_overlap(kind: str) -> None:
    others = [prefix for other in KINDS if other != kind for prefix in kind_prefixes(other)]
    assert not any(
        prefix.startswith(other) or other.startswith(prefix) for prefix in kind_prefixes(kind) for other in others
    )


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/calico",
        f"{V3}/nodes",
        f"{V3}/nodes/",
        f"{V3}/nodes/a/b",
        f"{V3}/zzz/a",
        f"{V3}/workloadendpoints/a",
        "/calico/bgp/v1/rr_v4/",
        "/calico/bgp/v1/rr_v4/a/b",
        "/calico/bgp/v1/global/as_num",
        "/calico/ipam/v2/host/n/ipv4/block/10.0.0.0",
        "/calico/ipam/v2/host/n/ipv4/block/10.0.0.1-26",
        "/calico/ipam/v2/assignment/ipv4/block/x-26",
        "/calico/ipam/v2/config/x",
        "/calico/ipam/v2/handle/",
    ],
)
def test_other_keys_name_nothing(key: str) -> None:
    assert parse_key(key) is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("RouteReflector", "rr1"),
        ("BlockAffinity", "node1"),
        ("BlockAffinity", "n-10-0-0-999-26"),
        ("IPAMBlock", "x"),
        ("IPAMConfiguration", "mine"),
    ],
)
def test_names_that_cannot_be(kind: str, name: str) -> None:
    with pytest.raises(ResourceInvalid, match=f"{kind} '{name}': metadata.name"):
        resource_key(kind, name)


@pytest.mark.parametrize("node", ["n", "n-1", "n-10-0-0-0-26", "a.b", "fd00-0000", "n-virtual"])
@pytest.mark.parametrize("cidr", ["10.0.0.0/26", "255.0.0.0/8", "fd00::/122", "::/0"])
@pytest.mark.parametrize("affinity_type", ["host", "virtual"])
def test_affinity_names_come_apart_again(node: str, cidr: str, affinity_type: str) -> None:
    assert split_affinity_name(affinity_name(node, cidr, affinity_type)) == (node, cidr, affinity_type)
    assert network_of_name(network_name(cidr)) == cidr
