"""One peer as the engine sees it: its session, its place in the RIB, its place in update groups.

For: state that belongs to one session and joins `session` with `rib`. Not for: deciding anything.
RFC sections: 4271 §3; 4724 §4.2 (stale); 9494 §4.2 (stale for long).
Structures to know: `Peer`, `Membership`, `Stale`.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import NamedTuple

from tortie.bgp.engine.config import PeerKey, SessionOptions, SpeakerConfig
from tortie.bgp.policy import REJECT_ALL, costly_part
from tortie.bgp.rib import ExportProfile, ImportRule, Member, PeerKind, Source, SourceKind, StaleMode, UpdateGroup
from tortie.bgp.session import Negotiated, Session
from tortie.bgp.wire import IPV4_UNICAST, Family, address_from_text

IPV4_ADDRESS_OCTETS = 4


class Membership(NamedTuple):
    """Where a peer stands in the update group of one family."""

    group: UpdateGroup
    member: Member


class Stale:
    """What is kept of a peer whose session ended and may come back.

    Attributes:
        source: stands for the peer in the RIB, before and after.
        families: whose paths are stale.
        deadline: when something is to be done about them: the peer's restart time after the end, the first end of
            `long_lived`, or STALE_TIME_S after it came back.
        is_back: the session is established again; End-of-RIB is waited for.
        long_lived_s: of `families` those that are kept on after the restart time, and for how many seconds (RFC 9494).
        long_lived: of these those for which that time has begun, and when it ends.
    """

    __slots__ = ("deadline", "families", "is_back", "long_lived", "long_lived_s", "source")

    def __init__(
        self,
        source: Source,
        families: frozenset[Family],
        deadline: float,
        long_lived_s: Mapping[Family, int] | None = None,
    ) -> None:
        """The session has ended."""
        self.source = source
        self.families = families
        self.deadline = deadline
        self.is_back = False
        self.long_lived_s: Mapping[Family, int] = long_lived_s or {}
        self.long_lived: dict[Family, float] = {}


class Peer:
    """One peering.

    Attributes:
        key: pair of endpoints.
        options: as configured now.
        session: its FSM(s).
        is_dialled: though its options say to wait: after our own restart it has not come by itself.
        is_dynamic: it came by a range and is forgotten when its session ends.
        source: itself as a source of paths, None while not established.
        negotiated: what was agreed, None while not established.
        opens: the OPENs that were sent and received for it, whole messages; those of the last session.
        stale: what is kept of its paths while it restarts, None mostly.
        memberships: family → place in an update group.
        has_unsent: the shell has not written all of the last UPDATEs yet; nothing more is handed to it.
        connection: the established one, None while there is none.
        connections: its open connections, at most one a direction.
        was_connected: it had one at some time.
        held_until: it announced too many prefixes and stays down until then; infinity = until it is configured anew;
            None mostly.
        families_warned: those near their limit, of which the owner was told.
        refreshing: family that it says again → when the end of that is waited for no longer (RFC 7313).
        end_of_rib_from: families whose End-of-RIB has come since the session was established.
        announced_count, withdrawn_count: prefixes sent since then.
    """

    __slots__ = (
        "announced_count",
        "connection",
        "connections",
        "end_of_rib_from",
        "families_warned",
        "has_unsent",
        "held_until",
        "is_dialled",
        "is_dynamic",
        "key",
        "memberships",
        "negotiated",
        "opens",
        "options",
        "refreshing",
        "session",
        "source",
        "stale",
        "was_connected",
        "withdrawn_count",
    )

    def __init__(self, key: PeerKey, options: SessionOptions, session: Session, *, is_dynamic: bool) -> None:
        """A peer that is not established."""
        self.key = key
        self.options = options
        self.session = session
        self.is_dialled = False
        self.is_dynamic = is_dynamic
        self.source: Source | None = None
        self.negotiated: Negotiated | None = None
        self.opens = (b"", b"")
        self.stale: Stale | None = None
        self.connection: int | None = None
        self.connections: set[int] = set()
        self.was_connected = False
        self.memberships: dict[Family, Membership] = {}
        self.has_unsent = False
        self.held_until: float | None = None
        self.families_warned: set[Family] = set()
        self.refreshing: dict[Family, float] = {}
        self.end_of_rib_from: set[Family] = set()
        self.announced_count = 0
        self.withdrawn_count = 0

    def is_behind(self) -> bool:
        """Say whether something is to be sent."""
        return any(group.is_behind(member) for group, member in self.memberships.values())

    def next_timer(self) -> float | None:
        """Return when the session, what is stale, the end of being held down or of a refresh wants attention."""
        timer = self.session.next_timer()
        if self.stale is None and self.held_until is None and not self.refreshing:
            return timer
        stale_deadline = None if self.stale is None else self.stale.deadline
        deadlines = (timer, stale_deadline, self.held_until, *self.refreshing.values())
        deadline = min((each for each in deadlines if each is not None), default=inf)
        return None if deadline == inf else deadline

    def import_rule(self, source: Source, speaker: SpeakerConfig) -> ImportRule:
        """How what it announces as `source` is judged."""
        options, is_external = self.options, source.kind is SourceKind.EXTERNAL
        return ImportRule(
            options.local_as,
            costly_part(options.import_filter),
            obeys_graceful_shutdown=options.obeys_graceful_shutdown,
            is_draining=speaker.is_draining,
            has_policy=options.import_filter is not None or not is_external,
            role=options.role if is_external else None,
            peer_as=source.peer_as,
            allowed_local_as_count=options.allowed_local_as_count,
        )


def established_source(peer: Peer, negotiated: Negotiated, order: int) -> Source:
    """Return the source that stands for a newly established session, the `order`-th of this speaker."""
    source = Source(
        peer.key.remote_address,
        SourceKind.INTERNAL if negotiated.is_internal else SourceKind.EXTERNAL,
        router_id=negotiated.peer_router_id,
        address=address_from_text(peer.key.remote_address),
        peer_as=negotiated.peer_as,
        order=order,
    )
    source.is_client = negotiated.is_internal and peer.options.is_client
    return source


def export_profile(
    peer: Peer, negotiated: Negotiated, family: Family, speaker: SpeakerConfig, cluster_id: int
) -> ExportProfile:
    """Return what decides the bytes that this peer is sent for one family."""
    assert peer.source is not None, "only an established peer is sent routes"
    if not negotiated.is_internal:
        kind = PeerKind.EXTERNAL
    else:
        kind = PeerKind.CLIENT if peer.source.is_client else PeerKind.NON_CLIENT
    has_no_policy = not negotiated.is_internal and peer.options.export_filter is None  # RFC 8212 §2
    return ExportProfile(
        family=family,
        peer_kind=kind,
        local_as=peer.options.local_as,
        peer_as=negotiated.peer_as,
        encoding=replace(
            negotiated.encode,
            add_path=family in negotiated.add_path_sent,
            extended_next_hop=family == IPV4_UNICAST and negotiated.encode.extended_next_hop,
        ),
        next_hop_mode=peer.options.next_hop_mode,
        local_next_hop=_local_next_hop(negotiated, family, speaker),
        cluster_id=cluster_id,
        export_filter=costly_part(REJECT_ALL if has_no_policy else peer.options.export_filter),
        role=None if negotiated.is_internal else peer.options.role,
        stale_mode=_stale_mode(peer, negotiated),
        is_draining=speaker.is_draining,
    )


def _stale_mode(peer: Peer, negotiated: Negotiated) -> StaleMode:
    if negotiated.peer_long_lived is not None:
        return StaleMode.YES
    return StaleMode.AS_LAST_RESORT if negotiated.is_internal and peer.options.tells_stale else StaleMode.NO


def _local_next_hop(negotiated: Negotiated, family: Family, speaker: SpeakerConfig) -> bytes:
    session_address = address_from_text(negotiated.local_address)
    is_of_family = (len(session_address) == IPV4_ADDRESS_OCTETS) == (family == IPV4_UNICAST)
    if is_of_family or (family == IPV4_UNICAST and negotiated.encode.extended_next_hop):
        return session_address
    configured = dict(speaker.next_hops).get(family)
    return b"" if configured is None else address_from_text(configured)
