"""Routes as bytes: what `ip route` (iproute2 6.1) sends, what Linux 6.18 answers; both recorded, little-endian."""

import sys

import pytest

from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.bgp.wire.nlri import address_from_text
from tortie.node import netlink_route
from tortie.node.errors import NetlinkMessageInvalid
from tortie.node.netlink_message import attribute
from tortie.node.netlink_route import (
    RouteDecoder,
    decode_route,
    decode_route_answer,
    encode_route,
    encode_route_deletion,
    encode_route_dump,
    encode_route_lookup,
)
from tortie.node.route import NextHop, Route, RouteKey, RouteKind, blackhole_route, route_key, unicast_route

pytestmark = pytest.mark.skipif(
    sys.byteorder != "little", reason="netlink is in host byte order; recorded little-endian"
)


def via(text: str, index: int = 0, weight: int = 1, *, is_onlink: bool = False) -> NextHop:
    return NextHop(address_from_text(text), index, weight, is_onlink)


ENCODED = [
    # identical to what `ip route replace ...` sends
    (
        "gateway",
        route_key("10.1.2.0/26"),
        unicast_route(via("10.0.0.9")),
        "021a0000fe4d000100000000 080001000a010200 080005000a000009",
    ),
    (
        "blackhole-metric",
        route_key("10.1.3.0/26", metric=5),
        blackhole_route(),
        "021a0000fe4d000600000000 080001000a010300 0800060005000000",
    ),
    (
        "device-has-scope-link",
        route_key("10.1.4.7/32"),
        unicast_route(NextHop(b"", 3)),
        "02200000fe4dfd0100000000 080001000a010407 0800040003000000",
    ),
    (
        "multipath",
        route_key("10.1.5.0/24"),
        Route(RouteKind.UNICAST, 77, (via("10.0.0.9"), via("10.0.0.8", weight=2))),
        "02180000fe4d000100000000 080001000a010500"
        "24000900 1000000000000000080005000a000009 1000000100000000080005000a000008",
    ),
    (
        "ipv4-over-ipv6-gateway",
        route_key("10.8.0.0/24"),
        unicast_route(via("fe80::5", 3)),
        "02180000fe4d000100000000 080001000a080000160012000a00fe800000000000000000000000000005 0000 0800040003000000",
    ),
    # the same attributes in another order, or one more
    (
        "onlink-big-table",
        route_key("10.1.6.0/24", table=500),
        unicast_route(via("192.0.2.1", 3, is_onlink=True)),
        "02180000fc4d000104000000 080001000a010600 08000f00f4010000 08000500c0000201 0800040003000000",
    ),
    (
        "ipv6-gateway",
        route_key("fd00:1::/64"),
        unicast_route(via("fd00::9")),
        "0a400000fe4d000100000000 14000100fd000001000000000000000000000000 0800060000040000"
        "14000500fd000000000000000000000000000009",
    ),
    (
        "ipv6-device-has-no-scope",
        route_key("fd00:3::7/128"),
        unicast_route(NextHop(b"", 3)),
        "0a800000fe4d000100000000 14000100fd000003000000000000000000000007 0800060000040000 0800040003000000",
    ),
    (
        "source-and-onlink-in-multipath",
        route_key("10.1.7.0/24"),
        Route(
            RouteKind.UNICAST,
            77,
            (NextHop(b"", 4), via("10.0.0.8", 3, is_onlink=True)),
            b"\x0a\x00\x00\x01",
        ),
        "02180000fe4d000100000000 080001000a010700 080007000a000001"
        "1c000900 0800000004000000 1000040003000000080005000a000008",
    ),
    (
        "default",
        route_key("0.0.0.0/0"),
        unicast_route(via("10.0.0.2")),
        "02000000fe4d000100000000 0800010000000000 080005000a000002",
    ),
    (
        "local-has-scope-host",
        route_key("10.1.8.0/24"),
        Route(RouteKind.LOCAL, 77),
        "02180000fe4dfe0200000000 080001000a010800",
    ),
]


@pytest.mark.parametrize(("key", "route", "expected"), [row[1:] for row in ENCODED], ids=[row[0] for row in ENCODED])
def test_encode_route(key: RouteKey, route: Route, expected: str) -> None:
    assert encode_route(key, route).hex(" ", 4) == bytes.fromhex(expected).hex(" ", 4)


def test_encode_route_deletion_names_the_protocol_and_any_scope() -> None:
    # identical to `ip route del 10.1.2.0/26 proto 77`
    assert encode_route_deletion(route_key("10.1.2.0/26"), 77).hex() == "021a0000fe4dff0000000000080001000a010200"


