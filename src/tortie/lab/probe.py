"""Asking the prober: does every container reach every other, and what was lost meanwhile.

For: `wait until every pair answers, with a deadline`; pings, or numbered datagrams one way, in the background while
something is changed. Not here: the prober itself (prober.py). Times are seconds.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from tortie.lab.control import ask
from tortie.lab.errors import ControlFailed
from tortie.lab.lifecycle import Lab
from tortie.lab.plan import PROBER

__all__ = ["BackgroundReport", "DatagramReport", "PairReport", "Probe", "Reach", "SilentPair", "StreamReport"]

ROUND_TIMEOUT_S: Final = 1.0
ANSWER_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class SilentPair:
    """A pair of which the destination did not answer."""

    source: str
    destination: str
    address: str
    version: int


@dataclass(frozen=True, slots=True)
class Reach:
    """One round of pings: how many ordered pairs there are, who was silent, and the slowest answer."""

    pairs: int
    silent: tuple[SilentPair, ...]
    rtt_max_s: float

    @property
    def answered(self) -> int:
        """Number of pairs that answered."""
        return self.pairs - len(self.silent)


@dataclass(frozen=True, slots=True)
class PairReport:
    """Background counters of one pair; see pings.PairCounters."""

    source: str
    destination: str
    address: str
    version: int
    sent: int
    received: int
    lost: int
    late: int
    rtt_last_s: float | None
    rtt_max_s: float | None
    rtt_sum_s: float
    outage_max_s: float


@dataclass(frozen=True, slots=True)
class BackgroundReport:
    """Background counters of every pair."""

    pairs: tuple[PairReport, ...]

    @property
    def sent(self) -> int:
        """Echoes sent, all pairs."""
        return sum(pair.sent for pair in self.pairs)

    @property
    def received(self) -> int:
        """Echoes answered in time, all pairs."""
        return sum(pair.received for pair in self.pairs)

    @property
    def lost(self) -> int:
        """Echoes not answered in time, all pairs."""
        return sum(pair.lost for pair in self.pairs)

    @property
    def outage_max_s(self) -> float:
        """Longest time that any pair was cut off."""
        return max((pair.outage_max_s for pair in self.pairs), default=0.0)


@dataclass(frozen=True, slots=True)
class StreamReport:
    """Counters of the datagrams of one pair; see datagrams.StreamCounters."""

    source: str
    destination: str
    address: str
    version: int
    sent: int
    received: int
    missing: int
    duplicates: int
    reordered: int
    late: int
    first_missing: int | None
    last_missing: int | None
    outage_max_s: float


@dataclass(frozen=True, slots=True)
class DatagramReport:
    """What was counted of a run of datagrams.

    Attributes:
        rate_hz: datagrams a second and pair.
        skipped: were due while the prober had no processor; neither sent nor counted in any pair.
        refused: of those sent, the kernel of the source's host would not take.
        strays: arrivals of what was never sent to there.
        overflowed: of those missing, the prober's own sockets had no room for.
        machine_dropped: packets of the whole machine that found its queue between interfaces full.
        pairs: counters of each ordered pair.
    """

    rate_hz: float
    skipped: int
    refused: int
    strays: int
    overflowed: int
    machine_dropped: int
    pairs: tuple[StreamReport, ...]

    @property
    def sent(self) -> int:
        """Datagrams sent, all pairs."""
        return sum(pair.sent for pair in self.pairs)

    @property
    def received(self) -> int:
        """Datagrams that arrived in time, each once, all pairs."""
        return sum(pair.received for pair in self.pairs)

    @property
    def lost(self) -> int:
        """Datagrams that the network lost: missing, and not for want of room in the prober's own sockets."""
        return max(0, sum(pair.missing for pair in self.pairs) - self.overflowed)

    @property
    def outage_max_s(self) -> float:
        """Longest time that any pair was cut off."""
        return max((pair.outage_max_s for pair in self.pairs), default=0.0)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why a loss may be this machine's and not the network's; empty if it is the network's."""
        found = (
            (self.overflowed, "the prober's own receive buffers overflowed"),
            (self.machine_dropped, "the machine's queue between interfaces was full (net.core.netdev_max_backlog)"),
        )
        return tuple(f"{text}: {count} packets" for count, text in found if count)


