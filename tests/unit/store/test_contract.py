"""What every driver promises (`tortie.store.base.Store`): the same tests for all of them.

Revisions count from `start`, where the store stood at the test's beginning: an empty etcd begins at 1, and one that
was emptied stands anywhere. Where compaction is the driver's own affair the tests ask for `make_own_store`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest

from tortie.store import (
    KEY_BYTES_MAX,
    OPERATIONS_COUNT_MAX,
    VALUE_BYTES_MAX,
    WATCH_BATCH_EVENTS_MAX,
    Compacted,
    Compare,
    Conflict,
    Delete,
    Entry,
    Event,
    HistoryReplaced,
    InvalidRequest,
    Operation,
    Put,
    Store,
)

MakeStore = Callable[..., Store]
DEADLINE_S = 10


def run(store: Store, test: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            try:
                await test(store)
            finally:
                await store.close()

    asyncio.run(main())


async def put(store: Store, key: str, value: bytes = b"v") -> int:
    return await store.transact([], [Put(key, value)])


async def standing(store: Store) -> int:
    """Return the revision at which the store stands."""
    return (await store.list("/")).revision


async def collect(store: Store, prefix: str, from_revision: int, count: int) -> list[list[Event]]:
    """Return the batches of a watch until they hold `count` events."""
    batches: list[list[Event]] = []
    async with aclosing(store.watch(prefix, from_revision)) as watch:
        async for batch in watch:
            batches.append(batch)
            if sum(map(len, batches)) >= count:
                break
    return batches


# ---------------------------------------------------------------- get, list, transact


def test_an_absent_key_is_none(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        assert await store.get("/a") is None

    run(make_store(), test)


def test_revisions_of_an_entry_through_its_life(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        assert await put(store, "/a", b"1") == start + 1
        assert await put(store, "/b", b"") == start + 2
        assert await put(store, "/a", b"2") == start + 3
        assert await store.get("/a") == Entry("/a", b"2", create_revision=start + 1, mod_revision=start + 3)
        assert await store.get("/b") == Entry("/b", b"", create_revision=start + 2, mod_revision=start + 2)
        assert await store.transact([], [Delete("/a")]) == start + 4
        assert await store.get("/a") is None
        assert await put(store, "/a", b"3") == start + 5
        assert await store.get("/a") == Entry("/a", b"3", create_revision=start + 5, mod_revision=start + 5)

    run(make_store(), test)


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        pytest.param("/", ["/a", "/a/b", "/a/é", "/ab", "/b"], id="all"),
        pytest.param("", ["/a", "/a/b", "/a/é", "/ab", "/b"], id="empty prefix"),
        pytest.param("/a", ["/a", "/a/b", "/a/é", "/ab"], id="plain text, not a folder"),
        pytest.param("/a/", ["/a/b", "/a/é"], id="folder"),
        pytest.param("/a/%", [], id="no wildcards"),
        pytest.param("/c", [], id="none"),
    ],
)
def test_list_is_sorted_and_by_prefix(make_store: MakeStore, prefix: str, keys: list[str]) -> None:
    async def test(store: Store) -> None:
        for key in ("/b", "/a/é", "/ab", "/a", "/a/b"):
            last = await put(store, key)
        listing = await store.list(prefix)
        assert [entry.key for entry in listing.entries] == keys
        assert listing.revision == last

    run(make_store(), test)


def test_two_stores_have_different_histories(make_own_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        other = make_own_store()
        assert (await store.list("/")).history != (await other.list("/")).history
        assert (await store.list("/")).history == (await store.list("/")).history
        await other.close()

    run(make_own_store(), test)


def test_a_transaction_writes_several_keys_at_one_revision(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        first = await store.transact([], [Put("/a", b"1"), Put("/b", b"1"), Put("/c", b"1")])
        compares = [Compare("/a", first), Compare("/b", first), Compare("/new", 0)]
        assert await store.transact(compares, [Put("/a", b"2"), Delete("/b"), Put("/new", b"2")]) == first + 1
        listing = await store.list("/")
        assert [(entry.key, entry.value, entry.mod_revision) for entry in listing.entries] == [
            ("/a", b"2", first + 1),
            ("/c", b"1", first),
            ("/new", b"2", first + 1),
        ]

    run(make_store(), test)


def moved(revision: int, start: int) -> int:
    """Return a revision of the tables below, which count from 0, in a store that stood at `start`; 0 = absent stays."""
    return revision + start if revision else 0


@pytest.mark.parametrize(
    ("compares", "key", "expected", "found"),
    [
        pytest.param([Compare("/a", 0)], "/a", 0, 2, id="should be absent"),
        pytest.param([Compare("/a", 1)], "/a", 1, 2, id="older revision"),
        pytest.param([Compare("/a", 3)], "/a", 3, 2, id="revision never seen"),
        pytest.param([Compare("/x", 1)], "/x", 1, 0, id="is absent"),
        pytest.param([Compare("/a", 2), Compare("/b", 7)], "/b", 7, 1, id="second compare"),
        pytest.param([Compare("/c", 9), Compare("/b", 7)], "/c", 9, 0, id="first of two"),
    ],
)
def test_a_compare_that_fails_changes_nothing(
    make_store: MakeStore, compares: list[Compare], key: str, expected: int, found: int
) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        await store.transact([], [Put("/a", b"1"), Put("/b", b"1")])
        await put(store, "/a", b"2")
        before = await store.list("/")
        shifted = [Compare(compare.key, moved(compare.mod_revision, start)) for compare in compares]
        with pytest.raises(Conflict) as caught:
            await store.transact(shifted, [Put("/a", b"3"), Delete("/b"), Put("/n", b"3")])
        conflict = caught.value
        assert (conflict.key, conflict.expected, conflict.found) == (key, moved(expected, start), moved(found, start))
        assert key in str(caught.value)
        assert await store.list("/") == before

    run(make_store(), test)


@pytest.mark.parametrize(
    "operations",
    [pytest.param([], id="no operations"), pytest.param([Delete("/x"), Delete("/y")], id="absent keys deleted")],
)
def test_a_transaction_that_changes_nothing_makes_no_revision(
    make_store: MakeStore, operations: list[Operation]
) -> None:
    async def test(store: Store) -> None:
        revision = await put(store, "/a")
        assert await store.transact([Compare("/a", revision)], operations) == revision
        assert await standing(store) == revision

    run(make_store(), test)


def test_writing_the_same_value_is_a_revision(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        assert [await put(store, "/a"), await put(store, "/a")] == [start + 1, start + 2]

    run(make_store(), test)


def test_concurrent_increments_lose_nothing(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(8):
                tasks.create_task(increment(store, 5))
        entry = await store.get("/n")
        assert entry is not None
        assert entry.value == b"40"
        assert entry.mod_revision == start + 40

    async def increment(store: Store, times: int) -> None:
        while times:
            entry = await store.get("/n")
            value = int(entry.value) + 1 if entry else 1
            try:
                await store.transact([Compare("/n", entry.mod_revision if entry else 0)], [Put("/n", b"%d" % value)])
                times -= 1
            except Conflict:
                continue

    run(make_store(), test)


# ---------------------------------------------------------------- limits

KEY_AT_LIMIT = "/" + "k" * (KEY_BYTES_MAX - 1)


@pytest.mark.parametrize(
    ("compares", "operations"),
    [
        pytest.param([], [Put(KEY_AT_LIMIT, b"")], id="key"),
        pytest.param([], [Put("/a", bytes(VALUE_BYTES_MAX))], id="value"),
        pytest.param([], [Put(f"/{i}", b"") for i in range(OPERATIONS_COUNT_MAX)], id="operations"),
        pytest.param([Compare(f"/{i}", 0) for i in range(OPERATIONS_COUNT_MAX)], [], id="compares"),
    ],
)
def test_at_the_limit(make_store: MakeStore, compares: list[Compare], operations: list[Operation]) -> None:
    async def test(store: Store) -> None:
        await store.transact(compares, operations)
        assert len((await store.list("/")).entries) == len(operations)

    run(make_store(), test)


@pytest.mark.parametrize(
    ("compares", "operations", "text"),
    [
        pytest.param([], [Put(KEY_AT_LIMIT + "k", b"")], "1025 bytes, at most 1024", id="key"),
        pytest.param([], [Put("/" + "é" * 512, b"")], "1025 bytes, at most 1024", id="key in bytes"),
        pytest.param([], [Put("/a", bytes(VALUE_BYTES_MAX + 1))], "at most 1048576", id="value"),
        pytest.param([], [Put(f"/{i}", b"") for i in range(129)], "129 operations", id="operations"),
        pytest.param([Compare(f"/{i}", 0) for i in range(129)], [], "129 compares", id="compares"),
        pytest.param([], [Put("/a", b""), Delete("/a")], "written twice", id="key twice"),
        pytest.param([], [Put("a", b"")], "starts with '/'", id="no slash"),
        pytest.param([Compare("a", 0)], [], "starts with '/'", id="no slash in compare"),
        pytest.param([], [Put("/a\nb", b"")], "control characters", id="control character"),
        pytest.param([], [Delete("/\ud800")], "surrogates", id="lone surrogate"),
    ],
)
def test_beyond_the_limit(
    make_store: MakeStore, compares: list[Compare], operations: list[Operation], text: str
) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        with pytest.raises(InvalidRequest, match=text):
            await store.transact(compares, operations)
        assert await standing(store) == start

    run(make_store(), test)


def test_bad_keys_are_refused_by_reads(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        with pytest.raises(InvalidRequest):
            await store.get("a")
        with pytest.raises(InvalidRequest):
            await store.list("/\0")
        with pytest.raises(InvalidRequest):
            await collect(store, "/\0", 0, 1)

    run(make_store(), test)


# ---------------------------------------------------------------- watch


def test_a_watch_replays_what_was(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        first = await put(store, "/a", b"1")
        await put(store, "/a", b"2")
        await store.transact([], [Delete("/a"), Put("/b", b"3")])
        events = [event for batch in await collect(store, "/", start, 4) for event in batch]
        assert events == [
            Event("/a", Entry("/a", b"1", first, first), first),
            Event("/a", Entry("/a", b"2", first, first + 1), first + 1),
            Event("/a", None, first + 2),
            Event("/b", Entry("/b", b"3", first + 2, first + 2), first + 2),
        ]

    run(make_store(), test)


@pytest.mark.parametrize(("from_revision", "revisions"), [(0, [1, 2, 3]), (1, [2, 3]), (2, [3])])
def test_a_watch_begins_after_its_revision(make_store: MakeStore, from_revision: int, revisions: list[int]) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        for _ in range(3):
            await put(store, "/a")
        batches = await collect(store, "/", start + from_revision, len(revisions))
        assert [event.revision - start for batch in batches for event in batch] == revisions

    run(make_store(), test)


def test_a_watch_waits_for_what_comes(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        revision = await put(store, "/a")
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(collect(store, "/", revision, 2))
            second = tasks.create_task(collect(store, "/", revision, 2))
            await asyncio.sleep(0)
            await put(store, "/b")
            await put(store, "/c")
        for batches in (first.result(), second.result()):
            assert [event.key for batch in batches for event in batch] == ["/b", "/c"]

    run(make_store(), test)


def test_a_watch_sees_its_prefix_only(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        for key in ("/a/1", "/b/1", "/a", "/a/2"):
            await put(store, key)
        batches = await collect(store, "/a/", start, 2)
        assert [event.key for batch in batches for event in batch] == ["/a/1", "/a/2"]

    run(make_store(), test)


def test_batches_are_bounded_and_split_no_revision(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        start, count = await standing(store), 0
        while count <= WATCH_BATCH_EVENTS_MAX:
            await store.transact([], [Put(f"/{i}", b"") for i in range(OPERATIONS_COUNT_MAX - 1)])
            count += OPERATIONS_COUNT_MAX - 1
        batches = await collect(store, "/", start, count)
        assert [len(batch) for batch in batches] == [7 * 127, 127]
        assert all(len(batch) <= WATCH_BATCH_EVENTS_MAX for batch in batches)
        assert batches[0][-1].revision < batches[1][0].revision

    run(make_store(), test)


def test_the_change_log_is_compacted_to_its_limit(make_own_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        for i in range(4):
            await put(store, f"/{i}")
        assert sum(map(len, await collect(store, "/", 0, 4))) == 4  # at the limit nothing is lost
        await put(store, "/4")
        with pytest.raises(Compacted) as caught:
            await collect(store, "/", 0, 1)
        assert (caught.value.from_revision, caught.value.compacted_revision) == (0, 1)
        assert sum(map(len, await collect(store, "/", 1, 4))) == 4
        assert len((await store.list("/")).entries) == 5

    run(make_own_store(change_log_events_max=4), test)


def test_compaction_takes_whole_revisions(make_own_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        await store.transact([], [Put("/a", b""), Put("/b", b""), Put("/c", b"")])
        await store.transact([], [Put("/a", b""), Put("/b", b"")])
        with pytest.raises(Compacted, match="up to revision 1"):
            await collect(store, "/", 0, 1)
        assert [event.revision for event in (await collect(store, "/", 1, 2))[0]] == [2, 2]

    run(make_own_store(change_log_events_max=4), test)


def test_a_watch_that_falls_behind_is_told(make_own_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        await put(store, "/a")
        async with aclosing(store.watch("/", 0)) as watch:
            assert len(await anext(watch)) == 1
            for _ in range(6):
                await put(store, "/a")
            with pytest.raises(Compacted):
                await anext(watch)

    run(make_own_store(change_log_events_max=4), test)


def test_a_revision_that_never_was_is_another_history(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        revision = await put(store, "/a")
        with pytest.raises(HistoryReplaced) as caught:
            await collect(store, "/", revision + 1, 1)
        assert (caught.value.from_revision, caught.value.revision) == (revision + 1, revision)

    run(make_store(), test)


def test_a_watch_of_another_history_is_refused(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        revision = await put(store, "/a")
        history = (await store.list("/")).history
        async with aclosing(store.watch("/", revision - 1, history)) as watch:
            assert len(await anext(watch)) == 1
        async with aclosing(store.watch("/", revision, "another")) as watch:
            with pytest.raises(HistoryReplaced):
                await anext(watch)

    run(make_store(), test)


def test_a_cancelled_watch_ends(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        start = await standing(store)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await collect(store, "/", start, 1)
        await put(store, "/a")
        assert len(await collect(store, "/", start, 1)) == 1

    run(make_store(), test)


# ---------------------------------------------------------------- close


def test_after_close_everything_is_refused(make_store: MakeStore) -> None:
    async def test(store: Store) -> None:
        await put(store, "/a")
        await store.close()
        with pytest.raises(InvalidRequest, match="closed"):
            await store.get("/a")
        with pytest.raises(InvalidRequest, match="closed"):
            await store.list("/")
        with pytest.raises(InvalidRequest, match="closed"):
            await put(store, "/a")
        with pytest.raises(InvalidRequest, match="closed"):
            await collect(store, "/", 0, 1)

    run(make_store(), test)


def test_close_ends_a_waiting_watch(make_store: MakeStore) -> None:
    async def watch(store: Store, start: int) -> None:
        with pytest.raises(InvalidRequest, match="closed"):
            await collect(store, "/", start, 1)

    async def test(store: Store) -> None:
        start = await standing(store)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch(store, start))
            await asyncio.sleep(0)
            await store.close()

    run(make_store(), test)
