"""Racks on paper: sessions, who knows whom, and what cluster ids and failures cut off. RFC 4456 §6 to §8."""

import pytest

from tortie.lab.racks import Racks
from tortie.lab.topology import load_topology, parse_topology

MEANT = Racks(load_topology("racks"))
PRINTED = Racks(load_topology("racks-as-printed"))
RACK1 = ("n1-c1", "n1-c2", "n2-c1", "n3-c1")
RACK2 = ("n4-c1", "n5-c1", "n6-c1")
RACK3 = ("n7-c1", "n8-c1", "n9-c1")


def between(*groups: tuple[str, ...]) -> set[tuple[str, str]]:
    """Return the ordered pairs of containers of different groups."""
    return {(a, b) for one in groups for other in groups if one is not other for a in one for b in other}


def test_sessions_are_the_documents() -> None:
    assert [host.name for host in MEANT.clients(MEANT.topology.host("rr3"))] == ["router2", "n4", "n5", "n6"]
    assert [host.name for host in MEANT.mesh(MEANT.topology.host("rr3"))] == ["rr1", "rr2", "rr4", "rr5", "rr6"]
    assert MEANT.peers(MEANT.topology.host("n9")) == {"10.3.0.11", "10.3.0.12"}
    assert MEANT.session_count() == 12 * 2 + 6 * 5 // 2


def test_a_reflector_without_a_record_is_in_no_mesh() -> None:
    rr6 = PRINTED.topology.host("rr6")
    assert (rr6.cluster_id, PRINTED.mesh(rr6)) == (None, ())
    assert [host.name for host in PRINTED.clients(rr6)] == ["router3", "n7", "n8", "n9"]
    assert rr6.address(4) not in PRINTED.peers(PRINTED.topology.host("rr1"))
    assert PRINTED.session_count() == 12 * 2 + 5 * 4 // 2


@pytest.mark.rfc("4456", "8")
@pytest.mark.parametrize(
    ("racks", "stopped", "silent"),
    [
        pytest.param(MEANT, [], set(), id="all run"),
        *(pytest.param(MEANT, [f"rr{number}"], set(), id=f"without rr{number}") for number in range(1, 7)),
        pytest.param(MEANT, ["rr1", "rr3", "rr6"], set(), id="one of each rack"),
        pytest.param(
            MEANT,
            ["rr1", "rr2"],
            between(("n1-c1", "n1-c2"), ("n2-c1",), ("n3-c1",), (*RACK2, *RACK3)) - between(RACK2, RACK3),
            id="a rack without reflectors: only what one node holds still reaches each other there",
        ),
        pytest.param(PRINTED, [], set(), id="as printed, all run"),
        *(
            pytest.param(PRINTED, [f"rr{number}"], set(), id=f"as printed, without rr{number}")
            for number in (1, 2, 4, 6)
        ),
        pytest.param(PRINTED, ["rr3"], between(RACK2, RACK3), id="rr4 and rr5 have one id"),
        pytest.param(PRINTED, ["rr5"], between((*RACK1, *RACK2), RACK3), id="rr6 is in no mesh"),
        pytest.param(PRINTED, ["rr1", "rr4"], between(RACK1, RACK2), id="rr2 and rr3 have one id"),
    ],
)
def test_what_a_failure_cuts_off(racks: Racks, stopped: list[str], silent: set[tuple[str, str]]) -> None:
    assert racks.silent(frozenset(stopped)) == silent


def test_single_failures() -> None:
    assert MEANT.single_failures() == ()
    assert [host.name for host in PRINTED.single_failures()] == ["rr3", "rr5"]


@pytest.mark.parametrize(
    ("source", "target", "names"),
    [
        pytest.param("n1", "n1", ["n1"], id="one node"),
        pytest.param("n1", "n3", ["n1", "n3"], id="one LAN"),
        pytest.param("n1", "n9", ["n1", "router1", "router3", "n9"], id="two racks"),
    ],
)
def test_the_way_of_a_packet(source: str, target: str, names: list[str]) -> None:
    hosts = MEANT.route(MEANT.topology.host(source), MEANT.topology.host(target))
    assert [host.name for host in hosts] == names


def test_a_router_that_does_not_know_cuts_what_passes_it() -> None:
    text = """
name: x
node_to_node_mesh: false
pools: [{cidr: 192.168.0.0/16}]
lans: {a: {networks: [10.1.0.0/24], gateways: [10.1.0.1]}, b: {networks: [10.2.0.0/24], gateways: [10.2.0.1]}}
hosts:
  r: {role: router, agent: tortie, interfaces: {a: 10.1.0.1, b: 10.2.0.1}}
  n1: {interfaces: {a: 10.1.0.2}, containers: 1}
  n2: {interfaces: {a: 10.1.0.3}, containers: 1}
  n3: {interfaces: {b: 10.2.0.2}, containers: 1}
  rr: {role: reflector, cluster_id: 1.0.0.1, interfaces: {a: 10.1.0.9}}
peers: [{peer_ip: 10.1.0.9, node: n1}, {peer_ip: 10.1.0.9, node: n2}, {peer_ip: 10.1.0.9, node: n3}]
"""
    assert Racks(parse_topology(text, "x.yaml")).silent() == between(("n1-c1", "n2-c1"), ("n3-c1",))
    served = text.replace("peers: [", "peers: [{peer_ip: 10.1.0.9, node: r}, ")
    assert Racks(parse_topology(served, "x.yaml")).silent() == set()
