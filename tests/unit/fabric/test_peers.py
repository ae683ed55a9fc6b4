"""Tests of tortie.fabric.peers: global and node-specific peers from the dialling side."""

from typing import Any

import pytest

from support.fabric import (
    MESH_OFF,
    able_fabric,
    configuration,
    endpoint,
    fabric,
    node,
    peer,
    reasons,
    reflector,
    remotes,
    session_with,
)
from tortie.fabric import SecretReference, StaticRoute, node_intent
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
    ("names", "only", "winner"),
    [
        pytest.param(("zz", "aa"), "n1", "zz", id="global before node-specific"),
        pytest.param(("bb", "aa"), None, "aa", id="then by name"),
    ],
)
def test_two_as_numbers_for_one_address_on_one_node(names: tuple[str, str], only: str | None, winner: str) -> None:
    """The first by name, whatever is older: the result must be the same for whoever reads the same manifests."""
    numbers = dict(zip(names, (65001, 65002), strict=True))
    whole = fabric(
        *NODES,
        peer(names[0], "192.0.2.1", asNumber=65001, created=NEW),
        peer(names[1], "192.0.2.1", asNumber=65002, node=only, created=OLD),
    )
    intent = node_intent(whole, "n1")
    (loser,) = numbers.keys() - {winner}
    assert session_with(intent, "192.0.2.1").peer_as == numbers[winner]
    assert reasons(intent) == {
        ("BGPPeer", loser): f"spec.asNumber: {numbers[loser]}: on node 'n1' expected {numbers[winner]} "
        f"for 192.0.2.1: BGPPeer '{winner}' comes first"
    }
    other = node_intent(whole, "n2")
    if only is None:
        return
    assert session_with(other, "192.0.2.1").peer_as == 65001
    assert other.quarantine == ()


@pytest.mark.parametrize(
    ("others", "first"),
    [
        pytest.param([], "the mesh with node n2", id="in the mesh"),
        pytest.param(
            [MESH_OFF, peer("zz-back", "10.0.0.1", node="n2")], "BGPPeer 'zz-back'", id="by a session in return"
        ),
    ],
)
def test_of_a_neighbour_by_other_records_the_node_record_knows_the_as_number(
    others: list[Resource], first: str
) -> None:
    whole = fabric(node("n1", "10.0.0.1"), node("n2", "10.0.0.2"), peer("p", "10.0.0.2", asNumber=65001), *others)
    intent = node_intent(whole, "n1")
    assert [item.peer_as for item in intent.sessions] == [64512]
    assert reasons(intent) == {
        ("BGPPeer", "p"): f"spec.asNumber: 65001: on node 'n1' expected 64512 for 10.0.0.2: {first} comes first"
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


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("spec", "field", "value"),
    [
        pytest.param({"localASNumber": 65009}, "local_as", 65009, id="localASNumber"),
        pytest.param({"sourceAddress": "None"}, "local_address", None, id="sourceAddress None"),
        pytest.param({"sourceAddress": "UseNodeIP"}, "local_address", "10.0.0.1", id="sourceAddress UseNodeIP"),
        pytest.param({"maxRestartTime": "90s"}, "restart_time_s", 90, id="maxRestartTime"),
        pytest.param({"maxRestartTime": "1m30.6s"}, "restart_time_s", 91, id="maxRestartTime, rounded"),
        pytest.param({"keepaliveTime": "1m"}, "keepalive_time_s", 60, id="keepaliveTime"),
        pytest.param({"numAllowedLocalASNumbers": 2}, "allowed_local_as_count", 2, id="numAllowedLocalASNumbers"),
        pytest.param({"ttlSecurity": 1}, "ttl_security_hops", 1, id="ttlSecurity", marks=pytest.mark.rfc("5082", "3")),
        pytest.param({"ttlSecurity": 0}, "ttl_security_hops", None, id="ttlSecurity 0"),
        pytest.param(
            {"password": {"secretKeyRef": {"name": "s", "key": "k"}}},
            "password",
            SecretReference("s", "k"),
            id="secret",
        ),
    ],
)
@pytest.mark.parametrize("by", ["peerIP", "peerSelector"])
def test_an_option(spec: dict[str, Any], field: str, value: object, by: str) -> None:
    whom: dict[str, Any] = {"peer_ip": "10.0.0.2"} if by == "peerIP" else {"peerSelector": "rack == 'two'"}
    whole = able_fabric(
        MESH_OFF,
        node("n1", "10.0.0.1"),
        node("n2", "10.0.0.2", labels={"rack": "two"}),
        peer("p", node="n1", **whom, **spec),
    )
    assert whole.quarantine == ()
    assert getattr(session_with(node_intent(whole, "n1"), "10.0.0.2"), field) == value


