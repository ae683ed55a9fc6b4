"""A BMP collector on loopback: it hears everything, and nothing that it does slows the speaker."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.bmp import INITIATION, PEER_DOWN, PEER_UP, ROUTE_MONITORING, STATISTICS, TERMINATION, messages
from support.loops import run, until
from support.sessions import steady
from tortie.bgp.engine import Observer, PeerConfig, SessionOptions, SpeakerConfig
from tortie.bgp.watch import BMPFeed, Replay
from tortie.bgp.wire import IPV4_UNICAST, Update, encode_end_of_rib
from tortie.speaker import Callbacks, Collector, Speaker, WatchFileUnusable, Watching, WatchOptions, bmp_client

LOCAL_AS = 64512
LEFT, RIGHT = "127.77.1.1", "127.77.1.2"
RETRY_S = 0.02


class Station:
    """A collector: what came on each connection, whether it has ended; it reads only when it is told to."""

    def __init__(self) -> None:
        self.received: list[bytearray] = []
        self.ended: list[bool] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.is_reading = asyncio.Event()
        self.is_reading.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        index = len(self.received)
        self.received.append(bytearray())
        self.ended.append(False)
        self.writers.append(writer)
        try:
            await self.is_reading.wait()
            while data := await reader.read(65536):
                self.received[index] += data
                await self.is_reading.wait()
        except ConnectionError:
            pass
        self.ended[index] = True
        writer.close()

    def kinds(self, index: int = 0) -> list[int]:
        if len(self.received) <= index:
            return []
        return [message.kind for message in messages(bytes(self.received[index]))]


@asynccontextmanager
async def station(port: int = 0) -> AsyncIterator[tuple[Station, int]]:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.bind((LEFT, port))
    collector = Station()
    server = await asyncio.start_server(collector.serve, sock=sock)
    try:
        yield collector, sock.getsockname()[1]
    finally:
        server.close()
        for writer in collector.writers:
            writer.close()


class Watched:
    """Two speakers; the first is watched."""

    def __init__(self, options: WatchOptions) -> None:
        self.reports: list[tuple[str, str, str, bool]] = []
        self.watching = Watching(
            options, name="left", version="test", jitter=steady, report=lambda *report: self.reports.append(report)
        )
        self.left = self.speaker(1)
        self.right = self.speaker(2)
        self.watching.attach(self.left)

    def speaker(self, router_id: int) -> Speaker:
        config = SpeakerConfig(local_as=LOCAL_AS, router_id=router_id)
        if router_id == 1:
            engine = self.watching.engine(config, steady, session_event=lambda _peer, _text: None)
        else:
            engine = Watching(WatchOptions(), name="", version="", jitter=steady, report=lambda *_: None).engine(
                config, steady, session_event=lambda _peer, _text: None
            )
        return Speaker(engine, Callbacks())

    def meet(self) -> None:
        port = self.left.listen(LEFT, 0)
        options = SessionOptions(local_as=LOCAL_AS, peer_as=LOCAL_AS, passive=True)
        self.left.engine.reconfigure(
            [PeerConfig(local_address=LEFT, remote_address=RIGHT, options=options)], (), self.left.now
        )
        options = SessionOptions(local_as=LOCAL_AS, peer_as=LOCAL_AS)
        peer = PeerConfig(local_address=RIGHT, remote_address=LEFT, remote_port=port, options=options)
        self.right.engine.reconfigure([peer], (), self.right.now)
        self.originate("10.1.0.0/16")
        self.left.wake()

    def originate(self, prefix: str) -> None:
        self.right.engine.originate(prefix, self.right.now)
        self.right.wake()

    def route_count(self) -> int:
        return sum(1 for _ in self.left.engine.best_paths(IPV4_UNICAST))


@asynccontextmanager
async def watched(options: WatchOptions) -> AsyncIterator[Watched]:
    world = Watched(options)
    task = asyncio.get_running_loop().create_task(world.watching.run())
    try:
        yield world
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await world.left.close()
        await world.right.close()
        world.watching.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses that the RFC asks for are for people."""
    monkeypatch.setattr(bmp_client, "RETRY_FIRST_S", RETRY_S)


@pytest.mark.rfc("7854", "3.3")
def test_a_collector_hears_of_sessions_and_routes_and_of_the_end() -> None:
    async def test() -> None:
        async with station() as (collector, port):
            async with watched(WatchOptions(bmp=Collector(LEFT, port))) as world:
                world.meet()
                await until(lambda: ROUTE_MONITORING in collector.kinds())
                (up,) = [each for each in messages(bytes(collector.received[0])) if each.kind == PEER_UP]
                assert up.local_address == LEFT
                (listening,) = world.left.listening()
                assert up.ports[0] != 0 != up.ports[1]
                assert listening[1] in (0, up.ports[0])
                await world.right.close()
                await until(lambda: PEER_DOWN in collector.kinds())
            await until(lambda: collector.ended == [True])
            kinds = collector.kinds()
            assert (kinds[0], kinds[1], kinds[-1]) == (INITIATION, PEER_UP, TERMINATION)
            assert [text for text, *_ in world.reports] == ["collector connected"]

    run(test())


