"""v1 manifests ⇄ v3 resources, kind by kind."""

import re
from typing import Any

import pytest

from tortie.model import BGPConfiguration, BGPPeer, IPPool, Node, ResourceInvalid, UnknownKind
from tortie.model.v1 import find_v1_kind, from_v1, lost_in_v1, merge_v1, to_v1


def v1(kind: str, metadata: dict[str, Any], spec: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec or {}}


ROWS = [
    pytest.param(
        v1("node", {"name": "kube-node1"}),
        {"metadata": {"name": "kube-node1"}, "spec": {}},
        id="node",
    ),
    pytest.param(
        v1(
            "node",
            {"name": "n"},
            {
                "bgp": {"asNumber": 64512, "ipv4Address": "10.244.0.1/24", "ipv6Address": "2001:db8::1/120"},
                "orchRefs": [{"nodeName": "n", "orchestrator": "k8s"}],
            },
        ),
        {
            "metadata": {"name": "n"},
            "spec": {
                "bgp": {"asNumber": 64512, "ipv4Address": "10.244.0.1/24", "ipv6Address": "2001:db8::1/120"},
                "orchRefs": [{"nodeName": "n", "orchestrator": "k8s"}],
            },
        },
        id="node-bgp",
    ),
    pytest.param(
        v1("bgpPeer", {"peerIP": "10.10.31.168", "scope": "global"}, {"asNumber": 64512}),
        {"metadata": {"name": "10-10-31-168"}, "spec": {"peerIP": "10.10.31.168", "asNumber": 64512}},
        id="peer-global",
    ),
    pytest.param(
        v1("bgpPeer", {"peerIP": "fd00::1", "scope": "global"}, {"asNumber": 64512}),
        {
            "metadata": {"name": "fd00-0000-0000-0000-0000-0000-0000-0001"},
            "spec": {"peerIP": "fd00::1", "asNumber": 64512},
        },
        id="peer-global-ipv6",
    ),
    pytest.param(
        v1("bgpPeer", {"peerIP": "10.10.31.168", "scope": "node", "node": "n1"}, {"asNumber": 64512}),
        {"metadata": {"name": "n1.10-10-31-168"}, "spec": {"peerIP": "10.10.31.168", "asNumber": 64512, "node": "n1"}},
        id="peer-node",
    ),
    pytest.param(
        v1("ipPool", {"cidr": "192.168.0.0/16"}),
        {"metadata": {"name": "192-168-0-0-16"}, "spec": {"cidr": "192.168.0.0/16"}},
        id="pool",
    ),
    pytest.param(
        v1(
            "ipPool",
            {"cidr": "10.1.0.0/16"},
            {"ipip": {"enabled": True, "mode": "cross-subnet"}, "nat-outgoing": True, "disabled": True},
        ),
        {
            "metadata": {"name": "10-1-0-0-16"},
            "spec": {"cidr": "10.1.0.0/16", "ipipMode": "CrossSubnet", "natOutgoing": True, "disabled": True},
        },
        id="pool-cross-subnet",
    ),
    pytest.param(
        v1("ipPool", {"cidr": "10.1.0.0/16"}, {"ipip": {"enabled": True, "mode": "always"}}),
        {"metadata": {"name": "10-1-0-0-16"}, "spec": {"cidr": "10.1.0.0/16", "ipipMode": "Always"}},
        id="pool-always",
    ),
]


@pytest.mark.parametrize(("manifest", "v3"), ROWS)
def test_both_ways(manifest: dict[str, Any], v3: dict[str, Any]) -> None:
    resource = from_v1(manifest["kind"], manifest)
    assert resource == type(resource).from_data(v3)
    assert to_v1(resource) == manifest
    assert lost_in_v1(resource) == ()
    assert merge_v1(resource, resource) == resource


