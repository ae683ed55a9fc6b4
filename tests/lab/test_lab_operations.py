"""What an operator does to a running cluster with the real agents, and what others do to it behind its back."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from lab.lab_world import environment, lab_test, on
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import Lab, down, up
from tortie.lab.probe import Probe
from tortie.lab.topology import load_topology

DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The document's cluster as a full mesh, every session up."""
    where = environment(tmp_path_factory.mktemp("operations"))
    raised = asyncio.run(up(load_topology("seed"), environment=where))
    before = footprint(raised)
    try:
        asyncio.run(until(lambda: all_pairs_answer(raised)))
        yield raised
    finally:
        asyncio.run(down("seed", where))
    assert leftovers(before) == []


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await is_so():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.05)


async def all_pairs_answer(lab: Lab) -> bool:
    return not (await Probe(lab).round()).silent


async def status(lab: Lab, host: str) -> dict[str, Any]:
    said = await on(lab, host, "calicoctl", "node", "status", "-o", "json")
    content: dict[str, Any] = json.loads(said.stdout) if said.exit_code == 0 else {}
    return content


async def routes(lab: Lab, host: str) -> list[str]:
    said = await on(lab, host, "ip", "route", "show", "proto", "77")
    return sorted(line.strip() for line in said.stdout.splitlines())


@lab_test
def test_routes_that_somebody_deletes_or_changes_come_back(lab: Lab) -> None:
    async def work() -> None:
        before = await routes(lab, "kube-node1")
        learned = next(line for line in before if line.startswith("192.168.40.64/26"))
        assert (await on(lab, "kube-node1", "ip", "route", "del", "192.168.40.64/26")).exit_code == 0
        await until(lambda: has_routes(lab, before))
        assert (await on(lab, "kube-node1", "ip", "route", "flush", "proto", "77")).exit_code == 0
        await until(lambda: has_routes(lab, before))
        changed = await on(lab, "kube-node1", "ip", "route", "replace", "blackhole", "192.168.40.64/26", "proto", "77")
        assert changed.exit_code == 0
        await until(lambda: has_routes(lab, before))
        assert learned in await routes(lab, "kube-node1")
        assert (await status(lab, "kube-node1"))["kernel"]["repaired"] >= 1
        await until(lambda: all_pairs_answer(lab))

    asyncio.run(work())


async def has_routes(lab: Lab, expected: list[str]) -> bool:
    return await routes(lab, "kube-node1") == expected


@lab_test
def test_a_killed_agent_is_restarted_by_name_and_its_routes_stayed(lab: Lab) -> None:
    async def work() -> None:
        before = await routes(lab, "kube-node2")
        await lab.signal_process("kube-node2/node", 9)
        await until(lambda: is_gone(lab, "kube-node2"))
        assert await routes(lab, "kube-node2") == before
        await lab.start_process("kube-node2/node")
        await until(lambda: all_established(lab, "kube-node2"))
        assert await routes(lab, "kube-node2") == before
        await until(lambda: all_pairs_answer(lab))

    asyncio.run(work())


async def is_gone(lab: Lab, host: str) -> bool:
    return not await status(lab, host)


async def all_established(lab: Lab, host: str) -> bool:
    sessions = (await status(lab, host)).get("sessions", [])
    return len(sessions) == 3 and all(session["state"] == "established" for session in sessions)


DUPLICATE = """
apiVersion: v1
kind: node
metadata: {name: intruder}
spec: {bgp: {ipv4Address: 10.10.31.193/24}}
"""


@lab_test
def test_a_duplicate_address_is_set_aside_and_all_else_runs(lab: Lab) -> None:
    async def work() -> None:
        created = await on(lab, "kube-master", "calicoctl", "create", "-f", "-", stdin=DUPLICATE)
        assert created.exit_code == 0, created.stderr
        for host in ("kube-master", "kube-node1", "kube-node3"):
            await until(partial(names_intruder, lab, host))
            assert await all_established(lab, host)
        shown = await on(lab, "kube-node3", "calicoctl", "node", "status")
        assert "intruder" in shown.stdout
        assert "10.10.31.193" in shown.stdout
        assert await all_pairs_answer(lab)
        gone = await on(lab, "kube-master", "calicoctl", "delete", "node", "intruder")
        assert gone.exit_code == 0, gone.stderr

    asyncio.run(work())


async def names_intruder(lab: Lab, host: str) -> bool:
    return "intruder" in [item["name"] for item in (await status(lab, host)).get("quarantine", [])]


@lab_test
def test_a_locked_datastore_stops_who_writes_and_not_the_agents(lab: Lab) -> None:
    async def work() -> None:
        with closing(sqlite3.connect(lab.directory.datastore, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            refused = await on(lab, "kube-master", "calicoctl", "config", "set", "logLevel", "debug")
            assert refused.exit_code != 0
            assert "locked" in refused.stderr
            assert "Traceback" not in refused.stderr
            assert await all_established(lab, "kube-node1")
            assert await all_pairs_answer(lab)
            holder.execute("ROLLBACK")
        assert (await on(lab, "kube-master", "calicoctl", "config", "set", "logLevel", "info")).exit_code == 0

    asyncio.run(work())


BAD_INPUT = [
    ("malformed YAML", ["create", "-f", "-"], "a: [b", "-:1: malformed YAML"),
    ("unknown kind", ["create", "-f", "-"], "{apiVersion: v1, kind: bgpPear, metadata: {}}", "bgpPear"),
    ("AS out of range", ["config", "set", "asNumber", "4294967296"], "", "4294967296"),
    ("wrong peer address", ["create", "-f", "-"],
     "{apiVersion: v1, kind: bgpPeer, metadata: {peerIP: 10.10.31.999, scope: global}, spec: {asNumber: 64512}}",
     "10.10.31.999"),
    ("unknown name", ["config", "set", "nodeToNodeMash", "off"], "", "nodeToNodeMash"),
    ("value", ["config", "set", "nodeToNodeMesh", "OFF"], "", "OFF"),
]  # fmt: skip


@lab_test
@pytest.mark.parametrize(("what", "arguments", "text", "named"), BAD_INPUT, ids=[row[0] for row in BAD_INPUT])
def test_bad_input_is_named_and_changes_nothing(
    lab: Lab, what: str, arguments: list[str], text: str, named: str
) -> None:
    async def work() -> None:
        before = (await status(lab, "kube-node1"))["datastore"]["acted_revision"]
        said = await on(lab, "kube-master", "calicoctl", *arguments, stdin=text)
        assert said.exit_code == 1, what
        assert named in said.stderr
        assert "Traceback" not in said.stderr
        assert (await status(lab, "kube-node1"))["datastore"]["acted_revision"] == before

    asyncio.run(work())
