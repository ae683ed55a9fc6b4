"""sqlite with several real processes: nothing is lost, everything is seen in order, a kill leaves no harm."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import tortie
from tortie.store import Event, Put
from tortie.store.sqlite_store import SQLiteStore

DEADLINE_S = 60
PROCESS_COUNT = 3
INCREMENT_COUNT = 40

INCREMENT = """
import asyncio, sys
from pathlib import Path
from tortie.store import Compare, Conflict, Put
from tortie.store.sqlite_store import SQLiteStore

async def main():
    store = SQLiteStore(Path(sys.argv[1]))
    conflicts = 0
    for i in range(int(sys.argv[2])):
        while True:
            entry = await store.get("/counter")
            count = int(entry.value) if entry else 0
            try:
                await store.transact(
                    [Compare("/counter", entry.mod_revision if entry else 0)],
                    [Put("/counter", b"%d" % (count + 1)), Put(f"/by/{sys.argv[3]}/{i}", b"%d" % (count + 1))],
                )
                break
            except Conflict:
                conflicts += 1
    await store.close()

asyncio.run(main())
"""

WATCH = """
import asyncio, sys
from contextlib import aclosing
from pathlib import Path
from tortie.store.sqlite_store import SQLiteStore

async def main():
    store = SQLiteStore(Path(sys.argv[1]))
    async with aclosing(store.watch("/counter", 0)) as batches:
        print("watching", flush=True)
        async for batch in batches:
            for event in batch:
                print(event.revision, event.entry.value.decode(), flush=True)
                if event.entry.value.decode() == sys.argv[2]:
                    await store.close()
                    return

asyncio.run(main())
"""

WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from tortie.store import Put
from tortie.store.sqlite_store import SQLiteStore

async def main():
    store = SQLiteStore(Path(sys.argv[1]))
    while True:
        revision = await store.transact([], [Put("/a", bytes(2000)), Put("/b", b"%d" % 7)])
        print(revision, flush=True)

asyncio.run(main())
"""

PRINT_HISTORY = """
import asyncio, sys
from pathlib import Path
from tortie.store.sqlite_store import SQLiteStore

async def main():
    store = SQLiteStore(Path(sys.argv[1]))
    print((await store.list("/")).history)
    await store.close()

asyncio.run(main())
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(tortie.__file__).parents[1])}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output_of(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, errors
    return output


def test_increments_of_several_processes_lose_nothing_and_a_watcher_sees_all_in_order(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    total = PROCESS_COUNT * INCREMENT_COUNT
    watcher = start(WATCH, path, total)
    writers = [start(INCREMENT, path, INCREMENT_COUNT, name) for name in range(PROCESS_COUNT)]
    for writer in writers:
        output_of(writer)
    seen = [tuple(map(int, line.split())) for line in output_of(watcher).splitlines()[1:]]
    assert [value for _, value in seen] == list(range(1, total + 1))
    revisions = [revision for revision, _ in seen]
    assert revisions == sorted(set(revisions))

    async def check() -> None:
        store = SQLiteStore(path)
        counter = await store.get("/counter")
        assert counter is not None
        assert int(counter.value) == total
        claims = [int(entry.value) for entry in (await store.list("/by/")).entries]
        assert sorted(claims) == list(range(1, total + 1))
        await store.close()

    asyncio.run(check())


def test_processes_that_start_together_make_one_file(tmp_path: Path) -> None:
    processes = [start(PRINT_HISTORY, tmp_path / "s.db") for _ in range(4)]
    histories = {output_of(process) for process in processes}
    assert len(histories) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["s.db"]


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    process = start(WRITE_FOR_EVER, path)
    assert process.stdout is not None
    acknowledged = 0
    for line in process.stdout:
        acknowledged = int(line)
        if acknowledged == 50:
            process.send_signal(signal.SIGKILL)
            break
    output, _ = process.communicate(timeout=DEADLINE_S)
    acknowledged = max([acknowledged, *(int(line) for line in output.splitlines() if line.isdigit())])

    async def check() -> None:
        store = SQLiteStore(path)
        listing = await store.list("/")
        assert listing.revision >= acknowledged
        assert len(listing.entries) == 2
        assert len({entry.mod_revision for entry in listing.entries}) == 1  # no transaction was torn
        assert await store.transact([], [Put("/c", b"")]) == listing.revision + 1
        await store.close()

    asyncio.run(check())


def test_a_killed_process_does_not_stop_a_watch(tmp_path: Path) -> None:
    path = tmp_path / "s.db"

    async def watch(store: SQLiteStore, process: subprocess.Popen[str]) -> list[Event]:
        seen: list[Event] = []
        async with aclosing(store.watch("/", 0)) as batches:
            async for batch in batches:
                seen += batch
                if len(seen) > 20 and process.poll() is None:
                    process.kill()
                    process.communicate()
                    await store.transact([], [Put("/last", b"")])
                if seen[-1].key == "/last":
                    return seen
        return seen

    async def main() -> None:
        store = SQLiteStore(path)
        await store.list("/")
        async with asyncio.timeout(DEADLINE_S):
            seen = await watch(store, start(WRITE_FOR_EVER, path))
        revisions = [event.revision for event in seen]
        assert revisions == sorted(revisions)
        assert set(revisions) == set(range(1, revisions[-1] + 1))
        await store.close()

    asyncio.run(main())
