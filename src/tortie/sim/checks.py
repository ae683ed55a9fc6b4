"""What must hold in a simulated network once faults have ended and everything has settled.

For: finding a defect wherever it shows first. Not for: judging a network in the middle of faults.
RFC sections: 4456 §8 (loops), §10; 4271 §9.2 (what is announced).
Structures to know: `CHECKS`, one named function a rule; each returns what is wrong, in words.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tortie.bgp.engine import Engine, route_statuses
from tortie.bgp.rib import SEGMENT_SIZE_BYTES, UpdateGroup
from tortie.bgp.wire import IPV4_UNICAST, address_from_text
from tortie.sim.oracle import Announced, known_in_full_mesh
from tortie.sim.shape import Shape
from tortie.sim.world import World

__all__ = ["CHECKS", "Settled", "problems"]

UNREAD_BYTES_MAX: Final = 2 * SEGMENT_SIZE_BYTES
"""What may be on its way to a peer that does not read: one segment, and what it may be too long by."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A network that has come to rest.

    Attributes:
        world: the hosts, named by their addresses.
        shape: as it is meant to be.
        announced: what each node announces.
        cluster_ids: reflector → cluster id in force.
    """

    world: World
    shape: Shape
    announced: Announced
    cluster_ids: Mapping[str, str]

    def engine(self, speaker: str) -> Engine:
        """Return the engine of a speaker."""
        return self.world.hosts[speaker].engine


def problems(settled: Settled) -> list[str]:
    """Return everything that is wrong, each as one line that begins with the name of the check."""
    return [f"{name}: {problem}" for name, check in CHECKS.items() for problem in check(settled)]


def _sessions(settled: Settled) -> Iterator[str]:
    """Every session of the shape is up, and no other."""
    for speaker in settled.shape.speakers:
        wanted = {
            peering.far_end(speaker) for peering in settled.shape.peerings if speaker in (peering.one, peering.other)
        }
        peers = settled.engine(speaker).peers
        found = {key.remote_address for key, peer in peers.items() if peer.source is not None}
        for missing in sorted(wanted - found):
            yield f"{speaker} has no session with {missing}"
        for surplus in sorted(found - wanted):
            yield f"{speaker} has a session with {surplus}"


def _knowledge(settled: Settled) -> Iterator[str]:
    """Every node knows exactly what a full mesh would tell it."""
    for node in settled.shape.nodes:
        expected = known_in_full_mesh(settled.announced, node)
        learned = _learned(settled.engine(node))
        for prefix in sorted(expected.keys() | learned.keys()):
            if expected.get(prefix) != learned.get(prefix):
                yield f"{node} sends {prefix} to {learned.get(prefix)}, in a full mesh to {expected.get(prefix)}"


def _learned(engine: Engine) -> dict[str, str]:
    """Return prefix → next hop of the best learned paths."""
    routes = route_statuses(engine, IPV4_UNICAST)
    return {route.prefix: route.next_hop or "" for route in routes if route.best and route.source != "local"}


def _forwarding(settled: Settled) -> Iterator[str]:
    """A packet from any node reaches somebody who announces its destination, and goes round in no circle."""
    tables = {node: _learned(settled.engine(node)) for node in settled.shape.nodes}
    for node, table in tables.items():
        for prefix in table:
            way = [node]
            while prefix not in settled.announced.get(way[-1], ()):
                following = tables.get(way[-1], {}).get(prefix)
                if following is None or following in way:
                    yield f"a packet for {prefix} goes {' → '.join(way)} → {following}"
                    break
                way.append(following)


def _no_reflection_loops(settled: Settled) -> Iterator[str]:
    """No path with our own ORIGINATOR_ID or cluster id takes part in a decision, none took needless turns."""
    is_as_planned = settled.cluster_ids == settled.shape.reflectors
    reflections_max = settled.shape.reflections_max if is_as_planned else max(settled.shape.reflections_max, 2)
    for speaker in settled.shape.speakers:
        engine = settled.engine(speaker)
        for decision in engine.rib.loc_rib(IPV4_UNICAST).decisions.values():
            for path in decision.candidates:
                attributes = path.attributes
                if attributes.originator_id == engine.rib.router_id:
                    yield f"{speaker} uses a path that it originated itself"
                if engine.rib.cluster_id in attributes.cluster_list:
                    yield f"{speaker} uses a path that has been in its cluster"
                if len(attributes.cluster_list) > reflections_max:
                    yield f"{speaker} uses a path of {len(attributes.cluster_list)} reflections"


def _reflected_as(settled: Settled) -> Iterator[str]:
    """What came by way of a reflector names it and where it came from."""
    for speaker in settled.shape.speakers:
        for (source, _), adj_rib_in in settled.engine(speaker).rib.adj_rib_ins.items():
            cluster_id = settled.cluster_ids.get(source.name)
            if cluster_id is None:
                continue
            packed = int.from_bytes(address_from_text(cluster_id), "big")
            for path in adj_rib_in.paths.values():
                if path.attributes.cluster_list[:1] != (packed,) or path.attributes.originator_id is None:
                    yield f"{speaker} has a path from {source.name} without its cluster id {cluster_id}"


def _groups(settled: Settled) -> Iterator[str]:
    """What an update group believes its member holds is what that peer has."""
    for speaker in settled.shape.speakers:
        for group in settled.engine(speaker).rib.groups.values():
            yield from _log_problems(speaker, group)
            for source, member in group.members.items():
                if group.is_behind(member):
                    yield f"{speaker} owes {source.name} something"
                    continue
                believed = set(group.held_by(member))
                if believed != (held := _received_from(settled.engine(source.name), speaker)):
                    yield f"{speaker} believes that {source.name} holds {len(believed)} prefixes, it holds {len(held)}"


def _log_problems(speaker: str, group: UpdateGroup) -> Iterator[str]:
    live = sum(slot is not None for slot in group.log)
    if live != len(group.entries):
        yield f"{speaker} has {live} live slots for {len(group.entries)} entries"


def _received_from(engine: Engine, address: str) -> set[bytes]:
    tables = [adj_rib_in for (source, _), adj_rib_in in engine.rib.adj_rib_ins.items() if source.name == address]
    return {nlri for adj_rib_in in tables for nlri in adj_rib_in.paths}


def _nothing_stale(settled: Settled) -> Iterator[str]:
    """Nothing is kept for a peer that restarted long ago, and nothing is held back any more."""
    for speaker in settled.shape.speakers:
        engine = settled.engine(speaker)
        if engine.deferred_families:
            yield f"{speaker} still waits before it chooses"
        for (source, _), adj_rib_in in engine.rib.adj_rib_ins.items():
            if adj_rib_in.stale:
                yield f"{speaker} keeps {len(adj_rib_in.stale)} stale paths of {source.name}"


def _bounded(settled: Settled) -> Iterator[str]:
    """However slowly a peer reads, little is on its way to it."""
    if (unread := settled.world.unread_bytes_max) > UNREAD_BYTES_MAX:
        yield f"{unread} octets were on their way to one peer, at most {UNREAD_BYTES_MAX} expected"


CHECKS: Final[dict[str, Callable[[Settled], Iterator[str]]]] = {
    "sessions": _sessions,
    "knowledge": _knowledge,
    "forwarding": _forwarding,
    "loops": _no_reflection_loops,
    "reflected-as": _reflected_as,
    "groups": _groups,
    "stale": _nothing_stale,
    "bounded": _bounded,
}
"""Name → rule."""
