"""Speakers on loopback addresses: routes go over, ends are orderly, trouble with sockets stays where it is."""

import asyncio
import errno
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from support.speakers import LEFT, LOCAL_AS, RIGHT, THIRD, nodes, options, peer, run, until
from tortie.bgp.engine import (
    BestPathsChanged,
    EndOfRIBReceived,
    Engine,
    PeerConfig,
    PeerDown,
    PeerKey,
    PeerUp,
    RangeConfig,
)
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    KEEPALIVE,
    FourOctetAS,
    MessageReader,
    MessageType,
    Multiprotocol,
    Open,
    decode_notification,
    encode_open,
)
from tortie.speaker import ListenFailed, SpeakerError
from tortie.speaker import speaker as speaker_module

# ---------------------------------------------------------------- routes


def test_two_speakers_that_both_dial_exchange_routes() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            left_port = left.speaker.listen(LEFT, 0)
            right_port = right.speaker.listen(RIGHT, 0)
            left.originate("10.1.0.0/16", "10.3.0.0/16")
            right.originate("10.2.0.0/16")
            left.configure(peer(LEFT, RIGHT, right_port))
            right.configure(peer(RIGHT, LEFT, left_port))
            expected = {"10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"}
            await until(lambda: left.routes().keys() == right.routes().keys() == expected)
            await until(lambda: left.saw(EndOfRIBReceived) and right.saw(EndOfRIBReceived))
            assert right.routes()["10.1.0.0/16"] == LEFT
            assert right.saw(BestPathsChanged)
            left.engine.withdraw("10.1.0.0/16", left.speaker.now)
            left.speaker.wake()
            await until(lambda: "10.1.0.0/16" not in right.routes())
            assert sum(isinstance(event, PeerUp) for event in left.events) == 1
            assert not left.saw(PeerDown)

    run(test())


def test_ipv6_session_carries_both_families() -> None:
    async def test() -> None:
        families = (IPV4_UNICAST, IPV6_UNICAST)
        async with nodes(2) as (left, right):
            port = left.speaker.listen("::1", 0)
            left.configure(peer("::1", "::1", 1, passive=True, families=families))
            right.configure(peer("::1", "::1", port, families=families))
            right.engine.originate("2001:db8::/32", right.speaker.now, next_hop="2001:db8::1")
            await until(lambda: "2001:db8::/32" in left.routes())

    run(test())


def test_dial_is_refused_and_later_accepted() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = right.speaker.listen(RIGHT, 0)
            right.speaker.stop_listening(RIGHT, 0)
            right.configure(peer(RIGHT, LEFT, 1, passive=True))
            left.configure(peer(LEFT, RIGHT, port))
            session = left.engine.peers[PeerKey(LEFT, RIGHT, port)].session
            await until(lambda: session.last_error == "cannot connect: Connection refused")
            right.speaker.listen(RIGHT, port)
            await until(lambda: left.saw(PeerUp) and right.saw(PeerUp))

    run(test())


def test_dial_from_an_address_that_is_not_ours_fails_and_is_repeated() -> None:
    async def test() -> None:
        async with nodes(1) as (left,):
            left.configure(peer("192.0.2.77", RIGHT, 1))
            session = left.engine.peers[PeerKey("192.0.2.77", RIGHT, 1)].session
            await until(lambda: sum("CONNECT" in text for _, text in session.events) >= 3)
            assert session.last_error == "cannot connect: Cannot assign requested address"

    run(test())


def test_dial_from_an_interface_without_configured_source_takes_the_systems() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = right.speaker.listen(RIGHT, 0)
            dialled = PeerConfig(local_address=None, remote_address=RIGHT, remote_port=port, options=options())
            left.configure(dialled)
            right.configure(ranges=(RangeConfig(prefix="127.0.0.0/8", options=options(passive=True)),))
            await until(lambda: left.saw(PeerUp))

    run(test())


def test_removed_peer_is_told_and_its_dial_ends() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = right.speaker.listen(RIGHT, 0)
            left.configure(peer(LEFT, RIGHT, port), peer(LEFT, "127.77.0.99", port))
            right.configure(peer(RIGHT, LEFT, 1, passive=True))
            await until(lambda: left.saw(PeerUp) and right.saw(PeerUp))
            left.configure()
            await until(lambda: right.saw(PeerDown))
            down = next(event for event in right.events if isinstance(event, PeerDown))
            assert "Peer De-configured" in down.reason

    run(test())


# ---------------------------------------------------------------- a peer made of a plain socket


