"""Many engines joined in memory under virtual time.

For: tests and what-if questions on the very engine that production runs: connections that are dialled,
accepted, delayed, cut; peers that read slowly. Not for: real sockets (speaker) or namespaces (lab).
RFC sections: none of its own; it stands in for TCP.
Structures to know: `World`, `Host`, `Pipe` (one TCP connection).

Everything that happens is an entry of one agenda ordered by (time, order of entry), so the same inputs give the
same trace.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Final

from tortie.bgp.engine import (
    CancelConnection,
    CloseConnection,
    Engine,
    NextHopsWanted,
    OpenConnection,
    Output,
    PeerKey,
    SendBytes,
)

Metric = Callable[[bytes], int | None]
"""Packed next hop → interior cost, None = it cannot be reached."""

DELAY_S: Final = 0.001
"""One way, when nothing else is said."""

FROZEN_LOOK_S: Final = 0.05
"""How often a delivery looks whether its host reads again."""


class SimulationStuck(Exception):
    """What was waited for did not happen before the deadline of virtual time."""


@dataclass(eq=False)
class Host:
    """One speaker in the world.

    Attributes:
        name: for the trace.
        engine: the speaker.
        addresses: its own; the first is the source of what it dials unless the peer names one.
        log: outputs that are not about connections (sessions up and down, best paths), with their time.
        is_frozen: it takes nothing in; what is sent to it waits (a peer that does not read).
        reads_bytes_per_s: how fast it takes in what is sent to it; None = at once.
        timer: when the agenda has its engine's next timer; None = not at all.
        metric: the interior cost of a next hop, for an engine that asks; None = it gets no answer.
    """

    name: str
    engine: Engine
    addresses: tuple[str, ...]
    log: list[tuple[float, Output]] = field(default_factory=list)
    is_frozen: bool = False
    reads_bytes_per_s: float | None = None
    timer: float | None = None
    metric: Metric | None = None


@dataclass(eq=False)
class Pipe:
    """One TCP connection: each end knows it by a number of its own.

    Attributes:
        ends: host → its number.
        on_their_way: by sender, what is not delivered yet, in order: (when it arrives, data).
    """

    ends: dict[Host, int]
    is_open: bool = True
    on_their_way: dict[Host, deque[tuple[float, bytes]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing is on its way."""
        self.on_their_way = {host: deque() for host in self.ends}

    def other(self, host: Host) -> Host:
        """The host at the far end."""
        return next(each for each in self.ends if each is not host)


