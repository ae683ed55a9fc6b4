"""The packed netlink against the real kernel, compared with `ip`."""

import errno

import pytest

from lab.kernel_namespace import in_namespace, ip, ip_batch, routes
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.bgp.wire.nlri import address_from_text
from tortie.node.errors import NetlinkOverrun, NetlinkRefused
from tortie.node.interface import SCOPE_LINK, Link
from tortie.node.netlink import BATCH_ROUTES_MAX, RouteSocket
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
from tortie.node.route_change import RouteFailure, RouteOperation, RouteRequest

CREATE, REPLACE, DELETE = RouteOperation.CREATE, RouteOperation.REPLACE, RouteOperation.DELETE


def v0(socket: RouteSocket) -> int:
    return next(link.index for link in socket.dump_links() if link.name == "v0")


def via(text: str, index: int, weight: int = 1, *, is_onlink: bool = False) -> NextHop:
    return NextHop(address_from_text(text), index, weight, is_onlink)


def dumped(socket: RouteSocket, family: Family = IPV4_UNICAST, protocol: int = ROUTE_PROTOCOL) -> dict[RouteKey, Route]:
    return {key: route for part in socket.dump_routes(family, protocol=protocol) for key, route in part}


def block(index: int) -> RouteKey:
    return RouteKey(IPV4_UNICAST, bytes((32, 10, 1, index >> 8, index & 255)))


KINDS = [
    ("gateway", "10.1.2.0/26", 4, "10.1.2.0/26 via 10.0.0.9 dev v0"),
    ("device", "10.1.4.7/32", 4, "10.1.4.7 dev v0 scope link"),
    ("blackhole", "10.1.3.0/26", 4, "blackhole 10.1.3.0/26"),
    (
        "multipath",
        "10.1.5.0/24",
        4,
        "10.1.5.0/24 nexthop via 10.0.0.8 dev v0 weight 2 nexthop via 10.0.0.9 dev v0 weight 1",
    ),
    ("onlink", "10.1.6.0/24", 4, "10.1.6.0/24 via 192.0.2.1 dev v0 onlink"),
    ("over-ipv6", "10.1.7.0/24", 4, "10.1.7.0/24 via inet6 fe80::5 dev v0"),
    ("default", "0.0.0.0/0", 4, "default via 10.0.0.9 dev v0"),
    ("gateway-v6", "fd00:1::/64", 6, "fd00:1::/64 via fd00::9 dev v0 metric 1024 pref medium"),
    ("device-v6", "fd00:3::7/128", 6, "fd00:3::7 dev v0 metric 1024 pref medium"),
    ("blackhole-v6", "fd00:2::/64", 6, "blackhole fd00:2::/64 dev lo metric 1024 pref medium"),
    (
        "multipath-v6",
        "fd00:4::/64",
        6,
        "fd00:4::/64 metric 1024 pref medium "
        "nexthop via fd00::8 dev v0 weight 1 nexthop via fd00::9 dev v0 weight 1",
    ),
]  # fmt: skip


def route_of(name: str, index: int) -> Route:
    hops = {
        "gateway": [via("10.0.0.9", index)],
        "default": [via("10.0.0.9", index)],
        "device": [NextHop(b"", index)],
        "multipath": [via("10.0.0.9", index), via("10.0.0.8", index, 2)],
        "onlink": [via("192.0.2.1", index, is_onlink=True)],
        "over-ipv6": [via("fe80::5", index)],
        "gateway-v6": [via("fd00::9", index)],
        "device-v6": [NextHop(b"", index)],
        "multipath-v6": [via("fd00::9", index), via("fd00::8", index)],
    }
    return unicast_route(*hops[name]) if name in hops else blackhole_route()


@pytest.mark.parametrize(("name", "prefix", "family", "expected"), KINDS, ids=[row[0] for row in KINDS])
@in_namespace
def test_a_route_is_written_read_back_and_deleted(name: str, prefix: str, family: int, expected: str) -> None:
    with RouteSocket() as socket:
        key, route = route_key(prefix), route_of(name, v0(socket))
        assert socket.apply([RouteRequest(CREATE, key, route)]) == []
        assert routes(family) == [expected]
        assert dumped(socket, key.family) == {key: route}
        assert socket.apply([RouteRequest(REPLACE, key, route)]) == []
        assert dumped(socket, key.family) == {key: route}
        assert socket.apply([RouteRequest(DELETE, key, route)]) == []
        assert routes(family) == []


