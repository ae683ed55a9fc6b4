"""Tests of tortie.fabric.peers: global and node-specific peers from the dialling side."""

from typing import Any

import pytest

from support.fabric import MESH_OFF, configuration, fabric, node, peer, reasons, reflector, remotes, session_with
from tortie.fabric import node_intent
from tortie.model import Resource

OLD = "2026-01-01T00:00:00Z"
NEW = "2026-01-02T00:00:00Z"
NODES = [node("n1", "10.0.0.1", "fd00::1"), node("n2", "10.0.0.2"), MESH_OFF]


@pytest.mark.parametrize(
    ("peers", "of_n1", "of_n2"),
    [
        pytest.param([peer("p", "192.0.2.1")], ["192.0.2.1"], ["192.0.2.1"], id="global"),
        pytest.param([peer("p", "192.0.2.1", node="n1")], ["192.0.2.1"], [], id="node-specific"),
        pytest.param([peer("p", "2001:db8::1")], ["2001:db8::1"], [], id="global, family of some nodes"),
        pytest.param([peer("p", "192.0.2.1", node="gone")], [], [], id="of a node that is not there"),
        pytest.param(
            [peer("p", "192.0.2.1"), peer("q", "192.0.2.1", node="n1")],
            ["192.0.2.1"],
            ["192.0.2.1"],
            id="global and node-specific are one session",
        ),
        pytest.param(
            [peer("p", "192.0.2.1:1790"), peer("q", "192.0.2.1")],
            ["192.0.2.1", "192.0.2.1"],
            ["192.0.2.1", "192.0.2.1"],
            id="two ports are two sessions",
        ),
    ],
)
def test_who_peers(peers: list[Resource], of_n1: list[str], of_n2: list[str]) -> None:
    whole = fabric(*NODES, *peers)
    assert remotes(node_intent(whole, "n1")) == of_n1
    assert remotes(node_intent(whole, "n2")) == of_n2
    assert whole.quarantine == ()


def test_a_global_peer_does_not_peer_with_itself() -> None:
    whole = fabric(*NODES, peer("p", "10.0.0.2"))
    assert "10.0.0.2" in remotes(node_intent(whole, "n1"))
    assert "10.0.0.2" not in remotes(node_intent(whole, "n2"))


@pytest.mark.parametrize(
    ("role", "only"), [pytest.param("global", None, id="global"), pytest.param("node", "n1", id="node")]
)
def test_the_session_with_a_reflector(role: str, only: str | None) -> None:
    whole = fabric(*NODES, reflector("10.0.0.168", "1.0.0.1"), peer("rr", "10.0.0.168", node=only))
    session = session_with(node_intent(whole, "n1"), "10.0.0.168")
    assert session.roles == (role,)
    assert session.description == f"{role} peer rr"
    assert (session.local_address, session.families) == ("10.0.0.1", ("ipv4",))
    assert not session.passive, "a node dials its reflector"
    assert not session.is_client
    assert session.next_hop_mode == "self"


def test_roles_of_one_session_add_up() -> None:
    whole = fabric(
        node("n1", "10.0.0.1"), node("n2", "10.0.0.2"), peer("g", "10.0.0.2"), peer("o", "10.0.0.2", node="n1")
    )
    session = session_with(node_intent(whole, "n1"), "10.0.0.2")
    assert session.roles == ("global", "mesh", "node")
    assert session.description == "global peer g; node peer o; mesh with node n2"


@pytest.mark.parametrize(
    ("spec", "peer_as", "expected"),
    [
        pytest.param({}, 64512, "self", id="a node says itself"),
        pytest.param({"nextHopMode": "Keep"}, 64512, "keep", id="Keep"),
        pytest.param({"nextHopMode": "Auto"}, 64512, "auto", id="Auto"),
        pytest.param({"nextHopMode": "Self"}, 65001, "self", id="Self"),
        pytest.param({"keepOriginalNextHop": True}, 65001, "keep", id="keepOriginalNextHop to another AS"),
        pytest.param({"keepOriginalNextHop": True}, 64512, "self", id="keepOriginalNextHop inside the AS"),
        pytest.param({"keepOriginalNextHop": False}, 65001, "self", id="keepOriginalNextHop off"),
    ],
)
def test_next_hop_mode(spec: dict[str, Any], peer_as: int, expected: str) -> None:
    whole = fabric(*NODES, peer("p", "192.0.2.1", asNumber=peer_as, **spec))
    assert session_with(node_intent(whole, "n1"), "192.0.2.1").next_hop_mode == expected


