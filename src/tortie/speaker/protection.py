"""What protects the sockets of a peer: a TCP-MD5 password, and how many hops away it may be.

For: the socket options of both, for sockets that dial, listen and are connected, in both families. Not for: where a
password comes from (node) and which peer has one (`SessionOptions`).
RFC sections: 2385 (TCP-MD5), 5082 §3 (GTSM: packets go with TTL 255 and are taken from 256 - hops on).
Structures to know: `Password`; `Passwords`, address or prefix → password.

Linux keeps the keys of a socket by address, or by range of addresses, whatever the port is. A connection that was
accepted has the key under which it came, and its key may be replaced while it lasts. Layouts: tcp(7), ip(7), ipv6(7),
linux/tcp.h.
"""

import errno
import socket
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final

__all__ = [
    "PASSWORD_BYTES_MAX",
    "Password",
    "Passwords",
    "forget_password",
    "password_of",
    "place_of",
    "prepare_listener",
    "set_password",
    "set_ttl_security",
    "syn_hops",
]

PASSWORD_BYTES_MAX: Final = 80
"""TCP_MD5SIG_MAXKEYLEN: what Linux takes."""

TTL_MAX: Final = 255
TTL_OF_SYSTEM: Final = -1
NO_TTL_MIN: Final = 0

TCP_MD5SIG: Final = 14
TCP_MD5SIG_EXT: Final = 32
TCP_MD5SIG_FLAG_PREFIX: Final = 1
TCP_SAVE_SYN: Final = 27
TCP_SAVED_SYN: Final = 28
IP_MINTTL: Final = 21
IPV6_MINHOPCOUNT: Final = 73

SOCKADDR_STORAGE_BYTES: Final = 128
SYN_BYTES_MAX: Final = 512
TTL_OCTET_V4: Final = 8
HOP_LIMIT_OCTET_V6: Final = 7
_IPV6_VERSION: Final = 6


@dataclass(frozen=True, slots=True)
class Password:
    """A TCP-MD5 password, 1 to 80 octets. It is never shown: not by `repr`, not in messages.

    Raises ValueError for a length that cannot be used.
    """

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Check the length."""
        if not 1 <= len(self.value) <= PASSWORD_BYTES_MAX:
            raise ValueError(f"{len(self.value)} octets, expected 1 to {PASSWORD_BYTES_MAX} (TCP-MD5)")


Passwords = Mapping[str, Password]
"""Remote address, or range of addresses such as "10.0.0.0/8", in canonical text → password."""


def place_of(places: Collection[str], address: str) -> str | None:
    """Return which of some addresses and ranges holds an address: itself, else the longest range; None if none does."""
    if not places or address in places:
        return address if places else None
    remote = ip_address(address)
    holding = [each for each in places if "/" in each and remote in ip_network(each)]
    return max(holding, key=lambda each: ip_network(each).prefixlen, default=None)


def password_of(passwords: Passwords, address: str) -> Password | None:
    """Return the password for an address: its own, else that of the longest range that holds it."""
    place = place_of(passwords, address)
    return None if place is None else passwords[place]


def set_password(sock: socket.socket, where: str, password: Password) -> None:
    """Demand and send the password on a socket's segments from and to an address or range; replaces a former one.

    Raises:
        OSError: the kernel has no TCP-MD5, or does not take it.
    """
    _set_key(sock, where, password.value)


def forget_password(sock: socket.socket, where: str) -> None:
    """Demand none any more; without effect if none was demanded."""
    try:
        _set_key(sock, where, b"")
    except FileNotFoundError:
        return


def set_ttl_security(sock: socket.socket, hops: int) -> None:
    """Let a connected or dialling socket take packets of peers at most so many hops away only; 0 = from anywhere.

    RFC 5082 §3: what we send leaves with TTL 255 then.
    """
    lowest = TTL_MAX + 1 - hops if hops else NO_TTL_MIN
    _set_ttl(sock, TTL_MAX if hops else TTL_OF_SYSTEM)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MINHOPCOUNT, lowest)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_MINTTL, lowest)


def prepare_listener(sock: socket.socket, *, keeps_syn: bool) -> None:
    """Have a listening socket answer with TTL 255, so that peers with GTSM take the answer, and keep SYNs if wanted.

    Which TTL is the lowest cannot be said of a listening socket: it is one for all peers, so the SYN is looked at.
    """
    _set_ttl(sock, TTL_MAX)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_SAVE_SYN, int(keeps_syn))


def syn_hops(sock: socket.socket) -> int | None:
    """Return how many hops away a peer is, by the TTL of the SYN that an accepted socket came with.

    None where the kernel did not keep it: the listener was not yet asked to.
    """
    syn = sock.getsockopt(socket.IPPROTO_TCP, TCP_SAVED_SYN, SYN_BYTES_MAX)
    octet = HOP_LIMIT_OCTET_V6 if sock.family == socket.AF_INET6 else TTL_OCTET_V4
    return TTL_MAX + 1 - syn[octet] if len(syn) > octet else None


def _set_ttl(sock: socket.socket, ttl: int) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)


def _set_key(sock: socket.socket, where: str, key: bytes) -> None:
    network = ip_network(where)
    if (network.version == _IPV6_VERSION) != (sock.family == socket.AF_INET6):
        raise OSError(errno.EAFNOSUPPORT, f"{where} is not of the socket's family")
    is_range = network.prefixlen < network.max_prefixlen
    option = TCP_MD5SIG_EXT if is_range else TCP_MD5SIG
    flags = TCP_MD5SIG_FLAG_PREFIX if is_range else 0
    address = network.network_address.packed
    if network.version == _IPV6_VERSION:
        end = struct.pack("@HHI16sI", socket.AF_INET6, 0, 0, address, 0)
    else:
        end = struct.pack("@HH4s", socket.AF_INET, 0, address)
    tail = struct.pack(f"@BBHi{PASSWORD_BYTES_MAX}s", flags, network.prefixlen if is_range else 0, len(key), 0, key)
    sock.setsockopt(socket.IPPROTO_TCP, option, end.ljust(SOCKADDR_STORAGE_BYTES, b"\0") + tail)