class World:
    """The agenda, the hosts, the connections between them."""

    def __init__(self, *, delay_s: float = DELAY_S) -> None:
        """An empty world at time 0."""
        self.now = 0.0
        self.hosts: dict[str, Host] = {}
        self.delay_s = delay_s
        self.unread_bytes_max = 0
        """Most bytes that were on their way on one connection in one direction, ever."""
        self._delays: dict[frozenset[str], float] = {}
        self._touched: dict[Host, None] = {}
        self._timers: list[tuple[float, int, Host]] = []
        self._by_address: dict[str, Host] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._numbers = count(1)
        self._pipes: dict[tuple[Host, int], Pipe] = {}
        self._dials: set[tuple[Host, PeerKey]] = set()
        self._cut: set[frozenset[str]] = set()

    # ------------------------------------------------------------------ building and breaking

    def add(self, name: str, engine: Engine, *addresses: str, metric: Metric | None = None) -> Host:
        """Put a speaker into the world."""
        host = Host(name, engine, addresses, metric=metric)
        self.hosts[name] = host
        self._by_address.update(dict.fromkeys(addresses, host))
        return host

    def add_address(self, name: str, address: str) -> None:
        """Give a host another address."""
        host = self.hosts[name]
        host.addresses = (*host.addresses, address)
        self._by_address[address] = host

    def set_delay(self, one: str, other: str, delay_s: float) -> None:
        """Let everything between two hosts take this long, one way."""
        self._delays[frozenset((one, other))] = delay_s

    def delay(self, one: Host, other: Host) -> float:
        """Return how long everything between two hosts takes, one way."""
        return self._delays.get(frozenset((one.name, other.name)), self.delay_s)

    def cut(self, one: str, other: str) -> None:
        """Break all connections between two hosts and let no new one through."""
        self._cut.add(frozenset((one, other)))
        between = {self.hosts[one], self.hosts[other]}
        for pipe in {id(pipe): pipe for pipe in self._pipes.values()}.values():
            if set(pipe.ends) == between:
                self._lose(pipe, "link cut")

    def mend(self, one: str, other: str) -> None:
        """Let connections through again."""
        self._cut.discard(frozenset((one, other)))

    def kill(self, name: str) -> Host:
        """Take a host away as kill -9 does: its connections are lost, its engine is gone."""
        host = self.hosts.pop(name)
        for address in host.addresses:
            del self._by_address[address]
        for (owner, _), pipe in list(self._pipes.items()):
            if owner is host:
                self._lose(pipe, "connection reset by peer")
        return host

    def vanish(self, name: str) -> Host:
        """Take a host away without a trace, as a loss of power does: nobody is told, its connections look open."""
        host = self.hosts.pop(name)
        for address in host.addresses:
            del self._by_address[address]
        return host

    # ------------------------------------------------------------------ running

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._run_until(self.now + seconds, lambda: False)

    def wait_for(self, condition: Callable[[], bool], *, deadline_s: float = 300.0) -> None:
        """Run until `condition` holds; raises SimulationStuck after `deadline_s` of virtual time."""
        if not self._run_until(self.now + deadline_s, condition):
            raise SimulationStuck(f"not reached within {deadline_s} s of virtual time")

    def _run_until(self, end: float, condition: Callable[[], bool]) -> bool:
        self._touched.update(dict.fromkeys(self.hosts.values()))  # the owner may have told engines something
        while True:
            self._carry_out_outputs()
            if condition():
                return True
            moment = self._next_moment()
            if moment is None or moment > end:
                self.now = end
                return False
            self.now = max(self.now, moment)
            self._do_due()

    def _next_moment(self) -> float | None:
        while self._timers and not self._is_current(self._timers[0]):
            heappop(self._timers)
        moments = [queue[0][0] for queue in (self._timers, self._agenda) if queue]
        return min(moments, default=None)

    def _is_current(self, timer: tuple[float, int, Host]) -> bool:
        moment, _, host = timer
        return host.timer == moment and self.hosts.get(host.name) is host

    def _do_due(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now:
            heappop(self._agenda)[2]()
        while self._timers and self._timers[0][0] <= self.now:
            timer = heappop(self._timers)
            if self._is_current(timer):
                host = timer[2]
                host.timer = None
                host.engine.handle_timer(self.now)
                self._touched[host] = None

    def _set_timer(self, host: Host) -> None:
        moment = host.engine.next_timer()
        if moment != host.timer:
            host.timer = moment
            if moment is not None:
                heappush(self._timers, (moment, next(self._order), host))

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        heappush(self._agenda, (self.now + delay_s, next(self._order), action))

    # ------------------------------------------------------------------ what engines ask for

    def _carry_out_outputs(self) -> None:
        while self._touched:
            touched, self._touched = self._touched, {}
            for host in touched:
                if self.hosts.get(host.name) is host:
                    host.engine.flush(self.now)
                    while (output := host.engine.next_output()) is not None:
                        self._carry_out(host, output)
                    self._set_timer(host)

    def _carry_out(self, host: Host, output: Output) -> None:
        match output:
            case OpenConnection(peer):
                self._dials.add((host, peer))
                target = self._by_address.get(peer.remote_address)
                delay_s = self.delay_s if target is None else self.delay(host, target)
                self._later(delay_s, lambda: self._dial(host, peer))
            case CancelConnection(peer):
                self._dials.discard((host, peer))
            case SendBytes(connection, buffers):
                self._send(host, connection, b"".join(buffers))
            case CloseConnection(connection):
                self._close(host, connection)
            case NextHopsWanted(next_hops) if host.metric is not None:
                for next_hop in next_hops:
                    host.engine.next_hop_changed(next_hop, self.now, metric=host.metric(next_hop))
            case _:
                host.log.append((self.now, output))

    def _dial(self, host: Host, peer: PeerKey) -> None:
        if (host, peer) not in self._dials or self.hosts.get(host.name) is not host:
            return
        self._dials.discard((host, peer))
        self._touched[host] = None
        target = self._by_address.get(peer.remote_address)
        if target is None or target.is_frozen or frozenset((host.name, target.name)) in self._cut:
            host.engine.connect_failed(peer, "no answer", self.now)
            return
        local_address = peer.local_address or host.addresses[0]
        ours, theirs = next(self._numbers), next(self._numbers)
        pipe = Pipe({host: ours, target: theirs})
        self._pipes[host, ours] = self._pipes[target, theirs] = pipe
        if host.engine.connected(peer, ours, local_address, self.now):
            target.engine.accept(theirs, local_address, peer.remote_address, self.now)
            self._touched[target] = None
        else:
            self._lose(pipe, "closed by the far end")

    def _send(self, host: Host, connection: int, data: bytes) -> None:
        pipe = self._pipes.get((host, connection))
        if pipe is None:
            return
        queue = pipe.on_their_way[host]
        queue.append((self.now + self.delay(host, pipe.other(host)), data))
        self.unread_bytes_max = max(self.unread_bytes_max, sum(len(waiting) for _, waiting in queue))
        if len(queue) == 1:
            self._deliver_later(host, pipe)

    def _deliver_later(self, sender: Host, pipe: Pipe) -> None:
        target = pipe.other(sender)
        arrival, data = pipe.on_their_way[sender][0]
        rate = target.reads_bytes_per_s
        reading_s = 0.0 if rate is None else len(data) / rate
        self._later(max(arrival - self.now, 0.0) + reading_s, lambda: self._deliver(sender, pipe))

    def _deliver(self, sender: Host, pipe: Pipe) -> None:
        """Hand over what waits at the head of one direction; a stream keeps its order."""
        target = pipe.other(sender)
        if not pipe.is_open or self.hosts.get(target.name) is not target:
            return
        if target.is_frozen:
            self._later(FROZEN_LOOK_S, lambda: self._deliver(sender, pipe))
            return
        queue = pipe.on_their_way[sender]
        target.engine.receive_data(pipe.ends[target], queue.popleft()[1], self.now)
        self._touched[target] = None
        if queue:
            self._deliver_later(sender, pipe)
        else:
            sender.engine.drained(pipe.ends[sender], self.now)
            self._touched[sender] = None

    def _close(self, host: Host, connection: int) -> None:
        """End a connection; what is on its way still arrives, then the end."""
        pipe = self._pipes.pop((host, connection), None)
        if pipe is not None:
            self._later(self.delay(host, pipe.other(host)), lambda: self._end_of_stream(host, pipe))

    def _end_of_stream(self, host: Host, pipe: Pipe) -> None:
        target = pipe.other(host)
        if pipe.is_open and pipe.on_their_way[host] and self.hosts.get(target.name) is target:
            self._later(FROZEN_LOOK_S, lambda: self._end_of_stream(host, pipe))
            return
        pipe.is_open = False
        if self._pipes.pop((target, pipe.ends[target]), None) is not None:
            target.engine.connection_lost(pipe.ends[target], "closed by the far end", self.now)
            self._touched[target] = None

    def _lose(self, pipe: Pipe, reason: str) -> None:
        pipe.is_open = False
        for host, number in pipe.ends.items():
            if self._pipes.pop((host, number), None) is not None:
                host.engine.connection_lost(number, reason, self.now)
                self._touched[host] = None
