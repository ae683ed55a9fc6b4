"""How full pools and blocks are, and who holds an address."""

from datetime import UTC, datetime

import pytest

from support.fabric import pool
from tortie.ipam import holder_of, usages
from tortie.ipam.block import assign, new_block
from tortie.model import IPAMBlock

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def block(cidr: str, count: int = 0, node: str = "n1") -> IPAMBlock:
    made = new_block(cidr, node, NOW)
    for number in range(count):
        made, _ = assign(made, f"handle-{number}", node, NOW)
    return made


def test_pools_with_their_blocks_then_blocks_of_no_pool() -> None:
    pools = [pool("b", "192.168.0.0/24"), pool("a", "10.9.0.0/24"), pool("six", "fd00::/112")]
    blocks = [
        block("192.168.0.64/26", 3),
        block("192.168.0.0/26", 1),
        block("172.16.0.0/26", 2),
        block("fd00::/122", 5),
    ]
    found, problems = usages(pools, blocks)
    assert problems == []
    assert [(item.cidr, item.is_block, item.total_count, item.in_use_count, item.free_count) for item in found] == [
        ("10.9.0.0/24", False, 256, 0, 256),
        ("192.168.0.0/24", False, 256, 4, 252),
        ("192.168.0.0/26", True, 64, 1, 63),
        ("192.168.0.64/26", True, 64, 3, 61),
        ("fd00::/112", False, 65536, 5, 65531),
        ("fd00::/122", True, 64, 5, 59),
        ("172.16.0.0/26", True, 64, 2, 62),
    ]
    assert {item.affinity for item in found} == {None, "host:n1"}


def test_a_block_that_cannot_be_worked_with_is_counted_nowhere() -> None:
    bad = block("192.168.0.0/26", 2).with_spec(allocations=[0])
    found, problems = usages([pool("a", "192.168.0.0/24")], [bad])
    assert [item.in_use_count for item in found] == [0]
    assert problems == ["block 192.168.0.0/26: 1 allocations, expected 64"]
    assert holder_of("192.168.0.0", [bad]) is None


@pytest.mark.parametrize(
    ("address", "handle"),
    [
        pytest.param("192.168.0.0", "handle-0", id="first of the block"),
        pytest.param("192.168.0.1", "handle-1", id="next"),
        pytest.param("192.168.0.2", None, id="free"),
        pytest.param("192.168.9.9", None, id="in no block"),
        pytest.param("fd00::1", None, id="other family"),
    ],
)
def test_who_holds_an_address(address: str, handle: str | None) -> None:
    holder = holder_of(address, [block("10.0.0.0/26", 3), block("192.168.0.0/26", 2)])
    assert (holder and holder.handle) == handle
    if holder is not None:
        assert holder.block == "192.168.0.0/26"
        assert holder.attributes == {"node": "n1", "timestamp": "2026-01-01T00:00:00Z"}
