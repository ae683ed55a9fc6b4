"""What RFC 7606 asks for, attribute by attribute and session by session: one row a rule, in order of code."""

from typing import NamedTuple

import pytest

from support.wire import AS_PATH, BASE, EBGP, IBGP, NEXT_HOP, OLD_AS_PATH, OLD_EBGP, OLD_IBGP, ORIGIN, attribute
from tortie.bgp.errors import Disposition
from tortie.bgp.wire import AttributeTable, DecodeContext
from tortie.bgp.wire.attribute import ATTRIBUTE_TABLE, decode_block
from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.table import AttributeRow

DISCARD = Disposition.ATTRIBUTE_DISCARD
WITHDRAW = Disposition.TREAT_AS_WITHDRAW
RESET = Disposition.SESSION_RESET
BOTH = (EBGP, IBGP)


class Rule(NamedTuple):
    """A block of attributes, and the one problem it must give: (subcode, disposition, data), or none."""

    name: str
    block: bytes
    contexts: tuple[DecodeContext, ...]
    expected: tuple[int, Disposition] | None


def path(value: str) -> bytes:
    return ORIGIN + attribute(0x40, 2, bytes.fromhex(value)) + NEXT_HOP


def base_and(flags: int, code: int, value: bytes = b"") -> bytes:
    return BASE + attribute(flags, code, value)


