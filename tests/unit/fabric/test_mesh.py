"""Tests of tortie.fabric.mesh: one row a rule of reference E2."""

import pytest

from support.fabric import MESH_OFF, configuration, fabric, node, remotes, seed_nodes, session_with
from tortie.fabric import node_intent
from tortie.model import Resource

THREE = [node("n1", "10.0.0.1"), node("n2", "10.0.0.2"), node("n3", "10.0.0.3")]


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param(THREE, ["10.0.0.2", "10.0.0.3"], id="every other node"),
        pytest.param([*THREE, MESH_OFF], [], id="mesh off"),
        pytest.param([*THREE, configuration(nodeToNodeMeshEnabled=True)], ["10.0.0.2", "10.0.0.3"], id="mesh on"),
        pytest.param([THREE[0]], [], id="alone"),
        pytest.param([*THREE[:2], node("rr", "10.0.0.3", cluster_id="1.0.0.1")], ["10.0.0.2"], id="no reflector nodes"),
        pytest.param(
            [node("n1", "10.0.0.1", cluster_id="1.0.0.1"), *THREE[1:]], [], id="a reflector node is outside itself"
        ),
        pytest.param([*THREE[:2], node("n6", None, "fd00::6")], ["10.0.0.2"], id="no address of the family"),
        pytest.param(
            [*THREE, node("n4", "10.0.0.2", created="2026-01-01T00:00:00Z")],
            ["10.0.0.2", "10.0.0.3"],
            id="a stale twin",
        ),
        pytest.param(
            [node("n1", "10.0.0.1", "fd00::1"), node("n2", "10.0.0.2", "fd00::2"), node("n3", "10.0.0.3")],
            ["10.0.0.2", "10.0.0.3", "fd00::2"],
            id="both families",
        ),
        pytest.param(
            [node("n1", "10.0.0.1"), node("n10", "10.0.0.10"), node("n9", "10.0.0.9")],
            ["10.0.0.9", "10.0.0.10"],
            id="sorted by number",
        ),
    ],
)
def test_who_is_in_the_mesh(resources: list[Resource], expected: list[str]) -> None:
    assert remotes(node_intent(fabric(*resources), "n1")) == expected


def test_the_seeds_mesh_has_six_sessions() -> None:
    whole = fabric(*seed_nodes())
    assert sum(len(node_intent(whole, name).sessions) for name in whole.nodes) == 2 * 6


def test_a_mesh_session() -> None:
    whole = fabric(node("n1", "10.0.0.1", "fd00::1"), node("n2", "10.0.0.2", "fd00::2"))
    intent = node_intent(whole, "n1")
    over_v4, over_v6 = intent.sessions
    assert (over_v4.local_address, over_v4.families) == ("10.0.0.1", ("ipv4",))
    assert (over_v6.local_address, over_v6.families) == ("fd00::1", ("ipv6",))
    for session in intent.sessions:
        assert (session.local_as, session.peer_as, session.port) == (64512, 64512, 179)
        assert (session.roles, session.description) == (("mesh",), "mesh with node n2")
        assert (session.is_client, session.next_hop_mode) == (False, "self")


@pytest.mark.rfc("4271", "6.8")
def test_both_ends_dial() -> None:
    whole = fabric(node("n1", "10.0.0.1"), node("n2", "10.0.0.2"))
    assert [node_intent(whole, name).sessions[0].passive for name in ("n1", "n2")] == [False, False]


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        pytest.param(None, None, (65000, 65000), id="both the cluster's"),
        pytest.param(None, 65002, (65000, 65002), id="the neighbour's own"),
        pytest.param(65001, None, (65001, 65000), id="the cluster's for the neighbour, not the local one"),
        pytest.param(65001, 65002, (65001, 65002), id="each its own"),
    ],
)
def test_as_numbers(own: int | None, other: int | None, expected: tuple[int, int]) -> None:
    whole = fabric(
        configuration(asNumber=65000), node("n1", "10.0.0.1", as_number=own), node("n2", "10.0.0.2", as_number=other)
    )
    session = session_with(node_intent(whole, "n1"), "10.0.0.2")
    assert (session.local_as, session.peer_as) == expected
    mirrored = session_with(node_intent(whole, "n2"), "10.0.0.1")
    assert (mirrored.peer_as, mirrored.local_as) == expected


def test_ports() -> None:
    whole = fabric(*THREE, configuration(listenPort=1790), configuration("node.n2", listenPort=1791))
    intent = node_intent(whole, "n1")
    assert intent.listen_port == 1790
    assert {session.remote_address: session.port for session in intent.sessions} == {
        "10.0.0.2": 1791,
        "10.0.0.3": 1790,
    }
    assert node_intent(whole, "n2").listen_port == 1791
