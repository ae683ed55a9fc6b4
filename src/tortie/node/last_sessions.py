"""Which sessions were up, on disk: whom an agent that restarts has to wait for.

For: RFC 4724 §4.1 lets a speaker that has restarted wait for its peers' routes before it chooses; a peer that was away
before will send none, and nobody should wait for it. Not for: what a session is (``last_intent.py``).
The file lies beside the last intent, readable by its owner only (0600), replaced as a whole. Without it everybody is
waited for.
Structures to know: `LastSessions`.
"""

import asyncio
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from tortie.bgp.engine import PeerKey

__all__ = ["LastSessions", "load_last_sessions"]

FILE_MODE: Final = 0o600
WRITE_PAUSE_S: Final = 1.0
"""Between two writes: a thousand sessions that come up together are one or two."""


def load_last_sessions(path: Path) -> frozenset[PeerKey] | None:
    """Return which sessions were up when the agent was last there; None = not known."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    found = set()
    for each in content if isinstance(content, list) else [None]:
        match each:
            case [str(local_address), str(remote_address), int(port)]:
                found.add(PeerKey(local_address, remote_address, port))
            case _:
                return None
    return frozenset(found)


class LastSessions:
    """Writes down which sessions are up, soon after that changes."""

    def __init__(
        self, path: Path, find_up: Callable[[], Iterable[PeerKey] | None], report: Callable[[OSError], None]
    ) -> None:
        """Write nothing yet.

        Args:
            path: of the file.
            find_up: says which sessions are up, None where nobody knows yet; asked at each write.
            report: is told when it cannot be written.
        """
        self._path = path
        self._find_up = find_up
        self._report = report
        self._is_changed = asyncio.Event()

    def note_change(self) -> None:
        """A session has come up or gone down."""
        self._is_changed.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._is_changed.wait()
            self.write()
            await asyncio.sleep(WRITE_PAUSE_S)

    def write(self) -> None:
        """Write now."""
        self._is_changed.clear()
        up = self._find_up()
        if up is None:
            return
        scratch = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, FILE_MODE)
                json.dump(sorted(up), file)
            scratch.replace(self._path)
        except OSError as error:
            self._report(error)
