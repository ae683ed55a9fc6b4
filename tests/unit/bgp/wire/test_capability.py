"""Capabilities: every kind, its bytes, and bytes that are wrong."""

import pytest

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    AddPath,
    Capability,
    EnhancedRouteRefresh,
    ExtendedMessage,
    ExtendedNextHop,
    FourOctetAS,
    GracefulRestart,
    LongLivedGracefulRestart,
    Multiprotocol,
    RoleCapability,
    RouteRefreshCapability,
    UnknownCapability,
    decode_capabilities,
    encode_capability,
)

ROWS: list[tuple[str, Capability, str]] = [
    ("RFC 4760", Multiprotocol(IPV6_UNICAST), "010400020001"),
    ("RFC 2918", RouteRefreshCapability(), "0200"),
    ("RFC 8950", ExtendedNextHop(((IPV4_UNICAST, 2),)), "0506000100010002"),
    ("RFC 8654", ExtendedMessage(), "0600"),
    ("RFC 4724 restarting", GracefulRestart(True, False, 120, ((IPV4_UNICAST, True),)), "4006807800010180"),
    ("RFC 8538 bare", GracefulRestart(False, True, 4095, ()), "40024fff"),
    ("RFC 6793", FourOctetAS(4200000000), "4104fa56ea00"),
    ("RFC 7911", AddPath(((IPV4_UNICAST, 3), (IPV6_UNICAST, 1))), "45080001010300020101"),
    ("RFC 7313", EnhancedRouteRefresh(), "4600"),
    (
        "long-lived graceful restart",
        LongLivedGracefulRestart(((IPV4_UNICAST, True, 0xFFFFFF), (IPV6_UNICAST, False, 1))),
        "470e00010180ffffff00020100000001",
    ),
    ("role", RoleCapability(4), "090104"),
    ("role that nobody knows", RoleCapability(200), "0901c8"),
    ("unknown", UnknownCapability(200, b"xyz"), "c80378797a"),
    ("unknown, empty", UnknownCapability(73, b""), "4900"),
]


@pytest.mark.rfc("5492", "4")
@pytest.mark.parametrize(("capability", "octets"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_there_and_back(capability: Capability, octets: str) -> None:
    assert encode_capability(capability).hex() == octets
    assert decode_capabilities(bytes.fromhex(octets)) == (capability,)


def test_several_in_order() -> None:
    data = bytes.fromhex("".join(octets for _, _, octets in ROWS))
    assert decode_capabilities(data) == tuple(capability for _, capability, _ in ROWS)


BAD = [
    ("one octet left over", "020041", "one octet left over at octet 2"),
    ("runs past", "41040000fd", "length 4 runs 1 octets past"),
    ("multiprotocol of 3", "0103000101", "multiprotocol: 3 octets, expected 4"),
    ("route refresh of 1", "020100", "route refresh: 1 octets, expected 0"),
    ("extended next hop of 5", "05050001000100", "extended next hop: 5 octets, expected entries of 6"),
    ("extended message of 1", "060100", "extended message: 1 octets"),
    ("graceful restart of 1", "400100", "graceful restart: 1 octets, expected at least 2"),
    ("graceful restart of 5", "40050000000101", "graceful restart: 3 octets, expected entries of 4"),
    ("4-octet AS of 2", "4102fde9", "4-octet AS: 2 octets, expected 4"),
    ("ADD-PATH of 3", "4503000101", "ADD-PATH: 3 octets"),
    ("enhanced route refresh of 1", "460100", "enhanced route refresh: 1 octets"),
]


@pytest.mark.rfc("4271", "6.2")
@pytest.mark.parametrize(("octets", "text"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_malformed(octets: str, text: str) -> None:
    with pytest.raises(RemoteProtocolError, match=text) as caught:
        decode_capabilities(bytes.fromhex(octets))
    assert (caught.value.code, caught.value.subcode, caught.value.data) == (2, 0, b"")


@pytest.mark.rfc("7911", "4")
@pytest.mark.parametrize("mode", [0, 4, 255])
def test_add_path_with_another_mode_is_not_understood(mode: int) -> None:
    value = bytes((0, 1, 1, mode))
    assert decode_capabilities(b"\x45\x04" + value) == (UnknownCapability(69, value),)


@pytest.mark.parametrize(
    "capability",
    [
        UnknownCapability(200, bytes(256)),
        UnknownCapability(256, b""),
        FourOctetAS(1 << 32),
        GracefulRestart(False, False, 4096, ()),
        GracefulRestart(False, False, -1, ()),
        AddPath(((IPV4_UNICAST, 256),)),
    ],
)
def test_out_of_range(capability: Capability) -> None:
    with pytest.raises(LocalProtocolError):
        encode_capability(capability)


def test_longest_value() -> None:
    capability = UnknownCapability(200, bytes(255))
    assert decode_capabilities(encode_capability(capability)) == (capability,)
