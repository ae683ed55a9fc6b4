"""Attributes one by one: flags, lengths, one that runs past the others, one that comes twice.

RFC 7606 §3, §4, §7; RFC 6793 §6; RFC 8092 §6.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from support.malformed.bench import med, update
from support.malformed.row import PEER_AS, Reaction, Row, Side
from support.malformed.words import (
    DISCARD,
    EXTENDED,
    OPTIONAL,
    PARTIAL,
    TRANSITIVE,
    WITHDRAW,
    discard,
    wire,
)
from support.wire import NEXT_HOP, NEXT_HOP6, ORIGIN, PREFIX, attribute


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


ATTRIBUTES: Final = (
    Attribute(1, "ORIGIN", 0x40, b"\2", {"length 0": b"", "length 2": b"\0\0"},
              WITHDRAW, WITHDRAW, "7606 §7.1", "origin"),
    Attribute(2, "AS_PATH", 0x40, wire("02010000fde9"),
              {"length 1": b"\2", "a segment cut short": wire("02020000fde9"),
               "an octet left over": wire("02010000fde902"),
               "2-octet AS numbers": wire("0201fde9")},
              WITHDRAW, WITHDRAW, "7606 §7.2", "as_path"),
    Attribute(3, "NEXT_HOP", 0x40, wire("0a000001"),
              {"length 0": b"", "length 3": wire("0a0000"), "length 5": wire("0a00000101"), "length 16": NEXT_HOP6},
              WITHDRAW, WITHDRAW, "7606 §7.3", "next_hop"),
    Attribute(4, "MULTI_EXIT_DISC", 0x80, wire("00000002"),
              {"length 0": b"", "length 3": bytes(3), "length 5": bytes(5)},
              WITHDRAW, WITHDRAW, "7606 §7.4", "med"),
    Attribute(5, "LOCAL_PREF", 0x40, wire("000000c8"), {"length 0": b"", "length 3": bytes(3), "length 5": bytes(5)},
              discard("local_pref"), WITHDRAW, "7606 §7.5", "local_pref", is_welcome=False),
    Attribute(6, "ATOMIC_AGGREGATE", 0x40, b"", {"length 1": b"\0", "length 4": bytes(4)},
              discard("atomic_aggregate"), discard("atomic_aggregate"), "7606 §7.6", "atomic_aggregate"),
    Attribute(7, "AGGREGATOR", 0xC0, wire("0000fde90a000009"),
              {"length 0": b"", "length 6": wire("fde90a000009"), "length 7": bytes(7), "length 9": bytes(9)},
              discard("aggregator"), discard("aggregator"), "7606 §7.7", "aggregator"),
    Attribute(8, "COMMUNITIES", 0xC0, wire("fde90001"), {"length 0": b"", "length 3": bytes(3), "length 6": bytes(6)},
              WITHDRAW, WITHDRAW, "7606 §7.8", "communities"),
    Attribute(9, "ORIGINATOR_ID", 0x80, wire("0a000009"), {"length 0": b"", "length 3": bytes(3), "length 5": bytes(5)},
              discard("originator_id"), WITHDRAW, "7606 §7.9", "originator_id", is_welcome=False),
    Attribute(10, "CLUSTER_LIST", 0x80, wire("01000009"), {"length 0": b"", "length 3": bytes(3), "length 6": bytes(6)},
              discard("cluster_list"), WITHDRAW, "7606 §7.10", "cluster_list", is_welcome=False),
    Attribute(16, "EXTENDED COMMUNITIES", 0xC0, wire("0002fde900000001"),
              {"length 0": b"", "length 7": bytes(7), "length 12": bytes(12)},
              WITHDRAW, WITHDRAW, "7606 §7.14", "extended_communities"),
    Attribute(17, "AS4_PATH", 0xC0, wire("02010000fde9"),
              {"length 0": b"", "length 3": wire("020100"), "an octet left over": wire("02010000fde902")},
              DISCARD, DISCARD, "6793 §6", "as_path", four_octet_as=False),
    Attribute(18, "AS4_AGGREGATOR", 0xC0, wire("0000fde90a000009"),
              {"length 0": b"", "length 6": bytes(6), "length 9": bytes(9)},
              discard("aggregator"), discard("aggregator"), "6793 §6", "origin", four_octet_as=False),
    Attribute(25, "IPv6 EXTENDED COMMUNITIES", 0xC0, bytes(20),
              {"length 0": b"", "length 19": bytes(19), "length 24": bytes(24)},
              WITHDRAW, WITHDRAW, "7606 §7.15", "unknown"),
    Attribute(32, "LARGE_COMMUNITY", 0xC0, bytes(12), {"length 0": b"", "length 11": bytes(11), "length 20": bytes(20)},
              WITHDRAW, WITHDRAW, "8092 §6", "large_communities"),
    Attribute(35, "ONLY_TO_CUSTOMER", 0xC0, wire("0000fde9"),
              {"length 0": b"", "length 2": bytes(2), "length 8": bytes(8)},
              WITHDRAW, WITHDRAW, "9234 §5", "only_to_customer"),
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
    sound = Reaction("accept", is_usable=True, present=each.field)
    at_home = sound if each.is_welcome else each.ebgp
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


ATTRIBUTE_ROWS: Final = tuple(_attribute_rows())
