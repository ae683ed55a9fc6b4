"""Tests of tortie.model.v1.etcd2: what each sort of key becomes, in the order of reference B's table."""

import json

import pytest

from tortie.model import Resource
from tortie.model.v1.etcd2 import from_etcd2

BGP = "/calico/bgp/v1"
HOST = "/calico/v1/host/Node_1"


def only(keys: dict[str, object]) -> Resource:
    """Return the one resource that keys become; values that are no text are written as JSON."""
    found = from_etcd2({key: value if isinstance(value, str) else json.dumps(value) for key, value in keys.items()})
    assert found.problems == ()
    (resource,) = found.resources
    return resource


@pytest.mark.parametrize(
    ("keys", "kind", "name", "spec"),
    [
        pytest.param(
            {f"{BGP}/global/as_num": "64513", f"{BGP}/global/node_mesh": {"enabled": False},
             f"{BGP}/global/loglevel": "critical"},
            "BGPConfiguration", "default",
            {"asNumber": 64513, "nodeToNodeMeshEnabled": False, "logSeverityScreen": "Fatal"},
            id="global settings",
        ),
        pytest.param(
            {f"{BGP}/host/Node_1/loglevel": "none"},
            "BGPConfiguration", "node.node-1", {"logSeverityScreen": "None"},
            id="a node's log level",
        ),
        pytest.param(
            {f"{BGP}/host/Node_1/ip_addr_v4": "10.0.0.1", f"{BGP}/host/Node_1/network_v4": "10.0.0.0/24",
             f"{BGP}/host/Node_1/ip_addr_v6": "FD00:0::1", f"{BGP}/host/Node_1/as_num": "1.10"},
            "Node", "node-1",
            {"bgp": {"ipv4Address": "10.0.0.1/24", "ipv6Address": "fd00::1/128", "asNumber": 65546}},
            id="node",
        ),
        pytest.param(
            {f"{BGP}/host/n1/ip_addr_v4": "10.0.0.1", f"{BGP}/host/n1/ip_addr_v6": "", f"{BGP}/host/n1/as_num": ""},
            "Node", "n1", {"bgp": {"ipv4Address": "10.0.0.1/32"}},
            id="empty values count as absent",
        ),
        pytest.param(
            {f"{BGP}/global/peer_v4/10.10.31.168": {"ip": "10.10.31.168", "as_num": "64512"}},
            "BGPPeer", "10-10-31-168", {"peerIP": "10.10.31.168", "asNumber": 64512},
            id="global peer",
        ),
        pytest.param(
            {f"{BGP}/host/Node_1/peer_v6/fd00::9": {"ip": "fd00::9", "as_num": "64512"}},
            "BGPPeer", "node-1.fd00-0000-0000-0000-0000-0000-0000-0009",
            {"node": "node-1", "peerIP": "fd00::9", "asNumber": 64512},
            id="node-specific peer",
        ),
        pytest.param(
            {f"{BGP}/rr_v4/10.0.0.5": {"ip": "10.0.0.5", "cluster_id": "1.0.0.1"}},
            "RouteReflector", "10.0.0.5", {"ip": "10.0.0.5", "clusterID": "1.0.0.1"},
            id="reflector",
        ),
        pytest.param(
            {"/calico/v1/ipam/v4/pool/192-168-0-0-16": {"cidr": "192.168.0.0/16", "ipip": "tunl0",
             "ipip_mode": "cross-subnet", "masquerade": True, "ipam": True, "disabled": False}},
            "IPPool", "192-168-0-0-16", {"cidr": "192.168.0.0/16", "ipipMode": "CrossSubnet", "natOutgoing": True},
            id="pool",
        ),
        pytest.param(
            {"/calico/v1/ipam/v4/pool/192-168-0-0-16": {"cidr": "192.168.0.0/16", "ipip": "tunl0", "ipam": False}},
            "IPPool", "192-168-0-0-16", {"cidr": "192.168.0.0/16", "ipipMode": "Always", "disabled": True},
            id="pool of the oldest form, not for IPAM",
        ),
        pytest.param(
            {"/calico/ipam/v2/host/Node_1/ipv4/block/192.168.0.0-26": {}},
            "BlockAffinity", "node-1-192-168-0-0-26",
            {"node": "node-1", "cidr": "192.168.0.0/26", "state": "confirmed"},
            id="affinity",
        ),
        pytest.param(
            {"/calico/ipam/v2/host/n1/ipv6/block/fd00::-122": {"state": "pending", "deleted": False}},
            "BlockAffinity", "n1-fd00-0000-0000-0000-0000-0000-0000-0000-122",
            {"node": "n1", "cidr": "fd00::/122", "state": "pending"},
            id="affinity of IPv6",
        ),
        pytest.param(
            {"/calico/ipam/v2/assignment/ipv4/block/192.168.0.0-30": {
                "cidr": "192.168.0.0/30", "affinity": "host:Node_1", "allocations": [0, None, None, None],
                "unallocated": [1, 2, 3], "attributes": [{"handle_id": "h", "secondary": {"node": "n1"}}]}},
            "IPAMBlock", "192-168-0-0-30",
            {"cidr": "192.168.0.0/30", "affinity": "host:node-1", "allocations": [0, None, None, None],
             "unallocated": [1, 2, 3], "attributes": [{"handle_id": "h", "secondary": {"node": "n1"}}]},
            id="block",
        ),
        pytest.param(
            {"/calico/ipam/v2/handle/h": {"id": "h", "block": {"192.168.0.0/30": 1}}},
            "IPAMHandle", "h", {"handleID": "h", "block": {"192.168.0.0/30": 1}},
            id="handle",
        ),
        pytest.param(
            {"/calico/ipam/v2/config": {"strict_affinity": True, "auto_allocate_blocks": True}},
            "IPAMConfiguration", "default", {"strictAffinity": True},
            id="configuration of IPAM",
        ),
    ],
)  # fmt: skip
def test_what_keys_become(keys: dict[str, object], kind: str, name: str, spec: dict[str, object]) -> None:
    resource = only(keys)
    assert (resource.kind, resource.name, resource.without_defaults()["spec"]) == (kind, name, spec)