RULES = [
    # RFC 7606 §7.1 ORIGIN
    Rule("ORIGIN 2", attribute(0x40, 1, b"\2") + AS_PATH + NEXT_HOP, BOTH, None),
    Rule("ORIGIN 3", attribute(0x40, 1, b"\3") + AS_PATH + NEXT_HOP, BOTH, (6, WITHDRAW)),
    Rule("ORIGIN empty", attribute(0x40, 1) + AS_PATH + NEXT_HOP, BOTH, (5, WITHDRAW)),
    Rule("ORIGIN of 2", attribute(0x40, 1, b"\0\0") + AS_PATH + NEXT_HOP, BOTH, (5, WITHDRAW)),
    Rule("ORIGIN optional", attribute(0xC0, 1, b"\0") + AS_PATH + NEXT_HOP, BOTH, (4, WITHDRAW)),
    Rule("ORIGIN not transitive", attribute(0x00, 1, b"\0") + AS_PATH + NEXT_HOP, BOTH, (4, WITHDRAW)),
    Rule("ORIGIN with unused flag bits", attribute(0x4F, 1, b"\0") + AS_PATH + NEXT_HOP, BOTH, None),
    Rule("ORIGIN with an extended length", attribute(0x50, 1, b"\0") + AS_PATH + NEXT_HOP, BOTH, None),
    Rule("ORIGIN absent", AS_PATH + NEXT_HOP, BOTH, (3, WITHDRAW)),
    # RFC 7606 §7.2 AS_PATH, RFC 7607, RFC 5065
    Rule("AS_PATH empty", path(""), BOTH, None),
    Rule("AS_PATH with a set", path("01020000000100000002"), BOTH, None),
    Rule("AS_PATH kind 0", path("00010000fde9"), BOTH, (11, WITHDRAW)),
    Rule("AS_PATH kind 5", path("05010000fde9"), BOTH, (11, WITHDRAW)),
    Rule("AS_PATH segment of none", path("0200"), BOTH, (11, WITHDRAW)),
    Rule("AS_PATH segment too long", path("02090000fde9"), BOTH, (11, WITHDRAW)),
    Rule("AS_PATH octet left over", path("02010000fde902"), BOTH, (11, WITHDRAW)),
    Rule("AS_PATH of 2-octet numbers", path("0201fde9"), BOTH, (11, WITHDRAW)),
    Rule("AS_PATH with AS 0", path("02020000fde900000000"), BOTH, (11, WITHDRAW)),
    Rule("AS_PATH confederation, external", path("03010000fde9"), (EBGP,), (11, WITHDRAW)),
    Rule("AS_PATH confederation set, external", path("04010000fde9"), (EBGP,), (11, WITHDRAW)),
    Rule("AS_PATH confederation, internal", path("03010000fde9"), (IBGP,), None),
    Rule("AS_PATH optional", ORIGIN + attribute(0xC0, 2) + NEXT_HOP, BOTH, (4, WITHDRAW)),
    Rule("AS_PATH absent", ORIGIN + NEXT_HOP, BOTH, (3, WITHDRAW)),
    # RFC 7606 §7.3 NEXT_HOP
    Rule("NEXT_HOP of 3", ORIGIN + AS_PATH + attribute(0x40, 3, bytes(3)), BOTH, (5, WITHDRAW)),
    Rule("NEXT_HOP of 16", ORIGIN + AS_PATH + attribute(0x40, 3, bytes(16)), BOTH, (5, WITHDRAW)),
    Rule("NEXT_HOP 0.0.0.0", ORIGIN + AS_PATH + attribute(0x40, 3, bytes(4)), BOTH, (8, WITHDRAW)),
    Rule("NEXT_HOP 224.0.0.1", ORIGIN + AS_PATH + attribute(0x40, 3, b"\xe0\0\0\1"), BOTH, (8, WITHDRAW)),
    Rule("NEXT_HOP 239.255.255.255", ORIGIN + AS_PATH + attribute(0x40, 3, b"\xef\xff\xff\xff"), BOTH, (8, WITHDRAW)),
    Rule("NEXT_HOP 240.0.0.1", ORIGIN + AS_PATH + attribute(0x40, 3, b"\xf0\0\0\1"), BOTH, None),
    Rule("NEXT_HOP 255.255.255.255", ORIGIN + AS_PATH + attribute(0x40, 3, b"\xff" * 4), BOTH, (8, WITHDRAW)),
    Rule("NEXT_HOP 127.0.0.1", ORIGIN + AS_PATH + attribute(0x40, 3, b"\x7f\0\0\1"), BOTH, None),
    Rule("NEXT_HOP optional", ORIGIN + AS_PATH + attribute(0xC0, 3, b"\x0a\0\0\1"), BOTH, (4, WITHDRAW)),
    Rule("NEXT_HOP absent", ORIGIN + AS_PATH, BOTH, (3, WITHDRAW)),
    # RFC 7606 §7.4 MULTI_EXIT_DISC
    Rule("MED", base_and(0x80, 4, bytes(4)), BOTH, None),
    Rule("MED of 3", base_and(0x80, 4, bytes(3)), BOTH, (5, WITHDRAW)),
    Rule("MED of 5", base_and(0x80, 4, bytes(5)), BOTH, (5, WITHDRAW)),
    Rule("MED transitive", base_and(0xC0, 4, bytes(4)), BOTH, (4, WITHDRAW)),
    # RFC 7606 §7.5 LOCAL_PREF
    Rule("LOCAL_PREF, internal", base_and(0x40, 5, bytes(4)), (IBGP,), None),
    Rule("LOCAL_PREF of 3, internal", base_and(0x40, 5, bytes(3)), (IBGP,), (5, WITHDRAW)),
    Rule("LOCAL_PREF optional, internal", base_and(0x80, 5, bytes(4)), (IBGP,), (4, WITHDRAW)),
    Rule("LOCAL_PREF, external", base_and(0x40, 5, bytes(4)), (EBGP,), (9, DISCARD)),
    Rule("LOCAL_PREF of 3, external", base_and(0x40, 5, bytes(3)), (EBGP,), (9, DISCARD)),
    Rule("LOCAL_PREF optional, external", base_and(0x80, 5, bytes(4)), (EBGP,), (9, DISCARD)),
    # RFC 7606 §7.6 ATOMIC_AGGREGATE
    Rule("ATOMIC_AGGREGATE", base_and(0x40, 6), BOTH, None),
    Rule("ATOMIC_AGGREGATE of 1", base_and(0x40, 6, b"\0"), BOTH, (5, DISCARD)),
    Rule("ATOMIC_AGGREGATE optional", base_and(0xC0, 6), BOTH, (4, WITHDRAW)),
    # RFC 7606 §7.7 AGGREGATOR, RFC 7607
    Rule("AGGREGATOR", base_and(0xC0, 7, bytes.fromhex("0000fde90a000001")), BOTH, None),
    Rule("AGGREGATOR of 6, 4-octet AS", base_and(0xC0, 7, bytes.fromhex("fde90a000001")), BOTH, (5, DISCARD)),
    Rule(
        "AGGREGATOR of 8, 2-octet AS",
        ORIGIN + OLD_AS_PATH + NEXT_HOP + attribute(0xC0, 7, bytes.fromhex("0000fde90a000001")),
        (OLD_EBGP,),
        (5, DISCARD),
    ),
    Rule("AGGREGATOR with AS 0", base_and(0xC0, 7, bytes.fromhex("000000000a000001")), BOTH, (9, DISCARD)),
    Rule("AGGREGATOR not optional", base_and(0x40, 7, bytes.fromhex("0000fde90a000001")), BOTH, (4, WITHDRAW)),
    # RFC 7606 §7.8 COMMUNITIES
    Rule("COMMUNITIES", base_and(0xC0, 8, bytes(8)), BOTH, None),
    Rule("COMMUNITIES empty", base_and(0xC0, 8), BOTH, (9, WITHDRAW)),
    Rule("COMMUNITIES of 6", base_and(0xC0, 8, bytes(6)), BOTH, (9, WITHDRAW)),
    Rule("COMMUNITIES not transitive", base_and(0x80, 8, bytes(8)), BOTH, (4, WITHDRAW)),
    # RFC 7606 §7.9 ORIGINATOR_ID
    Rule("ORIGINATOR_ID, internal", base_and(0x80, 9, bytes(4)), (IBGP,), None),
    Rule("ORIGINATOR_ID of 5, internal", base_and(0x80, 9, bytes(5)), (IBGP,), (5, WITHDRAW)),
    Rule("ORIGINATOR_ID transitive, internal", base_and(0xC0, 9, bytes(4)), (IBGP,), (4, WITHDRAW)),
    Rule("ORIGINATOR_ID, external", base_and(0x80, 9, bytes(4)), (EBGP,), (9, DISCARD)),
    Rule("ORIGINATOR_ID of 5, external", base_and(0x80, 9, bytes(5)), (EBGP,), (9, DISCARD)),
    # RFC 7606 §7.10 CLUSTER_LIST
    Rule("CLUSTER_LIST, internal", base_and(0x80, 10, bytes(8)), (IBGP,), None),
    Rule("CLUSTER_LIST empty, internal", base_and(0x80, 10), (IBGP,), (9, WITHDRAW)),
    Rule("CLUSTER_LIST of 6, internal", base_and(0x80, 10, bytes(6)), (IBGP,), (9, WITHDRAW)),
    Rule("CLUSTER_LIST, external", base_and(0x80, 10, bytes(8)), (EBGP,), (9, DISCARD)),
    # RFC 7606 §7.14, §7.15 extended communities; RFC 8092 §5 large communities
    # RFC 9234 §5 ONLY_TO_CUSTOMER
    Rule("ONLY_TO_CUSTOMER", base_and(0xC0, 35, bytes(4)), BOTH, None),
    Rule("ONLY_TO_CUSTOMER of 2", base_and(0xC0, 35, bytes(2)), BOTH, (5, WITHDRAW)),
    Rule("ONLY_TO_CUSTOMER not transitive", base_and(0x80, 35, bytes(4)), BOTH, (4, WITHDRAW)),
    Rule("EXTENDED COMMUNITIES", base_and(0xC0, 16, bytes(16)), BOTH, None),
    Rule("EXTENDED COMMUNITIES empty", base_and(0xC0, 16), BOTH, (9, WITHDRAW)),
    Rule("EXTENDED COMMUNITIES of 12", base_and(0xC0, 16, bytes(12)), BOTH, (9, WITHDRAW)),
    Rule("EXTENDED COMMUNITIES not transitive", base_and(0x80, 16, bytes(8)), BOTH, (4, WITHDRAW)),
    Rule("IPv6 EXTENDED COMMUNITIES", base_and(0xC0, 25, bytes(20)), BOTH, None),
    Rule("IPv6 EXTENDED COMMUNITIES of 24", base_and(0xC0, 25, bytes(24)), BOTH, (9, WITHDRAW)),
    Rule("LARGE_COMMUNITY", base_and(0xC0, 32, bytes(24)), BOTH, None),
    Rule("LARGE_COMMUNITY of 20", base_and(0xC0, 32, bytes(20)), BOTH, (9, WITHDRAW)),
    # RFC 6793 §4.1, §6
    Rule("AS4_PATH from a 4-octet peer", base_and(0xC0, 17, bytes.fromhex("02010000fde9")), BOTH, (9, DISCARD)),
    Rule("AS4_AGGREGATOR from a 4-octet peer", base_and(0xC0, 18, bytes(8)), BOTH, (9, DISCARD)),
    # RFC 4271 §5, §6.3: unknown attributes
    Rule("unknown optional transitive", base_and(0xC0, 99, b"x"), BOTH, None),
    Rule("unknown optional, not transitive", base_and(0x80, 99, b"x"), BOTH, None),
    Rule("unknown, called well-known", base_and(0x40, 99, b"x"), BOTH, (2, RESET)),
    Rule("unknown, neither optional nor transitive", base_and(0x00, 99, b"x"), BOTH, (2, RESET)),
    # RFC 7606 §3 g: an attribute again
    Rule("ORIGIN again", BASE + ORIGIN, BOTH, (1, DISCARD)),
    Rule("ORIGIN again, malformed", BASE + attribute(0x40, 1, b"\7"), BOTH, (1, DISCARD)),
    Rule("unknown again", base_and(0xC0, 99, b"x") + attribute(0xC0, 99, b"y"), BOTH, (1, DISCARD)),
    # RFC 7606 §4: an attribute that does not fit
    Rule("runs past the block", BASE + bytes((0x80, 4, 200)), BOTH, (1, WITHDRAW)),
    Rule("one octet left", BASE + b"\x80", BOTH, (1, WITHDRAW)),
    Rule("two octets left", BASE + b"\x80\x04", BOTH, (1, WITHDRAW)),
    Rule("three octets of an extended header", BASE + b"\x90\x04\x00", BOTH, (1, WITHDRAW)),
    Rule("extended length runs past", BASE + b"\x90\x04\x00\x05" + bytes(4), BOTH, (1, WITHDRAW)),
]
CASES = [
    pytest.param(rule, context, id=f"{rule.name} ({'ibgp' if context.is_internal else 'ebgp'})")
    for rule in RULES
    for context in rule.contexts
]