_REACH: Final = TypeAdapter(Reach)
_PAIRS: Final = TypeAdapter(tuple[PairReport, ...])
_DATAGRAMS: Final = TypeAdapter(DatagramReport)


class Probe:
    """The prober of a lab that is up; it is started when first asked."""

    def __init__(self, lab: Lab) -> None:
        """Keep the lab; nothing is asked yet."""
        self._lab = lab

    async def round(self, timeout_s: float = ROUND_TIMEOUT_S) -> Reach:
        """Ping every pair once, all at the same time; returns when all answered, or after a time."""
        answer = await self._ask("round", timeout_s + ANSWER_TIMEOUT_S, wait_s=timeout_s)
        try:
            return _REACH.validate_python(answer)
        except ValidationError as error:
            raise ControlFailed(f"the prober's answer cannot be read: {error}") from error

    async def wait_reached(self, deadline_s: float, on_progress: Callable[[Reach], None] = lambda _: None) -> Reach:
        """Return the first round in which every pair answered, or the last one before the deadline.

        Args:
            deadline_s: seconds from now.
            on_progress: is told each round that was not complete.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline_s
        while True:
            reach = await self.round(max(0.05, min(ROUND_TIMEOUT_S, end - loop.time())))
            if not reach.silent or loop.time() >= end:
                return reach
            on_progress(reach)

    async def start(self, interval_s: float) -> None:
        """Begin to ping every pair in the background, with counters at zero."""
        await self._ask("start", ANSWER_TIMEOUT_S, interval_s=interval_s)

    async def counters(self) -> BackgroundReport:
        """Return what the background has counted so far."""
        return _report(await self._ask("counters", ANSWER_TIMEOUT_S))

    async def stop(self) -> BackgroundReport:
        """End the background pings; returns the counters after the last answer or its time."""
        return _report(await self._ask("stop", ANSWER_TIMEOUT_S))

    async def send(self, rate_hz: float, time_s: float) -> None:
        """Begin to send numbered datagrams from every container to every other.

        Args:
            rate_hz: datagrams a second and pair.
            time_s: after which it ends by itself.

        Raises:
            ControlFailed: some are being sent already, or an argument is out of bounds.
        """
        await self._ask("send", ANSWER_TIMEOUT_S, rate_hz=rate_hz, time_s=time_s)

    async def send_for(self, rate_hz: float, time_s: float) -> DatagramReport:
        """Send for some time, and return what was counted; who cancels it ends the sending."""
        await self.send(rate_hz, time_s)
        try:
            await asyncio.sleep(time_s)
        finally:
            report = await self.stop_sending()
        return report

    async def arrivals(self) -> DatagramReport:
        """Return what was counted so far of the datagrams."""
        return _datagram_report(await self._ask("arrivals", ANSWER_TIMEOUT_S))

    async def stop_sending(self) -> DatagramReport:
        """End the datagrams; returns what was counted after the last arrival or its time."""
        return _datagram_report(await self._ask("stop_sending", ANSWER_TIMEOUT_S))

    async def _ask(self, operation: str, timeout_s: float, **arguments: object) -> object:
        if not self._lab.directory.probe_socket.exists():
            await self._lab.start_process(PROBER)
        return await ask(self._lab.directory.probe_socket, operation, timeout_s, **arguments)


def _report(answer: object) -> BackgroundReport:
    try:
        return BackgroundReport(_PAIRS.validate_python(answer))
    except ValidationError as error:
        raise ControlFailed(f"the prober's answer cannot be read: {error}") from error


def _datagram_report(answer: object) -> DatagramReport:
    try:
        return _DATAGRAMS.validate_python(answer)
    except ValidationError as error:
        raise ControlFailed(f"the prober's answer cannot be read: {error}") from error


def silent_text(silent: Sequence[SilentPair], limit: int = 4) -> str:
    """Return the first few silent pairs as text: "a → b (192.168.0.1), ... and 3 more"."""
    shown = [f"{pair.source} → {pair.destination} ({pair.address})" for pair in silent[:limit]]
    rest = len(silent) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
