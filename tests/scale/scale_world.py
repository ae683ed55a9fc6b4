"""Thousands of nodes in one datastore, and how long it takes to plan one speaker from them; a program of its own.

`python -m scale.scale_world URL ROLE` reads the datastore at URL as an agent of that role does, makes each of
`CHANGES`, and prints what it measured as one line of JSON. After each change the intent is compared with one that is
planned from scratch. Not here: the processes around it (test_scale.py), the page (scale_page.py).
"""

import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

from support.fabric import block, configuration, endpoint, node, peer, pool, reflector
from tortie.bgp.engine import Engine, PeerConfig
from tortie.fabric import Fabric, NodeIntent, ReflectorPlanner, node_intent
from tortie.model import Resource, to_stored
from tortie.node.collector import relax_collector, settle_collector
from tortie.node.intent_config import peer_configs, speaker_config
from tortie.node.intent_source import IntentUpdate, IntentWithheld, Planner, intents
from tortie.store import Follower, Put, decode_entry, open_store

REFLECTORS: Final = ("10.0.0.1", "10.0.0.11", "10.0.0.12", "10.0.0.13")
"""The first is the one that is measured."""

OWN: Final = "node-0001"
"""The node that is measured."""

OWN_ADDRESS: Final = "10.0.0.2"
OUTSIDE: Final = "198.51.100.1"
WORKLOADS_PER_NODE: Final = 4
PUTS_AT_ONCE: Final = 100
RUNS: Final = 3
DEADLINE_S: Final = 60.0
ROOT: Final = "/calico/"


def address(index: int) -> str:
    """Return a node's address."""
    return OWN_ADDRESS if index == 1 else f"172.16.{index // 250}.{index % 250 + 1}"


def block_start(index: int) -> str:
    """Return the first address of a node's block without its last number, and that number."""
    first = index * 64
    return f"10.{128 + first // 65536}.{first // 256 % 256}.{first % 256}"


def resources(nodes: int) -> list[Resource]:
    """Return all there is: nodes with a block and workloads each, reflectors that all peer with, one outside peer."""
    found: list[Resource] = [configuration(nodeToNodeMeshEnabled=False), pool("pool", "10.128.0.0/9")]
    for number, ip in enumerate(REFLECTORS):
        found += [reflector(ip, "1.0.0.1"), peer(f"reflector-{number}", ip)]
    found.append(peer("outside", OUTSIDE, nodeSelector="rack == 'edge'"))
    for index in range(1, nodes + 1):
        name = f"node-{index:04}"
        start = block_start(index)
        found += [node(name, address(index), labels={"rack": f"r{index % 40}"}), block(name, f"{start}/26")]
        head, _, last = start.rpartition(".")
        for number in range(WORKLOADS_PER_NODE):
            ip = f"{head}.{int(last) + number}/32"
            found.append(endpoint(f"{name}-w{number}", name, ip, interface=f"cali{index}x{number}"))
    return found


async def fill(url: str, nodes: int) -> int:
    """Write everything; return how many resources that is."""
    puts = [Put(*to_stored(item)) for item in resources(nodes)]
    store = open_store(url)
    try:
        for first in range(0, len(puts), PUTS_AT_ONCE):
            await store.transact([], puts[first : first + PUTS_AT_ONCE])
    finally:
        await store.close()
    return len(puts)


@dataclass(frozen=True)
class Change:
    """A change: what stands there afterwards, of two states that take turns."""

    what: str
    states: tuple[Resource, Resource]


CHANGES: Final = (
    Change("label of a node", tuple(node(OWN, OWN_ADDRESS, labels={"rack": rack}) for rack in ("edge", "r1"))),  # type: ignore[arg-type]  # two of them
    Change("address of a node", (node("node-0002", "172.31.0.2"), node("node-0002", address(2)))),
    Change(
        "workload",
        (endpoint("new", OWN, "10.128.0.70/32", interface="calinew"), endpoint("new", OWN, "10.128.0.71/32")),
    ),
    Change("block affinity", (block(OWN, "10.250.0.0/26"), block(OWN, "10.250.0.0/26", state="pending"))),
    Change("BGPPeer for all nodes", (peer("new", "198.51.100.2"), peer("new", "198.51.100.3"))),
    Change(
        "BGPPeer of all with a reflector",
        (peer("reflector-0", REFLECTORS[0], maxRestartTime="60s"), peer("reflector-0", REFLECTORS[0])),
    ),
    Change(
        "AS number of the cluster",
        (configuration(nodeToNodeMeshEnabled=False, asNumber=64513), configuration(nodeToNodeMeshEnabled=False)),
    ),
    Change("pool", (pool("new", "10.64.0.0/16"), pool("new", "10.64.0.0/16", disabled=True))),
)


