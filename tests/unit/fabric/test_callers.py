"""Tests of tortie.fabric.callers: the named side of BGPPeers, on reflectors and on nodes."""

import pytest

from support.fabric import (
    MESH_OFF,
    able_fabric,
    configuration,
    fabric,
    node,
    peer,
    reasons,
    reflector,
    remotes,
    session_with,
)
from tortie.fabric import node_intent, reflector_intent
from tortie.model import Resource

RR = "10.0.0.168"
RR6 = "fd00::168"
NODES = [node("n1", "10.0.0.1", "fd00::1"), node("n2", "10.0.0.2"), node("n6", None, "fd00::6"), MESH_OFF]


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param([], [], id="nobody names it"),
        pytest.param([peer("p", RR)], ["10.0.0.1", "10.0.0.2"], id="a global record brings every node"),
        pytest.param([peer("p", RR, node="n2")], ["10.0.0.2"], id="a node's record brings that node"),
        pytest.param([peer("p", RR), peer("q", RR, node="n2")], ["10.0.0.1", "10.0.0.2"], id="both bring it once"),
        pytest.param([peer("p", RR6)], ["fd00::1", "fd00::6"], id="IPv6 global"),
        pytest.param([peer("p", "FD00:0::168", node="n6")], ["fd00::6"], id="IPv6 node, in another spelling"),
        pytest.param([peer("p", RR, node="gone")], [], id="a node that is not there"),
        pytest.param([peer("p", "192.0.2.1")], [], id="somebody else"),
        pytest.param([peer("p", f"{RR}:1790")], ["10.0.0.1", "10.0.0.2"], id="on any port"),
    ],
)
def test_clients(resources: list[Resource], expected: list[str]) -> None:
    own = [reflector(RR, "1.0.0.1"), reflector(RR6, "1.0.0.1")]
    assert remotes(reflector_intent(fabric(*NODES, *own, *resources), RR, RR6)) == expected
    assert remotes(reflector_intent(fabric(*NODES, *resources), RR, RR6)) == expected, "standing alone"


@pytest.mark.rfc("4456", "4")
def test_a_client_session() -> None:
    whole = fabric(*NODES, reflector(RR, "1.0.0.1"), peer("p", RR), peer("q", RR, node="n2"))
    session = session_with(reflector_intent(whole, RR), "10.0.0.2")
    assert session.roles == ("global", "node")
    assert session.passive, "the nodes dial"
    assert session.is_client
    assert (session.local_as, session.peer_as, session.families) == (64512, 64512, ("ipv4",))
    assert session.description == "global peer p of node n2; node peer q of node n2"
    assert session.export_filter.default_accept
    assert session.import_filter.default_accept


@pytest.mark.parametrize(
    ("cluster_id", "is_client"),
    [pytest.param("1.0.0.2", True, id="another cluster"), pytest.param("1.0.0.1", False, id="the same cluster")],
)
def test_a_node_that_reflects_itself(cluster_id: str, is_client: bool) -> None:
    whole = fabric(node("n1", "10.0.0.1", cluster_id=cluster_id), reflector(RR, "1.0.0.1"), peer("p", RR))
    assert session_with(reflector_intent(whole, RR), "10.0.0.1").is_client is is_client
    assert session_with(node_intent(whole, "n1"), RR).is_client is is_client


@pytest.mark.rfc("4456", "4")
def test_a_node_of_another_as_is_no_client_and_the_rest_are() -> None:
    """bird#28: one such node takes the whole configuration down."""
    whole = fabric(*NODES, node("n9", "10.0.0.9", as_number=65001), reflector(RR), peer("p", RR))
    intent = reflector_intent(whole, RR)
    assert remotes(intent) == ["10.0.0.1", "10.0.0.2"]
    assert reasons(intent) == {
        ("Node", "n9"): "spec.bgp.asNumber: 65001: expected 64512: only an internal peer can be a client "
        "of reflector 10.0.0.168"
    }


@pytest.mark.rfc("4456", "4")
def test_a_record_of_another_as_for_a_reflector_that_stands_alone() -> None:
    whole = fabric(*NODES, peer("p", RR, asNumber=65001), peer("q", RR, node="n2"))
    intent = reflector_intent(whole, RR)
    assert remotes(intent) == ["10.0.0.2"]
    assert reasons(intent) == {
        ("BGPPeer", "p"): "spec.asNumber: 65001: expected 64512, the cluster's: only an internal peer can be "
        "a client of reflector 10.0.0.168"
    }


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param([peer("p", "10.0.0.2", node="n1")], ["10.0.0.1"], id="a node's record"),
        pytest.param([peer("p", "10.0.0.2")], ["10.0.0.1", "10.0.0.3"], id="a global record"),
        pytest.param([peer("p", "10.0.0.2", reversePeering="Manual")], [], id="reversePeering: Manual"),
        pytest.param([peer("p", "10.0.0.2:1790", node="n1")], [], id="another port"),
        pytest.param(
            [peer("p", "10.0.0.2:1790", node="n1"), configuration("node.n2", listenPort=1790)],
            ["10.0.0.1"],
            id="its port",
        ),
        pytest.param([peer("p", "10.0.0.2", node="n1", asNumber=65001)], [], id="another AS number"),
        pytest.param([peer("p", "10.0.0.2", nodeSelector="rack == 'one'")], ["10.0.0.1"], id="of the nodes selected"),
        pytest.param([peer("p", peerSelector="rack == 'two'", node="n3")], ["10.0.0.3"], id="selected by its label"),
        pytest.param(
            [peer("p", peerSelector="rack == 'two'", node="n3", reversePeering="Manual")], [], id="selected, Manual"
        ),
    ],
)
def test_the_named_node_gets_the_session_in_return(resources: list[Resource], expected: list[str]) -> None:
    nodes = [
        node("n1", "10.0.0.1", labels={"rack": "one"}),
        node("n2", "10.0.0.2", labels={"rack": "two"}),
        node("n3", "10.0.0.3"),
        MESH_OFF,
    ]
    whole = fabric(*nodes, *resources)
    assert whole.quarantine == ()
    assert remotes(node_intent(whole, "n2")) == expected


