"""Tests inside an event loop: a deadline for each, and waiting for what is to happen."""

import asyncio
from collections.abc import Callable, Coroutine

DEADLINE_S = 20.0
POLL_S = 0.005


def run(test: Coroutine[object, object, None]) -> None:
    """Run a test inside a loop, with a deadline."""

    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await test

    asyncio.run(bounded())


async def until(is_true: Callable[[], bool]) -> None:
    """Wait until something is so; the test's deadline bounds it."""
    while not is_true():
        await _pause()


async def _pause() -> None:
    await asyncio.sleep(POLL_S)
