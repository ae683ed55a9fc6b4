"""What shall stand, by source; the rules of next hops are in test_kernel_sync."""

import pytest

from tortie.node import desired_routes
from tortie.node.desired_routes import DesiredRoutes
from tortie.node.interface import Link
from tortie.node.resolver import ResolvingRoutes
from tortie.node.route import NextHop, blackhole_route, route_key, unicast_route
from unit.node.fake_kernel import CONNECTED, CONNECTED_KEY

KEY = route_key("10.1.2.0/26")
HOP = b"\x0a\x00\x00\x09"
CALI = {"cali1": Link(8, "cali1", is_up=True)}


def resolving() -> ResolvingRoutes:
    routes = ResolvingRoutes()
    routes.replace(CONNECTED_KEY, CONNECTED)
    return routes


def test_workload_before_blackhole_before_bgp() -> None:
    desired = DesiredRoutes()
    assert desired.set_ways(KEY, (HOP,), resolving())
    assert desired.wanted(KEY, CALI) == unicast_route(NextHop(HOP, 3))
    assert desired.set_blackholes([KEY]) == [KEY]
    assert desired.wanted(KEY, CALI) == blackhole_route()
    assert desired.set_workloads({KEY: "cali1"}) == [KEY]
    assert desired.wanted(KEY, CALI) == unicast_route(NextHop(b"", 8))
    assert desired.wanted(KEY, {}) is None
    assert len(desired) == 3
    assert list(desired.keys()) == [KEY, KEY, KEY]
    assert KEY in desired


def test_only_differences_are_reported() -> None:
    desired = DesiredRoutes()
    other = route_key("10.1.3.0/26")
    assert desired.set_blackholes([KEY, other]) == [KEY, other]
    assert desired.set_blackholes([KEY]) == [other]
    assert desired.set_blackholes([KEY]) == []
    assert desired.set_workloads({KEY: "cali1", other: "cali2"}) == [KEY, other]
    assert desired.set_workloads({KEY: "cali1", other: "cali3"}) == [other]
    assert desired.workload_keys("cali3") == [other]


def test_prefixes_with_equal_next_hops_share_one_route() -> None:
    desired = DesiredRoutes()
    other = route_key("10.1.3.0/26")
    for key in (KEY, other):
        desired.set_ways(key, (HOP,), resolving())
    assert desired.wanted(KEY, {}) is desired.wanted(other, {})


def test_resolving_again_names_what_changed_and_who_depends_on_it() -> None:
    desired = DesiredRoutes()
    desired.set_ways(KEY, (HOP,), ResolvingRoutes())
    assert desired.wanted(KEY, {}) is None
    changes, keys = desired.resolve_again(resolving())
    assert [next_hop for next_hop, _ in changes] == [HOP]
    assert keys == [KEY]
    assert desired.wanted(KEY, {}) == unicast_route(NextHop(HOP, 3))
    assert desired.resolve_again(resolving()) == ([], [])


def test_a_next_hop_that_returns_is_resolved_anew() -> None:
    desired = DesiredRoutes()
    desired.set_ways(KEY, (HOP,), ResolvingRoutes())
    assert desired.wanted(KEY, {}) is None
    desired.set_ways(KEY, (), ResolvingRoutes())
    desired.set_ways(KEY, (HOP,), resolving())
    assert desired.wanted(KEY, {}) == unicast_route(NextHop(HOP, 3))


@pytest.mark.parametrize("surplus", [0, 1], ids=["at-the-limit", "beyond"])
def test_shared_routes_are_bounded(monkeypatch: pytest.MonkeyPatch, surplus: int) -> None:
    monkeypatch.setattr(desired_routes, "ROUTES_SHARED_MAX", 4)
    desired = DesiredRoutes()
    for index in range(4 + surplus):
        key, hop = route_key(f"10.1.{index}.0/24"), bytes((10, 0, 0, index))
        desired.set_ways(key, (hop,), resolving())
        assert desired.wanted(key, {}) == unicast_route(NextHop(hop, 3))
    assert len(desired._routes) == (1 if surplus else 4)
