"""What a peer says again from the beginning, between its Beginning and End of Route Refresh.

For: dropping at the end what it has not said again. Not for: what we send on its request (rib/update_group, sending),
nor for plain ROUTE-REFRESH, which has no end.
RFC sections: 7313 §4.
Structures to know: `Refreshes`; `Peer.refreshing`, family → when its end is waited for no longer.
"""

from collections.abc import Callable
from typing import Final

from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib import RIB
from tortie.bgp.wire import Family

__all__ = ["REFRESH_TIME_S", "Refreshes"]

REFRESH_TIME_S: Final = 360.0
"""How long the end is waited for (RFC 7313 §4: then the receiver may go on as if it had come)."""


class Refreshes:
    """The refreshes of all peers that are under way; see Helper for the arguments."""

    __slots__ = ("_note_paths_went", "_rib")

    def __init__(self, rib: RIB, note_paths_went: Callable[[], None]) -> None:
        """None is under way."""
        self._rib = rib
        self._note_paths_went = note_paths_went

    def begin(self, peer: Peer, family: Family, now: float) -> None:
        """The peer says all again: what it has said so far is stale until it comes again."""
        assert peer.source is not None, "only an established session passes it on"
        peer.refreshing[family] = now + REFRESH_TIME_S
        self._rib.mark_stale(peer.source, family)

    def end(self, peer: Peer, family: Family) -> None:
        """The peer has said all; an end without a beginning means nothing."""
        if peer.refreshing.pop(family, None) is not None and peer.source is not None:
            self._rib.sweep_stale(peer.source, family)
            self._note_paths_went()

    def expire(self, peer: Peer, now: float) -> None:
        """Go on where the end did not come in time."""
        for family in [family for family, deadline in peer.refreshing.items() if deadline <= now]:
            self.end(peer, family)

    def give_up(self, peer: Peer) -> None:
        """The session has ended in between: what was not said again yet is as good as the rest."""
        assert peer.source is not None, "it was established"
        for family in peer.refreshing:
            self._rib.unmark_stale(peer.source, family)
        peer.refreshing.clear()
