"""A foreign speaker on a host of a lab, stopped, killed and started: what is left of it, and what the lab says.

BIRD runs always, the others are breadth.
"""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from lab.lab_world import environment, lab_test, on
from tortie.lab.commands import COMMANDS
from tortie.lab.execute import Output
from tortie.lab.foreign.speakers import missing_speakers
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import Lab, down, up
from tortie.lab.status import HostStatus, lab_status
from tortie.lab.topology import Topology, parse_topology
from tortie.lab.walk_tools import Hands

TEXT = """
name: pair
pools: [{cidr: 192.168.0.0/16}]
lans: {lan: {networks: [10.1.0.0/24], gateways: [10.1.0.1]}}
hosts:
  ours: {interfaces: {lan: 10.1.0.2}, containers: 1}
  theirs: {agent: AGENT, interfaces: {lan: 10.1.0.3}, containers: 1}
"""
OWN_PROCESSES = "pgrep --ns $$ --nslist net -l . | grep -cE 'bird|bgpd|zebra|gobgp|python'"
"""Counts the processes of one host; the shell that asks is none of these."""

OF_BGP = "ip route show root 192.168.0.0/16 | grep ' via 10.1.0.2 '"
SPEAKER = {"bird": "bird", "frr": "bgpd", "gobgp": "gobgpd"}
SHOW = {"bird": "birdc show protocols all", "frr": "vtysh -c 'show bgp summary'", "gobgp": "gobgp neighbor"}


async def host_when_up(hands: Hands) -> HostStatus:
    """Return the foreign host's status once its one session is up, or the last one before the deadline."""
    status = await hands.wait_status(lambda now: all(_is_up(host) for host in now.hosts))
    return next(host for host in status.hosts if host.name == "theirs")


def _is_up(host: HostStatus) -> bool:
    return [session.is_established for session in host.sessions or ()] == [True]


async def at(lab: Lab, line: str) -> Output:
    return await on(lab, "theirs", "sh", "-c", line)


async def theirs(lab: Lab) -> HostStatus:
    return next(host for host in (await lab_status(lab)).hosts if host.name == "theirs")


def topology_of(agent: str) -> Topology:
    topology = parse_topology(TEXT.replace("AGENT", agent), "pair.yaml")
    missing = "; ".join(f"{item.reason}: {item.remedy}" for item in missing_speakers(topology))
    if missing and not os.environ.get("CI"):
        pytest.skip(missing)
    return topology


@lab_test
@pytest.mark.parametrize(
    "agent", ["bird", pytest.param("frr", marks=pytest.mark.all), pytest.param("gobgp", marks=pytest.mark.all)]
)
def test_a_foreign_speaker_is_stopped_killed_and_started(agent: str, tmp_path: Path) -> None:
    asyncio.run(operate(topology_of(agent), agent, tmp_path))


async def operate(topology: Topology, agent: str, folder: Path) -> None:
    lab = await up(topology, commands=COMMANDS, environment=environment(folder))
    before = footprint(lab)
    try:
        hands = Hands(lab)
        await look(lab, hands, agent)
        await lose_the_labs_process(lab, hands)
        await lose_the_speaker(lab, hands, agent)
        await stop_and_start(lab, hands)
    finally:
        await down(topology.name, environment(folder))
    assert leftovers(before) == []


async def look(lab: Lab, hands: Hands, agent: str) -> None:
    host = await host_when_up(hands)
    assert (_is_up(host), host.agent, host.problem) == (True, agent, "")
    assert "10.1.0.2" in (await at(lab, SHOW[agent])).stdout
    shown = await at(lab, "calicoctl node status")
    assert (shown.exit_code, "Established" in shown.stdout) == (0, True)
    routes = await at(lab, "calicoctl node routes")
    assert routes.exit_code != 0
    assert "its own commands show its routes" in routes.stderr
    assert (await hands.wait_said("theirs", OF_BGP, bool)).stdout != ""


async def lose_the_labs_process(lab: Lab, hands: Hands) -> None:
    """Its speaker goes with it, and the routes stay."""
    await lab.signal_process("theirs/node", signal.SIGKILL)
    assert (await hands.wait_said("theirs", OWN_PROCESSES, lambda text: text == "0\n")).stdout == "0\n"
    assert "killed by SIGKILL" in (await theirs(lab)).problem
    await lab.start_process("theirs/node")
    assert _is_up(await host_when_up(hands))


async def lose_the_speaker(lab: Lab, hands: Hands, agent: str) -> None:
    """The lab's process ends as well, and says why."""
    assert (await at(lab, f"kill -9 $(pgrep --ns $$ --nslist net -x {SPEAKER[agent]})")).exit_code == 0
    status = await hands.wait_status(lambda now: any(host.has_ended_agent for host in now.hosts))
    problem = next(host.problem for host in status.hosts if host.name == "theirs")
    assert "theirs/node ended (exit code 1), see " in problem
    log = await asyncio.to_thread(Path(problem.partition("see ")[2]).read_text, encoding="utf-8")
    assert "ended with -9" in log
    await lab.start_process("theirs/node")
    assert _is_up(await host_when_up(hands))


async def stop_and_start(lab: Lab, hands: Hands) -> None:
    """Nothing runs any more, and the routes stay."""
    assert (await hands.wait_said("theirs", OF_BGP, bool)).stdout != ""
    await lab.stop_process("theirs/node")
    assert (await at(lab, OWN_PROCESSES)).stdout == "0\n"
    assert (await at(lab, OF_BGP)).stdout != ""
    await lab.restart_process("theirs/node")
    assert _is_up(await host_when_up(hands))