@pytest.mark.parametrize(
    ("ipip", "mode"),
    [
        ({}, "Never"),
        ({"enabled": False, "mode": "always"}, "Never"),
        ({"mode": "cross-subnet"}, "Never"),
        ({"enabled": True}, "Always"),
        ({"enabled": True, "mode": ""}, "Always"),
        ({"enabled": True, "mode": "Cross-Subnet"}, "CrossSubnet"),
    ],
)
def test_ipip_is_off_unless_enabled(ipip: dict[str, Any], mode: str) -> None:
    resource = from_v1("ipPool", v1("ipPool", {"cidr": "10.1.0.0/16"}, {"ipip": ipip}))
    assert isinstance(resource, IPPool)
    assert resource.spec.ipip_mode == mode


@pytest.mark.parametrize("name", ["bgpPeer", "BGPPEER", "bgppeers", "bgpp"])
def test_kind_in_any_case_and_plural(name: str) -> None:
    assert find_v1_kind(name).kind == "BGPPeer"


@pytest.mark.parametrize("name", ["hostEndpoint", "BGPConfiguration", "RouteReflector"])
def test_kinds_that_v1_does_not_have(name: str) -> None:
    with pytest.raises(UnknownKind, match=f"'{name}' is not supported .known are node, bgpPeer, ipPool"):
        find_v1_kind(name)


def test_node_names_of_peers_are_normalised_like_nodes() -> None:
    peer = from_v1("bgpPeer", v1("bgpPeer", {"peerIP": "10.0.0.1", "scope": "node", "node": "Host_1"}, {"asNumber": 1}))
    assert isinstance(peer, BGPPeer)
    assert (peer.name, peer.spec.node) == ("host-1.10-0-0-1", "host-1")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (v1("bgpPeer", {"scope": "global"}, {"asNumber": 1}), "metadata.peerIP: missing, expected the address of the"),
        (v1("bgpPeer", {"peerIP": "10.0.0.1"}, {"asNumber": 1}), "metadata.scope: missing, expected global or node"),
        (
            v1("bgpPeer", {"peerIP": "10.0.0.1", "scope": "rack"}, {"asNumber": 1}),
            "bgpPeer '10.0.0.1': metadata.scope: 'rack': expected one of global, node",
        ),
        (
            v1("bgpPeer", {"peerIP": "10.0.0.1", "scope": "node"}, {"asNumber": 1}),
            "metadata.node: missing, expected the name of a node where scope is node",
        ),
        (
            v1("bgpPeer", {"peerIP": "10.0.0.1", "scope": "global", "node": "n"}, {"asNumber": 1}),
            "metadata.node: 'n': expected nothing where scope is global",
        ),
        (v1("bgpPeer", {"peerIP": "10.0.0.1", "scope": "global"}), "spec.asNumber: missing, expected the peer's AS"),
        (v1("bgpPeer", {"peerIP": "10.0.0.1", "scope": "global"}, {"asNumber": 0}), "spec.asNumber: 0: expected an AS"),
        (
            v1("bgpPeer", {"peerIP": "10.0.0.1:179", "scope": "global"}, {"asNumber": 1}),
            "metadata.peerIP: '10.0.0.1:179': expected an IP address",
        ),
        (
            v1("bgpPeer", {"peerIP": "10.0.0.1", "scope": "node", "node": "é"}, {"asNumber": 1}),
            "metadata.node: 'é': expected a name with at least one of a-z, 0-9",
        ),
        (v1("node", {"name": "n"}, {"bgp": {}}), "node 'n': spec.bgp: a mapping: expected at least one of asNumber"),
        (v1("node", {"name": "é"}), "node 'é': metadata.name: 'é': expected a name with at least one of a-z"),
        (v1("node", {"name": "n", "labels": {}}), "metadata.labels: field in document is not recognized"),
        (
            v1("ipPool", {"cidr": "10.0.0.1/16"}),
            "ipPool '10.0.0.1/16': metadata.cidr: '10.0.0.1/16': expected a network",
        ),
        (v1("ipPool", {"cidr": "10.0.0.0/27"}), "metadata.cidr: '10.0.0.0/27': expected a pool of at least one block"),
        (
            v1("ipPool", {"cidr": "fd00::/64"}, {"ipip": {"enabled": True}}),
            "spec.ipip.mode: 'Always': expected Never (IPIP carries no IPv6)",
        ),
        (
            v1("ipPool", {"cidr": "10.0.0.0/16"}, {"natOutgoing": True}),
            "spec.natOutgoing: field in document is not recognized or is in the wrong location: natOutgoing "
            "(did you mean 'nat-outgoing'?)",
        ),
        ({"apiVersion": "v1", "kind": "ipPool"}, "ipPool '(unnamed)': metadata: missing, expected a mapping with cidr"),
    ],
)
def test_errors_speak_of_the_v1_manifest(manifest: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        from_v1(manifest["kind"], manifest)
    assert message in str(caught.value)


def peer(**spec: object) -> BGPPeer:
    return BGPPeer.from_data({"metadata": {"name": "p"}, "spec": spec})


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (peer(peerIP="10.0.0.1", asNumber=1, nodeSelector="has(a)"), "spec.nodeSelector: 'has(a)'"),
        (peer(peerSelector="has(rr)"), "spec.peerSelector: 'has(rr)'"),
        (peer(localWorkloadSelector="has(rr)", asNumber=1), "spec.localWorkloadSelector: 'has(rr)'"),
        (peer(peerIP="10.0.0.1:1790", asNumber=1), "spec.peerIP: '10.0.0.1:1790'"),
        (peer(peerIP="10.0.0.1"), "spec.asNumber: missing"),
    ],
)
def test_peers_that_v1_cannot_say(resource: BGPPeer, path: str) -> None:
    with pytest.raises(ResourceInvalid, match=re.escape(path)):
        to_v1(resource)


