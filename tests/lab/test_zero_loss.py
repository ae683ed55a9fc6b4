"""What is done to a running cluster, or happens to it, and the pings that are lost meanwhile: none.

All ordered pairs of containers ping one another throughout; a control run in which nothing happens stands beside. The
table of the last run is written where TORTIE_ZERO_LOSS_PAGE says (docs/zero-loss.md).
"""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.lab_world import environment, lab_test, on
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import Lab, down, up
from tortie.lab.lines import SEED_LINES, line_values
from tortie.lab.pings import LOST_AFTER_S
from tortie.lab.probe import Probe
from tortie.lab.topology import load_topology

SEED = load_topology("seed")
NODES = [host.name for host in SEED.nodes]
REFLECTOR = next(host for host in SEED.hosts if host.role == "reflector")
API = next(host for host in SEED.hosts if host.api_port is not None)
VALUES = line_values(SEED, REFLECTOR, API)
REFLECTOR_ADDRESS = VALUES["reflector"]
INTERVAL_S = 0.05
CONTROL_S = 3.0
DEADLINE_S = 40.0


@dataclass
class Setting:
    """A lab under pings and what they have told so far."""

    lab: Lab
    rows: list[tuple[str, int, int]]


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    where = environment(tmp_path_factory.mktemp("loss"))
    lab = asyncio.run(up(SEED, environment=where))
    before = footprint(lab)
    made = Setting(lab, [])
    try:
        asyncio.run(begin(lab))
        yield made
        write_page(made.rows)
    finally:
        asyncio.run(down("seed", where))
    assert leftovers(before) == []


async def begin(lab: Lab) -> None:
    await until(lambda: sessions_are(lab, len(NODES) - 1))
    assert (await Probe(lab).wait_reached(DEADLINE_S)).silent == ()
    await Probe(lab).start(INTERVAL_S)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await is_so():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.05)


async def established(lab: Lab, host: str) -> list[dict[str, Any]]:
    said = await on(lab, host, "calicoctl", "node", "status", "-o", "json")
    sessions = json.loads(said.stdout)["sessions"] if said.exit_code == 0 else []
    return [session for session in sessions if session["state"] == "established"]


async def sessions_are(lab: Lab, count: int) -> bool:
    return all([len(await established(lab, node)) == count for node in NODES])


async def has_reflector(lab: Lab) -> bool:
    """Every node is established with the reflector and has heard all that it has."""
    return all([any(is_complete(session) for session in await established(lab, node)) for node in NODES])


def is_complete(session: dict[str, Any]) -> bool:
    complete = all(family["end_of_rib"] for family in session["families"])
    received = sum(family["received"] for family in session["families"])
    return session["remote_address"] == REFLECTOR_ADDRESS and complete and received == len(NODES) - 1


async def typed(lab: Lab, host: str, line: str, **changed: str) -> None:
    said = await on(lab, host, "sh", "-c", line.format(**{**VALUES, **changed}))
    assert said.exit_code == 0, said.stderr


async def nothing(_lab: Lab) -> None:
    await asyncio.sleep(CONTROL_S)


async def mesh_to_reflector(lab: Lab) -> None:
    """First the reflector, then, once everybody has heard everything from it, the mesh goes."""
    await lab.start_process(f"{REFLECTOR.name}/reflector")
    await typed(lab, REFLECTOR.name, SEED_LINES.write_record)
    await typed(lab, NODES[0], SEED_LINES.create_peer)
    await until(lambda: has_reflector(lab))
    await typed(lab, NODES[0], SEED_LINES.mesh_off)
    await until(lambda: sessions_are(lab, 1))


async def reflector_is_killed(lab: Lab) -> None:
    process = f"{REFLECTOR.name}/reflector"
    await lab.signal_process(process, signal.SIGKILL)
    await until(lambda: sessions_are(lab, 0))
    await lab.restart_process(process)
    await until(lambda: has_reflector(lab))


