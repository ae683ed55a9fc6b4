"""Giving single addresses back, and deleting handles that hold none: what repairs what `inspect.py` finds.

What it is for: `release_address` and `delete_handle`, each one transaction on the records as they were read. What it is
not for: deciding what is leaked, and the ordinary way back, which is by handle (`allocate.py`).
"""

import ipaddress

from tortie.ipam.block import is_empty, problem_of, release_ordinal
from tortie.ipam.errors import Overtaken
from tortie.ipam.handle import counted_down_by_one
from tortie.ipam.inspect import Allocation, allocations_of
from tortie.model import IPAMBlock, IPAMHandle, ResourceInvalid, from_stored, to_stored
from tortie.model.keys import BLOCK_PREFIX, HANDLE_PREFIX
from tortie.store import Compare, Conflict, Delete, Entry, Operation, Put, Store

__all__ = ["delete_handle", "release_address"]

TRIES_MAX = 100
"""Tries of one request that others overtake; then Overtaken."""


async def release_address(store: Store, address: str, expected: Allocation | None = None) -> bool:
    """Give one address back, whoever holds it.

    Args:
        store: the datastore.
        address: canonical text.
        expected: only if it is still taken by the same holder since the same moment; None: in any case.

    Returns:
        False where it is not taken, or not as expected.

    Raises:
        Overtaken: TRIES_MAX tries met concurrent changes.
    """
    for _ in range(TRIES_MAX):
        found = await _block_around(store, address)
        if found is None:
            return False
        entry, block = found
        current = next((each for each in allocations_of(block) if each.ip == address), None)
        if current is None or (expected is not None and not _is_same(current, expected)):
            return False
        if await _write(store, entry, block, current):
            return True
    raise Overtaken(f"{address}: overtaken by other writers {TRIES_MAX} times")


async def delete_handle(store: Store, handle: str) -> bool:
    """Delete a handle's record if no block names it; False where there is none, or one does."""
    entry = await store.get(HANDLE_PREFIX + handle)
    if entry is None:
        return False
    for block_entry in (await store.list(BLOCK_PREFIX)).entries:
        block = _block_of(block_entry)
        if block is None or any(each.handle == handle for each in allocations_of(block)):
            return False
    try:
        await store.transact([Compare(entry.key, entry.mod_revision)], [Delete(entry.key)])
    except Conflict:
        return False
    return True


def _is_same(current: Allocation, expected: Allocation) -> bool:
    return (current.handle, current.sequence_number) == (expected.handle, expected.sequence_number)


async def _block_around(store: Store, address: str) -> tuple[Entry, IPAMBlock] | None:
    wanted = ipaddress.ip_address(address)
    for entry in (await store.list(BLOCK_PREFIX)).entries:
        block = _block_of(entry)
        if block is not None and wanted in ipaddress.ip_network(block.spec.cidr):
            return entry, block
    return None


def _block_of(entry: Entry) -> IPAMBlock | None:
    try:
        block = from_stored(entry.key, entry.value)
    except ResourceInvalid:
        return None
    return block if isinstance(block, IPAMBlock) and problem_of(block) is None else None


async def _write(store: Store, entry: Entry, block: IPAMBlock, allocation: Allocation) -> bool:
    """Write the block without the address together with its handle; False if overtaken."""
    network = ipaddress.ip_network(block.spec.cidr)
    ordinal = int(ipaddress.ip_address(allocation.ip)) - int(network.network_address)
    after = release_ordinal(block, ordinal)
    is_nobodys = after.spec.affinity is None and is_empty(after)
    compares = [Compare(entry.key, entry.mod_revision)]
    operations: list[Operation] = [Delete(entry.key) if is_nobodys else Put(entry.key, to_stored(after)[1])]
    handle_entry = await store.get(HANDLE_PREFIX + allocation.handle) if allocation.handle else None
    if handle_entry is not None:
        handle = from_stored(handle_entry.key, handle_entry.value)
        assert isinstance(handle, IPAMHandle), f"{handle_entry.key} is a handle's key"
        smaller = counted_down_by_one(handle, block.spec.cidr)
        compares.append(Compare(handle_entry.key, handle_entry.mod_revision))
        operations.append(Put(handle_entry.key, to_stored(smaller)[1]) if smaller else Delete(handle_entry.key))
    try:
        await store.transact(compares, operations)
    except Conflict:
        return False
    return True
