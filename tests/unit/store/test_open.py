"""From URL to driver."""

import asyncio
from pathlib import Path

import pytest

from tortie.store import InvalidRequest, StoreUnavailable, open_store
from tortie.store.memory import MemoryStore
from tortie.store.open import open_driver
from tortie.store.sqlite_store import SQLiteStore


def test_each_memory_store_is_a_new_one() -> None:
    first, second = open_driver("memory://"), open_driver("memory://")
    assert isinstance(first, MemoryStore)
    assert first is not second


def test_sqlite_by_absolute_path(tmp_path: Path) -> None:
    async def test() -> None:
        store = open_driver(f"sqlite://{tmp_path}/s.db")
        assert isinstance(store, SQLiteStore)
        await store.list("/")
        await store.close()
        assert (tmp_path / "s.db").is_file()

    asyncio.run(test())


def test_reading_commands_make_no_file(tmp_path: Path) -> None:
    async def test() -> None:
        store = open_store(f"sqlite://{tmp_path}/typo.db", may_create=False)
        with pytest.raises(StoreUnavailable, match="does not exist"):
            await store.list("/")
        await store.close()

    asyncio.run(test())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "text"),
    [
        pytest.param("", "unknown kind of datastore", id="empty"),
        pytest.param("sqlite", "unknown kind of datastore", id="scheme only"),
        pytest.param("postgres://h/db", "unknown kind of datastore", id="unknown scheme"),
        pytest.param("memory://x", "unknown kind of datastore", id="memory with a name"),
        pytest.param("/var/lib/s.db", "unknown kind of datastore", id="bare path"),
        pytest.param("sqlite://relative/s.db", "must be absolute", id="relative path"),
        pytest.param("sqlite://", "must be absolute", id="no path"),
        pytest.param("sqlite:///", "must be absolute and name a file", id="root"),
        pytest.param("sqlite:///var/lib/", "must be absolute and name a file", id="directory"),
    ],
)
def test_a_url_that_names_no_datastore(url: str, text: str) -> None:
    with pytest.raises(InvalidRequest, match=text) as caught:
        open_store(url)
    assert repr(url) in str(caught.value)
    assert "expected sqlite:///" in str(caught.value)
