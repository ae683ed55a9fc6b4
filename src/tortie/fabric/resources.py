"""The snapshot that everything is planned from: all usable records, indexed once.

`Fabric.from_resources` reads every resource, sets aside what cannot be used (``quarantine.py``), and
indexes the rest by name and by address, so that the intent of one of thousands of nodes costs no
search. The result is the same for every order of input. What it is NOT for: reading the datastore,
or deciding what one node should do (``plan_node.py``). Structure to know: `Fabric`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tortie.fabric.addresses import prefix_key
from tortie.fabric.intent import PoolIntent, Quarantined
from tortie.fabric.quarantine import Claim, Ledger
from tortie.fabric.reading import (
    UNSUPPORTED_PEER_FIELDS,
    Speakers,
    Unsupported,
    read_block,
    read_endpoint,
    read_node,
    read_peer,
    read_pool,
    read_reflector,
)
from tortie.fabric.records import BlockRecord, EndpointRecord, NodeRecord, PeerRecord, ReflectorRecord
from tortie.fabric.settings import AllSettings, read_settings
from tortie.model import (
    DEFAULT_NAME,
    BGPConfiguration,
    BGPPeer,
    BlockAffinity,
    IPPool,
    Node,
    Resource,
    RouteReflector,
    Selector,
    WorkloadEndpoint,
    parse_key,
)

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

UNREADABLE_KIND = "Record"
"""Kind under which a key is reported that is no resource's."""


