"""ROUTE-REFRESH: bytes, subtypes, and bodies of a wrong length."""

import pytest

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family, RouteRefresh, decode_route_refresh, encode_route_refresh

ROWS = [
    ("request", RouteRefresh(IPV4_UNICAST), "00010001"),
    ("beginning", RouteRefresh(IPV6_UNICAST, 1), "00020101"),
    ("end", RouteRefresh(IPV6_UNICAST, 2), "00020201"),
    ("another family", RouteRefresh(Family(16388, 71)), "40040047"),
    ("another subtype", RouteRefresh(IPV4_UNICAST, 255), "0001ff01"),
]


@pytest.mark.rfc("2918", "3")
@pytest.mark.rfc("7313", "3.2")
@pytest.mark.parametrize(("refresh", "octets"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_there_and_back(refresh: RouteRefresh, octets: str) -> None:
    encoded = encode_route_refresh(refresh)
    assert encoded.hex() == "ff" * 16 + "001705" + octets
    assert decode_route_refresh(bytes.fromhex(octets)) == refresh


@pytest.mark.rfc("7313", "5")
@pytest.mark.parametrize("length", [0, 3, 5, 100])
def test_wrong_length(length: int) -> None:
    with pytest.raises(RemoteProtocolError) as plain:
        decode_route_refresh(bytes(length))
    assert (plain.value.code, plain.value.subcode, plain.value.data) == (1, 2, (19 + length).to_bytes(2))
    with pytest.raises(RemoteProtocolError) as enhanced:
        decode_route_refresh(bytes(length), is_enhanced=True)
    assert (enhanced.value.code, enhanced.value.subcode) == (7, 1)
    assert enhanced.value.data.hex() == "ff" * 16 + f"{19 + length:04x}05" + "00" * length


@pytest.mark.parametrize(
    "refresh", [RouteRefresh(Family(1, 256)), RouteRefresh(Family(65536, 1)), RouteRefresh(IPV4_UNICAST, 256)]
)
def test_not_encoded(refresh: RouteRefresh) -> None:
    with pytest.raises(LocalProtocolError, match="ROUTE-REFRESH"):
        encode_route_refresh(refresh)
