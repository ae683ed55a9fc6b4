"""Tests of tortie.fabric.plan_reflector: header, cluster id, the seed's two topologies."""

import pytest

from support.fabric import (
    MESH_OFF,
    SEED_NODES,
    SEED_REFLECTOR,
    configuration,
    fabric,
    node,
    peer,
    reasons,
    reflector,
    remotes,
    seed_nodes,
    seed_reflection,
    session_with,
)
from tortie.fabric import AddressUnusable, Fabric, node_intent, reflector_intent


def test_the_seeds_reflector() -> None:
    """The seed's rendered file: one client session a node, cluster id of the record, no reflector mesh."""
    intent = reflector_intent(fabric(*seed_reflection()), SEED_REFLECTOR)
    assert (intent.name, intent.kind, intent.router_id) == (SEED_REFLECTOR, "reflector", SEED_REFLECTOR)
    assert (intent.local_as, intent.cluster_id) == (64512, "1.0.0.1")
    assert remotes(intent) == list(SEED_NODES.values())
    assert {session.roles for session in intent.sessions} == {("global",)}
    assert all(session.is_client and session.passive for session in intent.sessions)
    assert intent.quarantine == ()


def test_a_reflector_has_no_data_path() -> None:
    intent = reflector_intent(fabric(*seed_reflection()), SEED_REFLECTOR)
    assert not any((intent.originated, intent.blackholes, intent.workloads, intent.pools))


@pytest.mark.rfc("4456", "7")
@pytest.mark.parametrize(
    ("v4", "v6", "cluster_id", "complaint"),
    [
        pytest.param(None, None, None, None, id="standing alone"),
        pytest.param("", None, None, None, id="record without an id"),
        pytest.param("1.0.0.1", None, "1.0.0.1", None, id="IPv4 record"),
        pytest.param(None, "1.0.0.1", "1.0.0.1", None, id="IPv6 record"),
        pytest.param("1.0.0.1", "1.0.0.1", "1.0.0.1", None, id="both say the same"),
        pytest.param("", "1.0.0.1", "1.0.0.1", None, id="only one has an id"),
        pytest.param(
            "1.0.0.1",
            "1.0.0.2",
            "1.0.0.1",
            "cluster_id: 1.0.0.2: expected 1.0.0.1, as in the record of 10.0.0.9: one speaker has one cluster id",
            id="they disagree",
        ),
    ],
)
def test_cluster_id(v4: str | None, v6: str | None, cluster_id: str | None, complaint: str | None) -> None:
    records = []
    if v4 is not None:
        records.append(reflector("10.0.0.9", v4))
    if v6 is not None:
        records.append(reflector("fd00::9", v6))
    intent = reflector_intent(fabric(*records), "10.0.0.9", "fd00::9")
    assert intent.cluster_id == cluster_id
    assert list(reasons(intent).values()) == ([] if complaint is None else [complaint])


@pytest.mark.parametrize(
    ("ip4", "ip6", "message"),
    [
        ("10.0.0", None, "IP '10.0.0': expected an IPv4 address"),
        ("fd00::1", None, "IP 'fd00::1': expected an IPv4 address"),
        ("10.0.0.1", "10.0.0.1", "IP6 '10.0.0.1': expected an IPv6 address"),
        ("0.0.0.0", None, "IP '0.0.0.0': expected the address of a single host"),
    ],
)
def test_addresses_that_are_none(ip4: str, ip6: str | None, message: str) -> None:
    with pytest.raises(AddressUnusable) as caught:
        reflector_intent(fabric(), ip4, ip6)
    assert str(caught.value) == message


def test_addresses_are_canonical() -> None:
    whole = fabric(reflector("10.0.0.9"), reflector("fd00::9"))
    intent = reflector_intent(whole, "10.0.0.9", "FD00:0::9")
    assert intent.address_v6 == "fd00::9"


def test_the_clusters_settings() -> None:
    intent = reflector_intent(fabric(configuration(asNumber=65000, logSeverityScreen="Debug")), "10.0.0.9")
    assert (intent.local_as, intent.log_level) == (65000, "Debug")


# ---------------------------------------------------------------- the seed's racks (reference A6)


def racks() -> Fabric:
    """N1-N9, RR1-RR6, three cluster ids, each node on both reflectors of its rack."""
    nodes = [node(f"n{number}", f"10.0.{(number + 2) // 3}.{number}") for number in range(1, 10)]
    reflectors = [reflector(f"10.1.0.{number}", f"1.0.0.{(number + 1) // 2}") for number in range(1, 7)]
    peers = [
        peer(f"n{number}.rr{rr}", f"10.1.0.{rr}", node=f"n{number}")
        for number in range(1, 10)
        for rr in (2 * ((number + 2) // 3) - 1, 2 * ((number + 2) // 3))
    ]
    return fabric(MESH_OFF, *nodes, *reflectors, *peers)


def test_racks_nodes() -> None:
    whole = racks()
    assert remotes(node_intent(whole, "n2")) == ["10.1.0.1", "10.1.0.2"]
    assert remotes(node_intent(whole, "n9")) == ["10.1.0.5", "10.1.0.6"]
    assert whole.quarantine == ()


def test_racks_reflectors() -> None:
    whole = racks()
    intent = reflector_intent(whole, "10.1.0.3")
    assert intent.cluster_id == "1.0.0.2"
    clients = [session.remote_address for session in intent.sessions if session.is_client]
    assert clients == ["10.0.2.4", "10.0.2.5", "10.0.2.6"]
    mesh = [session.remote_address for session in intent.sessions if session.roles == ("reflector-mesh",)]
    assert mesh == [f"10.1.0.{number}" for number in (1, 2, 4, 5, 6)]
    assert len(intent.sessions) == 8


def test_mesh_and_reflection_together_keep_both_kinds_of_session() -> None:
    """The step between: reflector up, mesh still on; nothing that stays is another session afterwards."""
    both = fabric(*seed_nodes(), reflector(SEED_REFLECTOR, "1.0.0.1"), peer("rr", SEED_REFLECTOR))
    after = fabric(*seed_nodes(), reflector(SEED_REFLECTOR, "1.0.0.1"), peer("rr", SEED_REFLECTOR), MESH_OFF)
    between = node_intent(both, "kube-node1")
    assert len(between.sessions) == 4
    assert session_with(between, SEED_REFLECTOR) == session_with(node_intent(after, "kube-node1"), SEED_REFLECTOR)
