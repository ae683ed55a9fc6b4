"""The files driver: what every driver promises, as far as reading goes; and what only it has: files."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tortie.model import load_manifests
from tortie.store import (
    ROOT_PREFIX,
    Compacted,
    Event,
    Follower,
    HistoryReplaced,
    InvalidRequest,
    Put,
    ReadOnly,
    ResourceStore,
    StoreStatus,
    StoreUnavailable,
    StoreUpdate,
    open_store,
)
from tortie.store.files import FilesStore
from tortie.store.manifest_folder import FILE_BYTES_MAX, UNREADABLE_PREFIX

DEADLINE_S = 20
NODES = "/calico/resources/v3/projectcalico.org/nodes/"
PEERS = "/calico/resources/v3/projectcalico.org/bgppeers/"


def node(name: str, address: str = "10.0.0.1") -> str:
    return f"""
apiVersion: projectcalico.org/v3
kind: Node
metadata: {{name: {name}}}
spec: {{bgp: {{ipv4Address: {address}/24}}}}
---
"""


V1_PEER = "apiVersion: v1\nkind: bgpPeer\nmetadata: {peerIP: 10.0.0.168, scope: global}\nspec: {asNumber: 64512}\n"


def run(folder: Path, test: Callable[[FilesStore], Awaitable[None]], **options: Any) -> None:  # noqa: ANN401 - as it takes
    async def main() -> None:
        store = FilesStore(folder, poll_interval_s=0.01, **options)
        async with asyncio.timeout(DEADLINE_S):
            try:
                await test(store)
            finally:
                await store.close()

    asyncio.run(main())


async def keys(store: FilesStore, prefix: str = "") -> list[str]:
    return [entry.key for entry in (await store.list(prefix)).entries]


def write(path: Path, text: str) -> None:
    """Write a file as a careful person does: complete, then renamed."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.rename(path)


# ---------------------------------------------------------------- reading


