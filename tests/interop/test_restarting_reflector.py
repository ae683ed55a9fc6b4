"""Our reflector is killed and restarts, with FRR as one of its clients: who dials whom.

FRR leaves dialling to the one that restarts, until its restart timer ends; our nodes dial. With the lab, since a
reflector knows that it restarts from what it wrote down, by a datastore.
"""

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from lab.lab_world import lab_test, on, raised
from tortie.lab.checks import BGP_PORT, ends_of
from tortie.lab.commands import COMMANDS
from tortie.lab.foreign.speakers import missing_speakers
from tortie.lab.lifecycle import Lab
from tortie.lab.lines import SEED_LINES, line_values
from tortie.lab.probe import Probe
from tortie.lab.topology import load_topology, with_agents
from tortie.lab.walk_tools import Hands

FRR_NODE: Final = "kube-node2"
REFLECTOR: Final = "node1"
TOPOLOGY: Final = with_agents(load_topology("seed"), {FRR_NODE: "frr"})
ADDRESS: Final = TOPOLOGY.host(REFLECTOR).address(4) or ""
LATE_S: Final = 30.0
"""FRR's restart timer is 120 s: a session that is back by then was not waited for."""


async def frr_session(lab: Lab) -> dict[str, Any]:
    output = await on(lab, FRR_NODE, "vtysh", "-d", "bgpd", "-c", f"show bgp neighbors {ADDRESS} json")
    found: dict[str, Any] = json.loads(output.stdout)[ADDRESS]
    return found


async def until(lab: Lab, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return FRR's view of the session as soon as it is as it should be."""
    async with asyncio.timeout(LATE_S):
        while not is_so(session := await frr_session(lab)):  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.05)
    return session


async def reflect(hands: Hands) -> None:
    """Turn the mesh to reflection by the document's lines."""
    topology = hands.lab.topology
    values = line_values(topology, topology.host(REFLECTOR), topology.host("kube-master"))
    await hands.lab.start_process(f"{REFLECTOR}/reflector")
    for line in (SEED_LINES.write_record, SEED_LINES.create_peer, SEED_LINES.mesh_off):
        output = await hands.type("kube-master", line.format(**values))
        assert output.exit_code == 0, output.stderr
    await all_up(hands)


async def all_up(hands: Hands) -> None:
    """Return when every node has its session with the reflector, and no other."""
    status = await hands.wait_status(lambda now: ends_of(now, REFLECTOR) == 4)
    assert ends_of(status, REFLECTOR) == 4


@pytest.mark.all
@lab_test
@pytest.mark.rfc("4724", "4.2")
def test_frr_is_dialled_by_a_reflector_that_was_killed(tmp_path: Path) -> None:
    if missing := missing_speakers(TOPOLOGY):
        pytest.skip(f"{missing[0].reason}: {missing[0].remedy}")

    async def run() -> None:
        async with raised(tmp_path, TOPOLOGY, COMMANDS) as lab:
            hands, probe = Hands(lab), Probe(lab)
            await reflect(hands)
            assert (await probe.wait_reached(30)).silent == ()
            session = await frr_session(lab)
            assert (session["gracefulRestartInfo"]["localGrMode"], session["gracefulRestartInfo"]["remoteGrMode"]) == (
                "Helper*",
                "Restart",
            )
            await probe.start(0.05)
            clock = asyncio.get_running_loop().time
            began = clock()
            await lab.signal_process(f"{REFLECTOR}/reflector", signal.SIGKILL)
            await hands.wait_status(lambda now: ends_of(now, REFLECTOR) == 0)
            await until(lab, lambda session: session["bgpState"] == "Active")
            await lab.restart_process(f"{REFLECTOR}/reflector")
            await all_up(hands)
            assert clock() - began < LATE_S
            session = await until(lab, lambda session: session["bgpState"] == "Established")
            assert session["portLocal"] == BGP_PORT, "the reflector dialled"
            report = await probe.stop()
            assert (report.lost, report.sent > 0) == (0, True)

    asyncio.run(run())
