"""A block under any sequence of requests: addresses are unique, first in first out, and none is lost."""

import ipaddress
from collections import deque
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tortie.ipam.block import addresses_of, assign, has_space, new_block, problem_of, release
from tortie.ipam.walk import block_count, is_block_of, walk_blocks
from tortie.model import from_stored, to_stored

NOW = datetime(2026, 1, 31, tzinfo=UTC)
CIDR = "10.0.0.8/29"
HANDLES = st.sampled_from("abc")
STEPS = st.lists(st.tuples(st.sampled_from(["assign", "release"]), HANDLES), max_size=40)


@given(STEPS)
def test_a_block_is_a_queue_of_addresses(steps: list[tuple[str, str]]) -> None:
    block = new_block(CIDR, "n1", NOW)
    free = deque(str(address) for address in ipaddress.ip_network(CIDR))
    held: dict[str, list[str]] = {}
    for number, (step, handle) in enumerate(steps):
        before = block.spec.sequence_number
        if step == "release":
            block, released = release(block, handle)
            assert released == sorted(held.pop(handle, []), key=ipaddress.ip_address)
            free.extend(released)
            assert block.spec.sequence_number == before + bool(released)
        elif free:
            block, address = assign(block, handle, "n1", NOW)
            assert address == free.popleft()
            held.setdefault(handle, []).append(address)
            assert block.spec.sequence_number == before + 1
        assert problem_of(block) is None, number
        assert has_space(block) == bool(free)
        for owner in "abc":
            assert sorted(addresses_of(block, owner)) == sorted(held.get(owner, []))
    key, value = to_stored(block)
    assert to_stored(from_stored(key, value)) == (key, value)


@given(
    st.integers(0, 0xFFFFFF), st.integers(16, 28), st.integers(20, 32), st.text("abcdefghij-.0123456789", max_size=20)
)
def test_a_walk_visits_every_block_once(high: int, length: int, block_size: int, node: str) -> None:
    network = ipaddress.ip_network((high << 8, length), strict=False)
    blocks = list(walk_blocks(str(network), block_size, node))
    assert len(blocks) == len(set(blocks)) == block_count(str(network), block_size)
    assert all(is_block_of(block, str(network), block_size) for block in blocks)
