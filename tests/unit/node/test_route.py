"""Route values and their text."""

import pytest

from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.bgp.wire.nlri import address_from_text
from tortie.node.route import (
    NextHop,
    Route,
    RouteKey,
    blackhole_route,
    route_key,
    route_key_to_text,
    route_to_text,
    unicast_route,
)

NAMES = {3: "eth0"}


def via(text: str, index: int = 3, weight: int = 1, *, is_onlink: bool = False) -> NextHop:
    return NextHop(address_from_text(text), index, weight, is_onlink)


@pytest.mark.parametrize(
    ("prefix", "metric", "expected"),
    [
        ("10.1.2.0/26", 0, RouteKey(IPV4_UNICAST, b"\x1a\x0a\x01\x02\x00", 254, 0)),
        ("0.0.0.0/0", 7, RouteKey(IPV4_UNICAST, b"\x00", 254, 7)),
        ("fd00:1::/64", 0, RouteKey(IPV6_UNICAST, b"\x40\xfd\x00\x00\x01\x00\x00\x00\x00", 254, 1024)),
        ("fd00:1::/64", 5, RouteKey(IPV6_UNICAST, b"\x40\xfd\x00\x00\x01\x00\x00\x00\x00", 254, 5)),
    ],
    ids=["ipv4", "default", "ipv6-metric-0-is-1024", "ipv6-metric"],
)
def test_route_key(prefix: str, metric: int, expected: RouteKey) -> None:
    assert route_key(prefix, metric=metric) == expected


def test_unicast_route_sorts_its_next_hops() -> None:
    assert unicast_route(via("10.0.0.9"), via("10.0.0.8")) == unicast_route(via("10.0.0.8"), via("10.0.0.9"))


@pytest.mark.parametrize(
    ("text", "key", "route"),
    [
        ("10.1.2.0/26 via 10.0.0.9 dev eth0 proto 77", route_key("10.1.2.0/26"), unicast_route(via("10.0.0.9"))),
        ("blackhole 10.1.3.0/26 proto 77 metric 5", route_key("10.1.3.0/26", metric=5), blackhole_route()),
        ("10.1.4.7/32 dev eth0 proto 77", route_key("10.1.4.7/32"), unicast_route(NextHop(b"", 3))),
        ("10.1.4.7/32 dev if9 proto 77", route_key("10.1.4.7/32"), unicast_route(NextHop(b"", 9))),
        (
            "10.1.5.0/24 nexthop via 10.0.0.8 dev eth0 weight 2 nexthop via 10.0.0.9 dev eth0 proto 77",
            route_key("10.1.5.0/24"),
            unicast_route(via("10.0.0.9"), via("10.0.0.8", weight=2)),
        ),
        (
            "10.1.6.0/24 via 192.0.2.1 dev eth0 onlink proto 3 src 10.0.0.1 table 500",
            route_key("10.1.6.0/24", table=500),
            unicast_route(via("192.0.2.1", is_onlink=True), protocol=3)._replace(source=b"\x0a\x00\x00\x01"),
        ),
        ("fd00:1::/64 via fd00::9 dev eth0 proto 77", route_key("fd00:1::/64"), unicast_route(via("fd00::9"))),
    ],
    ids=["gateway", "blackhole", "device", "unknown-interface", "multipath", "onlink-source-table", "ipv6"],
)
def test_route_to_text(text: str, key: RouteKey, route: Route) -> None:
    assert route_to_text(key, route, NAMES) == text


def test_route_key_to_text_names_only_what_is_unusual() -> None:
    assert route_key_to_text(route_key("10.1.0.0/16")) == "10.1.0.0/16"
    assert route_key_to_text(route_key("fd00::/16", metric=9, table=7)) == "fd00::/16 metric 9 table 7"
