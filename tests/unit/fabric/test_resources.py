"""Tests of tortie.fabric.resources: the snapshot and its indexes."""

from dataclasses import dataclass

import pytest

from support.fabric import MESH_OFF, fabric, names, node, peer, reasons, reflector, seed_reflection
from tortie.fabric import Fabric, Quarantined
from tortie.model import ResourceInvalid, from_stored
from tortie.model.keys import resource_key

OLD = "2026-01-01T00:00:00Z"
NEW = "2026-01-02T00:00:00Z"


@dataclass(frozen=True)
class Unreadable:
    """What a store reports."""

    key: str
    reason: str


def test_indexes() -> None:
    whole = fabric(*seed_reflection(), node("n6", None, "fd00::6"), peer("own", "fd00::7", node="n6", asNumber=65001))
    assert list(whole.nodes) == ["kube-master", "kube-node1", "kube-node2", "n6", "node3"]
    assert whole.speakers.nodes_by_address["fd00::6"].name == "n6"
    assert list(whole.reflectors) == ["10.10.31.168"]
    assert [item.name for item in whole.global_peers] == ["10-10-31-168"]
    assert [item.name for item in whole.node_peers["n6"]] == ["own"]
    assert sorted(whole.peers_by_address) == ["10.10.31.168", "fd00::7"]


def test_nothing_is_a_fabric_too() -> None:
    whole = fabric()
    assert (whole.nodes, whole.reflectors, whole.quarantine) == ({}, {}, ())
    assert whole.settings.is_default_usable


@pytest.mark.parametrize(
    ("key", "kind", "name"),
    [
        pytest.param(resource_key("Node", "n1"), "Node", "n1", id="v3 resource"),
        pytest.param("/calico/bgp/v1/rr_v4/10.0.0.1", "RouteReflector", "10.0.0.1", id="reflector record"),
        pytest.param("/calico/strange", "Record", "/calico/strange", id="unknown key"),
    ],
)
def test_what_the_store_could_not_read_is_reported(key: str, kind: str, name: str) -> None:
    whole = Fabric.from_resources([], [Unreadable(key, "not JSON")])
    assert whole.quarantine == (Quarantined(kind, name, "not JSON"),)


def test_an_unreadable_default_configuration_is_told_apart_from_an_absent_one() -> None:
    key = resource_key("BGPConfiguration", "default")
    assert not Fabric.from_resources([], [Unreadable(key, "not JSON")]).settings.is_default_usable
    other = resource_key("BGPConfiguration", "node.n1")
    assert Fabric.from_resources([MESH_OFF], [Unreadable(other, "not JSON")]).settings.is_default_usable


def test_an_unreadable_node_is_known_by_name() -> None:
    whole = Fabric.from_resources([], [Unreadable(resource_key("Node", "n1"), "not JSON")])
    assert whole.nodes_set_aside == {"n1"}


def test_an_address_belongs_to_a_node_or_to_a_reflector() -> None:
    """bird#12: a stale host took the reflector's address, and the whole deployment went down."""
    whole = fabric(*seed_reflection(), node("stale", "10.10.31.168", created=OLD))
    assert names(reasons(whole)) == ["stale"]
    assert list(whole.reflectors) == ["10.10.31.168"]
    assert whole.nodes_set_aside == {"stale"}


def test_two_spellings_are_one_address() -> None:
    whole = fabric(node("a", None, "fd00::1", created=OLD), node("b", None, "FD00:0:0::1", created=NEW))
    assert names(reasons(whole)) == ["b"]


def test_a_reflectors_key_and_ip_must_agree() -> None:
    """Such a record is refused when it is read, and arrives as one that the store could not read."""
    key = "/calico/bgp/v1/rr_v4/10.10.31.168"
    with pytest.raises(ResourceInvalid) as caught:
        from_stored(key, b'{"ip":"10.10.31.169","cluster_id":"1.0.0.1"}')
    whole = Fabric.from_resources([], [Unreadable(key, str(caught.value))])
    assert names(reasons(whole)) == ["10.10.31.168"]
    assert all(text in whole.quarantine[0].reason for text in ("10.10.31.168", "10.10.31.169"))


def test_two_records_of_one_reflector() -> None:
    whole = fabric(reflector("10.0.0.1", "1.0.0.1"), reflector("10.0.0.1", "1.0.0.2"))
    assert names(reasons(whole)) == ["10.0.0.1"]
    assert whole.reflectors["10.0.0.1"].cluster_id == "1.0.0.1"
