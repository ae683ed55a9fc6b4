"""A routing table in memory that answers as the kernel does; joined with `KernelSync` it is the default test."""

import errno
from collections.abc import Iterable

from tortie.bgp.wire.nlri import address_from_text, prefix_from_text
from tortie.node.interface import InterfaceAddress, Link
from tortie.node.kernel_event import AddressChanged, Event, LinkChanged, RouteChanged
from tortie.node.kernel_state import KernelSyncConfig, Snapshot
from tortie.node.kernel_sync import KernelSync
from tortie.node.route import ROUTE_PROTOCOL, NextHop, Route, RouteKey, route_key, unicast_route
from tortie.node.route_change import RouteFailure, RouteOperation, RouteRequest

ETH0 = Link(3, "eth0", is_up=True, mtu=1500)
CALI1 = Link(8, "cali1", is_up=True, mtu=1500)
CONNECTED_KEY = route_key("10.0.0.0/24")
CONNECTED = unicast_route(NextHop(b"", 3), protocol=2)


def address(text: str, index: int = 3) -> InterfaceAddress:
    """`10.0.0.1/24` on an interface."""
    own, _, bits = text.partition("/")
    packed = address_from_text(own)
    host_bits = len(packed) * 8 - int(bits)
    network = (int.from_bytes(packed) >> host_bits << host_bits).to_bytes(len(packed))
    family, _ = prefix_from_text(own)
    return InterfaceAddress(index, family, packed, bytes((int(bits),)) + network[: (int(bits) + 7) // 8])


def way(text: str, index: int = 3, *, protocol: int = ROUTE_PROTOCOL) -> Route:
    """A route over one gateway."""
    return unicast_route(NextHop(address_from_text(text), index), protocol=protocol)


class FakeKernel:
    """Routes, links and addresses, with the events of whatever somebody else does to them."""

    def __init__(self) -> None:
        """A host with eth0 10.0.0.1/24."""
        self.links = {3: ETH0}
        self.addresses = [address("10.0.0.1/24")]
        self.routes: dict[RouteKey, Route] = {CONNECTED_KEY: CONNECTED}
        self.refused: dict[RouteKey, int] = {}
        self.requests: list[RouteRequest] = []
        self.foreign_overwritten = 0
        self.events: list[Event] = []

    # what somebody else does

    def put(self, key: RouteKey, route: Route) -> None:
        """Somebody adds or replaces a route."""
        self.routes[key] = route
        self.events.append(RouteChanged(key, route, is_gone=False))

    def remove(self, key: RouteKey) -> None:
        """Somebody deletes a route."""
        route = self.routes.pop(key, None)
        if route is not None:
            self.events.append(RouteChanged(key, route, is_gone=True))

    def put_link(self, link: Link) -> None:
        """An interface comes or changes; IPv4 routes over one that is down vanish without an event."""
        self.links[link.index] = link
        if not link.is_up:
            self._drop_routes_over(link.index)
        self.events.append(LinkChanged(link, is_gone=False))

    def remove_link(self, index: int) -> None:
        """An interface goes, its routes without an event."""
        self._drop_routes_over(index)
        self.events.append(LinkChanged(self.links.pop(index), is_gone=True))

    def put_address(self, added: InterfaceAddress) -> None:
        """An address comes."""
        self.addresses.append(added)
        self.events.append(AddressChanged(added, is_gone=False))

    def remove_address(self, removed: InterfaceAddress) -> None:
        """An address goes."""
        self.addresses.remove(removed)
        self.events.append(AddressChanged(removed, is_gone=True))

    def _drop_routes_over(self, index: int) -> None:
        over = [key for key, route in self.routes.items() if any(h.interface_index == index for h in route.next_hops)]
        for key in over:
            del self.routes[key]

    # what we do

    def snapshot(self) -> Snapshot:
        """A full scan."""
        return Snapshot(list(self.links.values()), list(self.addresses), dict(self.routes))

    def apply(self, requests: Iterable[RouteRequest]) -> list[RouteFailure]:
        """Write as the kernel would."""
        failures = []
        for request in requests:
            self.requests.append(request)
            number = self.refused.get(request.key) or self._write(request)
            if number:
                failures.append(RouteFailure(request, number, ""))
        return failures

    def _write(self, request: RouteRequest) -> int:
        operation, key, route = request
        found = self.routes.get(key)
        if operation is RouteOperation.DELETE:
            if found is None or found.protocol != route.protocol:
                return errno.ESRCH
            del self.routes[key]
            return 0
        if operation is RouteOperation.CREATE and found is not None:
            return errno.EEXIST
        if found is not None and found.protocol != ROUTE_PROTOCOL:
            self.foreign_overwritten += 1
        self.routes[key] = route
        return 0

    def own(self) -> dict[RouteKey, Route]:
        """The routes of our protocol."""
        return {key: route for key, route in self.routes.items() if route.protocol == ROUTE_PROTOCOL}


class Host:
    """A `KernelSync` and the kernel it keeps, joined without time."""

    def __init__(self, config: KernelSyncConfig | None = None, *, is_swept: bool = True) -> None:
        """A host that is scanned by the first `settle`."""
        self.kernel = FakeKernel()
        self.sync = KernelSync(config or KernelSyncConfig())
        if is_swept:
            self.sync.sweep()

    def settle(self, *, scans_max: int = 5) -> int:
        """Deliver events, scan when asked, write, until nothing is left to do; return how many scans it took."""
        scans = 0
        while True:
            for event in self.kernel.events:
                self.sync.apply(event)
            self.kernel.events.clear()
            if self.sync.scan_reason:
                assert scans < scans_max, f"scans without end: {self.sync.scan_reason}"
                self.sync.load(self.kernel.snapshot())
                scans += 1
            elif not self.sync.has_work:
                return scans
            requests = self.sync.next_requests(3)
            self.sync.applied(requests, self.kernel.apply(requests))

    def bgp(self, prefix: str, *next_hops: str) -> RouteKey:
        """A best path, or a withdrawal without next hops."""
        key = route_key(prefix)
        packed = tuple(address_from_text(next_hop) for next_hop in next_hops)
        self.sync.set_bgp_routes(key.family, [(key.nlri, packed)])
        return key

    def take_requests(self) -> list[RouteRequest]:
        """What was written since the last call."""
        requests = list(self.kernel.requests)
        self.kernel.requests.clear()
        return requests
