"""A file that grows while a speaker runs: recordings and MRT.

For: appending in batches, so that writing costs the speaker little; what stood there before stays, under another name.
Not for: what is written (bgp/watch), files that are replaced as a whole (node/last_intent.py).
Structure to know: `WatchFile`.

Readable by its owner only (0600). The first write error is reported and ends the writing, not the speaker.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["BATCH_BYTES_MAX", "FORMER_FILES_MAX", "WRITE_PAUSE_S", "WatchFile"]

FILE_MODE: Final = 0o600
BATCH_BYTES_MAX: Final = 65536
"""What is kept in memory before it is written."""

WRITE_PAUSE_S: Final = 1.0
"""How long it is kept at most: what a kill -9 may lose."""

FORMER_FILES_MAX: Final = 5
"""FILE.1 (the last) to FILE.5; older ones are deleted."""


class WatchFile:
    """One file. Used inside a running event loop.

    Args:
        path: of the file; one that is there becomes FILE.1.
        report: is told the first error of writing.
        bytes_max: when it is as long it becomes FILE.1 too, and a new one begins; None = never.

    Raises:
        OSError: it cannot be made.

    Attributes:
        is_failed: it could not be written to; nothing more is.
    """

    def __init__(self, path: Path, report: Callable[[OSError], None], *, bytes_max: int | None = None) -> None:
        """Make the file."""
        self._path = path
        self._report = report
        self._bytes_max = bytes_max
        self._loop = asyncio.get_running_loop()
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._file_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self.is_failed = False
        self._descriptor = _make(path)

    def write(self, data: bytes) -> None:
        """Append; it may come to lie in a later file, but never in two."""
        if self.is_failed:
            return
        self._batch.append(data)
        self._batch_bytes += len(data)
        if self._batch_bytes >= BATCH_BYTES_MAX:
            self.flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(WRITE_PAUSE_S, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._batch, self._batch_bytes = b"".join(self._batch), [], 0
        if self.is_failed or not batch:
            return
        try:
            self._append(batch)
        except OSError as error:
            self.is_failed = True
            self._report(error)

    def close(self) -> None:
        """Write what waits, end the file; twice is once."""
        self.flush()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self.is_failed = True

    def _append(self, batch: bytes) -> None:
        if self._bytes_max is not None and self._file_bytes and self._file_bytes + len(batch) > self._bytes_max:
            os.close(self._descriptor)
            self._descriptor = -1
            self._descriptor = _make(self._path)
            self._file_bytes = 0
        written = 0
        while written < len(batch):
            written += os.write(self._descriptor, batch[written:])
        self._file_bytes += len(batch)


def _make(path: Path) -> int:
    """Move a file that is there out of the way and make a new one."""
    if path.exists() and path.stat().st_size:
        for number in range(FORMER_FILES_MAX, 0, -1):
            source = _former(path, number - 1)
            if source.exists():
                source.replace(_former(path, number))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)


def _former(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path
