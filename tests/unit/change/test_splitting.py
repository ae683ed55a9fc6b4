"""Splitting a pool: in one revision, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from tortie.change.errors import SplitRefused
from tortie.change.splitting import split_pool
from tortie.model import IPPool, to_stored
from tortie.store import NotFound, Put, ResourceStore
from tortie.store.memory import MemoryStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POOL = IPPool.from_data(
    {
        "metadata": {"name": "p", "labels": {"a": "b"}, "uid": "old"},
        "spec": {"cidr": "10.0.0.0/24", "natOutgoing": True},
    }
)


def run(test: Callable[[MemoryStore], Awaitable[None]]) -> None:
    async def main() -> None:
        store = MemoryStore()
        await store.transact([], [Put(*to_stored(POOL))])
        await test(store)

    asyncio.run(main())


def test_parts_are_like_the_whole() -> None:
    async def test(store: MemoryStore) -> None:
        await split_pool(store, "p", 4, NOW)
        revision, pools, _ = await ResourceStore(store, lambda: NOW).snapshot()
        assert revision == 2, "one transaction"
        assert {pool.name: pool.to_data()["spec"]["cidr"] for pool in pools} == {
            "p-0": "10.0.0.0/26", "p-1": "10.0.0.64/26", "p-2": "10.0.0.128/26", "p-3": "10.0.0.192/26",
        }  # fmt: skip
        assert all(pool.labels == {"a": "b"} and pool.to_data()["spec"]["natOutgoing"] for pool in pools)
        assert len({pool.metadata.uid for pool in pools} | {"old"}) == 5

    run(test)


@pytest.mark.parametrize("count", [-4, 0, 1, 3, 128])
def test_a_count_that_cannot_be(count: int) -> None:
    async def test(store: MemoryStore) -> None:
        with pytest.raises(SplitRefused, match="expected a power of two from 2 to 64"):
            await split_pool(store, "p", count, NOW)

    run(test)


def test_a_part_is_at_least_a_block_and_its_name_must_be_free() -> None:
    async def test(store: MemoryStore) -> None:
        with pytest.raises(SplitRefused, match=r"8 parts of 10\.0\.0\.0/24 would be smaller than a block"):
            await split_pool(store, "p", 8, NOW)
        taken = IPPool.from_data({"metadata": {"name": "p-1"}, "spec": {"cidr": "10.9.0.0/24"}})
        await store.transact([], [Put(*to_stored(taken))])
        with pytest.raises(SplitRefused, match="a part's name is taken"):
            await split_pool(store, "p", 2, NOW)
        assert await store.get(to_stored(POOL)[0]) is not None
        with pytest.raises(NotFound):
            await split_pool(store, "q", 2, NOW)

    run(test)