@pytest.mark.rfc("7854", "3.2")
def test_a_collector_that_is_away_is_tried_again_and_told_everything() -> None:
    async def test() -> None:
        async with station() as (_, port):
            pass
        async with watched(WatchOptions(bmp=Collector(LEFT, port))) as world:
            world.meet()
            await until(lambda: bool(world.route_count() and world.reports))
            async with station(port) as (collector, _):
                await until(lambda: collector.kinds().count(ROUTE_MONITORING) >= 2)
                collector.writers[0].close()
                await until(lambda: collector.kinds(1).count(ROUTE_MONITORING) >= 2)
                assert collector.kinds(1)[:2] == [INITIATION, PEER_UP]
        texts = [(text, is_good) for text, _, _, is_good in world.reports]
        assert texts[:3] == [("collector away", False), ("collector connected", True), ("collector away", False)]
        assert world.reports[0][1] == f"collector {LEFT}:{port}"
        assert world.reports[2][2] == "closed by the collector"

    run(test())


def flood(feed: BMPFeed, world: Watched, byte_count: int) -> None:
    """What a peer could say, without the work of saying it."""
    (peer,) = world.left.engine.peers.values()
    body = encode_end_of_rib(IPV4_UNICAST)[19:] + bytes(4000)
    for _ in range(byte_count // len(body)):
        feed.update_received(peer, Update(), body)


def test_a_collector_that_does_not_read_is_given_up_and_slows_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bmp_client, "SEND_TIMEOUT_S", 0.2)

    async def test() -> None:
        async with station() as (collector, port), watched(WatchOptions(bmp=Collector(LEFT, port))) as world:
            world.meet()
            await until(lambda: ROUTE_MONITORING in collector.kinds())
            collector.is_reading.clear()
            feed = world.watching._feed
            assert feed is not None
            flood(feed, world, 12_000_000)
            assert not feed.is_overrun
            world.originate("10.2.0.0/16")
            await until(lambda: world.route_count() == 2)
            await until(lambda: any("read nothing" in reason for _, _, reason, _ in world.reports))
            await until(lambda: len(collector.received) == 2)
            collector.is_reading.set()
            await until(lambda: collector.kinds(1).count(ROUTE_MONITORING) >= 2)

    run(test())


def test_a_slow_collector_is_told_all_again() -> None:
    async def test() -> None:
        async with station() as (collector, port), watched(WatchOptions(bmp=Collector(LEFT, port))) as world:
            world.meet()
            await until(lambda: ROUTE_MONITORING in collector.kinds())
            collector.is_reading.clear()
            feed = world.watching._feed
            assert feed is not None
            flood(feed, world, 40_000_000)
            collector.is_reading.set()
            await until(lambda: any("keep up" in reason for _, _, reason, _ in world.reports))
            await until(lambda: PEER_UP in collector.kinds(1))

    run(test())


def test_statistics_come_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bmp_client, "STATISTICS_S", 0.02)

    async def test() -> None:
        async with station() as (collector, port), watched(WatchOptions(bmp=Collector(LEFT, port))) as world:
            world.meet()
            await until(lambda: collector.kinds().count(STATISTICS) >= 2)

    run(test())


def test_files_are_written_beside_it(tmp_path: Path) -> None:
    record, mrt = tmp_path / "r.jsonl", tmp_path / "u.mrt"

    async def test() -> None:
        async with watched(WatchOptions(record=record, mrt=mrt)) as world:
            world.meet()
            await until(lambda: world.route_count() == 1)

    run(test())
    assert mrt.stat().st_size > 100
    with record.open("rb") as lines:
        replay = Replay(lines)
        replay.run()
    assert (replay.difference, replay.end, replay.version) == ("", "closed", "test")
    assert replay.output_count > 3


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    async def test() -> None:
        with pytest.raises(WatchFileUnusable, match=r"cannot write .*/no/r: No such file"):
            Watched(WatchOptions(record=tmp_path / "no" / "r"))

    run(test())


def test_a_collector_is_written_as_people_do() -> None:
    assert [str(Collector("192.0.2.1", 1)), str(Collector("2001:db8::1", 2))] == ["192.0.2.1:1", "[2001:db8::1]:2"]
    assert Observer(propagated=None, session_event=lambda _key, _text: None).watchers == ()
