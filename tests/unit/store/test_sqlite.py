"""What is sqlite's own: the file, and everything that can happen to it."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from tortie.store import Compare, Entry, Event, HistoryReplaced, Put, Store, StoreUnavailable
from tortie.store.sqlite import APPLICATION_ID
from tortie.store.sqlite_store import POLL_INTERVAL_S, SQLiteStore

DEADLINE_S = 10


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await test()

    asyncio.run(main())


async def put(store: Store, key: str, value: bytes = b"v") -> int:
    return await store.transact([], [Put(key, value)])


async def keys(store: Store) -> list[str]:
    return [entry.key for entry in (await store.list("/")).entries]


def modes(directory: Path) -> dict[str, str]:
    """Return the files of a directory with their permissions."""
    return {path.name: oct(path.stat().st_mode & 0o777) for path in directory.iterdir()}


def make_datastore(path: Path, *keys_to_put: str) -> None:
    """Make a data file with these keys, closed."""

    async def make() -> None:
        store = SQLiteStore(path)
        for key in keys_to_put:
            await put(store, key)
        await store.list("/")
        await store.close()

    asyncio.run(make())


# ---------------------------------------------------------------- making the file


def test_changes_are_looked_for_often_enough() -> None:
    assert POLL_INTERVAL_S <= 0.050


def test_nothing_is_opened_before_the_first_call(tmp_path: Path) -> None:
    SQLiteStore(tmp_path / "absent" / "s.db")
    assert list(tmp_path.iterdir()) == []


def test_all_files_are_for_the_owner_only(tmp_path: Path) -> None:
    async def test() -> None:
        old_mask = os.umask(0)
        try:
            store = SQLiteStore(tmp_path / "s.db")
            await put(store, "/a")
            assert modes(tmp_path) == {"s.db": "0o600", "s.db-wal": "0o600", "s.db-shm": "0o600"}
            await store.close()
        finally:
            os.umask(old_mask)

    run(test)
    assert [path.name for path in tmp_path.iterdir()] == ["s.db"]


def test_data_outlive_the_object(tmp_path: Path) -> None:
    make_datastore(tmp_path / "s.db", "/a", "/b")

    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        assert await store.get("/b") == Entry("/b", b"v", 2, 2)
        assert await put(store, "/c") == 3
        await store.close()

    run(test)


def test_a_path_with_odd_characters_is_taken_literally(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=ro&b#c%41 é.db"
    make_datastore(path, "/a")
    assert path.is_file()


def test_without_leave_no_file_is_made(tmp_path: Path) -> None:
    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db", may_create=False)
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"s\.db does not exist"):
                await store.list("/")
        assert modes(tmp_path) == {}
        other = SQLiteStore(tmp_path / "s.db")
        await put(other, "/a")
        assert await keys(store) == ["/a"]
        await store.close()
        await other.close()

    run(test)


def _is_missing_directory(path: Path) -> Path:
    return path / "absent" / "s.db"


def _is_below_a_file(path: Path) -> Path:
    (path / "file").touch()
    return path / "file" / "s.db"


def _is_directory(path: Path) -> Path:
    (path / "s.db").mkdir()
    return path / "s.db"


def _is_text(path: Path) -> Path:
    (path / "s.db").write_text("this is a text, not a datastore " * 100)
    return path / "s.db"


def _is_empty(path: Path) -> Path:
    (path / "s.db").touch()
    return path / "s.db"


def _is_anothers_database(path: Path) -> Path:
    with sqlite3.connect(path / "s.db") as connection:
        connection.execute("CREATE TABLE entries (key, value)")
    connection.close()
    return path / "s.db"


def _is_newer(path: Path) -> Path:
    make_datastore(path / "s.db", "/a")
    with sqlite3.connect(path / "s.db") as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    return path / "s.db"


def _is_damaged(path: Path) -> Path:
    make_datastore(path / "s.db", *(f"/{i}" for i in range(200)))
    content = bytearray((path / "s.db").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (path / "s.db").write_bytes(content)
    return path / "s.db"


@pytest.mark.parametrize(
    ("make_path", "text"),
    [
        pytest.param(_is_missing_directory, "directory .*absent does not exist; create it first", id="directory"),
        pytest.param(_is_below_a_file, "file is not a directory", id="below a file"),
        pytest.param(_is_directory, "cannot be opened", id="is a directory"),
        pytest.param(_is_text, "not a Tortie datastore", id="text"),
        pytest.param(_is_empty, "damaged: it is empty", id="empty file"),
        pytest.param(_is_anothers_database, "not a Tortie datastore", id="another program's database"),
        pytest.param(_is_newer, "has format 2, this program reads format 1", id="newer format"),
        pytest.param(_is_damaged, "is damaged: restore it", id="damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, make_path: Callable[[Path], Path], text: str) -> None:
    path = make_path(tmp_path)

    async def test() -> None:
        store = SQLiteStore(path)
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=text) as caught:
                await store.list("/")
            assert str(path) in str(caught.value)
        with pytest.raises(StoreUnavailable):
            await put(store, "/a")
        await store.close()

    run(test)


def test_our_mark_is_in_the_header(tmp_path: Path) -> None:
    make_datastore(tmp_path / "s.db", "/a")
    assert (tmp_path / "s.db").read_bytes()[68:72] == b"tort" == APPLICATION_ID.to_bytes(4, "big")


def test_a_commit_is_on_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await put(store, "/a")
        pragmas = store._writer._run(
            lambda connection: [
                connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
            ]
        )
        assert pragmas == [2, "wal"]  # 2 = FULL
        await store.close()

    run(test)


# ---------------------------------------------------------------- the file goes and comes


def test_a_removed_file_is_reported_and_not_made_anew(tmp_path: Path) -> None:
    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await put(store, "/a")
        for name in modes(tmp_path):
            (tmp_path / name).unlink()
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="removed while in use"):
                await store.get("/a")
            with pytest.raises(StoreUnavailable, match="removed while in use"):
                await put(store, "/b")
        assert modes(tmp_path) == {}
        await store.close()

    run(test)


def test_a_file_that_was_moved_away_and_back_is_the_same(tmp_path: Path) -> None:
    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await put(store, "/a")
        (tmp_path / "s.db").rename(tmp_path / "away")
        with pytest.raises(StoreUnavailable):
            await store.get("/a")
        with pytest.raises(StoreUnavailable):
            await put(store, "/b")
        (tmp_path / "away").rename(tmp_path / "s.db")
        assert await keys(store) == ["/a"]
        assert await put(store, "/b") == 2
        await store.close()

    run(test)


def test_a_waiting_watch_hears_that_the_file_is_gone(tmp_path: Path) -> None:
    async def watch(store: Store) -> None:
        async with aclosing(store.watch("/", 0)) as events:
            await anext(events)
            (tmp_path / "s.db").rename(tmp_path / "away")
            await anext(events)

    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await put(store, "/a")
        with pytest.raises(StoreUnavailable, match="removed while in use"):
            await watch(store)
        await store.close()

    run(test)


@pytest.mark.parametrize(
    "content", [pytest.param(b"", id="truncated"), pytest.param(b"no database" * 4000, id="overwritten")]
)
def test_a_waiting_watch_hears_that_the_file_was_damaged_in_place(tmp_path: Path, content: bytes) -> None:
    make_datastore(tmp_path / "s.db", "/a", "/b")

    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        async with aclosing(store.watch("/", 0)) as events:
            await anext(events)
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            await asyncio.to_thread((tmp_path / "s.db").write_bytes, content)
            with pytest.raises(StoreUnavailable, match=r"damaged.* restore it"):
                await waiting
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"damaged.* restore it"):
                await store.list("/")
        with pytest.raises(StoreUnavailable, match=r"damaged.* restore it"):
            await put(store, "/c")
        await store.close()

    run(test)


def test_a_new_file_in_its_place_is_another_history(tmp_path: Path) -> None:
    async def test() -> None:
        old = SQLiteStore(tmp_path / "s.db")
        await put(old, "/a")
        history = (await old.list("/")).history
        (tmp_path / "s.db").unlink()
        new = SQLiteStore(tmp_path / "s.db")  # log and index of the removed file still lie there
        await put(new, "/b")
        for call in (lambda: old.list("/"), lambda: put(old, "/c")):
            with pytest.raises(StoreUnavailable, match="replaced while in use"):
                await call()
        listing = await old.list("/")
        assert (listing.revision, [entry.key for entry in listing.entries]) == (1, ["/b"])
        assert listing.history != history
        assert await put(old, "/c") == 2
        assert await keys(new) == ["/b", "/c"]
        await old.close()
        await put(new, "/d")
        await new.close()

    run(test)
    assert asyncio.run(_check_whole(tmp_path / "s.db")) == ["/b", "/c", "/d"]


def test_a_backup_over_it_is_not_mixed_with_the_old_log(tmp_path: Path) -> None:
    make_datastore(tmp_path / "backup.db", *(f"/backup/{i}" for i in range(300)))

    async def test() -> None:
        stores = [SQLiteStore(tmp_path / "s.db") for _ in range(2)]
        for i in range(300):
            await put(stores[0], f"/old/{i}", bytes(200))
        await keys(stores[1])
        assert (tmp_path / "s.db-wal").stat().st_size > 0
        shutil.copy(tmp_path / "backup.db", tmp_path / "copy")
        (tmp_path / "copy").rename(tmp_path / "s.db")
        for store in stores:
            with pytest.raises(StoreUnavailable, match="replaced"):
                await store.list("/")
        for store in stores:
            assert await keys(store) == sorted(f"/backup/{i}" for i in range(300))
        with pytest.raises(StoreUnavailable, match="replaced"):
            await put(stores[0], "/new")
        assert await put(stores[0], "/new") == 301
        assert len(await keys(stores[1])) == 301
        for store in stores:
            await store.close()

    run(test)
    assert len(asyncio.run(_check_whole(tmp_path / "s.db"))) == 301


def test_a_backup_with_its_log_is_restored_with_its_log(tmp_path: Path) -> None:
    """A copy over the old log keeps its inode; what it holds is in no other file."""
    path, backup = tmp_path / "s.db", tmp_path / "backup"

    async def test() -> None:
        stores = [SQLiteStore(path) for _ in range(2)]
        for i in range(4):
            await put(stores[0], f"/backed-up/{i}")
        await keys(stores[1])
        backup.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", backup)
        await put(stores[0], "/later")
        await keys(stores[1])
        path.unlink()
        for suffix in ("-wal", ""):  # into the old log
            shutil.copy(backup / f"s.db{suffix}", tmp_path)
        os.unlink(f"{path}-shm")
        for store in stores:
            with pytest.raises(StoreUnavailable, match="replaced"):
                await store.list("/")
        for store in stores:
            assert await keys(store) == [f"/backed-up/{i}" for i in range(4)]
        assert "s.db.wal-set-aside-1" not in os.listdir(tmp_path)
        for store in stores:
            await store.close()

    run(test)
    assert len(asyncio.run(_check_whole(path))) == 4


def test_a_log_of_another_history_is_set_aside_and_named(tmp_path: Path) -> None:
    make_datastore(tmp_path / "backup.db", "/backup")
    path = tmp_path / "s.db"

    async def test() -> None:
        store, other = SQLiteStore(path), SQLiteStore(path)
        await put(store, "/a")
        await other.get("/a")
        await put(store, "/b")  # `other` has not seen the log as it is now
        shutil.copy(tmp_path / "backup.db", tmp_path / "copy")
        (tmp_path / "copy").rename(path)
        with pytest.raises(StoreUnavailable, match=r"kept as .*s\.db\.wal-set-aside-1"):
            await other.get("/a")
        assert await keys(other) == ["/backup"]
        await store.close()
        await other.close()

    run(test)


@pytest.mark.parametrize("count", [pytest.param(1, id="behind"), pytest.param(5, id="ahead")])
def test_a_backup_restored_in_place_is_noticed_by_a_watch(tmp_path: Path, count: int) -> None:
    make_datastore(tmp_path / "backup.db", *(f"/backup/{i}" for i in range(count)))

    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await put(store, "/a")
        await put(store, "/b")
        async with aclosing(store.watch("/", 0)) as events:
            await anext(events)
            source, target = sqlite3.connect(tmp_path / "backup.db"), sqlite3.connect(tmp_path / "s.db")
            source.backup(target)
            source.close()
            target.close()
            with pytest.raises(HistoryReplaced, match=f"now it stands at revision {count}"):
                await anext(events)
        assert await keys(store) == [f"/backup/{i}" for i in range(count)]
        await store.close()

    run(test)


async def _check_whole(path: Path) -> list[str]:
    """Return the keys of a data file that SQLite itself finds undamaged."""
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    store = SQLiteStore(path, may_create=False)
    found = await keys(store)
    await store.close()
    return found


def test_a_write_never_succeeds_into_a_file_that_is_gone(tmp_path: Path) -> None:
    class Thief(list[Put]):
        """Operations whose reading removes the file: after the transaction began, before it ends."""

        def __iter__(self) -> Iterator[Put]:
            if sys._getframe(1).f_code.co_name == "_transact":
                (tmp_path / "s.db").unlink()
            return super().__iter__()

    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await put(store, "/a")
        with pytest.raises(StoreUnavailable, match="outcome is unknown"):
            await store.transact([], Thief([Put("/b", b"")]))
        await store.close()

    run(test)


def test_a_removed_log_is_noticed(tmp_path: Path) -> None:
    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await put(store, "/a")
        await store.get("/a")
        (tmp_path / "s.db-wal").unlink()
        with pytest.raises(StoreUnavailable, match=r"log of the datastore file .* was removed"):
            await store.get("/a")
        with pytest.raises(StoreUnavailable, match=r"log of the datastore file .* was removed"):
            await put(store, "/b")
        assert await keys(store) == ["/a"]
        await put(store, "/b")
        await store.close()

    run(test)
    assert "/b" in asyncio.run(_check_whole(tmp_path / "s.db"))


# ---------------------------------------------------------------- locks


def test_a_locked_file_is_reported_after_a_bounded_time(tmp_path: Path) -> None:
    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db", busy_timeout_s=0.02)
        await put(store, "/a")
        locker = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match=r"locked it for over 0\.02 s; nothing was changed"):
            await put(store, "/b")
        assert await keys(store) == ["/a"]  # reading goes on
        locker.execute("ROLLBACK")
        locker.close()
        assert await put(store, "/b") == 2
        await store.close()

    run(test)


def test_a_lock_does_not_stop_the_event_loop(tmp_path: Path) -> None:
    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db", busy_timeout_s=0.1)
        await put(store, "/a")
        locker = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        turns = 0
        writing = asyncio.ensure_future(put(store, "/b"))
        while not writing.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 100
        with pytest.raises(StoreUnavailable):
            writing.result()
        locker.close()
        await store.close()

    run(test)


def test_nobody_waits_for_ever_to_make_the_file(tmp_path: Path) -> None:
    import fcntl  # noqa: PLC0415 - the one test that plays the other process

    async def test() -> None:
        descriptor = os.open(tmp_path, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        store = SQLiteStore(tmp_path / "s.db", busy_timeout_s=0.02)
        with pytest.raises(StoreUnavailable, match=r"stayed locked for 0\.02 s"):
            await store.list("/")
        os.close(descriptor)
        await store.list("/")
        await store.close()

    run(test)


# ---------------------------------------------------------------- several objects, as in several processes


def test_another_opener_sees_changes_at_once(tmp_path: Path) -> None:
    async def watch(store: Store, count: int) -> list[Event]:
        seen: list[Event] = []
        async with aclosing(store.watch("/", 0)) as batches:
            async for batch in batches:
                seen += batch
                if len(seen) >= count:
                    return seen
        return seen

    async def test() -> None:
        writer, reader = SQLiteStore(tmp_path / "s.db"), SQLiteStore(tmp_path / "s.db")
        await writer.list("/")
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch(reader, 30))
            for i in range(30):
                await put(writer, f"/{i}")
        assert [event.revision for event in watching.result()] == list(range(1, 31))
        await writer.close()
        await reader.close()

    run(test)


def test_closing_one_leaves_the_other_alone(tmp_path: Path) -> None:
    async def test() -> None:
        first, second = SQLiteStore(tmp_path / "s.db"), SQLiteStore(tmp_path / "s.db")
        await put(first, "/a")
        await keys(second)
        await first.close()
        assert await second.transact([Compare("/a", 1)], [Put("/a", b"2")]) == 2
        await second.close()

    run(test)


def test_a_second_close_is_harmless(tmp_path: Path) -> None:
    async def test() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await put(store, "/a")
        await store.close()
        await store.close()

    run(test)


# ---------------------------------------------------------------- full disks and read-only directories

_IN_NAMESPACE = """
import asyncio, os, subprocess, sys
from pathlib import Path
from tortie.store import Put, StoreUnavailable
from tortie.store.sqlite_store import SQLiteStore

