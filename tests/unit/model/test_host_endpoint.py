"""HostEndpoint: one row per rule, and the ports it shares with workload endpoints."""

from typing import Any

import pytest

from tortie.model import HostEndpoint, ResourceInvalid, WorkloadEndpoint, load_manifests


def make(**spec: object) -> HostEndpoint:
    return HostEndpoint.from_data({"metadata": {"name": "h"}, "spec": spec})


@pytest.mark.parametrize(
    "spec",
    [
        {"interfaceName": "*"},
        {"interfaceName": "a" * 15},
        {"expectedIPs": ["10.0.0.1", "fd00::1"]},
        {"interfaceName": "", "expectedIPs": ["10.0.0.1"]},
        {"interfaceName": "eth0", "ports": [{"name": "ssh", "protocol": "tcp", "port": 22}]},
        {"interfaceName": "eth0", "ports": [{"name": "x", "protocol": 255, "port": 65535}]},
    ],
)
def test_good(spec: dict[str, Any]) -> None:
    assert make(node="n", **spec).spec.node == "n"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"interfaceName": "eth0"}, "spec.node: missing, expected the name of a node"),
        ({"node": "n"}, "spec.interfaceName: missing, expected the name of an interface, or expectedIPs"),
        ({"node": "n", "interfaceName": "a" * 16}, "expected the name of an interface, 1-15 characters"),
        ({"node": "n", "expectedIPs": ["10.0.0.0/24"]}, "spec.expectedIPs[0]: '10.0.0.0/24': expected an IP address"),
        ({"node": "n", "interfaceName": "e", "ports": [{"name": "x", "protocol": "TPC", "port": 1}]}, "mean 'TCP'?"),
        ({"node": "n", "interfaceName": "e", "ports": [{"name": "x", "protocol": 256, "port": 1}]}, "from 1 to 255"),
        ({"node": "n", "interfaceName": "e", "ports": [{"name": "x", "protocol": "TCP", "port": 0}]}, "1 to 65535"),
        ({"node": "n", "interfaceName": "e", "ports": [{"protocol": "TCP", "port": 1}]}, "ports[0].name: missing"),
        ({"node": "n", "interfaceName": "e", "ports": [{"name": "a b", "protocol": "TCP", "port": 1}]}, "letters"),
        ({"node": "n", "interfacename": "e", "interfaceName": "e"}, "did you mean 'interfaceName'?"),
    ],
)
def test_rules(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        make(**spec)
    assert message in str(caught.value)


def test_nat_is_of_an_address_of_the_workload() -> None:
    spec = {"node": "n", "ipNetworks": ["10.0.0.1/32"], "ipNATs": [{"internalIP": "10.0.0.1", "externalIP": "1.1.1.1"}]}
    assert WorkloadEndpoint.from_data({"metadata": {"name": "w"}, "spec": spec}).spec.ip_nats
    spec["ipNATs"] = [{"internalIP": "10.0.0.2", "externalIP": "1.1.1.1"}]
    with pytest.raises(ResourceInvalid, match=r"spec.ipNATs\[0\].internalIP: '10.0.0.2': expected an address of ipNet"):
        WorkloadEndpoint.from_data({"metadata": {"name": "w"}, "spec": spec})


@pytest.mark.parametrize("mac", ["11:22:33:44:55:06", "EE:EE:EE:EE:EE:EE"])
def test_a_mac_of_digits_is_text_in_yaml(mac: str) -> None:
    text = f"""
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {{name: w}}
spec: {{node: n, mac: {mac}}}
"""
    (resource,) = load_manifests(text, "w.yaml")
    assert resource.to_data()["spec"]["mac"] == mac.lower()
    with pytest.raises(ResourceInvalid, match="expected a MAC address"):
        load_manifests(text.replace(mac, mac + ":00"), "w.yaml")
