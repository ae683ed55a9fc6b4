"""Noticing that a secret has changed: the datastore's by following it, files by looking at what they say.

For: one coroutine that keeps `Secrets` up to date and says when something may be different. Not for: what it means.
Structure to know: `SecretWatch`.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Final

from tortie.model import SECRET_PREFIX
from tortie.node.password_file import LOOK_S
from tortie.node.secrets import Secrets
from tortie.store import Follower, Store, StoreUpdate

__all__ = ["FIRST_WORD_S", "SecretWatch"]

FIRST_WORD_S: Final = 2.0
"""How long a start waits for the datastore's first word on secrets."""


class SecretWatch:
    """Keeps the secrets of one agent.

    Attributes:
        secrets: what there is now.
        on_change: called when a password may be another one.
    """

    def __init__(self, directory: Path | None, jitter: Callable[[], float]) -> None:
        """Know nothing yet."""
        self.secrets = Secrets(directory)
        self.on_change: Callable[[], None] = lambda: None
        self._has_files = directory is not None
        self._jitter = jitter
        self._heard = asyncio.Event()
        self._follower: Follower | None = None

    async def first_word(self) -> None:
        """Wait until the datastore has said something about secrets, for FIRST_WORD_S at most."""
        try:
            async with asyncio.timeout(FIRST_WORD_S):
                await self._heard.wait()
        except TimeoutError:
            return

    def confirm(self) -> bool:
        """Obey a datastore that was emptied or replaced; see `Follower.confirm`."""
        return self._follower is not None and self._follower.confirm()

    async def run(self, store: Store) -> None:
        """Keep up until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(store))
            if self._has_files:
                tasks.create_task(self._look())

    async def _follow(self, store: Store) -> None:
        self._follower = Follower(store, SECRET_PREFIX, jitter=self._jitter)
        async with aclosing(self._follower.updates()) as updates:
            async for update in updates:
                if isinstance(update, StoreUpdate):
                    self.secrets.take(update.entries.values())
                    self._heard.set()
                    self.on_change()
                elif not update.is_connected:
                    self.secrets.note_trouble(update.text)
                    self._heard.set()
                    self.on_change()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.secrets.files.look_again()
            self.on_change()