def test_the_ipip_switch_is_an_annotation() -> None:
    resource = only({"/calico/v1/config/IpInIpEnabled": "true"})
    assert resource.metadata.annotations == {"tortie/ipip-enabled": "true"}


def test_a_pod_of_kubernetes() -> None:
    value = {
        "state": "active",
        "name": "cali0123",
        "mac": "ee:ee:ee:ee:ee:ee",
        "profile_ids": ["k8s_ns.web"],
        "ipv4_nets": ["192.168.0.1/32"],
        "ipv6_nets": [],
        "labels": {"app": "shop"},
    }
    resource = only({f"{HOST}/workload/k8s/web.shop-1/endpoint/eth0": value})
    assert (resource.namespace, resource.name, resource.labels) == ("web", "node--1-k8s-shop--1-eth0", {"app": "shop"})
    assert resource.without_defaults()["spec"] == {
        "node": "node-1",
        "orchestrator": "k8s",
        "pod": "shop-1",
        "endpoint": "eth0",
        "ipNetworks": ["192.168.0.1/32"],
        "interfaceName": "cali0123",
        "mac": "ee:ee:ee:ee:ee:ee",
        "profiles": ["k8s_ns.web"],
    }


def test_a_workload_of_another_orchestrator() -> None:
    resource = only({f"{HOST}/workload/cni/AB12/endpoint/eth0": {"name": "cali1", "ipv4_nets": ["192.168.0.1/32"]}})
    assert (resource.namespace, resource.name) == ("default", "node--1-cni-ab12-eth0")
    assert resource.without_defaults()["spec"]["containerID"] == "AB12"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (f"{BGP}/global/custom_filters/v4/a", "a filter in BIRD's language: write it as a BGPFilter"),
        (f"{HOST}/metadata", "of Felix and calico/node: each agent finds this out by itself"),
        (f"{HOST}/endpoint/eth0", "a host endpoint: there is no policy here"),
        ("/calico/v1/policy/tier/default/policy/p", "of Felix: there is no policy here"),
        ("/calico/nova/x", "decides nothing about routes here"),
        ("/registry/pods/x", "no key of Calico's that we know"),
    ],
)
def test_what_is_passed_over_is_named(key: str, reason: str) -> None:
    found = from_etcd2({key: "x"})
    assert [(item.key, item.reason) for item in found.passed_over] == [(key, reason)]
    assert (found.resources, found.problems) == ((), ())


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (f"{BGP}/global/node_mesh", "on", "'on': expected a JSON object"),
        (f"{BGP}/global/node_mesh", "{}", "enabled: missing, expected true or false"),
        (f"{BGP}/global/as_num", "0", "BGPConfiguration 'default': spec.asNumber: '0': expected an AS number"),
        (f"{BGP}/global/peer_v4/router", "{}", "'router': expected an IP address at the end of the key"),
        (f"{BGP}/rr_v4/10.0.0.5", '{"ip": "10.0.0.6"}', "RouteReflector '10.0.0.5'"),
        (f"{BGP}/host/n1/ip_addr_v4", "10.0.0", "Node 'n1': spec.bgp.ipv4Address: '10.0.0': expected"),
        (f"{BGP}/host/n1/ip_addr_v4", "", "Node 'n1': spec.bgp: "),
        (f"{BGP}/host/n1/network_v4", "here", "'here': expected a subnet such as 10.0.0.0/24"),
        ("/calico/ipam/v2/host/n1/ipv4/block/x", "{}", "'x': expected a network such as 192.168.0.0-26 in the key"),
    ],
)
def test_what_cannot_be_used_is_a_problem(key: str, value: str, reason: str) -> None:
    found = from_etcd2({key: value})
    ((problem),) = found.problems
    assert problem.key == key
    assert reason in problem.reason
    assert found.resources == ()


def test_two_hosts_that_become_one_node() -> None:
    found = from_etcd2({f"{BGP}/host/Node_1/ip_addr_v4": "10.0.0.1", f"{BGP}/host/node-1/ip_addr_v4": "10.0.0.2"})
    assert [item.name for item in found.resources] == ["node-1"]
    assert [(item.key, item.reason) for item in found.problems] == [
        (
            f"{BGP}/host/node-1/ip_addr_v4",
            "host 'node-1': expected another name than 'Node_1': both become node 'node-1'",
        )
    ]
