"""Values that an attribute cannot have, attributes that are absent, unknown or huge, and our own numbers in them.

RFC 4271 §5, §6.3, §9.1.2; RFC 4456 §8; RFC 5065 §5; RFC 6793 §4; RFC 7606 §3, §7; RFC 7607.
"""

from typing import Final

from support.malformed.attributes import with_attribute
from support.malformed.bench import OWN_ADDRESS, OWN_CLUSTER_ID, OWN_ROUTER_ID
from support.malformed.row import LOCAL_AS, PEER_AS, Reaction, Row
from support.malformed.words import (
    ACCEPT,
    DISCARD,
    WITHDRAW,
    discard,
    reset,
    unused,
    wire,
)
from support.wire import attribute
from tortie.bgp.rib import Rejection


def value(  # noqa: PLR0917 - the columns of a row
    name: str, what: str, rfc: str, code: int, raw: bytes, ebgp: Reaction, ibgp: Reaction,
    four_octet_as: bool = True,
) -> Row:  # fmt: skip
    """A row of one attribute's value; `raw` replaces or joins the sound ones."""
    return Row(name, what, rfc, lambda side: with_attribute(side, code, raw), ebgp, ibgp, four_octet_as=four_octet_as)


def path(kind: int, *asns: int) -> bytes:
    """One segment of 4-octet AS numbers."""
    return bytes((kind, len(asns))) + b"".join(asn.to_bytes(4) for asn in asns)


def as_path(segments: bytes) -> bytes:
    """AS_PATH as it stands in an UPDATE."""
    return attribute(0x40, 2, segments)


SEQUENCE, SET, CONFED_SEQUENCE, CONFED_SET = 2, 1, 3, 4
AS_LOOP = unused(Rejection.AS_LOOP)

