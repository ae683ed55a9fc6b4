"""MP_REACH_NLRI and MP_UNREACH_NLRI.

RFC 4760; RFC 2545 §3; RFC 7606 §3, §5, §7.11, §7.12.
"""

from typing import Final

from support.malformed.bench import med, update
from support.malformed.row import LOCAL_AS, PEER_AS, Reaction, Row
from support.malformed.updates import LENGTHS
from support.malformed.values import AS_LOOP
from support.malformed.words import (
    ACCEPT,
    IGNORE,
    WITHDRAW,
    WITHDRAWN,
    Message,
    both,
    reset,
    wire,
)
from support.wire import NEXT_HOP, NEXT_HOP6, ORIGIN, PREFIX, PREFIX6, attribute, mp_reach, mp_unreach


def reached(raw: bytes, more: bytes = b"", nlri: bytes = b"") -> Message:
    """An UPDATE whose attributes are `raw`, those of a route without NEXT_HOP, and `more`."""
    return lambda side: update(raw + ORIGIN + side.as_path(PEER_AS) + med(2) + more, nlri)


def with_next_hop(next_hop: bytes) -> Message:
    """An UPDATE for the IPv6 route with this next hop."""
    return reached(mp_reach(PREFIX6, next_hop))


NO_PREFIXES = reset(3, 9)
LINK_LOCAL = wire("fe80" + "00" * 13 + "01")


def six(name: str, what: str, rfc: str, message: Message, reaction: Reaction) -> Row:
    """A row about the IPv6 route."""
    return both(name, what, rfc, message, reaction, touches="6")


