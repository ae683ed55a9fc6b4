"""What the tests of the datastore share: fixtures that make a store of each driver."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.etcd import Members, running_members
from tortie.store import CHANGE_LOG_EVENTS_MAX, Store
from tortie.store.memory import MemoryStore
from tortie.store.sqlite_store import SQLiteStore

MakeStore = Callable[..., Store]


@pytest.fixture(scope="session")
def one_member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """Run an etcd of one member for all tests that need no more."""
    with running_members(tmp_path_factory.mktemp("etcd"), 1) as members:
        yield members


@pytest.fixture(params=["memory", "sqlite"])
def make_own_store(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    """Return a function that makes an empty store of a driver that compacts by itself; each call another one."""
    count = 0

    def make(change_log_events_max: int = CHANGE_LOG_EVENTS_MAX) -> Store:
        nonlocal count
        count += 1
        if request.param == "memory":
            return MemoryStore(change_log_events_max=change_log_events_max)
        return SQLiteStore(tmp_path / f"store{count}.db", change_log_events_max=change_log_events_max)

    return make


@pytest.fixture(params=["memory", "sqlite", "etcd"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    """Return a function that makes an empty store, of any driver that can be written."""
    match request.param:
        case "memory":
            return MemoryStore
        case "sqlite":
            return lambda: SQLiteStore(tmp_path / "store.db")
        case _:
            members: Members = request.getfixturevalue("one_member")
            members.control("del", "", "--from-key=true")
            return members.store
