"""Following a prefix: updates, outages, and what is not obeyed without confirmation."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from tortie.store import (
    Compare,
    Delete,
    Entry,
    Event,
    Follower,
    FollowTimers,
    InvalidRequest,
    Known,
    Put,
    Store,
    StoreStatus,
    StoreUpdate,
    follow,
)
from tortie.store.memory import MemoryStore
from tortie.store.sqlite_store import SQLiteStore

DEADLINE_S = 10
FAST = FollowTimers(retry_first_s=0.001, retry_max_s=0.004, held_recheck_s=0.001)
CONNECTED = StoreStatus(is_connected=True, is_held=False, text="", revision=0)

Outputs = AsyncGenerator[StoreUpdate | StoreStatus, None]


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await test()

    asyncio.run(main())


async def next_update(outputs: Outputs) -> StoreUpdate:
    output = await anext(outputs)
    assert isinstance(output, StoreUpdate), output
    return output


async def next_status(outputs: Outputs) -> StoreStatus:
    output = await anext(outputs)
    assert isinstance(output, StoreStatus), output
    return output


async def put(store: Store, *keys: str) -> int:
    return await store.transact([], [Put(key, b"v") for key in keys])


async def start(outputs: Outputs) -> StoreUpdate:
    """Take the first two outputs: connected, and the first state."""
    status = await next_status(outputs)
    assert (status.is_connected, status.is_held, status.text) == (True, False, "")
    return await next_update(outputs)


# ---------------------------------------------------------------- updates


def test_an_empty_store_is_a_state_too() -> None:
    async def test() -> None:
        async with aclosing(follow(MemoryStore(), "/a/")) as outputs:
            assert await next_status(outputs) == CONNECTED
            assert await next_update(outputs) == StoreUpdate(0, {}, ())

    run(test)


def test_the_first_state_comes_with_everything_as_changed() -> None:
    async def test() -> None:
        store = MemoryStore()
        await put(store, "/a/2", "/a/1", "/b/1")
        async with aclosing(follow(store, "/a/")) as outputs:
            update = await start(outputs)
        assert update.revision == 1
        assert list(update.entries) == ["/a/1", "/a/2"]
        assert update.changed == tuple(Event(key, Entry(key, b"v", 1, 1), 1) for key in ("/a/1", "/a/2"))

    run(test)


def test_changes_are_applied_to_the_whole_state() -> None:
    async def test() -> None:
        store = MemoryStore()
        await put(store, "/a/1", "/a/3")
        follower = Follower(store, "/a/")
        async with aclosing(follower.updates()) as outputs:
            first = await start(outputs)
            await store.transact([Compare("/a/1", 1)], [Delete("/a/1"), Put("/a/2", b"w"), Put("/b", b"")])
            update = await next_update(outputs)
            assert list(update.entries) == ["/a/2", "/a/3"]
            assert update.changed == (Event("/a/1", None, 2), Event("/a/2", Entry("/a/2", b"w", 2, 2), 2))
            assert update.revision == 2
            assert list(first.entries) == ["/a/1", "/a/3"]  # an update is a copy
            assert follower.known is not None
            assert (follower.known.revision, follower.known.entry_count) == (2, 2)
            await store.transact([], [Delete("/a/2"), Delete("/a/3")])
            assert (await next_update(outputs)).entries == {}  # deletions seen one by one are obeyed

    run(test)


def test_a_follower_that_fell_behind_lists_again() -> None:
    async def test() -> None:
        store = MemoryStore(change_log_events_max=2)
        await put(store, "/a/1", "/a/2")
        async with aclosing(follow(store, "/a/")) as outputs:
            await start(outputs)
            await store.transact([], [Delete("/a/1")])
            for _ in range(3):
                await put(store, "/a/3")
            update = await next_update(outputs)
        assert update.revision == 5
        assert update.changed == (
            Event("/a/1", None, 5),
            Event("/a/3", Entry("/a/3", b"v", 3, 5), 5),
        )
        assert list(update.entries) == ["/a/2", "/a/3"]

    run(test)


def test_a_closed_store_ends_it() -> None:
    async def test() -> None:
        store = MemoryStore()
        async with aclosing(follow(store, "/")) as outputs:
            await start(outputs)
            await store.close()
            with pytest.raises(InvalidRequest):
                await anext(outputs)

    run(test)


# ---------------------------------------------------------------- outages


def test_an_outage_is_told_once_and_ends_by_itself() -> None:
    async def test() -> None:
        store = MemoryStore()
        await put(store, "/a")
        follower = Follower(store, "/", timers=FAST)
        async with aclosing(follower.updates()) as outputs:
            await start(outputs)
            store.set_outage("gone fishing")
            status = await next_status(outputs)
            assert status == StoreStatus(False, False, "memory datastore: gone fishing", 1)
            assert follower.status == status
            waiting = asyncio.ensure_future(anext(outputs))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not waiting.done()  # many tries, nothing new to tell
            assert follower._failure_count > 2
            store.set_outage(None)
            assert await waiting == StoreStatus(True, False, "", 1)
            assert follower._failure_count == 0  # the next outage begins with short pauses again
            await put(store, "/b")
            assert list((await next_update(outputs)).entries) == ["/a", "/b"]

    run(test)


def test_an_outage_at_the_start() -> None:
    async def test() -> None:
        store = MemoryStore()
        store.set_outage("not yet")
        async with aclosing(Follower(store, "/", timers=FAST).updates()) as outputs:
            assert not (await next_status(outputs)).is_connected
            store.set_outage(None)
            await start(outputs)

    run(test)


def test_what_changed_during_an_outage_is_caught_up() -> None:
    async def test() -> None:
        store = MemoryStore()
        await put(store, "/a", "/b")
        async with aclosing(Follower(store, "/", timers=FAST).updates()) as outputs:
            await start(outputs)
            store.set_outage("x")
            await next_status(outputs)
            store.set_outage(None)
            await store.transact([], [Delete("/a"), Put("/c", b"")])
            assert (await next_status(outputs)).is_connected
            update = await next_update(outputs)
            assert [event.key for event in update.changed] == ["/a", "/c"]
            assert list(update.entries) == ["/b", "/c"]

    run(test)


def test_pauses_double_up_to_a_limit_and_start_again() -> None:
    timers = FollowTimers(retry_first_s=0.1, retry_max_s=5.0)
    follower = Follower(MemoryStore(), "/", timers=timers, jitter=lambda: 0.75)
    pauses = [follower._back_off() for _ in range(30)]
    assert pauses[:7] == pytest.approx([0.075, 0.15, 0.3, 0.6, 1.2, 2.4, 3.75])
    assert set(pauses[6:]) == {3.75}


# ---------------------------------------------------------------- what is not obeyed


async def hold(outputs: Outputs, text: str) -> StoreStatus:
    """Take outputs up to the status that says held."""
    while True:
        output = await anext(outputs)
        assert isinstance(output, StoreStatus), f"obeyed: {output}"
        if output.is_held:
            assert output.is_connected
            assert text in output.text
            assert "stays in force" in output.text
            return output


def test_another_history_is_not_obeyed_until_confirmed() -> None:
    async def test() -> None:
        store = MemoryStore()
        await put(store, "/a", "/b")
        follower = Follower(store, "/", timers=FAST)
        async with aclosing(follower.updates()) as outputs:
            await start(outputs)
            assert not follower.confirm()  # nothing to confirm
            store.clear_history()
            await put(store, "/c")
            held = await hold(outputs, "another datastore stands in its place (revision 1)")
            assert held.revision == 1
            assert follower.known is not None
            assert follower.known.entry_count == 2
            assert follower.confirm()
            assert not (await next_status(outputs)).is_held
            update = await next_update(outputs)
            assert list(update.entries) == ["/c"]
            assert [(event.key, event.entry is None) for event in update.changed] == [
                ("/a", True),
                ("/b", True),
                ("/c", False),
            ]
            await put(store, "/d")
            assert list((await next_update(outputs)).entries) == ["/c", "/d"]

    run(test)


def test_a_confirmation_covers_what_that_history_says_later() -> None:
    async def test() -> None:
        store = MemoryStore()
        await put(store, "/a")
        follower = Follower(store, "/", timers=FAST)
        async with aclosing(follower.updates()) as outputs:
            await start(outputs)
            store.clear_history()
            await hold(outputs, "another datastore")
            assert follower.confirm()
            await put(store, "/b")
            assert not (await next_status(outputs)).is_held
            assert list((await next_update(outputs)).entries) == ["/b"]
            store.clear_history()  # a third history is doubted again
            await hold(outputs, "another datastore")

    run(test)


def test_an_empty_list_that_the_change_log_explains_is_obeyed() -> None:
    async def test() -> None:
        store = MemoryStore()
        await put(store, "/a", "/b")
        async with aclosing(Follower(store, "/", timers=FAST).updates()) as outputs:
            await start(outputs)
            store.set_outage("x")
            await next_status(outputs)
            store.set_outage(None)
            await store.transact([], [Delete("/a")])
            await store.transact([], [Delete("/b")])
            assert await next_status(outputs) == StoreStatus(True, False, "", 1)
            update = await next_update(outputs)
            assert update.entries == {}
            assert [event.revision for event in update.changed] == [2, 3]

    run(test)


def test_an_empty_list_that_nothing_explains_is_not_obeyed() -> None:
    async def test() -> None:
        store = MemoryStore(change_log_events_max=2)
        await put(store, "/a/1", "/a/2")
        follower = Follower(store, "/a/", timers=FAST)
        async with aclosing(follower.updates()) as outputs:
            await start(outputs)
            store.set_outage("x")
            await next_status(outputs)
            store.set_outage(None)
            await store.transact([], [Delete("/a/1"), Delete("/a/2")])
            await put(store, "/b")
            await put(store, "/b")
            await hold(outputs, "lists nothing under /a/")
            await put(store, "/a/1")  # credible again, without a confirmation
            assert not (await next_status(outputs)).is_held
            update = await next_update(outputs)
            assert list(update.entries) == ["/a/1"]

    run(test)


def test_a_backup_that_is_written_on_stays_unbelieved(tmp_path: Path) -> None:
    """It has more revisions than were seen, but some of them are not those that were seen."""
    path, backup = tmp_path / "s.db", tmp_path / "backup.db"

    async def test() -> None:
        writer = SQLiteStore(path)
        await put(writer, "/a")
        await writer.close()
        shutil.copy(path, backup)
        store = SQLiteStore(path)
        await put(store, "/b")
        follower = Follower(store, "/", timers=FAST)
        async with aclosing(follower.updates()) as outputs:
            assert list((await start(outputs)).entries) == ["/a", "/b"]
            path.unlink()
            assert "removed" in (await next_status(outputs)).text
            writer = SQLiteStore(backup)
            for key in ("/c", "/d", "/e"):
                await put(writer, key)
            await writer.close()
            backup.rename(path)
            await hold(outputs, "it went back and was written on (revision 4)")
            assert follower.confirm()
            assert not (await next_status(outputs)).is_held
            assert list((await next_update(outputs)).entries) == ["/a", "/c", "/d", "/e"]
        await store.close()

    run(test)


def test_a_backup_put_in_place_is_not_obeyed_and_the_right_file_is(tmp_path: Path) -> None:
    path, backup, right = tmp_path / "s.db", tmp_path / "backup.db", tmp_path / "right.db"

    async def test() -> None:
        writer = SQLiteStore(path)
        await put(writer, "/a")
        await writer.close()
        shutil.copy(path, backup)
        store = SQLiteStore(path)
        await put(store, "/b")
        async with aclosing(Follower(store, "/", timers=FAST).updates()) as outputs:
            assert list((await start(outputs)).entries) == ["/a", "/b"]
            path.rename(right)
            assert "removed" in (await next_status(outputs)).text
            backup.rename(path)
            held = await hold(outputs, "its revision went back to 1")
            assert held.revision == 2
            path.unlink()
            right.rename(path)
            while (await next_status(outputs)) != StoreStatus(True, False, "", 2):
                pass
            await put_despite_replacement(store, "/c")
            assert list((await next_update(outputs)).entries) == ["/a", "/b", "/c"]
        await store.close()

    run(test)


async def put_despite_replacement(store: Store, key: str) -> None:
    while True:
        try:
            await put(store, key)
        except Exception as error:  # noqa: BLE001 - any of the reports of the replacements
            assert "removed" in str(error) or "replaced" in str(error)  # noqa: PT017 - a loop until it works
        else:
            return


# ---------------------------------------------------------------- a restarted agent


async def known_of(store: Store, prefix: str) -> Known:
    listing = await store.list(prefix)
    return Known(listing.history, listing.revision, len(listing.entries))


def test_a_restarted_agent_obeys_the_store_it_knew() -> None:
    async def test() -> None:
        store = MemoryStore()
        await put(store, "/a")
        follower = Follower(store, "/", known=await known_of(store, "/"), timers=FAST)
        assert follower.known == await known_of(store, "/")
        await put(store, "/b")
        async with aclosing(follower.updates()) as outputs:
            assert list((await start(outputs)).entries) == ["/a", "/b"]

    run(test)


def test_a_restarted_agent_gets_a_first_state_even_if_nothing_changed() -> None:
    async def test() -> None:
        store = MemoryStore()
        follower = Follower(store, "/", known=await known_of(store, "/"))
        async with aclosing(follower.updates()) as outputs:
            assert await start(outputs) == StoreUpdate(0, {}, ())

    run(test)


@pytest.mark.parametrize("new_keys", [[], ["/x"]])
def test_a_restarted_agent_does_not_obey_another_store(new_keys: list[str]) -> None:
    async def test() -> None:
        old, new = MemoryStore(), MemoryStore()
        await put(old, "/a")
        if new_keys:
            await put(new, *new_keys)
        follower = Follower(new, "/", known=await known_of(old, "/"), timers=FAST)
        async with aclosing(follower.updates()) as outputs:
            await hold(outputs, "another datastore")
            assert follower.confirm()
            assert not (await next_status(outputs)).is_held
            assert list((await next_update(outputs)).entries) == new_keys

    run(test)


@pytest.mark.parametrize(
    ("later_writes", "is_obeyed"),
    [pytest.param(0, True, id="the log tells of it"), pytest.param(1, False, id="the log is compacted")],
)
def test_a_restarted_agent_obeys_deletions_that_the_log_tells_of(later_writes: int, is_obeyed: bool) -> None:
    async def test() -> None:
        store = MemoryStore(change_log_events_max=1)
        await put(store, "/a/1")
        known = await known_of(store, "/a/")
        await store.transact([], [Delete("/a/1")])
        for _ in range(later_writes):
            await put(store, "/b")
        async with aclosing(Follower(store, "/a/", known=known, timers=FAST).updates()) as outputs:
            if is_obeyed:
                assert await start(outputs) == StoreUpdate(2, {}, (Event("/a/1", None, 2),))
            else:
                assert not (await next_status(outputs)).is_held
                await hold(outputs, "lists nothing under /a/")

    run(test)
