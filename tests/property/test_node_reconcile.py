"""Reconciliation for any two tables, and the synchronisation through any history."""

import errno

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tortie.node.interface import Link
from tortie.node.kernel_event import ResyncNeeded
from tortie.node.reconcile import reconcile
from tortie.node.route import (
    ROUTE_PROTOCOL,
    NextHop,
    Route,
    RouteKey,
    RouteKind,
    blackhole_route,
    route_key,
    unicast_route,
)
from unit.node.fake_kernel import CALI1, CONNECTED, CONNECTED_KEY, ETH0, FakeKernel, Host, way

PREFIXES = ["10.1.0.0/24", "10.1.1.0/24", "10.1.1.0/26", "10.1.1.7/32", "192.0.2.0/24", "10.0.0.0/24", "10.0.0.9/32"]
NEXT_HOPS = ["10.0.0.8", "10.0.0.9", "192.0.2.9", "203.0.113.1"]
OWN_WAYS = [way("10.0.0.8"), way("10.0.0.9"), blackhole_route(), unicast_route(NextHop(b"", 8))]
FOREIGN_WAYS = [way("10.0.0.5", protocol=3), way("10.0.0.6", protocol=186), blackhole_route(3)]

keys = st.builds(lambda prefix, metric: route_key(prefix, metric=metric), st.sampled_from(PREFIXES), st.integers(0, 1))
desired_tables = st.dictionaries(keys, st.sampled_from(OWN_WAYS))
actual_tables = st.dictionaries(keys, st.sampled_from([*OWN_WAYS, *FOREIGN_WAYS]))


def is_own(route: Route) -> bool:
    return route.protocol == ROUTE_PROTOCOL


def expected_table(desired: dict[RouteKey, Route], actual: dict[RouteKey, Route]) -> dict[RouteKey, Route]:
    foreign = {key: route for key, route in actual.items() if not is_own(route)}
    return {**desired, **foreign}


@given(desired_tables, actual_tables)
def test_applying_the_operations_gives_what_is_desired(
    desired: dict[RouteKey, Route], actual: dict[RouteKey, Route]
) -> None:
    kernel = FakeKernel()
    kernel.routes = dict(actual)
    operations = reconcile(desired, actual)
    assert kernel.apply(operations.requests()) == []
    assert kernel.foreign_overwritten == 0
    assert kernel.routes == expected_table(desired, actual)
    assert set(operations.conflicts) == {key for key in desired if key in actual and not is_own(actual[key])}


@given(desired_tables, actual_tables)
def test_a_second_time_there_is_nothing_to_do(desired: dict[RouteKey, Route], actual: dict[RouteKey, Route]) -> None:
    after = expected_table(desired, actual)
    assert reconcile(desired, after).is_empty
    assert reconcile({}, {key: route for key, route in actual.items() if not is_own(route)}).is_empty


@given(desired_tables, actual_tables)
def test_no_key_is_written_twice(desired: dict[RouteKey, Route], actual: dict[RouteKey, Route]) -> None:
    operations = reconcile(desired, actual)
    written = [request.key for request in operations.requests()]
    assert len(written) == len(set(written))
    assert not set(written) & set(operations.conflicts)


