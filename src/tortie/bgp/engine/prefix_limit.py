"""Maximum prefixes: how many a peer may announce, and for how long it stays away when it announces more.

For: counting after each UPDATE, and the two answers: a warning, or the session held down. Not for: ending the session
(session) or waiting (engine).
RFC 4486 §4 (Cease / Maximum Number of Prefixes Reached); RFC 4271 §6.7; RFC 8538 §3.1 (as a Hard Reset where graceful
restart would keep what is too much).
Structures to know: `PrefixLimit`, what is configured; `Excess`, what was found.

What is stale of a former session does not count: a peer that comes back with other prefixes may hold twice its limit
for as long as stale paths are kept.
"""

from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from tortie.bgp.engine.config import PrefixLimit
from tortie.bgp.engine.outputs import PrefixLimitNear
from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib import RIB
from tortie.bgp.wire import Family, Notification

__all__ = ["Excess", "find_excess", "find_near", "held_until"]

CEASE = 6
MAXIMUM_PREFIXES = 1


class Excess(NamedTuple):
    """A peer holds more than it may."""

    family: Family
    announced_count: int
    limit: PrefixLimit

    @property
    def notification(self) -> Notification:
        """Cease / Maximum Number of Prefixes Reached; the data are AFI, SAFI and the limit (RFC 4486 §4)."""
        family = self.family
        data = family.afi.to_bytes(2) + bytes((family.safi,)) + self.limit.prefixes_max.to_bytes(4)
        return Notification(CEASE, MAXIMUM_PREFIXES, data)

    @property
    def text(self) -> str:
        """Say it to people."""
        return f"{self.announced_count} prefixes of {self.family.name}, expected at most {self.limit.prefixes_max}"


def find_excess(rib: RIB, peer: Peer, families: Iterable[Family]) -> Excess | None:
    """Return the first of `families` in which an established peer holds too much."""
    limit = peer.options.prefix_limit
    if limit is None or peer.source is None:
        return None
    for family in families:
        count = rib.announced_count(peer.source, family)
        if count > limit.prefixes_max:
            return Excess(family, count, limit)
    return None


def find_near(rib: RIB, peer: Peer, families: Iterable[Family]) -> list[PrefixLimitNear]:
    """Return a warning for each of `families` that has come near its limit, once a session."""
    limit = peer.options.prefix_limit
    if limit is None or peer.source is None:
        return []
    near = []
    for family in families:
        count = rib.announced_count(peer.source, family)
        if family not in peer.families_warned and count >= limit.warning_count:
            peer.families_warned.add(family)
            near.append(PrefixLimitNear(peer.key, family, count, limit.prefixes_max))
    return near


def held_until(limit: PrefixLimit, now: float) -> float:
    """Return when a session that was ended now may come back; infinity = when it is configured anew."""
    return now + limit.restart_s if limit.restart_s else inf
