"""The prober: pings and numbered datagrams from every container to every other, from inside their network namespaces.

Run as `python -m tortie.lab.prober TARGETS SOCKET` by the holder, when somebody first asks for it. It answers on SOCKET
(control.py):

    round       {wait_s}         one echo for each pair, at once; who answered within the time
    start       {interval_s}     begin to ping every pair in the background, from fresh counters
    counters                     the background's counters, pair by pair
    stop                         end it, wait for what is on its way; the counters
    send        {rate_hz, time_s} begin to send numbered datagrams, one way, so many a second and pair
    arrivals                     what was counted of them
    stop_sending                 end it, wait for what is on its way; what was counted

Not here: packets (icmp.py), counting (pings.py), datagrams (datagram_run.py), the asker's side (probe.py). No `ping`
command is needed.

Sockets are made once, in the containers' namespaces, and work from here on: a socket stays where it was born.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tortie.lab.control import number_argument, serve
from tortie.lab.datagram_run import DatagramRun
from tortie.lab.errors import ControlFailed, LabError
from tortie.lab.icmp import Echo, decode_reply, encode_request, reply_filter
from tortie.lab.namespaces import socket_inside
from tortie.lab.pings import LOST_AFTER_S, Pair, PingBook, full_matrix
from tortie.lab.plan import ProbeTarget, targets_from_json

__all__ = ["Prober", "main"]

ROUND_TIMEOUT_S_MAX: Final = 60.0
INTERVAL_S_MIN: Final = 0.01
INTERVAL_S_MAX: Final = 60.0
RATE_HZ_MIN: Final = 0.1
RATE_HZ_MAX: Final = 1000.0
SENDING_S_MAX: Final = 3600.0
BURST_COUNT: Final = 200
"""Echoes sent in a row before answers are read: sockets and neighbour queues hold only so many."""

EXPIRY_S: Final = 0.1
RECEIVE_BUFFER_BYTES: Final = 1024 * 1024
PACKET_BYTES_MAX: Final = 2048
PRIORITY: Final = -10
"""What measures should not wait for what is measured; it needs little. Only root may have it so."""

VERSION_4: Final = 4

Sockets = dict[tuple[str, int], socket.socket]
"""(container, IP version) → raw ICMP socket."""


class Prober:
    """Sockets of all containers, the book of the round that runs, and that of the background."""

    def __init__(self, targets: Sequence[ProbeTarget], identifier: int) -> None:
        """Open the sockets.

        Args:
            targets: the containers.
            identifier: 16 bits; each book has its own parity of it, so that answers find their book.

        Raises:
            LabError, OSError: a namespace is gone, or raw sockets are not allowed.
        """
        self._targets = tuple(targets)
        self.pairs = full_matrix([(target.name, target.addresses) for target in targets])
        self._sockets = _open_sockets(targets)
        self._identifier = identifier
        self._round: _Run | None = None
        self._background: _Run | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._round_lock = asyncio.Lock()
        self._datagrams: DatagramRun | None = None
        self._run_count = 0

    def watch(self) -> None:
        """Begin to read answers, on the running loop."""
        loop = asyncio.get_running_loop()
        for (_, version), raw in self._sockets.items():
            family = socket.AF_INET if version == VERSION_4 else socket.AF_INET6
            loop.add_reader(raw.fileno(), self._read, raw, family)

    async def handle(self, operation: str, arguments: dict[str, object]) -> object:
        """Answer a request."""
        match operation:
            case "round":
                timeout_s = number_argument(arguments, "wait_s", 0.0, ROUND_TIMEOUT_S_MAX)
                async with self._round_lock:
                    return await self._run_round(timeout_s)
            case "start":
                interval_s = number_argument(arguments, "interval_s", INTERVAL_S_MIN, INTERVAL_S_MAX)
                await self._stop()
                self._background = _Run(PingBook(self.pairs), self._identifier | 1)
                self._pinging = asyncio.get_running_loop().create_task(self._ping_on(self._background, interval_s))
                return None
            case "counters":
                return self._counters()
            case "stop":
                await self._stop()
                return self._counters()
            case "send" | "arrivals" | "stop_sending":
                return await self._handle_datagrams(operation, arguments)
            case _:
                raise ControlFailed(f"unknown operation {operation!r}")

    # ------------------------------------------------------------------------------------------ one round

    async def _run_round(self, timeout_s: float) -> dict[str, object]:
        run = self._round = _Run(PingBook(self.pairs), self._identifier & ~1)
        try:
            async with asyncio.timeout(timeout_s):
                await self._send_all(run)
                await run.wait_all_answered()
        except TimeoutError:
            pass  # the pairs that are silent are in the report
        finally:
            self._round = None
        return {
            "pairs": len(self.pairs),
            "silent": [asdict(self.pairs[index]) for index in run.book.silent()],
            "rtt_max_s": max((counters.rtt_max_s or 0.0 for counters in run.book.counters), default=0.0),
        }

    # ------------------------------------------------------------------------------------------ background

    async def _ping_on(self, run: "_Run", interval_s: float) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        turn = 0
        while True:
            await self._send_all(run)
            turn += 1
            while (left := begin + turn * interval_s - loop.time()) > 0:
                await asyncio.sleep(min(left, EXPIRY_S))
                run.book.expire(loop.time())

    async def _stop(self) -> None:
        if self._pinging is None or self._background is None:
            return
        self._pinging.cancel()
        await asyncio.wait([self._pinging])
        self._pinging = None
        try:
            async with asyncio.timeout(LOST_AFTER_S):
                await self._background.wait_all_answered()
        except TimeoutError:
            pass  # counted as lost just below
        self._background.book.expire(asyncio.get_running_loop().time() + LOST_AFTER_S)

    def _counters(self) -> list[dict[str, object]]:
        if self._background is None:
            raise ControlFailed("no pings run in the background: `start` comes first")
        book = self._background.book
        book.expire(asyncio.get_running_loop().time())
        return [{**asdict(pair), **asdict(counters)} for pair, counters in zip(book.pairs, book.counters, strict=True)]

    # ------------------------------------------------------------------------------------------ datagrams

    async def _handle_datagrams(self, operation: str, arguments: dict[str, object]) -> object:
        if operation == "send":
            rate_hz = number_argument(arguments, "rate_hz", RATE_HZ_MIN, RATE_HZ_MAX)
            time_s = number_argument(arguments, "time_s", 1 / rate_hz, SENDING_S_MAX)
            await self._send_datagrams(rate_hz, time_s)
            return None
        if self._datagrams is None:
            raise ControlFailed("no datagrams were sent: `send` comes first")
        if operation == "stop_sending":
            await self._datagrams.stop()
        return self._datagrams.counted()

    async def _send_datagrams(self, rate_hz: float, time_s: float) -> None:
        if self._datagrams is not None:
            if self._datagrams.is_sending:
                raise ControlFailed("datagrams are being sent already: one run at a time")
            await self._datagrams.stop()
        self._run_count += 1
        self._datagrams = DatagramRun(self._targets, rate_hz, time_s, self._run_count)
        self._datagrams.start()

    # ------------------------------------------------------------------------------------------ packets

    async def _send_all(self, run: "_Run") -> None:
        loop = asyncio.get_running_loop()
        for index, pair in enumerate(self.pairs):
            self._send(run, index, pair, loop.time())
            if index % BURST_COUNT == BURST_COUNT - 1:
                await asyncio.sleep(0)

    def _send(self, run: "_Run", index: int, pair: Pair, now: float) -> None:
        number = run.book.sent(index, now)
        family = socket.AF_INET if pair.version == VERSION_4 else socket.AF_INET6
        request = encode_request(Echo(index, number), run.identifier, family)
        try:
            self._sockets[pair.source, pair.version].sendto(request, (pair.address, 0))
        except OSError:
            run.refused_count += 1  # no route, or buffers full: the echo counts as sent, and will be lost

    def _read(self, raw: socket.socket, family: int) -> None:
        while True:
            try:
                data = raw.recv(PACKET_BYTES_MAX)
            except BlockingIOError:
                return
            except OSError:
                continue  # an error that an ICMP message reported; the echo it speaks of will be lost
            now = asyncio.get_running_loop().time()
            for run in (self._round, self._background):
                if run is not None:
                    run.take(data, family, now)


class _Run:
    """One book with the identifier of its packets."""

    def __init__(self, book: PingBook, identifier: int) -> None:
        self.book = book
        self.identifier = identifier
        self.refused_count = 0
        self._answered = asyncio.Event()

    def take(self, data: bytes, family: int, now: float) -> None:
        """Note an answer if it is this book's."""
        echo = decode_reply(data, self.identifier, family)
        if echo is not None:
            self.book.received(echo.pair_index, echo.number, now)
            if self.book.waiting_count == 0:
                self._answered.set()

    async def wait_all_answered(self) -> None:
        """Return when no echo is on its way."""
        while self.book.waiting_count:
            self._answered.clear()
            await self._answered.wait()


def _open_sockets(targets: Sequence[ProbeTarget]) -> Sockets:
    found: Sockets = {}
    for target in targets:
        for version in sorted({6 if ":" in text else 4 for text in target.addresses}):
            family, protocol = (
                (socket.AF_INET, socket.IPPROTO_ICMP)
                if version == VERSION_4
                else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
            )
            raw = socket_inside(target.network, family, socket.SOCK_RAW, protocol)
            raw.setblocking(False)
            raw.setsockopt(*reply_filter(family))
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            found[target.name, version] = raw
    return found


async def _serve(targets: Sequence[ProbeTarget], path: Path) -> None:
    prober = Prober(targets, os.getpid() & 0xFFFF)
    prober.watch()
    server = await serve(path, prober.handle, lambda _: None)
    async with server:
        await server.serve_forever()


def main(arguments: list[str]) -> int:
    """Run the prober until it is killed; returns its exit code."""
    try:
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
        targets = targets_from_json(Path(arguments[0]).read_bytes()).targets
        asyncio.run(_serve(targets, Path(arguments[1])))
    except (LabError, OSError) as error:
        print(f"prober: {error}", file=sys.stderr, flush=True)  # noqa: T201  # the prober's log
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