VALUES: Final = (
    value("origin.3", "ORIGIN 3", "7606 §7.1", 1, attribute(0x40, 1, b"\3"), WITHDRAW, WITHDRAW),
    value("origin.255", "ORIGIN 255", "7606 §7.1", 1, attribute(0x40, 1, b"\xff"), WITHDRAW, WITHDRAW),
    value("origin.absent", "no ORIGIN", "7606 §3 d", 1, b"", WITHDRAW, WITHDRAW),
    value("as_path.absent", "no AS_PATH", "7606 §3 d", 2, b"", WITHDRAW, WITHDRAW),
    value("as_path.empty", "AS_PATH empty", "4271 §5.1.2, §6.3", 2, as_path(b""), WITHDRAW, ACCEPT),
    value("as_path.kind_0", "AS_PATH segment of type 0", "7606 §7.2", 2, as_path(path(0, PEER_AS)), WITHDRAW, WITHDRAW),
    value("as_path.kind_5", "AS_PATH segment of type 5", "7606 §7.2", 2, as_path(path(5, PEER_AS)), WITHDRAW, WITHDRAW),
    value("as_path.count_0", "AS_PATH segment of no AS number", "7606 §7.2", 2, as_path(path(2)), WITHDRAW, WITHDRAW),
    value("as_path.count_0_last", "AS_PATH whose second segment is empty", "7606 §7.2", 2,
          as_path(path(2, PEER_AS) + path(1)), WITHDRAW, WITHDRAW),
    value("as_path.as_0", "AS_PATH with AS 0", "7607 §2", 2, as_path(path(2, PEER_AS, 0)), WITHDRAW, WITHDRAW),
    value("as_path.set_as_0", "AS_PATH with AS 0 in a set", "7607 §2", 2,
          as_path(path(2, PEER_AS) + path(1, 7, 0)), WITHDRAW, WITHDRAW),
    value("as_path.set", "AS_PATH that ends with a set", "4271 §4.3", 2,
          as_path(path(2, PEER_AS) + path(1, 7, 8)), ACCEPT, ACCEPT),
    value("as_path.set_first", "AS_PATH that begins with a set", "4271 §6.3", 2, as_path(path(1, PEER_AS)),
          WITHDRAW, ACCEPT),
    value("as_path.confed", "AS_PATH of a confederation sequence", "5065 §5.1", 2, as_path(path(3, PEER_AS)),
          WITHDRAW, ACCEPT),
    value("as_path.confed_set", "AS_PATH of a confederation set", "5065 §5.1", 2, as_path(path(4, PEER_AS)),
          WITHDRAW, ACCEPT),
    value("as_path.confed_later", "AS_PATH with a confederation sequence behind the peer", "5065 §5.1", 2,
          as_path(path(2, PEER_AS) + path(3, 7)), WITHDRAW, ACCEPT),
    value("as_path.other_first", "AS_PATH that begins with another AS than the peer's", "4271 §6.3", 2,
          as_path(path(2, 64999, PEER_AS)), WITHDRAW, ACCEPT),
    value("as_path.own_as", "AS_PATH with our own AS", "4271 §9.1.2", 2, as_path(path(2, PEER_AS, LOCAL_AS)),
          AS_LOOP, AS_LOOP),
    value("as_path.own_as_set", "AS_PATH with our own AS in a set", "4271 §9.1.2", 2,
          as_path(path(2, PEER_AS) + path(1, LOCAL_AS)), AS_LOOP, AS_LOOP),
    value("as_path.own_as_confed", "AS_PATH with our own AS in a confederation sequence", "4271 §9.1.2", 2,
          as_path(path(3, LOCAL_AS) + path(2, PEER_AS)), WITHDRAW, AS_LOOP),
    value("next_hop.absent", "no NEXT_HOP, and prefixes outside MP_REACH_NLRI", "7606 §3 d", 3, b"", WITHDRAW,
          WITHDRAW),
    value("next_hop.zero", "NEXT_HOP 0.0.0.0", "4271 §6.3", 3, attribute(0x40, 3, bytes(4)), WITHDRAW, WITHDRAW),
    value("next_hop.this_network", "NEXT_HOP 0.0.0.1", "4271 §6.3", 3, attribute(0x40, 3, wire("00000001")),
          WITHDRAW, WITHDRAW),
    value("next_hop.multicast", "NEXT_HOP 224.0.0.1", "4271 §6.3", 3, attribute(0x40, 3, wire("e0000001")),
          WITHDRAW, WITHDRAW),
    value("next_hop.multicast_last", "NEXT_HOP 239.255.255.255", "4271 §6.3", 3, attribute(0x40, 3, wire("efffffff")),
          WITHDRAW, WITHDRAW),
    value("next_hop.broadcast", "NEXT_HOP 255.255.255.255", "4271 §6.3", 3, attribute(0x40, 3, b"\xff" * 4),
          WITHDRAW, WITHDRAW),
    value("next_hop.ours", "NEXT_HOP that is our own address", "4271 §5.1.3", 3,
          attribute(0x40, 3, bytes(map(int, OWN_ADDRESS.split(".")))),
          unused(Rejection.OWN_NEXT_HOP), unused(Rejection.OWN_NEXT_HOP)),
    value("local_pref.absent", "no LOCAL_PREF", "7606 §3 d", 5, b"", ACCEPT, ACCEPT),
    value("aggregator.as_0", "AGGREGATOR of AS 0", "7607 §2", 7, attribute(0xC0, 7, wire("000000000a000009")),
          discard("aggregator"), discard("aggregator")),
    value("aggregator.two_octet", "AGGREGATOR of 8 octets between speakers of 2-octet AS numbers", "7606 §7.7", 7,
          attribute(0xC0, 7, wire("0000fde90a000009")), discard("aggregator"), discard("aggregator"),
          four_octet_as=False),
    value("as4_path.four_octet", "AS4_PATH from a peer with 4-octet AS numbers", "6793 §4.1", 17,
          attribute(0xC0, 17, path(2, PEER_AS)), DISCARD, DISCARD),
    value("as4_path.as_0", "AS4_PATH with AS 0", "7607 §2", 17, attribute(0xC0, 17, path(2, 0)), DISCARD, DISCARD,
          four_octet_as=False),
    value("as4_path.kind_0", "AS4_PATH segment of type 0", "6793 §6", 17, attribute(0xC0, 17, path(0, PEER_AS)),
          DISCARD, DISCARD, four_octet_as=False),
    value("as4_path.own_as", "AS4_PATH with our own AS", "4271 §9.1.2", 2,
          as_path(wire("0202fde95ba0")) + attribute(0xC0, 17, path(2, LOCAL_AS)),
          AS_LOOP, AS_LOOP, four_octet_as=False),
    value("as4_path.hides_the_first", "AS4_PATH that leaves nothing of the peer's AS", "6793 §4.2.3", 17,
          attribute(0xC0, 17, path(2, 64999)), WITHDRAW, ACCEPT, four_octet_as=False),
    value("as4_path.longer", "AS4_PATH longer than AS_PATH", "6793 §4.2.3", 17,
          attribute(0xC0, 17, path(2, LOCAL_AS, LOCAL_AS)), ACCEPT, ACCEPT, four_octet_as=False),
    value("as4_aggregator.four_octet", "AS4_AGGREGATOR from a peer with 4-octet AS numbers", "6793 §4.1", 18,
          attribute(0xC0, 18, wire("0000fde90a000009")), discard("aggregator"), discard("aggregator")),
    value("as4_aggregator.as_0", "AS4_AGGREGATOR of AS 0", "7607 §2", 18, attribute(0xC0, 18, bytes(8)),
          discard("aggregator"), discard("aggregator"), four_octet_as=False),
    value("originator_id.own", "ORIGINATOR_ID that is our own router id", "4456 §8", 9,
          attribute(0x80, 9, OWN_ROUTER_ID.to_bytes(4)), discard("originator_id"), unused(Rejection.ORIGINATOR_LOOP)),
    value("cluster_list.own", "CLUSTER_LIST with our own cluster id", "4456 §8", 10,
          attribute(0x80, 10, OWN_CLUSTER_ID.to_bytes(4)), discard("cluster_list"), unused(Rejection.CLUSTER_LOOP)),
    value("cluster_list.own_second", "CLUSTER_LIST with our own cluster id behind another", "4456 §8", 10,
          attribute(0x80, 10, wire("01000009") + OWN_CLUSTER_ID.to_bytes(4)),
          discard("cluster_list"), unused(Rejection.CLUSTER_LOOP)),
    value("unknown.transitive", "an unknown attribute, optional and transitive", "4271 §5", 99,
          attribute(0xC0, 99, b"x"), ACCEPT, ACCEPT),
    value("unknown.non_transitive", "an unknown attribute, optional", "4271 §5", 99, attribute(0x80, 99, b"x"),
          discard("unknown"), discard("unknown")),
    value("unknown.well_known", "an unknown attribute that calls itself well-known", "4271 §6.3", 99,
          attribute(0x40, 99, b"x"), reset(3, 2, attribute(0x40, 99, b"x")), reset(3, 2)),
    value("unknown.no_bits", "an unknown attribute without any bit", "4271 §6.3", 99, attribute(0, 99, b"x"),
          reset(3, 2), reset(3, 2)),
    value("unknown.code_0", "an attribute of type 0, optional and transitive", "4271 §5", 0, attribute(0xC0, 0),
          ACCEPT, ACCEPT),
    value("unknown.again", "an unknown attribute twice", "7606 §3 g", 99,
          attribute(0xC0, 99, b"x") + attribute(0xC0, 99, b"y"), ACCEPT, ACCEPT),
    value("giant.communities", "COMMUNITIES of 3900 octets", "4271 §4.3", 8, attribute(0xD0, 8, b"\xfd\xe9\0\1" * 975),
          ACCEPT, ACCEPT),
    value("giant.unknown", "an unknown attribute of 3900 octets", "4271 §5", 99, attribute(0xD0, 99, bytes(3900)),
          ACCEPT, ACCEPT),
    value("strongest.withdraw", "a LOCAL_PREF of 3 octets and an ATOMIC_AGGREGATE of 1", "7606 §3 h", 6,
          attribute(0x40, 6, b"x") + attribute(0x40, 5, bytes(3)), DISCARD, WITHDRAW),
    value("strongest.reset", "an ORIGIN of 2 octets and an unknown well-known attribute", "7606 §3 h", 1,
          attribute(0x40, 1, b"xx") + attribute(0x40, 99), reset(3, 2), reset(3, 2)),
    value("one_octet_left", "one octet behind the last attribute", "7606 §4", 99, b"\xc0", WITHDRAW, WITHDRAW),
    value("extended_header_cut", "a header of two octets of length with one of them", "7606 §4", 99, b"\xd0\x63\0",
          WITHDRAW, WITHDRAW),
    value("extended_overrun", "an attribute of 65535 octets that are not there", "7606 §4", 99, b"\xd0\x63\xff\xff",
          WITHDRAW, WITHDRAW),
)  # fmt: skip
