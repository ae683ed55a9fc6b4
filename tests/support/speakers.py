"""Speakers on loopback addresses inside one event loop, and what they have told their owners."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from support.sessions import steady
from tortie.bgp.engine import Engine, PeerConfig, RangeConfig, SessionOptions, SpeakerConfig
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, prefix_to_text
from tortie.speaker import Callbacks, Event, Passwords, Speaker

LOCAL_AS = 64512
LEFT, RIGHT, THIRD = "127.77.0.1", "127.77.0.2", "127.77.0.3"
DEADLINE_S = 20.0


def run(test: Coroutine[object, object, None]) -> None:
    """Run a test inside a loop, with a deadline, and see that it leaves no descriptor behind."""

    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await test

    before = descriptors()
    asyncio.run(bounded())
    assert descriptors() == before


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def until(is_true: Callable[[], bool]) -> None:
    """Let the loop turn until something is so; the test's deadline bounds it."""
    loop = asyncio.get_running_loop()
    while not is_true():
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


class Node:
    """A speaker and what it has told its owner."""

    def __init__(self, router_id: int, engine_class: type[Engine] = Engine) -> None:
        config = SpeakerConfig(local_as=LOCAL_AS, router_id=router_id)
        self.engine = engine_class(config, steady, reports_best_paths=True)
        self.events: list[Event] = []
        self.speaker = Speaker(self.engine, Callbacks(self.events.append))

    def configure(
        self, *peers: PeerConfig, ranges: tuple[RangeConfig, ...] = (), passwords: Passwords | None = None
    ) -> None:
        self.speaker.reconfigure(peers, ranges, passwords=passwords or {})

    def originate(self, *prefixes: str) -> None:
        for prefix in prefixes:
            self.engine.originate(prefix, self.speaker.now)
        self.speaker.wake()

    def saw(self, kind: type[Event], count: int = 1) -> bool:
        return sum(isinstance(event, kind) for event in self.events) >= count

    def routes(self) -> dict[str, str]:
        """Prefixes with the names of the peers their best paths come from."""
        return {
            prefix_to_text(nlri, family): path.source.name
            for family in (IPV4_UNICAST, IPV6_UNICAST)
            for nlri, path in self.engine.best_paths(family)
        }


@asynccontextmanager
async def nodes(count: int, engine_class: type[Engine] = Engine) -> AsyncIterator[list[Node]]:
    made = [Node(index + 1, engine_class) for index in range(count)]
    try:
        yield made
    finally:
        for node in made:
            await node.speaker.close()


def options(**changes: object) -> SessionOptions:
    fields: dict[str, object] = {"local_as": LOCAL_AS, "peer_as": LOCAL_AS, "connect_retry_s": 0.05}
    return SessionOptions(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the dataclass


def peer(local: str, remote: str, port: int, **changes: object) -> PeerConfig:
    return PeerConfig(local_address=local, remote_address=remote, remote_port=port, options=options(**changes))
