"""Topologies of the lab: from a YAML file, shipped or the person's own, to frozen data.

For: finding the file, reading it, and refusing what is wrong in it. Not here: what a topology is (topology_types.py,
re-exported here), how one field is read (reader.py), interface names and routes (wiring.py), resources (records.py).

`load_topology(name_or_path)` returns a `Topology`; a wrong file is `TopologyInvalid` with file, field, value and what
was expected.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, get_args

from tortie.lab.errors import NoDualStack, TopologyInvalid, UnknownLab
from tortie.lab.foreign.speakers import SPEAKERS
from tortie.lab.reader import Reader, as_address, as_network, load_mapping
from tortie.lab.topology_types import LAN, Container, Host, Interface, Peer, Pool, Role, Route, Topology

__all__ = [
    "AGENTS",
    "LAN",
    "Container",
    "Host",
    "Interface",
    "Peer",
    "Pool",
    "Route",
    "Topology",
    "known_topologies",
    "load_topology",
    "parse_topology",
    "with_agents",
]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
AGENTS: Final = ("tortie", *SPEAKERS, "none")
"""What a host can run as its BGP speaker: ours, a foreign one, nothing."""

STARTS: Final = ("automatic", "manual")
"""manual: the lab leaves the process, and a reflector's record, to the person."""

NO_CLUSTER_ID: Final = "none"
"""A reflector that nobody wrote a record for."""

CONTAINERS_PER_HOST_MAX: Final = 1000
AS_NUMBER_MAX: Final = 4294967295
PORT_MAX: Final = 65535
API_PORT: Final = 2379
DUAL_STACK_SUFFIX: Final = "-dual-stack"
IPV4: Final = 4
IPV6: Final = 6

_SHIPPED: Final = Path(__file__).parent / "topologies"


def known_topologies() -> tuple[str, ...]:
    """Return the names of the shipped topologies, sorted."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.yaml")))


def load_topology(name_or_path: str, *, is_dual_stack: bool = False) -> Topology:
    """Return a shipped topology by name, or the one in a YAML file by its path.

    Args:
        name_or_path: of the topology.
        is_dual_stack: the shipped one that is the same with IPv6 beside IPv4.

    Raises:
        UnknownLab: neither a shipped name nor a file that can be read.
        NoDualStack: there is no such one.
        TopologyInvalid: the file is wrong.
    """
    if is_dual_stack:
        name_or_path = _dual_stack(name_or_path)
    shipped = _SHIPPED / f"{name_or_path}.yaml"
    if name_or_path in known_topologies():
        return parse_topology(shipped.read_text(encoding="utf-8"), shipped.name)
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") and "/" not in name_or_path:
        raise UnknownLab(name_or_path, known_topologies())
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise TopologyInvalid(name_or_path, "", detail, "a readable topology file (.yaml)") from error
    return parse_topology(text, name_or_path)


def with_agents(topology: Topology, agents: Mapping[str, str]) -> Topology:
    """Return a topology in which some hosts run other agents.

    Args:
        topology: any.
        agents: host's name → agent's name.

    Raises:
        TopologyInvalid: no such host, no such agent, or one for a host that has none.
    """
    for name, agent in agents.items():
        if name not in [host.name for host in topology.hosts if host.agent != "none"]:
            names = ", ".join(host.name for host in topology.hosts if host.agent != "none")
            raise TopologyInvalid(topology.source, "hosts", name, f"a host with an agent: {names}")
        if agent not in AGENTS[:-1]:
            raise TopologyInvalid(topology.source, f"hosts.{name}.agent", agent, f"one of {', '.join(AGENTS[:-1])}")
    hosts = (replace(host, agent=agents.get(host.name, host.agent)) for host in topology.hosts)
    return replace(topology, hosts=tuple(hosts))


def _dual_stack(name: str) -> str:
    """Return the name of a topology with both families; one that has both already is its own."""
    known = known_topologies()
    if name in known and name.endswith(DUAL_STACK_SUFFIX):
        return name
    if name + DUAL_STACK_SUFFIX not in known:
        have = tuple(each.removesuffix(DUAL_STACK_SUFFIX) for each in known if each.endswith(DUAL_STACK_SUFFIX))
        raise NoDualStack(name, have)
    return name + DUAL_STACK_SUFFIX


def parse_topology(text: str, source: str) -> Topology:
    """Return the topology that a YAML text describes.

    Args:
        text: the YAML.
        source: name of the file, for messages.

    Raises:
        TopologyInvalid: with the field, its value and what was expected.
    """
    reader = Reader(source, "", load_mapping(text, source))
    name = reader.check_name(reader.text("name"))
    as_number = reader.integer("as_number", 1, AS_NUMBER_MAX, default=64512)
    lans = tuple(_read_lan(lan_name, lan) for lan_name, lan in reader.named("lans"))
    networks = {lan.name: lan.networks for lan in lans}
    topology = Topology(
        name=name,
        description=reader.text("description", default=name),
        source=source,
        as_number=as_number,
        has_node_mesh=reader.boolean("node_to_node_mesh", default=True),
        pools=tuple(_read_pool(pool) for pool in reader.readers("pools")),
        lans=lans,
        hosts=tuple(_read_host(host_name, host, networks) for host_name, host in reader.named("hosts")),
        peers=tuple(_read_peer(peer, as_number) for peer in reader.readers("peers")),
    )
    reader.done("name, description, as_number, node_to_node_mesh, pools, lans, hosts, peers")
    _check_hosts(topology)
    _check_names(topology)
    _check_addresses(topology)
    _check_references(topology)
    return topology


def _read_lan(name: str, reader: Reader) -> LAN:
    networks: list[str] = []
    for text in reader.texts("networks"):
        network = as_network(text)
        if network is None:
            raise reader.fail("networks", text, "a prefix without host bits, as 10.10.31.0/24")
        networks.append(str(network))
    if not networks or len({as_network(text).version for text in networks}) != len(networks):  # type: ignore[union-attr]  # each was parsed above
        raise reader.fail("networks", networks, "one prefix of each IP family at most, and at least one")
    gateways = tuple(_address_inside(reader, "gateways", text, tuple(networks)) for text in reader.texts("gateways"))
    reader.done("networks, gateways")
    return LAN(name=name, networks=tuple(networks), gateways=tuple(text.partition("/")[0] for text in gateways))


def _address_inside(reader: Reader, field: str, text: str, networks: tuple[str, ...]) -> str:
    """Return an address of a LAN with the LAN's prefix length."""
    address = as_address(text)
    for network in (ipaddress.ip_network(item) for item in networks):
        if address is None or address.version != network.version or address not in network:
            continue
        is_usable = address != network.network_address and (
            address.version == IPV6 or address != network.broadcast_address
        )
        if is_usable:
            return f"{address}/{network.prefixlen}"
    raise reader.fail(field, text, f"a host's address inside {' or '.join(networks)}")


