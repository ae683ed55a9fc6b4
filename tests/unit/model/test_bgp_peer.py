"""BGPPeer: one row per rule."""

import pytest

from tortie.model import BGPPeer, ResourceInvalid, split_peer_ip
from tortie.model.bgp_peer import parse_peer_ip
from tortie.model.fields import Expected


def make(**spec: object) -> BGPPeer:
    return BGPPeer.from_data({"metadata": {"name": "p"}, "spec": spec})


@pytest.mark.parametrize(
    ("text", "canonical", "address", "port"),
    [
        ("10.0.0.1", "10.0.0.1", "10.0.0.1", None),
        ("10.0.0.1:1790", "10.0.0.1:1790", "10.0.0.1", 1790),
        ("FD00:0::1", "fd00::1", "fd00::1", None),
        ("[fd00:0::1]:179", "[fd00::1]:179", "fd00::1", 179),
        ("[fd00::1]", "fd00::1", "fd00::1", None),
        ("10.0.0.1:65535", "10.0.0.1:65535", "10.0.0.1", 65535),
    ],
)
def test_peer_ip(text: str, canonical: str, address: str, port: int | None) -> None:
    assert parse_peer_ip(text) == canonical
    assert split_peer_ip(canonical) == (address, port)


@pytest.mark.parametrize(
    "text", ["", "rr1", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:", "[fd00::1]:x", "10.0.0.1/24", "1" * 65, "[10.0.0"]
)
def test_wrong_peer_ip(text: str) -> None:
    with pytest.raises(Expected):
        parse_peer_ip(text)


GLOBAL = {"peerIP": "10.0.0.1", "asNumber": 64512}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "spec.peerIP: missing, expected one of peerIP, peerSelector, localWorkloadSelector"),
        (GLOBAL | {"node": "n", "nodeSelector": "all()"}, "spec.nodeSelector: 'all()': expected nothing where node"),
        ({"peerIP": "10.0.0.1", "peerSelector": "all()"}, "spec.peerSelector: 'all()': expected nothing where peerIP"),
        ({"peerSelector": "all()", "asNumber": 1}, "spec.asNumber: 1: expected nothing where peerSelector"),
        ({"localWorkloadSelector": "all()"}, "spec.asNumber: missing, expected an AS number where localWorkload"),
        (
            GLOBAL | {"localWorkloadSelector": "all()"},
            "spec.localWorkloadSelector: 'all()': expected nothing where peerIP or peerSelector",
        ),
        (
            GLOBAL | {"keepOriginalNextHop": True, "nextHopMode": "Self"},
            "spec.keepOriginalNextHop: true: expected nothing where nextHopMode",
        ),
        (
            {"peerSelector": "all()", "reachableBy": "10.0.0.2"},
            "spec.reachableBy: '10.0.0.2': expected nothing without",
        ),
        (GLOBAL | {"reachableBy": "fd00::1"}, "spec.reachableBy: 'fd00::1': expected an address of the same family"),
        (
            {"peerIP": "[fd00::1]:179", "reachableBy": "10.0.0.1"},
            "spec.reachableBy: '10.0.0.1': expected an address of the same family",
        ),
        (GLOBAL | {"nextHopMode": "Slef"}, "expected one of Auto, Self, Keep (did you mean 'Self'?)"),
        (GLOBAL | {"ttlSecurity": 256}, "spec.ttlSecurity: 256: expected a whole number from 0 to 255"),
        (GLOBAL | {"maxRestartTime": "1 min"}, "spec.maxRestartTime: '1 min': expected a duration"),
        (GLOBAL | {"filters": ["A"]}, "spec.filters[0]: 'A': expected a name"),
        (GLOBAL | {"nodeSelector": "rack =="}, "expected a selector, in which text in quotes stands at character 8"),
        (GLOBAL | {"password": {"secretKeyRef": {"name": "s"}}}, "spec.password.secretKeyRef.key: missing"),
    ],
)
def test_rules(spec: dict[str, object], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        make(**spec)
    assert message in str(caught.value)


def test_a_peer_without_node_or_selector_is_global() -> None:
    assert make(**GLOBAL).is_global
    assert not make(**GLOBAL, node="n").is_global
    assert not make(**GLOBAL, nodeSelector="has(rack)").is_global


def test_address_and_port() -> None:
    peer = make(peerIP="10.0.0.1:1790")
    assert (peer.peer_address, peer.peer_port, peer.spec.as_number) == ("10.0.0.1", 1790, None)
    by_selector = make(peerSelector="has(rr)")
    assert (by_selector.peer_address, by_selector.peer_port) == (None, None)


def test_every_field_of_the_reference() -> None:
    spec = {
        "nodeSelector": "has(rack)",
        "peerIP": "10.0.0.1:179",
        "asNumber": 64512,
        "localASNumber": 65001,
        "nextHopMode": "Keep",
        "password": {"secretKeyRef": {"name": "s", "key": "k"}},
        "sourceAddress": "None",
        "maxRestartTime": "2m",
        "keepaliveTime": "30s",
        "numAllowedLocalASNumbers": 2,
        "ttlSecurity": 1,
        "reachableBy": "10.0.1.1",
        "filters": ["f1", "f2"],
        "reversePeering": "Manual",
    }
    assert make(**spec).to_data()["spec"] == spec
