"""Which block next: the decision, without any I/O.

What it is for: a node takes addresses from its own blocks as long as they have space, finishes a claim that
was left half done, and else claims the first block of its walk that nobody has. What it is not for: making
a claim stick (`allocate.py`), the order of the walk (`walk.py`).

The structure to know: `PoolRange`, what is needed of a pool.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tortie.ipam.block import affinity_of, has_space
from tortie.ipam.walk import is_block_of, walk_blocks
from tortie.model import IPAMBlock, IPPool, parse_selector
from tortie.model.ip_pool import AllowedUse, AssignmentMode

__all__ = ["PoolRange", "block_to_use", "next_claim", "pool_ranges", "usable_pools"]


@dataclass(frozen=True, slots=True)
class PoolRange:
    """A pool's network and the prefix length of its blocks."""

    cidr: str
    block_size: int

    def contains(self, block: str) -> bool:
        """Whether a network is one of this pool's blocks."""
        return is_block_of(block, self.cidr, self.block_size)


def usable_pools(pools: Iterable[IPPool], labels: Mapping[str, str]) -> list[IPPool]:
    """Return the pools that a node takes addresses from unasked, sorted by name.

    Args:
        pools: all pools.
        labels: the node's labels, for the pools' nodeSelector.
    """
    return sorted(
        (
            pool
            for pool in pools
            if _is_for_workloads(pool)
            and pool.spec.assignment_mode == AssignmentMode.AUTOMATIC
            and parse_selector(pool.spec.node_selector).matches(labels)
        ),
        key=lambda pool: pool.name,
    )


def pool_ranges(pools: Sequence[IPPool]) -> list[PoolRange]:
    """Return the ranges of pools that were asked for, in order; disabled ones and those not for workloads go."""
    return [PoolRange(pool.spec.cidr, pool.spec.block_size) for pool in pools if _is_for_workloads(pool)]


def block_to_use(
    own: Sequence[IPAMBlock], ranges: Sequence[PoolRange], node: str, *, needs_space: bool
) -> IPAMBlock | None:
    """Return the first of a node's blocks that an address can come from, in order of the pools.

    Args:
        own: blocks of the node's confirmed claims, in key order.
        ranges: the pools, in order of preference.
        node: name of the node; a block that says it is another's is passed over.
        needs_space: a full block does not do.
    """
    for pool in ranges:
        for block in own:
            is_usable = block.spec.affinity == affinity_of(node) and not block.spec.deleted
            if is_usable and pool.contains(block.spec.cidr) and (has_space(block) or not needs_space):
                return block
    return None


def next_claim(ranges: Sequence[PoolRange], node: str, pending: Sequence[str], taken: Collection[str]) -> str | None:
    """Return the block that a node should claim next; None when the pools have no block left.

    Args:
        ranges: the pools, in order of preference.
        node: name of the node.
        pending: networks of the node's unfinished claims, in key order: these come first.
        taken: networks of all blocks that exist.
    """
    for cidr in pending:
        if any(pool.contains(cidr) for pool in ranges):
            return cidr
    for pool in ranges:
        for cidr in walk_blocks(pool.cidr, pool.block_size, node):
            if cidr not in taken:
                return cidr
    return None


def _is_for_workloads(pool: IPPool) -> bool:
    return not pool.spec.disabled and AllowedUse.WORKLOAD in pool.spec.allowed_uses
