"""The sqlite driver: one file, several processes on one host.

What it is for: the embedded default, a `base.Store` on top of `sqlite.py`: one thread reads, one writes, one
looks for changes of other processes; nothing of it runs on the event loop. What it is not for: SQL and files
(`sqlite.py`), file systems shared between hosts.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from tortie.store.base import (
    CHANGE_LOG_EVENTS_MAX,
    Compare,
    Entry,
    Events,
    Listing,
    Operation,
    check_key,
    check_prefix,
    check_transaction,
)
from tortie.store.errors import InvalidRequest
from tortie.store.poller import Poller
from tortie.store.sqlite import BUSY_TIMEOUT_S, LogPosition, SQLiteConnection, SQLiteFile

__all__ = ["POLL_INTERVAL_S", "SQLiteStore"]

POLL_INTERVAL_S: Final = 0.04
"""Pause between two looks for changes by other processes."""
WAKE_TIMEOUT_S: Final = 5.0
"""A watch reads the log at least this often, even if nobody wakes it."""
STOP_TIMEOUT_S: Final = 2 * BUSY_TIMEOUT_S
"""Longest wait for the threads at close()."""

_Result = TypeVar("_Result")


class SQLiteStore:
    """A store in a file (see `base.Store`). Nothing is opened before the first call."""

    def __init__(
        self,
        path: Path,
        *,
        may_create: bool = True,
        change_log_events_max: int = CHANGE_LOG_EVENTS_MAX,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        on_create: Callable[[Path], None] = lambda _: None,
    ) -> None:
        """Keep the path.

        Args:
            path: the file. Its directory must exist.
            may_create: make the file if there is none at the first call. A file that was there once is
                never made anew by this object: an empty one in its place would look like the deletion of
                everything.
            change_log_events_max: events kept for watchers; older ones are compacted.
            busy_timeout_s: longest wait for another process's lock, seconds.
            on_create: is told the path, in a thread of the store, when a new file was made.
        """
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._change_log_events_max = change_log_events_max
        self._file = SQLiteFile(path, on_create)
        self._reader = SQLiteConnection(self._file, may_create=may_create, busy_timeout_s=busy_timeout_s)
        self._writer = SQLiteConnection(self._file, may_create=may_create, busy_timeout_s=busy_timeout_s)
        self._read_thread = ThreadPoolExecutor(1, "tortie-store-read")
        self._write_thread = ThreadPoolExecutor(1, "tortie-store-write")
        self._poller: Poller | None = None
        self._changed = asyncio.Event()
        self._closed = False

    async def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None."""
        check_key(key)
        return await self._in_thread(self._read_thread, lambda: self._reader.get(key))

    async def list(self, prefix: str) -> Listing:
        """Return all entries under `prefix`, at one revision."""
        check_prefix(prefix)
        return await self._in_thread(self._read_thread, lambda: self._reader.list(prefix))

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations if all compares hold (see `base.Store.transact`); on disk when it returns."""
        check_transaction(compares, operations)
        limit = self._change_log_events_max
        revision = await self._in_thread(
            self._write_thread,
            lambda: self._writer.transact(compares, operations, limit),
        )
        self._wake()
        return revision

    async def watch(self, prefix: str, from_revision: int, history: str | None = None) -> AsyncGenerator[Events, None]:
        """Yield events under `prefix` after `from_revision` (see `base.Store.watch`)."""
        check_prefix(prefix)
        self._start_poller()
        position = LogPosition(prefix, from_revision, history)
        while True:
            changed = self._changed
            events, is_all = await self._in_thread(self._read_thread, lambda: self._reader.read_log(position))
            if events:
                yield events
            elif is_all:
                with suppress(TimeoutError):
                    async with asyncio.timeout(WAKE_TIMEOUT_S):
                        await changed.wait()

    async def close(self) -> None:
        """Close the file and end the threads; running watches raise InvalidRequest."""
        self._closed = True
        self._wake()
        await asyncio.to_thread(self._stop_threads)

    def _stop_threads(self) -> None:
        if self._poller is not None:
            self._poller.stop(STOP_TIMEOUT_S)
        for thread, connection in ((self._read_thread, self._reader), (self._write_thread, self._writer)):
            with suppress(RuntimeError):  # shut down already: a second close()
                thread.submit(connection.close)
            thread.shutdown(wait=True)

    async def _in_thread(self, thread: ThreadPoolExecutor, call: Callable[[], _Result]) -> _Result:
        if self._closed:
            raise InvalidRequest(f"the datastore {self._path} was closed")
        return await asyncio.get_running_loop().run_in_executor(thread, call)

    def _start_poller(self) -> None:
        if self._poller is None:
            loop = asyncio.get_running_loop()
            connection = SQLiteConnection(self._file, may_create=False, busy_timeout_s=POLL_INTERVAL_S)
            self._poller = Poller(
                connection.change_token,
                connection.close,
                lambda: self._wake_from_thread(loop),
                POLL_INTERVAL_S,
            )
            self._poller.start()

    def _wake_from_thread(self, loop: asyncio.AbstractEventLoop) -> bool:
        try:
            loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the loop was closed without close(): nobody is left to wake
            return False
        return True

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