def test_a_router_to_the_peer_is_a_route_of_the_nodes_that_have_the_peer() -> None:
    whole = able_fabric(*NODES, peer("p", "192.0.2.1:1790", node="n1", reachableBy="10.0.0.254"))
    assert node_intent(whole, "n1").static_routes == (StaticRoute("192.0.2.1/32", "10.0.0.254"),)
    assert node_intent(whole, "n2").static_routes == ()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"localASNumber": 65001}, "self", id="inside the AS as it is spoken"),
        pytest.param({}, "keep", id="outside"),
    ],
)
def test_inside_or_outside_is_by_the_as_number_that_is_spoken(spec: dict[str, Any], expected: str) -> None:
    """Reference E4: the effective AS number decides on keepOriginalNextHop."""
    whole = fabric(*NODES, peer("p", "192.0.2.1", asNumber=65001, keepOriginalNextHop=True, **spec))
    assert session_with(node_intent(whole, "n1"), "192.0.2.1").next_hop_mode == expected


@pytest.mark.rfc("4456", "7")
def test_a_client_is_one_by_the_as_number_that_is_spoken() -> None:
    whole = fabric(
        MESH_OFF, node("rr", "10.0.0.168", cluster_id="1.0.0.1"), peer("p", "192.0.2.1", localASNumber=1, asNumber=1)
    )
    assert session_with(node_intent(whole, "rr"), "192.0.2.1").is_client


def test_a_mesh_session_has_what_the_configuration_says() -> None:
    secret = {"secretKeyRef": {"name": "bgp", "key": "mesh"}}
    nodes = [node("n1", "10.0.0.1"), node("n2", "10.0.0.2")]
    whole = able_fabric(*nodes, configuration(nodeMeshPassword=secret, nodeMeshMaxRestartTime="90s"))
    (session,) = node_intent(whole, "n1").sessions
    assert (session.password, session.restart_time_s) == (SecretReference("bgp", "mesh"), 90)


# ---------------------------------------------------------------- selectors


RACKS = [
    node("n1", "10.0.0.1", "fd00::1", labels={"rack": "one"}),
    node("n2", "10.0.0.2", "fd00::2", labels={"rack": "one", "role": "reflector"}),
    node("n3", "10.0.0.3", labels={"rack": "two"}, as_number=65003),
    configuration("node.n3", listenPort=1790),
    MESH_OFF,
]


