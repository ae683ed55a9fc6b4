"""Attribute sets are kept once, while somebody holds them; the cache of seen blocks is bounded."""

import gc

import pytest

from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.wire import AS_SEQUENCE, AttributeTable, Segment
from tortie.bgp.wire.attribute_set import SEEN_BLOCKS_MAX, SEEN_OCTETS_MAX, AttributeSet, SeenBlock, SeenBlocks, _forget

PATH = (Segment(AS_SEQUENCE, (64512, 65001)),)
NEXT_HOP = bytes((10, 0, 0, 1))


def test_same_fields_same_object() -> None:
    table = AttributeTable()
    first = table.intern(as_path=PATH, next_hop=NEXT_HOP, local_pref=100)
    assert table.intern(local_pref=100, next_hop=NEXT_HOP, as_path=PATH) is first
    assert table.intern(as_path=PATH, next_hop=NEXT_HOP, local_pref=101) is not first
    assert AttributeTable().intern(as_path=PATH, next_hop=NEXT_HOP, local_pref=100) is not first


def test_defaults() -> None:
    attributes = AttributeTable().intern()
    assert attributes.fields() == (0, (), b"", None, None, False, None, (), None, (), (), (), None, (), ())
    assert (attributes.as_path_length, attributes.neighbor_as, attributes.as_path_text()) == (0, None, "")


def test_derived_from_the_path() -> None:
    attributes = AttributeTable().intern(as_path=(*PATH, Segment(1, (1, 2))))
    assert (attributes.as_path_length, attributes.neighbor_as) == (3, 64512)
    assert attributes.as_path_text() == "64512 65001 {1,2}"
    assert attributes.contains_as(2)
    assert not attributes.contains_as(3)


def test_replace_leaves_the_first_alone() -> None:
    table = AttributeTable()
    first = table.intern(as_path=PATH, med=5)
    second = table.replace(first, med=None, cluster_list=(1,))
    assert (first.med, first.cluster_list) == (5, ())
    assert (second.med, second.cluster_list, second.as_path) == (None, (1,), PATH)
    assert table.replace(second, med=5, cluster_list=()) is first
    assert table.replace(first) is first


def test_unknown_field_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match=r"\['colour'\]: expected origin, as_path"):
        AttributeTable().intern(colour=3)  # type: ignore[call-arg]  # the mistake under test


def test_sets_go_with_their_last_holder() -> None:
    table = AttributeTable()
    kept = table.intern(med=1)
    table.intern(med=2)
    gc.collect()
    assert len(table) == 1
    assert table.intern(med=1) is kept


class Awkward(int):
    """An integer that hashes like every other: what a peer that looks for collisions would send."""

    def __hash__(self) -> int:
        return 7


def test_sets_of_one_hash_are_told_apart() -> None:
    table = AttributeTable()
    first = table.intern(med=Awkward(1))
    second = table.intern(med=Awkward(2))
    assert first is not second
    assert table.intern(med=Awkward(1)) is first
    assert table.intern(med=Awkward(2)) is second
    assert len(table) == 2
    del first
    gc.collect()
    assert table.intern(med=Awkward(2)) is second
    third = table.intern(med=Awkward(1))
    assert table.intern(med=Awkward(1)) is third
    assert table.intern(med=Awkward(2)) is second


def test_a_late_farewell_does_not_take_the_successor_with_it() -> None:
    table = AttributeTable()
    first = table.intern(med=1)
    ((fields_hash, reference),) = table._by_hash.items()
    del first
    second = table.intern(med=1)
    _forget(table._by_hash, reference)
    assert table._by_hash[fields_hash]() is second


def test_text_names_what_is_set() -> None:
    assert repr(AttributeTable().intern(med=3)) == "AttributeSet(med=3)"


def seen(number: int) -> SeenBlock:
    return AttributeSet((0, (), b"", number, None, False, None, (), None, (), (), (), None, (), ())), ()


def test_seen_blocks_at_the_limit_and_beyond() -> None:
    blocks = SeenBlocks()
    for number in range(SEEN_BLOCKS_MAX):
        blocks.remember(number.to_bytes(4), seen(number))
    assert len(blocks.young) == SEEN_BLOCKS_MAX
    blocks.remember(b"one more", seen(0))
    assert len(blocks.young) == 1
    assert blocks.find(bytes(4)) is not None
    assert len(blocks.young) == 2
    for number in range(SEEN_BLOCKS_MAX):
        blocks.remember(b"other" + number.to_bytes(4), seen(number))
    assert blocks.find(bytes(4)) is not None
    assert blocks.find((1).to_bytes(4)) is None
    assert blocks.find(b"never") is None


def test_large_blocks_leave_sooner() -> None:
    blocks, size = SeenBlocks(), 4096
    for number in range(SEEN_OCTETS_MAX // size):
        blocks.remember(number.to_bytes(4).ljust(size), seen(number))
    assert len(blocks.young) == SEEN_OCTETS_MAX // size
    blocks.remember((b"one more".ljust(size), bytes(4)), seen(0))
    assert len(blocks.young) == 1