def test_kinds_that_v1_cannot_say() -> None:
    with pytest.raises(UnknownKind):
        to_v1(BGPConfiguration.from_data({"metadata": {"name": "default"}}))


NODE = Node.from_data(
    {
        "metadata": {"name": "n", "labels": {"rack": "r1"}, "uid": "u", "resourceVersion": "7"},
        "spec": {"bgp": {"ipv4Address": "10.0.0.1/24", "asNumber": 1, "routeReflectorClusterID": "1.0.0.1"}},
    }
)


def test_what_a_v1_view_leaves_out_is_told() -> None:
    assert lost_in_v1(NODE) == ("metadata.labels.rack", "spec.bgp.routeReflectorClusterID")
    pool = IPPool.from_data(
        {"metadata": {"name": "p"}, "spec": {"cidr": "10.0.0.0/16", "blockSize": 24, "vxlanMode": "Always"}}
    )
    assert lost_in_v1(pool) == ("spec.vxlanMode", "spec.blockSize")


def test_v1_over_a_stored_resource_keeps_what_v1_cannot_say() -> None:
    incoming = from_v1("node", v1("node", {"name": "n"}, {"bgp": {"ipv4Address": "10.0.0.2/24"}}))
    merged = merge_v1(NODE, incoming)
    assert merged.to_data()["metadata"] == NODE.to_data()["metadata"]
    assert merged.to_data()["spec"] == {"bgp": {"ipv4Address": "10.0.0.2/24", "routeReflectorClusterID": "1.0.0.1"}}


def test_v1_without_bgp_leaves_a_node_without_when_nothing_else_was_there() -> None:
    stored = Node.from_data({"metadata": {"name": "n"}, "spec": {"bgp": {"ipv4Address": "10.0.0.1/24"}}})
    merged = merge_v1(stored, from_v1("node", v1("node", {"name": "n"})))
    assert merged.to_data()["spec"] == {}


def test_a_merge_that_cannot_be_is_refused() -> None:
    stored = IPPool.from_data({"metadata": {"name": "p"}, "spec": {"cidr": "10.0.0.0/16", "vxlanMode": "Always"}})
    incoming = from_v1("ipPool", v1("ipPool", {"cidr": "10.0.0.0/16"}, {"ipip": {"enabled": True}}))
    with pytest.raises(ResourceInvalid, match="expected Never where ipipMode is on"):
        merge_v1(stored, incoming)
