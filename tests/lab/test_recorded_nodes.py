"""Real nodes with a data path, recorded while they meet, part and meet again: each recording replays."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from lab.lab_world import environment, lab_test, on
from tortie.lab.commands import COMMANDS
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import Lab, down, up
from tortie.lab.topology import parse_topology

DEADLINE_S: Final = 30.0
RECORD: Final = "/run/tortie/record.jsonl"
TOPOLOGY: Final = parse_topology(
    """
name: recorded
pools: [{cidr: 192.168.0.0/16}]
lans:
  lan: {networks: [10.1.0.0/24], gateways: [10.1.0.1]}
hosts:
  a: {interfaces: {lan: [10.1.0.2]}, containers: 1}
  b: {interfaces: {lan: [10.1.0.3]}, containers: 1}
""",
    "recorded.yaml",
)


async def learned(lab: Lab, host: str) -> set[str]:
    said = await on(lab, host, "calicoctl", "node", "routes", "-o", "json")
    return {path["prefix"] for path in json.loads(said.stdout or "[]") if path["best"] and path["source"] == "internal"}


async def until_learned(lab: Lab, host: str, count: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while len(await learned(lab, host)) != count:  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.05)


async def until_ended(lab: Lab, host: str) -> None:
    """Wait for the last line of a host's recording, which the agent writes when it is stopped."""
    async with asyncio.timeout(DEADLINE_S):
        while '{"end":"closed"' not in (await on(lab, host, "tail", "-n", "1", RECORD)).stdout:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


@lab_test
@pytest.mark.root
def test_recordings_of_nodes_replay(tmp_path: Path) -> None:
    where = environment(tmp_path)
    commands = replace(COMMANDS, node=(*COMMANDS.node, "--record", RECORD))

    async def work() -> None:
        lab = await up(TOPOLOGY, environment=where, commands=commands)
        before = footprint(lab)
        try:
            await until_learned(lab, "a", 1)
            await on(lab, "a", "ip", "link", "set", "lan", "down")
            await on(lab, "a", "ip", "link", "set", "lan", "up")
            for host in ("b", "a"):
                stopped = await on(lab, host, "calicoctl", "node", "stop")
                assert stopped.exit_code == 0, stopped.stderr
                await until_ended(lab, host)
            for host in ("a", "b"):
                replayed = await on(lab, host, "calicoctl", "replay", RECORD)
                assert (replayed.exit_code, replayed.stderr) == (0, "")
                assert "outputs: as recorded" in replayed.stdout
            found = (await on(lab, "a", "cat", RECORD)).stdout
            inputs = {json.loads(line).get("input") for line in found.splitlines()[:-1]}
            assert {"next_hop_changed", "forwarding_preserved", "originate", "reconfigure", "drained"} <= inputs
        finally:
            await down(TOPOLOGY.name, where)
        assert leftovers(before) == []

    asyncio.run(work())
