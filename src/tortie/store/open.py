"""From the URL of a datastore to its driver.

What it is for: the one place that knows which schemes there are. A driver is imported only when its URL is
opened, so that nobody pays for the others. What it is not for: settings beyond the URL.
"""

import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tortie.store.base import Store
from tortie.store.errors import InvalidRequest
from tortie.store.schema import guarded

__all__ = ["open_driver", "open_store"]

_EXPECTED: Final = (
    "expected sqlite:///absolute/path/of/the/file, files:///absolute/path/of/a/folder, "
    "etcds://host:port,host:port or memory://"
)


def open_store(
    url: str,
    *,
    may_create: bool = True,
    on_create: Callable[[Path], None] = lambda _: None,
    on_warning: Callable[[str], None] = lambda _: None,
    environment: Mapping[str, str] = os.environ,
) -> Store:
    """Return the store that a URL names, guarded: it writes only into a schema that this software knows.

    Arguments and errors as `open_driver`.
    """
    driver = open_driver(
        url, may_create=may_create, on_create=on_create, on_warning=on_warning, environment=environment
    )
    return guarded(driver)


def open_driver(
    url: str,
    *,
    may_create: bool = True,
    on_create: Callable[[Path], None] = lambda _: None,
    on_warning: Callable[[str], None] = lambda _: None,
    environment: Mapping[str, str] = os.environ,
) -> Store:
    """Return the store that a URL names, unguarded; nothing is opened or connected before its first call.

    Args:
        url: `sqlite:///path/of/file` (taken literally, no escapes), `files:///path/of/folder` (manifests,
            read only), `etcds://host:port,host:port` (TLS; `etcd://` is plain, and without hosts it is wherever the
            environment says) or `memory://` (a new, empty store).
        may_create: make the data file at the first call if there is none. Commands that only read pass
            False, so that a mistyped path is an error and not an empty network.
        on_create: is told the path when a data file was made.
        on_warning: is told what should be put right, though it works.
        environment: variables; etcd's user and certificates are there.

    Raises:
        InvalidRequest: unknown scheme, no absolute path, or settings that contradict one another.
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
    if scheme in ("etcd", "etcds") and separator:
        return _open_etcd(url, on_warning, environment)
    raise InvalidRequest(f"datastore URL {url!r}: unknown kind of datastore; {_EXPECTED}")


def _open_etcd(url: str, on_warning: Callable[[str], None], environment: Mapping[str, str]) -> Store:
    from tortie.store.etcd_settings import etcd_settings, etcd_warnings  # noqa: PLC0415 - as above

    settings = etcd_settings(url, environment)
    for warning in etcd_warnings(settings):
        on_warning(warning)
    try:
        from tortie.store.etcd import EtcdStore  # noqa: PLC0415 - gRPC is loaded for etcd only
    except ImportError as error:
        raise InvalidRequest(
            f"datastore URL {url!r}: etcd needs the packages grpcio and protobuf ({error}); type: "
            "python3 -m pip install grpcio protobuf"
        ) from error
    return EtcdStore(settings, first_index=random.SystemRandom().randrange(len(settings.endpoints)))
