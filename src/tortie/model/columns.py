"""The tables of `get`: headings and rows of each kind, in calicoctl's columns.

`TABLES` says for each kind which columns there are and which of them the plain and the wide table show; `table`
makes one. What it is NOT for: laying the table out as text (``cli``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tortie.model.bgp_configuration import BGPConfiguration
from tortie.model.bgp_peer import BGPPeer
from tortie.model.errors import UnknownColumn, nearest_name
from tortie.model.fields import IPV4, IPV6
from tortie.model.ip_pool import IPPool
from tortie.model.ipam_block import IPAMBlock
from tortie.model.kinds import find_kind
from tortie.model.node import Node
from tortie.model.resource import Resource
from tortie.model.v1 import V1_KINDS, identity_of
from tortie.model.workload_endpoint import WorkloadEndpoint

Cell = Callable[[Any, int], str]
"""Makes a cell of a resource of its kind and the cluster's AS number."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: headings, and rows of as many cells each."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of one kind.

    Attributes:
        cells: heading → cell, of all columns that may be asked for.
        plain: headings of the default table.
        wide: headings of ``-o wide``; None where it shows the same.
    """

    cells: Mapping[str, Cell]
    plain: tuple[str, ...]
    wide: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """Which columns a table shows.

    Attributes:
        is_wide: the columns of ``-o wide``.
        is_v1: calicoctl v1's columns (node, bgpPeer, ipPool have them; others as usual).
        has_namespace: a NAMESPACE column in front.
        headings: exactly these columns instead (``-o custom-columns``), in any case.
    """

    is_wide: bool = False
    is_v1: bool = False
    has_namespace: bool = False
    headings: tuple[str, ...] | None = None


PLAIN: Final = TableView()


def table(kind: str, resources: Sequence[Resource], default_as_number: int, view: TableView = PLAIN) -> Table:
    """Return the table of some resources of one kind, in the order given.

    Args:
        kind: any spelling that `find_kind` knows.
        resources: all of that kind.
        default_as_number: the cluster's AS number, shown in parentheses where a node or peer inherits it.
        view: which columns.

    Raises:
        UnknownKind: no such kind.
        UnknownColumn: the kind has no column of this heading.
    """
    info = find_kind(kind)
    columns = (V1_TABLES if view.is_v1 and info.kind in V1_TABLES else TABLES)[info.kind]
    chosen = columns.wide if view.is_wide and columns.wide else columns.plain
    if view.headings is not None:
        chosen = tuple(_known_heading(info.kind, columns, heading) for heading in view.headings)
    cells = [columns.cells[heading] for heading in chosen]
    if view.has_namespace:
        chosen, cells = ("NAMESPACE", *chosen), [_namespace, *cells]
    rows = tuple(tuple(cell(resource, default_as_number) for cell in cells) for resource in resources)
    return Table(chosen, rows)


def _known_heading(kind: str, columns: Columns, heading: str) -> str:
    if heading.upper() not in columns.cells:
        raise UnknownColumn(kind, heading, tuple(columns.cells), nearest_name(heading, list(columns.cells)))
    return heading.upper()


# ---------------------------------------------------------------- cells


def _name(resource: Resource, _: int) -> str:
    return resource.name


def _namespace(resource: Resource, _: int) -> str:
    return resource.namespace or ""


def _as_number(number: int | None, default_as_number: int) -> str:
    return f"({default_as_number})" if number is None else str(number)


def _node_as_number(node: Node, default_as_number: int) -> str:
    return _as_number(node.as_number, default_as_number) if node.spec.bgp else ""


def _node_ipv4(node: Node, _: int) -> str:
    return (node.spec.bgp.ipv4_address or "") if node.spec.bgp else ""


def _node_ipv6(node: Node, _: int) -> str:
    return (node.spec.bgp.ipv6_address or "") if node.spec.bgp else ""


def _peer_ip(peer: BGPPeer, _: int) -> str:
    return peer.spec.peer_ip or peer.spec.peer_selector or peer.spec.local_workload_selector or ""


def _peer_node(peer: BGPPeer, _: int) -> str:
    return peer.spec.node or peer.spec.node_selector or "(global)"


def _peer_as_number(peer: BGPPeer, default_as_number: int) -> str:
    # The AS of a peer by selector is that of the node it selects: there is nothing to show.
    return "" if peer.spec.peer_selector else _as_number(peer.spec.as_number, default_as_number)


def _v1_scope(peer: BGPPeer, _: int) -> str:
    return str(identity_of(peer).scope or "")


def _v1_peer_node(peer: BGPPeer, _: int) -> str:
    return peer.spec.node or peer.spec.node_selector or ""


def _yes_no(value: bool) -> str:
    return "true" if value else "false"


def _dash(value: object) -> str:
    return "-" if value is None else str(value)


def _mesh_enabled(configuration: BGPConfiguration, _: int) -> str:
    enabled = configuration.spec.node_to_node_mesh_enabled
    return "-" if enabled is None else _yes_no(enabled)


def _v1_ipip(pool: IPPool, _: int) -> str:
    ipip: dict[str, str] = V1_KINDS["IPPool"].to_v1(pool)["spec"].get("ipip", {})
    return ipip.get("mode", "off")


def _workload(endpoint: WorkloadEndpoint, _: int) -> str:
    return endpoint.spec.pod or endpoint.spec.workload or ""


def _nats(endpoint: WorkloadEndpoint, _: int) -> str:
    return ",".join(f"{nat.internal_ip}/{nat.external_ip}" for nat in endpoint.spec.ip_nats or ())


def _free_count(block: IPAMBlock, _: int) -> str:
    return str(len(block.spec.unallocated))


# ---------------------------------------------------------------- the tables

_NODE_CELLS: Final[dict[str, Cell]] = {
    "NAME": _name,
    "ASN": _node_as_number,
    "IPV4": _node_ipv4,
    "IPV6": _node_ipv6,
}

TABLES: Final[dict[str, Columns]] = {
    "Node": Columns(_NODE_CELLS, ("NAME",), ("NAME", "ASN", "IPV4", "IPV6")),
    "BGPPeer": Columns(
        {"NAME": _name, "PEERIP": _peer_ip, "NODE": _peer_node, "ASN": _peer_as_number},
        ("NAME", "PEERIP", "NODE", "ASN"),
    ),
    "BGPConfiguration": Columns(
        {
            "NAME": _name,
            "LOGSEVERITY": lambda resource, _: _dash(resource.spec.log_severity_screen),
            "MESHENABLED": _mesh_enabled,
            "ASNUMBER": lambda resource, _: _dash(resource.spec.as_number),
        },
        ("NAME", "LOGSEVERITY", "MESHENABLED", "ASNUMBER"),
    ),
    "BGPFilter": Columns(
        {
            "NAME": _name,
            "NUMEXPORTV4": lambda item, _: str(len(item.export_rules(IPV4))),
            "NUMIMPORTV4": lambda item, _: str(len(item.import_rules(IPV4))),
            "NUMEXPORTV6": lambda item, _: str(len(item.export_rules(IPV6))),
            "NUMIMPORTV6": lambda item, _: str(len(item.import_rules(IPV6))),
        },
        ("NAME", "NUMEXPORTV4", "NUMIMPORTV4", "NUMEXPORTV6", "NUMIMPORTV6"),
    ),
    "IPPool": Columns(
        {
            "NAME": _name,
            "CIDR": lambda pool, _: pool.spec.cidr,
            "NAT": lambda pool, _: _yes_no(pool.spec.nat_outgoing),
            "IPIPMODE": lambda pool, _: str(pool.spec.ipip_mode),
            "VXLANMODE": lambda pool, _: str(pool.spec.vxlan_mode),
            "DISABLED": lambda pool, _: _yes_no(pool.spec.disabled),
            "DISABLEBGPEXPORT": lambda pool, _: _yes_no(pool.spec.disable_bgp_export),
            "SELECTOR": lambda pool, _: pool.spec.node_selector,
            "ASSIGNMENTMODE": lambda pool, _: str(pool.spec.assignment_mode),
        },
        ("NAME", "CIDR", "SELECTOR"),
        (
            "NAME",
            "CIDR",
            "NAT",
            "IPIPMODE",
            "VXLANMODE",
            "DISABLED",
            "DISABLEBGPEXPORT",
            "SELECTOR",
            "ASSIGNMENTMODE",
        ),
    ),
    "WorkloadEndpoint": Columns(
        {
            "NAME": _name,
            "WORKLOAD": _workload,
            "NODE": lambda endpoint, _: endpoint.spec.node,
            "NETWORKS": lambda endpoint, _: ",".join(endpoint.spec.ip_networks),
            "INTERFACE": lambda endpoint, _: endpoint.spec.interface_name or "",
            "PROFILES": lambda endpoint, _: ",".join(endpoint.spec.profiles or ()),
            "NATS": _nats,
        },
        ("WORKLOAD", "NODE", "NETWORKS", "INTERFACE"),
        ("NAME", "WORKLOAD", "NODE", "NETWORKS", "INTERFACE", "PROFILES", "NATS"),
    ),
    "BlockAffinity": Columns(
        {
            "NAME": _name,
            "NODE": lambda affinity, _: affinity.spec.node,
            "CIDR": lambda affinity, _: affinity.spec.cidr,
            "STATE": lambda affinity, _: str(affinity.spec.state),
        },
        ("NAME", "NODE", "CIDR", "STATE"),
    ),
    "IPAMBlock": Columns(
        {
            "NAME": _name,
            "CIDR": lambda block, _: block.spec.cidr,
            "AFFINITY": lambda block, _: block.spec.affinity or "",
            "FREE": _free_count,
        },
        ("NAME", "CIDR", "AFFINITY", "FREE"),
    ),
    "IPAMHandle": Columns(
        {"NAME": _name, "ADDRESSES": lambda handle, _: str(sum(handle.spec.block.values()))},
        ("NAME", "ADDRESSES"),
    ),
    "IPAMConfiguration": Columns(
        {
            "NAME": _name,
            "STRICTAFFINITY": lambda item, _: _yes_no(item.spec.strict_affinity),
            "AUTOALLOCATEBLOCKS": lambda item, _: _yes_no(item.spec.auto_allocate_blocks),
            "MAXBLOCKSPERHOST": lambda item, _: str(item.spec.max_blocks_per_host),
        },
        ("NAME", "STRICTAFFINITY", "AUTOALLOCATEBLOCKS"),
        ("NAME", "STRICTAFFINITY", "AUTOALLOCATEBLOCKS", "MAXBLOCKSPERHOST"),
    ),
    "IPReservation": Columns(
        {"NAME": _name, "CIDRS": lambda item, _: ",".join(item.spec.reserved_cidrs)}, ("NAME",), ("NAME", "CIDRS")
    ),
    "HostEndpoint": Columns(
        {
            "NAME": _name,
            "NODE": lambda endpoint, _: endpoint.spec.node,
            "INTERFACE": lambda endpoint, _: endpoint.spec.interface_name or "",
            "IPS": lambda endpoint, _: ",".join(endpoint.spec.expected_ips or ()),
            "PROFILES": lambda endpoint, _: ",".join(endpoint.spec.profiles or ()),
        },
        ("NAME", "NODE"),
        ("NAME", "NODE", "INTERFACE", "IPS", "PROFILES"),
    ),
    "CalicoNodeStatus": Columns(
        {
            "NAME": _name,
            "NODE": lambda status, _: status.spec.node,
            "CLASSES": lambda status, _: ",".join(status.spec.classes),
        },
        ("NAME", "NODE"),
        ("NAME", "NODE", "CLASSES"),
    ),
    "RouteReflector": Columns(
        {"IP": lambda reflector, _: reflector.spec.ip, "CLUSTERID": lambda reflector, _: reflector.spec.cluster_id},
        ("IP", "CLUSTERID"),
    ),
    "Secret": Columns({"NAME": _name, "KEYS": lambda secret, _: ",".join(secret.keys)}, ("NAME", "KEYS")),
}
"""Columns of today's calicoctl; the kinds that it does not show have columns of ours."""

V1_TABLES: Final[dict[str, Columns]] = {
    "Node": TABLES["Node"],
    "BGPPeer": Columns(
        {"SCOPE": _v1_scope, "PEERIP": _peer_ip, "NODE": _v1_peer_node, "ASN": _peer_as_number},
        ("SCOPE", "PEERIP", "NODE", "ASN"),
    ),
    "IPPool": Columns(
        {"CIDR": lambda pool, _: pool.spec.cidr, "NAT": TABLES["IPPool"].cells["NAT"], "IPIP": _v1_ipip},
        ("CIDR",),
        ("CIDR", "NAT", "IPIP"),
    ),
}
"""Columns of calicoctl v1."""
