"""What a node has behind it: its blocks and workloads, as routes and announcements.

A block is announced as a whole and its workloads are not; a workload whose address lies in no own
block (borrowed from another node's) is announced by itself, and being longer it wins. Each own block
is a blackhole too, so that a packet for an address that nobody has ends here instead of following the
default route out and coming back. What it is NOT for: writing routes (``tortie.node``). Reference E5, G1.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tortie.fabric.addresses import covering_prefixes, is_host_prefix, sorted_prefixes
from tortie.fabric.intent import WorkloadRoute
from tortie.fabric.records import BlockRecord, EndpointRecord


@dataclass(frozen=True, slots=True)
class LocalRoutes:
    """Routes of one node.

    Attributes:
        blocks: confirmed blocks: announced, nothing beneath them is.
        originated: blocks, and workloads outside them.
        blackholes: blocks of more than one address, those on their way out too.
        workloads: kernel routes, sorted by prefix.
    """

    blocks: tuple[str, ...]
    originated: tuple[str, ...]
    blackholes: tuple[str, ...]
    workloads: tuple[WorkloadRoute, ...]


def local_routes(blocks: Iterable[BlockRecord], endpoints: Iterable[EndpointRecord]) -> LocalRoutes:
    """Return what a node announces and routes by itself."""
    held = tuple(blocks)
    interfaces = {prefix: endpoint.interface for endpoint in endpoints for prefix in endpoint.prefixes}
    confirmed = {block.cidr for block in held if block.is_confirmed}
    outside = {prefix for prefix in interfaces if confirmed.isdisjoint(covering_prefixes(prefix))}
    return LocalRoutes(
        blocks=sorted_prefixes(confirmed),
        originated=sorted_prefixes(confirmed | outside),
        blackholes=sorted_prefixes({block.cidr for block in held if not is_host_prefix(block.cidr)}),
        workloads=tuple(WorkloadRoute(prefix, interfaces[prefix]) for prefix in sorted_prefixes(set(interfaces))),
    )
