"""Which foreign speakers a topology asks for, which are missing, and what is left out without them."""

from pathlib import Path

import pytest

from tortie.lab.commands import COMMANDS, process_plans
from tortie.lab.errors import TopologyInvalid
from tortie.lab.foreign.speakers import (
    SPEAKERS,
    bird1_program,
    hosts_left_out,
    missing_speakers,
    speaker_title,
    without_missing,
)
from tortie.lab.records import topology_resources
from tortie.lab.topology import AGENTS, Topology, load_topology, with_agents

MIXED = load_topology("mixed")
SEED = load_topology("seed")


def nothing(_: str) -> str | None:
    return None


def everything(name: str) -> str | None:
    return f"/bin/{name}"


def test_every_speaker_is_an_agent_with_a_title() -> None:
    assert set(SPEAKERS) < set(AGENTS)
    assert [speaker_title(agent) for agent in AGENTS] == ["tortie", "BIRD 2", "BIRD 1.6", "FRR", "GoBGP", "none"]


def test_nothing_is_missing_where_everything_is_found() -> None:
    assert missing_speakers(MIXED, everything) == []
    assert without_missing(MIXED, everything) == MIXED


def test_what_is_missing_is_named_with_the_line_to_type_and_once() -> None:
    assert [(item.name, item.reason, item.remedy, item.is_required) for item in missing_speakers(MIXED, nothing)] == [
        ("bird, birdc", "BIRD 2, the speaker of node-bird", "apt-get install -y bird2", True),
        (
            "vtysh, /usr/lib/frr/zebra, /usr/lib/frr/bgpd",
            "FRR, the speaker of node-frr",
            "apt-get install -y frr",
            True,
        ),
        ("gobgpd, gobgp", "GoBGP, the speaker of node-gobgp", "apt-get install -y gobgpd", True),
    ]
    assert missing_speakers(SEED, nothing) == []


def test_an_optional_host_is_left_out_without_its_speaker() -> None:
    assert [host.name for host in hosts_left_out(MIXED, nothing)] == ["node-bird1"]
    assert [host.name for host in without_missing(MIXED, nothing).nodes] == [
        "node-tortie", "node-bird", "node-frr", "node-gobgp",
    ]  # fmt: skip


def test_bird_1_lies_where_it_was_unpacked() -> None:
    assert bird1_program("bird6", {"TORTIE_BIRD1": "/opt/b"}) == "/opt/b/usr/sbin/bird6"
    assert bird1_program("bird", {}).endswith("/bird1/usr/sbin/bird")


def changed(**agents: str) -> Topology:
    return with_agents(SEED, {name.replace("_", "-"): agent for name, agent in agents.items()})


def test_a_host_with_another_agent_stays_what_it_was() -> None:
    topology = changed(kube_node1="bird", node1="frr")
    assert [host.agent for host in topology.hosts] == ["tortie", "bird", "tortie", "tortie", "frr"]
    assert topology_resources(topology) == topology_resources(SEED)


@pytest.mark.parametrize(
    ("agents", "field", "value"),
    [
        pytest.param({"nobody": "bird"}, "hosts", "nobody", id="no such host"),
        pytest.param({"kube-node1": "quagga"}, "hosts.kube-node1.agent", "quagga", id="no such agent"),
        pytest.param({"kube-node1": "none"}, "hosts.kube-node1.agent", "none", id="a node without any"),
    ],
)
def test_agents_that_cannot_be(agents: dict[str, str], field: str, value: str) -> None:
    with pytest.raises(TopologyInvalid) as caught:
        with_agents(SEED, agents)
    assert (caught.value.field, caught.value.value) == (field, value)


def test_the_process_of_a_foreign_speaker_is_ready_when_it_answers_as_ours() -> None:
    ours = {plan.name: plan for plan in process_plans(SEED, {}, COMMANDS)}
    plans = {plan.name: plan for plan in process_plans(changed(kube_node1="gobgp", node1="bird"), {}, COMMANDS)}
    assert plans.keys() == ours.keys()
    for name in ("kube-node1/node", "node1/reflector"):
        found = plans[name]
        assert (found.ready_socket, found.log, found.is_automatic) == (
            ours[name].ready_socket, ours[name].log, ours[name].is_automatic,
        )  # fmt: skip
        assert "tortie.lab.foreign" in found.arguments
    node, reflector = plans["kube-node1/node"], plans["node1/reflector"]
    assert node.arguments[-2:] == ("--name", "kube-node1")
    assert node.arguments[node.arguments.index("--speaker") + 1] == "gobgp"
    assert "--name" not in reflector.arguments
    assert reflector.environment["IP"] == "10.10.31.168"
    assert Path(reflector.environment["PYTHONPATH"].split(":")[0]).name == "src"
