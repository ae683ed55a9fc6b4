"""One BGP speaker without I/O: sessions and RIB joined.

For: taking inputs (connections and their bytes, timers, configuration, local routes, next hops) and giving
one ordered queue of outputs. Time is an argument: seconds of any monotonic clock. Not for: sockets (speaker),
the FSM (session), the choice of routes (rib).
RFC sections: 4271 §3, §6.8, §9; 4456; 4724 §2, §4 (rules in restart.py); 8538; 2918.
Structures to know: `Engine`, `Peer`.

The shell calls inputs, then `flush` once for all of a pass of its loop, then takes `next_output` until None.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from tortie.bgp.engine.config import PeerConfig, PeerKey, RangeConfig, SessionOptions, SpeakerConfig
from tortie.bgp.engine.damping import Damping
from tortie.bgp.engine.helper import Helper
from tortie.bgp.engine.next_hops import NextHops
from tortie.bgp.engine.observer import Observer
from tortie.bgp.engine.outputs import (
    BestPathsChanged,
    CancelConnection,
    CloseConnection,
    EndOfRIBReceived,
    NextHopsWanted,
    OpenConnection,
    Output,
    PeerDown,
    PeerUp,
    SendBytes,
)
from tortie.bgp.engine.peer import Membership, Peer, established_source, export_profile
from tortie.bgp.engine.peer_table import PeerTable
from tortie.bgp.engine.prefix_limit import find_excess, find_near, held_until
from tortie.bgp.engine.propagation import Propagation
from tortie.bgp.engine.refresh import Refreshes
from tortie.bgp.engine.restart import (
    SelectionDeferral,
)
from tortie.bgp.engine.sending import BEGINNING, END, next_updates
from tortie.bgp.engine.timers import TimerHeap
from tortie.bgp.engine.totals import Totals
from tortie.bgp.rib import RIB, ExportProfile, ImportRule, Path, Source, SourceKind, UpdateGroup
from tortie.bgp.session import LocalRestart, Negotiated, Session, SessionConfig, outputs
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    NO_COMMUNITIES,
    AttributeTable,
    Communities,
    Family,
    Notification,
    RouteRefresh,
    Update,
    address_from_text,
    encode_notification,
    prefix_from_text,
    shutdown_data,
)

FAMILIES: Final = frozenset((IPV4_UNICAST, IPV6_UNICAST))

CEASE: Final = 6
CEASE_ADMINISTRATIVE_SHUTDOWN: Final = 2
CEASE_PEER_DECONFIGURED: Final = 3
CEASE_OUT_OF_RESOURCES: Final = 8
CONNECTION_REJECTED: Final = encode_notification(Notification(CEASE, 5, b""))


class Engine:
    """One speaker.

    Args:
        config: its identity.
        jitter: called for each timer that is to be spread, returns 0.75 to 1.0 (RFC 4271 §10).
        reports_best_paths: emit BestPathsChanged; a reflector without data path leaves it off.
        is_restarting: the speaker ran before and its peers may have kept what it announced: it chooses and announces
            nothing before they have told it what they have (RFC 4724 §4.1).
        expected: whose session was up before the restart: only they are waited for; None = not known, all are.
        observer: is told of what happens; None costs nothing.

    Attributes:
        refused_count: connections of nobody's, since the start.
        session_end_count: how often an established session has ended since the start, those of peers that are gone
            included; a session's own count is its `down_count`.
        totals: counts over all peers, for metrics.
    """

    def __init__(  # noqa: PLR0913 - options, all by name
        self,
        config: SpeakerConfig,
        jitter: Callable[[], float],
        *,
        reports_best_paths: bool = False,
        is_restarting: bool = False,
        expected: frozenset[PeerKey] | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Start with no peer; see the class."""
        self.config = config
        self.table = AttributeTable()
        self.rib = RIB(config.router_id, _cluster_id(config), self.table, self._metric)
        self.rib.set_selection(keeps_external=config.keeps_external, paths_max=config.paths_max)
        self._peers = PeerTable()
        self.refused_count = 0
        self.evicted_count = 0
        self._half_open: dict[Peer, None] = {}
        self._damping = Damping()
        self.totals = Totals()
        self._observer = observer
        self._watchers = () if observer is None else observer.watchers
        self._propagation = Propagation(None if observer is None else observer.propagated)
        self.session_end_count = 0
        self._jitter = jitter
        self._reports_best_paths = reports_best_paths
        self._by_source: dict[Source, Peer] = {}
        self._next_hops = NextHops()
        self._source_count = 0
        self._ready: dict[Peer, None] = {}
        self._outputs: deque[Output] = deque()
        self._timers: TimerHeap[Peer] = TimerHeap(lambda peer: peer.next_timer())
        self._helper = Helper(self.rib, self._next_hops.note_paths_went)
        self._refreshes = Refreshes(self.rib, self._next_hops.note_paths_went)
        self._deferral = SelectionDeferral(FAMILIES if is_restarting else frozenset(), expected)
        self.rib.deferred = self._deferral.families
        self._preserved = frozenset() if config.resolve_next_hops else FAMILIES
        self.local = Source("local", SourceKind.LOCAL, router_id=config.router_id)
        self.rib.add_source(self.local, ImportRule(config.local_as), (IPV4_UNICAST, IPV6_UNICAST))

    @property
    def peers(self) -> Mapping[PeerKey, Peer]:
        """Every peer, named or brought by a range."""
        return self._peers.by_key

    # ------------------------------------------------------------------ configuration

    def reconfigure(
        self,
        peers: Sequence[PeerConfig],
        ranges: Sequence[RangeConfig],
        now: float,
        speaker: SpeakerConfig | None = None,
    ) -> None:
        """Make these the peers and ranges; what need not reset a session does not.

        Client flag, filters, next-hop mode, cluster id and description change in place; AS numbers, router id
        and what is bound to OPEN or the socket reset their session; a peer that is no longer named is told
        Cease / Peer De-configured, for good: with graceful restart as a Hard Reset (RFC 8538 §3.1).
        """
        former_speaker = self.config
        if speaker is not None:
            self._set_speaker(speaker)
        self._learn_own_addresses(peer.key for peer in peers)
        self._peers.set_ranges(ranges)
        wanted = {peer.key: peer.options for peer in peers}
        for key in wanted:
            former = self._peers.rename(key, wanted)
            if former is not None:
                self._deferral.note_renamed(former, key)
                self._half_open.pop(self.peers[key], None)
        for key in [key for key, peer in self.peers.items() if key not in wanted]:
            peer = self.peers[key]
            options = self._peers.range_options(key.remote_address) if peer.is_dynamic else None
            if options is None:
                self._remove(peer, now)
            else:
                wanted[key] = options
        is_same_speaker = former_speaker is self.config
        for key, options in wanted.items():
            known = self.peers.get(key)
            if known is None or not is_same_speaker or known.options != options:
                self._set_peer(key, options, now)
        self._regroup()
        self._deferral.begin(wanted, now, has_ranges=bool(ranges))
        self._end_deferral(now)

    def _set_speaker(self, speaker: SpeakerConfig) -> None:
        speaker = replace(speaker, is_draining=self.config.is_draining)
        if speaker == self.config:
            return
        self.config = speaker
        self.local.router_id = speaker.router_id
        self.rib.router_id = speaker.router_id
        self.rib.cluster_id = _cluster_id(speaker)
        self.rib.set_selection(keeps_external=speaker.keeps_external, paths_max=speaker.paths_max)
        for source in self.rib.import_rules:
            self.rib.judge_again(source)
        self.rib.next_hop_changed()

    def _learn_own_addresses(self, wanted: Iterable[PeerKey]) -> None:
        texts = {key.local_address for key in wanted if key.local_address}
        texts.update(address for _, address in self.config.next_hops)
        texts.update(peer.negotiated.local_address for peer in self.peers.values() if peer.negotiated is not None)
        self._set_own_addresses(frozenset(address_from_text(text) for text in texts))

    def _set_own_addresses(self, addresses: frozenset[bytes]) -> None:
        """A path with one of these as next hop leads to ourselves (RFC 4271 §5.1.3)."""
        if addresses == self.rib.own_addresses:
            return
        self.rib.own_addresses = addresses
        for source in self.rib.import_rules:
            self.rib.judge_again(source)

    def _set_peer(self, key: PeerKey, options: SessionOptions, now: float) -> None:
        peer = self.peers.get(key)
        if peer is None:
            self._add(key, options, now, is_dynamic=False)
            return
        former, peer.options = peer.options, options
        stale = peer.stale
        if stale is not None and (options.local_as, options.peer_as or stale.source.peer_as) != (
            former.local_as,
            stale.source.peer_as,
        ):
            self._helper.drop(peer)
        peer.session.reconfigure(self._session_config(key, options, is_dialled=peer.is_dialled), now)
        self._pump(peer, now)  # a session that had to be reset leaves its paths as stale ones
        self._apply_in_place(peer)
        if options.prefix_limit != former.prefix_limit:
            self._apply_prefix_limit(peer, now)
            self._pump(peer, now)

    def _apply_prefix_limit(self, peer: Peer, now: float) -> None:
        """A new limit lets a session start that the former one held down, and counts at once."""
        if peer.held_until is not None:
            self._end_holding_down(peer, now)
        elif peer.negotiated is not None:
            peer.families_warned.clear()
            self._check_prefix_limit(peer, sorted(peer.negotiated.families), now)

    def _session_config(self, key: PeerKey, options: SessionOptions, *, is_dialled: bool = False) -> SessionConfig:
        config = options.session_config(self.config.router_id, key.remote_address)
        return replace(config, passive=False) if is_dialled else config

    def _apply_in_place(self, peer: Peer) -> None:
        """Carry changed options into a session that stays up, and into what is kept of one that may come back."""
        source = peer.stale.source if peer.stale is not None else peer.source
        if source is None:
            return
        self._set_import_rule(peer, source)
        is_client = source.kind is SourceKind.INTERNAL and peer.options.is_client
        if is_client != source.is_client:
            source.is_client = is_client
            self.rib.export_again(source)

    def _set_import_rule(self, peer: Peer, source: Source) -> None:
        rule = peer.import_rule(source, self.config)
        if rule != self.rib.import_rules[source]:
            self.rib.import_rules[source] = rule
            self.rib.judge_again(source)

    def drain(self, now: float, *, is_draining: bool = True) -> None:
        """Make what we announce and what we have by eBGP a last resort, so that nothing hangs on us when we stop.

        RFC 8326 §4.1: eBGP peers are sent all with GRACEFUL_SHUTDOWN, iBGP peers what is ours or from eBGP with a
        LOCAL_PREF of 0. Sessions stay; `is_draining` False takes it back.
        """
        self._propagation.note_input(now)
        self.config = replace(self.config, is_draining=is_draining)
        for source, peer in self._by_source.items():
            self._set_import_rule(peer, source)
        self._regroup()

    def _regroup(self) -> None:
        """Put every peer where its profile belongs now.

        Where all members of a group change alike (a new cluster id), the group itself takes the new profile: the
        change is computed and encoded once, however many they are.
        """
        for group in list(self.rib.groups.values()):
            wanted = {source: self._profile_now(group, source) for source in group.members}
            profiles = set(wanted.values())
            if profiles == {group.profile}:
                continue
            if len(profiles) == 1 and not profiles & self.rib.groups.keys():
                self.rib.change_profile(group, profiles.pop())
            else:
                self._move_members(group, wanted)

    def _profile_now(self, group: UpdateGroup, source: Source) -> ExportProfile:
        peer = self._by_source[source]
        assert peer.negotiated is not None, "a member is established"
        return export_profile(peer, peer.negotiated, group.profile.family, self.config, self.rib.cluster_id)

    def _move_members(self, group: UpdateGroup, wanted: dict[Source, ExportProfile]) -> None:
        family, former = group.profile.family, group.profile
        self._propagation.give_up(group)
        for source, profile in wanted.items():
            if profile != former:
                peer = self._by_source[source]
                member = self.rib.move(source, former, profile)
                peer.memberships[family] = Membership(self.rib.groups[profile], member)
                self._ready[peer] = None

    def _add(
        self, key: PeerKey, options: SessionOptions, now: float, *, is_dynamic: bool, failure_count: int = 0
    ) -> Peer:
        session = Session(self._session_config(key, options), self.table, self._jitter)
        session.local_restart = self._local_restart()
        if (observer := self._observer) is not None:
            session.observe(lambda text: observer.session_event(key, text))
        peer = Peer(key, options, session, is_dynamic=is_dynamic)
        self._peers.add(peer)
        session.start(now, failure_count)
        self._pump(peer, now)
        return peer

    def _remove(self, peer: Peer, now: float, subcode: int = CEASE_PEER_DECONFIGURED, message: str = "") -> None:
        peer.session.stop(now, subcode, message)
        self._take_session_outputs(peer, now)
        self._forget(peer)

    def _forget(self, peer: Peer) -> None:
        self.totals.note_gone(peer.session.counters)
        self._helper.drop(peer)
        self._deferral.note_gone(peer.key)
        self._peers.remove(peer)
        self._half_open.pop(peer, None)
        self._timers.forget(peer)

    def shutdown(self, now: float, *, for_restart: bool = False, message: str = "") -> None:
        """End every session with Cease / Administrative Shutdown and accept nothing more.

        Args:
            now: the time.
            for_restart: the speaker will be back: connections are closed without a word, so that peers with graceful
                restart keep what they have (RFC 4724 §4.2); a peer without it is told Cease all the same.
            message: for the operators of peers that are told Cease (RFC 9003), at most 255 octets of UTF-8.

        Raises:
            LocalProtocolError: the message is too long; nothing was done.
        """
        shutdown_data(message)  # before anything is done
        self._peers.set_ranges(())
        for peer in list(self.peers.values()):
            if for_restart and (peer.negotiated is None or peer.negotiated.peer_restart is not None):
                peer.session.leave(now)
                self._take_session_outputs(peer, now)
                self._forget(peer)
            else:
                self._remove(peer, now, CEASE_ADMINISTRATIVE_SHUTDOWN, message)

    # ------------------------------------------------------------------ graceful restart

    def forwarding_preserved(self, families: Iterable[Family]) -> None:
        """The data path says that it forwards by what was written to it before: the F bit of OPENs to come."""
        self._preserved |= frozenset(families)
        self._tell_sessions_of_restart()

    @property
    def deferred_families(self) -> tuple[Family, ...]:
        """Families in which nothing is chosen and announced yet, because the speaker has restarted."""
        return tuple(sorted(self._deferral.families))

    def _local_restart(self) -> LocalRestart:
        return LocalRestart(bool(self._deferral.families), self._preserved)

    def _tell_sessions_of_restart(self) -> None:
        local_restart = self._local_restart()
        for peer in self.peers.values():
            peer.session.local_restart = local_restart

    def _dial_missing(self, now: float) -> None:
        """Dial those that wait for us: after our own restart they did not come by themselves."""
        for key in self._deferral.take_missing(now):
            peer = self.peers[key]
            if peer.options.passive and peer.negotiated is None and not peer.is_dynamic:
                self._set_dialled(peer, now, is_dialled=True)

    def _set_dialled(self, peer: Peer, now: float, *, is_dialled: bool) -> None:
        if peer.is_dialled is not is_dialled:
            peer.is_dialled = is_dialled
            config = self._session_config(peer.key, peer.options, is_dialled=is_dialled)
            peer.session.reconfigure(config, now)
            self._pump(peer, now)

    def _end_deferral(self, now: float) -> None:
        """Where nothing is waited for any more: let everybody join, so that all goes out, then End-of-RIB."""
        ended = self._deferral.take_ended(now)
        if not ended:
            return
        self.rib.deferred = self._deferral.families
        for peer in self.peers.values():
            if peer.negotiated is not None:
                for family in ended:
                    self._join(peer, peer.negotiated, family)
        self._tell_sessions_of_restart()
        if not self._deferral.families:
            for peer in list(self.peers.values()):
                self._set_dialled(peer, now, is_dialled=False)

    # ------------------------------------------------------------------ local routes and next hops

    def originate(  # noqa: PLR0913 - what a route of our own may carry, all by name
        self,
        prefix: str,
        now: float,
        *,
        next_hop: str | None = None,
        local_pref: int | None = None,
        med: int | None = None,
        communities: Communities = NO_COMMUNITIES,
        interface: str = "",
    ) -> None:
        """Announce a prefix of our own.

        Args:
            prefix: text.
            now: the time.
            next_hop: None = ourselves, as each session sees us.
            local_pref: degree of preference that internal peers are told, None = 100.
            med: MULTI_EXIT_DISC, None = absent.
            communities: of all three sorts.
            interface: where it leads to, for filters that ask; "" = unknown.
        """
        self._propagation.note_input(now)
        family, nlri = prefix_from_text(prefix)
        packed = b"" if next_hop is None else address_from_text(next_hop)
        attributes = self.table.intern(
            next_hop=packed,
            local_pref=local_pref,
            med=med,
            communities=communities.standard,
            extended_communities=communities.extended,
            large_communities=communities.large,
        )
        self.rib.announce(self.local, family, attributes, (nlri,), interface=interface)

    def withdraw(self, prefix: str, now: float) -> None:
        """Take back what `originate` announced; unknown prefixes are no error."""
        self._propagation.note_input(now)
        family, nlri = prefix_from_text(prefix)
        self.rib.withdraw(self.local, family, (nlri,))

    def originated(self) -> set[tuple[Family, bytes]]:
        """Return what this speaker announces of its own."""
        return {
            (family, nlri)
            for (source, family), adj_rib_in in self.rib.adj_rib_ins.items()
            if source is self.local
            for nlri in adj_rib_in.paths
        }

    def next_hop_changed(self, next_hop: bytes, now: float, *, metric: int | None) -> None:
        """Tell the interior cost of a next hop (packed) that NextHopsWanted named; None = it cannot be reached."""
        del now
        if self._next_hops.answer(next_hop, metric):
            self.rib.next_hop_changed(next_hop)

    def _metric(self, next_hop: bytes) -> int | None:
        if not self.config.resolve_next_hops or not next_hop:
            return 0
        return self._next_hops.metric(next_hop)

    # ------------------------------------------------------------------ connections

    def inbound_options(self, remote_address: str, local_address: str) -> SessionOptions | None:
        """Return how a peer that connects between these addresses is configured; None: it is not, `accept` refuses."""
        peer = self._peers.find_inbound(remote_address, local_address)
        return self._peers.range_options(remote_address) if peer is None else peer.options

    def accept(self, connection: int, remote_address: str, local_address: str, now: float) -> None:
        """Take an inbound connection; a peer that nobody configured is told Cease / Connection Rejected (RFC 4486)."""
        peer = self._peers.find_inbound(remote_address, local_address)
        peer = peer or self._dynamic_peer(remote_address, local_address, now)
        if peer is None:
            self.refused_count += 1
            self._outputs.append(SendBytes(connection, (CONNECTION_REJECTED,)))
            self._outputs.append(CloseConnection(connection))
        else:
            self._made(peer, connection, local_address, now, is_outgoing=False)

    def connected(self, peer: PeerKey, connection: int, local_address: str, now: float) -> bool:
        """Our dial succeeded; False = the peer is no longer configured, the shell closes it."""
        owner = self.peers.get(peer)
        if owner is None:
            return False
        self._made(owner, connection, local_address, now, is_outgoing=True)
        return True

    def _made(self, peer: Peer, connection: int, local_address: str, now: float, *, is_outgoing: bool) -> None:
        self._peers.connect(peer, connection)
        peer.session.connection_made(connection, is_outgoing=is_outgoing, local_address=local_address, now=now)
        self._pump(peer, now)

    def connect_failed(self, peer: PeerKey, reason: str, now: float) -> None:
        """Our dial failed; `reason` is shown in status."""
        owner = self.peers.get(peer)
        if owner is not None:
            owner.session.connection_failed(reason, now)
            self._pump(owner, now)

    def connection_lost(self, connection: int, reason: str, now: float) -> None:
        """The connection ended without our asking."""
        peer = self._peers.owner(connection)
        if peer is not None:
            self._propagation.note_input(now)
            self._peers.disconnect(connection)
            peer.session.connection_lost(connection, reason, now)
            self._pump(peer, now)

    def receive_data(self, connection: int, data: bytes, now: float) -> None:
        """Bytes came in. The shell bounds one call to what it reads at once."""
        peer = self._peers.owner(connection)
        if peer is not None:
            self._propagation.note_input(now)
            peer.session.receive_data(connection, data, now)
            self._pump(peer, now)

    def drained(self, connection: int, now: float) -> None:
        """The shell has written all it was given for this connection."""
        peer = self._peers.owner(connection)
        if peer is None:
            return
        peer.session.drained(connection, now)
        if peer.connection == connection:
            peer.has_unsent = False
            self._propagation.note_sent(peer, now)
            if peer.is_behind():
                self._ready[peer] = None

    def _dynamic_peer(self, remote_address: str, local_address: str, now: float) -> Peer | None:
        options = self._peers.range_options(remote_address)
        if options is None or self._peers.is_full:
            return None
        self._evict_half_open(now)
        failure_count = self._damping.failure_count(remote_address, now)
        key = PeerKey(local_address, remote_address, 0)
        peer = self._add(key, options, now, is_dynamic=True, failure_count=failure_count)
        self._half_open[peer] = None
        return peer

    def _evict_half_open(self, now: float) -> None:
        """Make room for one more peer without a session: whoever means it has said OPEN by now (RFC 4486 §4)."""
        if len(self._half_open) >= self.config.half_open_max:
            self.evicted_count += 1
            self._remove(next(iter(self._half_open)), now, CEASE_OUT_OF_RESOURCES)

    # ------------------------------------------------------------------ time and output

    def handle_timer(self, now: float) -> None:
        """Let every timer act whose time has come."""
        self._propagation.note_input(now)
        while (peer := self._timers.take_due(now)) is not None:
            peer.session.handle_timer(now)
            self._helper.expire(peer, now)
            self._refreshes.expire(peer, now)
            if peer.held_until is not None and peer.held_until <= now:
                self._end_holding_down(peer, now)
            self._pump(peer, now)
        self._dial_missing(now)
        self._end_deferral(now)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called, None = no timer runs."""
        deadline, deferral = self._timers.next(), self._deferral.next_timer()
        if deferral is None:
            return deadline
        return deferral if deadline is None else min(deadline, deferral)

    def next_output(self) -> Output | None:
        """Return the next thing to do, None when there is nothing."""
        return self._outputs.popleft() if self._outputs else None

    @property
    def wants_flush(self) -> bool:
        """Say whether `flush` would have something to do."""
        return bool(self._ready) or self._next_hops.has_news or self.rib.has_changes

    def flush(self, now: float) -> None:
        """Hand changed best paths to the update groups and give each peer that can take it one segment."""
        wanted = self._next_hops.take_wanted(self.rib.next_hops_in_use)
        if wanted is not None and self.config.resolve_next_hops:
            self._outputs.append(NextHopsWanted(wanted))
        for family, changes in self.rib.flush():
            for watcher in self._watchers:
                watcher.best_paths_changed(family, changes)
            if self._reports_best_paths:
                self._outputs.append(BestPathsChanged(family, self.rib.loc_rib(family).ways(changes)))
        advanced = self.rib.take_advanced()
        self._propagation.note_flushed(advanced)
        for group in advanced:
            for source in group.members:
                self._ready[self._by_source[source]] = None
        ready, self._ready = self._ready, {}
        for peer in ready:
            if not peer.has_unsent:
                self._send_updates(peer, now)
        self._trim(now)

    def _trim(self, now: float) -> None:
        for group in list(self.rib.groups.values()):
            slowest = group.trim()
            if slowest is not None:
                peer = self._by_source[slowest.source]
                peer.session.reset(now, CEASE, CEASE_OUT_OF_RESOURCES)
                self._pump(peer, now)

    def _send_updates(self, peer: Peer, now: float) -> None:
        connection = peer.connection
        if connection is None:
            return
        buffers, message_count = next_updates(peer)
        if buffers:
            peer.has_unsent = True
            peer.session.count_updates_sent(message_count, now)
            self._timers.update(peer)
            self._outputs.append(SendBytes(connection, buffers))
        else:
            self._propagation.note_sent(peer, now)

    # ------------------------------------------------------------------ what sessions say

    def _pump(self, peer: Peer, now: float) -> None:
        """Carry out all that a peer's session has put out, in order."""
        self._take_session_outputs(peer, now)
        self._timers.update(peer)
        is_gone = peer.was_connected and not peer.connections and peer.stale is None and peer.held_until is None
        if peer.is_dynamic and is_gone and peer.key in self.peers:
            self._damping.note_gone(peer.key.remote_address, peer.session.failure_count, now)
            peer.session.stop(now)
            self._take_session_outputs(peer, now)
            self._forget(peer)

    def _take_session_outputs(self, peer: Peer, now: float) -> None:
        next_output = peer.session.next_output
        while (output := next_output()) is not None:
            if isinstance(output, outputs.UpdateReceived):
                for watcher in self._watchers:
                    watcher.update_received(peer, output.update, output.body)
                self.on_update(peer, output.update, now)
            elif isinstance(output, outputs.SendBytes):
                self._outputs.append(SendBytes(output.connection, (output.data,)))
            else:
                self._on_rare_output(peer, output, now)

    def _on_rare_output(self, peer: Peer, output: outputs.Output, now: float) -> None:
        match output:
            case outputs.OpenConnection():
                self._outputs.append(OpenConnection(peer.key))
            case outputs.CancelConnection():
                self._outputs.append(CancelConnection(peer.key))
            case outputs.CloseConnection(connection):
                self._peers.disconnect(connection)
                self._outputs.append(CloseConnection(connection))
            case outputs.SessionUp(negotiated, own_open, peer_open):
                peer.opens = own_open, peer_open
                self._on_session_up(peer, negotiated, now)
            case outputs.SessionDown():
                self.totals.note_reset(output.notification, is_remote=output.is_remote)
                self._on_session_down(peer, output, now)
            case outputs.RouteRefreshReceived(refresh):
                self._on_route_refresh(peer, refresh, now)

    def on_update(self, peer: Peer, update: Update, now: float) -> None:
        """Carry one usable UPDATE into the RIB (the session has dealt with its problems)."""
        if peer.held_until is not None:
            return  # the rest of what it had sent when it went over its limit
        source = peer.source
        assert source is not None, "only an established session passes UPDATEs on"
        for family, nlris in update.withdrawn:
            self.rib.withdraw(source, family, nlris)
        for family, attributes, nlris in update.announced:
            if self.config.resolve_next_hops:
                self._next_hops.want(attributes.next_hop)
            self.rib.announce(source, family, attributes, nlris)
        if update.announced and peer.options.prefix_limit is not None:
            self._check_prefix_limit(peer, [family for family, _, _ in update.announced], now)
        if update.end_of_rib is not None:
            self._on_end_of_rib(peer, update.end_of_rib, now)

    def _check_prefix_limit(self, peer: Peer, families: Sequence[Family], now: float) -> None:
        """Tell the owner that a peer comes near its limit; end the session of one that is beyond it."""
        excess = find_excess(self.rib, peer, families)
        if excess is None:
            self._outputs.extend(find_near(self.rib, peer, families))
        else:
            peer.held_until = held_until(excess.limit, now)
            peer.session.hold_down(now, excess.notification, excess.text)

    def _end_holding_down(self, peer: Peer, now: float) -> None:
        """Let a session start again; a peer of a range is forgotten, it comes back by itself."""
        peer.held_until = None
        if peer.is_dynamic:
            self._forget(peer)
        else:
            peer.session.start(now)

    def _on_end_of_rib(self, peer: Peer, family: Family, now: float) -> None:
        peer.end_of_rib_from.add(family)
        self._helper.sweep(peer, (family,))
        self._outputs.append(EndOfRIBReceived(peer.key, family))
        self._deferral.note_end_of_rib(peer.key, family)
        self._end_deferral(now)

    def _on_session_up(self, peer: Peer, negotiated: Negotiated, now: float) -> None:
        self._set_own_addresses(self.rib.own_addresses | {address_from_text(negotiated.local_address)})
        self._source_count += 1
        fresh = established_source(peer, negotiated, self._source_count)
        source = peer.source = self._helper.session_returned(peer, fresh, negotiated, now)
        peer.negotiated = negotiated
        peer.connection = negotiated.connection
        peer.has_unsent = False
        peer.end_of_rib_from.clear()
        peer.families_warned.clear()
        self._half_open.pop(peer, None)
        peer.announced_count = peer.withdrawn_count = 0
        self._by_source[source] = peer
        families = sorted(negotiated.families)
        self.rib.add_source(source, peer.import_rule(source, self.config), families, negotiated.decode.add_path)
        for family in families:
            if family not in self.rib.deferred:
                self._join(peer, negotiated, family)
        self._outputs.append(PeerUp(peer.key))
        for watcher in self._watchers:
            watcher.session_up(peer)
        self._deferral.note_up(peer.key, negotiated)
        self._end_deferral(now)
        self._set_dialled(peer, now, is_dialled=False)

    def _join(self, peer: Peer, negotiated: Negotiated, family: Family) -> None:
        """Have an established peer sent what its group says, from the beginning."""
        if family not in negotiated.families:
            return
        assert peer.source is not None, "only an established peer joins"
        profile = export_profile(peer, negotiated, family, self.config, self.rib.cluster_id)
        member = self.rib.join(profile, peer.source)
        member.is_enhanced = negotiated.enhanced_route_refresh
        peer.memberships[family] = Membership(self.rib.groups[profile], member)
        self._ready[peer] = None

    def _on_session_down(self, peer: Peer, down: outputs.SessionDown, now: float) -> None:
        source, negotiated = peer.source, peer.negotiated
        if source is None or negotiated is None:
            return
        for watcher in self._watchers:
            watcher.session_down(peer, down)
        self._propagation.note_left(peer, now)
        self.session_end_count += 1
        for group, _ in peer.memberships.values():
            self.rib.leave(group.profile, source)
        peer.memberships.clear()
        self._refreshes.give_up(peer)
        stale_s = self._helper.session_ended(peer, source, down.notification, now)
        del self._by_source[source]
        self._ready.pop(peer, None)
        peer.source = peer.connection = peer.negotiated = None
        self._outputs.append(PeerDown(peer.key, down.reason, stale_s, down.notification, down.is_remote))

    def _on_route_refresh(self, peer: Peer, refresh: RouteRefresh, now: float) -> None:
        family = refresh.family
        membership = peer.memberships.get(family)
        if refresh.subtype == BEGINNING:
            self._refreshes.begin(peer, family, now)
        elif refresh.subtype == END:
            self._refreshes.end(peer, family)
        elif membership is not None:
            membership.group.start_refresh(membership.member)
            self._ready[peer] = None

    # ------------------------------------------------------------------ for status

    def best_paths(self, family: Family) -> Iterator[tuple[bytes, Path]]:
        """Yield (nlri, best path) of a family."""
        for nlri, decision in self.rib.loc_rib(family).decisions.items():
            if decision.best is not None:
                yield nlri, decision.best


def _cluster_id(config: SpeakerConfig) -> int:
    return config.router_id if config.cluster_id is None else config.cluster_id
