"""Raw clients that mean harm, on real sockets of the loopback: what they can take is bounded, and others do not notice.

The loop's clock is ours (`SkippingLoop`): timers of minutes expire when a test says so, and nothing sleeps. Peers offer
a hold time of 0, so that skipping time ends no session but those under test.
"""

import asyncio
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import pytest

from support.malformed.bench import med, open_message, update
from support.sessions import steady
from support.wire import IBGP, NEXT_HOP, ORIGIN, PREFIX, attribute
from support.world import client_range, identifier
from tortie.bgp.engine import Engine, PeerDown, PrefixLimit, SpeakerConfig
from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib.segment import SEGMENT_SIZE_BYTES
from tortie.bgp.rib.update_group import COMPACTION_DEAD_MIN, SEGMENTS_KEPT_MAX
from tortie.bgp.session import State
from tortie.bgp.session.timers import LARGE_HOLD_TIME_S
from tortie.bgp.wire import (
    IPV4_UNICAST,
    KEEPALIVE,
    AttributeTable,
    MessageReader,
    MessageType,
    Notification,
    Update,
    decode_notification,
    decode_update,
)
from tortie.bgp.wire.attribute_set import SEEN_OCTETS_MAX
from tortie.speaker import Callbacks, Event, Speaker

LOCAL_AS = 64512
REFLECTOR = "127.66.255.1"
CLIENTS = "127.66.0.0/16"
DEADLINE_S = 60.0
MESSAGE_SIZE_MAX = 4096
SEND_HOLD_S = 480.0
LINGERING_MAX = 50


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be moved on."""

    skipped_s = 0.0

    def time(self) -> float:
        return super().time() + self.skipped_s

    def skip(self, seconds: float) -> None:
        self.skipped_s += seconds


def loop() -> SkippingLoop:
    running = asyncio.get_running_loop()
    assert isinstance(running, SkippingLoop)
    return running


def run(test: Coroutine[object, object, None]) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(test)


async def until(is_true: Callable[[], bool], what: str) -> None:
    """Let the loop turn until something is so; the deadline is one of real time."""
    end = time.monotonic() + DEADLINE_S
    while not is_true():
        assert time.monotonic() < end, f"not within {DEADLINE_S} s: {what}"
        await asyncio.sleep(0)


class Watched(Engine):
    """An engine that keeps in mind how many prefixes it ever had."""

    most = 0

    def on_update(self, peer: Peer, update: Update, now: float) -> None:
        super().on_update(peer, update, now)
        self.most = max(self.most, len(self.rib.loc_rib(IPV4_UNICAST).decisions))


class Reflector:
    """A speaker that takes clients of a range."""

    def __init__(self, half_open_max: int, limit: PrefixLimit | None) -> None:
        config = SpeakerConfig(local_as=LOCAL_AS, router_id=1, half_open_max=half_open_max)
        self.engine = Watched(config, steady)
        self.events: list[Event] = []
        self.speaker = Speaker(self.engine, Callbacks(self.events.append), lingering_max=LINGERING_MAX)
        self.port = self.speaker.listen(REFLECTOR, 0)
        ranges = [client_range(CLIENTS, prefix_limit=limit, restart_time_s=0, hold_time_s=0)]
        self.engine.reconfigure((), ranges, self.speaker.now)
        self.speaker.wake()

    def peer(self, address: str) -> Peer | None:
        return next((peer for key, peer in self.engine.peers.items() if key.remote_address == address), None)

    def is_up(self, address: str) -> bool:
        peer = self.peer(address)
        return peer is not None and peer.session.state is State.ESTABLISHED

    @property
    def kept_byte_count(self) -> int:
        """Octets of encoded UPDATEs that update groups keep."""
        return sum(
            len(segment.data) for group in self.engine.rib.groups.values() for segment in group._segments.values()
        )

    @property
    def log_length(self) -> int:
        return sum(len(group.log) for group in self.engine.rib.groups.values())


class Client:
    """One raw connection; what is sent to it is read when the test asks for it, or never."""

    def __init__(self, address: str, sock: socket.socket) -> None:
        self.address = address
        self.sock = sock
        self.reader = MessageReader()
        self.table = AttributeTable()
        self.meds: dict[bytes, int | None] = {}
        self.was_opened = self.has_ended = False
        self.notification: Notification | None = None

    async def send(self, data: bytes) -> None:
        await loop().sock_sendall(self.sock, data)

    def read(self) -> None:
        """Take what is there."""
        try:
            while not self.has_ended:
                data = self.sock.recv(1 << 18)
                self.has_ended = not data
                self.reader.feed(data)
        except BlockingIOError:
            pass
        except OSError:
            self.has_ended = True
        while (message := self.reader.next_message()) is not None:
            self._take(*message)

    def _take(self, message_type: MessageType, body: bytes) -> None:
        if message_type is MessageType.NOTIFICATION:
            self.notification = decode_notification(body)
        elif message_type is MessageType.OPEN:
            self.was_opened = True
        elif message_type is MessageType.UPDATE:
            decoded = decode_update(body, IBGP, self.table)
            for _, keys in decoded.withdrawn:
                for key in keys:
                    self.meds.pop(key, None)
            for _, attributes, keys in decoded.announced:
                self.meds.update(dict.fromkeys(keys, attributes.med))

    async def establish(self, reflector: Reflector) -> None:
        await self.send(open_message(LOCAL_AS, identifier(self.address)) + KEEPALIVE)
        await until(lambda: reflector.is_up(self.address), f"{self.address} is up")


@asynccontextmanager
async def attacked(half_open_max: int = 1000, limit: PrefixLimit | None = None) -> AsyncIterator[Reflector]:
    reflector = Reflector(half_open_max, limit)
    try:
        yield reflector
    finally:
        await reflector.speaker.close()


@contextmanager
def no_sockets_left(clients: list[Client]) -> Iterator[list[Client]]:
    """Close what a test has put into the list."""
    try:
        yield clients
    finally:
        for client in clients:
            client.sock.close()


async def connect(reflector: Reflector, address: str, receive_buffer: int = 0) -> Client:
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.bind((address, 0))
    await loop().sock_connect(sock, (REFLECTOR, reflector.port))
    return Client(address, sock)


def routes(mark: int, nlris: list[bytes], as_path: bytes = b"") -> bytes:
    """UPDATEs for many prefixes of 4 octets each, with this MED."""
    block = ORIGIN + attribute(0x50, 2, as_path) + NEXT_HOP + med(mark)
    per_message = (MESSAGE_SIZE_MAX - len(update(block))) // max(map(len, nlris))
    return b"".join(
        update(block, b"".join(nlris[start : start + per_message])) for start in range(0, len(nlris), per_message)
    )


def prefixes(count: int) -> list[bytes]:
    """10.0.0.0/32 and those that follow."""
    return [b"\x20" + (0x0A000000 + number).to_bytes(4) for number in range(count)]


# ---------------------------------------------------------------- connections


@pytest.mark.rfc("4486", "4")
def test_half_open_connections_are_bounded_in_number_and_time() -> None:
    async def test() -> None:
        half_open_max, count = 40, 300
        async with attacked(half_open_max) as reflector:
            with no_sockets_left([]) as clients:
                good = await connect(reflector, "127.66.0.1")
                clients.append(good)
                await good.establish(reflector)
                for number in range(count):
                    silent = await connect(reflector, f"127.66.{1 + number // 200}.{1 + number % 200}")
                    clients.append(silent)
                    await silent.send(b"\xff" * (number % 19))
                await until(lambda: reflector.engine.evicted_count == count - half_open_max, "the others made room")
                assert len(reflector.engine.peers) == half_open_max + 1
                assert reflector.speaker.connection_count <= half_open_max + 1 + LINGERING_MAX
                late = await connect(reflector, "127.66.9.9")
                clients.append(late)
                await late.establish(reflector)
                assert reflector.is_up(good.address)
                loop().skip(LARGE_HOLD_TIME_S)
                await until(lambda: len(reflector.engine.peers) == 2, "who said nothing is gone")
                loop().skip(LARGE_HOLD_TIME_S)
                await until(lambda: reflector.speaker.connection_count == 2, "and so are their sockets")
                clients[-2].read()
                assert clients[-2].notification == Notification(4, 0)

    run(test())


def test_strangers_do_not_pile_up() -> None:
    """Whoever connects from an unknown address is told so; that it does not close costs us two seconds at most."""

    async def test() -> None:
        async with attacked() as reflector:
            with no_sockets_left([]) as clients:
                clients += [await connect(reflector, f"127.67.0.{1 + number % 200}") for number in range(400)]
                await until(lambda: reflector.engine.refused_count == 400, "all were refused")
                assert len(reflector.engine.peers) == 0
                assert reflector.speaker.connection_count <= LINGERING_MAX
                loop().skip(10)
                await until(lambda: reflector.speaker.connection_count == 0, "all sockets are closed")
                clients[0].read()
                assert clients[0].notification == Notification(6, 5)

    run(test())


@pytest.mark.rfc("4271", "8.2.2")
def test_one_octet_a_minute() -> None:
    async def test() -> None:
        async with attacked() as reflector:
            with no_sockets_left([]) as clients:
                trickler = await connect(reflector, "127.66.0.1")
                clients.append(trickler)
                minutes = 0
                for octet in open_message(LOCAL_AS, 9):
                    await trickler.send(bytes((octet,)))
                    loop().skip(60)
                    minutes += 1
                    for _ in range(20):
                        await asyncio.sleep(0)
                    trickler.read()
                    if trickler.has_ended or trickler.notification:
                        break
                assert trickler.notification == Notification(4, 0)
                assert minutes <= LARGE_HOLD_TIME_S / 60 + 1
                assert len(reflector.engine.peers) == 0

    run(test())


# ---------------------------------------------------------------- peers that do not read, or flap


@pytest.mark.rfc("9687", "4")
def test_a_peer_that_never_reads_costs_one_segment_and_ends_by_the_send_hold_timer() -> None:
    """Bounds: one segment and a message handed to its socket; two slots of log a prefix; the segments a group keeps."""

    async def test() -> None:
        table, rounds = prefixes(3000), 25
        async with attacked() as reflector:
            for listener in reflector.speaker._listeners.values():
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # inherited: the kernel holds little
            with no_sockets_left([]) as clients:
                sender = await connect(reflector, "127.66.0.1")
                reader = await connect(reflector, "127.66.0.2")
                deaf = await connect(reflector, "127.66.0.3", receive_buffer=4096)
                clients += [sender, reader, deaf]
                for client in clients:
                    await client.establish(reflector)
                for mark in range(1, rounds + 1):
                    await sender.send(routes(mark, table))
                    await until(partial(hears, reader, table, mark), "the one that reads has this round's routes")
                    sender.read()
                    assert reflector.speaker.unsent_byte_count <= SEGMENT_SIZE_BYTES + 2 * MESSAGE_SIZE_MAX
                    assert reflector.kept_byte_count <= SEGMENTS_KEPT_MAX * (SEGMENT_SIZE_BYTES + MESSAGE_SIZE_MAX)
                    assert reflector.log_length <= 2 * len(table) + COMPACTION_DEAD_MIN + len(table)
                peer = reflector.peer(deaf.address)
                assert peer is not None
                assert reflector.speaker.unsent_byte_count > 0, "it holds somebody up"
                assert reflector.is_up(deaf.address)
                session = peer.session
                loop().skip(SEND_HOLD_S + 1)
                await until(lambda: not reflector.is_up(deaf.address), "SendHoldTimer has ended it")
                assert session.last_notification_sent == Notification(8, 0)
                assert reflector.is_up(reader.address)
                loop().skip(10)
                await until(lambda: reflector.speaker.unsent_byte_count == 0, "nothing is kept for it")

    run(test())


def hears(client: Client, table: list[bytes], mark: int) -> bool:
    client.read()
    return len(client.meds) == len(table) and all(value == mark for value in client.meds.values())


@pytest.mark.rfc("4271", "8.1.1")
def test_a_client_that_flaps_is_damped() -> None:
    async def test() -> None:
        async with attacked() as reflector:
            with no_sockets_left([]) as clients:
                watcher = await connect(reflector, "127.66.0.1")
                clients.append(watcher)
                await watcher.establish(reflector)
                waits = []
                for mark in range(6):
                    came = loop().time()
                    flapper = await connect(reflector, "127.66.0.2")
                    clients.append(flapper)
                    await until(lambda: reflector.peer("127.66.0.2") is not None, "its connection was taken")
                    peer = reflector.peer("127.66.0.2")
                    assert peer is not None
                    if peer.session.state is State.IDLE:
                        timer = reflector.engine.next_timer()
                        assert timer is not None
                        waits.append(round(timer - came))
                        loop().skip(timer - came)
                    await flapper.establish(reflector)
                    await flapper.send(routes(mark, [PREFIX]))
                    await until(partial(hears, watcher, [PREFIX], mark), "the watcher has its route")
                    flapper.sock.close()
                    await until(partial(hears, watcher, [], mark), "the watcher has it no more")
                assert waits == [2, 4, 8, 16]

    run(test())


# ---------------------------------------------------------------- too much


@pytest.mark.rfc("4271", "6.7")
@pytest.mark.rfc("4486", "4")
def test_a_leak_of_a_million_prefixes_stops_at_the_limit() -> None:
    """Bound: the limit and one UPDATE beyond it; the session goes, and with it all it brought."""

    async def test() -> None:
        limit = 5000
        async with attacked(limit=PrefixLimit(prefixes_max=limit)) as reflector:
            with no_sockets_left([]) as clients:
                watcher = await connect(reflector, "127.66.0.1")
                leaker = await connect(reflector, "127.66.0.2")
                clients += [watcher, leaker]
                for client in clients:
                    await client.establish(reflector)
                await watcher.send(routes(7, [PREFIX]))
                flood = routes(1, prefixes(1_000_000))
                tracemalloc.start()
                before = tracemalloc.get_traced_memory()[0]
                try:
                    sending = loop().create_task(leaker.send(flood))
                    await until(lambda: not reflector.is_up(leaker.address), "the session ends")
                    peak = tracemalloc.get_traced_memory()[1] - before
                finally:
                    tracemalloc.stop()
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                assert limit < reflector.engine.most <= limit + MESSAGE_SIZE_MAX // 5 + 1
                assert peak < 16 << 20
                peer = reflector.peer(leaker.address)
                assert peer is not None
                assert peer.session.last_notification_sent == Notification(6, 1, bytes.fromhex("000101 00001388"))
                assert any(isinstance(event, PeerDown) for event in reflector.events)
                await until(lambda: not reflector.engine.rib.has_changes, "all of it is withdrawn")
                assert set(reflector.engine.rib.loc_rib(IPV4_UNICAST).decisions) == {PREFIX}
                await until(lambda: hears(watcher, [], 0), "the watcher holds none of it")
                assert reflector.is_up(watcher.address)
                again = await connect(reflector, leaker.address)
                clients.append(again)
                await until(lambda: ended(again), "it may not come back yet")
                assert again.notification == Notification(6, 5)

    run(test())


def ended(client: Client) -> bool:
    client.read()
    return client.has_ended or client.notification is not None


def test_giant_attributes_are_not_kept() -> None:
    """A message of 4 KB of AS_PATH for one prefix, a thousand times another one: caches are bounded in octets."""

    async def test() -> None:
        async with attacked() as reflector:
            with no_sockets_left([]) as clients:
                sender = await connect(reflector, "127.66.0.1")
                watcher = await connect(reflector, "127.66.0.2")
                clients += [sender, watcher]
                for client in clients:
                    await client.establish(reflector)
                for mark in range(1, 1001):
                    path = b"".join(
                        b"\2\xfa" + b"".join((mark * 1000 + hop).to_bytes(4) for hop in range(250)) for _ in range(3)
                    )
                    await sender.send(routes(mark, [PREFIX], path))
                    if mark % 100 == 0:
                        await until(partial(hears, watcher, [PREFIX], mark), "the watcher has the last of them")
                for cache in reflector.engine.table.seen:
                    octets = sum(len(key if isinstance(key, bytes) else key[0]) for key in cache.young)
                    assert octets <= SEEN_OCTETS_MAX
                largest = 3000
                assert len(reflector.engine.table) <= 2 * SEEN_OCTETS_MAX // largest + 10
                assert reflector.speaker.unsent_byte_count == 0

    run(test())