class BadRecord(Protocol):
    """A key of the datastore whose value is no resource (the store reports these)."""

    @property
    def key(self) -> str:
        """The datastore key."""

    @property
    def reason(self) -> str:
        """Why the value cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    """All usable records of one state of the datastore.

    Attributes:
        settings: BGPConfiguration in force. `settings.is_default_usable` is False while the cluster's own
            record cannot be read whole; an agent that runs keeps its last good intent then, for the defaults
            that stand in (mesh on, AS 64512) may be the opposite of what was meant.
        speakers: nodes and reflectors, by name and by address; nodes in order of name.
        global_peers: BGPPeers for every node, in order of name.
        node_peers: node name → the BGPPeers that name or select it, in order of name.
        peers_by_address: address → the BGPPeers that name it, in order of name.
        selected_peers: node name → the BGPPeers whose peerSelector matches it, in order of name.
        nodes_of: BGPPeer name → the nodes that it is for, by name.
        selected: BGPPeer name → the nodes that its peerSelector matches, by name; only those that have one.
        pools: sorted by prefix.
        blocks: node name → its blocks, sorted by prefix.
        endpoints: node name → its workloads, incumbents first.
        nodes_set_aside: names of Node records that exist and cannot be used.
        quarantine: everything set aside, sorted.
    """

    settings: AllSettings
    speakers: Speakers
    global_peers: tuple[PeerRecord, ...]
    node_peers: Mapping[str, tuple[PeerRecord, ...]]
    peers_by_address: Mapping[str, tuple[PeerRecord, ...]]
    selected_peers: Mapping[str, tuple[PeerRecord, ...]]
    nodes_of: Mapping[str, Mapping[str, NodeRecord]]
    selected: Mapping[str, Mapping[str, NodeRecord]]
    pools: tuple[PoolIntent, ...]
    blocks: Mapping[str, tuple[BlockRecord, ...]]
    endpoints: Mapping[str, tuple[EndpointRecord, ...]]
    nodes_set_aside: frozenset[str]
    quarantine: tuple[Quarantined, ...]

    @property
    def nodes(self) -> Mapping[str, NodeRecord]:
        """Node name → usable node, in order of name."""
        return self.speakers.nodes

    @property
    def reflectors(self) -> Mapping[str, ReflectorRecord]:
        """Address → usable reflector that is no node, in order of name."""
        return self.speakers.reflectors

    def is_for(self, peer: PeerRecord, node: NodeRecord, other: NodeRecord) -> bool:
        """Return whether a record is for a node and its peerSelector matches another."""
        return node.name in self.nodes_of[peer.name] and other.name in self.selected.get(peer.name, ())

    @staticmethod
    def from_resources(
        resources: Iterable[Resource],
        bad_records: Iterable[BadRecord] = (),
        unsupported: Sequence[Unsupported] = UNSUPPORTED_PEER_FIELDS,
    ) -> "Fabric":
        """Return the snapshot of some resources.

        Never raises for what a resource holds: what cannot be used stands in `quarantine`.

        Args:
            resources: of any kinds, in any order; kinds that decide nothing here are passed over.
            bad_records: keys whose values are no resources.
            unsupported: fields of BGPPeers that whoever acts on the intents cannot carry out; a record with one
                of them is set aside.
        Cost: O(n log n) in the number of resources, and O(nodes) for each selector.
        """
        return _build(_Sorted(resources), tuple(bad_records), unsupported)


class _Sorted:
    """Resources by class."""

    __slots__ = ("_by_class",)

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_class: dict[type[Resource], list[Resource]] = {}
        for resource in resources:
            self._by_class.setdefault(type(resource), []).append(resource)

    def of(self, model: type[R]) -> list[R]:
        return [item for item in self._by_class.get(model, ()) if isinstance(item, model)]


def _build(resources: _Sorted, bad_records: tuple[BadRecord, ...], unsupported: Sequence[Unsupported]) -> Fabric:
    ledger = Ledger()
    unreadable = _set_aside_unreadable(bad_records, ledger)
    settings = read_settings(resources.of(BGPConfiguration), ledger)
    if ("BGPConfiguration", DEFAULT_NAME) in unreadable:
        settings = AllSettings(settings.cluster, settings.by_node, is_default_usable=False)
    speakers = _read_speakers(resources, settings, ledger)
    peers = ledger.admit(resources.of(BGPPeer), lambda peer: read_peer(peer, settings.cluster, speakers, unsupported))
    peers.sort(key=lambda peer: peer.name)
    nodes_of = {peer.name: _nodes_of(peer, speakers.nodes) for peer in peers}
    selected = {
        peer.name: _matching(peer.peer_selector, speakers.nodes) for peer in peers if peer.peer_selector is not None
    }
    named = {node.name for node in resources.of(Node)} | {name for kind, name in unreadable if kind == "Node"}
    blocks = ledger.admit(resources.of(BlockAffinity), read_block)
    blocks.sort(key=lambda block: (prefix_key(block.cidr), not block.is_confirmed))
    return Fabric(
        settings=settings,
        speakers=speakers,
        global_peers=tuple(peer for peer in peers if peer.is_global),
        node_peers=_grouped((name, peer) for peer in peers if not peer.is_global for name in nodes_of[peer.name]),
        peers_by_address=_grouped((peer.address, peer) for peer in peers if peer.address is not None),
        selected_peers=_grouped((name, peer) for peer in peers for name in selected.get(peer.name, ())),
        nodes_of=nodes_of,
        selected=selected,
        pools=tuple(sorted(ledger.admit(resources.of(IPPool), read_pool), key=lambda pool: prefix_key(pool.cidr))),
        blocks=_grouped((block.node, block) for block in blocks),
        endpoints=_grouped((item.node, item) for item in ledger.admit(resources.of(WorkloadEndpoint), read_endpoint)),
        nodes_set_aside=frozenset(named - speakers.nodes.keys()),
        quarantine=ledger.quarantined,
    )


def _set_aside_unreadable(bad_records: tuple[BadRecord, ...], ledger: Ledger) -> set[tuple[str, str]]:
    """Note what the store could not read; returns (kind, name) of each."""
    found = set()
    for record in bad_records:
        parsed = parse_key(record.key)
        kind, name = (parsed.kind, parsed.name) if parsed else (UNREADABLE_KIND, record.key)
        ledger.set_aside(kind, name, record.reason)
        found.add((kind, name))
    return found


def _read_speakers(resources: _Sorted, settings: AllSettings, ledger: Ledger) -> Speakers:
    """Read nodes and reflectors together: an address belongs to one of either."""

    def read(resource: Node | RouteReflector) -> tuple[NodeRecord | ReflectorRecord, Sequence[Claim]]:
        if isinstance(resource, RouteReflector):
            return read_reflector(resource)
        return read_node(resource, settings.cluster, settings.of_node(resource.name))

    candidates: list[Node | RouteReflector] = [*resources.of(Node), *resources.of(RouteReflector)]
    admitted = ledger.admit(candidates, read)
    nodes = sorted((item for item in admitted if isinstance(item, NodeRecord)), key=lambda node: node.name)
    reflectors = sorted(
        (item for item in admitted if isinstance(item, ReflectorRecord)),
        key=lambda reflector: reflector.address,
    )
    return Speakers(
        nodes={node.name: node for node in nodes},
        nodes_by_address={address: node for node in nodes for address in node.addresses},
        reflectors={reflector.address: reflector for reflector in reflectors},
    )


def _nodes_of(peer: PeerRecord, nodes: Mapping[str, NodeRecord]) -> Mapping[str, NodeRecord]:
    """Return the nodes that a record is for; one that is named and not there is none."""
    if peer.node_selector is not None:
        return _matching(peer.node_selector, nodes)
    if peer.node is None:
        return nodes
    return {peer.node: nodes[peer.node]} if peer.node in nodes else {}


def _matching(selector: Selector, nodes: Mapping[str, NodeRecord]) -> dict[str, NodeRecord]:
    return {name: node for name, node in nodes.items() if selector.matches(node.labels)}


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    """Return key → values, in the order that they come."""
    groups: dict[str, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(groups[key]) for key in sorted(groups)}
