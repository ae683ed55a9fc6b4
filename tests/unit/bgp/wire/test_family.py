"""Address families: names, numbers, longest prefixes."""

import pytest

from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family, family_from_name


@pytest.mark.parametrize(
    ("family", "name", "bits"),
    [
        (IPV4_UNICAST, "ipv4", 32),
        (IPV6_UNICAST, "ipv6", 128),
        (Family(1, 2), "1/2", 32),
        (Family(2, 128), "2/128", 128),
    ],
)
@pytest.mark.rfc("4760", "3")
def test_name_and_bits(family: Family, name: str, bits: int) -> None:
    assert family.name == name
    assert family.prefix_bits_max == bits


def test_from_name() -> None:
    assert family_from_name("ipv4") is IPV4_UNICAST
    assert family_from_name("ipv6") is IPV6_UNICAST
    with pytest.raises(LocalProtocolError, match=r"'ipv5': expected one of ipv4, ipv6"):
        family_from_name("ipv5")


def test_bits_of_another_address_family() -> None:
    with pytest.raises(LocalProtocolError, match="25/70"):
        _ = Family(25, 70).prefix_bits_max
