"""OPEN: there and back, and every error of RFC 4271 6.2 that its bytes can have."""

import pytest

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire import (
    IPV4_UNICAST,
    Capability,
    EnhancedRouteRefresh,
    FourOctetAS,
    Multiprotocol,
    Open,
    RouteRefreshCapability,
    UnknownCapability,
    decode_open,
    encode_open,
)

FIXED = "04 fde9 005a 0a000001"


def body(octets: str) -> bytes:
    return bytes.fromhex(octets)


@pytest.mark.rfc("4271", "4.2")
def test_without_parameters() -> None:
    message = decode_open(body(FIXED + "00"))
    assert message == Open(asn=65001, hold_time_s=90, router_id=0x0A000001)
    assert message.version == 4


@pytest.mark.rfc("5492", "4")
@pytest.mark.parametrize(
    "parameters",
    ["0c 02 0a 010400010001 0200 4600", "10 02 06 010400010001 02 02 0200 02 02 4600"],
    ids=["one parameter", "a parameter each"],
)
def test_capabilities_in_order(parameters: str) -> None:
    message = decode_open(body(FIXED + parameters))
    assert message.capabilities == (Multiprotocol(IPV4_UNICAST), RouteRefreshCapability(), EnhancedRouteRefresh())


@pytest.mark.rfc("6793", "4.1")
def test_real_as_comes_from_the_capability() -> None:
    message = decode_open(body("04 5ba0 005a 0a000001 08 02 06 4104 00011170"))
    assert message.asn == 70000
    assert message.capabilities == (FourOctetAS(70000),)


@pytest.mark.rfc("6793", "4.1")
def test_as_trans_is_sent_for_a_four_octet_as() -> None:
    encoded = encode_open(Open(asn=70000, hold_time_s=90, router_id=1, capabilities=(FourOctetAS(70000),)))
    assert encoded[20:22].hex() == "5ba0"
    assert decode_open(encoded[19:]).asn == 70000


@pytest.mark.rfc("9072", "2")
@pytest.mark.parametrize("old_length", ["ff", "01"], ids=["as sent", "length is ignored once the type is seen"])
def test_extended_parameters(old_length: str) -> None:
    message = decode_open(body(FIXED + old_length + "ff 0009 02 0006 4104 0000fde9"))
    assert message.capabilities == (FourOctetAS(65001),)


@pytest.mark.rfc("9072", "2")
@pytest.mark.parametrize("size", [249, 250, 251, 252, 253, 254, 255, 600], ids=lambda size: f"{size} octets")
def test_capabilities_of_any_size(size: int) -> None:
    capabilities: list[Capability] = []
    while size > 255 + 2:
        capabilities.append(UnknownCapability(200, bytes(98)))
        size -= 100
    capabilities.append(UnknownCapability(201, bytes(size - 2)))
    message = Open(asn=1, hold_time_s=0, router_id=1, capabilities=tuple(capabilities))
    encoded = encode_open(message)
    assert decode_open(encoded[19:]) == message
    total = sum(len(c.value) + 2 for c in capabilities if isinstance(c, UnknownCapability))
    assert (encoded[28] == 255 and encoded[29] == 255) == (total > 253)


BAD = [
    ("too short", "04 fde9 005a 0a0000", 1, 2, "001b"),
    ("version 3", "03 fde9 005a 0a000001 00", 2, 1, "0004"),
    ("version 5", "05 fde9 005a 0a000001 00", 2, 1, "0004"),
    ("AS 0", "04 0000 005a 0a000001 00", 2, 2, ""),
    ("AS 0 in the capability (RFC 7607)", FIXED + "08 02 06 4104 00000000", 2, 2, ""),
    ("router id 0", "04 fde9 005a 00000000 00", 2, 3, ""),
    ("authentication parameter", FIXED + "04 01 02 0000", 2, 4, ""),
    ("hold time 1", "04 fde9 0001 0a000001 00", 2, 6, ""),
    ("hold time 2", "04 fde9 0002 0a000001 00", 2, 6, ""),
    ("parameters longer than the message", FIXED + "05 02 02 0200", 2, 0, ""),
    ("octets after the parameters", FIXED + "04 02 02 0200 00", 2, 0, ""),
    ("parameters without length", FIXED + "00 02", 2, 0, ""),
    ("parameter runs past", FIXED + "04 02 03 0200", 2, 0, ""),
    ("parameter without room for its length", FIXED + "05 02 02 0200 02", 2, 0, ""),
    ("capability runs past its parameter", FIXED + "04 02 02 0201", 2, 0, ""),
    ("extended parameters after length 0", FIXED + "00 ff 0009 02 0006 4104 0000fde9", 2, 0, ""),
    ("extended parameters cut short", FIXED + "ff ff 00", 2, 0, ""),
    ("extended parameters too long", FIXED + "ff ff 0006 02 0002 0200", 2, 0, ""),
    ("extended parameter runs past", FIXED + "ff ff 0005 02 0003 0200", 2, 0, ""),
    ("extended parameter without its length", FIXED + "ff ff 0002 02 00", 2, 0, ""),
]


@pytest.mark.rfc("4271", "6.2")
@pytest.mark.rfc("7607", "2")
@pytest.mark.rfc("6286", "2.2")
@pytest.mark.parametrize(("octets", "code", "subcode", "data"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_refused(octets: str, code: int, subcode: int, data: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_open(body(octets))
    assert (caught.value.code, caught.value.subcode, caught.value.data.hex()) == (code, subcode, data)


@pytest.mark.rfc("4271", "4.2")
@pytest.mark.parametrize("hold_time_s", [0, 3, 65535])
def test_hold_time_limits(hold_time_s: int) -> None:
    message = Open(asn=1, hold_time_s=hold_time_s, router_id=1)
    assert decode_open(encode_open(message)[19:]) == message


@pytest.mark.parametrize(
    "message",
    [
        Open(asn=0, hold_time_s=90, router_id=1),
        Open(asn=65536, hold_time_s=90, router_id=1),
        Open(asn=1 << 32, hold_time_s=90, router_id=1, capabilities=(FourOctetAS(1),)),
        Open(asn=1, hold_time_s=2, router_id=1),
        Open(asn=1, hold_time_s=65536, router_id=1),
        Open(asn=1, hold_time_s=90, router_id=0),
        Open(asn=1, hold_time_s=90, router_id=1 << 32),
        Open(asn=1, hold_time_s=90, router_id=1, capabilities=(UnknownCapability(9, bytes(255)),) * 16),
    ],
)
def test_not_encoded(message: Open) -> None:
    with pytest.raises(LocalProtocolError, match="OPEN: "):
        encode_open(message)
