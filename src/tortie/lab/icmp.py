"""ICMP echo messages of the prober. Pure.

Not here: sockets (prober.py), counting (pings.py). RFC 792 (echo), RFC 4443 §4.1 and §4.2, RFC 1071 (checksum).

    0        1        2                 4                 6                 8
    +--------+--------+-----------------+-----------------+-----------------+
    |  type  |  code  |    checksum     |   identifier    | sequence number |
    +--------+--------+-----------------+-----------------+-----------------+
    |  "tort"  |  pair index (4 octets)  |  number of the echo (8 octets)   |
    +----------+-------------------------+----------------------------------+

The payload, which the far end returns as it is, says which echo it was: 16 bits would not number them all.
"""

import socket
import struct
from typing import Final, NamedTuple

__all__ = [
    "ECHO_REPLY_V4",
    "ECHO_REPLY_V6",
    "ICMP6_FILTER",
    "ICMP_FILTER",
    "Echo",
    "decode_reply",
    "encode_request",
    "reply_filter",
]

ECHO_REPLY_V4: Final = 0
ECHO_REQUEST_V4: Final = 8
ECHO_REQUEST_V6: Final = 128
ECHO_REPLY_V6: Final = 129

SOL_RAW: Final = 255
ICMP_FILTER: Final = 1
ICMP6_FILTER: Final = 1
"""Socket options of raw sockets, linux/icmp.h and linux/icmpv6.h."""

MAGIC: Final = b"tort"
IPV4_HEADER_BYTES_MIN: Final = 20

_HEADER: Final = struct.Struct("!BBHHH")
_PAYLOAD: Final = struct.Struct("!4sIQ")


class Echo(NamedTuple):
    """Which echo a reply answers: the pair it belongs to, and its number among all echoes of the prober."""

    pair_index: int
    number: int


def encode_request(echo: Echo, identifier: int, family: int) -> bytes:
    """Return an echo request; for IPv6 the kernel fills in the checksum (RFC 3542 §3.1).

    Args:
        echo: what the payload says.
        identifier: 16 bits, the prober's own.
        family: AF_INET or AF_INET6.
    """
    kind = ECHO_REQUEST_V4 if family == socket.AF_INET else ECHO_REQUEST_V6
    payload = _PAYLOAD.pack(MAGIC, echo.pair_index, echo.number)
    sequence = echo.number & 0xFFFF
    checksum = 0
    if family == socket.AF_INET:
        checksum = _checksum(_HEADER.pack(kind, 0, 0, identifier, sequence) + payload)
    return _HEADER.pack(kind, 0, checksum, identifier, sequence) + payload


def decode_reply(data: bytes, identifier: int, family: int) -> Echo | None:
    """Return the echo that a packet of a raw socket answers, None if it is not a reply to this prober.

    Args:
        data: for IPv4 with the IP header in front, for IPv6 without.
        identifier: the prober's own.
        family: AF_INET or AF_INET6.
    """
    expected = ECHO_REPLY_V6
    if family == socket.AF_INET:
        if len(data) < IPV4_HEADER_BYTES_MIN:
            return None
        data = data[(data[0] & 0x0F) * 4 :]
        expected = ECHO_REPLY_V4
    if len(data) < _HEADER.size + _PAYLOAD.size:
        return None
    kind, _, _, found_identifier, _ = _HEADER.unpack_from(data)
    magic, pair_index, number = _PAYLOAD.unpack_from(data, _HEADER.size)
    if kind != expected or found_identifier != identifier or magic != MAGIC:
        return None
    return Echo(pair_index, number)


def reply_filter(family: int) -> tuple[int, int, bytes]:
    """Return the setsockopt() arguments that let a raw socket see echo replies only: level, option, value.

    In the value a bit of 1 blocks the type of that number.
    """
    if family == socket.AF_INET:
        return SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF & ~(1 << ECHO_REPLY_V4))
    blocked = [0xFFFFFFFF] * 8
    blocked[ECHO_REPLY_V6 >> 5] &= ~(1 << (ECHO_REPLY_V6 & 31))
    return socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("=8I", *blocked)


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071); the data has an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