@pytest.mark.parametrize(
    ("spec", "sessions"),
    [
        pytest.param(
            {"nodeSelector": "rack == 'one'", "peer_ip": "192.0.2.1"},
            {"n1": ["192.0.2.1"], "n2": ["192.0.2.1"], "n3": []},
            id="nodeSelector with an address",
        ),
        pytest.param(
            {"peerSelector": "has(role)"},
            {"n1": ["10.0.0.2", "fd00::2"], "n2": ["10.0.0.1", "10.0.0.3", "fd00::1"], "n3": ["10.0.0.2"]},
            id="all nodes with those selected, in each family that both have, and back",
        ),
        pytest.param(
            {"peerSelector": "has(role)", "node": "n3"},
            {"n1": [], "n2": ["10.0.0.3"], "n3": ["10.0.0.2"]},
            id="one node with those selected",
        ),
        pytest.param(
            {"nodeSelector": "rack == 'one'", "peerSelector": "rack == 'one'"},
            {"n1": ["10.0.0.2", "fd00::2"], "n2": ["10.0.0.1", "fd00::1"], "n3": []},
            id="a mesh of some nodes; nobody with itself",
        ),
        pytest.param(
            {"peerSelector": "has(role)", "reversePeering": "Manual"},
            {"n1": ["10.0.0.2", "fd00::2"], "n2": [], "n3": ["10.0.0.2"]},
            id="not back where it says Manual",
        ),
        pytest.param(
            {"nodeSelector": "rack == 'three'", "peerSelector": "all()"}, {"n1": [], "n2": [], "n3": []}, id="nobody"
        ),
        pytest.param(
            {"nodeSelector": "has(role)", "peer_ip": "10.0.0.1"},
            {"n1": ["10.0.0.2"], "n2": ["10.0.0.1"], "n3": []},
            id="nodeSelector with a node's address, and back",
        ),
    ],
)
def test_selectors(spec: dict[str, Any], sessions: dict[str, list[str]]) -> None:
    whole = fabric(*RACKS, peer("p", **spec))
    assert whole.quarantine == ()
    assert {name: remotes(node_intent(whole, name)) for name in whole.nodes} == sessions


def test_a_selected_node_brings_its_own_as_number_and_port() -> None:
    whole = fabric(*RACKS, peer("p", nodeSelector="has(role)", peerSelector="rack == 'two'"))
    there = session_with(node_intent(whole, "n2"), "10.0.0.3")
    back = session_with(node_intent(whole, "n3"), "10.0.0.2")
    assert (there.local_as, there.peer_as, there.port, there.roles) == (64512, 65003, 1790, ("node",))
    assert (back.local_as, back.peer_as, back.port, back.roles) == (65003, 64512, 179, ("node",))
    assert there.description == "node peer p with node n3"
    assert back.description == "node peer p of node n2"


def test_a_selector_without_nodes_is_global() -> None:
    whole = fabric(*RACKS, peer("p", peerSelector="has(role)"))
    assert session_with(node_intent(whole, "n1"), "10.0.0.2").roles == ("global",)


def test_labels_decide_when_they_change() -> None:
    changed = [node("n1", "10.0.0.1", labels={"rack": "two"}), *RACKS[1:]]
    whole = fabric(*changed, peer("p", "192.0.2.1", nodeSelector="rack == 'one'"))
    assert node_intent(whole, "n1").sessions == ()


# ---------------------------------------------------------------- nodes that reflect


def reflectors(one_id: str, other_id: str, *more: Resource) -> list[Resource]:
    return [
        node("n1", "10.0.0.1"),
        node("rr1", "10.0.0.168", cluster_id=one_id, labels={"role": "reflector"}),
        node("rr2", "10.0.0.169", cluster_id=other_id, labels={"role": "reflector"}),
        *more,
    ]


@pytest.mark.rfc("4456", "7")
@pytest.mark.parametrize(
    ("other_id", "is_client"),
    [
        pytest.param("1.0.0.1", False, id="of one cluster: plain iBGP"),
        pytest.param("1.0.0.2", True, id="of two clusters: each the other's client"),
    ],
)
def test_two_reflectors(other_id: str, is_client: bool) -> None:
    whole = fabric(*reflectors("1.0.0.1", other_id, MESH_OFF, peer("p", peerSelector="role == 'reflector'")))
    there = session_with(node_intent(whole, "rr1"), "10.0.0.169")
    back = session_with(node_intent(whole, "rr2"), "10.0.0.168")
    assert (there.is_client, back.is_client) == (is_client, is_client)
    assert (there.passive, back.passive) == (False, False), "equals: both dial"
    for name in ("rr1", "rr2"):
        client = session_with(node_intent(whole, name), "10.0.0.1")
        assert (client.is_client, client.passive) == (True, True), "it waits for its client"
    assert {(item.is_client, item.passive) for item in node_intent(whole, "n1").sessions} == {(False, False)}


