"""The document's cluster with the real agents: the whole walk, and what happens when an agent is killed."""

import asyncio
import json
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from lab.lab_world import COMMANDS, TOPOLOGY, environment, lab_test, on
from tortie.lab.checks import count_established, mesh_session_count
from tortie.lab.commands import COMMANDS as LAB_COMMANDS
from tortie.lab.errors import LabExists
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import Lab, down, open_lab, up
from tortie.lab.probe import Probe
from tortie.lab.seed_walk import run_seed
from tortie.lab.status import HostStatus, lab_status
from tortie.lab.topology import load_topology
from tortie.lab.walk import Event, StepFinished, StepStarted, WalkFinished, WalkRecord

SEED = load_topology("seed")
NODES = [host.name for host in SEED.nodes]


def misses(record: WalkRecord) -> list[tuple[str, str, str]]:
    return [(step.title, step.expected, step.seen) for step in record.steps if not step.ok]


@lab_test
def test_the_document_from_mesh_to_reflection(tmp_path: Path) -> None:
    events: list[Event] = []
    record = asyncio.run(run_seed(SEED, events.append, environment=environment(tmp_path)))
    assert misses(record) == []
    assert len(record.steps) == 14
    data = {step.title: step.data for step in record.steps}
    assert data["Full mesh"] == {"sessions": 6}
    assert data["Every container pings every other, again"] == {"pairs": 56, "silent": []}
    assert data["Sessions with the reflector"] == {
        "clients": ["10.10.31.190", "10.10.31.193", "10.10.31.194", "10.10.31.196"]
    }
    assert data["Session counts side by side"]["ends"] == {
        **{name: {"mesh": 3, "reflector": 1} for name in NODES},
        "node1": {"mesh": 0, "reflector": 4},
    }
    path = data["A reflected route"]["path"]
    assert isinstance(path, dict)
    assert (path["originator_id"], path["cluster_list"]) == ("10.10.31.194", ["1.0.0.1"])
    assert [event.index for event in events if isinstance(event, StepStarted)] == list(range(1, 15))
    assert [event for event in events if isinstance(event, StepFinished)] == list(record.steps)
    assert events[-1] == WalkFinished(record=record)
    assert json.loads(json.dumps(record.to_data()))["ok"]
    assert list(tmp_path.iterdir()) == []


@lab_test
def test_a_lab_that_is_up_already_is_left_alone(tmp_path: Path) -> None:
    where = environment(tmp_path)
    same_name = replace(TOPOLOGY, name="seed")

    async def run() -> None:
        lab = await up(same_name, commands=COMMANDS, environment=where)
        try:
            with pytest.raises(LabExists):
                await run_seed(SEED, lambda _: None, environment=where)
            assert open_lab("seed", where).state == lab.state
        finally:
            await down("seed", where)

    asyncio.run(run())


@lab_test
def test_a_step_that_misses_says_why_and_the_lab_goes(tmp_path: Path) -> None:
    commands = replace(LAB_COMMANDS, reflector=("sh", "-c", "echo no such address >&2; exit 4"))
    record = asyncio.run(run_seed(SEED, lambda _: None, commands=commands, environment=environment(tmp_path)))
    ((title, expected, seen),) = misses(record)
    assert (title, expected) == ("Start the reflector", "it runs")
    assert "node1/reflector ended (exit code 4)" in seen
    assert "no such address" in seen
    assert record.steps[-1].title == "Lab down"
    assert list(tmp_path.iterdir()) == []


@lab_test
def test_a_lab_that_is_kept_can_be_joined_and_taken_down(tmp_path: Path) -> None:
    where = environment(tmp_path)

    async def run() -> None:
        try:
            record = await run_seed(SEED, lambda _: None, is_kept=True, environment=where)
            assert misses(record) == []
            lab = open_lab("seed", where)
            before = footprint(lab)
            await killed_agents_come_back(lab)
        finally:
            assert await down("seed", where)
        assert leftovers(before) == []

    asyncio.run(run())


async def killed_agents_come_back(lab: Lab) -> None:
    """kill -9 of a node's agent and of the reflector, then their restart: sessions return, containers ping."""
    probe = Probe(lab)
    for process in ("kube-node2/node", "node1/reflector"):
        await lab.signal_process(process, signal.SIGKILL)
        await status_when(lab, partial(has_ended, process))
        if process == "kube-node2/node":
            routes = (await on(lab, "kube-node2", "ip", "route", "show", "proto", "77")).stdout.splitlines()
            assert len(routes) == 6, "three blocks by way of others, two containers, its own block: they stayed"
        await lab.restart_process(process)
        await status_when(lab, lambda hosts: count_established(hosts, NODES) == len(NODES))
        assert (await probe.wait_reached(30)).silent == ()


def has_ended(name: str, hosts: Sequence[HostStatus]) -> bool:
    return any(not item.is_running for host in hosts for item in host.processes if item.name == name)


async def status_when(lab: Lab, is_so: Callable[[Sequence[HostStatus]], bool]) -> None:
    """Return as soon as the hosts' status is as it should be."""
    async with asyncio.timeout(40):
        while not is_so((await lab_status(lab)).hosts):  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)


async def is_content(lab: Lab, host: str) -> bool:
    """Return True while the agent says that it is connected to the datastore."""
    return "datastore: connected" in (await on(lab, host, "calicoctl", "node", "status")).stdout


@lab_test
def test_a_datastore_that_is_removed_takes_nothing_with_it(tmp_path: Path) -> None:
    where = environment(tmp_path)

    async def run() -> None:
        lab = await up(SEED, environment=where)
        try:
            ends = 2 * mesh_session_count(len(NODES))
            await status_when(lab, lambda hosts: count_established(hosts, NODES) == ends)
            probe = Probe(lab)
            assert (await probe.wait_reached(30)).silent == ()
            assert await is_content(lab, "kube-node1")
            await probe.start(0.05)
            for file in lab.directory.datastore.parent.iterdir():
                file.unlink()
            async with asyncio.timeout(20):
                while await is_content(lab, "kube-node1"):  # noqa: ASYNC110 - it happens in another process
                    await asyncio.sleep(0.1)
            assert count_established((await lab_status(lab)).hosts, NODES) == ends
            report = await probe.stop()
            assert (report.lost, report.sent > 0) == (0, True)
        finally:
            await down("seed", where)

    asyncio.run(run())