@in_namespace
def test_every_kind_is_replaced_by_every_other_in_one_step() -> None:
    with RouteSocket() as socket:
        index = v0(socket)
        for prefix, names in (
            ("10.1.2.0/26", ("gateway", "device", "blackhole", "multipath", "onlink", "gateway")),
            ("fd00:1::/64", ("gateway-v6", "device-v6", "blackhole-v6", "multipath-v6", "blackhole-v6", "gateway-v6")),
        ):
            key = route_key(prefix)
            for name in names:
                assert socket.apply([RouteRequest(REPLACE, key, route_of(name, index))]) == []
                assert dumped(socket, key.family) == {key: route_of(name, index)}, name


@pytest.mark.parametrize("prefix", ["10.1.2.0/26", "fd00:1::/64"])
@in_namespace
def test_creation_does_not_overwrite_and_deletion_does_not_take_somebody_elses(prefix: str) -> None:
    with RouteSocket() as socket:
        key = route_key(prefix)
        ip(f"route add blackhole {prefix} proto 3")
        create, delete = RouteRequest(CREATE, key, blackhole_route()), RouteRequest(DELETE, key, blackhole_route())
        failures = socket.apply([create, delete])
        assert [(failure.request, failure.errno) for failure in failures] == [
            (create, errno.EEXIST),
            (delete, errno.ESRCH),
        ]
        assert dumped(socket, key.family, 3) == {key: blackhole_route(3)}


@in_namespace
def test_metrics_and_tables_are_other_routes() -> None:
    with RouteSocket() as socket:
        keys = [route_key("10.1.2.0/26"), route_key("10.1.2.0/26", metric=5), route_key("10.1.2.0/26", table=500)]
        assert socket.apply([RouteRequest(CREATE, key, blackhole_route()) for key in keys]) == []
        assert set(dumped(socket)) == set(keys[:2])
        assert list(socket.dump_routes(IPV4_UNICAST, table=999)) == []
        in_table = [found for part in socket.dump_routes(IPV4_UNICAST, table=500) for found in part]
        assert in_table == [(keys[2], blackhole_route())]
        assert socket.apply([RouteRequest(DELETE, key, blackhole_route()) for key in keys[1:]]) == []
        assert routes() == ["blackhole 10.1.2.0/26"]


@in_namespace
def test_one_refused_route_does_not_stop_its_neighbours() -> None:
    with RouteSocket() as socket:
        index = v0(socket)
        good = [RouteRequest(REPLACE, block(number), unicast_route(via("10.0.0.9", index))) for number in range(500)]
        bad = RouteRequest(REPLACE, route_key("10.9.0.0/16"), unicast_route(via("192.0.2.1", index)))
        worse = RouteRequest(REPLACE, route_key("10.8.0.0/16"), unicast_route(via("10.0.0.9", 99)))
        failures = socket.apply([*good[:250], bad, *good[250:], worse])
        assert failures[0] == RouteFailure(bad, errno.ENETUNREACH, "Nexthop has invalid gateway")
        assert [failure.request for failure in failures] == [bad, worse]
        assert failures[0].text({index: "v0"}) == (
            "replace 10.9.0.0/16 via 192.0.2.1 dev v0 proto 77: ENETUNREACH (Network is unreachable): "
            "Nexthop has invalid gateway"
        )
        assert len(dumped(socket)) == 500


@in_namespace
def test_lost_answers_are_asked_for_again() -> None:
    with RouteSocket(receive_buffer_bytes=20_000) as socket:  # holds the answers of a few dozen
        index = v0(socket)
        way = unicast_route(via("10.0.0.9", index))
        requests = [RouteRequest(REPLACE, block(number), way) for number in range(3 * BATCH_ROUTES_MAX)]
        bad = RouteRequest(REPLACE, route_key("10.9.0.0/16"), unicast_route(via("192.0.2.1", index)))
        failures = socket.apply([*requests, bad])
        assert [failure.request for failure in failures] == [bad]
        assert len(dumped(socket)) == len(requests)


@in_namespace
def test_a_buffer_that_holds_no_answer_is_an_error_and_not_a_hang() -> None:
    with RouteSocket(receive_buffer_bytes=1) as socket:
        requests = [RouteRequest(REPLACE, block(number), blackhole_route()) for number in range(BATCH_ROUTES_MAX)]
        try:
            assert socket.apply(requests) == []  # the kernel's smallest buffer may hold one answer
        except NetlinkOverrun as error:
            assert "does not fit the receive buffer" in str(error)  # noqa: PT017 - either outcome is right