def _read_pool(reader: Reader) -> Pool:
    text = reader.text("cidr")
    network = as_network(text)
    if network is None:
        raise reader.fail("cidr", text, "a prefix without host bits, as 192.168.0.0/16")
    low, high = (20, 32) if network.version == IPV4 else (116, 128)
    pool = Pool(cidr=str(network), block_size=reader.optional_integer("block_size", low, high))
    reader.done("cidr, block_size")
    return pool


def _read_peer(reader: Reader, as_number: int) -> Peer:
    text = reader.text("peer_ip")
    address = as_address(text)
    if address is None:
        raise reader.fail("peer_ip", text, "an IPv4 or IPv6 address")
    peer = Peer(
        peer_ip=str(address),
        as_number=reader.integer("as_number", 1, AS_NUMBER_MAX, default=as_number),
        node=reader.text("node") if "node" in reader.names() else None,
    )
    reader.done("peer_ip, as_number, node")
    return peer


def _read_host(name: str, reader: Reader, networks: dict[str, tuple[str, ...]]) -> Host:
    role = reader.choice("role", ROLES, default="node")
    default_agent = "tortie" if role in ("node", "reflector") else "none"
    agent = reader.choice("agent", AGENTS, default=default_agent)
    cluster_id = _read_cluster_id(reader, role)
    host = Host(
        name=name,
        role=role,  # type: ignore[arg-type]  # checked against ROLES, which Role repeats
        agent=agent,
        interfaces=_read_interfaces(reader.inner("interfaces"), networks),
        containers=_read_containers(reader, name),
        as_number=reader.optional_integer("as_number", 1, AS_NUMBER_MAX),
        cluster_id=cluster_id,
        is_manual=reader.choice("start", STARTS, default="automatic") == "manual",
        api_port=_read_api(reader),
        routes=tuple(_read_route(route) for route in reader.readers("routes")),
        is_optional=reader.boolean("optional", default=False),
    )
    reader.done("role, agent, interfaces, containers, as_number, cluster_id, start, api, routes, optional")
    if not host.interfaces:
        raise reader.fail("interfaces", "nothing", "a mapping of LAN to address, with one LAN or more")
    if host.containers and role != "node":
        raise reader.fail("containers", len(host.containers), f"none: a {role} runs no containers")
    return host


def _read_cluster_id(reader: Reader, role: str) -> str | None:
    found = reader.raw("cluster_id")
    is_reflector = role == "reflector"
    if (found is None and not is_reflector) or (found == NO_CLUSTER_ID and is_reflector):
        return None
    address = as_address(found) if isinstance(found, str) else None
    if address is None or address.version != IPV4:
        expected = "an id in IPv4 notation, as 1.0.0.1"
        raise reader.fail("cluster_id", found, expected + (f", or {NO_CLUSTER_ID}" if is_reflector else ""))
    return str(address)


