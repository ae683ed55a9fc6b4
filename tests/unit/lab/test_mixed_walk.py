"""The walk through speakers side by side: its steps, the lines that are typed, and topologies it does not fit."""

from dataclasses import replace

import pytest

from tortie.lab.commands import COMMANDS
from tortie.lab.errors import TopologyInvalid
from tortie.lab.foreign.speakers import without_missing
from tortie.lab.mixed_walk import MixedWalk, fits_mixed
from tortie.lab.topology import Topology, load_topology, with_agents

MIXED = without_missing(load_topology("mixed"), lambda program: None if "bird1" in program else program)


def walk(topology: Topology) -> MixedWalk:
    return MixedWalk(topology, is_kept=False, commands=COMMANDS, environment={})


def test_the_steps() -> None:
    steps = walk(MIXED).steps()
    assert [(step.title, step.host) for step in steps] == [
        ("Raise the lab", ""),
        ("Full mesh", ""),
        ("Every container pings every other", "node-tortie-c1"),
        ("The kernels hold the same routes", ""),
        ("The reflectors as global peers", "node-tortie"),
        ("Sessions with both beside the mesh", ""),
        ("Mesh off", "node-tortie"),
        ("Every container pings every other, again", "node-tortie-c1"),
        ("The kernels still hold the same routes", ""),
        ("The reflector that runs tortie is killed", "rr-tortie"),
        ("rr-tortie comes back", ""),
        ("The reflector that runs BIRD 2 is killed", "rr-bird"),
        ("Lab down", ""),
    ]
    assert [steps[index].expected for index in (1, 5, 6)] == [
        "7 sessions: n(n-1)/2 of nodes, and one of reflectors",
        "15 sessions",
        "9 sessions",
    ]


def test_the_typed_lines() -> None:
    steps = {step.title: step.command() for step in walk(MIXED).steps() if "pings" not in step.title}
    assert steps["The reflectors as global peers"].count("kind: bgpPeer") == 2
    assert (
        "peerIP: 10.10.31.102\n  scope: global\nspec:\n  asNumber: 64512\nEOF"
        in steps["The reflectors as global peers"]
    )
    assert steps["The reflector that runs BIRD 2 is killed"] == "kill -9 $(pgrep --ns $$ --nslist net -x bird)"
    assert steps["The reflector that runs tortie is killed"].endswith("-f 'reflector [r]un')")
    assert steps["The kernels hold the same routes"] == "ip route show root 192.168.0.0/16"


def test_it_needs_no_foreign_speaker() -> None:
    agents = {host.name: "tortie" for host in MIXED.hosts}
    assert fits_mixed(with_agents(MIXED, agents))


@pytest.mark.parametrize(
    "topology",
    [
        pytest.param(load_topology("seed"), id="one reflector, started by hand"),
        pytest.param(load_topology("racks"), id="no mesh"),
        pytest.param(replace(MIXED, hosts=(MIXED.hosts[0], *MIXED.reflectors)), id="one node"),
        pytest.param(replace(MIXED, hosts=MIXED.hosts[:-1]), id="one reflector"),
        pytest.param(
            replace(MIXED, hosts=tuple(replace(host, containers=()) for host in MIXED.hosts)), id="no containers"
        ),
    ],
)
def test_other_topologies_are_refused(topology: Topology) -> None:
    with pytest.raises(TopologyInvalid, match="for this walk"):
        walk(topology)
