"""BGP next hops to next hops on a link."""

import pytest

from tortie.bgp.wire.nlri import address_from_text
from tortie.node.resolver import NEXT_HOPS_MAX, Resolution, ResolvingRoutes, is_link_local, merge_resolutions
from tortie.node.route import NextHop, Route, RouteKind, blackhole_route, route_key, unicast_route


def via(text: str, index: int, weight: int = 1, *, is_onlink: bool = False) -> NextHop:
    return NextHop(address_from_text(text), index, weight, is_onlink)


CONNECTED = ("10.0.0.0/24", 0, unicast_route(NextHop(b"", 3), protocol=2))
STATIC = ("10.0.0.128/25", 0, unicast_route(via("10.0.0.2", 3), protocol=3))
DEFAULT = ("0.0.0.0/0", 0, unicast_route(via("10.0.0.1", 3), protocol=16))
WORSE_DEFAULT = ("0.0.0.0/0", 100, unicast_route(via("10.9.0.1", 4), protocol=16))
DEAD = ("10.0.0.0/25", 0, unicast_route(protocol=3))
BLACKHOLE = ("10.1.0.0/26", 0, blackhole_route())
ECMP = ("10.2.0.0/16", 20, unicast_route(via("10.0.0.5", 3, 2), via("10.0.0.6", 3, is_onlink=True), protocol=3))
CONNECTED_V6 = ("fd00::/64", 256, unicast_route(NextHop(b"", 3), protocol=2))
DEFAULT_V6 = ("::/0", 1024, unicast_route(via("fe80::1", 3), protocol=9))

Row = tuple[str, int, Route]


@pytest.mark.rfc("4271", "9.1.2.1")
@pytest.mark.parametrize(
    ("routes", "address", "expected"),
    [
        ([], "10.0.0.9", None),
        ([CONNECTED], "10.0.0.9", Resolution((via("10.0.0.9", 3),), 0)),
        ([CONNECTED], "10.0.1.9", None),
        ([CONNECTED, STATIC], "10.0.0.200", Resolution((via("10.0.0.2", 3),), 0)),
        ([CONNECTED, DEFAULT], "192.0.2.7", Resolution((via("10.0.0.1", 3),), 0)),
        ([WORSE_DEFAULT, DEFAULT], "192.0.2.7", Resolution((via("10.0.0.1", 3),), 0)),
        ([WORSE_DEFAULT], "192.0.2.7", Resolution((via("10.9.0.1", 4),), 100)),
        ([CONNECTED, DEAD], "10.0.0.9", Resolution((via("10.0.0.9", 3),), 0)),
        ([DEFAULT, BLACKHOLE], "10.1.0.5", None),
        ([ECMP], "10.2.3.4", Resolution((via("10.0.0.5", 3, 2), via("10.0.0.6", 3, is_onlink=True)), 20)),
        ([CONNECTED_V6], "fd00::9", Resolution((via("fd00::9", 3),), 256)),
        ([CONNECTED_V6, DEFAULT_V6], "2001:db8::9", Resolution((via("fe80::1", 3),), 1024)),
        ([CONNECTED_V6, DEFAULT_V6], "fe80::9", None),
        ([DEFAULT_V6], "10.0.0.9", None),
    ],
    ids=[
        "no-routes", "on-the-link", "no-match", "longest-match", "default-counts", "lowest-metric", "metric-reported",
        "dead-way-passed-over", "blackhole-resolves-nothing", "several-ways", "ipv6", "ipv6-default",
        "link-local-never", "families-apart",
    ],
)  # fmt: skip
def test_resolve(routes: list[Row], address: str, expected: Resolution | None) -> None:
    resolving = ResolvingRoutes()
    for prefix, metric, route in routes:
        resolving.replace(route_key(prefix, metric=metric), route)
    assert resolving.resolve(address_from_text(address)) == expected


@pytest.mark.rfc("4271", "5.1.3")
def test_an_own_address_resolves_to_nothing() -> None:
    resolving = ResolvingRoutes()
    resolving.replace(route_key("10.0.0.0/24"), CONNECTED[2])
    own = address_from_text("10.0.0.7")
    assert resolving.set_own_addresses(frozenset({own}))
    assert resolving.resolve(own) is None
    assert not resolving.set_own_addresses(frozenset({own}))


@pytest.mark.parametrize("length", [0, 3, 5, 32])
def test_what_is_no_address_resolves_to_nothing(length: int) -> None:
    resolving = ResolvingRoutes()
    resolving.replace(route_key("0.0.0.0/0"), DEFAULT[2])
    resolving.replace(route_key("::/0"), DEFAULT_V6[2])
    assert resolving.resolve(bytes(length)) is None


def test_removed_routes_resolve_no_more() -> None:
    resolving = ResolvingRoutes()
    key, other_metric = route_key("10.0.0.0/24"), route_key("10.0.0.0/24", metric=5)
    resolving.replace(key, CONNECTED[2])
    resolving.replace(other_metric, CONNECTED[2])
    resolving.remove(key)
    assert resolving.resolve(b"\x0a\x00\x00\x09") == Resolution((via("10.0.0.9", 3),), 5)
    resolving.remove(other_metric)
    resolving.remove(other_metric)
    assert resolving.resolve(b"\x0a\x00\x00\x09") is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [("fe80::1", True), ("febf::1", True), ("fec0::1", False), ("fd00::1", False), ("169.254.1.1", False)],
)
def test_is_link_local(address: str, expected: bool) -> None:
    assert is_link_local(address_from_text(address)) is expected


def test_merge_resolutions_takes_each_way_once_and_sorts() -> None:
    one = Resolution((via("10.0.0.9", 3), via("10.0.0.8", 3)), 0)
    other = Resolution((via("10.0.0.8", 3),), 5)
    assert merge_resolutions([one, None, other]) == (via("10.0.0.8", 3), via("10.0.0.9", 3))
    assert merge_resolutions([None]) == ()


def test_a_single_way_has_the_weight_that_the_kernel_reports() -> None:
    assert merge_resolutions([Resolution((via("10.0.0.9", 3, 7),), 0)]) == (via("10.0.0.9", 3),)


@pytest.mark.parametrize("count", [NEXT_HOPS_MAX, NEXT_HOPS_MAX + 1], ids=["at-the-limit", "beyond"])
def test_ways_are_bounded(count: int) -> None:
    ways = tuple(NextHop(bytes((10, 0, 0, index)), 3) for index in range(count))
    assert merge_resolutions([Resolution(ways[::-1], 0)]) == ways[:NEXT_HOPS_MAX]


def test_a_route_that_is_unspecified_resolves_nothing() -> None:
    resolving = ResolvingRoutes()
    resolving.replace(route_key("10.0.0.0/24"), Route(RouteKind.THROW, 3))
    assert resolving.resolve(b"\x0a\x00\x00\x09") is None
