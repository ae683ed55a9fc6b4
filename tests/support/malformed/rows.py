"""The rows: attributes one by one (flags, lengths, overrun, again, values), then UPDATEs, headers, OPENs, the rest.

The figures of an UPDATE under test: MED 2, so that a test can tell its paths from those before (1) and after (3).
RFC 4271 §6; RFC 4760; RFC 6608; RFC 7313 §5; RFC 7606; RFC 7607; RFC 7911; RFC 9072.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from support.malformed.bench import MULTIPROTOCOL, OWN_ADDRESS, OWN_CLUSTER_ID, OWN_ROUTER_ID, capability, med, update
from support.malformed.bench import open_message as bench_open
from support.malformed.row import LOCAL_AS, PEER_AS, Kind, Reaction, Row, Side, Stage
from support.wire import NEXT_HOP, NEXT_HOP6, ORIGIN, PREFIX, PREFIX6, attribute, mp_reach, mp_unreach
from tortie.bgp.rib import Rejection
from tortie.bgp.wire import KEEPALIVE, MessageType, encode_message

__all__ = ["ROWS"]

WITHDRAW: Final = Reaction("treat-as-withdraw")
WITHDRAWN: Final = Reaction("withdraw")
ACCEPT: Final = Reaction("accept", is_usable=True)
IGNORE: Final = Reaction("ignore", is_ignored=True)
DISCARD: Final = Reaction("attribute discard", is_usable=True)
OPTIONAL, TRANSITIVE, PARTIAL, EXTENDED = 0x80, 0x40, 0x20, 0x10


def reset(code: int, subcode: int, data: bytes | None = None) -> Reaction:
    """Answer with a NOTIFICATION and end the session."""
    return Reaction(f"reset {code}/{subcode}", notification=(code, subcode), data=data)


def discard(field: str) -> Reaction:
    """Use the path as if the attribute were not there."""
    return Reaction("attribute discard", is_usable=True, absent=field)


def unused(rejection: str) -> Reaction:
    """Keep the path, and use it for nothing; what it replaces is gone."""
    return Reaction(f"do not use ({rejection})", rejection=rejection)


# ---------------------------------------------------------------- attributes, one by one


@dataclass(frozen=True)
class Attribute:
    """What RFC 7606 says of one attribute.

    Attributes:
        good: a well-formed value.
        wrong: lengths that are wrong, in words and as values.
        ebgp, ibgp: what such a length must lead to.
        rfc: where that stands.
        field: of the attribute set, where the value arrives.
        is_welcome: on external sessions too; the others discard it whatever it holds.
        four_octet_as: between which speakers it is tried.
    """

    code: int
    name: str
    flags: int
    good: bytes
    wrong: dict[str, bytes]
    ebgp: Reaction
    ibgp: Reaction
    rfc: str
    field: str
    is_welcome: bool = True
    four_octet_as: bool = True


def _h(text: str) -> bytes:
    return bytes.fromhex(text)


ATTRIBUTES: Final = (
    Attribute(1, "ORIGIN", 0x40, b"\2", {"length 0": b"", "length 2": b"\0\0"},
              WITHDRAW, WITHDRAW, "7606 §7.1", "origin"),
    Attribute(2, "AS_PATH", 0x40, _h("02010000fde9"),
              {"length 1": b"\2", "a segment cut short": _h("02020000fde9"), "an octet left over": _h("02010000fde902"),
               "2-octet AS numbers": _h("0201fde9")},
              WITHDRAW, WITHDRAW, "7606 §7.2", "as_path"),
    Attribute(3, "NEXT_HOP", 0x40, _h("0a000001"),
              {"length 0": b"", "length 3": _h("0a0000"), "length 5": _h("0a00000101"), "length 16": NEXT_HOP6},
              WITHDRAW, WITHDRAW, "7606 §7.3", "next_hop"),
    Attribute(4, "MULTI_EXIT_DISC", 0x80, _h("00000002"),
              {"length 0": b"", "length 3": bytes(3), "length 5": bytes(5)},
              WITHDRAW, WITHDRAW, "7606 §7.4", "med"),
    Attribute(5, "LOCAL_PREF", 0x40, _h("000000c8"), {"length 0": b"", "length 3": bytes(3), "length 5": bytes(5)},
              discard("local_pref"), WITHDRAW, "7606 §7.5", "local_pref", is_welcome=False),
    Attribute(6, "ATOMIC_AGGREGATE", 0x40, b"", {"length 1": b"\0", "length 4": bytes(4)},
              discard("atomic_aggregate"), discard("atomic_aggregate"), "7606 §7.6", "atomic_aggregate"),
    Attribute(7, "AGGREGATOR", 0xC0, _h("0000fde90a000009"),
              {"length 0": b"", "length 6": _h("fde90a000009"), "length 7": bytes(7), "length 9": bytes(9)},
              discard("aggregator"), discard("aggregator"), "7606 §7.7", "aggregator"),
    Attribute(8, "COMMUNITIES", 0xC0, _h("fde90001"), {"length 0": b"", "length 3": bytes(3), "length 6": bytes(6)},
              WITHDRAW, WITHDRAW, "7606 §7.8", "communities"),
    Attribute(9, "ORIGINATOR_ID", 0x80, _h("0a000009"), {"length 0": b"", "length 3": bytes(3), "length 5": bytes(5)},
              discard("originator_id"), WITHDRAW, "7606 §7.9", "originator_id", is_welcome=False),
    Attribute(10, "CLUSTER_LIST", 0x80, _h("01000009"), {"length 0": b"", "length 3": bytes(3), "length 6": bytes(6)},
              discard("cluster_list"), WITHDRAW, "7606 §7.10", "cluster_list", is_welcome=False),
    Attribute(16, "EXTENDED COMMUNITIES", 0xC0, _h("0002fde900000001"),
              {"length 0": b"", "length 7": bytes(7), "length 12": bytes(12)},
              WITHDRAW, WITHDRAW, "7606 §7.14", "unknown"),
    Attribute(17, "AS4_PATH", 0xC0, _h("02010000fde9"),
              {"length 0": b"", "length 3": _h("020100"), "an octet left over": _h("02010000fde902")},
              DISCARD, DISCARD, "6793 §6", "as_path", four_octet_as=False),
    Attribute(18, "AS4_AGGREGATOR", 0xC0, _h("0000fde90a000009"),
              {"length 0": b"", "length 6": bytes(6), "length 9": bytes(9)},
              discard("aggregator"), discard("aggregator"), "6793 §6", "origin", four_octet_as=False),
    Attribute(25, "IPv6 EXTENDED COMMUNITIES", 0xC0, bytes(20),
              {"length 0": b"", "length 19": bytes(19), "length 24": bytes(24)},
              WITHDRAW, WITHDRAW, "7606 §7.15", "unknown"),
    Attribute(32, "LARGE_COMMUNITY", 0xC0, bytes(12), {"length 0": b"", "length 11": bytes(11), "length 20": bytes(20)},
              WITHDRAW, WITHDRAW, "8092 §6", "unknown"),
)  # fmt: skip


def with_attribute(side: Side, code: int, *raw: bytes) -> bytes:
    """An UPDATE for the IPv4 route, in whose attributes those of `code` are `raw`, at the end."""
    parts = {1: ORIGIN, 2: side.as_path(PEER_AS), 3: NEXT_HOP, 4: med(2)}
    parts.pop(code, None)
    return update(b"".join(parts.values()) + b"".join(raw), PREFIX)


def _attribute_rows() -> Iterator[Row]:
    for each in ATTRIBUTES:
        yield from _flag_rows(each)
        yield from _length_rows(each)
        yield from _again_rows(each)


def _row(  # noqa: PLR0917 - the columns of a row
    each: Attribute, name: str, what: str, rfc: str, raw: tuple[bytes, ...], ebgp: Reaction, ibgp: Reaction
) -> Row:
    def message(side: Side) -> bytes:
        return with_attribute(side, each.code, *raw)

    slug = f"{each.name.replace(' ', '_').lower()}.{name}"
    return Row(slug, f"{each.name} {what}", rfc, message, ebgp, ibgp, four_octet_as=each.four_octet_as)


def _flag_rows(each: Attribute) -> Iterator[Row]:
    sound = Reaction("accept", is_usable=True)
    at_home = ACCEPT if each.is_welcome else each.ebgp
    wrong = WITHDRAW if each.is_welcome else each.ebgp
    rows = (
        ("sound", "as it should be", each.flags, at_home, sound, each.rfc),
        ("flags.optional", "with the Optional bit turned over", each.flags ^ OPTIONAL, wrong, WITHDRAW, "7606 §3 c"),
        ("flags.transitive", "with the Transitive bit turned over", each.flags ^ TRANSITIVE, wrong, WITHDRAW,
         "7606 §3 c"),
        ("flags.both", "with both bits turned over", each.flags ^ OPTIONAL ^ TRANSITIVE, wrong, WITHDRAW, "7606 §3 c"),
        ("flags.partial", "with the Partial bit", each.flags | PARTIAL, at_home, sound, "7606 §3 c"),
        ("flags.unused", "with the four unused bits", each.flags | 0x0F, at_home, sound, "4271 §4.3"),
        ("flags.extended", "with a length of two octets", each.flags | EXTENDED, at_home, sound, "4271 §4.3"),
    )  # fmt: skip
    for name, what, flags, ebgp, ibgp, rfc in rows:
        yield _row(each, name, what, rfc, (attribute(flags, each.code, each.good),), ebgp, ibgp)


def _length_rows(each: Attribute) -> Iterator[Row]:
    for what, value in each.wrong.items():
        raw = attribute(each.flags, each.code, value)
        yield _row(each, what.replace(" ", "_"), f"of {what}", each.rfc, (raw,), each.ebgp, each.ibgp)
    header = bytes((each.flags, each.code))
    overrun = header + bytes((len(each.good) + 3,)) + each.good
    yield _row(each, "overrun", "that runs past the attributes", "7606 §4", (overrun,), WITHDRAW, WITHDRAW)
    yield _row(each, "cut", "of which the header alone is there", "7606 §4", (header,), WITHDRAW, WITHDRAW)


def _again_rows(each: Attribute) -> Iterator[Row]:
    raw = attribute(each.flags, each.code, each.good)
    bad = attribute(each.flags ^ OPTIONAL, each.code, each.good)
    ebgp = Reaction("the first counts", is_usable=True) if each.is_welcome else each.ebgp
    ibgp = Reaction("the first counts", is_usable=True)
    yield _row(each, "again", "twice", "7606 §3 g", (raw, raw), ebgp, ibgp)
    yield _row(each, "again.malformed", "twice, the second one malformed", "7606 §3 g", (raw, bad), ebgp, ibgp)


# ---------------------------------------------------------------- values and absences


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
    value("next_hop.this_network", "NEXT_HOP 0.0.0.1", "4271 §6.3", 3, attribute(0x40, 3, _h("00000001")),
          WITHDRAW, WITHDRAW),
    value("next_hop.multicast", "NEXT_HOP 224.0.0.1", "4271 §6.3", 3, attribute(0x40, 3, _h("e0000001")),
          WITHDRAW, WITHDRAW),
    value("next_hop.multicast_last", "NEXT_HOP 239.255.255.255", "4271 §6.3", 3, attribute(0x40, 3, _h("efffffff")),
          WITHDRAW, WITHDRAW),
    value("next_hop.broadcast", "NEXT_HOP 255.255.255.255", "4271 §6.3", 3, attribute(0x40, 3, b"\xff" * 4),
          WITHDRAW, WITHDRAW),
    value("next_hop.ours", "NEXT_HOP that is our own address", "4271 §5.1.3", 3,
          attribute(0x40, 3, bytes(map(int, OWN_ADDRESS.split(".")))),
          unused(Rejection.OWN_NEXT_HOP), unused(Rejection.OWN_NEXT_HOP)),
    value("local_pref.absent", "no LOCAL_PREF", "7606 §3 d", 5, b"", ACCEPT, ACCEPT),
    value("aggregator.as_0", "AGGREGATOR of AS 0", "7607 §2", 7, attribute(0xC0, 7, _h("000000000a000009")),
          discard("aggregator"), discard("aggregator")),
    value("aggregator.two_octet", "AGGREGATOR of 8 octets between speakers of 2-octet AS numbers", "7606 §7.7", 7,
          attribute(0xC0, 7, _h("0000fde90a000009")), discard("aggregator"), discard("aggregator"),
          four_octet_as=False),
    value("as4_path.four_octet", "AS4_PATH from a peer with 4-octet AS numbers", "6793 §4.1", 17,
          attribute(0xC0, 17, path(2, PEER_AS)), DISCARD, DISCARD),
    value("as4_path.as_0", "AS4_PATH with AS 0", "7607 §2", 17, attribute(0xC0, 17, path(2, 0)), DISCARD, DISCARD,
          four_octet_as=False),
    value("as4_path.kind_0", "AS4_PATH segment of type 0", "6793 §6", 17, attribute(0xC0, 17, path(0, PEER_AS)),
          DISCARD, DISCARD, four_octet_as=False),
    value("as4_path.own_as", "AS4_PATH with our own AS", "4271 §9.1.2", 2,
          as_path(_h("0202fde95ba0")) + attribute(0xC0, 17, path(2, LOCAL_AS)),
          AS_LOOP, AS_LOOP, four_octet_as=False),
    value("as4_path.hides_the_first", "AS4_PATH that leaves nothing of the peer's AS", "6793 §4.2.3", 17,
          attribute(0xC0, 17, path(2, 64999)), WITHDRAW, ACCEPT, four_octet_as=False),
    value("as4_path.longer", "AS4_PATH longer than AS_PATH", "6793 §4.2.3", 17,
          attribute(0xC0, 17, path(2, LOCAL_AS, LOCAL_AS)), ACCEPT, ACCEPT, four_octet_as=False),
    value("as4_aggregator.four_octet", "AS4_AGGREGATOR from a peer with 4-octet AS numbers", "6793 §4.1", 18,
          attribute(0xC0, 18, _h("0000fde90a000009")), discard("aggregator"), discard("aggregator")),
    value("as4_aggregator.as_0", "AS4_AGGREGATOR of AS 0", "7607 §2", 18, attribute(0xC0, 18, bytes(8)),
          discard("aggregator"), discard("aggregator"), four_octet_as=False),
    value("originator_id.own", "ORIGINATOR_ID that is our own router id", "4456 §8", 9,
          attribute(0x80, 9, OWN_ROUTER_ID.to_bytes(4)), discard("originator_id"), unused(Rejection.ORIGINATOR_LOOP)),
    value("cluster_list.own", "CLUSTER_LIST with our own cluster id", "4456 §8", 10,
          attribute(0x80, 10, OWN_CLUSTER_ID.to_bytes(4)), discard("cluster_list"), unused(Rejection.CLUSTER_LOOP)),
    value("cluster_list.own_second", "CLUSTER_LIST with our own cluster id behind another", "4456 §8", 10,
          attribute(0x80, 10, _h("01000009") + OWN_CLUSTER_ID.to_bytes(4)),
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


# ---------------------------------------------------------------- UPDATE: its lengths and prefixes

Message = Callable[[Side], bytes]


def raw_update(body: bytes) -> Message:
    """An UPDATE of which only the header is ours."""
    return lambda _side: encode_message(MessageType.UPDATE, body)


def announced(nlri: bytes, withdrawn: bytes = b"") -> Message:
    """An UPDATE with sound attributes."""
    return lambda side: update(side.base + med(2), nlri, withdrawn)


def both(name: str, what: str, rfc: str, message: Message, reaction: Reaction, **more: object) -> Row:
    """A row whose reaction is the same on either session."""
    return Row(name, what, rfc, message, reaction, reaction, **more)  # type: ignore[arg-type]  # fields of the dataclass


ADD_PATH = capability(69, _h("00010102"))
IDENTIFIED = _h("00000001") + PREFIX
LENGTHS = reset(3, 1)
NETWORK = reset(3, 10)

NLRI: Final = (
    both("update.withdrawn_overrun", "withdrawn routes longer than the message", "7606 §3 j, 4271 §6.3",
         raw_update(_h("00ff0000")), LENGTHS),
    both("update.withdrawn_swallows", "withdrawn routes that leave no room for the attributes' length", "4271 §6.3",
         raw_update(_h("0003 18c000")), LENGTHS),
    both("update.attributes_overrun", "attributes longer than the message", "4271 §6.3", raw_update(_h("000000ff")),
         LENGTHS),
    both("update.attributes_one_more", "attributes one octet longer than the message", "4271 §6.3",
         lambda side: encode_message(MessageType.UPDATE,
                                     b"\0\0" + (len(side.base) + 1).to_bytes(2) + side.base), LENGTHS),
    both("update.empty", "nothing at all: End-of-RIB", "4724 §2", raw_update(bytes(4)), IGNORE),
    both("nlri.length_33", "a prefix of 33 bits", "7606 §5.3", announced(_h("21c000020000")), NETWORK),
    both("nlri.length_255", "a prefix of 255 bits", "7606 §5.3", announced(b"\xff" + bytes(32)), NETWORK),
    both("nlri.cut", "a prefix that is cut short", "7606 §5.3", announced(_h("18c000")), NETWORK),
    both("nlri.one_good_one_cut", "a sound prefix and one that is cut short", "7606 §5.3",
         announced(PREFIX + _h("20c000")), NETWORK),
    both("nlri.host_bits", "a prefix with bits beyond its length", "4271 §4.3", announced(_h("17c00003") + PREFIX),
         ACCEPT),
    both("nlri.twice", "a prefix twice", "4271 §4.3", announced(PREFIX * 2), ACCEPT),
    both("nlri.default", "0.0.0.0/0 beside another prefix", "4271 §4.3", announced(b"\0" + PREFIX), ACCEPT),
    both("nlri.multicast", "224.0.0.0/4 beside another prefix", "4271 §6.3", announced(_h("04e0") + PREFIX), ACCEPT),
    both("nlri.withdrawn_too", "a prefix withdrawn and announced in one UPDATE", "4271 §4.3",
         announced(PREFIX, PREFIX), ACCEPT),
    both("withdrawn.sound", "a withdrawal", "4271 §4.3", lambda _: update(withdrawn=PREFIX), WITHDRAWN),
    both("withdrawn.unknown", "a withdrawal of what was never announced", "4271 §4.3",
         lambda _: update(withdrawn=_h("18c00003")), IGNORE),
    both("withdrawn.length_33", "a withdrawn prefix of 33 bits", "7606 §5.3",
         lambda _: update(withdrawn=_h("21c000020000")), NETWORK),
    both("withdrawn.cut", "a withdrawn prefix that is cut short", "7606 §5.3", lambda _: update(withdrawn=_h("18c0")),
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
         lambda _: update(ORIGIN + _h("c06303")), reset(3, 1)),
    both("add_path.sound", "a path identifier and a prefix", "7911 §3", announced(IDENTIFIED), ACCEPT,
         capabilities=ADD_PATH),
    both("add_path.absent", "a prefix without its path identifier", "7911 §3, 7606 §5.3", announced(PREFIX), NETWORK,
         capabilities=ADD_PATH),
    both("add_path.cut", "half a path identifier", "7911 §3, 7606 §5.3", announced(IDENTIFIED + bytes(2)), NETWORK,
         capabilities=ADD_PATH),
    both("add_path.withdrawn", "a withdrawn prefix without its path identifier", "7911 §3, 7606 §5.3",
         lambda _: update(withdrawn=PREFIX), NETWORK, capabilities=ADD_PATH),
    both("add_path.not_agreed", "a path identifier of 0.0.0.33 that was not agreed on", "7606 §5.3",
         announced(_h("00000021") + PREFIX), NETWORK),
)  # fmt: skip


# ---------------------------------------------------------------- MP_REACH_NLRI, MP_UNREACH_NLRI


def reached(raw: bytes, more: bytes = b"", nlri: bytes = b"") -> Message:
    """An UPDATE whose attributes are `raw`, those of a route without NEXT_HOP, and `more`."""
    return lambda side: update(raw + ORIGIN + side.as_path(PEER_AS) + med(2) + more, nlri)


def with_next_hop(next_hop: bytes) -> Message:
    """An UPDATE for the IPv6 route with this next hop."""
    return reached(mp_reach(PREFIX6, next_hop))


NO_PREFIXES = reset(3, 9)
LINK_LOCAL = _h("fe80" + "00" * 13 + "01")


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
        with_next_hop(_h("ff02" + "00" * 13 + "01")), WITHDRAW),
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


# ---------------------------------------------------------------- headers


def header(length: int, message_type: int, body: bytes = b"", marker: bytes = b"\xff" * 16) -> Message:
    """A message whose header says what it likes."""
    return lambda _side: marker + length.to_bytes(2) + bytes((message_type,)) + body


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
         header(23, 5, _h("40040047")), IGNORE),
    both("route_refresh.subtype", "ROUTE-REFRESH of subtype 9", "7313 §5", header(23, 5, _h("00010901")), IGNORE),
    both("route_refresh.begin", "the beginning of a refresh that was not agreed on", "7313 §5",
         header(23, 5, _h("00010101")), IGNORE),
    both("open.established", "OPEN in Established", "6608 §4", lambda _: bench_open(PEER_AS, 9),
         reset(5, 3, b"\1")),
)  # fmt: skip


# ---------------------------------------------------------------- OPEN, and messages at the wrong time


def peer_asn(side: Side) -> int:
    """The AS number that the peer must have."""
    return PEER_AS if side.kind is Kind.EBGP else LOCAL_AS


def opening(  # noqa: PLR0917 - the columns of a row
    name: str,
    what: str,
    rfc: str,
    message: Message,
    reaction: Reaction,
    ibgp: Reaction | None = None,
    touches: str = "46",
) -> Row:
    """A row about what comes in place of the peer's OPEN; `touches` is "" where it agrees on too little for routes."""
    return Row(name, what, rfc, message, reaction, ibgp or reaction, stage=Stage.OPEN_SENT, touches=touches)


