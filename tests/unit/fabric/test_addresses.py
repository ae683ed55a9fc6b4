"""tests of tortie.fabric.addresses."""

import pytest

from tortie.fabric.addresses import (
    address_key,
    covering_prefixes,
    family_of,
    is_host_prefix,
    prefix_length,
    sorted_prefixes,
    speaker_address,
)
from tortie.fabric.errors import AddressUnusable


@pytest.mark.parametrize(
    ("text", "family", "expected"),
    [
        pytest.param("10.0.0", "ipv4", "IP '10.0.0': expected an IPv4 address", id="no address"),
        pytest.param("fd00::1", "ipv4", "IP 'fd00::1': expected an IPv4 address", id="other family"),
        pytest.param("10.0.0.1", "ipv6", "IP '10.0.0.1': expected an IPv6 address", id="other family again"),
        pytest.param("0.0.0.0", "ipv4", "IP '0.0.0.0': expected the address of a single host", id="nobody's"),
    ],
)
def test_speaker_address_says_what_is_wrong(text: str, family: str, expected: str) -> None:
    with pytest.raises(AddressUnusable) as caught:
        speaker_address("IP", text, family)
    assert str(caught.value).startswith(expected)
    assert (caught.value.option, caught.value.value) == ("IP", text)


def test_speaker_address_is_canonical() -> None:
    assert speaker_address("IP6", "FD00:0::1", "ipv6") == "fd00::1"


def test_addresses_sort_by_number_not_as_text() -> None:
    addresses = ["10.0.0.10", "fd00::10", "10.0.0.9", "fd00::9"]
    assert sorted(addresses, key=address_key) == ["10.0.0.9", "10.0.0.10", "fd00::9", "fd00::10"]


def test_prefixes_sort_by_number_then_length() -> None:
    prefixes = {"10.10.0.0/16", "10.9.0.0/16", "10.9.0.0/24", "fd00::/64"}
    assert sorted_prefixes(prefixes) == ("10.9.0.0/16", "10.9.0.0/24", "10.10.0.0/16", "fd00::/64")


def test_prefix_questions() -> None:
    assert [family_of("10.0.0.0/8"), family_of("fd00::/8")] == ["ipv4", "ipv6"]
    assert [is_host_prefix(text) for text in ("10.0.0.1/32", "10.0.0.0/31", "fd00::1/128")] == [True, False, True]
    assert prefix_length("fd00::/64") == 64


def test_covering_prefixes_go_from_itself_to_everything() -> None:
    assert covering_prefixes("192.0.0.0/3") == ["192.0.0.0/3", "192.0.0.0/2", "128.0.0.0/1", "0.0.0.0/0"]
