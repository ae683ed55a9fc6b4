"""What a topology is: hosts on LANs, their agents and containers, pools, peers. Frozen data and nothing else.

Not here: reading it from a file (topology.py), making it true (wiring.py and what follows). The structure to know is
`Topology`. All addresses are texts in canonical form; those of interfaces and containers carry a prefix length.
"""

import ipaddress
from dataclasses import dataclass
from itertools import chain
from typing import Literal

__all__ = ["LAN", "Container", "Host", "Interface", "Peer", "Pool", "Role", "Route", "Topology"]

Role = Literal["node", "reflector", "router", "plain"]
"""node: runs containers; reflector: no data path; router: forwards between its LANs; plain: a host and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LAN:
    """One layer-2 segment.

    Attributes:
        name: its name in the file.
        networks: prefixes of the segment, at most one a family.
        gateways: default gateways, at most one a family; where no host has the address, the switch answers for it and
            forwards nothing.
    """

    name: str
    networks: tuple[str, ...]
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One interface of a host: its LAN and its addresses with prefix length ("10.10.31.190/24")."""

    lan: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A static route of a host: destination prefix and gateway address."""

    prefix: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container: a network namespace on a node.

    Attributes:
        name: unique among hosts and containers of the lab.
        host: the node it runs on.
        addresses: fixed addresses ("192.168.0.1/32"), empty = from IPAM, one of each family of the pools.
    """

    name: str
    host: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host.

    Attributes:
        name: its host name, unique in the lab.
        role: node, reflector, router or plain.
        agent: what it runs as its BGP speaker: "tortie", a foreign one (foreign/speakers.py), "none" for nothing.
        interfaces: in order eth0, eth1, ...
        containers: of this host; nodes only.
        as_number: own AS, None = the topology's.
        cluster_id: IPv4 notation; makes a node a reflector too. A reflector without one has no record: it serves the
            nodes that name it, and the other reflectors do not know of it.
        is_manual: the lab does not start the agent, nor write a reflector's record.
        api_port: port of `tortie api` on this host's first address, None = no API here.
        routes: static routes besides the default gateway.
        is_optional: the lab is raised without this host where its agent is not on the machine.
    """

    name: str
    role: Role
    agent: str
    interfaces: tuple[Interface, ...]
    containers: tuple[Container, ...] = ()
    as_number: int | None = None
    cluster_id: str | None = None
    is_manual: bool = False
    api_port: int | None = None
    routes: tuple[Route, ...] = ()
    is_optional: bool = False

    @property
    def is_node(self) -> bool:
        """True if the host is a Node resource: it runs containers, or is a router with an agent."""
        return self.role == "node" or (self.role == "router" and self.agent != "none")

    def address(self, version: int) -> str | None:
        """Return the host's first address of IP version 4 or 6, without prefix length; None if it has none."""
        network = self.network_address(version)
        return network.partition("/")[0] if network else None

    def network_address(self, version: int) -> str | None:
        """Return the host's first address of IP version 4 or 6, with prefix length; None if it has none."""
        for text in chain.from_iterable(interface.addresses for interface in self.interfaces):
            if ipaddress.ip_interface(text).version == version:
                return text
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """An address pool for containers; `block_size` None = the family's default (26 or 122)."""

    cidr: str
    block_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A BGPPeer that stands from the beginning; `node` None = global, for every node."""

    peer_ip: str
    as_number: int
    node: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """One whole topology; hosts and LANs in the order of the file.

    `etcd_hosts` names the hosts with a member of the datastore; none: the datastore is a file.
    """

    name: str
    description: str
    source: str
    as_number: int
    has_node_mesh: bool
    pools: tuple[Pool, ...]
    lans: tuple[LAN, ...]
    hosts: tuple[Host, ...]
    peers: tuple[Peer, ...] = ()
    etcd_hosts: tuple[str, ...] = ()

    @property
    def containers(self) -> tuple[Container, ...]:
        """Every container, host by host."""
        return tuple(chain.from_iterable(host.containers for host in self.hosts))

    @property
    def nodes(self) -> tuple[Host, ...]:
        """Hosts that are Node resources."""
        return tuple(host for host in self.hosts if host.is_node)

    @property
    def reflectors(self) -> tuple[Host, ...]:
        """Hosts that are reflectors without a data path."""
        return tuple(host for host in self.hosts if host.role == "reflector")

    def peers_of(self, node: str) -> tuple[str, ...]:
        """Return the addresses that a node peers with by its own records and by global ones."""
        return tuple(peer.peer_ip for peer in self.peers if peer.node in (None, node))

    def host(self, name: str) -> Host:
        """Return the host of that name; KeyError if there is none."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)
