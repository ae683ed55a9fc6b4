"""Opening the datastore for one verb.

What it is for: the one place where verbs that work on resources enter asyncio. What it is NOT for: what is done with
the resources (``change``), and where the datastore is (``settings.py``). Imported by verbs when they run, since it
imports pydantic.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from tortie.cli.settings import DATASTORE_VARIABLE, datastore_url
from tortie.store import ResourceStore, Store
from tortie.store.open import open_driver
from tortie.store.schema import guarded

__all__ = ["usable_url", "utc_now", "with_driver", "with_resources", "with_store"]

SQLITE_SCHEME: Final = "sqlite://"
DIRECTORY_MODE: Final = 0o700

Result = TypeVar("Result")


def with_resources(
    url: str | None, work: Callable[[ResourceStore], Awaitable[Result]], *, may_create: bool = True
) -> Result:
    """Open the datastore, do the work on its resources, close it, and return what the work returned.

    Args:
        url: what was given on the command line, or None for the default.
        work: what to do.
        may_create: make the datastore where there is none; verbs that only read pass False.
    """
    return with_store(url, lambda store: work(ResourceStore(store, utc_now)), may_create=may_create)


def with_store(url: str | None, work: Callable[[Store], Awaitable[Result]], *, may_create: bool = True) -> Result:
    """Do the same with the datastore's plain keys."""

    def opened(usable: str) -> Store:
        driver = open_driver(usable, may_create=may_create, on_create=_say_created, on_warning=_warn)
        return guarded(driver, checks_reading=True)

    return asyncio.run(_with_store(usable_url(url, may_create=may_create), opened, work))


def with_driver(url: str | None, work: Callable[[Store], Awaitable[Result]]) -> Result:
    """Do the same with a datastore of whatever schema; for work on the schema itself."""

    def opened(usable: str) -> Store:
        return open_driver(usable, may_create=False, on_warning=_warn)

    return asyncio.run(_with_store(usable_url(url, may_create=False), opened, work))


def usable_url(given: str | None, *, may_create: bool) -> str:
    """Return the datastore's URL; the directory of the default file is made if it is to be used and made.

    Args:
        given: what was given on the command line, or None.
        may_create: whether the datastore may be made where there is none.
    """
    url = datastore_url(given)
    if may_create and given is None and not os.environ.get(DATASTORE_VARIABLE) and url.startswith(SQLITE_SCHEME):
        Path(url.removeprefix(SQLITE_SCHEME)).parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    return url


async def _with_store(url: str, opened: Callable[[str], Store], work: Callable[[Store], Awaitable[Result]]) -> Result:
    store = opened(url)
    try:
        return await work(store)
    finally:
        await store.close()


def _say_created(path: Path) -> None:
    """Say it: a new datastore is empty, and where one was expected it must not come as a surprise."""
    sys.stderr.write(f"created a new datastore at {path}\n")


def _warn(text: str) -> None:
    sys.stderr.write(f"warning: {text}\n")


def utc_now() -> datetime:
    """Return the wall clock's time, for creation times and for showing since when something is so."""
    return datetime.now(UTC)