def opened(**fields: object) -> Message:
    """An OPEN of the right AS, with other fields."""
    return lambda side: bench_open(peer_asn(side), 9, **fields)  # type: ignore[arg-type]  # keywords of the function


def parameters(octets: str) -> Message:
    """An OPEN with these optional parameters, their length included."""
    return opened(parameters=_h(octets))


def capabilities(octets: str) -> Message:
    """An OPEN with these capabilities beside the usual ones."""
    return lambda side: bench_open(
        peer_asn(side), 9, capabilities=MULTIPROTOCOL + capability(65, peer_asn(side).to_bytes(4)) + _h(octets)
    )


def extended(side: Side) -> bytes:
    """An OPEN with the optional parameters of RFC 9072."""
    octets = MULTIPROTOCOL + capability(65, peer_asn(side).to_bytes(4))
    parameter = b"\2" + len(octets).to_bytes(2) + octets
    return bench_open(peer_asn(side), 9, parameters=b"\xff\xff" + len(parameter).to_bytes(2) + parameter)


CONFIRMED = Reaction("accept", is_ignored=True)
UNSPECIFIC = reset(2, 0)

OPENS: Final = (
    opening("open.27", "OPEN of 27 octets", "4271 §6.1", header(27, 1, bytes(8)), bad_length(27)),
    opening("open.4097", "OPEN of 4097 octets", "4271 §6.1", header(4097, 1), bad_length(4097)),
    opening("open.version_3", "version 3", "4271 §6.2", opened(version=3), reset(2, 1, b"\0\4")),
    opening("open.version_5", "version 5", "4271 §6.2", opened(version=5), reset(2, 1, b"\0\4")),
    opening("open.other_as", "another AS than the configured one", "4271 §6.2", lambda _: bench_open(64999, 9),
            reset(2, 2)),
    opening("open.as_0", "AS 0", "7607 §2", lambda _: bench_open(0, 9, capabilities=MULTIPROTOCOL), reset(2, 2)),
    opening("open.capability_as_0", "AS 0 in the 4-octet AS capability", "7607 §2",
            lambda side: bench_open(peer_asn(side), 9, capabilities=MULTIPROTOCOL + capability(65, bytes(4))),
            reset(2, 2)),
    opening("open.as_trans", "AS 23456 without the 4-octet AS capability", "6793 §4.1",
            lambda _: bench_open(23456, 9, capabilities=MULTIPROTOCOL), reset(2, 2)),
    opening("open.router_id_0", "BGP Identifier 0.0.0.0", "6286 §2.2", lambda side: bench_open(peer_asn(side), 0),
            reset(2, 3)),
    opening("open.router_id_ours", "our own BGP Identifier", "6286 §2.2",
            lambda side: bench_open(peer_asn(side), OWN_ROUTER_ID), CONFIRMED, reset(2, 3)),
    opening("open.hold_time_1", "hold time 1", "4271 §6.2", opened(hold_time_s=1), reset(2, 6)),
    opening("open.hold_time_2", "hold time 2", "4271 §6.2", opened(hold_time_s=2), reset(2, 6)),
    opening("open.hold_time_3", "hold time 3", "4271 §6.2", opened(hold_time_s=3), CONFIRMED),
    opening("open.parameter_1", "an optional parameter of type 1", "4271 §6.2", parameters("0401020000"), reset(2, 4)),
    opening("open.parameters_overrun", "optional parameters beyond the message", "4271 §6.2", parameters("08020000"),
            UNSPECIFIC),
    opening("open.parameters_left", "octets behind the optional parameters", "4271 §6.2", parameters("02020000"),
            UNSPECIFIC),
    opening("open.parameter_overrun", "an optional parameter that runs past the others", "4271 §6.2",
            parameters("0402060000"), UNSPECIFIC),
    opening("open.parameter_cut", "an optional parameter without its length", "4271 §6.2", parameters("0102"),
            UNSPECIFIC),
    opening("open.no_parameters", "no optional parameter", "4271 §4.2",
            lambda side: bench_open(peer_asn(side), 9, parameters=b"\0"), CONFIRMED, touches=""),
    opening("open.capability_overrun", "a capability that runs past its parameter", "5492 §4",
            capabilities("c80a00"), UNSPECIFIC),
    opening("open.capability_cut", "a capability without its length", "5492 §4", capabilities("c8"), UNSPECIFIC),
    opening("open.capability_unknown", "capability 200, which nobody knows", "5492 §3", capabilities("c801ff"),
            CONFIRMED),
    opening("open.capability_twice", "a capability twice", "5492 §4", capabilities("010400010001"), CONFIRMED),
    opening("open.multiprotocol_3", "multiprotocol capability of 3 octets", "4760 §8", capabilities("0103000100"),
            UNSPECIFIC),
    opening("open.four_octet_as_2", "4-octet AS capability of 2 octets", "6793 §3", capabilities("4102fde9"),
            UNSPECIFIC),
    opening("open.route_refresh_1", "route refresh capability of 1 octet", "2918 §2", capabilities("020100"),
            UNSPECIFIC),
    opening("open.graceful_restart_1", "graceful restart capability of 1 octet", "4724 §3", capabilities("400100"),
            UNSPECIFIC),
    opening("open.graceful_restart_5", "graceful restart capability of 5 octets", "4724 §3",
            capabilities("40050078000101"), UNSPECIFIC),
    opening("open.add_path_3", "ADD-PATH capability of 3 octets", "7911 §4", capabilities("4503000101"), UNSPECIFIC),
    opening("open.add_path_mode_4", "ADD-PATH capability of mode 4", "7911 §4", capabilities("450400010104"),
            CONFIRMED),
    opening("open.enhanced_refresh_1", "enhanced route refresh capability of 1 octet", "7313 §3",
            capabilities("460100"), UNSPECIFIC),
    opening("open.extended_message_1", "extended message capability of 1 octet", "8654 §3", capabilities("060100"),
            UNSPECIFIC),
    opening("open.no_family", "no family in common", "5492 §5",
            lambda side: bench_open(peer_asn(side), 9,
                                    capabilities=capability(1, _h("00190041"))
                                    + capability(65, peer_asn(side).to_bytes(4))),
            reset(2, 7, MULTIPROTOCOL)),
    opening("open.extended", "extended optional parameters", "9072 §2", extended, CONFIRMED),
    opening("open.extended_no_length", "extended optional parameters without their length", "9072 §2",
            parameters("ffff00"), UNSPECIFIC),
    opening("open.extended_overrun", "extended optional parameters beyond the message", "9072 §2",
            parameters("ffff0010020000"), UNSPECIFIC),
    opening("open.extended_parameter_cut", "an extended parameter with one octet of length", "9072 §2",
            parameters("ffff00020200"), UNSPECIFIC),
    opening("open.extended_empty", "extended optional parameters of no octet", "9072 §2", parameters("ffff0000"),
            CONFIRMED, touches=""),
    opening("open_sent.update", "UPDATE instead of OPEN", "6608 §4", lambda side: update(side.base, PREFIX),
            reset(5, 1, b"\2")),
    opening("open_sent.keepalive", "KEEPALIVE instead of OPEN", "6608 §4", lambda _: KEEPALIVE, reset(5, 1, b"\4")),
    opening("open_sent.route_refresh", "ROUTE-REFRESH instead of OPEN", "6608 §4", header(23, 5, _h("00010001")),
            reset(5, 1, b"\5")),
    opening("open_sent.garbage", "HTTP instead of OPEN", "4271 §6.1",
            lambda _: b"GET / HTTP/1.1\r\nHost: reflector\r\n",
            reset(1, 1)),
)  # fmt: skip


def confirming(name: str, what: str, rfc: str, message: Message, reaction: Reaction) -> Row:
    """A row about what comes in place of the first KEEPALIVE."""
    return both(name, what, rfc, message, reaction, stage=Stage.OPEN_CONFIRM, touches="46")


CONFIRMS: Final = (
    confirming("open_confirm.update", "UPDATE in OpenConfirm", "6608 §4", lambda side: update(side.base, PREFIX),
               reset(5, 2, b"\2")),
    confirming("open_confirm.open", "OPEN in OpenConfirm", "6608 §4", opened(), reset(5, 2, b"\1")),
    confirming("open_confirm.route_refresh", "ROUTE-REFRESH in OpenConfirm", "6608 §4", header(23, 5, _h("00010001")),
               reset(5, 2, b"\5")),
    confirming("open_confirm.marker", "a marker of zeros in OpenConfirm", "4271 §6.1", header(19, 4, marker=bytes(16)),
               reset(1, 1)),
)  # fmt: skip

ROWS: Final = (*_attribute_rows(), *VALUES, *NLRI, *MULTIPROTOCOL_ROWS, *HEADERS, *OPENS, *CONFIRMS)