@pytest.mark.rfc("7606", "3")
@pytest.mark.rfc("7606", "4")
@pytest.mark.rfc("7606", "7")
@pytest.mark.rfc("7607", "2")
@pytest.mark.rfc("4271", "6.3")
@pytest.mark.parametrize(("rule", "context"), CASES)
def test_rule(rule: Rule, context: DecodeContext) -> None:
    attributes, problems = decode_block(rule.block, b"", context, AttributeTable())
    found = [(problem.subcode, problem.disposition) for problem in problems]
    assert found == ([] if rule.expected is None else [rule.expected])
    assert all(problem.code == 3 and problem.text for problem in problems)
    is_usable = rule.expected is None or rule.expected[1] == DISCARD
    assert (attributes is not None) == is_usable


@pytest.mark.rfc("4271", "6.3")
def test_data_is_the_attribute_or_the_missing_code() -> None:
    bad_origin = attribute(0x40, 1, b"\3")
    _, problems = decode_block(bad_origin + AS_PATH, b"", EBGP, AttributeTable())
    assert [problem.data for problem in problems] == [bad_origin, b"\3"]
    assert [problem.text for problem in problems] == ["ORIGIN: value 3, expected 0 to 2", "NEXT_HOP: absent"]


@pytest.mark.rfc("7606", "3")
def test_first_of_two_counts_and_discarded_attributes_are_absent() -> None:
    block = BASE + attribute(0x40, 1, b"\2") + attribute(0x40, 5, bytes(4)) + attribute(0x80, 9, bytes(4))
    attributes, problems = decode_block(block, b"", EBGP, AttributeTable())
    assert attributes is not None
    assert (attributes.origin, attributes.local_pref, attributes.originator_id) == (0, None, None)
    assert [problem.disposition for problem in problems] == [DISCARD] * 3


