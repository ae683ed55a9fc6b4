"""A deterministic world in memory: the engines of production, virtual time, links that can be cut."""

from tortie.sim.world import Host, SimulationStuck, World

__all__ = ["Host", "SimulationStuck", "World"]
