"""Which walk a topology gets, the steps through racks, and topologies that no walk fits."""

import pytest

from tortie.lab.commands import COMMANDS
from tortie.lab.errors import TopologyInvalid
from tortie.lab.lab_walk import LabWalk
from tortie.lab.mixed_walk import MixedWalk
from tortie.lab.racks_walk import RacksWalk
from tortie.lab.seed_walk import SeedWalk
from tortie.lab.topology import Topology, known_topologies, load_topology, parse_topology, with_agents
from tortie.lab.walks import walk_of

RACKS = """
name: x
node_to_node_mesh: false
pools: [{cidr: 192.168.0.0/16}]
lans: {a: {networks: [10.1.0.0/24]}, b: {networks: [10.2.0.0/24]}}
hosts:
  n1: {interfaces: {a: 10.1.0.1}, containers: 1}
  n2: {interfaces: {a: 10.1.0.2}, containers: 1}
  n3: {interfaces: {b: 10.2.0.1}, containers: 1}
  rr1: {role: reflector, cluster_id: 1.0.0.1, interfaces: {a: 10.1.0.9}}
  rr2: {role: reflector, cluster_id: 1.0.0.1, interfaces: {a: 10.1.0.8}}
peers: [{peer_ip: 10.1.0.9}, {peer_ip: 10.1.0.8}]
"""


def walk(topology: Topology, *, is_kept: bool = False) -> LabWalk:
    return walk_of(topology, is_kept=is_kept, commands=COMMANDS, environment={})


@pytest.mark.parametrize("name", known_topologies())
def test_every_shipped_topology_has_a_walk(name: str) -> None:
    kind = {"racks": RacksWalk, "mixed": MixedWalk}.get(name.partition("-")[0], SeedWalk)
    assert type(walk(load_topology(name))) is kind


@pytest.mark.parametrize(
    ("foreign", "shown_on"),
    [
        pytest.param((), ["kube-node1"], id="none"),
        pytest.param(("kube-node1",), ["kube-master"], id="the usual node"),
        pytest.param(("kube-master", "kube-node1"), ["kube-node2"], id="two"),
        pytest.param(("kube-master", "kube-node1", "kube-node2"), [], id="the first three"),
    ],
)
def test_a_reflected_route_is_shown_on_a_node_that_runs_ours(foreign: tuple[str, ...], shown_on: list[str]) -> None:
    topology = with_agents(load_topology("seed"), dict.fromkeys(foreign, "bird"))
    steps = SeedWalk(topology, is_kept=False, commands=COMMANDS, environment={}).steps()
    assert [step.host for step in steps if step.title == "A reflected route"] == shown_on


def test_the_steps_through_racks() -> None:
    steps = walk(load_topology("racks")).steps()
    assert [(step.title, step.host) for step in steps] == [
        ("Raise the lab", ""),
        ("Sessions", ""),
        ("Every container pings every other", "n1-c1"),
        ("In one LAN", "n1"),
        ("From rack to rack, hop by hop", "n1"),
        ("A route that was reflected twice", "n1"),
        ("A loop is cut", "rr1"),
        ("One reflector is killed", "rr1"),
        ("One of another rack is killed as well", "rr3"),
        ("They come back", ""),
        ("Both reflectors of a rack are stopped", ""),
        ("What is left in the kernel", "n1"),
        ("They come back", ""),
        ("Lab down", ""),
    ]
    assert steps[9].command() == "tortie lab start rr1\ntortie lab start rr3"
    assert steps[10].command() == "tortie lab stop rr1\ntortie lab stop rr2"
    assert steps[10].expected == "32 of 90 pairs answer, the others have no way"


def test_the_steps_through_racks_as_printed_are_the_failures_that_do_harm() -> None:
    steps = walk(load_topology("racks-as-printed"), is_kept=True).steps()
    assert [step.title for step in steps] == [
        "Raise the lab",
        "Sessions",
        "Every container pings every other",
        "What rr4 does not take from rr5",
        "One reflector stops: rr3",
        "It comes back",
        "One reflector stops: rr5",
        "It comes back",
        "The lab stays up",
    ]


@pytest.mark.parametrize(
    ("second_id", "titles"),
    [
        pytest.param("1.0.0.1", ["A loop is cut"], id="one id: reflected once, as all are clients of both"),
        pytest.param("1.0.0.2", [], id="an id each: nothing comes back"),
    ],
)
def test_racks_of_ones_own_show_what_their_ids_do(second_id: str, titles: list[str]) -> None:
    text = RACKS.replace("1.0.0.1, interfaces: {a: 10.1.0.8}", f"{second_id}, interfaces: {{a: 10.1.0.8}}")
    found = walk(parse_topology(text, "x.yaml"))
    assert type(found) is RacksWalk
    about_ids = {"A route that was reflected twice", "A loop is cut"}
    assert [step.title for step in found.steps() if step.title in about_ids] == titles


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("node_to_node_mesh: false", "node_to_node_mesh: true", id="a mesh"),
        pytest.param("cluster_id: 1.0.0.1, interfaces: {a: 10.1.0.8}", "cluster_id: 1.0.0.1, start: manual, "
                     "interfaces: {a: 10.1.0.8}", id="a reflector that is started by hand"),
        pytest.param(", {peer_ip: 10.1.0.8}", "", id="one reflector a node"),
        pytest.param("  n2: {interfaces: {a: 10.1.0.2}, containers: 1}\n", "", id="one node in the first LAN"),
        pytest.param("n3: {interfaces: {b: 10.2.0.1}", "n3: {interfaces: {a: 10.1.0.3}", id="one LAN"),
    ],
)  # fmt: skip
def test_other_topologies_are_refused(old: str, new: str) -> None:
    assert old in RACKS
    with pytest.raises(TopologyInvalid, match="for this walk"):
        walk(parse_topology(RACKS.replace(old, new), "x.yaml"))
