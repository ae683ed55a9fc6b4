"""Counting numbered datagrams, one way: what of each pair was sent, and what arrived. Pure: time is an argument.

Not here: sockets and clock (datagram_run.py), echoes (pings.py). Numbers run from 0 for each pair, so that what is
missing has a name. What has not arrived LOST_AFTER_S after it was sent is missing; should it still come, it is
late.

    0        4        8            12                    20
    +--------+--------+------------+---------------------+
    | "tort" |  run   | pair index | number of the pair  |
    +--------+--------+------------+---------------------+

The structures to know are `DatagramBook` and `StreamCounters`.
"""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tortie.lab.pings import LOST_AFTER_S, Pair

__all__ = ["DATAGRAM_BYTES", "DatagramBook", "StreamCounters", "decode_datagram", "encode_header", "encode_number"]

MAGIC: Final = b"tort"
WINDOW_S: Final = 2 * LOST_AFTER_S
"""For how long a pair's datagrams are remembered; what is older is settled whether asked for or not."""

_HEADER: Final = struct.Struct("!4sII")
_NUMBER: Final = struct.Struct("!Q")
_DATAGRAM: Final = struct.Struct("!4sIIQ")
DATAGRAM_BYTES: Final = _DATAGRAM.size

encode_number: Final = _NUMBER.pack
"""number → the octets that follow the header."""


def encode_header(run: int, pair_index: int) -> bytes:
    """Return what stands before the number in every datagram of a pair.

    Args:
        run: 32 bits; tells the datagrams of one run from those of another.
        pair_index: 32 bits.
    """
    return _HEADER.pack(MAGIC, run, pair_index)


def decode_datagram(data: bytes, run: int) -> tuple[int, int] | None:
    """Return (pair index, number) of a datagram of this run, None if it is something else."""
    if len(data) != DATAGRAM_BYTES:
        return None
    magic, found_run, pair_index, number = _DATAGRAM.unpack(data)
    return (pair_index, number) if magic == MAGIC and found_run == run else None


@dataclass(slots=True)
class StreamCounters:
    """What happened to the datagrams of one pair.

    Attributes:
        sent, received, missing: counts; sent = received + missing + those on their way. Each is received once.
        duplicates: arrivals of what had arrived.
        reordered: arrivals after one with a higher number; these are received all the same.
        late: arrivals of what was settled before.
        first_missing, last_missing: numbers, None while nothing is missing.
        outage_max_s: longest time from the sending of the first of a run of missing datagrams to that of the next one
            that arrived (of the last missing one, while none has).
    """

    sent: int = 0
    received: int = 0
    missing: int = 0
    duplicates: int = 0
    reordered: int = 0
    late: int = 0
    first_missing: int | None = None
    last_missing: int | None = None
    outage_max_s: float = 0.0


class DatagramBook:
    """Counters of every pair, and the datagrams whose fate is open: 9 octets each, for WINDOW_S at most."""

    def __init__(self, pairs: Sequence[Pair], rate_hz: float) -> None:
        """Begin with counters at zero.

        Args:
            pairs: who sends to whom.
            rate_hz: datagrams a second and pair; sizes the memory.
        """
        self.pairs = tuple(pairs)
        self.waiting_count = 0
        """Number of datagrams on their way."""
        window = max(1, round(rate_hz * WINDOW_S))
        self._streams = [_Stream(window) for _ in pairs]

    @property
    def counters(self) -> list[StreamCounters]:
        """Counters of each pair, in the order of `pairs`."""
        return [stream.counters for stream in self._streams]

    def next_number(self, pair_index: int) -> int:
        """Return the number of the pair's next datagram."""
        return self._streams[pair_index].counters.sent

    def sent(self, pair_index: int, now: float) -> None:
        """Note the pair's next datagram as sent."""
        stream = self._streams[pair_index]
        counters = stream.counters
        number = counters.sent
        if number - stream.settled == stream.window:
            self.waiting_count -= stream.settle_next()
        slot = number % stream.window
        stream.has_arrived[slot] = 0
        stream.sent_at[slot] = now
        counters.sent = number + 1
        self.waiting_count += 1

    def arrived(self, pair_index: int, number: int) -> None:
        """Note an arrival; the pair and the number are such as were sent."""
        stream = self._streams[pair_index]
        counters = stream.counters
        slot = number % stream.window
        if number < stream.settled:
            counters.late += 1
        elif stream.has_arrived[slot]:
            counters.duplicates += 1
        else:
            stream.has_arrived[slot] = 1
            counters.received += 1
            self.waiting_count -= 1
            if number < stream.highest:
                counters.reordered += 1
            else:
                stream.highest = number

    def has_sent(self, pair_index: int, number: int) -> bool:
        """Tell whether there is such a datagram at all."""
        return pair_index < len(self._streams) and number < self._streams[pair_index].counters.sent

    def settle(self, now: float) -> None:
        """Decide about everything that was sent LOST_AFTER_S ago or earlier."""
        for stream in self._streams:
            while stream.settled < stream.counters.sent and now - stream.next_sent_at >= LOST_AFTER_S:
                self.waiting_count -= stream.settle_next()


class _Stream:
    """One pair: its counters, and a ring of what was sent last."""

    __slots__ = ("_outage_began", "counters", "has_arrived", "highest", "sent_at", "settled", "window")

    def __init__(self, window: int) -> None:
        self.counters = StreamCounters()
        self.window = window
        self.has_arrived = bytearray(window)
        self.sent_at = array("d", bytes(8 * window))
        self.settled = 0
        """All numbers below are decided."""
        self.highest = -1
        self._outage_began: float | None = None

    @property
    def next_sent_at(self) -> float:
        """When the first datagram that is not decided was sent."""
        return self.sent_at[self.settled % self.window]

    def settle_next(self) -> int:
        """Decide about the next number; returns 1 if it is missing, else 0."""
        sent_at = self.next_sent_at
        is_missing = not self.has_arrived[self.settled % self.window]
        counters = self.counters
        if is_missing:
            counters.missing += 1
            if counters.first_missing is None:
                counters.first_missing = self.settled
            counters.last_missing = self.settled
            if self._outage_began is None:
                self._outage_began = sent_at
        if self._outage_began is not None:
            counters.outage_max_s = max(counters.outage_max_s, sent_at - self._outage_began)
            if not is_missing:
                self._outage_began = None
        self.settled += 1
        return int(is_missing)