def test_encode_route_dump_filters_by_table_and_protocol() -> None:
    assert encode_route_dump(IPV4_UNICAST, 254, 77).hex() == "02000000fe4d00000000000008000f00fe000000"
    assert encode_route_dump(IPV6_UNICAST, 500).hex() == "0a000000fc0000000000000008000f00f4010000"


def test_encode_route_lookup() -> None:
    assert encode_route_lookup(IPV4_UNICAST, b"\x0a\x00\x00\x09").hex() == "022000000000000000000000080001000a000009"


IPV6_TAIL = "24000c00" + "00" * 32 + "0500140000000000"  # RTA_CACHEINFO and RTA_PREF, as the kernel adds them

DUMPED = [
    (
        "default-with-source",
        "02000000fe0300010000000008000f00fe000000080007000a000001080005000a0000020800040003000000",
        route_key("0.0.0.0/0"),
        Route(RouteKind.UNICAST, 3, (via("10.0.0.2", 3),), b"\x0a\x00\x00\x01"),
    ),
    (
        "connected",
        "02180000fe02fd010000000008000f00fe000000080001000a000000080007000a0000010800040003000000",
        route_key("10.0.0.0/24"),
        Route(RouteKind.UNICAST, 2, (NextHop(b"", 3),), b"\x0a\x00\x00\x01"),
    ),
    (
        "gateway",
        "021a0000fe4d00010000000008000f00fe000000080001000a010200080005000a0000090800040003000000",
        route_key("10.1.2.0/26"),
        unicast_route(via("10.0.0.9", 3)),
    ),
    (
        "blackhole",
        "021a0000fe4d00060000000008000f00fe000000080001000a0103000800060005000000",
        route_key("10.1.3.0/26", metric=5),
        blackhole_route(),
    ),
    (
        "multipath-is-sorted",
        "02180000fe4d00010000000008000f00fe000000080001000a010500"
        "240009001000000003000000080005000a0000091000000103000000080005000a000008",
        route_key("10.1.5.0/24"),
        unicast_route(via("10.0.0.8", 3, 2), via("10.0.0.9", 3)),
    ),
    (
        "onlink",
        "02180000fe4d00010400000008000f00fe000000080001000a01060008000500c00002010800040003000000",
        route_key("10.1.6.0/24"),
        unicast_route(via("192.0.2.1", 3, is_onlink=True)),
    ),
    (
        "ipv4-over-ipv6-gateway",
        "02180000fe4d00010000000008000f00fe000000080001000a080000"
        "160012000a00fe80000000000000000000000000000500000800040003000000",
        route_key("10.8.0.0/24"),
        unicast_route(via("fe80::5", 3)),
    ),
    (
        "ipv6-gateway",
        "0a400000fe4d00010000000008000f00fe00000014000100fd0000010000000000000000000000000800060000040000"
        "14000500fd0000000000000000000000000000090800040003000000" + IPV6_TAIL,
        route_key("fd00:1::/64"),
        unicast_route(via("fd00::9", 3)),
    ),
    (
        "ipv6-blackhole-has-no-way-over-lo",
        "0a400000fe4d00060000000008000f00fe00000014000100fd0000020000000000000000000000000800060000040000"
        "0800040001000000" + IPV6_TAIL,
        route_key("fd00:2::/64"),
        blackhole_route(),
    ),
    (
        "ipv6-multipath",
        "0a400000fe4d00010000000008000f00fe00000014000100fd0000040000000000000000000000000800060000040000"
        "3c0009001c0000000300000014000500fd000000000000000000000000000009"
        "1c0000000300000014000500fd000000000000000000000000000008" + IPV6_TAIL,
        route_key("fd00:4::/64"),
        unicast_route(via("fd00::8", 3), via("fd00::9", 3)),
    ),
    (
        "dead-hop-is-left-out",
        "02180000fe4d00010000000008000f00fe000000080001000a010500"
        "240009001000010003000000080005000a0000091000000103000000080005000a000008",
        route_key("10.1.5.0/24"),
        unicast_route(via("10.0.0.8", 3, 2)),
    ),
    (
        "dead-way",
        "021a0000fe4d00010100000008000f00fe000000080001000a010200080005000a0000090800040003000000",
        route_key("10.1.2.0/26"),
        unicast_route(),
    ),
    (
        "unknown-kind",
        "021a0000fe4d00630000000008000f00fe000000080001000a010200",
        route_key("10.1.2.0/26"),
        Route(RouteKind.UNSPECIFIED, 77),
    ),
]


