"""UPDATE: its lengths, and its prefixes outside MP_REACH_NLRI.

RFC 4271 §4.3, §6.3; RFC 7606 §5; RFC 7911 §3.
"""

from typing import Final

from support.malformed.bench import capability, update
from support.malformed.words import (
    ACCEPT,
    IGNORE,
    WITHDRAWN,
    announced,
    both,
    raw_update,
    reset,
    wire,
)
from support.wire import ORIGIN, PREFIX, attribute
from tortie.bgp.wire import MessageType, encode_message

ADD_PATH = capability(69, wire("00010102"))
IDENTIFIED = wire("00000001") + PREFIX
LENGTHS = reset(3, 1)
NETWORK = reset(3, 10)

NLRI: Final = (
    both("update.withdrawn_overrun", "withdrawn routes longer than the message", "7606 §3 j, 4271 §6.3",
         raw_update(wire("00ff0000")), LENGTHS),
    both("update.withdrawn_swallows", "withdrawn routes that leave no room for the attributes' length", "4271 §6.3",
         raw_update(wire("0003 18c000")), LENGTHS),
    both("update.attributes_overrun", "attributes longer than the message", "4271 §6.3", raw_update(wire("000000ff")),
         LENGTHS),
    both("update.attributes_one_more", "attributes one octet longer than the message", "4271 §6.3",
         lambda side: encode_message(MessageType.UPDATE,
                                     b"\0\0" + (len(side.base) + 1).to_bytes(2) + side.base), LENGTHS),
    both("update.empty", "nothing at all: End-of-RIB", "4724 §2", raw_update(bytes(4)), IGNORE),
    both("nlri.length_33", "a prefix of 33 bits", "7606 §5.3", announced(wire("21c000020000")), NETWORK),
    both("nlri.length_255", "a prefix of 255 bits", "7606 §5.3", announced(b"\xff" + bytes(32)), NETWORK),
    both("nlri.cut", "a prefix that is cut short", "7606 §5.3", announced(wire("18c000")), NETWORK),
    both("nlri.one_good_one_cut", "a sound prefix and one that is cut short", "7606 §5.3",
         announced(PREFIX + wire("20c000")), NETWORK),
    both("nlri.host_bits", "a prefix with bits beyond its length", "4271 §4.3", announced(wire("17c00003") + PREFIX),
         ACCEPT),
    both("nlri.twice", "a prefix twice", "4271 §4.3", announced(PREFIX * 2), ACCEPT),
    both("nlri.default", "0.0.0.0/0 beside another prefix", "4271 §4.3", announced(b"\0" + PREFIX), ACCEPT),
    both("nlri.multicast", "224.0.0.0/4 beside another prefix", "4271 §6.3", announced(wire("04e0") + PREFIX), ACCEPT),
    both("nlri.withdrawn_too", "a prefix withdrawn and announced in one UPDATE", "4271 §4.3",
         announced(PREFIX, PREFIX), ACCEPT),
    both("withdrawn.sound", "a withdrawal", "4271 §4.3", lambda _: update(withdrawn=PREFIX), WITHDRAWN),
    both("withdrawn.unknown", "a withdrawal of what was never announced", "4271 §4.3",
         lambda _: update(withdrawn=wire("18c00003")), IGNORE),
    both("withdrawn.length_33", "a withdrawn prefix of 33 bits", "7606 §5.3",
         lambda _: update(withdrawn=wire("21c000020000")), NETWORK),
    both("withdrawn.cut", "a withdrawn prefix that is cut short", "7606 §5.3", lambda _: update(withdrawn=wire("18c0")),
         NETWORK),
    both("no_nlri.sound", "sound attributes, and no prefix at all", "7606 §5.2", lambda side: update(side.base),
         IGNORE),
    both("no_nlri.malformed", "an ORIGIN of 3, and no prefix at all", "7606 §5.2",
         lambda _: update(attribute(0x40, 1, b"\3")), reset(3, 6)),
    both("no_nlri.withdrawn", "an ORIGIN of 3 beside a withdrawal", "7606 §5.2",
         lambda _: update(attribute(0x40, 1, b"\3"), withdrawn=PREFIX), reset(3, 6)),
    both("no_nlri.discard", "an ATOMIC_AGGREGATE of 1 octet beside a withdrawal", "7606 §5.2",
         lambda _: update(attribute(0x40, 6, b"x"), withdrawn=PREFIX), WITHDRAWN),
    both("no_nlri.overrun", "an attribute that runs past the others, and no prefix at all", "7606 §4, §5.2",
         lambda _: update(ORIGIN + wire("c06303")), reset(3, 1)),
    both("add_path.sound", "a path identifier and a prefix", "7911 §3", announced(IDENTIFIED), ACCEPT,
         capabilities=ADD_PATH),
    both("add_path.absent", "a prefix without its path identifier", "7911 §3, 7606 §5.3", announced(PREFIX), NETWORK,
         capabilities=ADD_PATH),
    both("add_path.cut", "half a path identifier", "7911 §3, 7606 §5.3", announced(IDENTIFIED + bytes(2)), NETWORK,
         capabilities=ADD_PATH),
    both("add_path.withdrawn", "a withdrawn prefix without its path identifier", "7911 §3, 7606 §5.3",
         lambda _: update(withdrawn=PREFIX), NETWORK, capabilities=ADD_PATH),
    both("add_path.not_agreed", "a path identifier of 0.0.0.33 that was not agreed on", "7606 §5.3",
         announced(wire("00000021") + PREFIX), NETWORK),
)  # fmt: skip
