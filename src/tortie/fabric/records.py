"""Facts of resources as this package uses them: parsed once, canonical, frozen.

Resources come in as pydantic objects with every field that Calico knows; a `NodeRecord` or
`PeerRecord` holds only what decides sessions and routes, with addresses in canonical text. What it is
NOT for: reading them out of resources (``reading.py``), or choosing between records that contradict
one another (``quarantine.py``). Structures to know: `NodeRecord` and `PeerRecord`.
"""

from dataclasses import dataclass

from tortie.fabric.addresses import IPV4, family_of

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
    """

    name: str
    address_v4: str | None
    network_v4: str | None
    address_v6: str | None
    network_v6: str | None
    as_number: int
    cluster_id: str | None
    listen_port: int

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
    """A BGPPeer that names an address.

    Attributes:
        name: the resource's name.
        node: the one node it is for; None = every node ("global").
        address: the peer's address.
        port: port to dial; a known node's own port where the record names none.
        as_number: the peer's AS number; resolved.
        next_hop_mode: "auto", "self", "keep"; None = the speaker's own way.
        is_next_hop_kept_outside: "keep" where the peer is of another AS (keepOriginalNextHop).
        is_reversed: the named node gets the other end of each session.
        seniority: for choosing between two records on one node.
    """

    name: str
    node: str | None
    address: str
    port: int
    as_number: int
    next_hop_mode: str | None
    is_next_hop_kept_outside: bool
    is_reversed: bool
    seniority: Seniority

    @property
    def role(self) -> str:
        """Return "global" or "node"."""
        return "global" if self.node is None else "node"


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
    """

    node: str
    prefixes: tuple[str, ...]
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """BGPConfiguration in force, for the cluster or, overridden, for one node.

    Attributes:
        as_number: AS number of nodes that have none of their own.
        is_mesh_enabled: every node peers with every other.
        listen_port: TCP port of speakers on nodes.
        ignored_interfaces: names or globs whose connected routes are not announced; sorted.
        log_level: one of Calico's severities.
    """

    as_number: int
    is_mesh_enabled: bool = True
    listen_port: int = 179
    ignored_interfaces: tuple[str, ...] = ()
    log_level: str = "Info"
