"""Stories of addresses: nodes that take and give back addresses at once, in an order that a seed decides.

For: the decisions of ``ipam`` under conflicts: at each call of the datastore another node may have its turn, and a node
may die between any two calls. Not for: sessions and routes (`story.py`).
RFC sections: none.
Structures to know: `tell_addresses`; `TurnStore`, the datastore at which the order is decided.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from random import Random
from typing import Final, TypeVar

from tortie.ipam import IPAMError, assign_address, release_handle
from tortie.model import BlockAffinity, IPAMBlock, IPAMHandle, IPPool, Resource, from_stored, parse_key
from tortie.sim.story import Ending
from tortie.store import Compare, Entry, Listing, Operation, Store
from tortie.store.base import Events
from tortie.store.memory import MemoryStore

__all__ = ["TurnStore", "tell_addresses"]

NODES: Final = tuple(f"n{index}" for index in range(5))
DEEDS_A_NODE: Final = 12
POOL: Final = {"cidr": "10.0.0.0/27", "blockSize": 29}
"""Four blocks of eight addresses for five nodes: they are in one another's way, and it runs out."""

RELEASE_SHARE: Final = 0.4
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)

Result = TypeVar("Result")

Resources = list[Resource]
"""A name of its own: inside a store `list` is the method."""


class TurnStore:
    """A datastore in memory whose callers take turns: who waits longest need not be next."""

    def __init__(self, random: Random) -> None:
        """Begin empty."""
        self._random = random
        self._store: Store = MemoryStore()
        self._waiting: list[asyncio.Future[None]] = []

    async def get(self, key: str) -> Entry | None:
        """Return the entry of a key."""
        return await self._in_turn(lambda: self._store.get(key))

    async def list(self, prefix: str) -> Listing:
        """Return all entries under a prefix."""
        return await self._in_turn(lambda: self._store.list(prefix))

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations if all compares hold."""
        return await self._in_turn(lambda: self._store.transact(compares, operations))

    def watch(self, prefix: str, from_revision: int, history: str | None = None) -> AsyncGenerator[Events, None]:
        """Yield changes; nobody here asks for them."""
        return self._store.watch(prefix, from_revision, history)

    async def close(self) -> None:
        """Let go of the store."""
        await self._store.close()

    async def _in_turn(self, work: Callable[[], Awaitable[Result]]) -> Result:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn
        return await work()

    async def give_turns(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Let one caller after another go on until all tasks are done."""
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            if self._waiting:
                turn = self._waiting.pop(self._random.randrange(len(self._waiting)))
                if not turn.done():
                    turn.set_result(None)

    async def resources(self) -> Resources:
        """Return everything that is stored."""
        listing = await self._store.list("")
        return [from_stored(entry.key, entry.value) for entry in listing.entries if parse_key(entry.key)]


class _Node:
    """One node's containers: handle → its address."""

    def __init__(self, name: str, store: TurnStore, random: Random, steps: list[str]) -> None:
        self.name = name
        self.held: dict[str, str] = {}
        self._store = store
        self._random = random
        self._steps = steps
        self._pool = IPPool.from_data({"metadata": {"name": "pool"}, "spec": POOL})

    async def live(self) -> None:
        for number in range(DEEDS_A_NODE):
            if self.held and self._random.random() < RELEASE_SHARE:
                await self._release(self._random.choice(sorted(self.held)))
            else:
                await self._assign(f"{self.name}.{number}")

    async def _assign(self, handle: str) -> None:
        try:
            self.held[handle] = await assign_address(self._store, self.name, [self._pool], handle, NOW)
            self._steps.append(f"{self.name} takes {self.held[handle]} for {handle}")
        except IPAMError as error:
            self._steps.append(f"{self.name} gets no address for {handle}: {type(error).__name__}")

    async def _release(self, handle: str) -> None:
        address = self.held.pop(handle)
        released = await release_handle(self._store, handle)
        assert released in ([address], []), f"{handle} held {address}, {released} were given back"
        self._steps.append(f"{self.name} gives {address} back")


def tell_addresses(seed: int) -> Ending:
    """Run one story to its end; a node may die in the middle of what it does."""
    return asyncio.run(_tell(seed))


async def _tell(seed: int) -> Ending:
    random = Random(seed)
    steps: list[str] = []
    store = TurnStore(random)
    nodes = [_Node(name, store, random, steps) for name in NODES]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(node.live()) for node in nodes]
        dying = random.choice([None, None, *range(len(nodes))])
        if dying is not None:
            group.create_task(_die(tasks[dying], random.randrange(60)))
        await store.give_turns(tasks)
    dead = set() if dying is None or not tasks[dying].cancelled() else {NODES[dying]}
    held = {node.name: node.held for node in nodes if node.name not in dead}
    found = tuple(_problems(await store.resources(), held))
    return Ending(seed, "addresses", tuple(steps), found, tuple(steps))


async def _die(task: "asyncio.Task[None]", after: int) -> None:
    for _ in range(after):
        await asyncio.sleep(0)
    task.cancel()


def _problems(resources: Sequence[Resource], held: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield what is wrong with what is stored, and with what the living nodes believe to hold."""
    blocks = [item for item in resources if isinstance(item, IPAMBlock)]
    for address, count in Counter(chain.from_iterable(each.values() for each in held.values())).items():
        if count > 1:
            yield f"addresses: {address} was given out {count} times"
    for cidr, count in Counter(block.spec.cidr for block in blocks).items():
        if count > 1:
            yield f"blocks: {cidr} is there {count} times"
    owners = {block.spec.cidr: (block.spec.affinity or "").removeprefix("host:") for block in blocks}
    for affinity in (item for item in resources if isinstance(item, BlockAffinity)):
        spec = affinity.spec
        if spec.state == "confirmed" and owners.get(spec.cidr) != spec.node:
            yield f"blocks: {spec.node} has a confirmed claim on {spec.cidr}, which is {owners.get(spec.cidr)}'s"
    yield from _handle_problems(blocks, [item for item in resources if isinstance(item, IPAMHandle)])


def _handle_problems(blocks: Sequence[IPAMBlock], handles: Sequence[IPAMHandle]) -> Iterator[str]:
    counted = Counter(
        (block.spec.attributes[index].handle_id or "", block.spec.cidr)
        for block in blocks
        for index in block.spec.allocations
        if index is not None
    )
    noted = Counter({(item.name, cidr): count for item in handles for cidr, count in item.spec.block.items()})
    for (handle, cidr), count in ((counted - noted) + (noted - counted)).items():
        yield f"handles: {handle} and block {cidr} differ by {count}"