class RawPeer:
    """A peer that does as the test says."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._reader = MessageReader()

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def next_message(self) -> tuple[MessageType, bytes] | None:
        """The next message, None at the end of the stream."""
        while (message := self._reader.next_message()) is None:
            data = await asyncio.get_running_loop().sock_recv(self._sock, 65536)
            if not data:
                return None
            self._reader.feed(data)
        return message

    async def establish(self, router_id: int) -> None:
        capabilities = (Multiprotocol(IPV4_UNICAST), FourOctetAS(LOCAL_AS))
        await self.send(
            encode_open(Open(asn=LOCAL_AS, hold_time_s=90, router_id=router_id, capabilities=capabilities)) + KEEPALIVE
        )
        kinds = []
        while MessageType.KEEPALIVE not in kinds:
            message = await self.next_message()
            assert message is not None
            kinds.append(message[0])
        assert kinds == [MessageType.OPEN, MessageType.KEEPALIVE]


@asynccontextmanager
async def raw_peer(source: str, address: str, port: int, receive_buffer: int = 0) -> AsyncIterator[RawPeer]:
    with socket.socket() as sock:
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
        yield RawPeer(sock)


CLIENTS = RangeConfig(prefix="127.77.0.0/16", options=options(passive=True, is_client=True))


@pytest.mark.rfc("4486", "4")
def test_close_says_cease_and_ends_the_stream() -> None:
    async def test() -> None:
        async with nodes(1) as (left,):
            port = left.speaker.listen(LEFT, 0)
            left.configure(ranges=(CLIENTS,))
            async with raw_peer(RIGHT, LEFT, port) as client:
                await client.establish(9)
                closing = asyncio.ensure_future(left.speaker.close())
                last = message = await client.next_message()
                while message is not None:
                    last, message = message, await client.next_message()
                assert last is not None
                assert last[0] is MessageType.NOTIFICATION
                assert decode_notification(last[1]).text == "Cease / Administrative Shutdown"
            await closing
            await left.speaker.run()
            await left.speaker.close()

    run(test())


def test_close_does_not_wait_for_a_peer_that_does_not_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tortie.speaker.connection.LINGER_S", 0.05)

    async def test() -> None:
        async with nodes(1) as (left,):
            port = left.speaker.listen(LEFT, 0)
            left.configure(ranges=(CLIENTS,))
            async with raw_peer(RIGHT, LEFT, port) as client:
                await client.establish(9)
                await left.speaker.close()

    run(test())


def test_unknown_peer_is_told_so_and_closed() -> None:
    async def test() -> None:
        async with nodes(1) as (left,):
            port = left.speaker.listen(LEFT, 0)
            left.configure()
            async with raw_peer(RIGHT, LEFT, port) as client:
                assert await client.next_message() == (MessageType.NOTIFICATION, bytes([6, 5]))
                assert await client.next_message() is None
            assert left.engine.refused_count == 1

    run(test())


def test_lost_peer_is_reported_and_may_come_back() -> None:
    async def test() -> None:
        async with nodes(1) as (left,):
            port = left.speaker.listen(LEFT, 0)
            left.configure(ranges=(CLIENTS,))
            for turn in (1, 2):
                async with raw_peer(RIGHT, LEFT, port) as client:
                    await client.establish(9)
                await until(lambda turn=turn: left.saw(PeerDown, turn))  # type: ignore[misc]  # mypy#9255
            assert left.saw(PeerUp, 2)

    run(test())


def test_slow_reader_holds_nobody_up_and_gets_everything() -> None:
    prefix_count = 40_000

    async def test() -> None:
        async with nodes(1) as (left,):
            port = left.speaker.listen(LEFT, 0)
            left.configure(ranges=(CLIENTS,))
            left.originate(*(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}/32" for n in range(prefix_count)))
            async with raw_peer(RIGHT, LEFT, port, receive_buffer=2048) as slow, raw_peer(THIRD, LEFT, port) as quick:
                await slow.establish(8)
                for connection in left.speaker._connections.values():
                    connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
                await quick.establish(9)
                assert await received_until_end_of_rib(quick) == prefix_count
                stuck = left.engine.peers[PeerKey(LEFT, RIGHT, 0)]
                assert stuck.has_unsent
                assert await received_until_end_of_rib(slow) == prefix_count
                await until(lambda: not stuck.has_unsent)

    run(test())


async def received_until_end_of_rib(client: RawPeer) -> int:
    """Count /32 prefixes up to the End-of-RIB."""
    count = 0
    while (message := await client.next_message()) is not None:
        kind, body = message
        if kind is MessageType.UPDATE:
            if body == bytes(4):
                return count
            attributes_length = int.from_bytes(body[2:4])
            count += (len(body) - 4 - attributes_length) // 5
    raise AssertionError("the stream ended")


# ---------------------------------------------------------------- listening


def test_address_in_use_names_place_and_remedy() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = left.speaker.listen(LEFT, 0)
            with pytest.raises(ListenFailed) as caught:
                right.speaker.listen(LEFT, port)
            assert str(caught.value) == (
                f"cannot listen on {LEFT} port {port}: Address already in use "
                f"(another process listens there; `ss -ltnp 'sport = :{port}'` names it)"
            )
            assert caught.value.errno == errno.EADDRINUSE
            assert isinstance(caught.value, SpeakerError)
            assert right.speaker.listening() == []

    run(test())


@pytest.mark.parametrize(
    ("address", "port", "text"),
    [
        ("192.0.2.77", 0, "cannot listen on 192.0.2.77 port 0: Cannot assign requested address (no interface"),
        ("kube-node1", 179, "cannot listen on kube-node1 port 179: not an IP address"),
        (LEFT, 65536, f"cannot listen on {LEFT} port 65536: not a port, expected 0 to 65535"),
    ],
    ids=["not ours", "not an address", "not a port"],
)
def test_address_that_cannot_be_listened_on(address: str, port: int, text: str) -> None:
    async def test() -> None:
        async with nodes(1) as (left,):
            with pytest.raises(ListenFailed) as caught:
                left.speaker.listen(address, port)
            assert str(caught.value).startswith(text)

    run(test())


def test_missing_rights_name_the_remedy() -> None:
    error = ListenFailed("10.0.0.1", 179, PermissionError(errno.EACCES, "Permission denied"))
    assert "CAP_NET_BIND_SERVICE" in str(error)


def test_stop_listening_keeps_established_sessions() -> None:
    async def test() -> None:
        async with nodes(1) as (left,):
            port = left.speaker.listen(LEFT, 0)
            left.configure(ranges=(CLIENTS,))
            async with raw_peer(RIGHT, LEFT, port) as client:
                await client.establish(9)
                left.speaker.stop_listening(LEFT, 0)
                with pytest.raises(ConnectionRefusedError):
                    async with raw_peer(THIRD, LEFT, port):
                        pass
                left.originate("10.1.0.0/16")
                while (message := await client.next_message()) is not None and message[1] == bytes(4):
                    pass
                assert message is not None
                assert message[0] is MessageType.UPDATE

    run(test())


def test_without_descriptors_the_listener_rests_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker_module, "ACCEPT_PAUSE_S", 0.02)

    async def test() -> None:
        async with nodes(1) as (left,):
            port = left.speaker.listen(LEFT, 0)
            left.configure(ranges=(CLIENTS,))
            with socket.socket() as sock:
                sock.setblocking(False)
                sock.bind((RIGHT, 0))
                with no_descriptors_left():
                    await asyncio.get_running_loop().sock_connect(sock, (LEFT, port))
                    await until(lambda: left.speaker.accept_error_count > 0)
                await RawPeer(sock).establish(9)

    run(test())


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    """Fill every gap below the highest descriptor and lower the limit to it."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    fillers = [os.dup(0)]
    while fillers[-1] <= highest:
        fillers.append(os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (fillers[-1] + 1, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for filler in fillers:
            os.close(filler)


# ---------------------------------------------------------------- the loop


class CountingEngine(Engine):
    """Counts how often it is flushed."""

    flush_count = 0

    def flush(self, now: float) -> None:
        self.flush_count += 1
        super().flush(now)


def test_one_flush_a_pass() -> None:
    async def test() -> None:
        async with nodes(1, CountingEngine) as (left,):
            engine = left.engine
            assert isinstance(engine, CountingEngine)
            for _ in range(5):
                left.speaker.wake()
            await asyncio.sleep(0)
            assert engine.flush_count == 1

    run(test())


class DefectiveEngine(Engine):
    """Fails at the first bytes."""

    def receive_data(self, connection: int, data: bytes, now: float) -> None:
        raise ZeroDivisionError(f"defect at {connection}, {len(data)} octets, {now > 0}")


def test_defect_of_the_engine_ends_the_speaker_with_it() -> None:
    async def test() -> None:
        async with nodes(1, DefectiveEngine) as (left,):
            port = left.speaker.listen(LEFT, 0)
            left.configure(ranges=(CLIENTS,))
            async with raw_peer(RIGHT, LEFT, port) as client:
                await client.send(KEEPALIVE)
                with pytest.raises(ZeroDivisionError, match="defect at 1, 19 octets"):
                    await left.speaker.run()
            assert left.speaker.listening() == []

    run(test())