def test_a_reflector_with_the_mesh_on_has_the_sessions_of_its_records_only() -> None:
    whole = fabric(*reflectors("1.0.0.1", "1.0.0.1", node("n2", "10.0.0.2"), peer("p", "10.0.0.168", node="n1")))
    assert remotes(node_intent(whole, "rr1")) == ["10.0.0.1"]
    assert remotes(node_intent(whole, "rr2")) == []
    assert remotes(node_intent(whole, "n1")) == ["10.0.0.2", "10.0.0.168"]
    assert remotes(node_intent(whole, "n2")) == ["10.0.0.1"]


@pytest.mark.parametrize(
    ("spec", "reflector_waits"),
    [
        pytest.param({"peer_ip": "10.0.0.1", "node": "rr1"}, True, id="the reflector's record"),
        pytest.param({"peer_ip": "10.0.0.168", "node": "n1"}, True, id="the client's record"),
        pytest.param({"peerSelector": "role == 'reflector'", "node": "n1"}, True, id="with a selector"),
        pytest.param({"peer_ip": "10.0.0.1", "node": "rr1", "reversePeering": "Manual"}, False, id="Manual"),
        pytest.param({"peer_ip": "10.0.0.1:1790", "node": "rr1"}, False, id="another speaker on the client's host"),
        pytest.param({"peer_ip": "10.0.0.1", "node": "rr1", "asNumber": 65001}, False, id="of another AS number"),
        pytest.param({"peer_ip": "192.0.2.1", "node": "rr1"}, False, id="a router"),
    ],
)
def test_who_dials(spec: dict[str, Any], reflector_waits: bool) -> None:
    """One end at least, and both ends know which."""
    whole = fabric(*reflectors("1.0.0.1", "1.0.0.1", MESH_OFF, peer("p", **spec)))
    assert [item.passive for item in node_intent(whole, "rr1").sessions] == [reflector_waits]
    assert not any(item.passive for item in node_intent(whole, "n1").sessions)


def test_a_record_that_is_for_both_ends_speaks_for_both() -> None:
    whole = fabric(
        MESH_OFF,
        node("n1", "10.0.0.1"),
        node("n2", "10.0.0.2"),
        peer("p", peerSelector="all()", localASNumber=65001, reversePeering="Manual"),
    )
    for name in whole.nodes:
        (session,) = node_intent(whole, name).sessions
        assert (session.local_as, session.peer_as) == (65001, 65001)


# ---------------------------------------------------------------- workloads


def workload_peers(**spec: Any) -> list[Resource]:  # noqa: ANN401 - as in a manifest
    """Two workloads of n1, one of n2, and a BGPPeer for those of app 'router'."""
    return [
        node("n1", "10.0.0.1", "fd00::1"),
        node("n2", "10.0.0.2"),
        MESH_OFF,
        endpoint("a", "n1", "192.168.1.5/32", "192.168.1.6/32", "fd10::5/128", labels={"app": "router"}),
        endpoint("b", "n1", "192.168.1.7/32", labels={"app": "web"}),
        endpoint("c", "n2", "192.168.2.5/32", "fd10::6/128", labels={"app": "router"}),
        peer("w", localWorkloadSelector="app == 'router'", asNumber=65007, **spec),
    ]


def test_a_node_peers_with_its_own_workloads() -> None:
    whole = fabric(*workload_peers(localASNumber=65001))
    one, two = (node_intent(whole, name) for name in ("n1", "n2"))
    assert remotes(one) == ["192.168.1.5", "fd10::5"]
    assert remotes(two) == ["192.168.2.5"], "n2 has no IPv6 address to speak from"
    for session in (*one.sessions, *two.sessions):
        assert (session.local_as, session.peer_as) == (65001, 65007)
        assert (session.local_address, session.passive, session.roles) == (None, True, ("local-workload",))


def test_a_peer_for_the_workloads_of_one_node() -> None:
    whole = fabric(*workload_peers(node="n2"))
    assert remotes(node_intent(whole, "n1")) == []
    assert remotes(node_intent(whole, "n2")) == ["192.168.2.5"]
