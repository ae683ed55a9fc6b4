"""Graceful restart: what is kept of a peer that restarts, and what a speaker waits for that has restarted itself.

For: the rules of both roles, as pure functions and the restarting speaker's state. Not for: carrying them out
(engine), marking paths (rib/adj_rib_in), what is kept of one peer (peer.py), or what an OPEN says (session).
RFC sections: 4724 §4.1 (restarting speaker), §4.2 (receiving speaker, here called helper); 8538 §4; 9494 §4.2.
Structures to know: `SelectionDeferral`; `Stale` in peer.py is the helper's.

A speaker without a data path says F=1 for every family: it forwards nothing, so nothing that it announced before has
stopped being forwarded. One that writes kernel routes says so once its data path has (`Engine.forwarding_preserved`).
"""

from collections.abc import Mapping
from typing import Final

from tortie.bgp.engine.config import PeerKey, SessionOptions
from tortie.bgp.rib import Source
from tortie.bgp.session import Negotiated
from tortie.bgp.wire import Family, Notification

STALE_TIME_S: Final = 360.0
"""How long stale paths of a peer that is back are kept when its End-of-RIB does not come (RFC 4724 §4.2)."""

SELECTION_DEFERRAL_S: Final = 90.0
"""How long a speaker that has restarted waits for End-of-RIB from its peers (RFC 4724 §4.1, Selection_Deferral_Timer).

Shorter than the restart time that peers are told by default, so that a helper does not give up sooner.
"""

DIAL_AFTER_S: Final = 6.0
"""How long a speaker that has restarted leaves peers time to dial before it dials those that it would wait for.

RFC 4724 §4.2 leaves it open who dials after a restart; a helper may wait for the one that has restarted (FRR does,
until its restart timer ends). Longer than the pause between our own dials, so that ours come by themselves.
"""


def retained_families(negotiated: Negotiated, notification: Notification | None) -> frozenset[Family]:
    """Return the families whose paths become stale when a session ends; those of the others go at once.

    RFC 4724 §4.2; RFC 8538 §4 (a NOTIFICATION, either way, keeps them when both ends have the N bit, a Hard Reset
    never).

    Args:
        negotiated: of the session that ended.
        notification: sent or received at its end; None = TCP ended.
    """
    restart = negotiated.peer_restart
    if restart is None or restart.restart_time_s == 0:
        return frozenset()
    if _is_final(negotiated, notification):
        return frozenset()
    return negotiated.families & {family for family, _ in restart.families}


def long_lived_times_s(negotiated: Negotiated, notification: Notification | None, longest_s: int) -> dict[Family, int]:
    """Return family → seconds for which its paths are kept after the restart time (RFC 9494 §4.2).

    Args:
        negotiated: of the session that ended.
        notification: as for `retained_families`.
        longest_s: what our own configuration allows.
    """
    long_lived = negotiated.peer_long_lived
    if long_lived is None or _is_final(negotiated, notification):
        return {}
    times = {family: min(stale_s, longest_s) for family, _, stale_s in long_lived.families}
    return {family: stale_s for family, stale_s in times.items() if stale_s and family in negotiated.families}


def _is_final(negotiated: Negotiated, notification: Notification | None) -> bool:
    """Say whether nothing is kept: a Hard Reset, or a NOTIFICATION where the N bit is wanting."""
    return notification is not None and (notification.is_hard_reset or not negotiated.is_notification_graceful)


def resumed_families(
    negotiated: Negotiated, families: frozenset[Family], long_lived: frozenset[Family] = frozenset()
) -> frozenset[Family]:
    """Return which of the stale `families` stay when the peer is back; the others go at once.

    RFC 4724 §4.2: without graceful restart none, else those that it names with the F bit; of those that are stale for
    long already (`long_lived`) it must be the F bit of RFC 9494 §4.2.
    """
    if long_lived:
        entries = () if negotiated.peer_long_lived is None else negotiated.peer_long_lived.families
        stay = {family for family, is_preserved, _ in entries if is_preserved}
        return resumed_families(negotiated, families - long_lived) | (long_lived & negotiated.families & stay)
    restart = negotiated.peer_restart
    if restart is None:
        return frozenset()
    return families & negotiated.families & {family for family, is_preserved in restart.families if is_preserved}


