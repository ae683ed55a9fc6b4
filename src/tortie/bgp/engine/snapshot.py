"""What an engine knows, as plain values for status and routes.

For: `node status`, `routes`, metrics, tests. Not for: rendering (cli), nor wall-clock time: ages are seconds
of the engine's clock.
Structures to know: `PeerStatus`, `RouteStatus`; both become JSON with `dataclasses.asdict`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tortie.bgp.engine.engine import Engine
from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib import AdjRIBIn, Path, Source, UpdateGroup
from tortie.bgp.session import AddPathMode, Negotiated
from tortie.bgp.wire import (
    Family,
    address_to_text,
    community_to_text,
    extended_community_to_text,
    large_community_to_text,
    prefix_to_text,
)

ORIGINS = ("igp", "egp", "incomplete")


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyStatus:
    """One family of one session.

    Attributes:
        family: its name.
        received: prefixes received.
        accepted: of these eligible.
        best: of these chosen.
        stale: of those received kept from before (RFC 4724).
        sent: prefixes that the peer holds from us once it has been sent all that waits.
        end_of_rib: the peer has said that it has sent all.
        add_path: which way several paths a prefix go, as agreed (RFC 7911).
    """

    family: str
    received: int
    accepted: int
    best: int
    stale: int
    sent: int
    end_of_rib: bool
    add_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerStatus:
    """One session. Ages in seconds; NOTIFICATIONs and events as text.

    `restart_time_s` is what the peer says of graceful restart, None = it has none; `stale_s` is for how long its stale
    paths are kept if it does not come back or sends no End-of-RIB, None = there are none. `is_held_down`: it announced
    more than `prefixes_max` and has to wait. `long_lived_s` is what the peer says of long-lived graceful restart (RFC
    9494), `is_long_lived_stale`: that time has begun.
    """

    remote_address: str
    remote_port: int
    local_address: str
    description: str
    state: str
    age_s: float
    local_as: int
    peer_as: int
    peer_router_id: str | None
    role: str | None = None
    peer_role: str | None = None
    is_client: bool
    is_dynamic: bool
    is_passive: bool
    hold_time_s: int | None
    message_size_bytes_max: int | None = None
    has_extended_next_hop: bool = False
    long_lived_s: int | None = None
    is_long_lived_stale: bool = False
    keepalive_s: float | None
    restart_time_s: int | None
    stale_s: float | None
    prefixes_max: int | None = None
    is_held_down: bool = False
    families: tuple[FamilyStatus, ...]
    announced: int
    withdrawn: int
    counters: dict[str, int]
    last_error: str
    last_error_age_s: float | None
    last_notification_sent: str | None
    last_notification_received: str | None
    events: tuple[dict[str, float | str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStatus:
    """One path. `path_id` is the peer's, 0 without ADD-PATH.

    `reason` is None for the best one, else the step at which it lost or why it is rejected. `is_equal`: traffic goes
    over it beside the best one. `preference` is LOCAL_PREF, or what stands for it where the path has none or import has
    changed it.
    """

    family: str
    prefix: str
    next_hop: str | None
    as_path: str
    origin: str
    med: int | None
    local_pref: int | None
    preference: int
    communities: tuple[str, ...]
    extended_communities: tuple[str, ...]
    large_communities: tuple[str, ...]
    only_to_customer: int | None
    originator_id: str | None
    cluster_list: tuple[str, ...]
    peer: str
    path_id: int
    source: str
    best: bool
    is_equal: bool
    reason: str | None


def peer_statuses(engine: Engine, now: float) -> list[PeerStatus]:
    """Return all sessions, by remote address as text."""
    sent = _SentCounts()
    return [_peer_status(engine, peer, now, sent) for _, peer in sorted(engine.peers.items())]


def route_statuses(engine: Engine, family: Family, only: bytes | None = None) -> Iterator[RouteStatus]:
    """Yield every path of a family (of one NLRI): by prefix, the best first, then losers, then rejected ones.

    May be consumed while the engine goes on: the prefixes are those at the beginning, their paths those at their turn.
    """
    decisions = engine.rib.loc_rib(family).decisions
    adj_rib_ins = [each for (_, of_family), each in engine.rib.adj_rib_ins.items() if of_family == family]
    rejected = _rejected_paths(adj_rib_ins, only)
    known = decisions.keys() if only is None else decisions.keys() & {only}
    for nlri in sorted(known | rejected.keys(), key=lambda key: (key[1:], key[0])):
        decision = decisions.get(nlri)
        if decision is not None and decision.best is not None:
            yield _route_status(family, nlri, decision.best, None)
        if decision is not None:
            for path, step in decision.losers:
                yield _route_status(family, nlri, path, step.value, is_equal=path in decision.equals)
        for path in rejected.get(nlri, ()):
            yield _route_status(family, nlri, path, path.rejection)


def _rejected_paths(adj_rib_ins: Iterable[AdjRIBIn], only: bytes | None) -> dict[bytes, list[Path]]:
    rejected: dict[bytes, list[Path]] = {}
    for adj_rib_in in adj_rib_ins:
        for nlri, path in adj_rib_in.by_prefix():
            if path.rejection is not None and only in (None, nlri):
                rejected.setdefault(nlri, []).append(path)
    return rejected


def _route_status(
    family: Family, nlri: bytes, path: Path, reason: str | None, *, is_equal: bool = False
) -> RouteStatus:
    attributes = path.attributes
    return RouteStatus(
        family=family.name,
        prefix=prefix_to_text(nlri, family),
        next_hop=address_to_text(attributes.next_hop[:16]) if attributes.next_hop else None,
        as_path=attributes.as_path_text(),
        origin=ORIGINS[attributes.origin],
        med=attributes.med,
        local_pref=attributes.local_pref,
        preference=path.preference,
        communities=tuple(map(community_to_text, attributes.communities)),
        extended_communities=tuple(map(extended_community_to_text, attributes.extended_communities)),
        large_communities=tuple(map(large_community_to_text, attributes.large_communities)),
        only_to_customer=attributes.only_to_customer,
        originator_id=None if attributes.originator_id is None else dotted(attributes.originator_id),
        cluster_list=tuple(dotted(each) for each in attributes.cluster_list),
        peer=path.source.name,
        path_id=path.path_id,
        source=path.source.kind.name.lower(),
        best=reason is None,
        is_equal=is_equal,
        reason=reason,
    )


class _SentCounts:
    """How many prefixes each peer is sent; each group is counted once. Cost: O(entries) a group."""

    def __init__(self) -> None:
        self._of_group: dict[UpdateGroup, Counter[Source]] = {}

    def to(self, peer: Peer, family: Family) -> int:
        """Return how many prefixes of a family a peer holds from us once it has been sent all that waits."""
        membership = peer.memberships.get(family)
        if membership is None:
            return 0
        group, member = membership
        if group not in self._of_group:
            live = (entry.source for entry in group.entries.values() if entry.attributes is not None)
            self._of_group[group] = Counter(live)
        counts = self._of_group[group]
        return counts.total() - counts[member.source]


def _peer_status(engine: Engine, peer: Peer, now: float, sent_counts: _SentCounts) -> PeerStatus:
    session, options = peer.session, peer.options
    negotiated, stale = session.negotiated, peer.stale
    restart = None if negotiated is None else negotiated.peer_restart
    sent, received = session.last_notification_sent, session.last_notification_received
    return PeerStatus(
        remote_address=peer.key.remote_address,
        remote_port=peer.key.remote_port,
        local_address=peer.key.local_address if negotiated is None else negotiated.local_address,
        description=options.description,
        state=session.state.name.lower(),
        age_s=round(now - session.since, 3),
        local_as=options.local_as,
        peer_as=options.peer_as if negotiated is None else negotiated.peer_as,
        peer_router_id=None if negotiated is None else dotted(negotiated.peer_router_id),
        role=None if options.role is None else options.role.name.lower(),
        peer_role=None if negotiated is None or negotiated.peer_role is None else negotiated.peer_role.name.lower(),
        is_client=options.is_client if peer.source is None else peer.source.is_client,
        is_dynamic=peer.is_dynamic,
        is_passive=options.passive,
        hold_time_s=None if negotiated is None else negotiated.hold_time_s,
        keepalive_s=None if negotiated is None else negotiated.keepalive_s,
        message_size_bytes_max=None if negotiated is None else negotiated.message_size_bytes_max,
        long_lived_s=_long_lived_s(negotiated),
        is_long_lived_stale=stale is not None and bool(stale.long_lived),
        has_extended_next_hop=negotiated is not None and negotiated.encode.extended_next_hop,
        restart_time_s=None if restart is None else restart.restart_time_s,
        stale_s=None if stale is None else round(stale.deadline - now, 3),
        prefixes_max=None if options.prefix_limit is None else options.prefix_limit.prefixes_max,
        is_held_down=peer.held_until is not None,
        families=_family_statuses(engine, peer, sent_counts),
        announced=peer.announced_count,
        withdrawn=peer.withdrawn_count,
        counters=session.counters.as_dict(),
        last_error=session.last_error,
        last_error_age_s=round(now - session.last_error_at, 3) if session.last_error else None,
        last_notification_sent=None if sent is None else sent.text,
        last_notification_received=None if received is None else received.text,
        events=tuple({"age_s": round(now - when, 3), "text": text} for when, text in session.events),
    )


def _long_lived_s(negotiated: Negotiated | None) -> int | None:
    if negotiated is None or negotiated.peer_long_lived is None:
        return None
    return max((stale_s for _, _, stale_s in negotiated.peer_long_lived.families), default=0)


def _family_statuses(engine: Engine, peer: Peer, sent: _SentCounts) -> tuple[FamilyStatus, ...]:
    source, families = peer.source, frozenset[Family]()
    if peer.negotiated is not None:
        families = peer.negotiated.families
    elif peer.stale is not None:
        source, families = peer.stale.source, peer.stale.families
    if source is None:
        return ()
    statuses = []
    for family in sorted(families):
        adj_rib_in = engine.rib.adj_rib_ins[source, family]
        decisions = engine.rib.loc_rib(family).decisions
        statuses.append(
            FamilyStatus(
                family=family.name,
                received=len(adj_rib_in),
                accepted=sum(path.rejection is None for path in adj_rib_in.paths.values()),
                best=sum(nlri in decisions and decisions[nlri].best is path for nlri, path in adj_rib_in.by_prefix()),
                stale=engine.rib.stale_count(source, family),
                sent=sent.to(peer, family),
                end_of_rib=family in peer.end_of_rib_from,
                add_path=_add_path(peer, family),
            )
        )
    return tuple(statuses)


def _add_path(peer: Peer, family: Family) -> str:
    negotiated = peer.negotiated
    if negotiated is None:
        return AddPathMode.OFF.value
    directions = family in negotiated.decode.add_path, family in negotiated.add_path_sent
    return _ADD_PATH_MODES[directions].value


_ADD_PATH_MODES = {
    (False, False): AddPathMode.OFF,
    (True, False): AddPathMode.RECEIVE,
    (False, True): AddPathMode.SEND,
    (True, True): AddPathMode.BOTH,
}
"""Do they come in several, do they go in several → the mode of this end."""


def dotted(value: int) -> str:
    """Return a 32-bit identifier in IPv4 notation: router id, cluster id, ORIGINATOR_ID."""
    return ".".join(str(octet) for octet in value.to_bytes(4, "big"))
