"""A deterministic world in memory: the engines of production, virtual time, faults from a seed.

`World` joins engines; `tell` and `tell_addresses` run whole stories and judge how they end.
"""

from tortie.sim.address_story import tell_addresses
from tortie.sim.shape import SHAPES
from tortie.sim.story import Ending, Story, tell
from tortie.sim.world import Host, SimulationStuck, World

__all__ = ["SHAPES", "Ending", "Host", "SimulationStuck", "Story", "World", "tell", "tell_addresses"]
