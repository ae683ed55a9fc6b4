"""Bringing a datastore from one version to the next, with every driver; the later versions are of the test."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from tortie.store import Conflict, Delete, Entry, Operation, Put, SchemaMismatch, Store
from tortie.store.schema import SCHEMA_KEY, SCHEMA_VERSION, Schema, SchemaGuard, read_schema
from tortie.store.schema_upgrade import BATCH_COUNT_MAX, STEPS, Step, describe, plan_upgrade, run_upgrade

KEYS = tuple(f"/calico/item/{number:04}" for number in range(2 * BATCH_COUNT_MAX + 1))


def to_upper(entries: Sequence[Entry]) -> list[Operation]:
    return [Put(entry.key, entry.value.upper()) for entry in entries if entry.value != entry.value.upper()]


def to_other_keys(entries: Sequence[Entry]) -> list[Operation]:
    moved = [entry for entry in entries if "/item/" in entry.key]
    return [item for entry in moved for item in (Delete(entry.key), Put(entry.key.replace("item", "thing"), b"C"))]


LATER = (*STEPS, Step(2, "upper case", to_upper), Step(3, "other keys", to_other_keys))


def run(make_store: Callable[..., Store], work: Callable[[Store], Awaitable[None]]) -> None:
    async def test() -> None:
        store = make_store()
        try:
            for start in range(0, len(KEYS), 100):
                await store.transact([], [Put(key, b"a") for key in KEYS[start : start + 100]])
            await work(store)
        finally:
            await store.close()

    asyncio.run(test())


async def schema(store: Store) -> Schema:
    return read_schema(await store.get(SCHEMA_KEY))


async def values(store: Store, prefix: str) -> set[bytes]:
    return {entry.value for entry in (await store.list(prefix)).entries}


def test_steps_lead_to_the_version_of_today() -> None:
    assert [step.version for step in STEPS] == list(range(1, SCHEMA_VERSION + 1))


def test_from_no_record_to_the_version_of_today(make_store: Callable[..., Store]) -> None:
    async def work(store: Store) -> None:
        before = await store.list("/calico/item/")
        upgrade = await plan_upgrade(store)
        assert [step.version for step in upgrade.steps] == [1]
        assert await store.get(SCHEMA_KEY) is None, "a plan changes nothing"
        assert await run_upgrade(store, upgrade) == 0
        assert (await schema(store)).version == SCHEMA_VERSION
        assert (await store.list("/calico/item/")).entries == before.entries
        again = await plan_upgrade(store)
        assert again.steps == ()
        assert await run_upgrade(store, again) == 0

    run(make_store, work)


def test_several_steps_of_more_records_than_one_transaction_takes(make_store: Callable[..., Store]) -> None:
    async def work(store: Store) -> None:
        upgrade = await plan_upgrade(store, LATER, 3)
        assert [step.version for step in upgrade.steps] == [1, 2, 3]
        assert await run_upgrade(store, upgrade) == 3 * len(KEYS)
        assert await schema(store) == Schema(3, None, (await schema(store)).mod_revision)
        assert await values(store, "/calico/item/") == set()
        assert len((await store.list("/calico/thing/")).entries) == len(KEYS)

    run(make_store, work)


def test_one_that_broke_off_is_finished(make_store: Callable[..., Store]) -> None:
    def breaks(entries: Sequence[Entry]) -> list[Operation]:
        operations = to_upper(entries)
        operations[BATCH_COUNT_MAX + 1] = Put("no key", b"")  # the second batch is refused
        return operations

    async def work(store: Store) -> None:
        broken = await plan_upgrade(store, (*STEPS, Step(2, "breaks", breaks)), 2)
        with pytest.raises(Exception, match="no key"):
            await run_upgrade(store, broken)
        assert (await schema(store)).upgrading_from == 0
        assert await values(store, "/calico/item/") == {b"a", b"A"}
        with pytest.raises(SchemaMismatch):
            await SchemaGuard(store).transact([], [Put("/calico/x", b"")])
        upgrade = await plan_upgrade(store, LATER[:2], 2)
        assert [step.version for step in upgrade.steps] == [1, 2]
        assert await run_upgrade(store, upgrade) == len(KEYS) - BATCH_COUNT_MAX
        assert await values(store, "/calico/item/") == {b"A"}
        assert (await schema(store)).upgrading_from is None

    run(make_store, work)


def test_somebody_elses_upgrade_meanwhile(make_store: Callable[..., Store]) -> None:
    async def work(store: Store) -> None:
        upgrade = await plan_upgrade(store, LATER, 3)
        await store.transact([], [Put(SCHEMA_KEY, Schema(1).to_value())])
        with pytest.raises(Conflict):
            await run_upgrade(store, upgrade)
        assert await values(store, "/calico/item/") == {b"a"}

    run(make_store, work)


def test_there_is_no_downgrade(make_store: Callable[..., Store]) -> None:
    async def work(store: Store) -> None:
        await store.transact([], [Put(SCHEMA_KEY, Schema(SCHEMA_VERSION + 1).to_value())])
        with pytest.raises(SchemaMismatch, match="there is no downgrade"):
            await plan_upgrade(store)

    run(make_store, work)


def test_words_for_a_dry_run() -> None:
    assert [describe(item) for item in (Put("/a", b""), Delete("/b"))] == ["write /a", "delete /b"]
