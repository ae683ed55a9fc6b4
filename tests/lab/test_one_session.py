"""Both families over one session, with the real agents and kernels: two hosts that are told so while they run."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from lab.lab_world import environment, lab_test, on
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import Lab, down, up
from tortie.lab.probe import Probe
from tortie.lab.topology import parse_topology

DEADLINE_S: Final = 30.0
TOPOLOGY: Final = parse_topology(
    """
name: one-session
pools: [{cidr: 192.168.0.0/16}, {cidr: 'fd00:10::/64'}]
lans:
  lan: {networks: [10.1.0.0/24, 'fd00:1::/64'], gateways: [10.1.0.1, 'fd00:1::1']}
hosts:
  a: {interfaces: {lan: [10.1.0.2, 'fd00:1::2']}, containers: 1}
  b: {interfaces: {lan: [10.1.0.3, 'fd00:1::3']}, containers: 1}
""",
    "one-session.yaml",
)
ONE_SESSION: Final = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "BGPConfiguration",
    "metadata": {"name": "default", "annotations": {"tortie/families": "ipv4,ipv6"}},
    "spec": {},
}


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await is_so():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.05)


async def sessions(lab: Lab) -> list[tuple[str, str, list[str]]]:
    """Return address, state and families of the sessions of host a."""
    said = await on(lab, "a", "calicoctl", "node", "status", "-o", "json")
    content: dict[str, Any] = json.loads(said.stdout) if said.exit_code == 0 else {"sessions": []}
    found = [(each["remote_address"], each["state"], each["families"]) for each in content["sessions"]]
    return sorted((address, state, [family["family"] for family in families]) for address, state, families in found)


async def routes_v6(lab: Lab) -> str:
    return (await on(lab, "a", "ip", "-6", "route", "show", "proto", "77")).stdout


@lab_test
@pytest.mark.rfc("4760", "3")
def test_two_sessions_become_one_and_every_container_answers(tmp_path: Path) -> None:
    where = environment(tmp_path)
    two = [("10.1.0.3", "established", ["ipv4"]), ("fd00:1::3", "established", ["ipv6"])]
    one = [("10.1.0.3", "established", ["ipv4", "ipv6"])]

    async def has(lab: Lab, expected: list[tuple[str, str, list[str]]]) -> bool:
        return await sessions(lab) == expected

    async def all_answer(lab: Lab) -> bool:
        return not (await Probe(lab).round()).silent

    async def work() -> None:
        lab = await up(TOPOLOGY, environment=where)
        before = footprint(lab)
        try:
            await until(lambda: has(lab, two))
            await until(lambda: all_answer(lab))
            line = f"echo '{json.dumps(ONE_SESSION)}' | calicoctl apply -f -"
            said = await on(lab, "a", "sh", "-c", line)
            assert said.exit_code == 0, said.stderr
            await until(lambda: has(lab, one))
            await until(lambda: all_answer(lab))
            assert "via fd00:1::3" in await routes_v6(lab)
            text = (await on(lab, "a", "calicoctl", "node", "status")).stdout
            assert "fd00:1::3 down: " in " ".join(text.split())
            assert "1 session: 1 Established" in text
        finally:
            await down(TOPOLOGY.name, where)
        assert leftovers(before) == []

    asyncio.run(work())
