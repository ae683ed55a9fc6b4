"""What is written about addresses against itself and what is in use, and the repair of single addresses."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from tortie.ipam import PoolsExhausted, assign_address, delete_handle, inspect, release_address, release_handle
from tortie.ipam.inspect import Inspection
from tortie.model import IPPool, Node, Resource, WorkloadEndpoint, to_stored
from tortie.model.keys import BLOCK_PREFIX
from tortie.store import Put, ResourceStore, Store
from tortie.store.memory import MemoryStore

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
POOL = IPPool.from_data({"metadata": {"name": "pool"}, "spec": {"cidr": "10.0.0.0/28", "blockSize": 29}})


def workload(name: str, address: str) -> Resource:
    return WorkloadEndpoint.from_data({"metadata": {"name": name}, "spec": {"node": "n1", "ipNetworks": [address]}})


def run(test: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = MemoryStore()
        await write(store, POOL)
        await test(store)

    asyncio.run(main())


async def write(store: Store, *resources: Resource) -> None:
    await store.transact([], [Put(*to_stored(resource)) for resource in resources])


async def inspected(store: Store) -> Inspection:
    return inspect((await ResourceStore(store, lambda: NOW).snapshot()).resources)


def test_all_is_well() -> None:
    async def test(store: Store) -> None:
        address = await assign_address(store, "n1", [POOL], "h", NOW)
        await write(store, workload("w", address))
        found = await inspected(store)
        assert found.problem_count == 0
        (allocation,) = found.allocations
        assert (allocation.ip, allocation.handle, allocation.is_borrowed) == (address, "h", False)
        assert found.owners == {address: ["Workload(default/w)"]}

    run(test)


def test_each_thing_that_can_be_wrong() -> None:
    async def test(store: Store) -> None:
        leaked = await assign_address(store, "n1", [POOL], "leaked", NOW)
        lost = await assign_address(store, "n1", [POOL], "lost", NOW)
        shared = await assign_address(store, "n1", [POOL], "shared", NOW)
        tunnel = Node.from_data({"metadata": {"name": "n9"}, "spec": {"ipv4VXLANTunnelAddr": "10.0.0.15"}})
        await write(store, workload("a", shared), workload("b", shared), workload("c", lost), tunnel)
        await write(store, workload("d", "172.16.0.1"))
        entries = (await store.list("/calico/ipam/v2/")).entries
        (handle,) = [entry for entry in entries if entry.key.endswith("/lost")]
        await store.transact([], [Put(handle.key.replace("lost", "idle"), handle.value.replace(b"lost", b"idle"))])
        await ResourceStore(store, lambda: NOW).delete("IPAMHandle", "lost")
        found = await inspected(store)
        assert found.leaked == [leaked]
        assert found.unallocated == ["10.0.0.15"]
        assert found.foreign == ["172.16.0.1"]
        assert found.shared == [shared]
        assert (found.idle_handles, found.missing_handles, found.broken) == (["idle"], ["lost"], [])
        assert found.problem_count == 6

    run(test)


def test_a_claim_and_its_block_that_disagree() -> None:
    async def test(store: Store) -> None:
        await assign_address(store, "n1", [POOL], "h", NOW)
        (entry,) = (await store.list(BLOCK_PREFIX)).entries
        await store.transact([], [Put(entry.key, entry.value.replace(b"host:n1", b"host:n2"))])
        cidr = entry.key.rpartition("/")[2].replace("-", "/")
        assert (await inspected(store)).broken == [f"block {cidr} belongs to host:n2, and host:n1 claims it"]
        await store.transact([], [Put(entry.key, b'{"cidr":"%s"}' % cidr.encode())])
        assert any("0 allocations, expected 8" in line for line in (await inspected(store)).broken)

    run(test)


def test_one_address_of_a_handle_is_given_back() -> None:
    async def test(store: Store) -> None:
        first = await assign_address(store, "n1", [POOL], "h", NOW)
        second = await assign_address(store, "n1", [POOL], "h", NOW)
        assert await release_address(store, first)
        assert not await release_address(store, first)
        assert not await release_address(store, "192.0.2.1")
        found = await inspected(store)
        assert [each.ip for each in found.allocations] == [second]
        assert (found.idle_handles, found.missing_handles) == ([], [])
        assert await release_handle(store, "h") == [second]
        assert (await inspected(store)).problem_count == 0

    run(test)


def test_an_address_that_somebody_else_was_given_meanwhile_is_left_alone() -> None:
    async def test(store: Store) -> None:
        first = await assign_address(store, "n1", [POOL], "h", NOW)
        (before,) = (await inspected(store)).allocations
        await release_handle(store, "h")
        while (await assign_address(store, "n1", [POOL], "h", NOW)) != first:
            pass
        assert not await release_address(store, first, before)
        now = {each.ip: each for each in (await inspected(store)).allocations}
        assert await release_address(store, first, now[first])

    run(test)


def test_a_handle_goes_only_if_it_holds_nothing() -> None:
    async def test(store: Store) -> None:
        await assign_address(store, "n1", [POOL], "h", NOW)
        assert not await delete_handle(store, "h")
        assert not await delete_handle(store, "none")
        await store.transact([], [Put("/calico/ipam/v2/handle/idle", b'{"handleID":"idle","block":{}}')])
        assert (await inspected(store)).idle_handles == ["idle"]
        assert await delete_handle(store, "idle")
        assert (await inspected(store)).idle_handles == []

    run(test)


@pytest.mark.parametrize(
    ("configuration", "block_count", "why"),
    [
        (b'{"strict_affinity":true,"auto_allocate_blocks":true,"maxBlocksPerHost":1}', 1, "maxBlocksPerHost is 1"),
        (b'{"strict_affinity":true}', 0, "autoAllocateBlocks is false"),
        (b'{"strict_affinity":true,"auto_allocate_blocks":true}', 2, "every block of 10.0.0.0/28 is taken"),
    ],
)
def test_the_configuration_bounds_the_blocks_of_a_node(configuration: bytes, block_count: int, why: str) -> None:
    async def test(store: Store) -> None:
        await store.transact([], [Put("/calico/ipam/v2/config", configuration)])
        for _ in range(8 * block_count):
            await assign_address(store, "n1", [POOL], "h", NOW)
        with pytest.raises(PoolsExhausted, match=why):
            await assign_address(store, "n1", [POOL], "h", NOW)
        assert len((await store.list(BLOCK_PREFIX)).entries) == block_count
        assert len((await inspected(store)).allocations) == 8 * block_count

    run(test)
