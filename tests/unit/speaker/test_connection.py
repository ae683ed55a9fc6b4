"""One connection over a pair of sockets: order, partial writes, orderly and disorderly ends."""

import asyncio
import socket
from collections.abc import Coroutine

from tortie.speaker.connection import IOV_MAX, READ_SIZE_BYTES, Connection

DEADLINE_S = 20.0


class Owner:
    """Keeps what it is told; `told` is set at each call."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int, object]] = []
        self.told = asyncio.Event()

    def on_data(self, number: int, data: bytes) -> None:
        self._keep("data", number, data)

    def on_lost(self, number: int, reason: str) -> None:
        self._keep("lost", number, reason)

    def on_drained(self, number: int) -> None:
        self._keep("drained", number, None)

    def closed(self) -> None:
        self._keep("closed", 0, None)

    def _keep(self, kind: str, number: int, detail: object) -> None:
        self.log.append((kind, number, detail))
        self.told.set()

    async def next_call(self) -> tuple[str, int, object]:
        if not self.log:
            self.told.clear()
            await self.told.wait()
        return self.log.pop(0)


class Pair:
    """A connection, its owner, and the far end as a plain socket."""

    def __init__(self, send_buffer: int = 0) -> None:
        near, self.far = socket.socketpair()
        for sock in (near, self.far):
            sock.setblocking(False)
        if send_buffer:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self.owner = Owner()
        self.connection = Connection(7, near, asyncio.get_running_loop(), self.owner)

    async def read(self, size: int) -> bytes:
        """Read exactly so much from the far end."""
        data = b""
        while len(data) < size:
            data += await asyncio.get_running_loop().sock_recv(self.far, size - len(data))
        return data

    def end(self) -> None:
        self.connection.abort()
        self.far.close()


def run(test: Coroutine[object, object, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await test

    asyncio.run(bounded())


def test_data_come_with_the_number() -> None:
    async def test() -> None:
        pair = Pair()
        pair.far.send(b"hello")
        assert await pair.owner.next_call() == ("data", 7, b"hello")
        pair.end()

    run(test())


def test_one_read_is_bounded() -> None:
    async def test() -> None:
        pair = Pair()
        sent = pair.far.send(bytes(3 * READ_SIZE_BYTES))
        received = 0
        while received < sent:
            _, _, data = await pair.owner.next_call()
            assert isinstance(data, bytes)
            assert len(data) <= READ_SIZE_BYTES
            received += len(data)
        pair.end()

    run(test())


def test_drained_comes_at_once_when_all_could_be_written() -> None:
    async def test() -> None:
        pair = Pair()
        pair.connection.send([b"one", memoryview(b"two")])
        assert pair.owner.log == [("drained", 7, None)]
        assert await pair.read(6) == b"onetwo"
        pair.end()

    run(test())


def test_more_buffers_than_one_call_takes_keep_their_order() -> None:
    async def test() -> None:
        pair = Pair()
        buffers = [index.to_bytes(2) for index in range(2 * IOV_MAX + 1)]
        pair.connection.send(buffers)
        assert await pair.read(2 * len(buffers)) == b"".join(buffers)
        assert await pair.owner.next_call() == ("drained", 7, None)
        pair.end()

    run(test())


def test_partial_writes_share_buffers_and_drain_once() -> None:
    async def test() -> None:
        pair = Pair(send_buffer=4096)
        shared = [bytes([index]) * 5000 for index in range(40)]
        pair.connection.send(shared[:20])
        pair.connection.send(shared[20:])
        assert pair.owner.log == []
        assert await pair.read(5000 * 40) == b"".join(shared)
        assert await pair.owner.next_call() == ("drained", 7, None)
        assert pair.owner.log == []
        pair.end()

    run(test())


def test_close_hands_out_what_is_unwritten_first() -> None:
    async def test() -> None:
        pair = Pair(send_buffer=4096)
        pair.connection.send([bytes(100_000), b"last words"])
        pair.connection.close(pair.owner.closed)
        assert (await pair.read(100_010))[-10:] == b"last words"
        assert await asyncio.get_running_loop().sock_recv(pair.far, 1) == b""
        pair.far.send(b"not wanted any more")
        pair.far.close()
        assert await pair.owner.next_call() == ("closed", 0, None)
        assert pair.owner.log == []
        assert not pair.connection.is_open

    run(test())


def test_end_of_the_stream_is_a_loss() -> None:
    async def test() -> None:
        pair = Pair()
        pair.far.close()
        assert await pair.owner.next_call() == ("lost", 7, "closed by the far end")
        assert not pair.connection.is_open

    run(test())


def test_write_to_a_dead_connection_is_a_loss_told_once() -> None:
    async def test() -> None:
        pair = Pair()
        pair.far.close()
        pair.connection.send([b"too late"])
        assert await pair.owner.next_call() == ("lost", 7, "Broken pipe")
        assert pair.owner.log == []
        pair.connection.abort()

    run(test())
