"""Values of attributes, there and back: what each octet means, in both widths of AS numbers."""

import pytest

from support.wire import BASE, IBGP, NARROW, NEXT_HOP, OLD_IBGP, ORIGIN, WIDE, attribute
from tortie.bgp.errors import AttributesTooLargeError, LocalProtocolError
from tortie.bgp.wire import (
    AS_SEQUENCE,
    AS_SET,
    IPV4_UNICAST,
    AttributeFields,
    AttributeSet,
    AttributeTable,
    Segment,
    UnknownAttribute,
    attribute_block,
)
from tortie.bgp.wire.attribute import decode_block, encode_block
from tortie.bgp.wire.attribute.as4_path import merge
from tortie.bgp.wire.segment import AS_CONFED_SEQUENCE, AS_CONFED_SET

ADDRESS = bytes((10, 0, 0, 1))


def decoded(block: bytes, is_old: bool = False) -> AttributeSet:
    attributes, problems = decode_block(block, b"", OLD_IBGP if is_old else IBGP, AttributeTable())
    assert problems == ()
    assert attributes is not None
    return attributes


VALUES: list[tuple[str, AttributeFields, str]] = [
    ("ORIGIN", {"origin": 2}, "40010102 400200 4003040a000001"),
    ("AS_PATH", {"as_path": (Segment(2, (65001, 70000)),)}, "40010100 40020a02020000fde900011170 4003040a000001"),
    (
        "AS_PATH with a set",
        {"as_path": (Segment(2, (1,)), Segment(1, (2, 3)))},
        "40010100 400210 020100000001 01020000000200000003 4003040a000001",
    ),
    ("MULTI_EXIT_DISC 0", {"med": 0}, "40010100 400200 4003040a000001 80040400000000"),
    ("LOCAL_PREF", {"local_pref": 0xFFFFFFFF}, "40010100 400200 4003040a000001 400504ffffffff"),
    ("ATOMIC_AGGREGATE", {"atomic_aggregate": True}, "40010100 400200 4003040a000001 400600"),
    ("AGGREGATOR", {"aggregator": (70000, 0x0A000001)}, "40010100 400200 4003040a000001 c00708000111700a000001"),
    ("COMMUNITIES", {"communities": (0xFFFFFF01, 1)}, "40010100 400200 4003040a000001 c00808ffffff0100000001"),
    (
        "EXTENDED COMMUNITIES",
        {"extended_communities": (0x0002_FDE9_0000_0064, 1)},
        "40010100 400200 4003040a000001 c010100002fde9000000640000000000000001",
    ),
    (
        "LARGE_COMMUNITY",
        {"large_communities": ((70000, 0xFFFFFFFF, 1), (1, 2, 3))},
        "40010100 400200 4003040a000001 c0201800011170ffffffff00000001000000010000000200000003",
    ),
    (
        "all three, in order of code",
        {"large_communities": ((1, 2, 3),), "extended_communities": (1,), "communities": (1,), "partial": (16, 32)},
        "40010100 400200 4003040a000001 c0080400000001 e010080000000000000001 e0200c000000010000000200000003",
    ),
    ("ONLY_TO_CUSTOMER", {"only_to_customer": 70000}, "40010100 400200 4003040a000001 c0230400011170"),
    ("ORIGINATOR_ID", {"originator_id": 1}, "40010100 400200 4003040a000001 80090400000001"),
    ("CLUSTER_LIST", {"cluster_list": (3, 2)}, "40010100 400200 4003040a000001 800a080000000300000002"),
    (
        "carried, in order of code",
        {"communities": (1,), "cluster_list": (1,), "unknown": (UnknownAttribute(0xE0, 9, b""),)},
        "40010100 400200 4003040a000001 c0080400000001 e00900 800a0400000001",
    ),
    ("Partial stays", {"communities": (1,), "partial": (8,)}, "40010100 400200 4003040a000001 e0080400000001"),
]


