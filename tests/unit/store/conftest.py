"""What the tests of the datastore share: one fixture that makes a store of either driver."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tortie.store import CHANGE_LOG_EVENTS_MAX, Store
from tortie.store.memory import MemoryStore
from tortie.store.sqlite_store import SQLiteStore

MakeStore = Callable[..., Store]


@pytest.fixture(params=["memory", "sqlite"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    """Return a function that makes an empty store; each call another one."""
    count = 0

    def make(change_log_events_max: int = CHANGE_LOG_EVENTS_MAX) -> Store:
        nonlocal count
        count += 1
        if request.param == "memory":
            return MemoryStore(change_log_events_max=change_log_events_max)
        return SQLiteStore(tmp_path / f"store{count}.db", change_log_events_max=change_log_events_max)

    return make
