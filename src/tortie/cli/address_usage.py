"""What `ipam show` prints: the table of pools and blocks, or who holds one address.

What it is for: reading the records and making text or JSON of them. What it is NOT for: counting (``ipam.usage``).
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from tortie.cli.errors import CommandFailed
from tortie.cli.tables import boxed_table
from tortie.ipam import Allocation, Usage, allocations_of, holder_of, usages
from tortie.model import IPAMBlock, IPPool
from tortie.model.fields import Expected, parse_address
from tortie.store import ResourceStore

__all__ = ["address_text", "borrowed_text", "usage_text"]

BORROWED_HEADINGS: Final = ("IP", "BORROWING-NODE", "BLOCK", "BLOCK OWNER", "TYPE", "ALLOCATED-TO")
HEADINGS: Final = ("GROUPING", "CIDR", "IPS TOTAL", "IPS IN USE", "IPS FREE")


async def usage_text(store: ResourceStore, *, with_blocks: bool, is_json: bool) -> str:
    """Return how full the pools are, with `with_blocks` their blocks as well."""
    pools = await store.list("IPPool")
    blocks = await _blocks(store)
    found, problems = usages((pool for pool in pools if isinstance(pool, IPPool)), blocks)
    for problem in problems:
        sys.stderr.write(f"warning: cannot be used: {problem}\n")
    shown = [usage for usage in found if with_blocks or not usage.is_block]
    if is_json:
        return json.dumps([asdict(usage) | {"free_count": usage.free_count} for usage in shown], indent=2)
    return boxed_table(HEADINGS, [_row(usage) for usage in shown]).rstrip("\n")


async def address_text(store: ResourceStore, address: str, *, is_json: bool) -> str:
    """Return who holds an address.

    Raises:
        CommandFailed: it is no address.
    """
    try:
        address = parse_address(address)
    except Expected as problem:
        raise CommandFailed(f"--ip: '{address}': expected {problem.expected}") from problem
    holder = holder_of(address, await _blocks(store))
    if is_json:
        return json.dumps({"ip": address, "holder": None if holder is None else asdict(holder)}, indent=2)
    if holder is None:
        return f"{address} is not assigned"
    lines = [f"IP {address} is in use", f"Handle: {holder.handle or '-'}", "Attributes:"]
    return "\n".join([*lines, *(f"  {name}: {value}" for name, value in sorted(holder.attributes.items()))])


async def borrowed_text(store: ResourceStore, *, is_json: bool) -> str:
    """Return the addresses that are used on a node that their block does not belong to."""
    borrowed = [each for block in await _blocks(store) for each in allocations_of(block) if each.is_borrowed]
    if is_json:
        return json.dumps([asdict(each) for each in borrowed], indent=2)
    return boxed_table(BORROWED_HEADINGS, [_borrowed_row(each) for each in borrowed]).rstrip("\n")


def _borrowed_row(allocation: Allocation) -> tuple[str, ...]:
    node, attributes = allocation.attributes.get("node", ""), allocation.attributes
    owner = (allocation.owner or "").partition(":")[2]
    holder = f"{attributes['namespace']}/{attributes['pod']}" if "pod" in attributes else allocation.handle or "-"
    return (
        allocation.ip,
        node,
        allocation.block,
        owner,
        attributes.get("type", "pod" if "pod" in attributes else ""),
        holder,
    )


async def _blocks(store: ResourceStore) -> Sequence[IPAMBlock]:
    snapshot = await store.snapshot("IPAMBlock")
    for bad in snapshot.bad_records:
        sys.stderr.write(f"warning: cannot be used: {bad.key}: {bad.reason}\n")
    return [block for block in snapshot.resources if isinstance(block, IPAMBlock)]


def _row(usage: Usage) -> tuple[str, ...]:
    title = "Block" if usage.is_block else "IP Pool"
    return title, usage.cidr, str(usage.total_count), _share(usage, usage.in_use_count), _share(usage, usage.free_count)


def _share(usage: Usage, count: int) -> str:
    return f"{count} ({round(100 * count / usage.total_count)}%)"