@pytest.mark.rfc("4271", "4.3")
@pytest.mark.rfc("4271", "5")
@pytest.mark.rfc("1997", "0")
@pytest.mark.rfc("4360", "2")
@pytest.mark.rfc("8092", "3")
@pytest.mark.rfc("9234", "5")
@pytest.mark.rfc("4456", "8")
@pytest.mark.parametrize(("fields", "octets"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
def test_octets(fields: AttributeFields, octets: str) -> None:
    table = AttributeTable()
    attributes = table.replace(table.intern(next_hop=ADDRESS), **fields)
    block = attribute_block(attributes, IPV4_UNICAST, WIDE)
    assert block == bytes.fromhex(octets)
    if fields.get("unknown") is None:
        assert decode_block(block, b"", IBGP, table) == (attributes, ())


@pytest.mark.rfc("4271", "5")
def test_unknown_optional_attributes() -> None:
    carried = attribute(0xC0, 200, b"b") + attribute(0xE0, 100, b"a")
    attributes = decoded(BASE + carried + attribute(0x80, 150, b"dropped") + attribute(0xD0, 99, b""))
    assert attributes.unknown == (
        UnknownAttribute(0xE0, 99, b""),
        UnknownAttribute(0xE0, 100, b"a"),
        UnknownAttribute(0xE0, 200, b"b"),
    )


@pytest.mark.rfc("5701", "2")
def test_opaque_attributes_are_recognized() -> None:
    attributes = decoded(BASE + attribute(0xE0, 25, bytes(20)))
    assert attributes.unknown == (UnknownAttribute(0xE0, 25, bytes(20)),)


@pytest.mark.rfc("8092", "5")
def test_large_communities_stand_once_each() -> None:
    one, other = bytes(11) + b"\1", bytes(11) + b"\2"
    attributes = decoded(BASE + attribute(0xC0, 32, other + one + other))
    assert attributes.large_communities == ((0, 0, 2), (0, 0, 1))
    twice = AttributeTable().intern(large_communities=((0, 0, 1), (0, 0, 1)))
    assert encode_block(twice, four_octet_as=True, has_next_hop=False).endswith(attribute(0xC0, 32, one))


@pytest.mark.rfc("4271", "5")
def test_partial_bit_of_known_attributes_is_kept() -> None:
    block = BASE + attribute(0xE0, 7, bytes.fromhex("0000fde90a000001")) + attribute(0xE0, 8, bytes(4))
    attributes = decoded(block)
    assert attributes.partial == (7, 8)
    assert attribute_block(attributes, IPV4_UNICAST, WIDE) == block


@pytest.mark.rfc("4271", "4.3")
def test_extended_length_from_256_octets() -> None:
    table = AttributeTable()
    at_limit = table.intern(next_hop=ADDRESS, unknown=(UnknownAttribute(0xE0, 99, bytes(255)),))
    beyond = table.intern(next_hop=ADDRESS, unknown=(UnknownAttribute(0xE0, 99, bytes(256)),))
    assert attribute_block(at_limit, IPV4_UNICAST, WIDE).endswith(b"\xe0\x63\xff" + bytes(255))
    assert attribute_block(beyond, IPV4_UNICAST, WIDE).endswith(b"\xf0\x63\x01\x00" + bytes(256))
    assert decoded(attribute_block(beyond, IPV4_UNICAST, WIDE)).fields() == beyond.fields()


@pytest.mark.rfc("4271", "4.3")
@pytest.mark.parametrize(("count", "segments"), [(255, [255]), (256, [255, 1]), (600, [255, 255, 90])])
def test_path_of_more_than_255(count: int, segments: list[int]) -> None:
    path = (Segment(AS_SEQUENCE, tuple(range(1, count + 1))),)
    block = attribute_block(AttributeTable().intern(as_path=path, next_hop=ADDRESS), IPV4_UNICAST, WIDE)
    value = block[8 : -len(NEXT_HOP)]
    found = []
    while value:
        assert value[0] == AS_SEQUENCE
        found.append(value[1])
        value = value[2 + 4 * value[1] :]
    assert found == segments
    assert decoded(block).as_path == path


def test_block_is_kept_until_another_form_is_asked_for() -> None:
    attributes = AttributeTable().intern(as_path=(Segment(AS_SEQUENCE, (65001,)),), next_hop=ADDRESS)
    first = encode_block(attributes, four_octet_as=True, has_next_hop=True)
    assert encode_block(attributes, four_octet_as=True, has_next_hop=True) is first
    assert len(encode_block(attributes, four_octet_as=False, has_next_hop=True)) == len(first) - 2
    assert len(encode_block(attributes, four_octet_as=True, has_next_hop=False)) == len(first) - len(NEXT_HOP)
    assert encode_block(attributes, four_octet_as=True, has_next_hop=True) == first


OUT_OF_RANGE: list[tuple[str, AttributeFields]] = [
    ("ORIGIN", {"origin": 256}),
    ("AS_PATH", {"as_path": (Segment(AS_SEQUENCE, (1 << 32,)),)}),
    ("MULTI_EXIT_DISC", {"med": 1 << 32}),
    ("LOCAL_PREF", {"local_pref": -1}),
    ("COMMUNITIES", {"communities": (-1,)}),
    ("EXTENDED COMMUNITIES", {"extended_communities": (1 << 64,)}),
    ("LARGE_COMMUNITY", {"large_communities": ((0, 0, 1 << 32),)}),
    ("AGGREGATOR", {"aggregator": (1, 1 << 32)}),
]


@pytest.mark.parametrize(("name", "fields"), OUT_OF_RANGE, ids=[row[0] for row in OUT_OF_RANGE])
def test_out_of_range_is_our_callers_mistake(name: str, fields: AttributeFields) -> None:
    table = AttributeTable()
    with pytest.raises(LocalProtocolError, match=f"{name}: "):
        encode_block(table.replace(table.intern(), **fields), four_octet_as=True, has_next_hop=False)


def test_attribute_beyond_its_length_field() -> None:
    table = AttributeTable()
    at_limit = table.intern(unknown=(UnknownAttribute(0xE0, 99, bytes(65535)),))
    assert len(encode_block(at_limit, four_octet_as=True, has_next_hop=False)) == 65535 + 4 + 7
    with pytest.raises(AttributesTooLargeError, match="attribute 8: 65536 octets"):
        encode_block(table.intern(communities=(1,) * 16384), four_octet_as=True, has_next_hop=False)


# ---------------------------------------------------------------- RFC 6793


@pytest.mark.rfc("6793", "4.2.2")
def test_sent_to_a_two_octet_peer() -> None:
    table = AttributeTable()
    attributes = table.intern(
        as_path=(
            Segment(AS_CONFED_SEQUENCE, (65100,)),
            Segment(AS_SEQUENCE, (65001, 70000)),
            Segment(AS_SET, (1, 80000)),
        ),
        next_hop=ADDRESS,
        aggregator=(70000, 9),
    )
    block = attribute_block(attributes, IPV4_UNICAST, NARROW)
    assert block == bytes.fromhex(
        "40010100 400210 0301fe4c 0202fde95ba0 010200015ba0 4003040a000001 c007065ba000000009"
        "c01114 02020000fde900011170 01020000000100013880 c012080001117000000009"
    )
    assert decode_block(block, b"", OLD_IBGP, table) == (attributes, ())


@pytest.mark.rfc("6793", "4.2.2")
def test_nothing_more_is_sent_when_two_octets_suffice() -> None:
    table = AttributeTable()
    attributes = table.intern(as_path=(Segment(AS_SEQUENCE, (65535,)),), next_hop=ADDRESS, aggregator=(65535, 9))
    block = attribute_block(attributes, IPV4_UNICAST, NARROW)
    assert block.hex() == "4001010040020402" + "01ffff" + "4003040a000001" + "c00706ffff00000009"
    assert decode_block(block, b"", OLD_IBGP, table) == (attributes, ())


A, B, C, D = 70001, 70002, 3, 4
TRANS = 23456
MERGES = [
    ("as long: AS4_PATH is it", [(2, (TRANS, TRANS))], [(2, (A, B))], [(2, (A, B))]),
    ("two put before it", [(2, (C, D, TRANS, TRANS))], [(2, (A, B))], [(2, (C, D, A, B))]),
    ("AS4_PATH longer: ignored", [(2, (TRANS,))], [(2, (A, B))], [(2, (TRANS,))]),
    ("none", [(2, (C, D))], [], [(2, (C, D))]),
    ("a set counts one", [(1, (C, D)), (2, (TRANS,))], [(2, (A,))], [(1, (C, D)), (2, (A,))]),
    ("a set is covered whole", [(2, (C,)), (1, (TRANS, D))], [(1, (A, D))], [(2, (C,)), (1, (A, D))]),
    ("leading confederation is kept", [(3, (D,)), (2, (TRANS,))], [(2, (A,))], [(3, (D,)), (2, (A,))]),
    (
        "confederation next to what is put before",
        [(2, (C,)), (4, (D,)), (2, (TRANS,))],
        [(2, (A,))],
        [(2, (C,)), (4, (D,)), (2, (A,))],
    ),
    ("confederation further on goes", [(2, (C, TRANS)), (3, (D,))], [(2, (A,))], [(2, (C, A))]),
]
Raw = list[tuple[int, tuple[int, ...]]]


@pytest.mark.rfc("6793", "4.2.3")
@pytest.mark.parametrize(("old", "new", "whole"), [row[1:] for row in MERGES], ids=[row[0] for row in MERGES])
def test_merge(old: Raw, new: Raw, whole: Raw) -> None:
    def path(raw: Raw) -> tuple[Segment, ...]:
        return tuple(Segment(kind, asns) for kind, asns in raw)

    assert merge(path(old), path(new)) == path(whole)


def old_block(*attributes: bytes) -> bytes:
    return ORIGIN + attribute(0x40, 2, bytes.fromhex("02015ba0")) + NEXT_HOP + b"".join(attributes)


AS4_PATH = attribute(0xC0, 17, bytes.fromhex("020100011170"))
AS4_AGGREGATOR = attribute(0xC0, 18, bytes.fromhex("0001117000000009"))


@pytest.mark.rfc("6793", "4.2.3")
@pytest.mark.parametrize(
    ("aggregator", "expected_path", "expected_aggregator"),
    [("5ba000000009", 70000, (70000, 9)), ("fde900000009", 23456, (65001, 9))],
    ids=["AGGREGATOR has AS_TRANS: both count", "a 2-octet speaker aggregated since: neither counts"],
)
def test_aggregator_decides(aggregator: str, expected_path: int, expected_aggregator: tuple[int, int]) -> None:
    block = old_block(attribute(0xC0, 7, bytes.fromhex(aggregator)), AS4_PATH, AS4_AGGREGATOR)
    attributes = decoded(block, is_old=True)
    assert attributes.as_path == (Segment(AS_SEQUENCE, (expected_path,)),)
    assert attributes.aggregator == expected_aggregator


@pytest.mark.rfc("6793", "4.2.3")
def test_as4_aggregator_alone_counts_for_nothing() -> None:
    assert decoded(old_block(AS4_AGGREGATOR, AS4_PATH), is_old=True).aggregator is None


@pytest.mark.rfc("6793", "6")
@pytest.mark.parametrize(
    "value",
    ["", "0201", "020100011170ff", "0200", "05010001117", "020100000000"],
    ids=["empty", "cut short", "left over", "segment of none", "kind 5", "AS 0"],
)
def test_malformed_as4_path_is_discarded(value: str) -> None:
    block = old_block(attribute(0xC0, 17, bytes.fromhex(value.ljust(len(value) + len(value) % 2, "0"))))
    attributes, problems = decode_block(block, b"", OLD_IBGP, AttributeTable())
    assert attributes is not None
    assert attributes.as_path == (Segment(AS_SEQUENCE, (23456,)),)
    assert [problem.disposition.name for problem in problems] == ["ATTRIBUTE_DISCARD"]


@pytest.mark.rfc("6793", "6")
def test_confederation_in_as4_path_is_dropped() -> None:
    block = old_block(attribute(0xC0, 17, bytes.fromhex("0301 00000007 0201 00011170 0402 00000008 00000009")))
    assert decoded(block, is_old=True).as_path == (Segment(AS_SEQUENCE, (70000,)),)


@pytest.mark.rfc("6793", "6")
@pytest.mark.parametrize("value", ["", "000111700000", "0000000000000009"])
def test_malformed_as4_aggregator_is_discarded(value: str) -> None:
    block = old_block(attribute(0xC0, 7, bytes.fromhex("5ba000000009")), attribute(0xC0, 18, bytes.fromhex(value)))
    attributes, problems = decode_block(block, b"", OLD_IBGP, AttributeTable())
    assert attributes is not None
    assert attributes.aggregator == (23456, 9)
    assert [problem.disposition.name for problem in problems] == ["ATTRIBUTE_DISCARD"]


def test_confederation_kinds_are_written_as_they_are() -> None:
    path = (Segment(AS_CONFED_SET, (1, 2)), Segment(AS_CONFED_SEQUENCE, (3,)))
    table = AttributeTable()
    attributes = table.intern(as_path=path, next_hop=ADDRESS)
    assert decode_block(attribute_block(attributes, IPV4_UNICAST, WIDE), b"", IBGP, table) == (attributes, ())
