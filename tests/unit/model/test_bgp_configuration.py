"""BGPConfiguration: one row per rule."""

import pytest

from tortie.model import DEFAULT_AS_NUMBER, BGPConfiguration, ResourceInvalid
from tortie.model.bgp_configuration import ADVERTISEMENT_COUNT_MAX, parse_community, parse_interface_glob
from tortie.model.fields import Expected


def make(name: str = "default", /, **spec: object) -> BGPConfiguration:
    return BGPConfiguration.from_data({"metadata": {"name": name}, "spec": spec})


def test_defaults() -> None:
    configuration = make()
    assert (configuration.as_number, configuration.is_mesh_enabled) == (DEFAULT_AS_NUMBER, True)
    assert configuration.to_data()["spec"] == {}


def test_values() -> None:
    configuration = make(asNumber="1.10", nodeToNodeMeshEnabled=False)
    assert (configuration.as_number, configuration.is_mesh_enabled) == (65546, False)


def test_whose_it_is() -> None:
    assert make().is_default
    assert make().node_name is None
    of_node = make("node.kube-node1", listenPort=1790)
    assert (of_node.is_default, of_node.node_name) == (False, "kube-node1")


@pytest.mark.rfc("1997", "3")
@pytest.mark.parametrize(("text", "canonical"), [("65001:100", "65001:100"), ("0:0", "0:0"), ("65535:65535",) * 2])
def test_community(text: str, canonical: str) -> None:
    assert parse_community(text) == canonical


@pytest.mark.rfc("8092", "3")
def test_large_community() -> None:
    assert parse_community("4294967295:0:1") == "4294967295:0:1"


@pytest.mark.parametrize("text", ["1", "65536:1", "1:65536", "1:2:4294967296", "1:2:3:4", "a:b", ""])
def test_wrong_community(text: str) -> None:
    with pytest.raises(Expected, match="a community aa:nn"):
        parse_community(text)


@pytest.mark.parametrize("text", ["eth0", "eth*", "a" * 15, "veth_1.2-x"])
def test_interface_pattern(text: str) -> None:
    assert parse_interface_glob(text) == text


@pytest.mark.parametrize("text", ["*", "", "a" * 16, "eth/0", "eth 0"])
def test_wrong_interface_pattern(text: str) -> None:
    with pytest.raises(Expected, match="the name of an interface"):
        parse_interface_glob(text)


COMMUNITY = {"name": "bgp-large", "value": "100:5"}


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("other", {}, "metadata.name: 'other': expected default, or node.<name of a node>"),
        ("node.", {}, "metadata.name: 'node.': expected a name"),
        ("node.n", {"asNumber": 1}, "spec.asNumber: 1: expected nothing: only the configuration named default"),
        ("node.n", {"nodeToNodeMeshEnabled": True}, "spec.nodeToNodeMeshEnabled: true: expected nothing"),
        ("node.n", {"serviceClusterIPs": []}, "spec.serviceClusterIPs: a list: expected nothing"),
        (
            "default",
            {"nodeToNodeMeshEnabled": False, "nodeMeshMaxRestartTime": "10s"},
            "spec.nodeMeshMaxRestartTime: '10s': expected nothing where nodeToNodeMeshEnabled is false",
        ),
        ("default", {"communities": [COMMUNITY]}, "spec.prefixAdvertisements: missing, expected an entry that uses"),
        (
            "default",
            {"prefixAdvertisements": [{"cidr": "10.0.0.0/8", "communities": ["x"]}]},
            "expected communities that are defined (there is no 'x')",
        ),
        ("default", {"communities": [{"name": "a"}]}, "spec.communities[0].value: missing, expected a community"),
        ("default", {"listenPort": 0}, "spec.listenPort: 0: expected a whole number from 1 to 65535"),
        ("default", {"listenPort": 65536}, "spec.listenPort: 65536"),
        ("default", {"logSeverityScreen": "Inof"}, "did you mean 'Info'?"),
        ("default", {"ignoredInterfaces": ["*"]}, "spec.ignoredInterfaces[0]: '*': expected the name of an interface"),
        ("default", {"nodeToNodeMeshEnabled": "off"}, "spec.nodeToNodeMeshEnabled: 'off': expected true or false"),
        (
            "default",
            {"prefixAdvertisements": [{"cidr": "10.0.0.0/8"}] * (ADVERTISEMENT_COUNT_MAX + 1)},
            "spec.prefixAdvertisements: a list: expected at most 500 entries",
        ),
    ],
)
def test_rules(name: str, spec: dict[str, object], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        make(name, **spec)
    assert message in str(caught.value)


def test_lists_at_their_limit() -> None:
    spec = make(prefixAdvertisements=[{"cidr": "10.0.0.0/8"}] * ADVERTISEMENT_COUNT_MAX).spec
    assert spec.prefix_advertisements is not None
    assert len(spec.prefix_advertisements) == ADVERTISEMENT_COUNT_MAX


def test_every_field_of_the_reference() -> None:
    spec = {
        "logSeverityScreen": "Debug",
        "nodeToNodeMeshEnabled": True,
        "asNumber": 64513,
        "serviceClusterIPs": [{"cidr": "10.96.0.0/12"}],
        "serviceExternalIPs": [{"cidr": ""}],
        "serviceLoadBalancerIPs": [{"cidr": "fd00::/112"}],
        "serviceLoadBalancerAggregation": "Disabled",
        "communities": [COMMUNITY],
        "prefixAdvertisements": [{"cidr": "10.0.0.0/8", "communities": ["bgp-large", "65001:1:2"]}],
        "listenPort": 1790,
        "nodeMeshPassword": {"secretKeyRef": {"name": "s", "key": "k"}},
        "nodeMeshMaxRestartTime": "2m0s",
        "bindMode": "NodeIP",
        "ignoredInterfaces": ["eth1", "docker*"],
        "localWorkloadPeeringIPV4": "169.254.0.1",
        "localWorkloadPeeringIPV6": "fd00::1",
        "programClusterRoutes": "Disabled",
        "ipv4NormalRoutePriority": 1024,
        "ipv6NormalRoutePriority": 1,
    }
    assert make(**spec).to_data()["spec"] == spec
