"""From the URL of a datastore to its driver.

What it is for: the one place that knows which schemes there are. A driver is imported only when its URL is
opened, so that nobody pays for the others. What it is not for: settings beyond the URL.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tortie.store.base import Store
from tortie.store.errors import InvalidRequest
from tortie.store.schema import SchemaGuard

__all__ = ["open_driver", "open_store"]

_EXPECTED: Final = "expected sqlite:///absolute/path/of/the/file, files:///absolute/path/of/a/folder or memory://"


def open_store(
    url: str,
    *,
    may_create: bool = True,
    on_create: Callable[[Path], None] = lambda _: None,
    checks_reading: bool = False,
) -> Store:
    """Return the store that a URL names, guarded: it writes only into a schema that this software knows.

    Arguments and errors as `open_driver`; `checks_reading` as `SchemaGuard`.
    """
    return SchemaGuard(open_driver(url, may_create=may_create, on_create=on_create), checks_reading=checks_reading)


def open_driver(url: str, *, may_create: bool = True, on_create: Callable[[Path], None] = lambda _: None) -> Store:
    """Return the store that a URL names, unguarded; nothing is opened or connected before its first call.

    Args:
        url: `sqlite:///path/of/file` (taken literally, no escapes), `files:///path/of/folder` (manifests,
            read only) or `memory://` (a new, empty store).
        may_create: make the data file at the first call if there is none. Commands that only read pass
            False, so that a mistyped path is an error and not an empty network.
        on_create: is told the path when a data file was made.

    Raises:
        InvalidRequest: unknown scheme, or no absolute path.
    """
    scheme, separator, rest = url.partition("://")
    if scheme == "memory" and separator and not rest:
        from tortie.store.memory import MemoryStore  # noqa: PLC0415 - a driver is imported when it is opened

        return MemoryStore()
    if scheme == "sqlite" and separator:
        if not rest.startswith("/") or rest.endswith("/"):
            raise InvalidRequest(f"datastore URL {url!r}: the path must be absolute and name a file; {_EXPECTED}")
        from tortie.store.sqlite_store import SQLiteStore  # noqa: PLC0415 - a driver is imported when it is opened

        return SQLiteStore(Path(rest), may_create=may_create, on_create=on_create)
    if scheme == "files" and separator:
        if not rest.startswith("/"):
            raise InvalidRequest(f"datastore URL {url!r}: the path must be absolute and name a folder; {_EXPECTED}")
        from tortie.store.files import FilesStore  # noqa: PLC0415 - a driver is imported when it is opened

        return FilesStore(Path(rest))
    raise InvalidRequest(f"datastore URL {url!r}: unknown kind of datastore; {_EXPECTED}")
