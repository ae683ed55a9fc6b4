"""Prefixes on the wire (NLRI) and as text.

For: cutting a field of prefixes into keys, and keys and addresses to text and back. Not for: what a
prefix means, or where the field stands in an UPDATE (`update`). RFC 4271 §4.3, RFC 7911 §3.

Structure to know: an NLRI key is the wire form itself, `bytes`, with the bits beyond the length zeroed:

    +---------------+-----------------------------+
    | length (bits) | prefix, ceil(length/8) octets |        with ADD-PATH: path identifier (4) before it
    +---------------+-----------------------------+
"""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from tortie.bgp.errors import AddressTextError, NLRIError
from tortie.bgp.wire.family import AFI_IPV4, IPV4_UNICAST, IPV6_UNICAST, Family

PATH_ID_LENGTH: Final = 4
_IPV4_LENGTH: Final = 4
_IPV6_LENGTH: Final = 16
_IPV4_VERSION: Final = 4


def decode_nlri(data: bytes, family: Family, add_path: bool = False) -> list[bytes]:
    """Cut a field of prefixes into NLRI keys, in order.

    Args:
        data: the field; empty gives an empty list.
        family: decides the longest prefix allowed.
        add_path: each prefix is preceded by a 4-octet path identifier (RFC 7911), kept in the key.
    Returns:
        One key a prefix. Bits beyond a prefix's length are zeroed (RFC 4271 §4.3: "irrelevant").
    Raises:
        NLRIError: a length beyond the family's, or a prefix that runs past the field.
    Cost: O(len(data)); about 0.1 us a prefix, three times that where `walk_nlri` must do it (ADD-PATH,
        trailing bits to clear, odd IPv6 lengths).
    """
    if not add_path:
        pattern = _IPV4_KEY if family.afi == AFI_IPV4 else _IPV6_KEY
        keys: list[bytes] = pattern.findall(data)
        # findall() steps over octets that begin no key. None was stepped over: the walk takes the same steps.
        if len(b"".join(keys)) == len(data):
            return keys
    return walk_nlri(data, family, add_path)


def walk_nlri(data: bytes, family: Family, add_path: bool = False) -> list[bytes]:
    """Do what `decode_nlri` does, prefix by prefix: the reference version, and the one that names faults."""
    keys: list[bytes] = []
    bits_max = family.prefix_bits_max
    path_id_length = PATH_ID_LENGTH if add_path else 0
    start = 0
    while start < len(data):
        length_index = start + path_id_length
        if length_index >= len(data):
            raise NLRIError(f"{family.name} NLRI at octet {start}: the field ends inside a path identifier")
        length = data[length_index]
        if length > bits_max:
            raise NLRIError(f"{family.name} NLRI at octet {start}: length {length}, at most {bits_max} expected")
        end = length_index + 1 + (length + 7) // 8
        if end > len(data):
            raise NLRIError(f"{family.name} NLRI at octet {start}: /{length} runs {end - len(data)} octets past")
        keys.append(_cleared(data[start:end], length))
        start = end
    return keys


def _cleared(key: bytes, length: int) -> bytes:
    trailing = -length % 8
    if key and trailing and key[-1] & ((1 << trailing) - 1):
        return key[:-1] + bytes((key[-1] >> trailing << trailing,))
    return key


def _key_expression(length: int) -> bytes:
    """Return an expression that matches the clean keys of one prefix length."""
    octets, trailing = (length + 7) // 8, -length % 8
    if not trailing:
        return re.escape(bytes((length,))) + b".{%d}" % octets
    last = b"".join(b"\\x%02x" % octet for octet in range(0, 256, 1 << trailing))
    return re.escape(bytes((length,))) + b".{%d}[%b]" % (octets - 1, last)


def _key_pattern(lengths: Iterable[int]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(_key_expression, dict.fromkeys(lengths))), re.DOTALL)


# The frequent lengths first: alternatives are tried in order. IPv6 lengths that are left out are walked.
_IPV4_KEY: Final = _key_pattern((24, 32, 26, 22, 23, *range(32, -1, -1)))
_IPV6_KEY: Final = _key_pattern((48, 128, 122, 64, 32, *range(128, -1, -4)))


def split_path_id(key: bytes) -> tuple[int, bytes]:
    """Return the path identifier and the plain NLRI key of a key with ADD-PATH (RFC 7911 §3)."""
    return int.from_bytes(key[:PATH_ID_LENGTH]), key[PATH_ID_LENGTH:]


def join_path_id(path_id: int, nlri: bytes) -> bytes:
    """Return the key with ADD-PATH of a plain NLRI key; `path_id` is 32-bit unsigned."""
    return path_id.to_bytes(PATH_ID_LENGTH) + nlri


def prefix_to_text(nlri: bytes, family: Family) -> str:
    """Return a plain NLRI key (no path identifier) as text: `10.0.0.0/8`, `2001:db8::/32`."""
    size = family.prefix_bits_max // 8
    return f"{address_to_text(nlri[1:].ljust(size, bytes(1)))}/{nlri[0]}"


def prefix_from_text(text: str) -> tuple[Family, bytes]:
    """Return the family and NLRI key of a prefix; an address alone means its host prefix.

    Raises:
        AddressTextError: no prefix, or bits are set beyond its length.
    """
    try:
        network = ip_network(text)
    except ValueError as error:
        raise AddressTextError(f"prefix {text!r}: {error}") from error
    family = IPV4_UNICAST if network.version == _IPV4_VERSION else IPV6_UNICAST
    length = network.prefixlen
    return family, bytes((length,)) + network.network_address.packed[: (length + 7) // 8]


def address_to_text(packed: bytes) -> str:
    """Return an address of 4 or 16 octets as text.

    Raises:
        AddressTextError: `packed` has another length.
    """
    if len(packed) == _IPV4_LENGTH:
        return f"{packed[0]}.{packed[1]}.{packed[2]}.{packed[3]}"
    if len(packed) == _IPV6_LENGTH:
        return IPv6Address(packed).compressed
    raise AddressTextError(f"address {packed.hex()!r}: expected 4 or 16 octets, found {len(packed)}")


def address_from_text(text: str) -> bytes:
    """Return an address as 4 or 16 octets.

    Raises:
        AddressTextError: `text` is no IPv4 or IPv6 address, or carries a zone.
    """
    try:
        address = ip_address(text)
    except ValueError as error:
        raise AddressTextError(f"address {text!r}: expected an IPv4 or IPv6 address") from error
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise AddressTextError(f"address {text!r}: expected no zone")
    return address.packed
