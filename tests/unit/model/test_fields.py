"""One row per rule of the shared field types."""

from collections.abc import Callable
from enum import StrEnum

import pytest

from tortie.model import fields
from tortie.model.fields import Expected
from tortie.model.scalars import BooleanWord, FloatText, IntegerText

Validator = Callable[[object], object]


def row(validator: Validator, value: object, expected: object, name: str) -> object:
    return pytest.param(validator, value, expected, id=name)


GOOD = [
    row(fields.parse_as_number, 64512, 64512, "as-number"),
    row(fields.parse_as_number, 1, 1, "as-least"),
    row(fields.parse_as_number, 4294967295, 4294967295, "as-greatest"),
    row(fields.parse_as_number, "64512", 64512, "as-decimal-text"),
    row(fields.parse_as_number, "1.10", 65546, "as-dotted"),
    row(fields.parse_as_number, "65535.65535", 4294967295, "as-dotted-greatest"),
    row(fields.parse_as_number, "0.1", 1, "as-dotted-low-half"),
    row(fields.parse_as_number, FloatText("1.10"), 65546, "as-dotted-without-quotes"),
    row(fields.parse_as_number, IntegerText("064512", 64512), 64512, "as-leading-zero"),
    row(fields.as_text, True, "true", "text-of-true"),
    row(fields.as_text, False, "false", "text-of-false"),
    row(fields.as_text, IntegerText("010", 10), "010", "text-of-number-as-written"),
    row(fields.as_text, FloatText("1.10"), "1.10", "text-of-fraction-as-written"),
    row(fields.as_text, BooleanWord("no"), "no", "text-of-no"),
    row(fields.as_text, 5, "5", "text-of-int"),
    row(fields.as_boolean, True, True, "boolean"),
    row(fields.as_boolean, BooleanWord("Off"), False, "boolean-off"),
    row(fields.as_integer, 5, 5, "integer"),
    row(fields.integer_between(1, 3), 3, 3, "integer-at-limit"),
    row(fields.check_name, "a", "a", "name-short"),
    row(fields.check_name, "kube-node1.rack-2", "kube-node1.rack-2", "name-dotted"),
    row(fields.check_name, "a" * 253, "a" * 253, "name-longest"),
    row(fields.check_name, IntegerText("5", 5), "5", "name-number"),
    row(fields.check_timestamp, "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z", "time-utc"),
    row(fields.check_timestamp, "2026-01-31T13:30:00+01:30", "2026-01-31T12:00:00Z", "time-zone"),
    row(fields.check_duration, "1m30s", "1m30s", "duration"),
    row(fields.check_duration, "0", "0", "duration-zero"),
    row(fields.check_duration, "1.5h", "1.5h", "duration-fraction"),
    row(fields.parse_address, "10.10.31.168", "10.10.31.168", "address-v4"),
    row(fields.parse_address, "FD00:0::1", "fd00::1", "address-v6-canonical"),
    row(fields.parse_address, "ffee::10", "ffee::10", "address-v6-multicast-is-tolerated"),
    row(fields.parse_network, "10.0.0.0/8", "10.0.0.0/8", "network-v4"),
    row(fields.parse_network, "FD00::/64", "fd00::/64", "network-v6"),
    row(fields.parse_network, "0.0.0.0/0", "0.0.0.0/0", "network-all"),
    row(fields.parse_ipv4_interface_address, "10.10.31.193/24", "10.10.31.193/24", "interface-keeps-host-bits"),
    row(fields.parse_ipv4_interface_address, "10.10.31.193", "10.10.31.193/32", "interface-bare-v4"),
    row(fields.parse_ipv6_interface_address, "2001::103/64", "2001::103/64", "interface-v6"),
    row(fields.parse_ipv6_interface_address, "2001:0::103", "2001::103/128", "interface-bare-v6"),
    row(fields.parse_address_or_interface, "10.0.0.1", "10.0.0.1", "either-bare"),
    row(fields.parse_address_or_interface, "fd00::1/64", "fd00::1/64", "either-with-length"),
    row(fields.parse_host_network, "10.0.0.1/32", "10.0.0.1/32", "host-network"),
    row(fields.parse_host_network, "fd00::1", "fd00::1/128", "host-network-bare"),
    row(fields.parse_cluster_id, "1.0.0.1", "1.0.0.1", "cluster-id"),
    row(fields.parse_cluster_id, "", "", "cluster-id-none"),
]

