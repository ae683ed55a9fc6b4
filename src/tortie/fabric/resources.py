"""The snapshot that everything is planned from: all usable records, indexed once.

A `Fabric` is one state of the datastore: what cannot be used is set aside (``quarantine.py``), and the rest indexed by
name and by address, so that the intent of one of thousands of nodes costs no search. The result is the same for every
order of input. `LiveFabric` makes one after another as records change, `Fabric.from_resources` makes one of everything.
What it is NOT for: reading the datastore, or deciding what one node should do (``plan_node.py``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from tortie.fabric.addresses import prefix_key
from tortie.fabric.filters import FilterRecord, Filters, read_filter_resource
from tortie.fabric.intent import PoolIntent, Quarantined
from tortie.fabric.quarantine import Claim, by_seniority
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
from tortie.fabric.register import Change, Register
from tortie.fabric.settings import AllSettings, read_settings
from tortie.model import (
    DEFAULT_NAME,
    BGPConfiguration,
    BGPFilter,
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

T = TypeVar("T", bound=BlockRecord | EndpointRecord)
P = TypeVar("P")

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
        endpoints: node name → its workloads, sorted by address.
        nodes_set_aside: names of Node records that exist and cannot be used.
        quarantine: everything set aside, sorted.
        filters: BGPFilters by name.
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
    filters: Filters

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
        live = LiveFabric(unsupported)
        for index, resource in enumerate(by_seniority(resources)):
            live.put(f"{index:09}", resource)
        for record in bad_records:
            live.put(record.key, record)
        return live.fabric()


class LiveFabric:
    """Everything that was read, kept, so that a change costs what it touches.

    `put` notes changes, `fabric` returns the snapshot after all of them. The snapshot is the one that
    `Fabric.from_resources` makes of the same resources.
    """

    def __init__(self, unsupported: Sequence[Unsupported] = UNSUPPORTED_PEER_FIELDS) -> None:
        """Begin with nothing; `unsupported` as for `Fabric.from_resources`."""
        self._unsupported = unsupported
        self._bad: dict[str, BadRecord] = {}
        self._settings_problems: frozenset[Quarantined] = frozenset()
        self._settings, _ = read_settings(())
        self._speakers = Speakers({}, {}, {})
        self._peering = _Peering()
        self._pools: tuple[PoolIntent, ...] = ()
        self._selections: dict[Selector, _Selection] = {}
        self._blocks = _ByNode[BlockRecord](lambda block: (prefix_key(block.cidr), not block.is_confirmed, block.node))
        self._endpoints = _ByNode[EndpointRecord](lambda endpoint: (endpoint.prefixes, endpoint.interface))
        self._settings_register = Register[BGPConfiguration, BGPConfiguration](
            lambda configuration: (configuration, ())
        )
        self._speaker_register = Register[Node | RouteReflector, NodeRecord | ReflectorRecord](
            self._read_speaker, self._speaker_context
        )
        self._filters: Filters = {}
        self._filter_register = Register[BGPFilter, FilterRecord](read_filter_resource)
        self._peer_register = Register[BGPPeer, PeerRecord](
            lambda peer: read_peer(peer, self._settings.cluster, self._speakers, self._filters, self._unsupported),
            self._peer_context,
        )
        self._pool_register = Register[IPPool, PoolIntent](read_pool)
        self._block_register = Register[BlockAffinity, BlockRecord](read_block)
        self._endpoint_register = Register[WorkloadEndpoint, EndpointRecord](read_endpoint)
        self._registers: dict[type[Resource], Register[Any, Any]] = {
            BGPConfiguration: self._settings_register,
            Node: self._speaker_register,
            RouteReflector: self._speaker_register,
            BGPFilter: self._filter_register,
            BGPPeer: self._peer_register,
            IPPool: self._pool_register,
            BlockAffinity: self._block_register,
            WorkloadEndpoint: self._endpoint_register,
        }
        self._register_of: dict[str, Register[Any, Any]] = {}

    def put(self, key: str, found: Resource | BadRecord | None) -> None:
        """Note what stands under a key now; None = nothing. Kinds that decide nothing here are passed over.

        Cost: O(1); the work is done by `fabric`.
        """
        self._bad.pop(key, None)
        register = self._registers.get(type(found)) if isinstance(found, Resource) else None
        if (former := self._register_of.pop(key, None)) is not None and former is not register:
            former.put(key, None)
        if isinstance(found, Resource):
            if register is not None:
                register.put(key, found)
                self._register_of[key] = register
        elif found is not None:
            self._bad[key] = found

    def fabric(self) -> Fabric:
        """Return the snapshot as of now.

        Cost: O(what changed), and O(nodes + BGPPeers) cheap steps where one of these or a setting changed; O(nodes) for
            a new selector.
        """
        unreadable = {_identity(record): record.reason for record in self._bad.values()}
        is_default_readable = ("BGPConfiguration", DEFAULT_NAME) not in unreadable
        is_other = self._settle_settings()
        is_other = self._settle_speakers(is_context_changed=is_other) or is_other
        is_other = self._settle_filters() or is_other
        self._settle_peers(is_context_changed=is_other)
        if self._pool_register.settle():
            self._pools = tuple(sorted(self._pool_register.records.values(), key=lambda pool: prefix_key(pool.cidr)))
        self._blocks.take(self._block_register.settle())
        self._endpoints.take(self._endpoint_register.settle())
        settings, peering = self._settings, self._peering
        if not is_default_readable:
            settings = AllSettings(settings.cluster, settings.by_node, is_default_usable=False)
        return Fabric(
            settings=settings,
            speakers=self._speakers,
            global_peers=peering.global_peers,
            node_peers=peering.node_peers,
            peers_by_address=peering.peers_by_address,
            selected_peers=peering.selected_peers,
            nodes_of=peering.nodes_of,
            selected=peering.selected,
            pools=self._pools,
            blocks=dict(self._blocks.records),
            endpoints=dict(self._endpoints.records),
            nodes_set_aside=frozenset(
                name
                for kind, name in self._speaker_register.names | unreadable.keys()
                if kind == "Node" and name not in self._speakers.nodes
            ),
            quarantine=self._quarantine(unreadable),
            filters=self._filters,
        )

    def _quarantine(self, unreadable: Mapping[tuple[str, str], str]) -> tuple[Quarantined, ...]:
        found = {Quarantined(kind, name, reason) for (kind, name), reason in unreadable.items()}
        for register in dict.fromkeys(self._registers.values()):
            found.update(register.quarantined.values())
        return tuple(sorted(found | self._settings_problems))

    # ------------------------------------------------------------------ settings, then speakers, then peers

    def _settle_settings(self) -> bool:
        """Return whether any setting is another now."""
        if not self._settings_register.settle():
            return False
        former = self._settings
        configurations = self._settings_register.records.values()
        self._settings, self._settings_problems = read_settings(configurations)
        return self._settings != former

    def _read_speaker(self, resource: Node | RouteReflector) -> tuple[NodeRecord | ReflectorRecord, Sequence[Claim]]:
        """Read nodes and reflectors together: an address belongs to one of either."""
        if isinstance(resource, RouteReflector):
            return read_reflector(resource)
        return read_node(resource, self._settings.cluster, self._settings.of_node(resource.name))

    def _speaker_context(self, resource: Node | RouteReflector) -> object:
        return self._settings.cluster.as_number, self._settings.of_node(resource.name).listen_port

    def _settle_speakers(self, *, is_context_changed: bool) -> bool:
        """Return whether any speaker is another now."""
        if not self._speaker_register.settle(is_context_changed=is_context_changed):
            return False
        admitted = self._speaker_register.records.values()
        nodes = sorted((item for item in admitted if isinstance(item, NodeRecord)), key=lambda node: node.name)
        reflectors = sorted(
            (item for item in admitted if isinstance(item, ReflectorRecord)), key=lambda reflector: reflector.address
        )
        self._speakers = Speakers(
            nodes={node.name: node for node in nodes},
            nodes_by_address={address: node for node in nodes for address in node.addresses},
            reflectors={reflector.address: reflector for reflector in reflectors},
        )
        return True

    def _peer_context(self, peer: BGPPeer) -> object:
        address = peer.peer_address
        return (
            self._settings.cluster.as_number,
            self._speakers.nodes.get(peer.spec.node or ""),
            None if address is None else self._speakers.nodes_by_address.get(address),
            address in self._speakers.reflectors,
            tuple(name in self._filters for name in peer.spec.filters or ()),
        )

    def _settle_filters(self) -> bool:
        """Return whether any BGPFilter is another now."""
        if not self._filter_register.settle():
            return False
        self._filters = {record.name: record for record in self._filter_register.records.values()}
        return True

    def _settle_peers(self, *, is_context_changed: bool) -> None:
        is_other = bool(self._peer_register.settle(is_context_changed=is_context_changed))
        if is_other or is_context_changed:
            peers = sorted(self._peer_register.records.values(), key=lambda peer: peer.name)
            former, self._selections = self._selections, {}
            for peer in peers:
                for selector in (peer.node_selector, peer.peer_selector):
                    if selector is not None and selector not in self._selections:
                        self._selections[selector] = former.get(selector) or _Selection(selector)
            self._peering = _peering(peers, self._speakers.nodes, self._selections)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Peering:
    """BGPPeers as `Fabric` has them."""

    global_peers: tuple[PeerRecord, ...] = ()
    node_peers: Mapping[str, tuple[PeerRecord, ...]] = field(default_factory=dict)
    peers_by_address: Mapping[str, tuple[PeerRecord, ...]] = field(default_factory=dict)
    selected_peers: Mapping[str, tuple[PeerRecord, ...]] = field(default_factory=dict)
    nodes_of: Mapping[str, Mapping[str, NodeRecord]] = field(default_factory=dict)
    selected: Mapping[str, Mapping[str, NodeRecord]] = field(default_factory=dict)


class _Selection:
    """Whom one selector matches; asked again only of nodes whose labels are others."""

    __slots__ = ("_answers", "_selector")

    def __init__(self, selector: Selector) -> None:
        self._selector = selector
        self._answers: dict[str, tuple[Mapping[str, str], bool]] = {}

    def among(self, nodes: Mapping[str, NodeRecord]) -> dict[str, NodeRecord]:
        """Return the nodes that match, in the order given."""
        former, self._answers = self._answers, {}
        found: dict[str, NodeRecord] = {}
        for name, node in nodes.items():
            answer = former.get(name)
            if answer is None or answer[0] is not node.labels:
                answer = node.labels, self._selector.matches(node.labels)
            self._answers[name] = answer
            if answer[1]:
                found[name] = node
        return found


class _ByNode(Generic[T]):
    """Records of one kind, sorted, by the node they are of."""

    __slots__ = ("_order", "records")

    def __init__(self, order: Callable[[T], Any]) -> None:
        self.records: dict[str, tuple[T, ...]] = {}
        self._order = order

    def take(self, changes: Sequence[Change[T]]) -> None:
        """Act on changes; work is done for the nodes that they are of."""
        touched: dict[str, list[T]] = {}
        for record in (change.former for change in changes if change.former is not None):
            self._of(touched, record).remove(record)
        for record in (change.current for change in changes if change.current is not None):
            self._of(touched, record).append(record)
        for node, records in touched.items():
            if records:
                self.records[node] = tuple(sorted(records, key=self._order))
            else:
                self.records.pop(node, None)

    def _of(self, touched: dict[str, list[T]], record: T) -> list[T]:
        node = record.node
        return touched.setdefault(node, list(self.records.get(node, ())))


def _peering(
    peers: Sequence[PeerRecord], nodes: Mapping[str, NodeRecord], selections: Mapping[Selector, _Selection]
) -> _Peering:
    matches = {selector: selection.among(nodes) for selector, selection in selections.items()}
    nodes_of = {peer.name: _nodes_of(peer, nodes, matches) for peer in peers}
    selected = {peer.name: matches[peer.peer_selector] for peer in peers if peer.peer_selector is not None}
    return _Peering(
        global_peers=tuple(peer for peer in peers if peer.is_global),
        node_peers=_grouped((name, peer) for peer in peers if not peer.is_global for name in nodes_of[peer.name]),
        peers_by_address=_grouped((peer.address, peer) for peer in peers if peer.address is not None),
        selected_peers=_grouped((name, peer) for peer in peers for name in selected.get(peer.name, ())),
        nodes_of=nodes_of,
        selected=selected,
    )


def _nodes_of(
    peer: PeerRecord, nodes: Mapping[str, NodeRecord], matches: Mapping[Selector, Mapping[str, NodeRecord]]
) -> Mapping[str, NodeRecord]:
    """Return the nodes that a record is for; one that is named and not there is none."""
    if peer.node_selector is not None:
        return matches[peer.node_selector]
    if peer.node is None:
        return nodes
    return {peer.node: nodes[peer.node]} if peer.node in nodes else {}


def _identity(record: BadRecord) -> tuple[str, str]:
    """Return kind and name of what the store could not read."""
    parsed = parse_key(record.key)
    return (parsed.kind, parsed.name) if parsed else (UNREADABLE_KIND, record.key)


def _grouped(pairs: Iterable[tuple[str, P]]) -> dict[str, tuple[P, ...]]:
    """Return key → values, in the order that they come."""
    groups: dict[str, list[P]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(groups[key]) for key in sorted(groups)}