def test_a_session_in_return_mirrors_the_other() -> None:
    whole = fabric(
        MESH_OFF,
        node("n1", "10.0.0.1", as_number=65001),
        node("n2", "10.0.0.2", as_number=65002),
        configuration("node.n1", listenPort=1791),
        peer("p", "10.0.0.2", node="n1", asNumber=65002),
    )
    there = session_with(node_intent(whole, "n1"), "10.0.0.2")
    back = session_with(node_intent(whole, "n2"), "10.0.0.1")
    assert (there.local_as, there.peer_as, there.roles) == (65001, 65002, ("node",))
    assert (back.local_as, back.peer_as, back.roles) == (65002, 65001, ("node",))
    assert (there.port, back.port) == (179, 1791)
    assert not there.passive
    assert not back.passive


@pytest.mark.parametrize("peer_ip", ["FD00:0::2", "[fd00::2]:179"])
def test_a_session_in_return_by_an_address_in_another_spelling(peer_ip: str) -> None:
    """Upstream compares text."""
    whole = fabric(MESH_OFF, node("n1", None, "fd00::1"), node("n2", None, "fd00::2"), peer("p", peer_ip, node="n1"))
    assert remotes(node_intent(whole, "n2")) == ["fd00::1"]


def test_the_other_end_expects_the_as_number_that_the_record_speaks_as() -> None:
    """Deviation `local-as-returned`: upstream's other end expects the node's own, and the session stays down."""
    whole = fabric(
        MESH_OFF, node("n1", "10.0.0.1"), node("n2", "10.0.0.2"), peer("p", "10.0.0.2", node="n1", localASNumber=65001)
    )
    there = session_with(node_intent(whole, "n1"), "10.0.0.2")
    back = session_with(node_intent(whole, "n2"), "10.0.0.1")
    assert (there.local_as, there.peer_as) == (65001, 64512)
    assert (back.local_as, back.peer_as) == (64512, 65001)


def test_options_of_both_ends_and_of_one() -> None:
    spec: dict[str, object] = {
        "nextHopMode": "Keep",
        "ttlSecurity": 2,
        "maxRestartTime": "90s",
        "keepaliveTime": "5s",
        "sourceAddress": "None",
        "password": {"secretKeyRef": {"name": "s", "key": "k"}},
        "numAllowedLocalASNumbers": 1,
        "reachableBy": "10.0.0.254",
    }
    nodes = [MESH_OFF, node("n1", "10.0.0.1"), node("n2", "10.0.0.2")]
    back = node_intent(able_fabric(*nodes, peer("p", "10.0.0.2", node="n1", **spec)), "n2")
    (session,) = back.sessions
    assert (session.next_hop_mode, session.ttl_security_hops, session.local_address) == ("keep", 2, None)
    assert (session.restart_time_s, session.keepalive_time_s) == (90, 5)
    assert session.password is not None
    assert (session.allowed_local_as_count, back.static_routes) == (0, ()), "matters of the other end alone"


@pytest.mark.rfc("4456", "4")
def test_a_node_that_speaks_as_a_reflectors_as_is_its_client() -> None:
    nodes = [MESH_OFF, node("n9", "10.0.0.9", as_number=65001)]
    whole = fabric(*nodes, reflector(RR), peer("p", RR, localASNumber=64512))
    session = session_with(reflector_intent(whole, RR), "10.0.0.9")
    assert (session.peer_as, session.is_client) == (64512, True)
    assert session_with(node_intent(whole, "n9"), RR).local_as == 64512


@pytest.mark.rfc("4456", "4")
def test_a_node_that_speaks_as_another_as_is_no_client() -> None:
    whole = fabric(*NODES, reflector(RR), peer("p", RR, node="n2", localASNumber=65001))
    for intent in (reflector_intent(whole, RR), node_intent(whole, "n2")):
        assert intent.sessions == ()
        assert reasons(intent) == {
            ("BGPPeer", "p"): "spec.localASNumber: 65001: expected 64512: only an internal peer can be a client "
            "of reflector 10.0.0.168"
        }


def test_clients_of_a_reflector_by_selector() -> None:
    nodes = [MESH_OFF, node("n1", "10.0.0.1", labels={"rack": "one"}), node("n2", "10.0.0.2")]
    whole = fabric(*nodes, reflector(RR), peer("p", RR, nodeSelector="rack == 'one'"))
    assert remotes(reflector_intent(whole, RR)) == ["10.0.0.1"]
