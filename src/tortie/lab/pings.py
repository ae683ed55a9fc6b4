"""Counting pings of the full matrix: which pair was asked, who answered, what is lost. Pure: time is an argument.

Not here: packets (icmp.py), sockets (prober.py). The structure to know is `PingBook`. An echo that is not answered
within LOST_AFTER_S is lost; its answer, should it still come, counts as late and not as received.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

__all__ = ["LOST_AFTER_S", "Pair", "PairCounters", "PingBook", "full_matrix"]

LOST_AFTER_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Pair:
    """An ordered pair of containers and the destination's address.

    Attributes:
        source, destination: names.
        address: where the echo goes.
        version: IP version, 4 or 6.
    """

    source: str
    destination: str
    address: str
    version: int


@dataclass(slots=True)
class PairCounters:
    """What happened to the echoes of one pair.

    Attributes:
        sent, received, lost, late: counts; sent = received + lost + those on their way. Late are answers that came
            after their echo was lost, or a second time.
        rtt_last_s, rtt_max_s: of received echoes, None before the first.
        rtt_sum_s: sum over `received`.
        outage_max_s: longest time from the sending of the first of a run of lost echoes to that of the next answered
            one (of the last lost one, while none is).
    """

    sent: int = 0
    received: int = 0
    lost: int = 0
    late: int = 0
    rtt_last_s: float | None = None
    rtt_max_s: float | None = None
    rtt_sum_s: float = 0.0
    outage_max_s: float = 0.0


def full_matrix(addresses: Sequence[tuple[str, Sequence[str]]]) -> list[Pair]:
    """Return every ordered pair of different containers, once an IP version that both have.

    Args:
        addresses: (name, addresses without prefix length) of each container.
    """
    found: list[Pair] = []
    for (source, own), (destination, theirs) in permutations(addresses, 2):
        versions = {_version(text) for text in own}
        found.extend(Pair(source, destination, text, _version(text)) for text in theirs if _version(text) in versions)
    return found


def _version(address: str) -> int:
    return 6 if ":" in address else 4


class PingBook:
    """Counters of every pair, and the echoes whose fate is open.

    Echoes are settled in the order they were sent, at the latest LOST_AFTER_S after, so that an outage is seen as it
    was: from the first echo of a run of lost ones to the next one that was answered.
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        """Begin with counters at zero."""
        self.pairs = tuple(pairs)
        self.counters = [PairCounters() for _ in pairs]
        self.waiting_count = 0
        """Number of echoes on their way."""
        self._open: deque[_Open] = deque()
        self._by_number: dict[int, _Open] = {}
        self._outage_began: list[float | None] = [None] * len(pairs)
        self._next_number = 0

    def sent(self, pair_index: int, now: float) -> int:
        """Note an echo as sent and return its number."""
        echo = _Open(self._next_number, pair_index, now)
        self._next_number += 1
        self._open.append(echo)
        self._by_number[echo.number] = echo
        self.waiting_count += 1
        self.counters[pair_index].sent += 1
        return echo.number

    def received(self, pair_index: int, number: int, now: float) -> float | None:
        """Note an answer; return its round-trip time in seconds, None if it is late, double or not ours."""
        echo = self._by_number.get(number)
        if echo is None or echo.is_answered or echo.pair_index != pair_index:
            if 0 <= number < self._next_number and 0 <= pair_index < len(self.pairs):
                self.counters[pair_index].late += 1
            return None
        echo.is_answered = True
        self.waiting_count -= 1
        counters, rtt = self.counters[pair_index], now - echo.sent_at
        counters.received += 1
        counters.rtt_last_s = rtt
        counters.rtt_sum_s += rtt
        counters.rtt_max_s = rtt if counters.rtt_max_s is None else max(rtt, counters.rtt_max_s)
        return rtt

    def expire(self, now: float) -> int:
        """Count as lost what was sent LOST_AFTER_S ago or earlier and not answered; returns how many."""
        count = 0
        while self._open and (self._open[0].is_answered or now - self._open[0].sent_at >= LOST_AFTER_S):
            echo = self._open.popleft()
            del self._by_number[echo.number]
            if not echo.is_answered:
                self.waiting_count -= 1
                count += 1
            self._settle(echo)
        return count

    def silent(self) -> list[int]:
        """Return the indexes of pairs of which no echo was ever answered."""
        return [index for index, counters in enumerate(self.counters) if counters.received == 0]

    def _settle(self, echo: "_Open") -> None:
        counters, began = self.counters[echo.pair_index], self._outage_began[echo.pair_index]
        if not echo.is_answered:
            counters.lost += 1
            began = echo.sent_at if began is None else began
        if began is not None:
            counters.outage_max_s = max(counters.outage_max_s, echo.sent_at - began)
        self._outage_began[echo.pair_index] = None if echo.is_answered else began


@dataclass(slots=True)
class _Open:
    """An echo whose fate is not settled."""

    number: int
    pair_index: int
    sent_at: float
    is_answered: bool = False
