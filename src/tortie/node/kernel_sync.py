"""Kernel routes as desired, without I/O: a mirror of the kernel, what is asked for, and what is to be written.

For: every decision of the kernel synchronisation: what to write after a change of BGP's, after somebody else's change,
after a full scan; what a refused write means; which stale routes are kept after a start; what the host offers to BGP.
Not for: sockets and time (`kernel_routes` is the asyncio shell), or the rules of one route (`reconcile`).

How it works: inputs mark keys as *dirty*; `next_requests` takes some of them, asks `reconcile` and returns what is to
be written; `applied` takes the kernel's answers. Events keep the mirror true between scans, but a scan is the truth:
whenever the mirror and an event or an answer disagree, a scan is asked for. A full scan is fed in as the differences to
the mirror. Of several routes at one key the mirror holds the first, which is in force; the others are found when it
goes.

Structures to know: `KernelSync._actual`, the mirror; `KernelSync._dirty`, key → whether handling it would be a repair.
"""

import errno
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tortie.bgp.wire.family import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.bgp.wire.nlri import address_from_text, address_to_text, prefix_from_text
from tortie.node.desired_routes import DesiredRoutes, NextHopChange
from tortie.node.interface import InterfaceAddress, Link
from tortie.node.interface_table import InterfaceTable
from tortie.node.kernel_event import AddressChanged, Event, LinkChanged, ResyncNeeded, RouteChanged
from tortie.node.kernel_state import STATUS_ENTRIES_MAX, KernelStatus, KernelSyncConfig, Snapshot
from tortie.node.learned import LearnedPrefixes, Prefix, is_learnable
from tortie.node.reconcile import Operations, reconcile
from tortie.node.resolver import Resolution, ResolvingRoutes, is_link_local
from tortie.node.route import (
    ROUTE_PROTOCOL,
    Route,
    RouteKey,
    route_key_to_text,
    route_to_text,
)
from tortie.node.route_change import RouteFailure, RouteOperation, RouteRequest

__all__ = ["KernelStatus", "KernelSync"]

_IPV6_MULTICAST_FIRST_OCTET: Final = 0xFF
_IPV6_MULTICAST_BITS: Final = 8
_IPV6_LINK_LOCAL_BITS: Final = 10
_ADDRESS_LENGTH_MAX: Final = 16


@dataclass(slots=True)
class _Counters:
    repaired: int = 0
    failures: int = 0
    scans: int = 0
    resyncs: int = 0
    last_error: str = ""
    taken: int = 0


