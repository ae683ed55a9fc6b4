"""What one collector is to be sent: the state when it comes, then what happens, in one bounded queue.

For: `BMPFeed`, everything of BMP but the connection. Not for: bytes of messages (bmp.py), sockets
(speaker/bmp_client.py).
RFC 7854 §3.3 (lifecycle), §5 (what is monitored: Adj-RIB-In before policy), §7 (statistics); RFC 9069 (Loc-RIB).
Structure to know: `BMPFeed`. Price: at most QUEUE_BYTES_MAX, whatever the collector does.

UPDATEs are passed on as they came. What a peer had said before is said again from its Adj-RIB-In, a step whenever the
queue is short, so the queue holds events in the order in which they happened.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tortie.bgp.engine import Engine
from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib import Path
from tortie.bgp.session.outputs import SessionDown
from tortie.bgp.watch.bmp import (
    StatisticType,
    TerminationReason,
    initiation,
    loc_rib_header,
    loc_rib_up,
    peer_down,
    peer_header,
    peer_up,
    route_monitoring,
    statistics_report,
    termination,
)
from tortie.bgp.watch.chosen import changed_updates, chosen_updates, loc_rib_open
from tortie.bgp.watch.heard import heard_updates
from tortie.bgp.wire import Family, MessageType, Update, encode_message

__all__ = ["QUEUE_BYTES_MAX", "BMPFeed"]

QUEUE_BYTES_MAX: Final = 16 * 1024 * 1024
"""What may wait for the collector; beyond it the connection is given up and the next one begins with the state."""

CHUNK_BYTES: Final = 65536
"""What is handed out at once, about."""


class BMPFeed:
    """The messages for one collector; a Watcher of the engine.

    Args:
        time_of_day: seconds since 1970.
        system_name, system_description: what Initiation says about us.
        has_loc_rib: our own Loc-RIB is monitored as well.
        queue_bytes_max: see QUEUE_BYTES_MAX.

    Attributes:
        is_on: the collector is there; while it is not, nothing is kept.
        is_overrun: it has not kept up: the queue was emptied, and nothing more is put into it.
    """

    def __init__(
        self,
        time_of_day: Callable[[], float],
        system_name: str,
        system_description: str,
        *,
        has_loc_rib: bool = False,
        queue_bytes_max: int = QUEUE_BYTES_MAX,
    ) -> None:
        """Keep nothing before `start`."""
        self._time_of_day = time_of_day
        self._initiation = initiation(system_name, system_description)
        self._has_loc_rib = has_loc_rib
        self._queue_bytes_max = queue_bytes_max
        self._engine: Engine | None = None
        self._ports: Callable[[int], tuple[int, int]] = lambda _connection: (0, 0)
        self._on_news: Callable[[], None] = lambda: None
        self._queue: deque[bytes] = deque()
        self._queue_bytes = 0
        self._state: Iterator[list[bytes]] = iter(())
        self.is_on = False
        self.is_overrun = False

    def attach(self, engine: Engine, ports: Callable[[int], tuple[int, int]], on_news: Callable[[], None]) -> None:
        """Say what is watched.

        Args:
            engine: whose observer has this feed among its watchers.
            ports: connection → local and remote TCP port.
            on_news: called when something waits.
        """
        self._engine = engine
        self._ports = ports
        self._on_news = on_news

    # ------------------------------------------------------------------ the collector's side

    def start(self) -> None:
        """The collector is there: it is told of every session at once, and then of what each had said so far."""
        self.stop()
        self.is_on = True
        self.is_overrun = False
        self._put(self._initiation)
        engine = self._engine
        established = [] if engine is None else [each for each in engine.peers.values() if each.source]
        for peer in established:
            self.session_up(peer)
        if self._has_loc_rib and engine is not None:
            self._put(loc_rib_up(self._loc_rib_header(engine), loc_rib_open(engine.config)))
        self._state = self._state_of(established)

    def stop(self) -> None:
        """The collector is gone."""
        self.is_on = False
        self._queue.clear()
        self._queue_bytes = 0
        self._state = iter(())

    def next_chunk(self) -> bytes:
        """Take what is to be written next, b"" when nothing waits."""
        if self._queue_bytes < CHUNK_BYTES:
            self._take_state()
        chunk: list[bytes] = []
        byte_count = 0
        while self._queue and byte_count < CHUNK_BYTES:
            message = self._queue.popleft()
            byte_count += len(message)
            chunk.append(message)
        self._queue_bytes -= byte_count
        return b"".join(chunk)

    def put_statistics(self) -> None:
        """Report what each session has counted (RFC 7854 §7)."""
        peers = () if self._engine is None else self._engine.peers.values()
        for peer in peers:
            if peer.source is not None:
                self._put(statistics_report(self._header(peer), self._statistics(peer)))

    @staticmethod
    def goodbye() -> bytes:
        """Return the last message, for a connection that we end."""
        return termination(TerminationReason.ADMINISTRATIVELY_CLOSED)

    def _take_state(self) -> None:
        while self._queue_bytes < CHUNK_BYTES and not self.is_overrun:
            messages = next(self._state, None)
            if messages is None:
                return
            for message in messages:
                self._put(message)

    def _state_of(self, peers: list[Peer]) -> Iterator[list[bytes]]:
        if self._engine is None:
            return
        for peer in peers:
            for updates in heard_updates(self._engine, peer):
                header = self._header(peer)
                yield [route_monitoring(header, update) for update in updates]
        if self._has_loc_rib:
            for updates in chosen_updates(self._engine):
                header = self._loc_rib_header(self._engine)
                yield [route_monitoring(header, update) for update in updates]

    # ------------------------------------------------------------------ the engine's side

    def session_up(self, peer: Peer) -> None:
        """As Watcher."""
        if self.is_on:
            assert peer.negotiated is not None, "the session is up"
            self._put(peer_up(self._header(peer), peer, *self._ports(peer.negotiated.connection)))

    def update_received(self, peer: Peer, update: Update, body: bytes) -> None:
        """As Watcher."""
        del update
        if self.is_on:
            self._put(route_monitoring(self._header(peer), encode_message(MessageType.UPDATE, body)))

    def session_down(self, peer: Peer, down: SessionDown) -> None:
        """As Watcher."""
        if self.is_on:
            self._put(peer_down(self._header(peer), down))

    def best_paths_changed(self, family: Family, changes: Mapping[bytes, Path | None]) -> None:
        """As Watcher."""
        if self.is_on and self._has_loc_rib and self._engine is not None:
            header = self._loc_rib_header(self._engine)
            for update in changed_updates(family, changes, self._engine.config):
                self._put(route_monitoring(header, update))

    def _loc_rib_header(self, engine: Engine) -> bytes:
        return loc_rib_header(engine.config.local_as, engine.config.router_id, self._time_of_day())

    def _header(self, peer: Peer) -> bytes:
        return peer_header(peer, self._time_of_day())

    def _statistics(self, peer: Peer) -> list[tuple[StatisticType, bytes]]:
        assert self._engine is not None, "a peer is an engine's"
        assert peer.source is not None, "only established peers are reported"
        assert peer.negotiated is not None, "only established peers are reported"
        counts = [
            (family, len(self._engine.rib.adj_rib_ins[peer.source, family]))
            for family in sorted(peer.negotiated.families)
        ]
        treated_as_withdraw_count = peer.session.counters.treated_as_withdraw_count
        return [
            (StatisticType.ADJ_RIB_IN_ROUTES, sum(count for _, count in counts).to_bytes(8)),
            *(
                (
                    StatisticType.ADJ_RIB_IN_ROUTES_OF_FAMILY,
                    family.afi.to_bytes(2) + bytes((family.safi,)) + count.to_bytes(8),
                )
                for family, count in counts
            ),
            (StatisticType.TREATED_AS_WITHDRAW, treated_as_withdraw_count.to_bytes(4)),
        ]

    def _put(self, message: bytes) -> None:
        if self.is_overrun:
            return
        if self._queue_bytes + len(message) > self._queue_bytes_max:
            self.stop()
            self.is_overrun = True
        else:
            self._queue.append(message)
            self._queue_bytes += len(message)
        self._on_news()
