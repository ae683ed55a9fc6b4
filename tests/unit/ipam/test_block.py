"""Inside one block: first in, first out; handles; nothing lost."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tortie.ipam.block import addresses_of, assign, has_space, is_empty, new_block, problem_of, release, timestamp
from tortie.model import IPAMBlock, from_stored, to_stored

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def block_of(cidr: str = "10.0.0.0/29") -> IPAMBlock:
    return new_block(cidr, "n1", NOW)


def take(block: IPAMBlock, *handles: str) -> tuple[IPAMBlock, list[str]]:
    taken = []
    for handle in handles:
        block, address = assign(block, handle, "n1", NOW)
        taken.append(address)
    return block, taken


def test_a_timestamp_is_utc_to_the_second() -> None:
    moment = datetime(2026, 1, 31, 13, 0, 1, 999, tzinfo=timezone(timedelta(hours=1)))
    assert timestamp(moment) == "2026-01-31T12:00:01Z"


def test_a_new_block_in_calicos_form() -> None:
    key, value = to_stored(new_block("10.0.0.0/30", "n1", NOW))
    assert key == "/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-30"
    block = from_stored(key, value)
    assert block.to_data()["spec"] == {
        "cidr": "10.0.0.0/30",
        "affinity": "host:n1",
        "affinityClaimTime": "2026-01-31T12:00:00Z",
        "allocations": [None, None, None, None],
        "unallocated": [0, 1, 2, 3],
        "attributes": [],
        "sequenceNumber": 0,
        "sequenceNumberForAllocation": {},
        "deleted": False,
    }


def test_the_default_block_has_64_addresses_and_uses_the_first() -> None:
    block, taken = take(block_of("192.168.7.64/26"), *(["h"] * 64))
    assert taken == [f"192.168.7.{64 + i}" for i in range(64)]
    assert not has_space(block)
    with pytest.raises(AssertionError, match="full"):
        assign(block, "h", "n1", NOW)


def test_an_ipv6_block() -> None:
    _, taken = take(block_of("fd00::40/122"), "a", "b")
    assert taken == ["fd00::40", "fd00::41"]


def test_what_was_given_back_is_taken_last() -> None:
    block, _ = take(block_of(), "a", "b", "c")
    block, released = release(block, "b")
    assert released == ["10.0.0.1"]
    _, taken = take(block, *"defghi")
    assert taken == ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.1"]


def test_a_handle_holds_several_addresses() -> None:
    block, _ = take(block_of(), "a", "b", "a")
    assert addresses_of(block, "a") == ["10.0.0.0", "10.0.0.2"]
    block, released = release(block, "a")
    assert released == ["10.0.0.0", "10.0.0.2"]
    assert addresses_of(block, "a") == []
    assert addresses_of(block, "b") == ["10.0.0.1"]
    assert block.spec.allocations == (None, 0, None, None, None, None, None, None)
    assert block.spec.unallocated == (3, 4, 5, 6, 7, 0, 2)
    assert len(block.spec.attributes) == 1


def test_releasing_an_unknown_handle_changes_nothing() -> None:
    block, _ = take(block_of(), "a")
    assert release(block, "b") == (block, [])


def test_sequence_numbers() -> None:
    block, _ = take(block_of(), "a", "b")
    assert block.spec.sequence_number == 2
    assert block.spec.sequence_number_for_allocation == {"0": 0, "1": 1}
    block, _ = release(block, "a")
    assert block.spec.sequence_number == 3
    assert block.spec.sequence_number_for_allocation == {"1": 1}


def test_an_allocation_says_who_where_and_when() -> None:
    block, _ = take(block_of(), "a")
    attribute = to_stored(block)[1]
    assert b'"handle_id":"a"' in attribute
    assert b'"secondary":{"node":"n1","timestamp":"2026-01-31T12:00:00Z"}' in attribute


def test_is_empty() -> None:
    block = block_of()
    assert is_empty(block)
    block, _ = take(block, "a")
    assert not is_empty(block)
    assert is_empty(release(block, "a")[0])


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({}, None, id="good"),
        pytest.param({"unallocated": [1]}, None, id="withheld ordinals are allowed"),
        pytest.param({"allocations": [None] * 3}, "3 allocations, expected 4", id="too few allocations"),
        pytest.param({"allocations": [0, None, None, None]}, "names attribute 0 of 0", id="no such attribute"),
        pytest.param({"unallocated": [1, 1]}, "listed twice", id="ordinal twice"),
        pytest.param({"unallocated": [4]}, "ordinal 4 is taken, or out of range", id="ordinal out of range"),
        pytest.param(
            {"allocations": [0, None, None, None], "attributes": [{"handle_id": "x"}]},
            "ordinal 0 is taken",
            id="free and taken",
        ),
    ],
)
def test_a_block_that_cannot_be_worked_with(changes: dict[str, object], text: str | None) -> None:
    problem = problem_of(block_of("10.0.0.0/30").with_spec(**changes))
    if text is None:
        assert problem is None
    else:
        assert problem is not None
        assert text in problem
