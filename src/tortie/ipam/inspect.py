"""Whether what is written about addresses agrees with itself and with what is in use: `tortie ipam check`.

What it is for: pure functions of the records of blocks, handles, pools, nodes and endpoints. What it is not for:
mending (`reclaim.py`), reading records, the text (`cli`). Structures to know: `Allocation` and `Inspection`.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tortie.ipam.block import problem_of
from tortie.model import BlockAffinity, IPAMBlock, IPAMHandle, IPPool, Node, Resource, WorkloadEndpoint

__all__ = ["Allocation", "Inspection", "allocations_of", "inspect", "owners_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """One address that is taken.

    Attributes:
        ip: the address, canonical text.
        block: the network of its block.
        owner: whom the block belongs to, `host:<node>`; None = nobody.
        handle: what it can be given back by, or None.
        sequence_number: the block's when it was taken; tells a later holder from this one. None = not noted.
        attributes: what was noted: node, pod, namespace, since when.
    """

    ip: str
    block: str
    owner: str | None
    handle: str | None
    sequence_number: int | None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_borrowed(self) -> bool:
        """It is used on a node that its block does not belong to."""
        node = self.attributes.get("node")
        return node is not None and self.owner is not None and self.owner != f"host:{node}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found.

    Attributes:
        allocations: every address that is taken, ascending.
        owners: address → who uses it, of all that are in use.
        leaked: addresses that are taken and that nobody uses.
        unallocated: addresses in use that lie in a pool and are not taken.
        foreign: addresses in use that lie in no pool.
        shared: addresses that several use.
        idle_handles: handles that hold no address.
        missing_handles: handles that blocks name and that have no record.
        broken: what else is wrong, one line each.
    """

    allocations: Sequence[Allocation]
    owners: Mapping[str, Sequence[str]]
    leaked: Sequence[str]
    unallocated: Sequence[str]
    foreign: Sequence[str]
    shared: Sequence[str]
    idle_handles: Sequence[str]
    missing_handles: Sequence[str]
    broken: Sequence[str]

    @property
    def problem_count(self) -> int:
        """How many things are wrong; several users of one address and foreign addresses count."""
        parts = (self.leaked, self.unallocated, self.foreign, self.shared, self.idle_handles, self.missing_handles)
        return sum(map(len, parts)) + len(self.broken)


def inspect(resources: Iterable[Resource]) -> Inspection:
    """Compare the records; `resources` are all of one moment, other kinds are passed over."""
    every = list(resources)
    blocks = [item for item in every if isinstance(item, IPAMBlock)]
    allocations = sorted((each for block in blocks for each in allocations_of(block)), key=lambda each: _key(each.ip))
    owners = owners_of(every)
    taken = {each.ip for each in allocations}
    pools = [ipaddress.ip_network(item.spec.cidr) for item in every if isinstance(item, IPPool)]
    in_pools = {ip for ip in owners if any(ipaddress.ip_address(ip) in pool for pool in pools)}
    handles = {item.spec.handle_id for item in every if isinstance(item, IPAMHandle)}
    named = {each.handle for each in allocations if each.handle is not None}
    return Inspection(
        allocations=allocations,
        owners=owners,
        leaked=_sorted(taken - owners.keys()),
        unallocated=_sorted(in_pools - taken),
        foreign=_sorted(owners.keys() - in_pools - taken),
        shared=_sorted(ip for ip, users in owners.items() if len(users) > 1),
        idle_handles=sorted(handles - named),
        missing_handles=sorted(named - handles),
        broken=[*_bad_blocks(blocks), *_bad_affinities(every, blocks)],
    )


def allocations_of(block: IPAMBlock) -> list[Allocation]:
    """Return the addresses of a block that are taken; none of a block that cannot be worked with."""
    if problem_of(block) is not None:
        return []
    spec, network = block.spec, ipaddress.ip_network(block.spec.cidr)
    return [
        Allocation(
            ip=str(network[ordinal]),
            block=spec.cidr,
            owner=spec.affinity,
            handle=spec.attributes[index].handle_id,
            sequence_number=spec.sequence_number_for_allocation.get(str(ordinal)),
            attributes=dict(spec.attributes[index].secondary or {}),
        )
        for ordinal, index in enumerate(spec.allocations)
        if index is not None
    ]


def owners_of(resources: Iterable[Resource]) -> dict[str, list[str]]:
    """Return who uses each address that workloads and tunnels of nodes use."""
    owners: dict[str, list[str]] = {}
    for item in resources:
        if isinstance(item, WorkloadEndpoint):
            for network in item.spec.ip_networks:
                owners.setdefault(network.split("/")[0], []).append(f"Workload({item.namespace}/{item.name})")
        elif isinstance(item, Node):
            for address in _tunnel_addresses(item):
                owners.setdefault(address, []).append(f"Node({item.name})")
    return owners


def _tunnel_addresses(node: Node) -> list[str]:
    spec = node.spec
    wireguard = spec.wireguard
    found = (
        spec.bgp and spec.bgp.ipv4_ipip_tunnel_address,
        spec.ipv4_vxlan_tunnel_address,
        spec.ipv6_vxlan_tunnel_address,
        wireguard and wireguard.interface_ipv4_address,
        wireguard and wireguard.interface_ipv6_address,
    )
    return [address for address in found if address]


def _bad_blocks(blocks: Iterable[IPAMBlock]) -> list[str]:
    return [problem for problem in map(problem_of, blocks) if problem is not None]


def _bad_affinities(resources: Iterable[Resource], blocks: Iterable[IPAMBlock]) -> list[str]:
    """Return where a node's claim and the block's own word differ."""
    claims = {
        item.spec.cidr: f"{item.spec.type}:{item.spec.node}"
        for item in resources
        if isinstance(item, BlockAffinity) and item.is_own
    }
    words = {block.spec.cidr: block.spec.affinity for block in blocks if block.spec.affinity is not None}
    wrong = [
        f"block {cidr} belongs to {words.get(cidr) or 'nobody'}, and {claim} claims it"
        for cidr, claim in sorted(claims.items())
        if words.get(cidr) != claim
    ]
    unclaimed = sorted(words.keys() - claims.keys())
    return wrong + [f"block {cidr} belongs to {words[cidr]}, which claims no such block" for cidr in unclaimed]


def _key(ip: str) -> tuple[int, int]:
    address = ipaddress.ip_address(ip)
    return address.version, int(address)


def _sorted(addresses: Iterable[str]) -> list[str]:
    return sorted(addresses, key=_key)