MULTIPROTOCOL_ROWS: Final = (
    six("mp_reach.sound", "MP_REACH_NLRI as it should be", "4760 §3", reached(mp_reach()), ACCEPT),
    six("mp_reach.last", "MP_REACH_NLRI behind the other attributes", "7606 §5.1",
        lambda side: update(ORIGIN + side.as_path(PEER_AS) + med(2) + mp_reach()), ACCEPT),
    six("mp_reach.flags.optional", "MP_REACH_NLRI without the Optional bit", "7606 §3 c",
        reached(mp_reach(flags=0x00)), WITHDRAW),
    six("mp_reach.flags.transitive", "MP_REACH_NLRI with the Transitive bit", "7606 §3 c",
        reached(mp_reach(flags=0xC0)), WITHDRAW),
    six("mp_reach.flags.partial", "MP_REACH_NLRI with the Partial bit", "7606 §3 c", reached(mp_reach(flags=0xA0)),
        ACCEPT),
    six("mp_reach.length_0", "MP_REACH_NLRI of no octet", "7606 §7.11", reached(attribute(0x80, 14)), NO_PREFIXES),
    six("mp_reach.length_2", "MP_REACH_NLRI of 2 octets", "7606 §7.11", reached(attribute(0x80, 14, b"\0\2")),
        NO_PREFIXES),
    six("mp_reach.length_4", "MP_REACH_NLRI that ends with the next hop's length", "7606 §7.11",
        reached(attribute(0x80, 14, b"\0\2\1\x10")), NO_PREFIXES),
    six("mp_reach.overrun", "MP_REACH_NLRI that runs past the attributes", "7606 §3 j",
        lambda side: update(ORIGIN + side.as_path(PEER_AS) + b"\x80\x0e\xff" + b"\0\2\1\x10" + NEXT_HOP6), NO_PREFIXES),
    six("mp_reach.again", "MP_REACH_NLRI twice", "7606 §3 g", reached(mp_reach() + mp_reach()), LENGTHS),
    six("mp_reach.next_hop_0", "MP_REACH_NLRI with a next hop of no octet", "7606 §7.11", with_next_hop(b""),
        NO_PREFIXES),
    six("mp_reach.next_hop_4", "MP_REACH_NLRI for IPv6 with a next hop of 4 octets", "7606 §7.11",
        with_next_hop(b"\x0a\0\0\1"), NO_PREFIXES),
    six("mp_reach.next_hop_15", "MP_REACH_NLRI with a next hop of 15 octets", "7606 §7.11",
        with_next_hop(NEXT_HOP6[:15]), NO_PREFIXES),
    six("mp_reach.next_hop_24", "MP_REACH_NLRI with a next hop of 24 octets", "7606 §7.11",
        with_next_hop(bytes(8) + NEXT_HOP6), NO_PREFIXES),
    six("mp_reach.next_hop_33", "MP_REACH_NLRI with a next hop of 33 octets", "7606 §7.11",
        with_next_hop(NEXT_HOP6 * 2 + b"\0"), NO_PREFIXES),
    six("mp_reach.next_hop_overrun", "MP_REACH_NLRI whose next hop runs past it", "7606 §7.11",
        reached(attribute(0x80, 14, b"\0\2\1\x20" + NEXT_HOP6)), NO_PREFIXES),
    six("mp_reach.next_hop_32", "MP_REACH_NLRI with a link-local next hop as well", "2545 §3",
        with_next_hop(NEXT_HOP6 + LINK_LOCAL), ACCEPT),
    six("mp_reach.next_hop_zero", "MP_REACH_NLRI with the next hop ::", "4271 §6.3", with_next_hop(bytes(16)),
        WITHDRAW),
    six("mp_reach.next_hop_multicast", "MP_REACH_NLRI with the next hop ff02::1", "4271 §6.3",
        with_next_hop(wire("ff02" + "00" * 13 + "01")), WITHDRAW),
    six("mp_reach.reserved", "MP_REACH_NLRI whose reserved octet is 1", "4760 §3",
        reached(attribute(0x80, 14, b"\0\2\1\x10" + NEXT_HOP6 + b"\1" + PREFIX6)), ACCEPT),
    six("mp_reach.no_prefix", "MP_REACH_NLRI without a prefix", "7606 §5.2", reached(mp_reach(b"")), IGNORE),
    six("mp_reach.length_129", "MP_REACH_NLRI with a prefix of 129 bits", "7606 §5.3",
        reached(mp_reach(b"\x81" + bytes(17))), NO_PREFIXES),
    six("mp_reach.cut", "MP_REACH_NLRI with a prefix that is cut short", "7606 §5.3", reached(mp_reach(b"\x40\x20\1")),
        NO_PREFIXES),
    six("mp_reach.no_origin", "MP_REACH_NLRI and no ORIGIN", "7606 §3 d",
        lambda side: update(mp_reach() + side.as_path(PEER_AS)), WITHDRAW),
    six("mp_reach.no_as_path", "MP_REACH_NLRI and no AS_PATH", "7606 §3 d", lambda _: update(mp_reach() + ORIGIN),
        WITHDRAW),
    six("mp_reach.bad_origin", "MP_REACH_NLRI and an ORIGIN of 3", "7606 §7.1",
        lambda side: update(mp_reach() + attribute(0x40, 1, b"\3") + side.as_path(PEER_AS)), WITHDRAW),
    six("mp_reach.bad_next_hop", "MP_REACH_NLRI beside a NEXT_HOP of 3 octets", "4760 §3",
        reached(mp_reach(), attribute(0x40, 3, bytes(3))), ACCEPT),
    six("mp_reach.other_family", "MP_REACH_NLRI of a family that was not agreed on", "4760 §7",
        reached(mp_reach(family=b"\0\x19\x41")), IGNORE),
    six("mp_reach.vpn", "MP_REACH_NLRI of IPv6 VPN", "4760 §7", reached(mp_reach(family=b"\0\2\x80")), IGNORE),
    six("mp_reach.own_as", "MP_REACH_NLRI and our own AS in AS_PATH", "4271 §9.1.2",
        lambda side: update(mp_reach() + ORIGIN + side.as_path(PEER_AS, LOCAL_AS)), AS_LOOP),
    both("mp_reach.ipv4", "MP_REACH_NLRI for IPv4", "4760 §3",
         reached(mp_reach(PREFIX, bytes((10, 0, 0, 1)), b"\0\1\1")), ACCEPT),
    both("mp_reach.ipv4_next_hop_3", "MP_REACH_NLRI for IPv4 with a next hop of 3 octets", "7606 §7.11",
         reached(mp_reach(PREFIX, bytes((10, 0, 0)), b"\0\1\1")), NO_PREFIXES),
    both("mp_reach.and_nlri", "MP_REACH_NLRI with prefixes behind the attributes as well", "7606 §5.1",
         reached(mp_reach(), NEXT_HOP, PREFIX), ACCEPT, touches="46"),
    both("mp_reach.and_nlri_no_next_hop", "the same without NEXT_HOP", "7606 §3 d", reached(mp_reach(), b"", PREFIX),
         WITHDRAW, touches="46"),
    six("mp_unreach.sound", "MP_UNREACH_NLRI as it should be", "4760 §4", lambda _: update(mp_unreach()), WITHDRAWN),
    six("mp_unreach.flags.optional", "MP_UNREACH_NLRI without the Optional bit", "7606 §3 c",
        lambda _: update(mp_unreach(flags=0x00)), WITHDRAWN),
    six("mp_unreach.flags.transitive", "MP_UNREACH_NLRI with the Transitive bit", "7606 §3 c",
        lambda _: update(mp_unreach(flags=0xC0)), WITHDRAWN),
    six("mp_unreach.length_0", "MP_UNREACH_NLRI of no octet", "7606 §7.12", lambda _: update(attribute(0x80, 15)),
        NO_PREFIXES),
    six("mp_unreach.length_2", "MP_UNREACH_NLRI of 2 octets", "7606 §7.12",
        lambda _: update(attribute(0x80, 15, b"\0\2")), NO_PREFIXES),
    six("mp_unreach.overrun", "MP_UNREACH_NLRI that runs past the attributes", "7606 §3 j",
        lambda _: update(b"\x80\x0f\xff\0\2\1"), NO_PREFIXES),
    six("mp_unreach.again", "MP_UNREACH_NLRI twice", "7606 §3 g", lambda _: update(mp_unreach() * 2), LENGTHS),
    six("mp_unreach.length_129", "MP_UNREACH_NLRI with a prefix of 129 bits", "7606 §5.3",
        lambda _: update(mp_unreach(b"\x81" + bytes(17))), NO_PREFIXES),
    six("mp_unreach.cut", "MP_UNREACH_NLRI with a prefix that is cut short", "7606 §5.3",
        lambda _: update(mp_unreach(b"\x40\x20\1")), NO_PREFIXES),
    six("mp_unreach.empty", "MP_UNREACH_NLRI without a prefix: End-of-RIB", "4724 §2",
        lambda _: update(mp_unreach(b"")),
        IGNORE),
    six("mp_unreach.other_family", "MP_UNREACH_NLRI of a family that was not agreed on", "4760 §7",
        lambda _: update(mp_unreach(family=b"\0\x19\x41")), IGNORE),
    six("mp_unreach.bad_origin", "MP_UNREACH_NLRI beside an ORIGIN of 3", "7606 §5.2",
        lambda _: update(mp_unreach() + attribute(0x40, 1, b"\3")), reset(3, 6)),
    six("mp_unreach.and_reach", "MP_UNREACH_NLRI and MP_REACH_NLRI for one prefix", "4760 §3",
        reached(mp_unreach() + mp_reach()), ACCEPT),
)  # fmt: skip
