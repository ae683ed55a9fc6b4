"""Netlink framing: headers, attributes, acknowledgements. The hex was recorded from Linux 6.18 (little-endian)."""

import sys

import pytest

from tortie.node.errors import NetlinkMessageInvalid
from tortie.node.netlink_message import (
    Acknowledgement,
    attribute,
    attributes,
    decode_acknowledgement,
    decode_done,
    encode_message,
    errno_name,
    headers,
)

pytestmark = pytest.mark.skipif(
    sys.byteorder != "little", reason="netlink is in host byte order; recorded little-endian"
)

REFUSED = bytes.fromhex(
    "44000000020000034d0000006c4f00009bffffff34000000180005064d00000000000000200001004e657874686f70206861"
    "7320696e76616c6964206761746577617900"
)
ACCEPTED = bytes.fromhex("24000000020000014e0000006c4f00000000000034000000180005064e00000000000000")
REFUSED_WITH_REQUEST = bytes.fromhex(
    "68000000020000024f0000006c4f00009bffffff34000000180005064f0000000000000002110000fe4d0001000000000800"
    "01000a09000008000500c00002010800040003000000200001004e657874686f702068617320696e76616c69642067617465"
    "77617900"
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ACCEPTED, Acknowledgement(0, "")),
        (REFUSED, Acknowledgement(101, "Nexthop has invalid gateway")),
        (REFUSED_WITH_REQUEST, Acknowledgement(101, "Nexthop has invalid gateway")),
    ],
    ids=["accepted", "refused-capped", "refused-with-the-request"],
)
def test_decode_acknowledgement(data: bytes, expected: Acknowledgement) -> None:
    (header,) = headers(data)
    assert decode_acknowledgement(data, header) == expected


@pytest.mark.parametrize(
    ("flags", "payload", "expected"),
    [
        (2, b"", Acknowledgement(0, "")),
        (2, bytes(4), Acknowledgement(0, "")),
        (2, (300).to_bytes(4, "little"), Acknowledgement(0, "")),
        (2, (-22).to_bytes(4, "little", signed=True), Acknowledgement(22, "")),
        (0x202, (-2).to_bytes(4, "little", signed=True) + attribute(1, b"no table\0"), Acknowledgement(2, "no table")),
    ],
    ids=["empty", "success", "length-of-the-last-part", "refused", "refused-with-words"],
)
def test_decode_done(flags: int, payload: bytes, expected: Acknowledgement) -> None:
    data = encode_message(3, flags, 7, payload)
    (header,) = headers(data)
    assert decode_done(data, header) == expected


@pytest.mark.parametrize("cut", [18, 30], ids=["in-errno", "in-request"])
def test_a_cut_acknowledgement_is_invalid(cut: int) -> None:
    data = bytearray(REFUSED_WITH_REQUEST[:cut])
    data[0] = cut
    (header,) = headers(bytes(data))
    with pytest.raises(NetlinkMessageInvalid, match="acknowledgement at octet 16"):
        decode_acknowledgement(bytes(data), header)


def test_headers_walks_over_padded_messages() -> None:
    data = encode_message(24, 5, 7, b"abcd") + encode_message(25, 6, 8, b"")
    first, second = headers(data)
    assert (first.type, first.flags, first.sequence, data[first.start : first.end]) == (24, 5, 7, b"abcd")
    assert (second.type, second.sequence, second.start, second.end) == (25, 8, 36, 36)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"\x0f\x00\x00\x00" + bytes(12), "length 15, expected 16 to 16"),
        (b"\x11\x00\x00\x00" + bytes(12), "length 17, expected 16 to 16"),
        (bytes(3), "3 octets behind the last message"),
    ],
    ids=["below-header", "beyond-datagram", "rest"],
)
def test_broken_headers_are_invalid(data: bytes, complaint: str) -> None:
    with pytest.raises(NetlinkMessageInvalid, match=complaint):
        list(headers(data))


def test_attributes_are_padded_and_the_first_of_a_type_counts() -> None:
    data = attribute(1, b"abc") + attribute(2, b"") + attribute(1, b"later")
    assert len(data) == 8 + 4 + 12
    assert attributes(data, 0, len(data)) == {1: b"abc", 2: b""}


def test_the_flag_bits_of_an_attribute_type_are_ignored() -> None:
    assert attributes(attribute(0x8009, b"1234"), 0, 8) == {9: b"1234"}


@pytest.mark.parametrize("length", [3, 9], ids=["below-header", "beyond-end"])
def test_broken_attributes_are_invalid(length: int) -> None:
    data = bytes((length, 0, 1, 0)) + bytes(4)
    with pytest.raises(NetlinkMessageInvalid, match=f"attribute at octet 0: length {length}, expected 4 to 8"):
        attributes(data, 0, len(data))


def test_errno_name() -> None:
    assert errno_name(101) == "ENETUNREACH (Network is unreachable)"
    assert errno_name(9999).startswith("errno 9999 (")
