"""The document's cluster with a foreign speaker in the place of one node, or of the reflector: the whole walk.

One test is one speaker in one place with one topology; a walk with both families is the row of IPv6. What is looked at
stands in `support.interop_page`. One row runs always, beside the lab `mixed` (tests/lab/test_lab_mixed.py); the rest is
marked `all`. A speaker that is not installed is a failure in CI, a skip elsewhere.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from lab.lab_world import environment, lab_test
from support.daemons import FRR, Bird1, Bird2, Daemon, GoBGP
from support.interop_page import Finding
from tortie.lab.foreign.speakers import SPEAKERS, missing_speakers
from tortie.lab.topology import Topology, load_topology, with_agents
from tortie.lab.walks import run_topology

DAEMONS: Final[dict[str, type[Daemon]]] = {"bird": Bird2, "bird1": Bird1, "frr": FRR, "gobgp": GoBGP}
HOSTS: Final = {"lab node": "kube-node2", "lab reflector": "node1"}
"""Role → the host whose agent is replaced. The route that the walk shows is one of kube-node2."""

TOPOLOGIES: Final = {"ipv4": "seed", "ipv6": "seed-dual-stack"}
CORE: Final = ("frr", "lab node", "ipv6")

STEPS: Final = {
    "mesh": ("Full mesh", "Every container pings every other"),
    "commands": ("Mesh off", "Sessions with the reflector"),
    "pings": ("Every container pings every other, again",),
    "route": ("A reflected route",),
    "no loss": ("Pings throughout",),
}
"""Feature → the steps of the walk that show it."""

OF_NODES_ONLY: Final = "mesh"


def need_speakers(topology: Topology) -> None:
    """Skip where a speaker is not installed; in CI that is a failure."""
    missing = "; ".join(f"{item.reason}: {item.remedy}" for item in missing_speakers(topology))
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


def rows() -> list[object]:
    """Return a row a speaker, role and family."""
    return [
        pytest.param(agent, role, family, id=f"{agent}-{role.replace(' ', '-')}-{family}",
                     marks=() if (agent, role, family) == CORE else pytest.mark.all)
        for agent in SPEAKERS
        for role in HOSTS
        for family in TOPOLOGIES
    ]  # fmt: skip


@lab_test
@pytest.mark.rfc("4456", "8")
@pytest.mark.parametrize(("agent", "role", "family"), rows())
def test_the_documents_walk(
    agent: str, role: str, family: str, tmp_path: Path, found: Callable[[Finding], None]
) -> None:
    topology = with_agents(load_topology(TOPOLOGIES[family]), {HOSTS[role]: agent})
    need_speakers(topology)
    record = asyncio.run(run_topology(topology, lambda _: None, environment=environment(tmp_path)))
    assert [(step.title, step.expected, step.seen) for step in record.steps if not step.ok] == []
    assert list(tmp_path.iterdir()) == []
    titles = {step.title for step in record.steps}
    assert {title for shown in STEPS.values() for title in shown} <= titles
    assert ("A reflected route, IPv6" in titles) == (family == "ipv6")
    features = tuple(name for name in STEPS if role == "lab node" or name != OF_NODES_ONLY)
    found(Finding(DAEMONS[agent], role, family, features))