class KernelSyncHistory(RuleBasedStateMachine):
    """Whatever BGP says and others do, in any order, with events delivered, late or lost: in the end all is as desired.

    The expectation is computed by a second, naive version: no mirror, no events, one look at everything.
    """

    @initialize(is_swept=st.booleans())
    def start(self, *, is_swept: bool) -> None:
        self.host = Host(is_swept=False)
        self.host.kernel.routes[route_key("10.1.9.0/24")] = way("10.0.0.8")
        self.ways: dict[RouteKey, tuple[str, ...]] = {}
        self.blackholes: set[str] = set()
        self.workloads: dict[str, str] = {}
        self.is_swept = is_swept
        self.has_lost_events = False
        if is_swept:
            self.host.sync.sweep()

    # BGP and the agent

    @rule(prefix=st.sampled_from(PREFIXES), next_hops=st.lists(st.sampled_from(NEXT_HOPS), unique=True, max_size=2))
    def best_path(self, prefix: str, next_hops: list[str]) -> None:
        key = self.host.bgp(prefix, *next_hops)
        if next_hops:
            self.ways[key] = tuple(next_hops)
        else:
            self.ways.pop(key, None)

    @rule(prefixes=st.sets(st.sampled_from(PREFIXES[:3])))
    def set_blackholes(self, prefixes: set[str]) -> None:
        self.blackholes = prefixes
        self.host.sync.set_blackholes(sorted(prefixes))

    @rule(prefixes=st.sets(st.sampled_from(PREFIXES[2:4])))
    def set_workloads(self, prefixes: set[str]) -> None:
        self.workloads = dict.fromkeys(sorted(prefixes), "cali1")
        self.host.sync.set_workloads(self.workloads.items())

    @rule()
    def sweep(self) -> None:
        self.is_swept = True
        self.host.sync.sweep()

    # others

    @rule(key=keys, route=st.sampled_from(FOREIGN_WAYS))
    def foreign_route(self, key: RouteKey, route: Route) -> None:
        self.host.kernel.put(key, route)

    @rule(key=keys, route=st.sampled_from(OWN_WAYS))
    def forged_route(self, key: RouteKey, route: Route) -> None:
        self.host.kernel.put(key, route)

    @rule(key=keys)
    def removed_route(self, key: RouteKey) -> None:
        self.host.kernel.remove(key)

    @rule(is_up=st.booleans())
    def toggle_eth0(self, *, is_up: bool) -> None:
        self.host.kernel.put_link(Link(ETH0.index, ETH0.name, is_up, ETH0.mtu))
        if is_up:
            self.host.kernel.put(CONNECTED_KEY, CONNECTED)

    @rule(is_there=st.booleans())
    def toggle_cali1(self, *, is_there: bool) -> None:
        if is_there:
            self.host.kernel.put_link(CALI1)
        elif CALI1.index in self.host.kernel.links:
            self.host.kernel.remove_link(CALI1.index)

    @rule(key=keys, number=st.sampled_from([errno.ENETUNREACH, errno.EEXIST]))
    def refuse(self, key: RouteKey, number: int) -> None:
        self.host.kernel.refused[key] = number

    @rule()
    def stop_refusing(self) -> None:
        self.host.kernel.refused.clear()

    # time

    @rule()
    def settle(self) -> None:
        self.host.settle()

    @rule()
    @precondition(lambda self: self.host.kernel.events)
    def lose_events(self) -> None:
        self.host.kernel.events.clear()
        self.has_lost_events = True
        self.host.sync.apply(ResyncNeeded("lost"))

    @invariant()
    def foreign_routes_are_never_overwritten(self) -> None:
        if not self.has_lost_events:
            assert self.host.kernel.foreign_overwritten == 0

    def teardown(self) -> None:
        if not hasattr(self, "host"):
            return
        self.host.settle()
        self.host.kernel.refused.clear()
        self.host.sync.load(self.host.kernel.snapshot())
        self.host.settle()
        status = self.host.sync.status()
        kernel = self.host.kernel
        own = kernel.own()
        if not self.is_swept:
            own = {key: route for key, route in own.items() if key != route_key("10.1.9.0/24")}
        assert own == self.expected()
        assert status.installed == len(kernel.own())
        assert self.host.sync.is_in_sync
        desired_keys = {*self.ways, *(route_key(text) for text in (*self.blackholes, *self.workloads))}
        assert status.waiting + status.conflict_count + len(self.expected()) >= len(desired_keys)
        self.host.kernel.requests.clear()
        self.host.sync.load(kernel.snapshot())
        self.host.settle()
        assert self.host.take_requests() == []

    def expected(self) -> dict[RouteKey, Route]:
        """What shall stand, found by looking at everything at once."""
        kernel = self.host.kernel
        wanted: dict[RouteKey, Route | None] = {}
        has_cali1 = CALI1.index in kernel.links
        local: dict[RouteKey, Route] = {route_key(text): blackhole_route() for text in sorted(self.blackholes)}
        for text in self.workloads:
            local.pop(route_key(text), None)
            wanted[route_key(text)] = None
            if has_cali1:
                local[route_key(text)] = unicast_route(NextHop(b"", CALI1.index))
        foreign = {key: route for key, route in kernel.routes.items() if not is_own(route)}
        resolving = {**local, **foreign}
        for key, next_hops in self.ways.items():
            if key not in wanted and key not in local:
                wanted[key] = self.naive_route(next_hops, resolving)
        wanted.update(local)
        return {key: route for key, route in wanted.items() if route is not None and key not in foreign}

    @staticmethod
    def naive_route(next_hops: tuple[str, ...], resolving: dict[RouteKey, Route]) -> Route | None:
        hops: set[NextHop] = set()
        for text in next_hops:
            address = bytes(int(part) for part in text.split("."))
            number = int.from_bytes(address)
            matches = []
            for key, route in resolving.items():
                bits = key.nlri[0]
                prefix = int.from_bytes(key.nlri[1:].ljust(4, b"\0"))
                if number >> (32 - bits) == prefix >> (32 - bits):
                    matches.append((-bits, key.metric, route))
            if matches:
                best = min(matches)[2]
                if best.kind == RouteKind.UNICAST:
                    hops |= {hop if hop.gateway else hop._replace(gateway=address) for hop in best.next_hops}
        return unicast_route(*hops) if hops else None


TestKernelSyncHistory = KernelSyncHistory.TestCase
TestKernelSyncHistory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