@in_namespace
def test_dumps_are_filtered_and_of_both_families() -> None:
    ip_batch("""
        route add 10.5.0.0/16 via 10.0.0.9 proto static
        route add blackhole 10.6.0.0/16 proto 77
        route add fd05::/64 via fd00::9 proto 77
    """)
    with RouteSocket() as socket:
        index = v0(socket)
        assert dumped(socket) == {route_key("10.6.0.0/16"): blackhole_route()}
        assert dumped(socket, IPV6_UNICAST) == {route_key("fd05::/64"): unicast_route(via("fd00::9", index))}
        everything = dumped(socket, protocol=0)
        assert everything[route_key("10.5.0.0/16")] == unicast_route(via("10.0.0.9", index), protocol=4)
        assert everything[route_key("10.0.0.0/24")] == Route(
            RouteKind.UNICAST, 2, (NextHop(b"", index),), address_from_text("10.0.0.1")
        )


@in_namespace
def test_without_strict_checking_dumps_are_filtered_all_the_same() -> None:
    ip_batch("""
        route add blackhole 10.5.0.0/16 proto static
        route add blackhole 10.6.0.0/16 proto 77
        route add blackhole 10.7.0.0/16 proto 77 table 500
    """)
    with RouteSocket() as socket:
        socket._is_strict = False
        socket._socket.setsockopt(270, 12, 0)
        assert dumped(socket) == {route_key("10.6.0.0/16"): blackhole_route()}


@in_namespace
def test_a_dump_left_early_does_not_disturb_the_next_request() -> None:
    with RouteSocket() as socket:
        socket.apply([RouteRequest(REPLACE, block(number), blackhole_route()) for number in range(5000)])
        dump = socket.dump_routes(IPV4_UNICAST)
        assert next(dump)
        dump.close()
        assert len(dumped(socket)) == 5000


@in_namespace
def test_lookup() -> None:
    ip_batch("""
        route add default via 10.0.0.254
        route add blackhole 10.6.0.0/16
        route add unreachable 10.7.0.0/16
        route add prohibit 10.8.0.0/16
    """)
    with RouteSocket() as socket:
        index = v0(socket)
        on_link = socket.lookup(address_from_text("10.0.0.9"))
        assert on_link is not None
        assert (on_link.is_on_link, on_link.next_hop) == (True, NextHop(b"", index))
        assert on_link.source == address_from_text("10.0.0.1")
        behind = socket.lookup(address_from_text("192.0.2.1"))
        assert behind is not None
        assert (behind.is_on_link, behind.next_hop, behind.kind) == (False, via("10.0.0.254", index), RouteKind.UNICAST)
        own = socket.lookup(address_from_text("10.0.0.1"))
        assert own is not None
        assert own.kind == RouteKind.LOCAL
        v6 = socket.lookup(address_from_text("fd00::9"))
        assert v6 is not None
        assert v6.is_on_link
        for text in ("10.6.0.1", "10.7.0.1", "10.8.0.1", "2001:db8::1"):
            assert socket.lookup(address_from_text(text)) is None, text


@in_namespace
def test_links_and_addresses() -> None:
    ip("link set v1 down mtu 1400")
    with RouteSocket() as socket:
        links = {link.name: link for link in socket.dump_links()}
        assert links["v0"] == Link(links["v0"].index, "v0", is_up=True, mtu=1500)
        assert links["v1"] == Link(links["v1"].index, "v1", is_up=False, mtu=1400)
        mine = [each for each in socket.dump_addresses() if each.interface_index == links["v0"].index]
        assert [(each.address, each.nlri) for each in mine if each.scope < SCOPE_LINK] == [
            (address_from_text("10.0.0.1"), route_key("10.0.0.0/24").nlri),
            (address_from_text("fd00::1"), route_key("fd00::/64").nlri),
        ]


@in_namespace
def test_a_refused_dump_says_why() -> None:
    with RouteSocket() as socket:
        socket.lookup(address_from_text("10.0.0.9"))
        with pytest.raises(NetlinkRefused, match="dump: E") as caught:
            list(socket._dump(26, b"\x02\x21" + bytes(10), lambda *_: None))
        assert caught.value.errno in (errno.EINVAL, errno.EOPNOTSUPP)
