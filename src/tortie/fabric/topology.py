"""A topology: hosts, LANs, reflectors and containers, as the lab raises them and the simulator models them.

Frozen data, read from plain dicts by `topology_from_dict`, with errors that name field, value and what
was expected; every reference (LAN, reflector, API host) is checked, so whoever holds a `Topology` need not
look again. What it is NOT for: parsing YAML and raising namespaces (``tortie.lab``), or what the
speakers on the hosts do (``plan_node.py``). Structures to know: `Topology` and `Host`.

A document::

    name: seed
    as: 64512
    pool: {cidr: 192.168.0.0/16, block_size: 26}
    api_host: kube-master
    lans:
      - {name: lan, subnet: 10.10.31.0/24}
    hosts:
      - name: kube-master
        interfaces: [{lan: lan, address: 10.10.31.190}]
        containers: 2
    reflectors:
      - name: node1
        cluster_id: 1.0.0.1
        interfaces: [{lan: lan, address: 10.10.31.168}]
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tortie.fabric.addresses import IPV4, family_of, speaker_address
from tortie.fabric.document import Document
from tortie.fabric.errors import AddressUnusable, DocumentInvalid
from tortie.fabric.filter_intent import AS_NUMBER_MAX
from tortie.model.fields import Expected, parse_cluster_id

CONTAINER_COUNT_MAX = 1000
HOST_NAME_LENGTH_MAX = 63
BLOCK_SIZE_MIN = 20
BLOCK_SIZE_MAX = 32
BLOCK_SIZE_DEFAULT = 26
AS_NUMBER_DEFAULT = 64512

_HOST_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Lan:
    """One layer 2 segment.

    Attributes:
        name: unique among LANs.
        subnet: IPv4 prefix.
        subnet_v6: IPv6 prefix, or None.
    """

    name: str
    subnet: str
    subnet_v6: str | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    """A host's attachment to a LAN.

    Attributes:
        lan: name of the LAN.
        address: own IPv4 address in the LAN's subnet, without length.
        address_v6: own IPv6 address in the LAN's IPv6 subnet, or None.
    """

    lan: str
    address: str
    address_v6: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """A workload.

    Attributes:
        name: unique among containers.
        host: name of the host that it runs on.
    """

    name: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine that runs one speaker; a node, or a reflector that is none.

    Attributes:
        name: unique among all hosts and reflectors.
        interfaces: at least one; the first has the speaker's address.
        gateway: default route, or None.
        is_router: forwards between its LANs for others.
        containers: workloads that run here; none on a reflector.
        reflectors: names of the reflectors that it should peer with by node-specific records.
        cluster_id: of a reflector, in IPv4 notation; None on a node, and where none is configured.
    """

    name: str
    interfaces: tuple[Interface, ...]
    gateway: str | None = None
    is_router: bool = False
    containers: tuple[Container, ...] = ()
    reflectors: tuple[str, ...] = ()
    cluster_id: str | None = None

    @property
    def address(self) -> str:
        """The speaker's IPv4 address."""
        return self.interfaces[0].address

    @property
    def address_v6(self) -> str | None:
        """The speaker's IPv6 address, or None."""
        return self.interfaces[0].address_v6


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything that stands.

    Attributes:
        name: what it is called.
        description: one line for people.
        as_number: the cluster's AS number.
        pool: address pool of the containers, an IPv4 prefix.
        block_size: prefix length of the blocks that hosts take from it.
        api_host: name of the host that serves the datastore's HTTP API, or None.
        lans, hosts, reflectors: in the document's order; reflectors are not among the hosts.
    """

    name: str
    description: str
    as_number: int
    pool: str
    block_size: int
    api_host: str | None
    lans: tuple[Lan, ...]
    hosts: tuple[Host, ...]
    reflectors: tuple[Host, ...]

    @property
    def containers(self) -> tuple[Container, ...]:
        """All containers, host by host."""
        return tuple(container for host in self.hosts for container in host.containers)

    def lan(self, name: str) -> Lan:
        """Return the LAN of a name that the topology itself gave; KeyError for any other."""
        return {lan.name: lan for lan in self.lans}[name]


def topology_from_dict(content: object, source: str = "topology") -> Topology:
    """Return the topology that a plain document describes.

    Args:
        content: what a YAML or JSON loader returned.
        source: what it is, for errors, e.g. the file.

    Raises:
        DocumentInvalid: names the first field that cannot be used.
    """
    document = Document(content, source)
    document.check_fields(
        ("name", "description", "as", "pool", "api_host", "lans", "hosts", "reflectors"),
    )
    lans = _read_lans(document)
    pool, block_size = _read_pool(document.document("pool"))
    hosts = [_read_host(item, lans) for item in document.documents("hosts")]
    reflectors = [_read_reflector(item, lans) for item in document.documents("reflectors")]
    topology = Topology(
        name=_name(document),
        description=document.text("description", ""),
        as_number=document.number("as", 1, AS_NUMBER_MAX, AS_NUMBER_DEFAULT),
        pool=pool,
        block_size=block_size,
        api_host=document.text_or_none("api_host"),
        lans=tuple(lans.values()),
        hosts=tuple(hosts),
        reflectors=tuple(reflectors),
    )
    _check_references(topology, document)
    _check_unique(topology, source)
    return topology


# ---------------------------------------------------------------- parts


def _name(document: Document) -> str:
    name = document.text("name")
    if len(name) > HOST_NAME_LENGTH_MAX or not _HOST_NAME.fullmatch(name):
        raise document.invalid("name", f"lower case letters, digits and '-', at most {HOST_NAME_LENGTH_MAX} characters")
    return name


def _read_lans(document: Document) -> dict[str, Lan]:
    lans: dict[str, Lan] = {}
    for item in document.documents("lans"):
        item.check_fields(("name", "subnet", "subnet_v6"))
        lan = Lan(_name(item), _network(item, "subnet", 4), _network_or_none(item, "subnet_v6", 6))
        if lan.name in lans:
            raise item.invalid("name", "a name that no other LAN has")
        lans[lan.name] = lan
    if not lans:
        raise document.invalid("lans", "at least one LAN")
    return lans


def _read_pool(document: Document) -> tuple[str, int]:
    document.check_fields(("cidr", "block_size"))
    pool = _network(document, "cidr", 4)
    block_size = document.number("block_size", BLOCK_SIZE_MIN, BLOCK_SIZE_MAX, BLOCK_SIZE_DEFAULT)
    if ipaddress.ip_network(pool).prefixlen > block_size:
        raise document.invalid("cidr", f"a pool of at least one block (/{block_size})")
    return pool, block_size


def _read_host(document: Document, lans: dict[str, Lan]) -> Host:
    document.check_fields(("name", "interfaces", "gateway", "is_router", "containers", "reflectors"))
    name = _name(document)
    return Host(
        name=name,
        interfaces=_read_interfaces(document, lans),
        gateway=_address_or_none(document, "gateway", "an IPv4 address"),
        is_router=document.flag("is_router", default=False),
        containers=_read_containers(document, name),
        reflectors=document.texts("reflectors"),
    )


def _read_reflector(document: Document, lans: dict[str, Lan]) -> Host:
    document.check_fields(("name", "interfaces", "gateway", "cluster_id"))
    cluster_id = _cluster_id_or_none(document)
    return Host(
        name=_name(document),
        interfaces=_read_interfaces(document, lans),
        gateway=_address_or_none(document, "gateway", "an IPv4 address"),
        cluster_id=cluster_id,
    )


def _cluster_id_or_none(document: Document) -> str | None:
    try:
        return parse_cluster_id(document.text("cluster_id", "")) or None
    except Expected as problem:
        raise document.invalid("cluster_id", problem.expected) from problem


def _read_interfaces(document: Document, lans: dict[str, Lan]) -> tuple[Interface, ...]:
    interfaces = tuple(_read_interface(item, lans) for item in document.documents("interfaces"))
    if not interfaces:
        raise document.invalid("interfaces", "at least one interface")
    return interfaces


def _read_interface(document: Document, lans: dict[str, Lan]) -> Interface:
    document.check_fields(("lan", "address", "address_v6"))
    lan = lans.get(document.text("lan"))
    if lan is None:
        raise document.invalid("lan", "one of the LANs " + ", ".join(lans))
    address = _address_in(document, "address", lan.subnet)
    address_v6 = None
    if document.content.get("address_v6") is not None:
        if lan.subnet_v6 is None:
            raise document.invalid("address_v6", f"no such field, LAN {lan.name} has no subnet_v6")
        address_v6 = _address_in(document, "address_v6", lan.subnet_v6)
    return Interface(lan.name, address, address_v6)


def _read_containers(document: Document, host: str) -> tuple[Container, ...]:
    """Read a list of names, or a number: containers are then named ``<host>-c1`` and so on."""
    if isinstance(document.content.get("containers", 0), int):
        count = document.number("containers", 0, CONTAINER_COUNT_MAX, 0)
        return tuple(Container(f"{host}-c{number}", host) for number in range(1, count + 1))
    return tuple(Container(name, host) for name in document.texts("containers"))


# ---------------------------------------------------------------- addresses


def _network(document: Document, name: str, version: int) -> str:
    text = document.text(name)
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        network = None
    if network is None or network.version != version or "/" not in text:
        raise document.invalid(name, f"an IPv{version} network without host bits, with its prefix length")
    return str(network)


def _network_or_none(document: Document, name: str, version: int) -> str | None:
    return None if document.content.get(name) is None else _network(document, name, version)


def _address_in(document: Document, name: str, subnet: str) -> str:
    try:
        address = speaker_address(name, document.text(name), family_of(subnet))
    except AddressUnusable as problem:
        raise document.invalid(name, f"an address in {subnet}") from problem
    if ipaddress.ip_address(address) not in ipaddress.ip_network(subnet):
        raise document.invalid(name, f"an address in {subnet}")
    return address


def _address_or_none(document: Document, name: str, expected: str) -> str | None:
    """Read an optional IPv4 address."""
    if document.content.get(name) is None:
        return None
    try:
        return speaker_address(name, document.text(name), IPV4)
    except AddressUnusable as problem:
        raise document.invalid(name, expected) from problem


# ---------------------------------------------------------------- the whole


def _check_references(topology: Topology, document: Document) -> None:
    """Refuse names of hosts and reflectors that are none."""
    host_names = [host.name for host in topology.hosts]
    if topology.api_host is not None and topology.api_host not in host_names:
        raise document.invalid("api_host", "one of the hosts " + ", ".join(host_names))
    reflector_names = [reflector.name for reflector in topology.reflectors]
    for host_index, host in enumerate(topology.hosts):
        for index, name in enumerate(host.reflectors):
            if name not in reflector_names:
                path = f"hosts[{host_index}].reflectors[{index}]"
                expected = "one of the reflectors " + ", ".join(reflector_names)
                raise DocumentInvalid(document.source, path, name, expected)


def _check_unique(topology: Topology, source: str) -> None:
    """Refuse a name or address that two have."""
    everyone = [*topology.hosts, *topology.reflectors]
    addresses = [
        address
        for host in everyone
        for interface in host.interfaces
        for address in (interface.address, interface.address_v6)
        if address is not None
    ]
    _refuse_twins(source, "hosts and reflectors", "a name", [host.name for host in everyone])
    _refuse_twins(source, "interfaces", "an address", addresses)
    _refuse_twins(source, "containers", "a name", [container.name for container in topology.containers])


def _refuse_twins(source: str, where: str, what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise DocumentInvalid(source, where, value, f"{what} that no other has")
        seen.add(value)
