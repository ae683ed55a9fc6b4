"""The traps of upstream's reflector templates (reference B), one test each: none of them is ours."""

import pytest

from support.fabric import (
    MESH_OFF,
    SEED_REFLECTOR,
    configuration,
    fabric,
    names,
    node,
    peer,
    reasons,
    reflector,
    remotes,
    seed_reflection,
    session_with,
)
from tortie.fabric import node_intent, reflector_intent

OTHERS = ["10.10.31.190", "10.10.31.193", "10.10.31.194", "10.10.31.196"]


def test_a_host_in_a_global_and_a_node_peer_is_one_session() -> None:
    """There: Global_X and Node_X, two sessions with one neighbour."""
    whole = fabric(*seed_reflection(), peer("own", SEED_REFLECTOR, node="kube-node1"))
    intent = reflector_intent(whole, SEED_REFLECTOR)
    assert remotes(intent) == OTHERS
    assert session_with(intent, "10.10.31.193").roles == ("global", "node")
    assert session_with(intent, "10.10.31.194").roles == ("global",)


def test_two_hosts_with_one_address_take_out_the_newcomer_only() -> None:
    """bird#12: a duplicate symbol, no configuration at all; one stale host takes the deployment down."""
    whole = fabric(*seed_reflection(), node("stale", "10.10.31.194", created="2026-01-01T00:00:00Z"))
    intent = reflector_intent(whole, SEED_REFLECTOR)
    assert remotes(intent) == OTHERS
    assert reasons(intent) == {
        ("Node", "stale"): "spec.bgp.ipv4Address: '10.10.31.194': expected an address of its own: "
        "Node 'kube-node2' has it and is older"
    }


@pytest.mark.parametrize(
    ("bad", "is_reported"),
    [
        pytest.param(node("bad"), True, id="no address at all"),
        pytest.param(node("bad", None, "fd00::5"), False, id="an IPv6 address only: a sound node, not for IPv4"),
    ],
)
def test_a_host_without_ipv4_address_stops_nobody_else(bad: object, is_reported: bool) -> None:
    """There: rendering aborts."""
    whole = fabric(*seed_reflection(), bad)  # type: ignore[arg-type]  # a row is any resource
    intent = reflector_intent(whole, SEED_REFLECTOR)
    assert remotes(intent) == OTHERS
    assert names(reasons(intent)) == (["bad"] if is_reported else [])


@pytest.mark.rfc("4456", "4")
def test_a_peer_record_of_another_as_takes_out_itself() -> None:
    """bird#28: BIRD refuses the whole file, "Only internal neighbor can be RR client"."""
    whole = fabric(*seed_reflection(), peer("bad", SEED_REFLECTOR, node="kube-node1", asNumber=65001))
    assert remotes(reflector_intent(whole, SEED_REFLECTOR)) == OTHERS
    assert remotes(node_intent(whole, "kube-node1")) == [SEED_REFLECTOR]
    assert names(reasons(whole)) == ["bad"]


def test_the_nodes_own_as_number_counts_on_a_reflector() -> None:
    """There: the reflector ignores it and dials with a wrong AS number for ever."""
    whole = fabric(*seed_reflection(), node("far", "10.10.31.200", as_number=65001))
    assert remotes(reflector_intent(whole, SEED_REFLECTOR)) == OTHERS
    assert names(reasons(reflector_intent(whole, SEED_REFLECTOR))) == ["far"]


def test_ipv6_addresses_are_sound() -> None:
    """There: the template splits them at "." and makes names that BIRD refuses."""
    whole = fabric(MESH_OFF, node("n1", None, "fd00::1"), reflector("fd00::168", "1.0.0.1"), peer("p", "fd00::168"))
    session = session_with(reflector_intent(whole, "10.0.0.168", "fd00::168"), "fd00::1")
    assert (session.local_address, session.families, session.is_client) == ("fd00::168", ("ipv6",), True)
    assert session_with(node_intent(whole, "n1"), "fd00::168").local_address == "fd00::1"


def test_node_specific_ipv6_peers_match() -> None:
    """There: they are compared with the IPv4 address, and never match."""
    whole = fabric(node("n1", None, "fd00::1"), reflector("fd00::168"), peer("p", "fd00::168", node="n1"))
    assert remotes(reflector_intent(whole, "10.0.0.168", "fd00::168")) == ["fd00::1"]


def test_names_of_reflectors_and_nodes_are_separate() -> None:
    """A7, 22c: the reflector's host is called node1, and so is a node."""
    whole = fabric(*seed_reflection(), node("node1", "10.10.31.199"))
    assert whole.quarantine == ()
    assert remotes(reflector_intent(whole, SEED_REFLECTOR)) == [*OTHERS, "10.10.31.199"]


def test_a_reflector_without_cluster_id_uses_its_router_id() -> None:
    """Rule 2: the line is left out, BIRD then takes the router id."""
    whole = fabric(reflector("10.0.0.9"), node("n1", "10.0.0.1"), peer("p", "10.0.0.9"))
    intent = reflector_intent(whole, "10.0.0.9")
    assert (intent.cluster_id, intent.router_id) == (None, "10.0.0.9")
    assert session_with(intent, "10.0.0.1").is_client


def test_the_clusters_as_number_is_the_reflectors() -> None:
    """Rule 1: local AS = neighbour AS = global/as_num."""
    whole = fabric(
        configuration(asNumber=65000),
        reflector("10.0.0.9"),
        reflector("10.0.0.10"),
        node("n1", "10.0.0.1"),
        peer("p", "10.0.0.9", asNumber=65000),
    )
    intent = reflector_intent(whole, "10.0.0.9")
    assert {(session.local_as, session.peer_as) for session in intent.sessions} == {(65000, 65000)}
