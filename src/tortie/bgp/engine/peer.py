"""One peer as the engine sees it: its session, its place in the RIB, its place in update groups.

For: state that belongs to one session and joins `session` with `rib`. Not for: deciding anything.
RFC sections: 4271 §3; 4724 §4.2 (stale).
Structures to know: `Peer`, `Membership`, `Stale`.
"""

from dataclasses import replace
from typing import NamedTuple

from tortie.bgp.engine.config import PeerKey, SessionOptions, SpeakerConfig
from tortie.bgp.rib import ExportProfile, ImportRule, Member, PeerKind, Source, SourceKind, UpdateGroup
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
        deadline: when they go: the peer's restart time after the end, or STALE_TIME_S after it came back.
        is_back: the session is established again; End-of-RIB is waited for.
    """

    __slots__ = ("deadline", "families", "is_back", "source")

    def __init__(self, source: Source, families: frozenset[Family], deadline: float) -> None:
        """The session has ended."""
        self.source = source
        self.families = families
        self.deadline = deadline
        self.is_back = False


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
        stale: what is kept of its paths while it restarts, None mostly.
        memberships: family → place in an update group.
        has_unsent: the shell has not written all of the last UPDATEs yet; nothing more is handed to it.
        connection: the established one, None while there is none.
        connections: its open connections, at most one a direction.
        was_connected: it had one at some time.
        end_of_rib_from: families whose End-of-RIB has come since the session was established.
        announced_count, withdrawn_count: prefixes sent since then.
    """

    __slots__ = (
        "announced_count",
        "connection",
        "connections",
        "end_of_rib_from",
        "has_unsent",
        "is_dialled",
        "is_dynamic",
        "key",
        "memberships",
        "negotiated",
        "options",
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
        self.stale: Stale | None = None
        self.connection: int | None = None
        self.connections: set[int] = set()
        self.was_connected = False
        self.memberships: dict[Family, Membership] = {}
        self.has_unsent = False
        self.end_of_rib_from: set[Family] = set()
        self.announced_count = 0
        self.withdrawn_count = 0

    def is_behind(self) -> bool:
        """Say whether something is to be sent."""
        return any(group.is_behind(member) for group, member in self.memberships.values())

    def next_timer(self) -> float | None:
        """Return when the session or what is stale wants attention."""
        timer = self.session.next_timer()
        if self.stale is None:
            return timer
        return self.stale.deadline if timer is None else min(timer, self.stale.deadline)

    def import_rule(self) -> ImportRule:
        """How what it announces is judged."""
        return ImportRule(self.options.local_as, self.options.import_filter)


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
    return ExportProfile(
        family=family,
        peer_kind=kind,
        local_as=peer.options.local_as,
        peer_as=negotiated.peer_as,
        encoding=replace(negotiated.encode, add_path=family in negotiated.add_path_sent),
        next_hop_mode=peer.options.next_hop_mode,
        local_next_hop=_local_next_hop(negotiated, family, speaker),
        cluster_id=cluster_id,
        export_filter=peer.options.export_filter,
    )


def _local_next_hop(negotiated: Negotiated, family: Family, speaker: SpeakerConfig) -> bytes:
    session_address = address_from_text(negotiated.local_address)
    if (len(session_address) == IPV4_ADDRESS_OCTETS) == (family == IPV4_UNICAST):
        return session_address
    configured = dict(speaker.next_hops).get(family)
    return b"" if configured is None else address_from_text(configured)