def test_every_problem_is_reported() -> None:
    block = attribute(0x40, 1, b"\3") + attribute(0x40, 2, b"\0") + attribute(0x40, 99) + attribute(0x80, 4)
    attributes, problems = decode_block(block, b"", IBGP, AttributeTable())
    assert attributes is None
    assert [problem.subcode for problem in problems] == [6, 11, 2, 5, 3]


def test_table_is_by_code_and_says_which_bits() -> None:
    assert list(ATTRIBUTE_TABLE) == sorted(ATTRIBUTE_TABLE)
    for code, row in ATTRIBUTE_TABLE.items():
        assert row.code == code
        assert row.flags & ~0xC0 == 0
        assert (row.decode is None) == (code in (14, 15))


OF_BARE_LENGTHS = [row for row in ATTRIBUTE_TABLE.values() if row.decode is not None and "PATH" not in row.name]
CONTEXTS = {"ebgp": EBGP, "ibgp": IBGP, "ebgp, 2-octet AS": OLD_EBGP, "ibgp, 2-octet AS": OLD_IBGP}


def is_read(row: AttributeRow, value: bytes, context: DecodeContext) -> bool:
    assert row.decode is not None
    try:
        row.decode(value, context, AttributeDraft())
    except MalformedAttributeError:
        return False
    return True


@pytest.mark.rfc("7606", "7")
@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
@pytest.mark.parametrize("row", OF_BARE_LENGTHS, ids=lambda row: row.name)
def test_modules_read_just_the_lengths_of_the_table(row: AttributeRow, context: DecodeContext) -> None:
    is_misplaced = row.name == "AS4_AGGREGATOR" and context.four_octet_as
    for length in range(66):
        may_be = row.lengths.may_be(length, four_octet_as=context.four_octet_as) and not is_misplaced
        assert is_read(row, b"\1" * length, context) == may_be, f"{row.name} of {length} octets"


def test_lengths_in_words() -> None:
    assert [str(ATTRIBUTE_TABLE[code].lengths) for code in (1, 8, 6)] == ["1", "4, 8, 12, ...", "0"]
