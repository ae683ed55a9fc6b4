"""The document's cluster on a real etcd cluster: the whole walk, a member that is stopped, and one that is started."""

import asyncio
import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from lab.lab_world import environment, lab_test, on
from tortie.lab.checks import gateway_value
from tortie.lab.etcd_lab import member_process, with_etcd
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import Lab, down, up
from tortie.lab.probe import Probe
from tortie.lab.requirements import missing_etcd
from tortie.lab.seed_walk import run_seed
from tortie.lab.status import lab_status
from tortie.lab.topology import Topology, load_topology
from tortie.lab.walk import WalkRecord
from tortie.lab.walks import run_topology

SEED = load_topology("seed")


def on_etcd(topology: Topology, members: int) -> Topology:
    """Return the topology with members; skip where etcd is not installed, but in CI let it fail."""
    found = with_etcd(topology, members)
    missing = missing_etcd(found, shutil.which)
    if missing and not os.environ.get("CI"):
        pytest.skip(f"no {missing[0].name}: {missing[0].remedy}")
    return found


def misses(record: WalkRecord) -> list[tuple[str, str, str]]:
    return [(step.title, step.expected, step.seen) for step in record.steps if not step.ok]


@lab_test
def test_the_document_on_three_members(tmp_path: Path) -> None:
    record = asyncio.run(run_seed(on_etcd(SEED, 3), lambda _: None, environment=environment(tmp_path)))
    assert misses(record) == []
    steps = {step.title: step for step in record.steps}
    assert len(steps) == 16
    assert steps["Raise the lab"].command == "tortie lab up seed --etcd 3"
    assert gateway_value(steps["Read it from etcd itself"].output) == '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'
    assert steps["A member of etcd dies"].data == {"lost": 0, "sessions": 6}
    assert steps["Sessions with the reflector"].ok, "what came after the member's death went by way of the others"
    assert list(tmp_path.iterdir()) == []


@lab_test
def test_one_member_that_is_stopped_and_started(tmp_path: Path) -> None:
    where = environment(tmp_path)

    async def run() -> None:
        lab = await up(on_etcd(SEED, 1), environment=where)
        before = footprint(lab)
        try:
            await stopped_and_started(lab)
        finally:
            await down("seed", where)
        assert leftovers(before) == []

    asyncio.run(run())


async def stopped_and_started(lab: Lab) -> None:
    member = member_process("kube-master")
    set_as_number = ("calicoctl", "config", "set", "asNumber", "64513")
    assert not lab.directory.datastore.exists(), "what etcd was filled from is gone"
    assert (await Probe(lab).wait_reached(30)).silent == ()
    await lab.stop_process(member)
    status = await problem_when(lab, is_followed=False)
    assert "10.10.31.190:2479" in status
    refused = await on(lab, "kube-node1", *set_as_number)
    assert (refused.exit_code != 0, "10.10.31.190:2479" in refused.stderr) == (True, True)
    assert (await Probe(lab).round()).silent == ()
    await lab.start_process(member)
    await problem_when(lab, is_followed=True)
    assert (await on(lab, "kube-node1", *set_as_number)).exit_code == 0
    assert (await on(lab, "kube-node3", "calicoctl", "config", "get", "asNumber")).stdout == "64513\n"


async def problem_when(lab: Lab, *, is_followed: bool) -> str:
    """Return what kube-node1 says of its datastore as soon as it follows it, or does not."""
    async with asyncio.timeout(30):
        while True:
            [host] = [each for each in (await lab_status(lab)).hosts if each.name == "kube-node1"]
            if host.sessions is not None and is_followed is not bool(host.datastore_problem):
                return host.datastore_problem
            await asyncio.sleep(0.05)


@pytest.mark.all
@lab_test
def test_the_racks_on_three_members(tmp_path: Path) -> None:
    run = partial(run_topology, on_etcd(load_topology("racks"), 3), lambda _: None, environment=environment(tmp_path))
    assert misses(asyncio.run(run())) == []
    assert list(tmp_path.iterdir()) == []
