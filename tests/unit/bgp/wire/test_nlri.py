"""NLRI keys from bytes and text, and back."""

import pytest

from tortie.bgp.errors import AddressTextError, NLRIError
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    Family,
    address_from_text,
    address_to_text,
    decode_nlri,
    join_path_id,
    prefix_from_text,
    prefix_to_text,
    split_path_id,
)
from tortie.bgp.wire.nlri import walk_nlri

GOOD = [
    ("empty field", IPV4_UNICAST, "", []),
    ("default route", IPV4_UNICAST, "00", ["00"]),
    ("one octet", IPV4_UNICAST, "080a", ["080a"]),
    ("host", IPV4_UNICAST, "200a000001", ["200a000001"]),
    ("several lengths", IPV4_UNICAST, "18c00002 00 100a01 20c0000201", ["18c00002", "00", "100a01", "20c0000201"]),
    ("block of 26 bits", IPV4_UNICAST, "1a0a0000c0", ["1a0a0000c0"]),
    ("trailing bits are cleared", IPV4_UNICAST, "1a0a0000ff 180a0001", ["1a0a0000c0", "180a0001"]),
    ("one bit, seven cleared", IPV4_UNICAST, "01ff", ["0180"]),
    ("IPv6 host", IPV6_UNICAST, "80" + "20010db8" + "00" * 11 + "01", ["80" + "20010db8" + "00" * 11 + "01"]),
    ("IPv6 odd length, walked", IPV6_UNICAST, "21 20010db8 80 30 20010db80001", ["2120010db880", "3020010db80001"]),
    ("IPv6 trailing bits", IPV6_UNICAST, "7a" + "ff" * 16, ["7a" + "ff" * 15 + "c0"]),
]


@pytest.mark.rfc("4271", "4.3")
@pytest.mark.parametrize(("family", "field", "keys"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_cut(family: Family, field: str, keys: list[str]) -> None:
    data = bytes.fromhex(field)
    expected = [bytes.fromhex(key) for key in keys]
    assert decode_nlri(data, family) == expected
    assert walk_nlri(data, family) == expected


BAD = [
    ("IPv4 length 33", IPV4_UNICAST, "180a0001 21 0a00000100", "octet 4: length 33, at most 32"),
    ("IPv4 length 255", IPV4_UNICAST, "ff", "octet 0: length 255"),
    ("last prefix cut short", IPV4_UNICAST, "180a0001 180a00", "octet 4: /24 runs 1 octets past"),
    ("length alone", IPV4_UNICAST, "20", "octet 0: /32 runs 4 octets past"),
    ("IPv6 length 129", IPV6_UNICAST, "81" + "00" * 17, "octet 0: length 129, at most 128"),
    ("IPv6 cut short", IPV6_UNICAST, "8020010db8", "octet 0: /128 runs 12 octets past"),
]


@pytest.mark.rfc("4271", "6.3")
@pytest.mark.rfc("7606", "5.3")
@pytest.mark.parametrize(("family", "field", "text"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_refused(family: Family, field: str, text: str) -> None:
    with pytest.raises(NLRIError, match=text) as caught:
        decode_nlri(bytes.fromhex(field), family)
    assert (caught.value.code, caught.value.subcode) == (3, 10)


@pytest.mark.rfc("7911", "3")
def test_path_identifiers() -> None:
    field = bytes.fromhex("00000001 180a0001 ffffffff 1a0a0000ff")
    keys = decode_nlri(field, IPV4_UNICAST, add_path=True)
    assert keys == [bytes.fromhex("00000001180a0001"), bytes.fromhex("ffffffff1a0a0000c0")]
    assert split_path_id(keys[0]) == (1, bytes.fromhex("180a0001"))
    assert [join_path_id(*split_path_id(key)) for key in keys] == keys


@pytest.mark.rfc("7911", "3")
@pytest.mark.parametrize("field", ["000000", "00000001", "00000001 21 0000000000", "00000001 20 000000"])
def test_path_identifiers_refused(field: str) -> None:
    with pytest.raises(NLRIError, match="octet 0"):
        decode_nlri(bytes.fromhex(field), IPV4_UNICAST, add_path=True)


PREFIXES = [
    ("0.0.0.0/0", IPV4_UNICAST, "00"),
    ("10.0.0.0/8", IPV4_UNICAST, "080a"),
    ("192.168.1.64/26", IPV4_UNICAST, "1ac0a80140"),
    ("10.0.0.1/32", IPV4_UNICAST, "200a000001"),
    ("::/0", IPV6_UNICAST, "00"),
    ("2001:db8::/32", IPV6_UNICAST, "2020010db8"),
    ("fd00::1/128", IPV6_UNICAST, "80fd00" + "00" * 13 + "01"),
]


@pytest.mark.parametrize(("text", "family", "key"), PREFIXES)
def test_prefix_text(text: str, family: Family, key: str) -> None:
    assert prefix_from_text(text) == (family, bytes.fromhex(key))
    assert prefix_to_text(bytes.fromhex(key), family) == text


def test_address_alone_is_its_host_prefix() -> None:
    assert prefix_from_text("10.0.0.1") == (IPV4_UNICAST, bytes.fromhex("200a000001"))


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "10.0.0/8", "", "2001:db8::1/32", "here"])
def test_prefix_text_refused(text: str) -> None:
    with pytest.raises(AddressTextError, match=f"prefix '{text}'"):
        prefix_from_text(text)


@pytest.mark.parametrize(("text", "packed"), [("10.0.0.1", "0a000001"), ("fe80::1", "fe80" + "00" * 13 + "01")])
def test_address_text(text: str, packed: str) -> None:
    assert address_from_text(text) == bytes.fromhex(packed)
    assert address_to_text(bytes.fromhex(packed)) == text


@pytest.mark.parametrize("text", ["10.0.0", "10.0.0.0/8", "", "fe80::1%eth0"])
def test_address_text_refused(text: str) -> None:
    with pytest.raises(AddressTextError, match="address"):
        address_from_text(text)


@pytest.mark.parametrize("length", [0, 3, 5, 32])
def test_packed_address_refused(length: int) -> None:
    with pytest.raises(AddressTextError, match=f"found {length}"):
        address_to_text(bytes(length))