def is_same_speaker(former: Source, new: Source) -> bool:
    """Say whether who is back is who went: else its stale paths would be compared as somebody else's."""
    return (former.kind, former.router_id, former.peer_as) == (new.kind, new.router_id, new.peer_as)


class SelectionDeferral:
    """What a speaker that has restarted waits for before it chooses and announces paths (RFC 4724 §4.1).

    Waited for are, a family, the peers that were configured at the start, until they have sent End-of-RIB, or come up
    without graceful restart, without the family, or as restarting themselves (they would wait for us). Where it is
    known whose session was up before, nobody else is: who was away keeps nothing of ours. Where a range of addresses
    may connect nobody knows who is to come, so that the timer alone ends the wait.

    Deviates from RFC 4724 §4.1: a peer with the R bit that names no family is waited for, because it only helps others
    to restart and does not wait itself (FRR sets the bit for two minutes after its start, whatever happened before).

    Attributes:
        families: that are waited for.
        deadline: when the wait ends in any case; None = it has not begun, or is over.
        dial_at: when those that have not come by then are to be dialled; None = they were, or nothing is waited for.
    """

    __slots__ = ("_awaited", "_expected", "_is_open_ended", "deadline", "dial_at", "families")

    def __init__(self, families: frozenset[Family], expected: frozenset[PeerKey] | None = None) -> None:
        """Wait for these families; none = the speaker has not restarted. `expected` None = for any peer."""
        self.families = families
        self._expected = expected
        self.deadline: float | None = None
        self.dial_at: float | None = None
        self._awaited: dict[Family, set[PeerKey]] = {family: set() for family in families}
        self._is_open_ended = False

    def begin(self, peers: Mapping[PeerKey, SessionOptions], now: float, *, has_ranges: bool) -> None:
        """The first configuration is there; further calls do nothing."""
        if not self.families or self.deadline is not None:
            return
        self.deadline = now + SELECTION_DEFERRAL_S
        self.dial_at = now + DIAL_AFTER_S
        self._is_open_ended = has_ranges
        for key, options in peers.items():
            for family in self.families.intersection(options.families):
                if options.restart_time_s and (self._expected is None or key in self._expected):
                    self._awaited[family].add(key)

    def note_up(self, peer: PeerKey, negotiated: Negotiated) -> None:
        """A session is established."""
        restart = negotiated.peer_restart
        is_awaited = restart is not None and not (restart.is_restarting and restart.families)
        for family, awaited in self._awaited.items():
            if not is_awaited or family not in negotiated.families:
                awaited.discard(peer)

    def note_end_of_rib(self, peer: PeerKey, family: Family) -> None:
        """A peer has sent all it had of a family."""
        if family in self._awaited:
            self._awaited[family].discard(peer)

    def note_gone(self, peer: PeerKey) -> None:
        """A peer is no longer configured."""
        for awaited in self._awaited.values():
            awaited.discard(peer)

    def note_renamed(self, former: PeerKey, key: PeerKey) -> None:
        """A peer is known by another key; its session is the same."""
        for awaited in self._awaited.values():
            if former in awaited:
                awaited.remove(former)
                awaited.add(key)

    def next_timer(self) -> float | None:
        """Return when something is to be done: dial, or wait no more."""
        return self.deadline if self.dial_at is None else self.dial_at

    def take_missing(self, now: float) -> tuple[PeerKey, ...]:
        """Return the peers that have not told all yet when it is time to dial them; once, in order."""
        if self.dial_at is None or now < self.dial_at:
            return ()
        self.dial_at = None
        return tuple(sorted(set().union(*self._awaited.values())))

    def take_ended(self, now: float) -> tuple[Family, ...]:
        """Return the families for which nothing is waited for any more; each once, in order."""
        if self.deadline is None:
            return ()
        is_over = now >= self.deadline
        ended = tuple(
            family for family in sorted(self.families) if is_over or not (self._is_open_ended or self._awaited[family])
        )
        self.families -= frozenset(ended)
        for family in ended:
            del self._awaited[family]
        if not self.families:
            self.deadline = self.dial_at = None
        return ended
