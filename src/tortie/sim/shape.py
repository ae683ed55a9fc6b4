"""Shapes of simulated networks: which speakers there are and who peers with whom.

For: the topologies that stories (`story.py`) are told about. Not for: hosts in namespaces (lab). RFC sections: 4456 §4
to §7 (clients, non-clients, clusters, hierarchies).
Structures to know: `Shape`, `Peering`; `SHAPES` names them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Final

__all__ = ["NODES_RANGES", "SHAPES", "Peering", "Shape", "thousand"]

NODES_RANGES: Final = ("192.0.2.0/27", "10.0.0.0/8")
"""Ranges that hold every node's address and no reflector's."""

RACK_COUNT: Final = 3
NODES_A_RACK: Final = 3


@dataclass(frozen=True, slots=True)
class Peering:
    """A session between two speakers, both of which dial.

    Attributes:
        one, other: addresses.
        is_client: `other` is the route reflection client of `one`.
    """

    one: str
    other: str
    is_client: bool = False

    def far_end(self, speaker: str) -> str:
        """Return the address at the other end."""
        return self.other if speaker == self.one else self.one


@dataclass(frozen=True, slots=True)
class Shape:
    """A network in which every node can hear every other.

    Attributes:
        name: for the story.
        nodes: addresses of the speakers that announce something; each is its own router id.
        reflectors: address → cluster id, both in IPv4 notation.
        peerings: all sessions.
        reflections_max: most reflections that a route may go through on its way.
    """

    name: str
    nodes: tuple[str, ...]
    reflectors: dict[str, str]
    peerings: tuple[Peering, ...]
    reflections_max: int

    @property
    def speakers(self) -> tuple[str, ...]:
        """Every speaker's address."""
        return (*self.nodes, *self.reflectors)


def mesh(random: Random) -> Shape:
    """Every node with every other."""
    nodes = _nodes(random.randint(3, 7))
    return Shape("mesh", nodes, {}, _mesh(nodes), 0)


def one_reflector(random: Random) -> Shape:
    """The document's: all nodes are clients of one reflector."""
    return _one_cluster("one reflector", _nodes(random.randint(3, 7)), 1)


def two_reflectors(random: Random) -> Shape:
    """All nodes are clients of two reflectors of one cluster."""
    return _one_cluster("two reflectors", _nodes(random.randint(3, 7)), 2)


def two_clusters(random: Random) -> Shape:
    """All nodes are clients of two reflectors, each with a cluster of its own."""
    nodes = _nodes(random.randint(3, 7))
    reflectors = {_reflector(index): _reflector(index) for index in range(2)}
    clients = [Peering(reflector, node, is_client=True) for reflector in reflectors for node in nodes]
    return Shape("two clusters", nodes, reflectors, (*_mesh(tuple(reflectors)), *clients), 2)


def racks(random: Random) -> Shape:
    """The document's racks: two reflectors and a cluster id a rack, all reflectors in a full mesh."""
    del random
    nodes = _nodes(RACK_COUNT * NODES_A_RACK)
    reflectors = {_reflector(index): f"1.0.0.{index // 2 + 1}" for index in range(2 * RACK_COUNT)}
    peerings = list(_mesh(tuple(reflectors)))
    for index, node in enumerate(nodes):
        rack = index // NODES_A_RACK
        peerings += [Peering(_reflector(2 * rack + pair), node, is_client=True) for pair in range(2)]
    return Shape("racks", nodes, reflectors, tuple(peerings), 2)


def hierarchy(random: Random) -> Shape:
    """Two reflectors at the top, whose clients are the reflectors of three clusters, whose clients are nodes."""
    nodes = _nodes(random.randint(5, 8))
    tops = [_reflector(index) for index in range(2)]
    middles = [_reflector(2 + index) for index in range(3)]
    reflectors = dict.fromkeys(tops, "9.0.0.9") | {middle: middle for middle in middles}
    peerings = [Peering(top, middle, is_client=True) for top in tops for middle in middles]
    for index, node in enumerate(nodes):
        peerings.append(Peering(middles[index % len(middles)], node, is_client=True))
    return Shape("hierarchy", nodes, reflectors, tuple(peerings), 3)


def thousand(random: Random, node_count: int = 1000) -> Shape:
    """A thousand nodes, each the client of two of four reflectors in two clusters; the reflectors in a full mesh."""
    nodes = tuple(f"10.{1 + index // 250}.0.{index % 250 + 1}" for index in range(node_count))
    reflectors = {_reflector(index): f"1.0.0.{index // 2 + 1}" for index in range(4)}
    peerings = list(_mesh(tuple(reflectors)))
    for node in nodes:
        first = 2 * random.randrange(2)
        peerings += [Peering(_reflector(first + pair), node, is_client=True) for pair in range(2)]
    return Shape("thousand", nodes, reflectors, tuple(peerings), 2)


SHAPES: Final[dict[str, Callable[[Random], Shape]]] = {
    "mesh": mesh,
    "one-reflector": one_reflector,
    "two-reflectors": two_reflectors,
    "two-clusters": two_clusters,
    "racks": racks,
    "hierarchy": hierarchy,
    "thousand": thousand,
}
"""Name → what makes such a shape of a source of randomness."""


def _one_cluster(name: str, nodes: Sequence[str], reflector_count: int) -> Shape:
    reflectors = {_reflector(index): "1.0.0.1" for index in range(reflector_count)}
    clients = [Peering(reflector, node, is_client=True) for reflector in reflectors for node in nodes]
    return Shape(name, tuple(nodes), reflectors, (*_mesh(tuple(reflectors)), *clients), 1)


def _mesh(speakers: Sequence[str]) -> tuple[Peering, ...]:
    return tuple(Peering(one, other) for one, other in combinations(speakers, 2))


def _nodes(count: int) -> tuple[str, ...]:
    return tuple(f"192.0.2.{index + 1}" for index in range(count))


def _reflector(index: int) -> str:
    return f"192.0.2.{index + 101}"
