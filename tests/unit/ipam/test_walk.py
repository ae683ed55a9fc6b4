"""The order in which a node looks through a pool's blocks."""

import pytest

from tortie.ipam.walk import block_count, fnv32, is_block_of, walk_blocks


@pytest.mark.parametrize(
    ("data", "digest"),
    [  # the published test vectors of FNV-1, 32 bits
        (b"", 0x811C9DC5),
        (b"a", 0x050C5D7E),
        (b"b", 0x050C5D7D),
        (b"foobar", 0x31F0B262),
    ],
)
def test_fnv32(data: bytes, digest: int) -> None:
    assert fnv32(data) == digest


@pytest.mark.parametrize(
    ("cidr", "block_size", "count"),
    [
        ("192.168.0.0/16", 26, 1024),
        ("10.0.0.0/8", 26, 262144),
        ("192.168.0.0/26", 26, 1),
        ("192.168.0.0/27", 26, 0),
        ("192.168.0.0/24", 32, 256),
        ("fd00::/48", 122, 1 << 74),
    ],
)
def test_block_count(cidr: str, block_size: int, count: int) -> None:
    assert block_count(cidr, block_size) == count


def test_a_walk_goes_round_once() -> None:
    blocks = list(walk_blocks("192.168.0.0/24", 26, "node1"))
    assert sorted(blocks) == ["192.168.0.0/26", "192.168.0.128/26", "192.168.0.192/26", "192.168.0.64/26"]
    start = fnv32(b"node1") % 4
    in_order = [f"192.168.0.{64 * index}/26" for index in range(4)]
    assert blocks == in_order[start:] + in_order[:start]


def test_a_pool_smaller_than_a_block_has_none() -> None:
    assert list(walk_blocks("192.168.0.0/27", 26, "node1")) == []


def test_a_vast_pool_is_walked_lazily() -> None:
    walk = walk_blocks("fd00::/48", 122, "node1")
    first, second = next(walk), next(walk)
    assert is_block_of(first, "fd00::/48", 122)
    assert is_block_of(second, "fd00::/48", 122)
    assert first != second


def test_starts_are_stable_and_spread() -> None:
    starts = [next(walk_blocks("192.168.0.0/16", 26, f"node{i}")) for i in range(100)]
    assert starts == [next(walk_blocks("192.168.0.0/16", 26, f"node{i}")) for i in range(100)]
    assert len(set(starts)) > 80


@pytest.mark.parametrize(
    ("block", "is_block"),
    [
        pytest.param("192.168.3.64/26", True, id="inside"),
        pytest.param("192.168.0.0/26", True, id="first"),
        pytest.param("192.168.255.192/26", True, id="last"),
        pytest.param("192.169.0.0/26", False, id="outside"),
        pytest.param("192.168.3.64/27", False, id="other size"),
        pytest.param("fd00::/26", False, id="other family"),
    ],
)
def test_is_block_of(block: str, is_block: bool) -> None:
    assert is_block_of(block, "192.168.0.0/16", 26) == is_block


def test_a_pool_smaller_than_its_block_size_owns_nothing() -> None:
    assert not is_block_of("192.168.0.0/26", "192.168.0.0/27", 26)
