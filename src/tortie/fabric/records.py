"""Facts of resources as this package uses them: parsed once, canonical, frozen.

Resources come in as pydantic objects with every field that Calico knows; a `NodeRecord` or
`PeerRecord` holds only what decides sessions and routes, with addresses in canonical text. What it is
NOT for: reading them out of resources (``reading.py``), or choosing between records that contradict
one another (``quarantine.py``). Structures to know: `NodeRecord` and `PeerRecord`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tortie.fabric.addresses import IPV4, family_of
from tortie.fabric.intent import SecretReference
from tortie.fabric.options import PeerOptions
from tortie.model import Selector

Seniority = tuple[str, ...]
"""Sort key of records, incumbent first: creation time, uid, name; then what tells equal names apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecord:
    """A usable host: at least one address, a legal AS number.

    Attributes:
        name: node name.
        address_v4, address_v6: own address of the family, or None.
        network_v4, network_v6: subnet of that address, or None.
        as_number: its own AS number, else the cluster's; resolved.
        cluster_id: non-None makes the node a reflector (RFC 4456).
        listen_port: TCP port its speaker listens on.
        labels: what selectors go by.
    """

    name: str
    address_v4: str | None
    network_v4: str | None
    address_v6: str | None
    network_v6: str | None
    as_number: int
    cluster_id: str | None
    listen_port: int
    labels: Mapping[str, str] = field(default_factory=dict)

    def address(self, family: str) -> str | None:
        """Return its address of a family ("ipv4" or "ipv6"), or None."""
        return self.address_v4 if family == IPV4 else self.address_v6

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its one or two addresses."""
        return tuple(address for address in (self.address_v4, self.address_v6) if address is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectorRecord:
    """A reflector that is not a node: the record ``rr_v4/<ip>`` or ``rr_v6/<ip>``.

    Attributes:
        address: its address; the record's name.
        cluster_id: in IPv4 notation, or None: the reflector then uses its router id.
    """

    address: str
    cluster_id: str | None

    @property
    def family(self) -> str:
        """Return "ipv4" or "ipv6"."""
        return family_of(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRecord:
    """A BGPPeer: which nodes peer with which address, or with which other nodes.

    Attributes:
        name: the resource's name.
        node: the one node it is for, or None.
        node_selector: selects the nodes it is for, or None. Without either it is for every node ("global").
        address: the peer's address; None where a selector says with whom.
        peer_selector: selects the nodes to peer with, or None.
        port: port to dial; a known node's own port where the record names none. 0 with `peer_selector`.
        as_number: the peer's AS number; resolved. 0 with `peer_selector`: each node's own.
        local_as: AS number that the nodes it is for speak as; None = their own.
        options: what else it wishes.
        is_reversed: the named nodes get the other end of each session.
        workload_selector: selects the workloads of its own that a node peers with, or None. Of `address` and the two
            selectors one is set.
    """

    name: str
    node: str | None
    node_selector: Selector | None
    address: str | None
    peer_selector: Selector | None
    port: int
    as_number: int
    local_as: int | None
    options: PeerOptions
    is_reversed: bool
    workload_selector: Selector | None = None

    @property
    def is_global(self) -> bool:
        """It is for every node."""
        return self.node is None and self.node_selector is None

    @property
    def role(self) -> str:
        """Return "global" or "node"."""
        return "global" if self.is_global else "node"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRecord:
    """A block of addresses that a node holds.

    Attributes:
        node: the node that holds it.
        cidr: the block.
        is_confirmed: it is announced; else it is on its way out and only kept from looping.
    """

    node: str
    cidr: str
    is_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRecord:
    """A workload's interface.

    Attributes:
        node: the host it runs on.
        prefixes: its addresses, each a /32 or /128.
        interface: host end of its veth pair.
        labels: what selectors go by.
    """

    node: str
    prefixes: tuple[str, ...]
    interface: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """BGPConfiguration in force, for the cluster or, overridden, for one node.

    Attributes:
        as_number: AS number of nodes that have none of their own.
        is_mesh_enabled: every node peers with every other.
        listen_port: TCP port of speakers on nodes.
        bind_mode: "NodeIP" or "None", see `NodeIntent`.
        mesh_password: where the password of mesh sessions is, or None.
        mesh_restart_time_s: Restart Time of mesh sessions (RFC 4724), or None.
        ignored_interfaces: names or globs whose connected routes are not announced; sorted.
        log_level: one of Calico's severities.
        families: what one session carries, over whatever addresses; None = each family over its own.
        add_path: which way several paths a prefix go, see `SessionIntent`.
        advertisements: network → communities that go with what lies in it, sorted; in order of the networks.
    """

    as_number: int
    is_mesh_enabled: bool = True
    listen_port: int = 179
    bind_mode: str = "NodeIP"
    mesh_password: SecretReference | None = None
    mesh_restart_time_s: int | None = None
    ignored_interfaces: tuple[str, ...] = ()
    log_level: str = "Info"
    families: tuple[str, ...] | None = None
    add_path: str = "off"
    advertisements: tuple[tuple[str, tuple[str, ...]], ...] = ()
