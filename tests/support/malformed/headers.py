"""Headers, and messages whose length is wrong.

RFC 4271 §6.1; RFC 7313 §5; RFC 8654 §4.
"""

from typing import Final

from support.malformed.bench import capability, med, update
from support.malformed.bench import open_message as bench_open
from support.malformed.row import PEER_AS, Kind, Reaction, Side
from support.malformed.words import (
    ACCEPT,
    IGNORE,
    both,
    header,
    reset,
    wire,
)
from support.wire import PREFIX
from tortie.bgp.wire import KEEPALIVE


def _sized(side: Side, size: int) -> bytes:
    """An UPDATE of just so many octets, filled up with prefixes of 4 octets and one that is shorter."""
    room = size - len(update(side.base + med(2), PREFIX))
    count, rest = divmod(room, 4)
    prefixes = b"".join(b"\x18\x0a" + number.to_bytes(2) for number in range(count))
    shorter = (b"", b"\0", b"\x08\x0b", b"\x10\x0b\x0c")[rest]
    return update(side.base + med(2), PREFIX + prefixes + shorter)


def bad_length(length: int) -> Reaction:
    """Bad Message Length, which names it."""
    return reset(1, 2, length.to_bytes(2))


HEADERS: Final = (
    both("header.marker_zero", "a marker of zeros", "4271 §6.1", header(19, 4, marker=bytes(16)), reset(1, 1)),
    both("header.marker_last", "a marker whose last octet is FE", "4271 §6.1",
         header(19, 4, marker=b"\xff" * 15 + b"\xfe"), reset(1, 1)),
    both("header.marker_and_type", "a bad marker, and a type of 9", "4271 §6.1", header(19, 9, marker=bytes(16)),
         reset(1, 1)),
    both("header.length_0", "a length of 0", "4271 §6.1", header(0, 4), bad_length(0)),
    both("header.length_18", "a length of 18", "4271 §6.1", header(18, 4), bad_length(18)),
    both("header.length_65535", "a length of 65535", "4271 §6.1", header(65535, 2), bad_length(65535)),
    both("header.type_0", "type 0", "4271 §6.1", header(19, 0), reset(1, 3, b"\0")),
    both("header.type_6", "type 6", "4271 §6.1", header(19, 6), reset(1, 3, b"\6")),
    both("header.type_255", "type 255", "4271 §6.1", header(19, 255), reset(1, 3, b"\xff")),
    both("keepalive.20", "KEEPALIVE of 20 octets", "4271 §6.1", header(20, 4, b"\0"), bad_length(20)),
    both("keepalive.many", "three KEEPALIVEs at once", "4271 §4.4", lambda _: KEEPALIVE * 3, IGNORE),
    both("update.22", "UPDATE of 22 octets", "4271 §6.1", header(22, 2, bytes(3)), bad_length(22)),
    both("update.4096", "UPDATE of 4096 octets", "4271 §4.1", lambda side: _sized(side, 4096), ACCEPT),
    both("update.4097", "UPDATE of 4097 octets, without the Extended Message capability", "8654 §4",
         lambda side: _sized(side, 4097), bad_length(4097)),
    both("notification.20", "NOTIFICATION of 20 octets", "4271 §6.1", header(20, 3, b"\6"), bad_length(20)),
    both("route_refresh.22", "ROUTE-REFRESH of 22 octets", "4271 §6.1", header(22, 5, bytes(3)), bad_length(22)),
    both("route_refresh.24", "ROUTE-REFRESH of 24 octets", "4271 §6.1", header(24, 5, bytes(5)), bad_length(24)),
    both("route_refresh.22_enhanced", "ROUTE-REFRESH of 22 octets from a peer with capability 70", "7313 §5",
         header(22, 5, bytes(3)), reset(7, 1, header(22, 5, bytes(3))(Side(Kind.EBGP, True))),
         capabilities=capability(70)),
    both("route_refresh.24_enhanced", "ROUTE-REFRESH of 24 octets from a peer with capability 70", "7313 §5",
         header(24, 5, bytes(5)), reset(7, 1), capabilities=capability(70)),
    both("route_refresh.other_family", "ROUTE-REFRESH for a family that was not agreed on", "2918 §4",
         header(23, 5, wire("40040047")), IGNORE),
    both("route_refresh.subtype", "ROUTE-REFRESH of subtype 9", "7313 §5", header(23, 5, wire("00010901")), IGNORE),
    both("route_refresh.begin", "the beginning of a refresh that was not agreed on", "7313 §5",
         header(23, 5, wire("00010101")), IGNORE),
    both("open.established", "OPEN in Established", "6608 §4", lambda _: bench_open(PEER_AS, 9),
         reset(5, 3, b"\1")),
)  # fmt: skip
