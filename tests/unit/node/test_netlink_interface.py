"""Links and addresses as bytes, recorded from Linux 6.18 (little-endian)."""

import sys

import pytest

from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.bgp.wire.nlri import address_from_text, prefix_from_text
from tortie.node.errors import NetlinkMessageInvalid
from tortie.node.interface import SCOPE_HOST, SCOPE_LINK, SCOPE_UNIVERSE, InterfaceAddress, Link
from tortie.node.netlink_interface import (
    connected_prefix,
    decode_address,
    decode_link,
    encode_address_dump,
    encode_link_dump,
)
from tortie.node.netlink_message import attribute

pytestmark = pytest.mark.skipif(
    sys.byteorder != "little", reason="netlink is in host byte order; recorded little-endian"
)


ADDRESSES = [
    (
        "loopback",
        "020880fe01000000080001007f000001080002007f000001070003006c6f0000",
        InterfaceAddress(1, IPV4_UNICAST, b"\x7f\x00\x00\x01", b"\x08\x7f", SCOPE_HOST),
    ),
    (
        "ipv4",
        "0218800003000000080001000a000001080002000a0000010700030076300000",
        InterfaceAddress(3, IPV4_UNICAST, b"\x0a\x00\x00\x01", prefix_from_text("10.0.0.0/24")[1], SCOPE_UNIVERSE),
    ),
    (
        "point-to-point",
        "0220800003000000080001000a080001080002000a0700010700030076300000",
        InterfaceAddress(3, IPV4_UNICAST, b"\x0a\x07\x00\x01", prefix_from_text("10.8.0.1/32")[1], SCOPE_UNIVERSE),
    ),
    (
        "ipv6-link-local",
        "0a40c0fd0200000014000100fe80000000000000f86d12fffe9d7195",
        InterfaceAddress(
            2,
            IPV6_UNICAST,
            address_from_text("fe80::f86d:12ff:fe9d:7195"),
            prefix_from_text("fe80::/64")[1],
            SCOPE_LINK,
        ),
    ),
    ("other-family", "1118800003000000", None),
]


@pytest.mark.parametrize(("data", "expected"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES])
def test_decode_address(data: str, expected: InterfaceAddress | None) -> None:
    raw = bytes.fromhex(data)
    assert decode_address(raw, 0, len(raw)) == expected


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("02188000030000", "shorter than 8 octets"),
        ("0218800003000000", "0 octets /24, expected 4"),
        ("02218000030000000800020001020304", "4 octets /33, expected 4"),
    ],
    ids=["too-short", "no-address", "prefix-too-long"],
)
def test_broken_addresses_are_invalid(data: str, complaint: str) -> None:
    raw = bytes.fromhex(data)
    with pytest.raises(NetlinkMessageInvalid, match=complaint):
        decode_address(raw, 0, len(raw))


def link_payload(flags: int, *, family: int = 0) -> bytes:
    fixed = bytes((family, 0)) + (1).to_bytes(2, "little") + (7).to_bytes(4, "little") + flags.to_bytes(4, "little")
    return fixed + bytes(4) + attribute(3, b"eth0\0") + attribute(4, (1450).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(0x1043, Link(7, "eth0", is_up=True, mtu=1450)), (0x1002, Link(7, "eth0", is_up=False, mtu=1450))],
    ids=["up", "down"],
)
def test_decode_link(flags: int, expected: Link) -> None:
    raw = link_payload(flags)
    assert decode_link(raw, 0, len(raw)) == expected


def test_a_message_about_a_port_of_a_bridge_is_left_out() -> None:
    raw = link_payload(1, family=7)
    assert decode_link(raw, 0, len(raw)) is None


def test_a_short_link_is_invalid() -> None:
    with pytest.raises(NetlinkMessageInvalid, match="shorter than 16 octets"):
        decode_link(bytes(15), 0, 15)


def test_dump_requests() -> None:
    assert encode_link_dump().hex() == "00" * 16 + "08001d0008000000"
    assert encode_address_dump().hex() == "00" * 8


@pytest.mark.parametrize(
    ("address", "bits", "expected"),
    [
        ("10.1.2.3", 0, "0.0.0.0/0"),
        ("10.1.2.3", 23, "10.1.2.0/23"),
        ("10.1.2.3", 32, "10.1.2.3/32"),
        ("fd00::ffff", 113, "fd00::8000/113"),
    ],
    ids=["none", "not-on-an-octet", "host", "ipv6"],
)
def test_connected_prefix(address: str, bits: int, expected: str) -> None:
    assert connected_prefix(address_from_text(address), bits) == prefix_from_text(expected)[1]
