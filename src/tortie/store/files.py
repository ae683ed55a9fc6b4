"""The files driver: a folder of manifests as a datastore that is read and watched, never written.

What it is for: a network whose intent is kept in a repository or a mounted volume; each ``*.yaml``, ``*.yml`` and
``*.json`` in the folder (not below it) holds resources of v3 or of calicoctl v1, and whoever follows the folder
takes changes over by itself. What it is not for: writing; `transact` says what to do instead.

The structures to know: `FilesStore` and `manifest_folder.Content`. A revision is the time of the folder's last change
in microseconds, by the file system's clock, so that it grows over restarts of whoever reads; one change makes one
revision, or as many as OPERATIONS_COUNT_MAX asks for. The history is the folder's path: two readers of one folder
agree.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from tortie.store.base import (
    CHANGE_LOG_EVENTS_MAX,
    OPERATIONS_COUNT_MAX,
    Compare,
    Entry,
    Event,
    Events,
    Listing,
    Operation,
    check_key,
    check_prefix,
    check_transaction,
)
from tortie.store.change_log import ChangeLog
from tortie.store.errors import HistoryReplaced, InvalidRequest, ReadOnly
from tortie.store.manifest_folder import SUFFIXES, Content, ManifestFolder

__all__ = ["POLL_INTERVAL_S", "FilesStore"]

POLL_INTERVAL_S: Final = 0.25
"""Pause between two looks at the folder while somebody watches it."""


class FilesStore:
    """A store in a folder of manifests (see `base.Store`). Nothing is read before the first call."""

    def __init__(
        self,
        folder: Path,
        *,
        change_log_events_max: int = CHANGE_LOG_EVENTS_MAX,
        poll_interval_s: float = POLL_INTERVAL_S,
    ) -> None:
        """Keep the folder.

        Args:
            folder: absolute path.
            change_log_events_max: events kept for watchers; older ones are compacted.
            poll_interval_s: pause between two looks of a watch, seconds.
        """
        self._folder = ManifestFolder(folder)
        self._poll_interval_s = poll_interval_s
        self._change_log_events_max = change_log_events_max
        self._thread = ThreadPoolExecutor(1, "tortie-store-files")
        self._entries: dict[str, Entry] = {}
        self._revision = 0
        self._log: ChangeLog | None = None
        self._closing = asyncio.Event()

    async def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None."""
        check_key(key)
        await self._refresh()
        return self._entries.get(key)

    async def list(self, prefix: str) -> Listing:
        """Return all entries under `prefix`, as the files stand now."""
        check_prefix(prefix)
        await self._refresh()
        keys = sorted(key for key in self._entries if key.startswith(prefix))
        return Listing(self._revision, tuple(self._entries[key] for key in keys), self._history)

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> NoReturn:
        """Refuse: the files are edited, not the datastore.

        Raises:
            ReadOnly: names the folder and what to do.
            InvalidRequest: see `base.Store.transact`.
        """
        check_transaction(compares, operations)
        self._check_open()
        raise ReadOnly(
            f"the datastore {self._folder.path} is a folder of manifests and is only read: change the files in it "
            f"({', '.join('*' + suffix for suffix in SUFFIXES)}); whoever follows it takes that over by itself"
        )

    async def watch(self, prefix: str, from_revision: int, history: str | None = None) -> AsyncGenerator[Events, None]:
        """Yield events under `prefix` after `from_revision` (see `base.Store.watch`)."""
        check_prefix(prefix)
        cursor = from_revision
        while True:
            log = await self._refresh()
            if history not in (None, self._history):
                raise HistoryReplaced(cursor, self._revision)
            events, cursor = log.after(cursor, self._revision, prefix)
            if events:
                yield events
            elif cursor == self._revision:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_interval_s):
                        await self._closing.wait()

    async def close(self) -> None:
        """End the thread; later calls and running watches raise InvalidRequest."""
        self._closing.set()
        await asyncio.to_thread(self._thread.shutdown)

    @property
    def _history(self) -> str:
        return f"files {self._folder.path}"

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise InvalidRequest(f"the datastore {self._folder.path} was closed")

    async def _refresh(self) -> ChangeLog:
        """Look at the folder off the event loop, and take over what changed."""
        self._check_open()
        look = asyncio.get_running_loop().run_in_executor(self._thread, self._folder.load)
        look.add_done_callback(self._looked)  # comes first, and comes even if who waits here is cancelled
        await asyncio.shield(look)
        assert self._log is not None, "the first look that succeeds returns the content"
        return self._log

    def _looked(self, look: asyncio.Future[Content | None]) -> None:
        if look.cancelled() or look.exception() is not None:
            return
        content = look.result()
        if content is None:
            return
        if self._log is None:
            self._log = self._begin(content)
        else:
            self._take_over(content, self._log)

    def _begin(self, content: Content) -> ChangeLog:
        revision = self._revision = content.changed_us
        self._entries = {key: Entry(key, value, revision, revision) for key, value in content.values.items()}
        return ChangeLog(self._change_log_events_max, revision)

    def _take_over(self, content: Content, log: ChangeLog) -> None:
        """Make the difference to the entries into revisions, the last of them the time of the change.

        What is written comes before what is deleted: a resource that moved leaves no gap.
        """
        written = [key for key, value in content.values.items() if not self._holds(key, value)]
        deleted = [key for key in self._entries if key not in content.values]
        changed = [*written, *deleted]
        batches = [changed[i : i + OPERATIONS_COUNT_MAX] for i in range(0, len(changed), OPERATIONS_COUNT_MAX)]
        if not batches:
            return
        first = max(self._revision + 1, content.changed_us - len(batches) + 1)
        for revision, keys in enumerate(batches, first):
            log.append([self._change(key, content.values.get(key), revision) for key in keys])
            self._revision = revision

    def _holds(self, key: str, value: bytes) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry.value == value

    def _change(self, key: str, value: bytes | None, revision: int) -> Event:
        old = self._entries.pop(key, None)
        if value is None:
            return Event(key, None, revision)
        self._entries[key] = Entry(key, value, old.create_revision if old else revision, revision)
        return Event(key, self._entries[key], revision)
