"""WorkloadEndpoint."""

import pytest

from tortie.model import ResourceInvalid, WorkloadEndpoint, WorkloadEndpointSpec, workload_endpoint_name


def make(**spec: object) -> WorkloadEndpoint:
    return WorkloadEndpoint.from_data({"metadata": {"name": "w"}, "spec": {"node": "n"} | spec})


def test_namespace_is_default_unless_given() -> None:
    assert make().namespace == "default"
    data = {"metadata": {"name": "w", "namespace": "prod"}, "spec": {"node": "n"}}
    assert WorkloadEndpoint.from_data(data).namespace == "prod"


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({"orchestrator": "k8s", "pod": "web-0", "endpoint": "eth0"}, "node--1-k8s-web--0-eth0"),
        ({"orchestrator": "cni", "container_id": "abc", "endpoint": "eth0"}, "node--1-cni-abc-eth0"),
        ({"orchestrator": "libnetwork", "endpoint": "e-1"}, "node--1-libnetwork-libnetwork-e--1"),
        ({"orchestrator": "lab", "workload": "a", "endpoint": "eth0"}, "node--1-lab-a-eth0"),
    ],
)
def test_calico_name(spec: dict[str, str], name: str) -> None:
    assert workload_endpoint_name(WorkloadEndpointSpec(node="node-1", **spec)) == name


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"ipNetworks": ["10.0.0.0/24"]}, "spec.ipNetworks[0]: '10.0.0.0/24': expected a single address: /32"),
        ({"node": None}, "spec.node: missing, expected the name of a node"),
        ({"ipNATs": [{"internalIP": "10.0.0.1"}]}, "spec.ipNATs[0].externalIP: missing, expected an IP address"),
        ({"ports": [{"port": 0}]}, "spec.ports[0].port: 0: expected a whole number from 1 to 65535"),
    ],
)
def test_rules(spec: dict[str, object], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        make(**spec)
    assert message in str(caught.value)


def test_every_field_of_the_reference() -> None:
    spec = {
        "orchestrator": "k8s",
        "workload": "w",
        "node": "n",
        "containerID": "c",
        "pod": "p",
        "endpoint": "eth0",
        "serviceAccountName": "s",
        "ipNetworks": ["192.168.0.1/32", "fd00::1/128"],
        "ipNATs": [{"internalIP": "192.168.0.1", "externalIP": "203.0.113.1"}],
        "ipv4Gateway": "169.254.1.1",
        "ipv6Gateway": "fe80::1",
        "profiles": ["kns.default"],
        "interfaceName": "cali0123456789a",
        "mac": "ee:ee:ee:ee:ee:ee",
        "ports": [{"name": "http", "protocol": "TCP", "port": 80, "hostPort": 8080, "hostIP": "10.0.0.1"}],
        "allowSpoofedSourcePrefixes": ["10.9.0.0/16"],
        "qosControls": {"ingressBandwidth": 1000},
    }
    assert make(**spec).to_data()["spec"] == spec
