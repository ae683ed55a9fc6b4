"""Field types that the resource kinds share: names, addresses, AS numbers, scalars.

Each is an ``Annotated`` type whose validator turns what a person may write into one canonical
form and raises `Expected` otherwise. What it is NOT for: rules between fields (those stand with
their kind), and I/O of any sort.

Canonical forms: an address is text as `ipaddress` prints it (IPv6 compressed, lower case), a
network is masked, a node address keeps its host bits and always shows a prefix length, an AS
number is an int (RFC 6793: 32 bits; RFC 5396 for the dotted form).

The scalars that a YAML loader makes (``scalars.py``) keep the text that stood in the file, so a
string field gets what was typed: ``100:5`` stays ``100:5`` and ``1.10`` stays ``1.10``.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, TypeVar

from pydantic import BeforeValidator

from tortie.model.errors import nearest_name
from tortie.model.scalars import BooleanWord, FloatText, IntegerText

Item = TypeVar("Item")

AS_NUMBER_MAX: Final = 4294967295
AS_NUMBER_PART_MAX: Final = 65535
"""Of each half of the ``hi.lo`` form."""
AS_NUMBER_DIGITS_MAX: Final = 10
NAME_LENGTH_MAX: Final = 253
LABEL_KEY_LENGTH_MAX: Final = 512

IPV4: Final = 4
IPV6: Final = 6
_BROADCAST = ipaddress.IPv4Address("255.255.255.255")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


class Expected(ValueError):
    """Raised by validators: says what was expected.

    Attributes:
        expected: what should stand there.
        field: for rules between fields, the JSON names and indexes that lead from the model to the one at fault.
        nearest: the allowed word most similar to what was written, or None.
    """

    def __init__(self, expected: str, field: tuple[str | int, ...] = (), nearest: str | None = None) -> None:
        """Keep the parts of the message."""
        self.expected = expected
        self.field = field
        self.nearest = nearest
        super().__init__(expected)


# ---------------------------------------------------------------- plain scalars


def as_text(value: object) -> str:
    """Return a scalar as the text that was written; booleans as ``true`` and ``false``."""
    if type(value) is str:  # nearly every time
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, IntegerText | FloatText):
        return value.text
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float):
        return str(value)
    raise Expected("text")


def as_boolean(value: object) -> bool:
    """Return a boolean; YAML's yes, no, on, off are accepted where a boolean is meant, quoted text is not."""
    if isinstance(value, BooleanWord):
        return value.boolean
    if isinstance(value, bool):
        return value
    raise Expected("true or false")


def as_integer(value: object) -> int:
    """Return an integer; text and fractions are not integers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise Expected("a whole number")


@dataclass(frozen=True, slots=True)
class IntegerBetween:
    """A validator of integers from `low` to `high`, both included."""

    low: int
    high: int

    def __call__(self, value: object) -> int:
        """Return the integer."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.low <= value <= self.high:
            raise Expected(f"a whole number from {self.low} to {self.high}")
        return int(value)


def integer_between(low: int, high: int) -> IntegerBetween:
    """Return a validator of integers from `low` to `high`, both included."""
    return IntegerBetween(low, high)