BAD = [
    row(fields.parse_as_number, 0, "AS number", "as-zero-rfc7607"),
    row(fields.parse_as_number, 4294967296, "AS number", "as-too-great"),
    row(fields.parse_as_number, "4294967296", "AS number", "as-text-too-great"),
    row(fields.parse_as_number, -1, "AS number", "as-negative"),
    row(fields.parse_as_number, "65536.0", "AS number", "as-high-half-too-great"),
    row(fields.parse_as_number, "0.65536", "AS number", "as-low-half-too-great"),
    row(fields.parse_as_number, "1.2.3", "AS number", "as-three-parts"),
    row(fields.parse_as_number, "", "AS number", "as-empty"),
    row(fields.parse_as_number, "64512 ", "AS number", "as-space"),
    row(fields.parse_as_number, "\u0661", "AS number", "as-arabic-digit"),
    row(fields.parse_as_number, True, "AS number", "as-boolean"),
    row(fields.parse_as_number, None, "AS number", "as-null"),
    row(fields.parse_as_number, "9" * 5000, "AS number", "as-very-long"),
    row(fields.as_text, {}, "text", "text-mapping"),
    row(fields.as_boolean, "true", "true or false", "boolean-quoted"),
    row(fields.as_boolean, 1, "true or false", "boolean-number"),
    row(fields.as_integer, "5", "whole number", "integer-quoted"),
    row(fields.as_integer, True, "whole number", "integer-boolean"),
    row(fields.as_integer, FloatText("5.0"), "whole number", "integer-fraction"),
    row(fields.integer_between(1, 3), 4, "from 1 to 3", "integer-above"),
    row(fields.integer_between(1, 3), 0, "from 1 to 3", "integer-below"),
    row(fields.check_name, "", "a name", "name-empty"),
    row(fields.check_name, "Node1", "lower case", "name-upper-case"),
    row(fields.check_name, "a" * 254, "at most 253", "name-too-long"),
    row(fields.check_name, "-a", "a name", "name-leading-dash"),
    row(fields.check_name, "a.", "a name", "name-trailing-dot"),
    row(fields.check_name, "a..b", "a name", "name-two-dots"),
    row(fields.check_name, "a_b", "a name", "name-underscore"),
    row(fields.check_name, "a\n", "a name", "name-newline"),
    row(fields.check_timestamp, "yesterday", "a time", "time-word"),
    row(fields.check_timestamp, "2026-01-31T12:00:00", "zone", "time-without-zone"),
    row(fields.check_duration, "90", "a duration", "duration-without-unit"),
    row(fields.check_duration, "-1s", "a duration", "duration-negative"),
    row(fields.parse_address, "10.10.31", "an IP address", "address-short"),
    row(fields.parse_address, "10.10.31.256", "an IP address", "address-octet"),
    row(fields.parse_address, "10.0.0.01", "an IP address", "address-leading-zero"),
    row(fields.parse_address, "10.0.0.1/24", "an IP address", "address-with-length"),
    row(fields.parse_address, "fe80::1%eth0", "an IP address", "address-with-zone"),
    row(fields.parse_address, "0.0.0.0", "single host", "address-unspecified"),
    row(fields.parse_address, "::", "single host", "address-unspecified-v6"),
    row(fields.parse_address, "224.0.0.5", "single host", "address-multicast"),
    row(fields.parse_address, "255.255.255.255", "single host", "address-broadcast"),
    row(fields.parse_ipv4_address, "fd00::1", "an IPv4 address", "address-wrong-family"),
    row(fields.parse_ipv6_address, "10.0.0.1", "an IPv6 address", "address-wrong-family-v6"),
    row(fields.parse_network, "10.0.0.1/8", "such as 10.0.0.0/8", "network-host-bits"),
    row(fields.parse_network, "10.0.0.0", "a network", "network-without-length"),
    row(fields.parse_network, "10.0.0.0/255.0.0.0", "a network", "network-with-mask"),
    row(fields.parse_network, "10.0.0.0/33", "a network", "network-length"),
    row(fields.parse_ipv4_interface_address, "fd00::1/64", "IPv4", "interface-wrong-family"),
    row(fields.parse_ipv4_interface_address, "0.0.0.0/0", "single host", "interface-unspecified"),
    row(fields.parse_host_network, "10.0.0.0/24", "/32", "host-network-too-wide"),
    row(fields.parse_host_network, "pod", "single address", "host-network-word"),
    row(fields.parse_cluster_id, "0.0.0.0", "other than 0.0.0.0", "cluster-id-zero"),
    row(fields.parse_cluster_id, "1", "IPv4 notation", "cluster-id-number"),
    row(fields.parse_cluster_id, "fd00::1", "IPv4 notation", "cluster-id-v6"),
]


@pytest.mark.parametrize(("validator", "value", "expected"), GOOD)
def test_accepts(validator: Validator, value: object, expected: object) -> None:
    assert validator(value) == expected


@pytest.mark.parametrize(("validator", "value", "expected"), BAD)
def test_refuses_and_says_what_was_expected(validator: Validator, value: object, expected: str) -> None:
    with pytest.raises(Expected) as caught:
        validator(value)
    assert expected in caught.value.expected


@pytest.mark.rfc("7607", "2")
def test_as_zero_is_refused() -> None:
    with pytest.raises(Expected, match="from 1 to 4294967295"):
        fields.parse_as_number("0.0")


class Colour(StrEnum):
    NONE = ""
    RED = "Red"
    GREEN = "Green"


@pytest.mark.parametrize("text", ["Red", "red", "RED"])
def test_words_count_in_any_case(text: str) -> None:
    assert fields.word_of(Colour)(text) is Colour.RED


def test_empty_word_may_stand_for_another() -> None:
    assert fields.word_of(Colour, empty_means=Colour.GREEN)("") is Colour.GREEN


def test_wrong_word_names_the_nearest() -> None:
    with pytest.raises(Expected) as caught:
        fields.word_of(Colour)("gren")
    assert (caught.value.expected, caught.value.nearest) == ("one of Red, Green", "Green")


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90s", 90), ("1m30s", 90), ("2h", 7200), ("1.5s", 1.5), ("250ms", 0.25)]
)
def test_durations_in_seconds(text: str, seconds: float) -> None:
    assert fields.duration_s(text) == pytest.approx(seconds)