class KernelSync:
    """See the module's header."""

    def __init__(self, config: KernelSyncConfig) -> None:
        """Start with nothing asked for and nothing known of the kernel."""
        self._config = config
        self._metric: dict[Family, int] = {IPV4_UNICAST: config.metric_v4, IPV6_UNICAST: config.metric_v6}
        self._ignored_interfaces: tuple[str, ...] = ()
        self._desired = DesiredRoutes()
        self._resolving = ResolvingRoutes()
        self._learned = LearnedPrefixes()
        self._next_hop_changes: dict[bytes, Resolution | None] = {}
        # the mirror
        self._actual: dict[RouteKey, Route] = {}
        self._own_count = 0
        self._crowded: set[RouteKey] = set()
        self._interfaces = InterfaceTable()
        # what is to be looked at
        self._dirty: dict[RouteKey, bool] = {}
        self._repairs: set[RouteKey] = set()  # of the requests that are being written
        self._is_resolving_changed = False
        self._is_direct_changed = False
        self._scan_reason = "start"
        # what was found
        self._stale: dict[RouteKey, None] = {}
        self._is_swept = False
        self._contested: set[RouteKey] = set()
        self._failed: dict[RouteKey, str] = {}
        self._conflicts: dict[RouteKey, Route] = {}
        self._waiting: dict[RouteKey, None] = {}
        self._counters = _Counters()

    # ------------------------------------------------------------ what is asked for

    def set_bgp_routes(self, family: Family, changes: Iterable[tuple[bytes, tuple[bytes, ...]]]) -> None:
        """Take best paths: (NLRI, BGP next hops); no next hop is a withdrawal.

        A next hop of 32 octets (RFC 2545 §3) counts by its global address. Cost: about 2.5 µs a change.
        """
        table, metric = self._config.table, self._metric[family]
        for nlri, next_hops in changes:
            key = RouteKey(family, nlri, table, metric)
            ways = tuple(next_hop[:_ADDRESS_LENGTH_MAX] for next_hop in next_hops)
            if self._desired.set_ways(key, ways, self._resolving):
                self._dirty[key] = False

    def follow_next_hops(self, next_hops: Iterable[bytes]) -> None:
        """Take all next hops that are resolved whether a route uses them or not; see `take_next_hop_changes`."""
        changes = self._desired.set_followed(frozenset(next_hops), self._resolving)
        self._next_hop_changes.update(changes)

    def set_blackholes(self, prefixes: Iterable[str]) -> None:
        """Take all blackholes (own blocks); what is not among them any more goes.

        Raises:
            AddressTextError: not a prefix.
        """
        self._note_local_changes(self._desired.set_blackholes([self._key(prefix) for prefix in prefixes]))

    def set_workloads(self, workloads: Iterable[tuple[str, str]]) -> None:
        """Take all workload routes, (prefix, interface name); what is not among them any more goes.

        Raises:
            AddressTextError: not a prefix.
        """
        interfaces = {self._key(prefix): interface for prefix, interface in workloads}
        self._note_local_changes(self._desired.set_workloads(interfaces))

    def set_statics(self, routes: Iterable[tuple[str, str]]) -> None:
        """Take all routes to peers behind a router, (prefix, router's address); what is not among them any more goes.

        A router that is itself such a peer is no way: two that stand behind one another would go round in circles.

        Raises:
            AddressTextError: not a prefix or an address.
        """
        routers = {self._key(prefix): address_from_text(router) for prefix, router in routes}
        peers = {key.nlri[1:] for key in routers}
        usable = {key: router for key, router in routers.items() if router not in peers}
        self._note_local_changes(self._desired.set_statics(usable, self._resolving))

    def set_ignored_interfaces(self, patterns: Sequence[str]) -> None:
        """Take names and globs of interfaces whose addresses are not offered to BGP."""
        self._ignored_interfaces = tuple(patterns)
        self._is_direct_changed = True

    def sweep(self) -> None:
        """Allow that routes of an earlier run, which nobody asked for since, are deleted."""
        self._is_swept = True
        self._dirty.update(dict.fromkeys(self._stale, False))
        self._stale.clear()

    def _key(self, prefix: str) -> RouteKey:
        family, nlri = prefix_from_text(prefix)
        return RouteKey(family, nlri, self._config.table, self._metric[family])

    def _note_local_changes(self, keys: list[RouteKey]) -> None:
        for key in keys:
            self._dirty[key] = False
            self._refresh_resolving(key)

    # ------------------------------------------------------------ what the kernel says

    @property
    def scan_reason(self) -> str:
        """Why a full scan is needed now; empty: it is not."""
        return self._scan_reason

    def load(self, snapshot: Snapshot) -> None:
        """Take a full scan: its differences to the mirror are handled like events, and all that failed is tried again.

        Cost: about 0.6 µs a route.
        """
        is_first = not self._counters.scans
        self._counters.scans += 1
        self._scan_reason = ""
        self._load_interfaces(snapshot)
        self._crowded = snapshot.crowded
        before = self._actual
        routes = {key: route for key, route in snapshot.routes.items() if self._is_followed(key)}
        gone = [key for key in before if key not in routes]
        changed = [key for key, route in routes.items() if route is not (old := before.get(key)) and route != old]
        for key in gone:
            self._set_actual(key, None, is_repair=not is_first)
        for key in changed:
            self._set_actual(key, routes[key], is_repair=not is_first)
        if is_first and not self._is_swept:
            own = (key for key in changed if routes[key].protocol == ROUTE_PROTOCOL)
            self._stale = dict.fromkeys(own)
        self._try_again(self._failed, self._contested, self._conflicts)

    def apply(self, event: Event) -> None:
        """Take one event of the monitor."""
        match event:
            case RouteChanged():
                self._apply_route(event)
            case LinkChanged(link, is_gone):
                self._apply_link(link, is_gone=is_gone)
            case AddressChanged(address, is_gone):
                self._apply_address(address, is_gone=is_gone)
            case ResyncNeeded(reason):
                self._counters.resyncs += 1
                self._request_scan(reason)

    def _request_scan(self, reason: str) -> None:
        self._scan_reason = self._scan_reason or reason

    def _is_followed(self, key: RouteKey) -> bool:
        """Tell whether a route can matter: of our table, and neither link-local nor multicast (each pod has these)."""
        if key.table != self._config.table:
            return False
        return key.family == IPV4_UNICAST or not _is_of_the_link(key.nlri)

    def _apply_route(self, event: RouteChanged) -> None:
        key = event.key
        if not self._is_followed(key):
            return
        found = self._actual.get(key)
        if event.is_appended and found is not None:
            self._request_scan("a route was appended to another")
        elif not event.is_gone:
            self._set_actual(key, event.route, is_repair=True)
        elif found == event.route:
            self._set_actual(key, None, is_repair=True)
            if event.route.protocol != ROUTE_PROTOCOL:
                self._request_scan("a foreign route went: another may stand behind it")
        elif found is not None:
            self._request_scan("a route went that was not the one known")

    def _set_actual(self, key: RouteKey, route: Route | None, *, is_repair: bool) -> None:
        """Put into the mirror what stands at a key now, and note whom that concerns."""
        before = self._actual.get(key)
        if route is None:
            self._actual.pop(key, None)
            self._stale.pop(key, None)
        else:
            self._actual[key] = route
        was_own = before is not None and before.protocol == ROUTE_PROTOCOL
        is_own = route is not None and route.protocol == ROUTE_PROTOCOL
        self._own_count += is_own - was_own
        if was_own or is_own or key in self._desired:
            self._dirty.setdefault(key, is_repair)
        if (before is not None and not was_own) or (route is not None and not is_own):
            self._count_learned(key, before, route)
            self._refresh_resolving(key)

    def _count_learned(self, key: RouteKey, before: Route | None, route: Route | None) -> None:
        if not self._config.learn:
            return
        prefix = Prefix(key.family, key.nlri)
        if route is not None and is_learnable(route):
            self._learned.add(prefix)
        if before is not None and is_learnable(before):
            self._learned.discard(prefix)

    def _refresh_resolving(self, key: RouteKey) -> None:
        """Bring one key up to date in the routes that resolve next hops: foreign ones, own of workloads and blocks."""
        route = self._actual.get(key)
        if route is None or route.protocol == ROUTE_PROTOCOL:
            route = self._desired.local_route(key, self._interfaces.by_name)
        if route is None:
            self._resolving.remove(key)
        else:
            self._resolving.replace(key, route)
        self._is_resolving_changed = True

    # ------------------------------------------------------------ interfaces

    def _load_interfaces(self, snapshot: Snapshot) -> None:
        self._note_links(self._interfaces.load_links(snapshot.links))
        if self._interfaces.load_addresses(snapshot.addresses):
            self._note_addresses()

    def _apply_link(self, link: Link, *, is_gone: bool) -> None:
        was_up = self._interfaces.is_up(link.index)
        self._note_links(self._interfaces.set_link(link, is_gone=is_gone))
        if was_up and not self._interfaces.is_up(link.index):
            # IPv4 routes over an interface that goes down vanish without an event.
            self._request_scan(f"interface {link.name} went down")

    def _note_links(self, names: set[str]) -> None:
        if not names:
            return
        self._is_direct_changed = True
        for name in sorted(names):
            self._note_local_changes(self._desired.workload_keys(name))
        self._try_again(self._failed)

    def _apply_address(self, address: InterfaceAddress, *, is_gone: bool) -> None:
        if not self._interfaces.set_address(address, is_gone=is_gone):
            return
        if is_gone:
            # IPv4 routes that prefer this source address may vanish without an event.
            self._request_scan(f"address {address_to_text(address.address)} went")
        self._note_addresses()

    def _note_addresses(self) -> None:
        self._is_direct_changed = True
        if self._resolving.set_own_addresses(self._interfaces.own_addresses()):
            self._is_resolving_changed = True

    # ------------------------------------------------------------ what is to be written

    @property
    def has_work(self) -> bool:
        """Whether `next_requests` would find something to look at."""
        return bool(self._dirty) or self._is_resolving_changed

    @property
    def taken_count(self) -> int:
        """How many keys `next_requests` has looked at, ever."""
        return self._counters.taken

    @property
    def queued_count(self) -> int:
        """What `taken_count` is at the latest when all that is dirty now has been looked at: first in, first out."""
        return self._counters.taken + len(self._dirty)

    def next_requests(self, keys_max: int) -> list[RouteRequest]:
        """Look at up to `keys_max` dirty keys and return what is to be written for them; give the answers to `applied`.

        Cost: about 2.5 µs a key.
        """
        if not self._counters.scans:
            return []
        self._resolve_again()
        keys = list(islice(self._dirty, keys_max))
        desired: dict[RouteKey, Route] = {}
        actual: dict[RouteKey, Route] = {}
        for key in keys:
            wanted = self._desired.wanted(key, self._interfaces.by_name)
            if wanted is not None:
                desired[key] = wanted
                self._stale.pop(key, None)
            found = self._actual.get(key)
            if found is not None and key not in self._stale:
                actual[key] = found
        self._repairs.clear()
        operations = reconcile(desired, actual)
        self._take_notes(keys, desired, operations)
        return operations.requests()

    def _resolve_again(self) -> None:
        if not self._is_resolving_changed:
            return
        self._is_resolving_changed = False
        changes, keys = self._desired.resolve_again(self._resolving)
        self._next_hop_changes.update(changes)
        for key in keys:
            self._dirty.setdefault(key, False)
            if self._desired.is_static(key):
                self._refresh_resolving(key)
        self._try_again(self._failed)

    def _try_again(self, *groups: Iterable[RouteKey]) -> None:
        for group in groups:
            for key in group:
                self._dirty.setdefault(key, False)

    def _take_notes(self, keys: list[RouteKey], desired: Mapping[RouteKey, Route], operations: Operations) -> None:
        """Remember of each key whether it waits, conflicts, or would be a repair."""
        self._counters.taken += len(keys)
        conflicts = operations.conflicts
        for key in keys:
            if self._dirty.pop(key):
                self._repairs.add(key)
            if key in conflicts:
                self._conflicts[key] = conflicts[key]
            else:
                self._conflicts.pop(key, None)
            if key not in desired and key in self._desired:
                self._waiting[key] = None
            else:
                self._waiting.pop(key, None)
            self._failed.pop(key, None)
            if key not in operations.create:
                self._contested.discard(key)

    def applied(self, requests: Iterable[RouteRequest], failures: Iterable[RouteFailure]) -> None:
        """Take the kernel's answers to what `next_requests` returned; `failures` are those that it refused."""
        failure_by_key = {failure.request.key: failure for failure in failures}
        for request in requests:
            failure = failure_by_key.get(request.key) if failure_by_key else None
            if failure is None:
                self._note_success(request)
            else:
                self._note_failure(failure)

    def unanswered(self, requests: Iterable[RouteRequest], error: str) -> None:
        """Take that it is not known which of the changes were made: a scan will tell."""
        self._counters.last_error = error
        self._contested.update(request.key for request in requests)
        self._request_scan(error)

    def scan_failed(self, error: str) -> None:
        """Take that a scan could not be done; the mirror stays as it is."""
        self._counters.last_error = error
        self._request_scan(error)

    def _note_success(self, request: RouteRequest) -> None:
        operation, key, route = request
        before = self._actual.get(key)
        was_own = before is not None and before.protocol == ROUTE_PROTOCOL
        if operation is not RouteOperation.DELETE:
            self._actual[key] = route
            self._own_count += not was_own
            self._contested.discard(key)
        elif was_own:
            del self._actual[key]
            self._own_count -= 1
            if key in self._crowded:
                self._request_scan(f"another route stood behind {route_key_to_text(key)}")
        self._counters.repaired += key in self._repairs

    def _note_failure(self, failure: RouteFailure) -> None:
        operation, key, _route = failure.request
        if operation is RouteOperation.DELETE and failure.errno == errno.ESRCH:
            self._set_actual(key, None, is_repair=False)
        elif operation is RouteOperation.CREATE and failure.errno == errno.EEXIST and key not in self._contested:
            # Something stands there that the mirror does not know; after the scan it is a conflict, or ours.
            self._contested.add(key)
            self._request_scan(f"{route_key_to_text(key)} exists already")
        else:
            names = self._interfaces.names()
            self._counters.failures += 1
            self._counters.last_error = self._failed[key] = failure.text(names)

    def all_deletions(self) -> list[RouteRequest]:
        """Return the deletion of every route of ours, for a stop that leaves nothing behind."""
        return [
            RouteRequest(RouteOperation.DELETE, key, route)
            for key, route in self._actual.items()
            if route.protocol == ROUTE_PROTOCOL
        ]

    # ------------------------------------------------------------ what it says

    def learned(self) -> frozenset[Prefix]:
        """Return the prefixes that the host offers to BGP, before any filter of pools."""
        self._refresh_direct()
        return self._learned.prefixes

    def take_learned_changes(self) -> tuple[tuple[Prefix, ...], tuple[Prefix, ...]]:
        """Return the prefixes newly offered and those no longer offered, since the last call."""
        self._refresh_direct()
        return self._learned.take_changes()

    def take_next_hop_changes(self) -> list[NextHopChange]:
        """Return the BGP next hops whose resolution changed since the last call, with what it is now."""
        changes = list(self._next_hop_changes.items())
        self._next_hop_changes.clear()
        return changes

    def resolution(self, next_hop: bytes) -> Resolution | None:
        """Return how a BGP next hop is reached; None: not at all, or no route uses it."""
        return self._desired.resolution(next_hop[:_ADDRESS_LENGTH_MAX])

    @property
    def is_in_sync(self) -> bool:
        """See `KernelStatus`."""
        is_settled = not (self.has_work or self._scan_reason or self._failed or self._contested)
        return bool(self._counters.scans) and is_settled

    def status(self) -> KernelStatus:
        """Return the state. Cost: O(1) plus the entries listed and the learned connected prefixes."""
        self._refresh_direct()
        names = self._interfaces.names()
        conflicts = islice(self._conflicts.items(), STATUS_ENTRIES_MAX)
        unreachable = islice(self._desired.unreachable_next_hops(), STATUS_ENTRIES_MAX)
        return KernelStatus(
            is_in_sync=self.is_in_sync,
            installed=self._own_count,
            desired=len(self._desired),
            pending=len(self._dirty),
            stale=len(self._stale),
            repaired=self._counters.repaired,
            failures=self._counters.failures,
            failed_count=len(self._failed),
            failed=tuple(islice(self._failed.values(), STATUS_ENTRIES_MAX)),
            last_error=self._counters.last_error,
            conflict_count=len(self._conflicts),
            conflicts=tuple(route_to_text(key, route, names) for key, route in conflicts),
            waiting=len(self._waiting),
            unreachable_next_hops=tuple(address_to_text(next_hop) for next_hop in unreachable),
            learned=len(self._learned),
            scans=self._counters.scans,
            resyncs=self._counters.resyncs,
        )

    def _refresh_direct(self) -> None:
        if not self._is_direct_changed:
            return
        self._is_direct_changed = False
        if self._config.direct:
            self._learned.set_direct(self._interfaces.direct_prefixes(self._ignored_interfaces))


def _is_of_the_link(nlri: bytes) -> bool:
    """Tell whether an IPv6 prefix lies within fe80::/10 or ff00::/8."""
    address = nlri[1:].ljust(_ADDRESS_LENGTH_MAX, b"\0")
    bits = nlri[0]
    if bits >= _IPV6_LINK_LOCAL_BITS and is_link_local(address):
        return True
    return bits >= _IPV6_MULTICAST_BITS and address[0] == _IPV6_MULTICAST_FIRST_OCTET
