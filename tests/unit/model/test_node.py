"""Node."""

import pytest

from tortie.model import Node, ResourceInvalid


def make(bgp: dict[str, object] | None = None, **spec: object) -> Node:
    return Node.from_data({"metadata": {"name": "n"}, "spec": ({"bgp": bgp} if bgp is not None else {}) | spec})


def test_addresses_without_length() -> None:
    node = make({"ipv4Address": "10.10.31.193/24", "ipv6Address": "2001::103/64"})
    assert (node.address_v4, node.address_v6) == ("10.10.31.193", "2001::103")


def test_a_node_without_bgp_has_neither_address_nor_role() -> None:
    node = make()
    assert (node.address_v4, node.address_v6, node.as_number, node.cluster_id) == (None, None, None, None)


@pytest.mark.rfc("4456", "7")
def test_cluster_id_makes_a_reflector() -> None:
    assert make({"routeReflectorClusterID": "1.0.0.1"}).cluster_id == "1.0.0.1"
    assert make({"routeReflectorClusterID": "", "asNumber": 1}).cluster_id is None


def test_bgp_must_not_be_empty() -> None:
    with pytest.raises(ResourceInvalid, match=r"spec\.bgp: a mapping: expected at least one of asNumber, ipv4Address"):
        make({})


def test_every_field_of_the_reference() -> None:
    spec = {
        "bgp": {
            "asNumber": 64512,
            "ipv4Address": "10.0.0.1/24",
            "ipv6Address": "fd00::1/64",
            "ipv4IPIPTunnelAddr": "192.168.0.1",
            "routeReflectorClusterID": "1.0.0.1",
        },
        "ipv4VXLANTunnelAddr": "192.168.0.2",
        "vxlanTunnelMACAddr": "66:00:00:00:00:01",
        "ipv6VXLANTunnelAddr": "fd00:1::1",
        "vxlanTunnelMACAddrV6": "66:00:00:00:00:02",
        "orchRefs": [{"nodeName": "n", "orchestrator": "k8s"}],
        "wireguard": {"interfaceIPv4Address": "10.1.0.1", "interfaceIPv6Address": "fd00:2::1"},
        "addresses": [{"address": "10.0.0.1/24", "type": "CalicoNodeIP"}, {"address": "fd00::1"}],
        "interfaces": [{"name": "eth0", "addresses": ["10.0.0.1"]}],
    }
    status = {"wireguardPublicKey": "k", "wireguardPublicKeyV6": "k6", "podCIDRs": ["10.2.0.0/24"]}
    data = {"apiVersion": "projectcalico.org/v3", "kind": "Node", "metadata": {"name": "n"}, "spec": spec}
    assert Node.from_data(data | {"status": status}).to_data() == data | {"status": status}
