"""The walk through the document: its steps, the lines that are typed, and topologies it does not fit."""

import pytest

from tortie.lab.commands import COMMANDS
from tortie.lab.errors import TopologyInvalid
from tortie.lab.lines import SEED_LINES, line_values
from tortie.lab.seed_walk import SeedWalk
from tortie.lab.topology import Topology, load_topology, parse_topology

SEED = load_topology("seed")


def seed_walk(topology: Topology, *, is_kept: bool = False) -> SeedWalk:
    return SeedWalk(topology, is_kept=is_kept, commands=COMMANDS, environment={})


def test_the_steps_are_the_documents() -> None:
    steps = seed_walk(SEED).steps()
    assert [(step.title, step.host) for step in steps] == [
        ("Raise the lab", ""),
        ("Full mesh", "kube-master"),
        ("Every container pings every other", "kube-master-c1"),
        ("The AS number", "kube-master"),
        ("Start the reflector", "node1"),
        ("Write its record", "node1"),
        ("Mesh off", "kube-master"),
        ("The reflector as global peer", "kube-master"),
        ("Sessions with the reflector", "node1"),
        ("Every container pings every other, again", "kube-master-c1"),
        ("A reflected route", "kube-node1"),
        ("Session counts side by side", "kube-master"),
        ("Pings throughout", "kube-master-c1"),
        ("Lab down", ""),
    ]
    assert [step.title for step in steps if step.is_always] == ["Lab down"]


def test_a_lab_that_is_kept_is_not_taken_down() -> None:
    last = seed_walk(SEED, is_kept=True).steps()[-1]
    assert (last.title, last.command(), last.is_always) == ("The lab stays up", "tortie lab status seed", False)


def test_the_typed_lines_are_the_documents() -> None:
    values = line_values(SEED, SEED.host("node1"), SEED.host("kube-master"))
    assert SEED_LINES.write_record.format(**values) == (
        "curl --cacert /run/lab/pki/ca.pem --cert /run/lab/pki/client.pem --key /run/lab/pki/client-key.pem "
        "-L https://10.10.31.190:2379/v2/keys/calico/bgp/v1/rr_v4/10.10.31.168 -XPUT "
        '-d value="{\\"ip\\":\\"10.10.31.168\\",\\"cluster_id\\":\\"1.0.0.1\\"}"'
    )
    assert SEED_LINES.create_peer.format(**values) == (
        "calicoctl create -f - << EOF\napiVersion: v1\nkind: bgpPeer\nmetadata:\n  peerIP: 10.10.31.168\n"
        "  scope: global\nspec:\n  asNumber: 64512\nEOF"
    )
    assert SEED_LINES.run_reflector.format(**values) == "IP=10.10.31.168 tortie reflector run &"
    assert SEED_LINES.mesh_off.format(**values) == "calicoctl config set nodeToNodeMesh off"
    assert SEED_LINES.get_as_number.format(**values) == "calicoctl config get asNumber"


def test_with_ipv6_each_family_has_its_record_its_peer_and_its_route() -> None:
    topology = load_topology("seed-dual-stack")
    steps = {step.title: step for step in seed_walk(topology).steps()}
    assert [title for title in steps if title.endswith("IPv6")] == [
        "Write its record, IPv6",
        "The reflector as global peer, IPv6",
        "A reflected route, IPv6",
    ]
    assert len(steps) == 17
    line = "IP=10.10.31.168 IP6=fd00:10:10:31::168 tortie reflector run &"
    assert steps["Start the reflector"].command() == line
    assert steps["Full mesh"].expected == "12 sessions, n(n-1)/2 a family"
    at = "10.10.31.168:179 and [fd00:10:10:31::168]:179"
    assert steps["Sessions with the reflector"].expected == f"8 connections, all to {at}"
    record = steps["Write its record, IPv6"].command()
    assert "/v2/keys/calico/bgp/v1/rr_v6/fd00:10:10:31::168 -XPUT" in record
    assert '\\"ip\\":\\"fd00:10:10:31::168\\",\\"cluster_id\\":\\"1.0.0.1\\"' in record
    assert "peerIP: fd00:10:10:31::168\n  scope: global" in steps["The reflector as global peer, IPv6"].command()


SMALL = """
name: x
pools: [{cidr: 192.168.0.0/16}]
lans: {lan: {networks: [10.0.0.0/24]}}
hosts:
  n1: {interfaces: {lan: 10.0.0.1}, containers: 1, api: {}}
  n2: {interfaces: {lan: 10.0.0.2}, containers: 1}
  n3: {interfaces: {lan: 10.0.0.3}, containers: 1}
  r: {role: reflector, start: manual, cluster_id: 1.0.0.1, interfaces: {lan: 10.0.0.9}}
"""


def test_any_topology_of_that_shape_will_do() -> None:
    assert len(seed_walk(parse_topology(SMALL, "x.yaml")).steps()) == 14


DUAL = SMALL.replace("pools: [", "pools: [{cidr: 'fd00:9::/64'}, ").replace("24]", "24, 'fd00::/64']")
for _number in (1, 2, 3, 9):
    DUAL = DUAL.replace(f"lan: 10.0.0.{_number}}}", f"lan: [10.0.0.{_number}, 'fd00::{_number}']}}")


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        pytest.param("x", "x", 17, id="both families everywhere"),
        pytest.param("[10.0.0.3, 'fd00::3']", "10.0.0.3", 14, id="a node without IPv6"),
        pytest.param("[10.0.0.9, 'fd00::9']", "10.0.0.9", 14, id="the reflector without IPv6"),
        pytest.param("{cidr: 'fd00:9::/64'}, ", "", 14, id="no IPv6 pool"),
        pytest.param("containers: 1, api", "containers: {c: 192.168.0.1}, api", 14, id="a container without IPv6"),
    ],
)
def test_ipv6_is_walked_where_all_have_it(old: str, new: str, count: int) -> None:
    assert old in DUAL
    assert len(seed_walk(parse_topology(DUAL.replace(old, new), "x.yaml")).steps()) == count


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("start: manual", "start: automatic", id="reflector is started by the lab"),
        pytest.param(", api: {}", "", id="no API"),
        pytest.param("containers: 1}\n  n3", "containers: 0}\n  n3", id="a node without containers"),
        pytest.param("  n3: {interfaces: {lan: 10.0.0.3}, containers: 1}\n", "", id="two nodes"),
    ],
)
def test_other_topologies_are_refused(old: str, new: str) -> None:
    assert old in SMALL
    with pytest.raises(TopologyInvalid, match="for this walk"):
        seed_walk(parse_topology(SMALL.replace(old, new), "x.yaml"))