class Reader:
    """One speaker's intent, followed as an agent follows it; and an engine that is told of it."""

    def __init__(self, url: str, plan: Planner) -> None:
        self._store, self._writer = open_store(url), open_store(url)
        self._plan = plan
        self._updates: AsyncGenerator[object, None] = intents(Follower(self._store, ROOT), plan)
        self._engine: Engine | None = None
        self.intent: NodeIntent | None = None
        self._translated: tuple[NodeIntent, tuple[PeerConfig, ...]] | None = None
        self._clock = asyncio.get_running_loop().time

    async def next_intent(self, revision: int = 0) -> float:
        """Wait for the intent of a revision and return when it was there."""
        async with asyncio.timeout(DEADLINE_S):
            async for update in self._updates:
                assert not isinstance(update, IntentWithheld), update
                if isinstance(update, IntentUpdate) and update.revision >= revision:
                    self.intent = update.intent
                    return self._clock()
        raise AssertionError("updates have no end")

    def act(self) -> float:
        """Tell the engine and return when it knew."""
        intent = self.intent
        assert intent is not None
        if self._engine is None:
            self._engine = Engine(speaker_config(intent), lambda: 1.0)
        peers = peer_configs(intent, *(self._translated or ()))
        self._translated = intent, peers
        self._engine.reconfigure(peers, (), self._clock(), speaker_config(intent))
        while self._engine.next_output() is not None:
            pass
        return self._clock()

    async def change(self, resource: Resource) -> tuple[float, float, float]:
        """Write and return the seconds from the write to the intent, to the engine that knows, and of the processor."""
        former = self.intent
        began, worked = self._clock(), time.process_time()
        revision = await self._writer.transact([], [Put(*to_stored(resource))])
        planned = await self.next_intent(revision)
        acted = self.act() if self.intent != former else planned
        return planned - began, acted - began, time.process_time() - worked

    async def check(self) -> None:
        """See that the intent is the one that is planned from scratch."""
        found = [decode_entry(entry) for entry in (await self._writer.list(ROOT)).entries]
        fabric = Fabric.from_resources(item for item in found if isinstance(item, Resource))
        assert self.intent == self._plan(fabric)  # another snapshot: nothing that was kept is used

    async def close(self) -> None:
        await self._updates.aclose()
        await self._store.close()
        await self._writer.close()


PLANS: Final[dict[str, Planner]] = {
    "node": lambda fabric: node_intent(fabric, OWN),
    "reflector": ReflectorPlanner(REFLECTORS[0]),
}


async def measure(url: str, role: str) -> dict[str, object]:
    """Return seconds: the first intent, its engine, and each change; medians."""
    clock = asyncio.get_running_loop().time
    relax_collector()
    firsts, processors, engines = [], [], []
    reader: Reader | None = None
    for _ in range(RUNS):
        if reader is not None:
            await reader.close()
            del reader
            gc.unfreeze()
            gc.collect()
        began, worked = clock(), time.process_time()
        reader = Reader(url, PLANS[role])
        planned = await reader.next_intent()
        firsts.append(planned - began)
        processors.append(time.process_time() - worked)
        engines.append(reader.act() - planned)
    assert reader is not None
    settle_collector()
    changes: dict[str, list[float]] = {}
    for change in CHANGES:
        seconds = [await reader.change(change.states[number % 2]) for number in range(2 * RUNS)]
        await reader.check()
        settle_collector()
        changes[change.what] = [statistics.median(each) for each in zip(*seconds, strict=True)]
    sessions = 0 if reader.intent is None else len(reader.intent.sessions)
    await reader.close()
    return {
        "role": role,
        "first_s": statistics.median(firsts),
        "processor_s": statistics.median(processors),
        "engine_s": statistics.median(engines),
        "sessions": sessions,
        "changes": changes,
    }


def main(arguments: Sequence[str]) -> None:
    url, role = arguments
    sys.stdout.write(json.dumps(asyncio.run(measure(url, role))))


if __name__ == "__main__":
    main(sys.argv[1:])