@dataclass(frozen=True, slots=True)
class EntriesBetween:
    """A validator of lists of `low` to `high` entries, both included; None means no upper bound.

    For lists whose entries are already judged (``AfterValidator``), so that a wrong entry is not also a missing one.
    """

    low: int
    high: int | None = None

    def __call__(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Return the list."""
        if len(items) < self.low or (self.high is not None and len(items) > self.high):
            raise Expected(self._expected())
        return items

    def _expected(self) -> str:
        if self.high is None:
            return f"a list of at least {self.low} " + ("entry" if self.low == 1 else "entries")
        is_one = self.low == self.high == 1
        return "a list of exactly one entry" if is_one else f"a list of {self.low} to {self.high} entries"


# ---------------------------------------------------------------- AS numbers


def parse_as_number(value: object) -> int:
    """Return an AS number from a number, decimal text or ``hi.lo`` (RFC 5396), 1 to 4294967295.

    RFC 7607: no speaker has AS 0, so it is refused here though Calico's type has room for it.
    """
    number = _as_number_or_none(value)
    if number is None or number == 0:
        raise Expected('an AS number from 1 to 4294967295, or "hi.lo" with each part from 0 to 65535')
    return number


def _as_number_or_none(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, str | int | FloatText):
        return None
    text = as_text(value)
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= AS_NUMBER_DIGITS_MAX for part in parts):
        return None
    match [int(part) for part in parts]:
        case [number] if number <= AS_NUMBER_MAX:
            return number
        case [high, low] if high <= AS_NUMBER_PART_MAX and low <= AS_NUMBER_PART_MAX:
            return high << 16 | low
    return None


# ---------------------------------------------------------------- names


def check_name(value: object) -> str:
    """Return a name that is a DNS-1123 subdomain of at most 253 characters."""
    text = as_text(value)
    if len(text) > NAME_LENGTH_MAX or not _NAME.fullmatch(text):
        raise Expected(
            "a name of lower case letters, digits, '-' and '.', that starts and ends with a letter or digit "
            f"(at most {NAME_LENGTH_MAX} characters)"
        )
    return text


def check_timestamp(value: object) -> str:
    """Return a time as RFC 3339 in UTC with ``Z``."""
    text = as_text(value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Expected("a time such as 2026-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        raise Expected("a time with its zone, such as 2026-01-31T12:00:00Z")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# ---------------------------------------------------------------- durations

_DURATION_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern})+")


def check_duration(value: object) -> str:
    """Return a duration as written, such as ``90s`` or ``1m30s``."""
    text = as_text(value)
    if text != "0" and not _DURATION.fullmatch(text):
        raise Expected("a duration such as 90s or 1m30s")
    return text


def duration_s(text: str) -> float:
    """Return a validated duration in seconds."""
    return sum(float(number) * _DURATION_UNITS[unit] for number, unit in _DURATION_PART.findall(text))


# ---------------------------------------------------------------- addresses

_FAMILY_TEXT: Final[dict[int | None, str]] = {None: "IP", IPV4: "IPv4", IPV6: "IPv6"}


def parse_address(value: object, version: int | None = None) -> str:
    """Return a unicast IP address in canonical text; `version` 4 or 6 restricts the family."""
    family = _FAMILY_TEXT[version]
    text = as_text(value)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Expected(f"an {family} address") from None
    if "%" in text or version not in (None, address.version):
        raise Expected(f"an {family} address")
    _check_unicast(address)
    return str(address)


def _check_unicast(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Refuse what no single host can have: 0.0.0.0, ::, 255.255.255.255 and IPv4 multicast.

    IPv6 multicast passes: peers such as ``ffee::10`` stand in Calico's own configurations.
    """
    is_multicast = address.version == IPV4 and address.is_multicast
    if address.is_unspecified or is_multicast or address == _BROADCAST:
        raise Expected("the address of a single host")


def parse_ipv4_address(value: object) -> str:
    """Return an IPv4 address."""
    return parse_address(value, IPV4)


def parse_ipv6_address(value: object) -> str:
    """Return an IPv6 address."""
    return parse_address(value, IPV6)


def parse_network(value: object) -> str:
    """Return an IP network in canonical text; host bits must be zero."""
    text = as_text(value)
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        raise Expected("a network such as 192.168.0.0/16 or fd00::/64") from None
    if "%" in text or "/" not in text or not text.rsplit("/", 1)[1].isdigit():
        raise Expected("a network such as 192.168.0.0/16 or fd00::/64")
    if interface.ip != interface.network.network_address:
        raise Expected(f"a network without host bits, such as {interface.network}")
    return str(interface.network)


def parse_network_of(version: int) -> Callable[[object], str]:
    """Return a validator of networks of one family."""
    example = "192.168.0.0/16" if version == IPV4 else "fd00::/64"

    def validate(value: object) -> str:
        network = parse_network(value)
        if (":" in network) != (version == IPV6):
            raise Expected(f"an IPv{version} network such as {example}")
        return network

    return validate


def parse_interface_address(value: object, version: int) -> str:
    """Return ``address/length`` in canonical text, host bits kept; a bare address becomes /32 or /128."""
    text = as_text(value)
    example = "10.0.0.1/24" if version == IPV4 else "fd00::1/64"
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        raise Expected(f"an IPv{version} address with prefix length, such as {example}") from None
    if "%" in text or interface.version != version:
        raise Expected(f"an IPv{version} address with prefix length, such as {example}")
    _check_unicast(interface.ip)
    return interface.with_prefixlen


def parse_ipv4_interface_address(value: object) -> str:
    """Return an IPv4 address with prefix length."""
    return parse_interface_address(value, IPV4)


def parse_ipv6_interface_address(value: object) -> str:
    """Return an IPv6 address with prefix length."""
    return parse_interface_address(value, IPV6)


def parse_address_or_interface(value: object) -> str:
    """Return an address of either family in canonical text, with prefix length where one was written."""
    text = as_text(value)
    if "/" not in text:
        return parse_address(text)
    return parse_interface_address(text, IPV6 if ":" in text else IPV4)


def parse_host_network(value: object) -> str:
    """Return a /32 or /128 in canonical text; a bare address gets its length."""
    text = as_text(value)
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise Expected("a single address such as 192.168.0.1/32") from None
    if network.prefixlen != network.max_prefixlen or "%" in text:
        raise Expected("a single address: /32 for IPv4, /128 for IPv6")
    return str(network)


def parse_cluster_id(value: object) -> str:
    """Return a cluster id in IPv4 notation (RFC 4456 §7); empty text means none, 0.0.0.0 is refused."""
    text = as_text(value)
    if text == "":
        return ""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise Expected("a cluster id in IPv4 notation, such as 1.0.0.1") from None
    if int(address) == 0:
        raise Expected("a cluster id other than 0.0.0.0")
    return str(address)


# ---------------------------------------------------------------- words


def word_of(words: type[StrEnum], *, empty_means: StrEnum | None = None) -> Callable[[object], StrEnum]:
    """Return a validator of the values of an enumeration, in any case; "" may stand for one of them."""
    by_folded = {member.value.lower(): member for member in words}

    def validate(value: object) -> StrEnum:
        text = as_text(value)
        if text == "" and empty_means is not None:
            return empty_means
        member = by_folded.get(text.lower())
        if member is None:
            known = [item.value for item in words if item.value]
            raise Expected("one of " + ", ".join(known), nearest=nearest_name(text, known))
        return member

    return validate


_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")


def parse_mac(value: object) -> str:
    """Return a MAC address in lower case; YAML's sexagesimal reading of ``11:22:...`` does not get here."""
    text = as_text(value)
    if not _MAC.fullmatch(text):
        raise Expected("a MAC address such as ee:ee:ee:ee:ee:ee")
    return text.lower()


Text = Annotated[str, BeforeValidator(as_text)]
MACText = Annotated[str, BeforeValidator(parse_mac)]
Boolean = Annotated[bool, BeforeValidator(as_boolean)]
Integer = Annotated[int, BeforeValidator(as_integer)]
ASNumber = Annotated[int, BeforeValidator(parse_as_number)]
Name = Annotated[str, BeforeValidator(check_name)]
Timestamp = Annotated[str, BeforeValidator(check_timestamp)]
AddressText = Annotated[str, BeforeValidator(parse_address)]
IPv4AddressText = Annotated[str, BeforeValidator(parse_ipv4_address)]
IPv6AddressText = Annotated[str, BeforeValidator(parse_ipv6_address)]
NetworkText = Annotated[str, BeforeValidator(parse_network)]
IPv4InterfaceText = Annotated[str, BeforeValidator(parse_ipv4_interface_address)]
IPv6InterfaceText = Annotated[str, BeforeValidator(parse_ipv6_interface_address)]
HostNetworkText = Annotated[str, BeforeValidator(parse_host_network)]
AddressOrInterfaceText = Annotated[str, BeforeValidator(parse_address_or_interface)]
Duration = Annotated[str, BeforeValidator(check_duration)]
ClusterID = Annotated[str, BeforeValidator(parse_cluster_id)]
