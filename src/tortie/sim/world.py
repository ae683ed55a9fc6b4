"""Many engines joined in memory under virtual time.

For: tests and what-if questions on the very engine that production runs: connections that are dialled,
accepted, delayed, cut; peers that read slowly. Not for: real sockets (speaker) or namespaces (lab).
RFC sections: none of its own; it stands in for TCP.
Structures to know: `World`, `Host`, `Pipe` (one TCP connection).

Everything that happens is an entry of one agenda ordered by (time, order of entry), so the same inputs give the
same trace.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

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

DELAY_S = 0.001
"""One way, when nothing else is said."""


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
        metric: the interior cost of a next hop, for an engine that asks; None = it gets no answer.
    """

    name: str
    engine: Engine
    addresses: tuple[str, ...]
    log: list[tuple[float, Output]] = field(default_factory=list)
    is_frozen: bool = False
    metric: Metric | None = None


@dataclass(eq=False)
class Pipe:
    """One TCP connection: each end knows it by a number of its own."""

    ends: dict[Host, int]
    is_open: bool = True

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
        moments = [timer for host in self.hosts.values() if (timer := host.engine.next_timer()) is not None]
        if self._agenda:
            moments.append(self._agenda[0][0])
        return min(moments, default=None)

    def _do_due(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now:
            heappop(self._agenda)[2]()
        for host in list(self.hosts.values()):
            timer = host.engine.next_timer()
            if timer is not None and timer <= self.now:
                host.engine.handle_timer(self.now)

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        heappush(self._agenda, (self.now + delay_s, next(self._order), action))

    # ------------------------------------------------------------------ what engines ask for

    def _carry_out_outputs(self) -> None:
        for host in list(self.hosts.values()):
            host.engine.flush(self.now)
            while (output := host.engine.next_output()) is not None:
                self._carry_out(host, output)

    def _carry_out(self, host: Host, output: Output) -> None:
        match output:
            case OpenConnection(peer):
                self._dials.add((host, peer))
                self._later(self.delay_s, lambda: self._dial(host, peer))
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
        else:
            self._lose(pipe, "closed by the far end")

    def _send(self, host: Host, connection: int, data: bytes) -> None:
        pipe = self._pipes.get((host, connection))
        if pipe is None:
            return
        self._later(self.delay_s, lambda: self._deliver(host, connection, pipe, data))

    def _deliver(self, host: Host, connection: int, pipe: Pipe, data: bytes) -> None:
        target = pipe.other(host)
        if not pipe.is_open or self.hosts.get(target.name) is not target:
            return
        if target.is_frozen:
            self._later(self.delay_s, lambda: self._deliver(host, connection, pipe, data))
            return
        target.engine.receive_data(pipe.ends[target], data, self.now)
        host.engine.drained(connection, self.now)

    def _close(self, host: Host, connection: int) -> None:
        pipe = self._pipes.pop((host, connection), None)
        if pipe is None:
            return
        target = pipe.other(host)
        self._later(self.delay_s, lambda: self._far_end_closed(target, pipe))

    def _far_end_closed(self, target: Host, pipe: Pipe) -> None:
        pipe.is_open = False
        if self._pipes.pop((target, pipe.ends[target]), None) is not None:
            target.engine.connection_lost(pipe.ends[target], "closed by the far end", self.now)

    def _lose(self, pipe: Pipe, reason: str) -> None:
        pipe.is_open = False
        for host, number in pipe.ends.items():
            if self._pipes.pop((host, number), None) is not None:
                host.engine.connection_lost(number, reason, self.now)
