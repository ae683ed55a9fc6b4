"""Who may write into which version of the datastore's form, with every driver."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from tortie.store import Compare, Conflict, Delete, Holder, Put, SchemaMismatch, Store
from tortie.store.base import Entry
from tortie.store.schema import (
    SCHEMA_KEY,
    SCHEMA_VERSION,
    SCHEMA_VERSION_OLDEST,
    Schema,
    SchemaGuard,
    guarded,
    read_schema,
    schema_problem,
)

KEY = "/calico/key"
NEWER = Schema(SCHEMA_VERSION + 1).to_value()
BETWEEN = Schema(SCHEMA_VERSION, SCHEMA_VERSION - 1).to_value()


def entry(value: bytes) -> Entry:
    return Entry(SCHEMA_KEY, value, 1, 7)


def run(make_store: Callable[..., Store], work: Callable[[Store, SchemaGuard], Awaitable[None]]) -> None:
    """Run with a driver and a guard in front of it."""

    async def test() -> None:
        driver = make_store()
        try:
            await work(driver, SchemaGuard(driver))
        finally:
            await driver.close()

    asyncio.run(test())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'{"version": 1}', Schema(1, None, 7)),
        (b'{"version": 3, "upgradingFrom": 1}', Schema(3, 1, 7)),
        (b'{"version": 1, "more": [2]}', Schema(1, None, 7)),
    ],
)
def test_record_is_read(value: bytes, expected: Schema) -> None:
    assert read_schema(entry(value)) == expected


def test_no_record_is_version_0() -> None:
    assert read_schema(None) == Schema(0, None, 0)
    assert SCHEMA_VERSION_OLDEST == 0


@pytest.mark.parametrize("value", [b"", b"1", b"[]", b"{}", b'{"version": "1"}', b"\xff", b'{"version": null}'])
def test_a_record_that_cannot_be_read_is_not_taken_for_none(value: bytes) -> None:
    with pytest.raises(SchemaMismatch, match=r"expected \{.version.: N\}"):
        read_schema(entry(value))
    assert "restore it from a backup" in schema_problem(entry(value))


def test_record_survives_writing_and_reading() -> None:
    for schema in (Schema(1, None, 7), Schema(3, 2, 7)):
        assert read_schema(entry(schema.to_value())) == schema
        assert set(json.loads(schema.to_value())) <= {"version", "upgradingFrom"}


@pytest.mark.parametrize("version", range(SCHEMA_VERSION_OLDEST, SCHEMA_VERSION + 1))
def test_our_versions_are_written(make_store: Callable[..., Store], version: int) -> None:
    async def work(driver: Store, guard: SchemaGuard) -> None:
        if version:
            await driver.transact([], [Put(SCHEMA_KEY, Schema(version).to_value())])
        await guard.transact([Compare(KEY, 0)], [Put(KEY, b"1")])
        found = await guard.get(KEY)
        assert found is not None
        assert found.value == b"1"
        assert [item.key for item in (await guard.list(KEY)).entries] == [KEY]

    run(make_store, work)


@pytest.mark.parametrize(("value", "text"), [(NEWER, "install a newer tortie"), (BETWEEN, "tortie datastore upgrade")])
def test_others_are_not(make_store: Callable[..., Store], value: bytes, text: str) -> None:
    async def work(driver: Store, guard: SchemaGuard) -> None:
        await driver.transact([], [Put(SCHEMA_KEY, value)])
        with pytest.raises(SchemaMismatch, match=text):
            await guard.transact([], [Put(KEY, b"1")])
        assert await driver.get(KEY) is None
        assert (await guard.list("/")).entries != ()
        reader = SchemaGuard(driver, checks_reading=True)
        for reading in (reader.get(KEY), reader.list("/")):
            with pytest.raises(SchemaMismatch, match=text):
                await reading

    run(make_store, work)


def test_a_store_keeps_its_leases_behind_the_guard(make_store: Callable[..., Store]) -> None:
    async def work(driver: Store, _guard: SchemaGuard) -> None:
        guard = guarded(driver)
        assert isinstance(guard, Holder) == isinstance(driver, Holder)
        if not isinstance(guard, Holder):
            return
        await driver.transact([], [Put(SCHEMA_KEY, NEWER)])
        with pytest.raises(SchemaMismatch):
            await guard.hold(KEY, b"1", 30)
        assert await driver.get(KEY) is None
        await driver.transact([], [Delete(SCHEMA_KEY)])
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            held = tasks.create_task(guard.hold(KEY, b"1", 30))
            while await driver.get(KEY) is None:  # noqa: ASYNC110 - it appears in another process
                await asyncio.sleep(0.01)
            held.cancel()

    run(make_store, work)


def test_an_upgrade_between_two_writes_stops_the_second(make_store: Callable[..., Store]) -> None:
    async def work(driver: Store, guard: SchemaGuard) -> None:
        await guard.transact([], [Put(KEY, b"1")])
        await driver.transact([], [Put(SCHEMA_KEY, Schema(SCHEMA_VERSION).to_value())])
        await guard.transact([], [Put(KEY, b"2")])  # another version, and one of ours: looked at again, and written
        await driver.transact([], [Put(SCHEMA_KEY, NEWER)])
        with pytest.raises(SchemaMismatch):
            await guard.transact([], [Put(KEY, b"3")])
        found = await driver.get(KEY)
        assert found is not None
        assert found.value == b"2"

    run(make_store, work)


def test_conflicts_of_the_caller_are_the_callers(make_store: Callable[..., Store]) -> None:
    async def work(_driver: Store, guard: SchemaGuard) -> None:
        with pytest.raises(Conflict) as caught:
            await guard.transact([Compare(KEY, 9)], [Put(KEY, b"1")])
        assert caught.value.key == KEY

    run(make_store, work)