directory = Path(sys.argv[1])

def mount(*arguments):
    subprocess.run(["mount", *arguments, str(directory)], check=True)

async def full():
    mount("-t", "tmpfs", "-o", "size=400k", "none")
    store = SQLiteStore(directory / "s.db")
    written = 0
    try:
        while True:
            await store.transact([], [Put(f"/{written}", bytes(1000))])
            written += 1
    except StoreUnavailable as error:
        print(error)
    assert written > 10
    assert len((await store.list("/")).entries) == written
    mount("-o", "remount,size=8M")
    await store.transact([], [Put("/more", b"")])
    assert len((await store.list("/")).entries) == written + 1
    await store.close()

async def full_from_the_start():
    mount("-t", "tmpfs", "-o", "size=8k", "none")
    store = SQLiteStore(directory / "s.db")
    try:
        await store.list("/")
    except StoreUnavailable as error:
        print(error)
    assert list(directory.iterdir()) == [], list(directory.iterdir())
    await store.close()

async def read_only_new():
    mount("-t", "tmpfs", "-o", "ro", "none")
    store = SQLiteStore(directory / "s.db")
    try:
        await store.list("/")
    except StoreUnavailable as error:
        print(error)
    await store.close()

async def read_only_old():
    mount("-t", "tmpfs", "none")
    store = SQLiteStore(directory / "s.db")
    await store.transact([], [Put("/a", b"")])
    await store.close()
    mount("-o", "remount,ro")
    store = SQLiteStore(directory / "s.db")
    for call in (lambda: store.list("/"), lambda: store.transact([], [Put("/b", b"")])):
        try:
            await call()
        except StoreUnavailable as error:
            print(error)
    await store.close()

asyncio.run(globals()[sys.argv[2]]())
"""


@pytest.mark.root
@pytest.mark.parametrize(
    ("case", "texts"),
    [
        pytest.param("full", ["the disk is full; nothing was changed"], id="full disk"),
        pytest.param("full_from_the_start", ["/s.db is unavailable"], id="no room for a new file"),
        pytest.param("read_only_new", ["Read-only file system"], id="read-only, no file yet"),
        pytest.param("read_only_old", ["cannot be", "cannot be"], id="read-only, file there"),
    ],
)
def test_a_full_or_read_only_disk_is_reported(tmp_path: Path, case: str, texts: list[str]) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    if subprocess.run([unshare, "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("neither root nor user namespaces")
    done = subprocess.run(
        [unshare, "-rm", sys.executable, "-c", _IN_NAMESPACE, str(tmp_path), case],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(texts), done.stdout
    for line, text in zip(lines, texts, strict=True):
        assert text in line
        assert str(tmp_path) in line
