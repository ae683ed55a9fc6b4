"""The helper's side of graceful restart: paths of a peer that went and may come back.

For: keeping them, handing them over to the session that returns, and dropping them in time. Not for: the rules of what
is kept (restart), the restarting speaker's side (restart, engine).
RFC sections: 4724 §4.2; 8538 §4; 9494 §4.2.
Structures to know: `Helper`; `Stale` in peer.py, what is kept of one peer.
"""

from collections.abc import Callable, Iterable

from tortie.bgp.engine.peer import Peer, Stale
from tortie.bgp.engine.restart import (
    STALE_TIME_S,
    is_same_speaker,
    long_lived_times_s,
    resumed_families,
    retained_families,
)
from tortie.bgp.rib import RIB, Source
from tortie.bgp.session import Negotiated
from tortie.bgp.wire import Family, Notification

__all__ = ["Helper"]


class Helper:
    """Keeps and drops stale paths.

    Args:
        rib: where they are.
        note_paths_went: called when paths were dropped.
    """

    __slots__ = ("_note_paths_went", "_rib")

    def __init__(self, rib: RIB, note_paths_went: Callable[[], None]) -> None:
        """Keep nothing yet."""
        self._rib = rib
        self._note_paths_went = note_paths_went

    def session_ended(self, peer: Peer, source: Source, notification: Notification | None, now: float) -> float | None:
        """Keep what a peer announced, or drop it; return for how many seconds it is kept, None = not at all."""
        negotiated = peer.negotiated
        assert negotiated is not None, "the session was established"
        restarting = retained_families(negotiated, notification)
        long_lived_s = long_lived_times_s(negotiated, notification, peer.options.long_lived_s)
        families = restarting | long_lived_s.keys()
        self._note_paths_went()
        if not families or negotiated.peer_restart is None:
            self._rib.remove_source(source)
            peer.stale = None
            return None
        restart_s = float(negotiated.peer_restart.restart_time_s if restarting else 0)
        self._rib.retain_source(source, families)
        stale = peer.stale = Stale(source, families, now + restart_s, long_lived_s)
        for family in sorted(families - restarting):
            self._keep_for_long(stale, family, now)
        if not restarting:
            stale.deadline = min(stale.long_lived.values())
        return restart_s + max(long_lived_s.values(), default=0)

    def _keep_for_long(self, stale: Stale, family: Family, now: float) -> None:
        stale.long_lived[family] = now + stale.long_lived_s[family]
        self._rib.keep_for_long(stale.source, family)

    def session_returned(self, peer: Peer, source: Source, negotiated: Negotiated, now: float) -> Source:
        """Return what stands for a session that is up: the same as before where its paths were kept.

        So what it announces again replaces what is stale, and what it announces as before changes nothing.

        Args:
            peer: whose session it is.
            source: what would stand for it if nothing was kept.
            negotiated: of the new session.
            now: the time.
        """
        stale = peer.stale
        if stale is not None and not is_same_speaker(stale.source, source):
            self.drop(peer)
            stale = None
        if stale is None:
            return source
        kept = resumed_families(negotiated, stale.families, frozenset(stale.long_lived))
        for family in sorted(stale.families - kept):
            self._rib.drop_family(stale.source, family)
        stale.families, stale.is_back, stale.deadline = kept, True, now + STALE_TIME_S
        if not kept:
            peer.stale = None
        return stale.source

    def sweep(self, peer: Peer, families: Iterable[Family]) -> None:
        """The peer is back and has sent all it had of these families, or will not."""
        stale = peer.stale
        ended = frozenset() if stale is None else stale.families.intersection(families)
        if stale is None or not ended:
            return
        for family in sorted(ended):
            self._rib.sweep_stale(stale.source, family)
        stale.families -= ended
        if not stale.families:
            peer.stale = None
        self._note_paths_went()

    def drop(self, peer: Peer) -> None:
        """Keep nothing of a peer that is not back."""
        stale, peer.stale = peer.stale, None
        if stale is not None:
            assert peer.source is None, f"{peer.key} is established: what is stale of it is swept, not dropped"
            self._rib.remove_source(stale.source)
            self._note_paths_went()

    def expire(self, peer: Peer, now: float) -> None:
        """Drop or sweep what is stale of a peer if its time is over."""
        stale = peer.stale
        if stale is None or stale.deadline > now:
            return
        if stale.is_back:
            self.sweep(peer, stale.families)
            return
        for family in sorted(stale.families):
            end = stale.long_lived.get(family)
            if end is None and family in stale.long_lived_s:
                self._keep_for_long(stale, family, now)
            elif end is None or end <= now:
                self._rib.drop_family(stale.source, family)
                stale.long_lived.pop(family, None)
                stale.families -= {family}
        self._note_paths_went()
        if stale.families:
            stale.deadline = min(stale.long_lived.values())
        else:
            self.drop(peer)
