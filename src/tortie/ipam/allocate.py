"""Address management on a datastore: the decisions of this package, made to stick by compare-and-swap.

What it is for: blocks for nodes, addresses for containers, with any number of nodes at work at once. What
it is not for: deciding (`choose.py`, `block.py`, `handle.py`).

A claim has three steps, so that a crash between any two leaves nothing that is not repaired by the next
call: the affinity is written *pending*; the block is created, which only one node can do; the affinity is
*confirmed*. Who finds the block created by somebody else deletes its pending affinity. An address and its
handle are one transaction.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tortie.ipam.block import addresses_of, affinity_of, assign, is_empty, new_block, problem_of, release
from tortie.ipam.choose import PoolRange, block_to_use, next_claim, pool_ranges
from tortie.ipam.errors import NoPools, Overtaken, PoolsExhausted
from tortie.ipam.handle import counted_down, counted_up
from tortie.model import (
    AffinityState,
    BlockAffinity,
    FieldProblem,
    IPAMBlock,
    IPAMConfiguration,
    IPAMHandle,
    IPPool,
    ResourceInvalid,
    from_stored,
    parse_key,
    to_stored,
)
from tortie.model.keys import (
    AFFINITY_PREFIX,
    BLOCK_PREFIX,
    HANDLE_PREFIX,
    IPAM_CONFIGURATION_KEY,
    affinity_key,
    affinity_name,
    block_key,
    network_of_name,
)
from tortie.store import Compare, Conflict, Delete, Entry, Operation, Put, Store

__all__ = ["TRIES_MAX", "addresses_of_handle", "assign_address", "ensure_block", "release_handle"]

TRIES_MAX: Final = 100
"""Tries of one request that others overtake; then Overtaken."""


@dataclass(frozen=True, slots=True)
class _Own:
    """What a node has: blocks of confirmed claims, networks of unfinished ones, what could not be read."""

    blocks: dict[str, tuple[IPAMBlock, Entry]]
    pending: list[str]
    problems: list[str]


async def assign_address(store: Store, node: str, pools: Sequence[IPPool], handle: str, now: datetime) -> str:
    """Take an address for a container of a node.

    Args:
        store: the datastore.
        node: name of the node.
        pools: where it may come from, in order of preference; `usable_pools` chooses those of a node. Their
            selectors are not looked at here: a pool that was asked for is used.
        handle: who holds it; the same handle may hold several addresses.
        now: kept with the address and with a block that is claimed for it.

    Returns:
        The address as text, without prefix length.

    Raises:
        NoPools: none of the pools may be used.
        PoolsExhausted: no block has space and none is left to claim.
        Overtaken: TRIES_MAX tries met concurrent changes.
        StoreUnavailable: the datastore cannot be used now.
    """
    ranges = _ranges(pools)
    for _ in range(TRIES_MAX):
        own = await _read_own(store, node)
        block = block_to_use([block for block, _ in own.blocks.values()], ranges, node, needs_space=True)
        if block is None:
            await _claim_next(store, node, ranges, own, now)
            continue
        after, address = assign(block, handle, node, now)
        if await _write_assignment(store, own.blocks[block.spec.cidr][1], after, handle):
            return address
    raise Overtaken(f"no address for {handle} on {node}: overtaken by other writers {TRIES_MAX} times")


async def ensure_block(store: Store, node: str, pools: Sequence[IPPool], now: datetime) -> str:
    """Make sure that a node has a block, full or not, and return its network. Raises as `assign_address` does."""
    ranges = _ranges(pools)
    for _ in range(TRIES_MAX):
        own = await _read_own(store, node)
        block = block_to_use([block for block, _ in own.blocks.values()], ranges, node, needs_space=False)
        if block is not None:
            return block.spec.cidr
        await _claim_next(store, node, ranges, own, now)
    raise Overtaken(f"no block for {node}: overtaken by other writers {TRIES_MAX} times")


async def release_handle(store: Store, handle: str) -> list[str]:
    """Give back all addresses of a handle; an unknown handle has none.

    Returns:
        The addresses that were given back.

    Raises:
        Overtaken: TRIES_MAX tries met concurrent changes; some addresses may be given back already.
        ResourceInvalid: the handle's record, or a block's, cannot be read.
        StoreUnavailable: the datastore cannot be used now.
    """
    released: list[str] = []
    for _ in range(TRIES_MAX):
        entry = await store.get(HANDLE_PREFIX + handle)
        if entry is None:
            return released
        released += await _release_one_block(store, entry)
    raise Overtaken(f"addresses of {handle}: overtaken by other writers {TRIES_MAX} times")


async def addresses_of_handle(store: Store, handle: str) -> list[str]:
    """Return the addresses that a handle holds, by block; an unknown handle has none."""
    entry = await store.get(HANDLE_PREFIX + handle)
    found: list[str] = []
    for cidr in _handle_of(entry).spec.block if entry else ():
        block = await store.get(block_key(cidr))
        found += addresses_of(_block_of(block), handle) if block else []
    return found


def _ranges(pools: Sequence[IPPool]) -> list[PoolRange]:
    ranges = pool_ranges(pools)
    if not ranges:
        names = ", ".join(pool.name for pool in pools) or "none given"
        raise NoPools(f"no IP pool to take addresses from (disabled, or not for workloads: {names})")
    return ranges


# ---------------------------------------------------------------- reading


async def _read_own(store: Store, node: str) -> _Own:
    own = _Own({}, [], [])
    for entry in (await store.list(f"{AFFINITY_PREFIX}{node}/")).entries:
        try:
            affinity = from_stored(entry.key, entry.value)
            if not isinstance(affinity, BlockAffinity):
                continue
            if affinity.spec.state == AffinityState.PENDING and not affinity.spec.deleted:
                own.pending.append(affinity.spec.cidr)
            elif affinity.is_own and (block := await store.get(block_key(affinity.spec.cidr))):
                own.blocks[affinity.spec.cidr] = (_block_of(block), block)
            elif affinity.is_own:  # its block was deleted: claim it again
                own.pending.append(affinity.spec.cidr)
        except ResourceInvalid as error:
            own.problems.append(str(error))
    return own


async def _taken(store: Store) -> set[str]:
    """Return the networks of all blocks that exist. Keys only: the values of thousands need not be read."""
    names = (parse_key(entry.key) for entry in (await store.list(BLOCK_PREFIX)).entries)
    return {network_of_name(name.name) for name in names if name is not None}


def _block_of(entry: Entry) -> IPAMBlock:
    block = from_stored(entry.key, entry.value)
    assert isinstance(block, IPAMBlock), f"{entry.key} is a block's key"
    problem = problem_of(block)
    if problem is not None:
        raise ResourceInvalid("IPAMBlock", block.name, [FieldProblem("spec", problem, "a consistent block")])
    return block


def _handle_of(entry: Entry) -> IPAMHandle:
    handle = from_stored(entry.key, entry.value)
    assert isinstance(handle, IPAMHandle), f"{entry.key} is a handle's key"
    return handle


# ---------------------------------------------------------------- writing


async def _claim_next(store: Store, node: str, ranges: Sequence[PoolRange], own: _Own, now: datetime) -> None:
    """Try to claim one block more for a node; whether that worked shows at the next read."""
    await _check_may_claim(store, node, own)
    cidr = next_claim(ranges, node, own.pending, await _taken(store))
    if cidr is None:
        pools = ", ".join(pool.cidr for pool in ranges)
        unread = f"; unusable records: {'; '.join(own.problems)}" if own.problems else ""
        raise PoolsExhausted(
            f"no free address for node {node}: its {len(own.blocks)} blocks are full and every block of {pools} "
            f"is taken{unread}"
        )
    await _claim(store, node, cidr, now)


async def _check_may_claim(store: Store, node: str, own: _Own) -> None:
    """Refuse a block more where IPAMConfiguration does."""
    entry = await store.get(IPAM_CONFIGURATION_KEY)
    if entry is None:
        return
    configuration = from_stored(entry.key, entry.value)
    assert isinstance(configuration, IPAMConfiguration), f"{entry.key} is the configuration's key"
    spec, count = configuration.spec, len(own.blocks)
    why = None
    if not spec.auto_allocate_blocks:
        why = "autoAllocateBlocks is false"
    elif spec.max_blocks_per_host and count >= spec.max_blocks_per_host:
        why = f"maxBlocksPerHost is {spec.max_blocks_per_host}"
    if why is not None:
        raise PoolsExhausted(f"no free address for node {node}: its {count} blocks are full, and {why}")


async def _claim(store: Store, node: str, cidr: str, now: datetime) -> None:
    """Go through the three steps of a claim, beginning where an earlier one stopped."""
    pending = await store.get(affinity_key(node, cidr))
    if pending is None:
        pending = await _swap(store, None, _affinity(node, cidr, AffinityState.PENDING))
    if pending is None:
        return
    key, value = to_stored(new_block(cidr, node, now))
    try:
        await store.transact([Compare(key, 0), Compare(pending.key, pending.mod_revision)], [Put(key, value)])
    except Conflict:
        existing = await store.get(key)
        if existing is not None and not _belongs_to(existing, node):
            await _give_up(store, pending)
        if existing is None or not _belongs_to(existing, node):
            return
    await _swap(store, pending, _affinity(node, cidr, AffinityState.CONFIRMED))


def _belongs_to(entry: Entry, node: str) -> bool:
    try:
        return _block_of(entry).spec.affinity == affinity_of(node)
    except ResourceInvalid:
        return False


def _affinity(node: str, cidr: str, state: AffinityState) -> BlockAffinity:
    return BlockAffinity.from_data(
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "BlockAffinity",
            "metadata": {"name": affinity_name(node, cidr)},
            "spec": {"node": node, "cidr": cidr, "state": state.value},
        }
    )


async def _swap(store: Store, old: Entry | None, affinity: BlockAffinity) -> Entry | None:
    """Write an affinity over exactly this entry (None = absent); return the new one, None if overtaken."""
    key, value = to_stored(affinity)
    try:
        revision = await store.transact([Compare(key, old.mod_revision if old else 0)], [Put(key, value)])
    except Conflict:
        return None
    return Entry(key, value, old.create_revision if old else revision, revision)


async def _give_up(store: Store, pending: Entry) -> None:
    """Delete a claim on a block that another node was given."""
    with suppress(Conflict):  # somebody else changed it meanwhile: theirs to decide
        await store.transact([Compare(pending.key, pending.mod_revision)], [Delete(pending.key)])


async def _write_assignment(store: Store, old: Entry, block: IPAMBlock, handle: str) -> bool:
    """Write a block with a new address together with its handle; return False if overtaken."""
    handle_entry = await store.get(HANDLE_PREFIX + handle)
    record = counted_up(_handle_of(handle_entry) if handle_entry else None, handle, block.spec.cidr)
    handle_key, handle_value = to_stored(record)
    try:
        await store.transact(
            [
                Compare(old.key, old.mod_revision),
                Compare(handle_key, handle_entry.mod_revision if handle_entry else 0),
            ],
            [Put(old.key, to_stored(block)[1]), Put(handle_key, handle_value)],
        )
    except Conflict:
        return False
    return True


async def _release_one_block(store: Store, entry: Entry) -> list[str]:
    """Give back what a handle holds in its first block; return the addresses, none if overtaken."""
    record = _handle_of(entry)
    cidr = next(iter(record.spec.block), "")
    smaller = counted_down(record, cidr)
    compares = [Compare(entry.key, entry.mod_revision)]
    operations: list[Operation] = [Put(entry.key, to_stored(smaller)[1]) if smaller else Delete(entry.key)]
    released: list[str] = []
    old = await store.get(block_key(cidr)) if cidr else None
    if old is not None:
        block, released = release(_block_of(old), record.spec.handle_id)
        is_nobodys = block.spec.affinity is None and is_empty(block)
        compares.append(Compare(old.key, old.mod_revision))
        operations.append(Delete(old.key) if is_nobodys else Put(old.key, to_stored(block)[1]))
    try:
        await store.transact(compares, operations)
    except Conflict:
        return []
    return released
