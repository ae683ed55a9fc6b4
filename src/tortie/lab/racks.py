"""Who knows whom in racks of route reflectors: what a topology's cluster ids and failures come to. Pure.

For: what the walk through racks expects, worked out on paper and then held against real agents. RFC 4456 §8: a route
that comes back to its cluster is not used. Not here: raising anything, and topologies with a mesh of nodes or with
reflectors that are nodes. The structure to know is `Racks`.

    route of node X at reflector R:  X is R's client, or another reflector of another cluster, with X as its client,
                                     passes it on (routes go one step only between reflectors: RFC 4456 §6, non-clients)
    route of node X at speaker S:    S is a client of a reflector that knows it
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from tortie.lab.topology import Host, Topology

__all__ = ["Racks", "Stopped"]

Stopped = frozenset[str]
"""Names of the reflectors that do not run."""


@dataclass(frozen=True, slots=True)
class Racks:
    """A topology as racks."""

    topology: Topology

    def clients(self, reflector: Host) -> tuple[Host, ...]:
        """Return the nodes and routers that peer with a reflector."""
        address = reflector.address(4)
        return tuple(host for host in self.topology.nodes if address in self.topology.peers_of(host.name))

    def mesh(self, reflector: Host) -> tuple[Host, ...]:
        """Return the reflectors that a reflector peers with: all that have a record, if it has one itself."""
        if reflector.cluster_id is None:
            return ()
        others = (other for other in self.topology.reflectors if other.name != reflector.name)
        return tuple(other for other in others if other.cluster_id is not None)

    def reflectors(self, client: Host) -> tuple[Host, ...]:
        """Return the reflectors of a node or router."""
        peers = self.topology.peers_of(client.name)
        return tuple(reflector for reflector in self.topology.reflectors if reflector.address(4) in peers)

    def peers(self, host: Host) -> frozenset[str]:
        """Return the addresses that a host should have sessions with."""
        is_reflector = host.role == "reflector"
        others = (*self.clients(host), *self.mesh(host)) if is_reflector else self.reflectors(host)
        return frozenset(other.address(4) or "" for other in others)

    def session_count(self) -> int:
        """Return the number of sessions when everything runs."""
        hosts = (*self.topology.nodes, *self.topology.reflectors)
        return sum(len(self.peers(host)) for host in hosts) // 2

    def is_refused(self, reflector: Host, sender: Host) -> bool:
        """Tell whether a reflector finds its own cluster id in what another passes on."""
        return sender in self.mesh(reflector) and sender.cluster_id == reflector.cluster_id

    def knows(self, speaker: Host, target: Host, stopped: Stopped = frozenset()) -> bool:
        """Tell whether a node, router or reflector has a way to the containers of a node."""
        if speaker.name == target.name:
            return True
        if speaker.role == "reflector":
            return self._reflector_knows(speaker, target, stopped)
        alive = (reflector for reflector in self.reflectors(speaker) if reflector.name not in stopped)
        return any(self._reflector_knows(reflector, target, stopped) for reflector in alive)

    def _reflector_knows(self, reflector: Host, target: Host, stopped: Stopped) -> bool:
        if target in self.clients(reflector):
            return True
        return any(
            target in self.clients(other) and not self.is_refused(reflector, other)
            for other in self.mesh(reflector)
            if other.name not in stopped
        )

    def route(self, source: Host, target: Host) -> tuple[Host, ...]:
        """Return the hosts that a packet between containers of two nodes passes, both included."""
        if source.name == target.name:
            return (source,)
        here, there = source.interfaces[0].lan, target.interfaces[0].lan
        return (source, target) if here == there else (source, *self._gateway(here), *self._gateway(there), target)

    def _gateway(self, lan: str) -> tuple[Host, ...]:
        gateways = next(item.gateways for item in self.topology.lans if item.name == lan)
        return tuple(host for host in self.topology.nodes if host.address(4) in gateways)

    def silent(self, stopped: Stopped = frozenset()) -> frozenset[tuple[str, str]]:
        """Return the ordered pairs of containers that do not reach each other while reflectors are stopped.

        A ping needs a way there and a way back, known at every host on it.
        """
        cut = {
            frozenset((source.name, target.name))
            for source, target in permutations(self._nodes_with_containers(), 2)
            if not all(self.knows(host, target, stopped) for host in self.route(source, target))
        }
        pairs = permutations(self.topology.containers, 2)
        return frozenset((a.name, b.name) for a, b in pairs if frozenset((a.host, b.host)) in cut)

    def single_failures(self) -> tuple[Host, ...]:
        """Return the reflectors of which each by itself, stopped, cuts some containers off from others."""
        return tuple(host for host in self.topology.reflectors if self.silent(frozenset((host.name,))))

    def _nodes_with_containers(self) -> Iterator[Host]:
        return (host for host in self.topology.nodes if host.containers)
