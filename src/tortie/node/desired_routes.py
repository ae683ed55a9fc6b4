"""What shall stand in the kernel, from its four sources. Pure.

For: keeping BGP's routes, the blackholes of own blocks, the routes to workloads and those to peers behind a router, and
saying for one key which route is wanted now. Not for: what stands in the kernel, or what is to be written
(`kernel_sync`).

Of several sources for one key the workload wins over the blackhole (a block of one address), and the blackhole over
BGP (nobody else may draw away a block that is ours); the way to a peer never is by BGP.

Structures to know: `DesiredRoutes`; next hop → the keys that depend on it. Price: about 270 bytes a BGP route, its key
included.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tortie.node.interface import Link
from tortie.node.resolver import Resolution, ResolvingRoutes, merge_resolutions
from tortie.node.route import NextHop, Route, RouteKey, RouteKind, blackhole_route, unicast_route

__all__ = ["DesiredRoutes", "NextHopChange"]

ROUTES_SHARED_MAX: Final = 65536
"""Combinations of next hops whose `Route` is kept for sharing; beyond it all are built anew."""

_BLACKHOLE: Final = blackhole_route()

NextHopChange = tuple[bytes, Resolution | None]
"""A BGP next hop (4 or 16 octets), and how it is reached now; None: not at all."""


class DesiredRoutes:
    """The routes that are asked for, and how BGP's next hops are reached."""

    __slots__ = (
        "_blackholes",
        "_dependants",
        "_followed",
        "_resolutions",
        "_routes",
        "_statics",
        "_ways",
        "_workloads",
    )

    def __init__(self) -> None:
        """Start with none."""
        self._ways: dict[RouteKey, tuple[bytes, ...]] = {}
        self._blackholes: dict[RouteKey, None] = {}
        self._workloads: dict[RouteKey, str] = {}
        self._statics: dict[RouteKey, bytes] = {}
        self._resolutions: dict[bytes, Resolution | None] = {}
        self._dependants: dict[bytes, dict[RouteKey, None]] = {}
        self._followed: frozenset[bytes] = frozenset()
        self._routes: dict[tuple[bytes, ...], Route | None] = {}

    def __len__(self) -> int:
        """How many routes are asked for; a key with two sources counts twice."""
        return len(self._ways) + len(self._blackholes) + len(self._workloads) + len(self._statics)

    def keys(self) -> Iterator[RouteKey]:
        """Walk over the keys asked for; one with two sources comes twice."""
        yield from self._ways
        yield from self._blackholes
        yield from self._workloads
        yield from self._statics

    def __contains__(self, key: RouteKey) -> bool:
        """Whether any source asks for a route at the key."""
        return key in self._ways or key in self._blackholes or key in self._workloads or key in self._statics

    # ------------------------------------------------------------ sources

    def set_ways(self, key: RouteKey, next_hops: tuple[bytes, ...], resolving: ResolvingRoutes) -> bool:
        """Say by which BGP next hops a prefix is reached now; empty withdraws it.

        Args:
            key: the route.
            next_hops: 4 or 16 octets each; several are equal-cost ways.
            resolving: by which a next hop not seen before is resolved.
        Returns:
            False if nothing changed.
        """
        before = self._ways.get(key, ())
        if before == next_hops:
            return False
        for next_hop in next_hops:
            self._depend(next_hop, key, resolving)
        if next_hops:
            self._ways[key] = next_hops
        else:
            del self._ways[key]
        for next_hop in before:
            if next_hop not in next_hops:
                self._forget_dependant(next_hop, key)
        return True

    def _depend(self, next_hop: bytes, key: RouteKey, resolving: ResolvingRoutes) -> None:
        dependants = self._dependants.get(next_hop)
        if dependants is None:
            dependants = self._dependants[next_hop] = {}
            self._resolutions[next_hop] = resolving.resolve(next_hop)
        dependants[key] = None

    def _forget_dependant(self, next_hop: bytes, key: RouteKey) -> None:
        if next_hop == self._statics.get(key) or next_hop in self._ways.get(key, ()):
            return  # the other source of the key needs it
        dependants = self._dependants[next_hop]
        dependants.pop(key, None)
        self._forget_unused(next_hop)

    def _forget_unused(self, next_hop: bytes) -> None:
        if not self._dependants[next_hop] and next_hop not in self._followed:
            del self._dependants[next_hop]
            del self._resolutions[next_hop]
            self._routes.clear()

    def set_followed(self, next_hops: frozenset[bytes], resolving: ResolvingRoutes) -> list[NextHopChange]:
        """Say which next hops are resolved whether a route uses them or not; return the answer for new ones."""
        before, self._followed = self._followed, next_hops
        for next_hop in before - next_hops:
            self._forget_unused(next_hop)
        added = sorted(next_hops - before)
        for next_hop in added:
            if next_hop not in self._dependants:
                self._dependants[next_hop] = {}
                self._resolutions[next_hop] = resolving.resolve(next_hop)
        return [(next_hop, self._resolutions[next_hop]) for next_hop in added]

    def set_blackholes(self, keys: Iterable[RouteKey]) -> list[RouteKey]:
        """Say what all blackholes are now; return the keys where that is a change."""
        wanted = dict.fromkeys(keys)
        changed = _difference(self._blackholes, wanted)
        self._blackholes = wanted
        return changed

    def set_workloads(self, interfaces: Mapping[RouteKey, str]) -> list[RouteKey]:
        """Say what all workload routes are now, key → interface name; return the keys where that is a change."""
        wanted = dict(interfaces)
        changed = _difference(self._workloads, wanted)
        self._workloads = wanted
        return changed

    def set_statics(self, routers: Mapping[RouteKey, bytes], resolving: ResolvingRoutes) -> list[RouteKey]:
        """Say behind which routers peers are now, key → router; return the keys where that is a change."""
        before, self._statics = self._statics, dict(routers)
        for key, router in routers.items():
            self._depend(router, key, resolving)
        changed = _difference(before, self._statics)
        for key in changed:
            former = before.get(key)
            if former is not None:
                self._forget_dependant(former, key)
        return changed

    def is_static(self, key: RouteKey) -> bool:
        """Whether a key is that of a peer behind a router."""
        return key in self._statics

    # ------------------------------------------------------------ questions

    def wanted(self, key: RouteKey, links: Mapping[str, Link]) -> Route | None:
        """Return the route that shall stand at a key now.

        Args:
            key: the route.
            links: name → interface; one that is missing or down cannot carry a workload's route.
        Returns:
            None where none is asked for, no next hop is resolved, or the interface is not there or not up.
        """
        local = self.local_route(key, links)
        if local is not None or key in self._workloads or key in self._statics:
            return local
        ways = self._ways.get(key)
        return None if ways is None else self._route(ways)

    def local_route(self, key: RouteKey, links: Mapping[str, Link]) -> Route | None:
        """Return the route of a workload, blackhole or peer behind a router at a key: those that BGP did not bring."""
        name = self._workloads.get(key)
        if name is not None:
            link = links.get(name)
            return unicast_route(NextHop(b"", link.index)) if link is not None and link.is_up else None
        if key in self._blackholes:
            return _BLACKHOLE
        router = self._statics.get(key)
        return None if router is None else self._route((router,))

    def workload_keys(self, interface: str) -> list[RouteKey]:
        """Return the keys of the workloads behind an interface. Cost: O(workloads)."""
        return [key for key, name in self._workloads.items() if name == interface]

    def unreachable_next_hops(self) -> list[bytes]:
        """Return the next hops that are not resolved now."""
        return [next_hop for next_hop, resolution in self._resolutions.items() if resolution is None]

    def resolution(self, next_hop: bytes) -> Resolution | None:
        """Return how a next hop of some BGP route is reached; None: not at all, or not asked for."""
        return self._resolutions.get(next_hop)

    def _route(self, ways: tuple[bytes, ...]) -> Route | None:
        """Return the one `Route` that all prefixes with these next hops share."""
        try:
            return self._routes[ways]
        except KeyError:
            next_hops = merge_resolutions(self._resolutions[way] for way in ways)
            route = Route(RouteKind.UNICAST, _BLACKHOLE.protocol, next_hops) if next_hops else None
            if len(self._routes) >= ROUTES_SHARED_MAX:
                self._routes.clear()
            self._routes[ways] = route
            return route

    # ------------------------------------------------------------ resolution

    def resolve_again(self, resolving: ResolvingRoutes) -> tuple[list[NextHopChange], list[RouteKey]]:
        """Resolve every next hop anew; return those that changed and the keys that depend on them.

        Cost: a few µs a next hop, plus the keys returned.
        """
        changes: list[NextHopChange] = []
        keys: dict[RouteKey, None] = {}
        for next_hop, before in self._resolutions.items():
            resolution = resolving.resolve(next_hop)
            if resolution != before:
                changes.append((next_hop, resolution))
                keys.update(self._dependants[next_hop])
        self._resolutions.update(changes)
        if changes:
            self._routes.clear()
        return changes, list(keys)


def _difference(before: Mapping[RouteKey, object], after: Mapping[RouteKey, object]) -> list[RouteKey]:
    """Return the keys that are in only one of the two, or have another value."""
    gone = [key for key in before if key not in after]
    return gone + [key for key, value in after.items() if key not in before or before[key] != value]
