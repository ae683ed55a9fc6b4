"""Which walk a topology is for: `tortie lab run` asks here.

Not here: the walks (seed_walk.py, racks_walk.py, mixed_walk.py).
"""

import os
from collections.abc import Mapping

from tortie.lab.commands import COMMANDS, CommandLines
from tortie.lab.foreign.speakers import without_missing
from tortie.lab.lab_walk import LabWalk, run_lab_walk
from tortie.lab.mixed_walk import MixedWalk, fits_mixed
from tortie.lab.racks_walk import RacksWalk, fits_racks
from tortie.lab.seed_walk import SeedWalk
from tortie.lab.topology import Topology
from tortie.lab.walk import OnEvent, WalkRecord

__all__ = ["run_topology", "walk_of"]


def walk_of(topology: Topology, *, is_kept: bool, commands: CommandLines, environment: Mapping[str, str]) -> LabWalk:
    """Return the walk that fits a topology: racks, speakers side by side, else the document's.

    Raises:
        TopologyInvalid: none fits.
    """
    present = without_missing(topology)
    if fits_mixed(present):  # it also says which hosts are left out
        return MixedWalk(topology, is_kept=is_kept, commands=commands, environment=environment)
    kind = RacksWalk if fits_racks(present) else SeedWalk
    return kind(present, is_kept=is_kept, commands=commands, environment=environment)


async def run_topology(
    topology: Topology,
    on_event: OnEvent,
    *,
    is_kept: bool = False,
    commands: CommandLines = COMMANDS,
    environment: Mapping[str, str] = os.environ,
) -> WalkRecord:
    """Walk through a topology with a lab of its own; return the record, in which a miss stands as `ok` False.

    Args:
        topology: to raise.
        on_event: is told everything as it happens.
        is_kept: leave the lab up at the end; else it ends even if this process is killed.
        commands: command lines of the processes on hosts.
        environment: of the person.

    Raises:
        RequirementsMissing: the machine lacks something; nothing was begun.
        LabExists: a lab of this name is up; it stays as it is.
        TopologyInvalid: no walk fits this topology.
    """
    walk = walk_of(topology, is_kept=is_kept, commands=commands, environment=environment)
    return await run_lab_walk(walk, on_event)
