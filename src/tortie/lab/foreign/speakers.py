"""Which foreign speakers a lab knows, what each needs on this machine, and where its programs lie.

What it is NOT for: running them. To know first: `SPEAKERS`, agent's name in a topology → `Speaker`. Light to import:
topologies are checked by it.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tortie.lab.errors import Requirement
from tortie.lab.topology_types import Host, Topology

__all__ = [
    "BIRD1_VARIABLE",
    "FRR_FOLDER",
    "SPEAKERS",
    "Speaker",
    "bird1_program",
    "hosts_left_out",
    "missing_speakers",
    "speaker_title",
    "without_missing",
]

Find = Callable[[str], str | None]
"""Where a program is, as shutil.which."""

FRR_FOLDER: Final = "/usr/lib/frr"
BIRD1_VARIABLE: Final = "TORTIE_BIRD1"
"""Names the folder into which BIRD 1.6 was unpacked; its package conflicts with BIRD 2's."""

SEARCHED: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One foreign speaker.

    Attributes:
        title: as documents name it.
        programs: what must be there.
        remedy: what root types where they are missing.
    """

    title: str
    programs: tuple[str, ...]
    remedy: str


def bird1_program(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the path of a program of BIRD 1.6: where TORTIE_BIRD1 says, else beside this interpreter's packages."""
    folder = environment.get(BIRD1_VARIABLE) or f"{sys.prefix}/bird1"
    return f"{folder}/usr/sbin/{name}"


SPEAKERS: Final[Mapping[str, Speaker]] = {
    "bird": Speaker(title="BIRD 2", programs=("bird", "birdc"), remedy="apt-get install -y bird2"),
    "bird1": Speaker(
        title="BIRD 1.6",
        programs=tuple(bird1_program(name) for name in ("bird", "birdc", "bird6", "birdc6")),
        remedy=f"apt-get download bird && dpkg -x bird_*.deb {bird1_program('').removesuffix('/usr/sbin/')}",
    ),
    "frr": Speaker(
        title="FRR",
        programs=("vtysh", *(f"{FRR_FOLDER}/{name}" for name in ("zebra", "bgpd"))),
        remedy="apt-get install -y frr",
    ),
    "gobgp": Speaker(title="GoBGP", programs=("gobgpd", "gobgp"), remedy="apt-get install -y gobgpd"),
}
"""Agent's name in a topology → the speaker."""


def speaker_title(agent: str) -> str:
    """Return how people call an agent: "BIRD 2", or the agent's own name where it is ours or none."""
    return SPEAKERS[agent].title if agent in SPEAKERS else agent


def missing_speakers(topology: Topology, find: Find | None = None) -> list[Requirement]:
    """Return a requirement for each foreign speaker of which a program is missing; optional hosts ask for none.

    Args:
        topology: to be raised.
        find: shutil.which, or a test's.
    """
    first = {host.agent: host for host in reversed(topology.hosts) if host.agent in SPEAKERS and not host.is_optional}
    return [
        Requirement(
            name=", ".join(programs),
            reason=f"{speaker_title(agent)}, the speaker of {host.name}",
            remedy=SPEAKERS[agent].remedy,
        )
        for agent, host in sorted(first.items())
        if (programs := _missing_programs(agent, find or _find))
    ]


def hosts_left_out(topology: Topology, find: Find | None = None) -> tuple[Host, ...]:
    """Return the hosts that a topology marks as optional and whose agent is not on this machine."""
    return tuple(
        host
        for host in topology.hosts
        if host.is_optional and host.agent in SPEAKERS and _missing_programs(host.agent, find or _find)
    )


def without_missing(topology: Topology, find: Find | None = None) -> Topology:
    """Return a topology without the hosts that are left out."""
    left_out = hosts_left_out(topology, find)
    return replace(topology, hosts=tuple(host for host in topology.hosts if host not in left_out))


def _missing_programs(agent: str, find: Find) -> list[str]:
    return [program for program in SPEAKERS[agent].programs if find(program) is None]


def _find(program: str) -> str | None:
    """Look where hosts of a lab look, so that what is found here is found there."""
    return shutil.which(program, path=SEARCHED)
