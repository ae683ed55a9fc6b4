"""Thousands of nodes on real etcd and on SQLite: intents are right, and what they cost is written down.

Nothing here judges a time. TORTIE_SCALE_PAGE says where the page goes (docs/scale.md).
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from lab.kernel_namespace import in_namespace, ip
from scale.scale_page import Run, write_page
from scale.scale_world import OWN, OWN_ADDRESS, REFLECTORS, RUNS, WORKLOADS_PER_NODE, fill
from support.etcd import running_members
from tortie.node import status_client
from tortie.node.errors import AgentUnreachable

NODES: Final = 5000
PAGE_VARIABLE: Final = "TORTIE_SCALE_PAGE"
DEADLINE_S: Final = 300
AGENTS: Final = {"node": ("node", "run", "--name", OWN), "reflector": ("reflector", "run")}


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", *arguments]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **more, "PYTHONPATH": ":".join(sys.path), "IP": REFLECTORS[0]}


def measured(url: str, role: str, more: Mapping[str, str]) -> dict[str, Any]:
    """Return what the program of that role found; it fails where an intent is not what it should be."""
    done = subprocess.run(
        program("scale.scale_world", url, role),
        env=environment(more), capture_output=True, text=True, check=False, timeout=DEADLINE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def acted(folder: Path) -> dict[str, Any]:
    """Return an agent's status once it has acted on the datastore."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            status: dict[str, Any] = {}
            with suppress(AgentUnreachable):
                status = await asyncio.to_thread(status_client.request, folder / "status.sock", "status")
            if (status.get("datastore") or {}).get("acted_revision"):
                return status
            await asyncio.sleep(0.2)


def agent_memory(url: str, role: str, more: Mapping[str, str], folder: Path) -> float:
    """Return the resident set of a real agent that has acted on the datastore, MiB."""
    folder.mkdir()
    arguments = program("tortie", *AGENTS[role], "--datastore", url, "--run-dir", str(folder))
    with (folder / "log").open("wb") as log:
        agent = subprocess.Popen(arguments, env=environment(more), stdout=log, stderr=log)
    try:
        asyncio.run(acted(folder))
        lines = Path(f"/proc/{agent.pid}/status").read_text(encoding="ascii").splitlines()
    finally:
        agent.kill()
        agent.wait()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def run_of(name: str, url: str, more: Mapping[str, str], folder: Path) -> Run:
    folder.mkdir(exist_ok=True)
    former = {key: os.environ.get(key) for key in more}
    os.environ.update(more)
    try:
        count = asyncio.run(fill(url, NODES))
    finally:
        for key, value in former.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})
    memory = {role: agent_memory(url, role, more, folder / role) for role in AGENTS}
    return Run(name, count, {role: measured(url, role, more) for role in AGENTS}, memory)


@pytest.mark.all
@pytest.mark.timeout(1200)
@in_namespace
def test_five_thousand_nodes(tmp_path: Path) -> None:
    ip(f"addr add {OWN_ADDRESS}/24 dev v0")
    with running_members(tmp_path / "etcd", 1) as members:
        runs = [run_of("etcd", members.cluster.url, members.environment(), tmp_path / "on-etcd")]
    runs.append(run_of("SQLite", f"sqlite://{tmp_path}/datastore.db", {}, tmp_path / "on-sqlite"))
    for run in runs:
        assert run.measured["reflector"]["sessions"] > NODES
        assert run.measured["node"]["sessions"] > len(REFLECTORS)
    if page := os.environ.get(PAGE_VARIABLE):
        constants = {
            "nodes": NODES, "workloads": WORKLOADS_PER_NODE, "reflectors": len(REFLECTORS), "runs": RUNS,
            "changes": 2 * RUNS,
        }  # fmt: skip
        write_page(Path(page), runs, constants)
