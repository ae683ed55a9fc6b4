"""One session for each peer address and port, however many records ask for it.

Upstream makes a session a record: a node in the mesh and behind a peer has two towards one neighbour
that dial over one another (calico#3819), a node in a global and in a node-specific peer stops a
reflector's whole configuration. Here what is `Asked` for one (remote address, port) becomes one session: roles
add up; so a mesh that turns into reflection flaps no session that stays.

Where records contradict one another, the order of the reader's machine never decides (upstream: of a hash map):

- *AS numbers*, which both ends must agree on, are decided by the same order at both ends: what Node records
  say by themselves (the mesh), then BGPPeers that name the peer rightly and give it its other end, then the others;
  within each global before node-specific, then by name.
- *Options* are decided for each end by itself: its own BGPPeers before those it is the other end of, global before
  node-specific, then by name; the mesh last. An option that a record does not set is taken from the next.

A BGPPeer that loses is set aside on this speaker, with the reason. What it is NOT for: deciding what is asked
for. RFC 4271 §6.8 (one connection a pair). Structure to know: `Asked`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tortie.fabric.addresses import address_key, host_prefix
from tortie.fabric.intent import ROLES, Quarantined, SessionIntent, StaticRoute
from tortie.fabric.options import PeerOptions
from tortie.fabric.speaker import LocalSpeaker

ROLE_PRECEDENCE = ("global", "node", "local-workload", "mesh", "reflector-mesh")

Identity = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One reason for a session.

    Attributes:
        session: the session, with one role, without the options.
        options: what is wished for it.
        record: name of the BGPPeer; None = Node or reflector records alone (a mesh).
        is_returned: the BGPPeer is another node's, and this is its other end.
        is_one_sided: the peer is not known to have the other end: it is no speaker of ours, the record says
            reversePeering: Manual, or it names another AS number than the node has.
    """

    session: SessionIntent
    options: PeerOptions = field(default_factory=PeerOptions)
    record: str | None = None
    is_returned: bool = False
    is_one_sided: bool = False

    @property
    def identity(self) -> Identity:
        """Whose session it is: remote address and port."""
        return self.session.remote_address, self.session.port

    @property
    def as_numbers(self) -> tuple[int, int]:
        """Ours and the peer's."""
        return self.session.local_as, self.session.peer_as

    def as_order(self) -> tuple[bool, bool, int, str, bool]:
        """Return the sort key for AS numbers; but for the last part it is the same at both ends."""
        return self.record is not None, self.is_one_sided, self._role_rank, self.record or "", self.is_returned

    def option_order(self) -> tuple[bool, bool, int, str, str]:
        """Return the sort key for options."""
        return self.record is None, self.is_returned, self._role_rank, self.record or "", self.session.description

    @property
    def _role_rank(self) -> int:
        return ROLE_PRECEDENCE.index(self.session.roles[0])


@dataclass(frozen=True, slots=True)
class PlannedSessions:
    """What one speaker gets.

    Attributes:
        sessions: sorted by family, remote address, port.
        static_routes: to peers that are reached by way of another router, in the same order.
        refused: what was set aside on this speaker.
    """

    sessions: tuple[SessionIntent, ...] = ()
    static_routes: tuple[StaticRoute, ...] = ()
    refused: frozenset[Quarantined] = frozenset()


def planned_sessions(speaker: LocalSpeaker, asked: Iterable[Asked | Quarantined]) -> PlannedSessions:
    """Return one session for each peer address and port.

    A session waits only if every reason for it would wait; a peer is a client if it is one by any; the
    descriptions are joined. The result is the same for every order of input.

    Args:
        speaker: the near end.
        asked: reasons for sessions, and what was left out before; passed on as refused.
    """
    by_identity: dict[Identity, list[Asked]] = {}
    refused: set[Quarantined] = set()
    for item in asked:
        if isinstance(item, Quarantined):
            refused.add(item)
        else:
            by_identity.setdefault(item.identity, []).append(item)
    sessions: list[SessionIntent] = []
    routers: dict[str, str] = {}
    for identity in sorted(by_identity, key=lambda key: (*address_key(key[0]), key[1])):
        session, options = _agreed(by_identity[identity], speaker, refused)
        session = speaker.with_options(session, options)
        if not session.families:  # one record is for many nodes, and not every one has addresses of each family
            continue
        sessions.append(session)
        if options.reachable_by is not None:
            routers.setdefault(identity[0], options.reachable_by)
    routes = tuple(StaticRoute(host_prefix(peer), router) for peer, router in routers.items())
    return PlannedSessions(tuple(sessions), routes, frozenset(refused))


