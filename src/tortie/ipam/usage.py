"""How full pools and blocks are, and who holds an address: what `tortie ipam show` says.

What it is for: pure functions of the records of pools and blocks. What it is not for: reading or changing them
(`allocate.py`), the text (`cli`). Structures to know: `Usage` and `Holder`.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tortie.ipam.block import problem_of
from tortie.model import IPAMBlock, IPPool

__all__ = ["Holder", "Usage", "holder_of", "usages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How many addresses of a range are taken.

    Attributes:
        cidr: the range.
        total_count: addresses in it; of IPv6 ranges more than most formats can count.
        in_use_count: addresses that somebody holds.
        is_block: it is a block; else a pool.
        affinity: the node that the block belongs to, as `host:<node>`; None = nobody, or a pool.
    """

    cidr: str
    total_count: int
    in_use_count: int
    is_block: bool
    affinity: str | None = None

    @property
    def free_count(self) -> int:
        """Addresses that nobody holds."""
        return self.total_count - self.in_use_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds an address.

    Attributes:
        block: the block that says so.
        handle: what it can be given back by, or None.
        attributes: whatever was noted: node, pod, namespace, since when.
    """

    block: str
    handle: str | None
    attributes: Mapping[str, str] = field(default_factory=dict)


def usages(pools: Iterable[IPPool], blocks: Iterable[IPAMBlock]) -> tuple[list[Usage], list[str]]:
    """Return each pool followed by its blocks, then the blocks that lie in no pool; and what is wrong with blocks.

    A block that cannot be worked with is counted nowhere.
    """
    problems: list[str] = []
    by_cidr: dict[str, Usage] = {}
    for block in sorted(blocks, key=lambda block: _order(block.spec.cidr)):
        problem = problem_of(block)
        if problem is None:
            by_cidr[block.spec.cidr] = _of_block(block)
        else:
            problems.append(problem)
    found: list[Usage] = []
    rest = dict(by_cidr)
    for cidr in sorted({pool.spec.cidr for pool in pools}, key=_order):
        inside = [usage for usage in by_cidr.values() if _is_inside(usage.cidr, cidr)]
        found += [_of_pool(cidr, inside), *inside]
        for usage in inside:
            rest.pop(usage.cidr, None)
    return [*found, *rest.values()], problems


def holder_of(address: str, blocks: Iterable[IPAMBlock]) -> Holder | None:
    """Return who holds an address, None where nobody does.

    Args:
        address: canonical text.
        blocks: all of them; those that cannot be worked with are passed over.
    """
    wanted = ipaddress.ip_address(address)
    for block in blocks:
        network = ipaddress.ip_network(block.spec.cidr)
        if wanted in network and problem_of(block) is None:
            index = block.spec.allocations[int(wanted) - int(network.network_address)]
            if index is not None:
                attribute = block.spec.attributes[index]
                return Holder(
                    block=block.spec.cidr, handle=attribute.handle_id, attributes=dict(attribute.secondary or {})
                )
    return None


def _of_block(block: IPAMBlock) -> Usage:
    taken = sum(index is not None for index in block.spec.allocations)
    return Usage(
        cidr=block.spec.cidr,
        total_count=len(block.spec.allocations),
        in_use_count=taken,
        is_block=True,
        affinity=block.spec.affinity,
    )


def _of_pool(cidr: str, inside: Sequence[Usage]) -> Usage:
    return Usage(
        cidr=cidr,
        total_count=ipaddress.ip_network(cidr).num_addresses,
        in_use_count=sum(usage.in_use_count for usage in inside),
        is_block=False,
    )


def _order(cidr: str) -> tuple[int, int, int]:
    network = ipaddress.ip_network(cidr)
    return network.version, int(network.network_address), network.prefixlen


def _is_inside(cidr: str, pool: str) -> bool:
    inner, outer = ipaddress.ip_network(cidr), ipaddress.ip_network(pool)
    if inner.version != outer.version or inner.prefixlen < outer.prefixlen:
        return False
    return inner.network_address in outer
