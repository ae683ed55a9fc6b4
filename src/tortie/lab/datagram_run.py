"""Numbered datagrams from every container to every other, one way, so many a second, from inside their namespaces.

For: one run of them: its sockets, its clock, what it counted. Not here: counting (datagrams.py), who asks (prober.py,
probe.py). A datagram leaves a socket in the source's network namespace and is received by one in the destination's; no
answer is sent, so each direction is judged by itself.

Datagrams of all pairs are spread evenly over time. What falls due while this process has no processor is *skipped*: not
sent and not counted, but for the last CATCH_UP_S of it. What its own sockets had to drop is told apart from what the
network lost: the kernel counts it (SO_MEMINFO), as it counts what the machine's queue between interfaces dropped.

The structure to know is `DatagramRun`.
"""

import asyncio
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tortie.lab.datagrams import DATAGRAM_BYTES, DatagramBook, decode_datagram, encode_header, encode_number
from tortie.lab.namespaces import socket_inside
from tortie.lab.pings import LOST_AFTER_S, Pair, full_matrix
from tortie.lab.plan import ProbeTarget

__all__ = ["DatagramRun"]

TICK_S: Final = 0.002
CATCH_UP_S: Final = 0.02
RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024

SO_RCVBUFFORCE: Final = 33
SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")
_DROPS: Final = 8
"""asm-generic/socket.h; the ninth number of SO_MEMINFO is SK_MEMINFO_DROPS, linux/sock_diag.h."""

SOFTNET: Final = Path("/proc/net/softnet_stat")