def _agreed(
    asked: Sequence[Asked], speaker: LocalSpeaker, refused: set[Quarantined]
) -> tuple[SessionIntent, PeerOptions]:
    """Return the one session of all who ask for it, and its options."""
    if len(asked) == 1:  # as nearly every time: nobody to come to terms with
        return asked[0].session, asked[0].options
    kept, options = _with_one_wish(_of_one_mind(asked, speaker, refused), speaker, refused)
    return _merged(kept), options


def _of_one_mind(asked: Sequence[Asked], speaker: LocalSpeaker, refused: set[Quarantined]) -> list[Asked]:
    """Return those with the AS numbers of the first; the others are set aside."""
    ordered = sorted(asked, key=Asked.as_order)
    first = ordered[0]
    for item in ordered:
        if item.as_numbers != first.as_numbers:
            assert item.record is not None, f"Node records disagree on the AS numbers of {first.identity}"
            refused.add(Quarantined("BGPPeer", item.record, _as_reason(item, first, speaker)))
    return [item for item in ordered if item.as_numbers == first.as_numbers]


def _as_reason(item: Asked, first: Asked, speaker: LocalSpeaker) -> str:
    is_local = item.session.peer_as == first.session.peer_as
    # what is ours at one end is the peer's at the other
    path = "spec.localASNumber" if is_local != item.is_returned else "spec.asNumber"
    mine, theirs = item.session, first.session
    number, expected = (mine.local_as, theirs.local_as) if is_local else (mine.peer_as, theirs.peer_as)
    return (
        f"{path}: {number}: on {speaker.title} expected {expected} for {mine.remote_address}: "
        f"{_claimant(first)} comes first"
    )


def _claimant(item: Asked) -> str:
    return f"BGPPeer '{item.record}'" if item.record is not None else f"the {item.session.description}"


def _with_one_wish(
    asked: Sequence[Asked], speaker: LocalSpeaker, refused: set[Quarantined]
) -> tuple[list[Asked], PeerOptions]:
    """Return those whose options can be had together, and these; a BGPPeer that contradicts one before is set aside.

    The other end's wishes and the mesh's fill in what this end's records leave open, and contradict nothing.
    """
    kept: list[Asked] = []
    options = PeerOptions()
    for item in sorted(asked, key=Asked.option_order):
        rivals = [one for one in kept if one.record is not None and one.is_returned == item.is_returned]
        problem = None
        if item.record is not None:
            problem = next((text for one in rivals if (text := _contradiction(item, one, speaker))), None)
        if problem is None:
            kept.append(item)
            options = options.filled_from(item.options)
        else:
            refused.add(Quarantined("BGPPeer", item.record or "", problem))
    return kept, options


def _contradiction(item: Asked, other: Asked, speaker: LocalSpeaker) -> str | None:
    """Return why two records cannot be obeyed together, or None."""
    difference = item.options.difference(other.options)
    if difference is None:
        return None
    path, value, expected = difference
    return (
        f"{path}: {value}: on {speaker.title} expected {expected} for {item.session.remote_address}: "
        f"BGPPeer '{other.record}' comes first"
    )


def _merged(kept: Sequence[Asked]) -> SessionIntent:
    return replace(
        kept[0].session,
        passive=all(item.session.passive for item in kept),
        is_client=any(item.session.is_client for item in kept),
        roles=tuple(role for role in sorted(ROLES) if any(role in item.session.roles for item in kept)),
        description="; ".join(dict.fromkeys(item.session.description for item in kept)),
    )