@pytest.mark.parametrize(
    ("global_age", "own_age", "peer_as", "loser"),
    [
        pytest.param(OLD, NEW, 65001, "own", id="global is older"),
        pytest.param(NEW, OLD, 65002, "all", id="own is older"),
    ],
)
def test_two_as_numbers_for_one_address_on_one_node(global_age: str, own_age: str, peer_as: int, loser: str) -> None:
    whole = fabric(
        *NODES,
        peer("all", "192.0.2.1", asNumber=65001, created=global_age),
        peer("own", "192.0.2.1", asNumber=65002, node="n1", created=own_age),
    )
    intent = node_intent(whole, "n1")
    assert session_with(intent, "192.0.2.1").peer_as == peer_as
    assert list(reasons(intent)) == [("BGPPeer", loser)]
    assert f"on node 'n1' expected {peer_as}: BGPPeer " in reasons(intent)["BGPPeer", loser]
    other = node_intent(whole, "n2")
    assert session_with(other, "192.0.2.1").peer_as == 65001
    assert other.quarantine == ()


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([], id="in the mesh"),
        pytest.param([MESH_OFF, peer("back", "10.0.0.1", node="n2")], id="by a session in return"),
    ],
)
def test_of_a_neighbour_by_other_records_the_node_record_knows_the_as_number(others: list[Resource]) -> None:
    whole = fabric(node("n1", "10.0.0.1"), node("n2", "10.0.0.2"), peer("p", "10.0.0.2", asNumber=65001), *others)
    intent = node_intent(whole, "n1")
    assert [item.peer_as for item in intent.sessions] == [64512]
    assert reasons(intent) == {
        ("BGPPeer", "p"): "spec.asNumber: 65001: on node 'n1' expected 64512, the AS number of node 'n2'"
    }


def test_an_older_record_that_the_node_record_contradicts_is_no_incumbent() -> None:
    whole = fabric(
        node("n1", "10.0.0.1"),
        node("n2", "10.0.0.2"),
        peer("old", "10.0.0.2", asNumber=65001, created=OLD),
        peer("new", "10.0.0.2", node="n1", created=NEW),
    )
    intent = node_intent(whole, "n1")
    assert [item.roles for item in intent.sessions] == [("mesh", "node")]
    assert list(reasons(intent)) == [("BGPPeer", "old")]


def test_a_record_with_another_as_number_than_the_node_has_is_obeyed_and_not_returned() -> None:
    """As upstream: the session cannot come up, which is for the linter to say."""
    whole = fabric(*NODES, peer("p", "10.0.0.2", asNumber=65001))
    assert session_with(node_intent(whole, "n1"), "10.0.0.2").peer_as == 65001
    assert node_intent(whole, "n2").sessions == ()


@pytest.mark.rfc("4456", "4")
def test_a_node_of_another_as_does_not_dial_a_reflector() -> None:
    """bird#28, seen from the node."""
    whole = fabric(MESH_OFF, node("n1", "10.0.0.1", as_number=65001), reflector("10.0.0.168"), peer("rr", "10.0.0.168"))
    intent = node_intent(whole, "n1")
    assert intent.sessions == ()
    assert reasons(intent) == {
        ("Node", "n1"): "spec.bgp.asNumber: 65001: expected 64512: only an internal peer can be a client "
        "of reflector 10.0.0.168"
    }


def test_as_number_of_an_external_peer() -> None:
    whole = fabric(*NODES, configuration("node.n1"), peer("tor", "192.0.2.1", asNumber=4200000000))
    session = session_with(node_intent(whole, "n1"), "192.0.2.1")
    assert (session.local_as, session.peer_as) == (64512, 4200000000)


@pytest.mark.rfc("4456", "7")
@pytest.mark.parametrize(
    ("other_id", "peer_as", "is_client"),
    [
        pytest.param(None, 64512, True, id="a node without cluster id is a client"),
        pytest.param("1.0.0.2", 64512, True, id="a reflector of another cluster is one"),
        pytest.param("1.0.0.1", 64512, False, id="a reflector of the same cluster is none"),
        pytest.param(None, 65001, False, id="an external peer is none"),
    ],
)
def test_clients_of_a_node_that_reflects(other_id: str | None, peer_as: int, is_client: bool) -> None:
    whole = fabric(
        MESH_OFF,
        node("rr", "10.0.0.168", cluster_id="1.0.0.1"),
        node("n1", "10.0.0.1", cluster_id=other_id, as_number=peer_as),
        peer("p", "10.0.0.1", node="rr", asNumber=peer_as),
    )
    session = session_with(node_intent(whole, "rr"), "10.0.0.1")
    assert session.is_client is is_client
    assert session.next_hop_mode == "auto", "a reflector leaves next hops alone"