class DatagramRun:
    """One run: sockets of its own, a book, and what was not the network's fault."""

    def __init__(self, targets: Sequence[ProbeTarget], rate_hz: float, time_s: float, run: int) -> None:
        """Open the sockets.

        Args:
            targets: the containers.
            rate_hz: datagrams a second and pair.
            time_s: the run ends by itself after this time.
            run: 32 bits, another for each run.

        Raises:
            LabError, OSError: a namespace is gone, or there are no descriptors left.
        """
        self.rate_hz = rate_hz
        self.book = DatagramBook(full_matrix([(item.name, item.addresses) for item in targets]), rate_hz)
        self.skipped = 0
        self.refused = 0
        self.strays = 0
        self._time_s = time_s
        self._run = run
        self._sockets = {
            (item.name, version): _open_socket(item.network, version)
            for item in targets
            for version in sorted({6 if ":" in text else 4 for text in item.addresses})
        }
        self._ways = [self._way(index, pair) for index, pair in enumerate(self.book.pairs)]
        self._meant_for = {
            key: frozenset(
                index for index, pair in enumerate(self.book.pairs) if (pair.destination, pair.version) == key
            )
            for key in self._sockets
        }
        self._machine_dropped = _machine_dropped()
        self._counted: dict[str, object] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._all_arrived = asyncio.Event()

    def _way(self, index: int, pair: Pair) -> tuple[socket.socket, tuple[str, int], bytes]:
        """Return what it takes to send a pair's datagrams: socket, destination, header."""
        port = self._sockets[pair.destination, pair.version].getsockname()[1]
        return self._sockets[pair.source, pair.version], (pair.address, port), encode_header(self._run, index)

    def start(self) -> None:
        """Begin to send and to receive, on the running loop."""
        loop = asyncio.get_running_loop()
        for key, receiver in self._sockets.items():
            loop.add_reader(receiver.fileno(), self._read, receiver, self._meant_for[key])
        self._sending = loop.create_task(self._send_on())

    @property
    def is_sending(self) -> bool:
        """The time is not over, and nobody ended it."""
        return self._sending is not None and not self._sending.done()

    async def stop(self) -> None:
        """End the run: no more is sent, what is on its way is waited for, the sockets are closed."""
        if self._counted is not None:
            return
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
        with suppress(TimeoutError):
            async with asyncio.timeout(LOST_AFTER_S):
                while self.book.waiting_count:
                    self._all_arrived.clear()
                    await self._all_arrived.wait()
        self._counted = self.counted(asyncio.get_running_loop().time() + LOST_AFTER_S)
        for receiver in self._sockets.values():
            asyncio.get_running_loop().remove_reader(receiver.fileno())
            receiver.close()

    def counted(self, now: float | None = None) -> dict[str, object]:
        """Return what was counted, so far or at the end; see probe.DatagramReport."""
        if self._counted is not None:
            return self._counted
        for key, receiver in self._sockets.items():
            self._read(receiver, self._meant_for[key])  # what is here is not lost, however late we come to read it
        self.book.settle(asyncio.get_running_loop().time() if now is None else now)
        pairs = zip(self.book.pairs, self.book.counters, strict=True)
        return {
            "rate_hz": self.rate_hz,
            "skipped": self.skipped,
            "refused": self.refused,
            "strays": self.strays,
            "overflowed": sum(_dropped(receiver) for receiver in self._sockets.values()),
            "machine_dropped": _machine_dropped() - self._machine_dropped,
            "pairs": [{**asdict(pair), **asdict(counters)} for pair, counters in pairs],
        }

    # ------------------------------------------------------------------------------------------ sending

    async def _send_on(self) -> None:
        """Send what falls due, a few at each tick, until the time is over."""
        clock = asyncio.get_running_loop().time
        pair_count = len(self._ways)
        due_hz = self.rate_hz * pair_count
        catch_up = max(1, round(due_hz * CATCH_UP_S))
        end = round(self._time_s * due_hz)
        begin, next_slot = clock(), 0
        while next_slot < end:
            now = clock()
            due = min(end, int((now - begin) * due_hz) + 1)
            if due - next_slot > catch_up:
                self.skipped += due - catch_up - next_slot
                next_slot = due - catch_up
            for slot in range(next_slot, due):
                self._send(slot % pair_count, now)
            next_slot = due
            await asyncio.sleep(TICK_S)

    def _send(self, pair_index: int, now: float) -> None:
        sender, address, header = self._ways[pair_index]
        try:
            sender.sendto(header + encode_number(self.book.next_number(pair_index)), address)
        except BlockingIOError:
            self.skipped += 1  # the socket's own buffer is full
            return
        except OSError:
            self.refused += 1  # no route, for instance: it counts as sent, and will be missing
        self.book.sent(pair_index, now)

    # ------------------------------------------------------------------------------------------ receiving

    def _read(self, receiver: socket.socket, own: frozenset[int]) -> None:
        """Take what has arrived; `own` are the pairs of which this container is the destination."""
        book = self.book
        while True:
            try:
                data = receiver.recv(DATAGRAM_BYTES + 1)
            except BlockingIOError:
                break
            except OSError:
                continue  # an error that an ICMP message reported; what it speaks of will be missing
            found = decode_datagram(data, self._run)
            if found is None or found[0] not in own or not book.has_sent(*found):
                self.strays += 1
            else:
                book.arrived(*found)
        if not book.waiting_count:
            self._all_arrived.set()


def _open_socket(network: str, version: int) -> socket.socket:
    """Return a bound UDP socket of a namespace, with room for what comes while others have the processor."""
    family, anywhere = (socket.AF_INET, "0.0.0.0") if version == 4 else (socket.AF_INET6, "::")  # noqa: PLR2004 - the IP version
    made = socket_inside(network, family, socket.SOCK_DGRAM, 0)
    made.setblocking(False)
    try:
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    except PermissionError:  # without root: as much as everybody may have
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    made.bind((anywhere, 0))
    return made


def _dropped(receiver: socket.socket) -> int:
    """Return how many datagrams a socket had no room for."""
    data = receiver.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _MEMINFO.size)
    return int(_MEMINFO.unpack(data)[_DROPS])


def _machine_dropped() -> int:
    """Return how many packets, of all namespaces, found the queue between interfaces full (netdev_max_backlog)."""
    return sum(int(line.split()[1], 16) for line in SOFTNET.read_text(encoding="ascii").splitlines())