def _read_interfaces(reader: Reader, networks: dict[str, tuple[str, ...]]) -> tuple[Interface, ...]:
    interfaces: list[Interface] = []
    for lan in reader.names():
        if lan not in networks:
            raise reader.fail(lan, lan, f"one of the LANs {', '.join(networks) or '(none is defined)'}")
        addresses = tuple(_address_inside(reader, lan, text, networks[lan]) for text in reader.texts(lan))
        if not addresses:
            raise reader.fail(lan, "nothing", f"an address inside {' or '.join(networks[lan])}")
        interfaces.append(Interface(lan=lan, addresses=addresses))
    return tuple(interfaces)


def _read_containers(reader: Reader, host: str) -> tuple[Container, ...]:
    found = reader.raw("containers", 0)
    if isinstance(found, int) and not isinstance(found, bool):
        if not 0 <= found <= CONTAINERS_PER_HOST_MAX:
            raise reader.fail("containers", found, f"a count from 0 to {CONTAINERS_PER_HOST_MAX}")
        return tuple(Container(name=f"{host}-c{index}", host=host) for index in range(1, found + 1))
    if not isinstance(found, dict):
        raise reader.fail("containers", found, "a count, or a mapping of name to addresses")
    inner = Reader(reader.source, reader.field("containers"), found)
    return tuple(
        Container(name=inner.check_name(name), host=host, addresses=_container_addresses(inner, name))
        for name in inner.names()
    )


def _container_addresses(reader: Reader, name: str) -> tuple[str, ...]:
    addresses: list[str] = []
    for text in reader.texts(name):
        address = as_address(text)
        if address is None:
            raise reader.fail(name, text, "an address without prefix length, or [] for one from IPAM")
        addresses.append(f"{address}/{address.max_prefixlen}")
    return tuple(addresses)


def _read_api(reader: Reader) -> int | None:
    if "api" not in reader.names():
        return None
    inner = reader.inner("api")
    port = inner.integer("port", 1, PORT_MAX, default=API_PORT)
    inner.done("port")
    return port


def _read_route(reader: Reader) -> Route:
    prefix, via = reader.text("prefix"), reader.text("via")
    network, address = as_network(prefix), as_address(via)
    if network is None:
        raise reader.fail("prefix", prefix, "a prefix without host bits")
    if address is None or address.version != network.version:
        raise reader.fail("via", via, f"an IPv{network.version} address")
    reader.done("prefix, via")
    return Route(prefix=str(network), via=str(address))


def _check_hosts(topology: Topology) -> None:
    if not topology.hosts:
        raise TopologyInvalid(topology.source, "hosts", "nothing", "one host or more")
    for host in topology.hosts:
        if host.agent != "none" and host.address(4) is None and host.address(6) is None:
            raise TopologyInvalid(topology.source, f"hosts.{host.name}.interfaces", "nothing", "an address")
    waiting = [item.name for item in topology.containers if not item.addresses]
    if waiting and not topology.pools:
        raise TopologyInvalid(topology.source, "pools", "nothing", f"a pool, for the address of {waiting[0]}")


def _check_names(topology: Topology) -> None:
    seen: set[str] = set()
    for name in [*(host.name for host in topology.hosts), *(item.name for item in topology.containers)]:
        if name in seen:
            raise TopologyInvalid(topology.source, "hosts", name, "names that no other host or container has")
        seen.add(name)


def _check_addresses(topology: Topology) -> None:
    owners: dict[str, str] = {}
    for host in topology.hosts:
        holders = [
            *(
                (text, f"hosts.{host.name}.interfaces.{item.lan}")
                for item in host.interfaces
                for text in item.addresses
            ),
            *(
                (text, f"hosts.{host.name}.containers.{item.name}")
                for item in host.containers
                for text in item.addresses
            ),
        ]
        for text, field in holders:
            address = text.partition("/")[0]
            if address in owners:
                raise TopologyInvalid(
                    topology.source, field, address, f"an address that is not {owners[address]}'s too"
                )
            owners[address] = field
    for item in topology.containers:
        for text in item.addresses:
            _check_in_pool(topology, item, text)


def _check_in_pool(topology: Topology, container: Container, text: str) -> None:
    address = ipaddress.ip_interface(text).ip
    pools = [ipaddress.ip_network(pool.cidr) for pool in topology.pools]
    if not any(address.version == pool.version and address in pool for pool in pools):
        field = f"hosts.{container.host}.containers.{container.name}"
        listed = " or ".join(str(pool) for pool in pools) or "a pool (none is defined)"
        raise TopologyInvalid(topology.source, field, str(address), f"an address inside {listed}")


def _check_references(topology: Topology) -> None:
    nodes = [host.name for host in topology.nodes]
    for index, peer in enumerate(topology.peers):
        if peer.node is not None and peer.node not in nodes:
            field = f"peers[{index}].node"
            raise TopologyInvalid(topology.source, field, peer.node, f"one of the nodes {', '.join(nodes)}")