def test_manifests_of_both_generations_in_all_three_kinds_of_files(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(node("n1") + node("n2", "10.0.0.2"))
    (tmp_path / "a.yml").write_text(V1_PEER)
    (resource,) = load_manifests(node("n3", "10.0.0.3"), "-")
    (tmp_path / "c.json").write_text(json.dumps(resource.to_data()))
    (tmp_path / "notes.txt").write_text("not a manifest")
    (tmp_path / ".hidden.yaml").write_text("[")
    (tmp_path / "below.yaml").mkdir()

    async def test(store: FilesStore) -> None:
        assert await keys(store) == [f"{PEERS}10-0-0-168", *(f"{NODES}n{number}" for number in (1, 2, 3))]
        entry = await store.get(f"{NODES}n1")
        assert entry is not None
        assert entry.mod_revision == entry.create_revision == (await store.list("")).revision
        assert await store.get(f"{NODES}n9") is None
        resources = await ResourceStore(store, lambda: datetime.now(UTC)).list("node")
        assert [item.name for item in resources] == ["n1", "n2", "n3"]

    run(tmp_path, test)


def test_the_folders_path_is_the_history(tmp_path: Path) -> None:
    """An agent that restarts must know that it is the same datastore."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    async def history(name: str) -> str:
        store = FilesStore(tmp_path / name)
        listing = await store.list("")
        await store.close()
        return listing.history

    assert asyncio.run(history("a")) == asyncio.run(history("a"))
    assert asyncio.run(history("a")) != asyncio.run(history("b"))


def test_the_revision_grows_with_each_change_and_over_restarts(tmp_path: Path) -> None:
    seen: list[int] = []

    async def look(store: FilesStore) -> None:
        seen.append((await store.list("")).revision)

    async def change(store: FilesStore) -> None:
        for number in range(3):
            write(tmp_path / "n.yaml", node(f"n{number}"))
            await look(store)
        (tmp_path / "n.yaml").unlink()
        await look(store)
        await look(store)
        assert seen[-1] == seen[-2], "nothing changed"
        seen.pop()

    run(tmp_path, change)
    run(tmp_path, look)
    assert seen[-1] >= seen[-2], "a reader that comes later stands no earlier"
    assert seen[:-1] == sorted(set(seen[:-1]))


def test_an_older_file_that_takes_anothers_place_is_a_change(tmp_path: Path) -> None:
    write(tmp_path / "n.yaml", node("n1"))
    write(tmp_path / "old", node("n2"))
    os.utime(tmp_path / "old", (1, 1))

    async def test(store: FilesStore) -> None:
        before = await store.list("")
        (tmp_path / "old").rename(tmp_path / "n.yaml")
        after = await store.list("")
        assert [entry.key for entry in after.entries] == [f"{NODES}n2"]
        assert after.revision > before.revision

    run(tmp_path, test)


def test_an_entry_keeps_the_revision_that_created_it(tmp_path: Path) -> None:
    write(tmp_path / "n.yaml", node("n1") + node("n2"))

    async def test(store: FilesStore) -> None:
        first = (await store.list("")).revision
        write(tmp_path / "n.yaml", node("n1", "10.0.0.9") + node("n2"))
        changed, same = (await store.list("")).entries
        assert (changed.create_revision, same.create_revision, same.mod_revision) == (first, first, first)
        assert changed.mod_revision == (await store.list("")).revision > first

    run(tmp_path, test)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        pytest.param(lambda _: None, "does not exist; create it", id="missing"),
        pytest.param(lambda path: path.write_text(""), "is no folder", id="a file"),
    ],
)
def test_a_folder_that_cannot_be_read(tmp_path: Path, make: Callable[[Path], object], text: str) -> None:
    folder = tmp_path / "manifests"
    make(folder)

    async def test(store: FilesStore) -> None:
        with pytest.raises(StoreUnavailable, match=text) as caught:
            await store.list("")
        assert str(folder) in str(caught.value)
        folder.unlink(missing_ok=True)
        folder.mkdir()
        assert await keys(store) == [], "and when it is there it is read"

    run(folder, test)


# ---------------------------------------------------------------- what is wrong with files


async def problems(store: FilesStore) -> dict[str, str]:
    snapshot = await ResourceStore(store, lambda: datetime.now(UTC)).snapshot("node")
    return {bad.key: bad.reason for bad in snapshot.bad_records}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("kind: [", "a.yaml:1", id="no YAML"),
        pytest.param("kind: Node", "apiVersion", id="no resource"),
        pytest.param(node("n1").replace("Node", "Nodes"), "'Nodes' is not supported", id="unknown kind"),
        pytest.param(node("n1", "10.0.0.300"), "10.0.0.300", id="bad value"),
        pytest.param(node("n1") + node("n1"), "Node 'n1' stands in it twice", id="twice"),
    ],
)
def test_a_file_that_cannot_be_used_keeps_its_last_good_content(tmp_path: Path, text: str, reason: str) -> None:
    write(tmp_path / "a.yaml", node("n1") + node("n2"))
    write(tmp_path / "b.yaml", node("n3"))

    async def test(store: FilesStore) -> None:
        good = await keys(store, NODES)
        write(tmp_path / "a.yaml", text)
        write(tmp_path / "b.yaml", node("n4"))
        assert await keys(store, NODES) == [f"{NODES}n1", f"{NODES}n2", f"{NODES}n4"], "the rest goes on"
        (problem,) = (await problems(store)).items()
        assert problem[0] == "a.yaml"
        assert str(tmp_path / "a.yaml") in problem[1]
        assert reason in problem[1]
        assert problem[1].endswith("what it said before stays in force")
        write(tmp_path / "a.yaml", node("n1") + node("n2"))
        write(tmp_path / "b.yaml", node("n3"))
        assert await keys(store) == good
        assert await problems(store) == {}

    run(tmp_path, test)


def test_a_file_that_was_never_good_says_nothing_and_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff")
    (tmp_path / "b.yaml").write_text(node("n1"))

    async def test(store: FilesStore) -> None:
        assert await keys(store, NODES) == [f"{NODES}n1"]
        reason = f"{tmp_path}/a.yaml: not UTF-8 text; nothing of it is in force"
        assert await problems(store) == {"a.yaml": reason}

    run(tmp_path, test)


@pytest.mark.parametrize(("excess", "is_read"), [(0, True), (1, False)])
def test_the_largest_file(tmp_path: Path, excess: int, is_read: bool) -> None:
    text = node("n1")
    (tmp_path / "a.yaml").write_text(text + "#" * (FILE_BYTES_MAX - len(text) + excess))

    async def test(store: FilesStore) -> None:
        assert bool(await keys(store, NODES)) is is_read
        assert bool(await problems(store)) is not is_read

    run(tmp_path, test)


def test_of_a_resource_in_two_files_the_first_counts(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", node("n1", "10.0.0.1"))
    write(tmp_path / "b.yaml", node("n1", "10.0.0.2") + node("n2"))

    async def test(store: FilesStore) -> None:
        entry = await store.get(f"{NODES}n1")
        assert entry is not None
        assert b"10.0.0.1" in entry.value
        assert await store.get(f"{NODES}n2") is not None
        reason = f"{tmp_path}/b.yaml: {NODES}n1 stands in a.yaml too, which counts"
        assert await problems(store) == {"b.yaml": reason}
        (tmp_path / "a.yaml").unlink()
        entry = await store.get(f"{NODES}n1")
        assert entry is not None
        assert b"10.0.0.2" in entry.value

    run(tmp_path, test)


# ---------------------------------------------------------------- watching


def test_a_watch_tells_what_each_file_changed(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", node("n1") + node("n2"))

    async def test(store: FilesStore) -> None:
        listing = await store.list("")
        async with aclosing(store.watch(NODES, listing.revision, listing.history)) as watch:
            write(tmp_path / "a.yaml", node("n2") + node("n3"))
            (written, deleted) = await anext(watch)
            assert (written.key, deleted.key, deleted.entry) == (f"{NODES}n3", f"{NODES}n1", None)
            assert written.revision == deleted.revision > listing.revision
            write(tmp_path / "b.yaml", V1_PEER)
            write(tmp_path / "a.yaml", node("n2", "10.0.0.2") + node("n3"))
            (event,) = await anext(watch)
            assert event == Event(f"{NODES}n2", await store.get(f"{NODES}n2"), event.revision), "no peers here"

    run(tmp_path, test)


def test_a_watch_of_a_revision_seen_before_misses_nothing(tmp_path: Path) -> None:
    async def test(store: FilesStore) -> None:
        first = (await store.list("")).revision
        for number in range(3):
            write(tmp_path / f"{number}.yaml", node(f"n{number}"))
            await store.list("")
        async with aclosing(store.watch("", first)) as watch:
            assert [event.key for event in await anext(watch)] == [f"{NODES}n{number}" for number in range(3)]

    run(tmp_path, test)


def test_many_changes_at_once_are_whole_batches(tmp_path: Path) -> None:
    async def test(store: FilesStore) -> None:
        first = (await store.list("")).revision
        write(tmp_path / "a.yaml", "".join(node(f"n{number}") for number in range(300)))
        listing = await store.list("")
        assert len(listing.entries) == 300
        async with aclosing(store.watch("", first)) as watch:
            events = await anext(watch)
        assert len(events) == 300
        assert len({event.revision for event in events}) == 3
        assert events[-1].revision == listing.revision

    run(tmp_path, test)


def test_a_watch_from_before_the_log_is_compacted(tmp_path: Path) -> None:
    async def test(store: FilesStore) -> None:
        first = (await store.list("")).revision
        for number in range(4):
            write(tmp_path / f"{number}.yaml", node(f"n{number}"))
            await store.list("")
        with pytest.raises(Compacted):
            await anext(store.watch("", first))
        with pytest.raises(Compacted):
            await anext(store.watch("", 1))

    run(tmp_path, test, change_log_events_max=2)


def test_a_watch_of_another_history_or_a_later_revision(tmp_path: Path) -> None:
    async def test(store: FilesStore) -> None:
        listing = await store.list("")
        with pytest.raises(HistoryReplaced):
            await anext(store.watch("", listing.revision, "files /elsewhere"))
        with pytest.raises(HistoryReplaced):
            await anext(store.watch("", listing.revision + 10**9, listing.history))

    run(tmp_path, test)


def test_a_folder_that_goes_while_it_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()

    async def test(store: FilesStore) -> None:
        listing = await store.list("")
        async with aclosing(store.watch("", listing.revision)) as watch:
            folder.rmdir()
            with pytest.raises(StoreUnavailable, match="does not exist"):
                await anext(watch)

    run(folder, test)


def test_who_is_cancelled_while_looking_loses_nothing(tmp_path: Path) -> None:
    async def test(store: FilesStore) -> None:
        await store.list("")
        write(tmp_path / "a.yaml", node("n1"))
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(store.list(""))
            await asyncio.sleep(0)
            looking.cancel()
        assert looking.cancelled()
        assert await keys(store) == [f"{NODES}n1"]

    run(tmp_path, test)


def test_a_follower_follows_and_holds_on_to_a_folder_that_is_emptied(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", node("n1"))

    async def test(store: FilesStore) -> None:
        follower = Follower(store, ROOT_PREFIX)
        async with aclosing(follower.updates()) as updates:
            assert isinstance(await anext(updates), StoreStatus)
            first = await anext(updates)
            assert isinstance(first, StoreUpdate)
            assert list(first.entries) == [f"{NODES}n1"]
            write(tmp_path / "b.yaml", "[")
            second = await anext(updates)
            assert isinstance(second, StoreUpdate)
            assert list(second.entries) == [f"{NODES}n1", f"{UNREADABLE_PREFIX}b.yaml"]
            known = follower.known
        (tmp_path / "a.yaml").unlink()
        (tmp_path / "b.yaml").unlink()
        fresh = FilesStore(tmp_path)
        async with aclosing(Follower(fresh, ROOT_PREFIX, known=known).updates()) as updates:
            async for update in updates:
                assert isinstance(update, StoreStatus), "what was known stays in force"
                if update.is_held:
                    break
        await fresh.close()

    run(tmp_path, test)


# ---------------------------------------------------------------- writing, closing, opening


def test_writing_is_refused_with_what_to_do_instead(tmp_path: Path) -> None:
    async def test(store: FilesStore) -> None:
        with pytest.raises(ReadOnly) as caught:
            await store.transact([], [Put("/a", b"")])
        assert str(tmp_path) in str(caught.value)
        assert "change the files in it (*.yaml, *.yml, *.json)" in str(caught.value)
        (resource,) = load_manifests(node("n1"), "-")
        with pytest.raises(ReadOnly):
            await ResourceStore(store, lambda: datetime.now(UTC)).apply(resource)

    run(tmp_path, test)
    assert list(tmp_path.iterdir()) == []


def test_closed(tmp_path: Path) -> None:
    async def test(store: FilesStore) -> None:
        listing = await store.list("")

        async def wait() -> None:
            with pytest.raises(InvalidRequest, match="was closed"):
                await anext(store.watch("", listing.revision))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wait())
            await asyncio.sleep(0)
            await store.close()
        for call in (store.get("/a"), store.list(""), store.transact([], [])):
            with pytest.raises(InvalidRequest, match="was closed"):
                await call

    run(tmp_path, test)


@pytest.mark.parametrize("slash", ["", "/"])
def test_opened_by_url(tmp_path: Path, slash: str) -> None:
    async def write() -> None:
        store = open_store(f"files://{tmp_path}{slash}")
        try:
            with pytest.raises(ReadOnly):
                await store.transact([], [Put("/calico/x", b"")])
        finally:
            await store.close()

    asyncio.run(write())


@pytest.mark.parametrize("url", ["files://", "files://manifests", "files:"])
def test_a_url_that_names_no_folder(url: str) -> None:
    with pytest.raises(InvalidRequest, match="files:///absolute/path/of/a/folder"):
        open_store(url)
