"""`python -m tortie.lab.filling FILE`: take what an SQLite file holds into etcd, and the file away.

Run by the lab's holder on a host of an etcd member, before any agent. Where etcd is, the document's variables say. Not
here: what is written into the file (datastore.py). Keys are copied as they are: resources, addresses, the schema's
mark.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tortie.lab.paths import datastore_url
from tortie.store import Put, Store, StoreError, StoreUnavailable, open_store

__all__ = ["main"]

ETCD: Final = "etcd://"
"""Wherever the variables say."""

PUTS_AT_ONCE: Final = 100
TIMEOUT_S: Final = 15.0
"""How long the members have to elect a leader."""

RETRY_S: Final = 0.1


async def _fill(file: Path) -> None:
    source, target = open_store(datastore_url(file)), open_store(ETCD)
    try:
        entries = (await source.list("")).entries
        puts = [Put(entry.key, entry.value) for entry in entries]
        async with asyncio.timeout(TIMEOUT_S):
            for first in range(0, len(puts), PUTS_AT_ONCE):
                await _write(target, puts[first : first + PUTS_AT_ONCE])
    finally:
        await target.close()
        await source.close()


async def _write(store: Store, puts: Sequence[Put]) -> None:
    """Write, as soon as there is a leader; what was written already may be written again."""
    while True:
        try:
            await store.transact([], puts)
        except StoreUnavailable as error:
            print(error, file=sys.stderr, flush=True)  # noqa: T201  # the task's log
            await asyncio.sleep(RETRY_S)
        else:
            return


def main(arguments: list[str]) -> int:
    """Fill etcd; returns the exit code."""
    file = Path(arguments[0])
    try:
        asyncio.run(_fill(file))
    except (StoreError, TimeoutError) as error:
        print(f"etcd is not filled: {error or f'no answer within {TIMEOUT_S:g} s'}", file=sys.stderr)  # noqa: T201
        return 1
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
