"""Addresses and prefixes as this package uses them: canonical text, compared by number.

Canonical text is what `ipaddress` prints: IPv6 compressed and in lower case, prefixes masked. Two
spellings of one address are one address everywhere in this package (upstream compares text, and a
peer written ``FD00::1`` never meets the node ``fd00::1``).

What it is NOT for: wire forms (``tortie.bgp.wire``), and checking the fields of resources (``tortie.model``
has done that before, and made them canonical).
"""

import functools
import ipaddress
from typing import Final

from tortie.fabric.errors import AddressUnusable
from tortie.model.fields import Expected, parse_address

IPV4: Final = "ipv4"
IPV6: Final = "ipv6"
FAMILIES: Final = (IPV4, IPV6)
FAMILY_TITLES: Final = {IPV4: "IPv4", IPV6: "IPv6"}


def family_of(text: str) -> str:
    """Return "ipv4" or "ipv6" for the text of an address or prefix."""
    return IPV6 if ":" in text else IPV4


ADDRESSES_KEPT: Final = 65_536
"""Sort keys of addresses that are kept: those of the peers of the largest reflector."""


@functools.lru_cache(maxsize=ADDRESSES_KEPT)
def address_key(text: str) -> tuple[int, int]:
    """Return the sort key of an address: version, then number (upstream's text order puts .10 before .9)."""
    address = ipaddress.ip_address(text)
    return address.version, int(address)


def prefix_key(text: str) -> tuple[int, int, int]:
    """Return the sort key of a prefix: version, number, length."""
    network = ipaddress.ip_network(text)
    return network.version, int(network.network_address), network.prefixlen


def sorted_prefixes(texts: set[str]) -> tuple[str, ...]:
    """Return prefixes in numeric order."""
    return tuple(sorted(texts, key=prefix_key))


def speaker_address(option: str, text: str, family: str) -> str:
    """Return the canonical text of an address that a caller gave.

    Args:
        option: what it was given as, for the message.
        text: the address.
        family: "ipv4" or "ipv6".

    Raises:
        AddressUnusable: no address, of the other family, or one that no host can have.
    """
    try:
        return parse_address(text, 6 if family == IPV6 else 4)
    except Expected as problem:
        raise AddressUnusable(option, text, problem.expected) from problem


def is_host_prefix(text: str) -> bool:
    """Return whether a prefix is a single address: /32 or /128."""
    network = ipaddress.ip_network(text)
    return network.prefixlen == network.max_prefixlen


def prefix_length(text: str) -> int:
    """Return the length of a prefix in bits."""
    return int(text.rsplit("/", 1)[1])


def covering_prefixes(text: str) -> list[str]:
    """Return the prefix itself and every shorter one that covers it, longest first (at most 129)."""
    network = ipaddress.ip_network(text)
    return [str(network.supernet(new_prefix=length)) for length in range(network.prefixlen, -1, -1)]


def host_prefix(address: str) -> str:
    """Return the /32 or /128 of an address."""
    return str(ipaddress.ip_network(address))