async def agent_is_killed(lab: Lab) -> None:
    process = f"{NODES[1]}/node"
    await lab.signal_process(process, signal.SIGKILL)
    await until(lambda: is_without_agent(lab, NODES[1]))
    await lab.restart_process(process)
    await until(lambda: sessions_are(lab, 1))
    await until(lambda: has_reflector(lab))


async def is_without_agent(lab: Lab, node: str) -> bool:
    return not await established(lab, node)


async def agent_restarts(lab: Lab) -> None:
    await typed(lab, NODES[2], "calicoctl node stop --for-restart")
    await until(lambda: is_without_agent(lab, NODES[2]))
    await lab.restart_process(f"{NODES[2]}/node")
    await until(lambda: sessions_are(lab, 1))
    await until(lambda: has_reflector(lab))


async def cluster_id_changes(lab: Lab) -> None:
    await typed(lab, REFLECTOR.name, SEED_LINES.write_record, cluster_id="9.0.0.9")
    await until(lambda: reflects_as(lab, "9.0.0.9"))


async def reflects_as(lab: Lab, cluster_id: str) -> bool:
    said = await on(lab, NODES[0], "calicoctl", "node", "routes", "-o", "json")
    learned = [path for path in json.loads(said.stdout) if path["source"] == "internal"]
    return bool(learned) and all(path["cluster_list"] == [cluster_id] for path in learned)


async def reflector_to_mesh(lab: Lab) -> None:
    await typed(lab, NODES[0], "calicoctl config set nodeToNodeMesh on")
    await until(lambda: sessions_are(lab, len(NODES)))
    await until(lambda: mesh_is_complete(lab))
    await typed(lab, NODES[0], f"calicoctl delete bgpPeer {REFLECTOR_ADDRESS} --scope=global")
    await until(lambda: sessions_are(lab, len(NODES) - 1))


async def mesh_is_complete(lab: Lab) -> bool:
    found = [await established(lab, node) for node in NODES]
    return all(family["end_of_rib"] for sessions in found for session in sessions for family in session["families"])


STORY = [
    ("nothing (control)", nothing),
    ("full mesh to reflector: the reflector first, then mesh off", mesh_to_reflector),
    ("the cluster id changes", cluster_id_changes),
    ("kill -9 of the only reflector, then its restart", reflector_is_killed),
    ("kill -9 of a node's agent, then its restart", agent_is_killed),
    ("`node stop --for-restart`, then its start", agent_restarts),
    ("reflector to full mesh: the mesh first, then the peer goes", reflector_to_mesh),
]


@lab_test
@pytest.mark.parametrize(("what", "act"), STORY, ids=[act.__name__ for _, act in STORY])
def test_no_ping_is_lost(setting: Setting, what: str, act: Callable[[Lab], Awaitable[None]]) -> None:
    async def work() -> None:
        probe = Probe(setting.lab)
        before = await probe.counters()
        await act(setting.lab)
        await asyncio.sleep(LOST_AFTER_S)  # an echo counts as lost only after this time
        after = await probe.counters()
        setting.rows.append((what, after.sent - before.sent, after.lost - before.lost))

    asyncio.run(work())
    what, sent, lost = setting.rows[-1]
    assert sent > 0
    assert lost == 0, f"{what}: {lost} of {sent}"


def write_page(rows: list[tuple[str, int, int]]) -> None:
    """Write the table of a whole run."""
    page = os.environ.get("TORTIE_ZERO_LOSS_PAGE")
    if page is None or len(rows) < len(STORY):
        return
    table = "".join(f"| {what} | seed | {sent} | {lost} |\n" for what, sent, lost in rows)
    head = (
        "# What is lost\n\n"
        "All ordered pairs of containers (56) of lab `seed` ping one another every 50 ms while something is done to\n"
        "the cluster, or happens to it. A run of `tests/lab/test_zero_loss.py` wrote this page.\n\n"
    )
    columns = "| change or fault | lab | sent | lost |\n|---|---|---|---|\n"
    Path(page).write_text(head + columns + table, encoding="utf-8")
