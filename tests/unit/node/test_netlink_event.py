"""Events from bytes, recorded from Linux 6.18 (little-endian)."""

import sys

import pytest

from tortie.bgp.wire import IPV4_UNICAST
from tortie.node.interface import InterfaceAddress, Link
from tortie.node.kernel_event import AddressChanged, Event, LinkChanged, ResyncNeeded, RouteChanged
from tortie.node.netlink_event import EventDecoder
from tortie.node.netlink_message import attribute, encode_message
from tortie.node.route import NextHop, route_key, unicast_route

pytestmark = pytest.mark.skipif(
    sys.byteorder != "little", reason="netlink is in host byte order; recorded little-endian"
)

ROUTE = bytes.fromhex("021a0000fe4d00010000000008000f00fe000000080001000a010200080005000a0000090800040003000000")
KEY = route_key("10.1.2.0/26")
WAY = unicast_route(NextHop(b"\x0a\x00\x00\x09", 3))
ADDRESS = bytes.fromhex("0218800003000000080001000a000001080002000a000001")
LINK = bytes.fromhex("000001000700000043100000") + bytes(4) + attribute(3, b"eth0\0")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encode_message(24, 0x600, 0, ROUTE), [RouteChanged(KEY, WAY, is_gone=False)]),
        (encode_message(24, 0xC00, 0, ROUTE), [RouteChanged(KEY, WAY, is_gone=False, is_appended=True)]),
        (encode_message(25, 0, 0, ROUTE), [RouteChanged(KEY, WAY, is_gone=True)]),
        (encode_message(16, 0, 0, LINK), [LinkChanged(Link(7, "eth0", is_up=True), is_gone=False)]),
        (encode_message(17, 0, 0, LINK), [LinkChanged(Link(7, "eth0", is_up=True), is_gone=True)]),
        (
            encode_message(20, 0, 0, ADDRESS),
            [
                AddressChanged(
                    InterfaceAddress(3, IPV4_UNICAST, b"\x0a\x00\x00\x01", b"\x18\x0a\x00\x00"), is_gone=False
                )
            ],
        ),
        (
            encode_message(21, 0, 0, ADDRESS),
            [AddressChanged(InterfaceAddress(3, IPV4_UNICAST, b"\x0a\x00\x00\x01", b"\x18\x0a\x00\x00"), is_gone=True)],
        ),
        (encode_message(28, 0, 0, b""), []),
        (encode_message(24, 0, 0, b"\x1c" + ROUTE[1:]), []),
        (encode_message(16, 0, 0, b"\x07" + LINK[1:]), []),
        (encode_message(20, 0, 0, b"\x11" + ADDRESS[1:]), []),
    ],
    ids=[
        "route-came", "route-appended", "route-went", "link-came", "link-went", "address-came", "address-went",
        "neighbour-ignored", "route-of-another-family", "port-of-a-bridge", "address-of-another-family",
    ],
)  # fmt: skip
def test_decode(data: bytes, expected: list[Event]) -> None:
    assert EventDecoder().decode(data) == expected


def test_what_cannot_be_read_asks_for_a_resync_and_keeps_what_came_before() -> None:
    good, bad = encode_message(24, 0, 0, ROUTE), encode_message(24, 0, 0, ROUTE[:8])
    events = EventDecoder().decode(good + bad)
    assert events[0] == RouteChanged(KEY, WAY, is_gone=False)
    assert isinstance(events[1], ResyncNeeded)
    assert "shorter than 12 octets" in events[1].reason