@pytest.mark.parametrize(("data", "key", "route"), [row[1:] for row in DUMPED], ids=[row[0] for row in DUMPED])
def test_decode_route(data: str, key: RouteKey, route: Route) -> None:
    raw = bytes.fromhex(data)
    assert decode_route(raw, 0, len(raw)) == (key, route)


@pytest.mark.parametrize(("data", "key", "route"), [row[1:] for row in DUMPED], ids=[row[0] for row in DUMPED])
def test_decoder_says_the_same_at_first_and_at_second_sight(data: str, key: RouteKey, route: Route) -> None:
    raw = b"...." + bytes.fromhex(data)
    decoder = RouteDecoder()
    assert decoder.decode(raw, 4, len(raw)) == (key, route)
    assert decoder.decode(raw, 4, len(raw)) == (key, route)


LEFT_OUT = [
    ("type-of-service", "02180010fe0300010000000008000f00fe000000080001000a0109000800040003000000"),
    ("source-prefix", "0a408000fe0300010000000008000f00fe00000014000100fd000001000000000000000000000000"),
    ("cached", "02200000fe0000010002000008000f00fe000000080001000a0109000800040003000000"),
    ("other-family", "1c200000fe0000010000000008000f00fe000000"),
]


@pytest.mark.parametrize("data", [row[1] for row in LEFT_OUT], ids=[row[0] for row in LEFT_OUT])
def test_routes_that_cannot_displace_ours_are_left_out(data: str) -> None:
    raw = bytes.fromhex(data)
    decoder = RouteDecoder()
    assert decode_route(raw, 0, len(raw)) is None
    assert decoder.decode(raw, 0, len(raw)) is None
    assert decoder.decode(raw, 0, len(raw)) is None


INVALID = [
    ("too-short", "02180000fe030001000000", "shorter than 12 octets"),
    ("prefix-too-long", "02210000fe03000100000000", "prefix length 33, at most 32"),
    ("table-of-two-octets", "02180000fe0300010000000006000f00fe000000", "attribute 15: 2 octets, expected 4"),
    ("hop-too-short", "02180000fe030001000000000c0009000700000003000000", "length 7, expected 8 or more"),
    ("hop-too-long", "02180000fe030001000000000c0009000900000003000000", "length 9, expected 8 or more"),
]


@pytest.mark.parametrize(("data", "complaint"), [row[1:] for row in INVALID], ids=[row[0] for row in INVALID])
def test_broken_routes_are_invalid(data: str, complaint: str) -> None:
    raw = bytes.fromhex(data)
    with pytest.raises(NetlinkMessageInvalid, match=complaint):
        decode_route(raw, 0, len(raw))


def test_routes_that_lead_the_same_way_share_one_route() -> None:
    decoder = RouteDecoder()
    template = bytes.fromhex(DUMPED[2][1])
    decoded = []
    for last in range(3):
        raw = template[:26] + bytes((last,)) + template[27:]
        decoded.append(decoder.decode(raw, 0, len(raw)))
    routes = [found[1] for found in decoded if found is not None]
    assert len(routes) == 3
    assert all(route is routes[0] for route in routes)


@pytest.mark.parametrize("surplus", [0, 1], ids=["at-the-limit", "beyond"])
def test_the_decoder_remembers_a_bounded_number_of_forms(monkeypatch: pytest.MonkeyPatch, surplus: int) -> None:
    monkeypatch.setattr(netlink_route, "DECODER_CACHE_ENTRIES_MAX", 16)
    decoder = RouteDecoder()
    head = bytes.fromhex("021a0000fe4d00010000000008000f00fe000000080001000a010200")
    for index in range(16 + surplus):
        raw = head + attribute(4, (index + 1).to_bytes(4, sys.byteorder))
        assert decoder.decode(raw, 0, len(raw)) == (route_key("10.1.2.0/26"), unicast_route(NextHop(b"", index + 1)))
    assert len(decoder._forms) == (1 if surplus else 16)


def test_decode_route_answer_keeps_the_way_to_a_local_address() -> None:
    raw = bytes.fromhex("02200000ff000002000200000800010000000a000800040001000000080007000a000001")
    route = decode_route_answer(raw, 0, len(raw))
    assert route == Route(RouteKind.LOCAL, 0, (NextHop(b"", 1),), b"\x0a\x00\x00\x01")
