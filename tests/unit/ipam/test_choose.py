"""Which block next."""

from datetime import UTC, datetime

import pytest

from tortie.ipam.block import assign, new_block
from tortie.ipam.choose import PoolRange, block_to_use, next_claim, pool_ranges, usable_pools
from tortie.ipam.walk import walk_blocks
from tortie.model import IPAMBlock, IPPool

NOW = datetime(2026, 1, 31, tzinfo=UTC)
POOL = PoolRange("10.0.0.0/24", 26)
OTHER = PoolRange("10.1.0.0/24", 26)


def pool(name: str, cidr: str = "10.0.0.0/24", **spec: object) -> IPPool:
    data = {"apiVersion": "projectcalico.org/v3", "kind": "IPPool", "metadata": {"name": name}}
    return IPPool.from_data(data | {"spec": {"cidr": cidr, **spec}})


def full(cidr: str) -> IPAMBlock:
    block = new_block(cidr, "n1", NOW)
    for _ in range(64):
        block, _ = assign(block, "h", "n1", NOW)
    return block


@pytest.mark.parametrize(
    ("spec", "is_usable", "is_in_range"),
    [
        pytest.param({}, True, True, id="plain"),
        pytest.param({"disabled": True}, False, False, id="disabled"),
        pytest.param({"allowedUses": ["Tunnel"]}, False, False, id="for tunnels only"),
        pytest.param({"allowedUses": ["Workload"]}, True, True, id="for workloads only"),
        pytest.param({"assignmentMode": "Manual"}, False, True, id="manual: on request only"),
        pytest.param({"nodeSelector": "rack == 'a'"}, True, True, id="selected"),
        pytest.param({"nodeSelector": "rack == 'b'"}, False, True, id="not selected: on request only"),
        pytest.param({"nodeSelector": ""}, True, True, id="empty selector"),
    ],
)
def test_which_pools(spec: dict[str, object], is_usable: bool, is_in_range: bool) -> None:
    pools = [pool("p", "10.0.0.0/24", **spec)]
    assert bool(usable_pools(pools, {"rack": "a"})) == is_usable
    assert bool(pool_ranges(pools)) == is_in_range


def test_pools_are_used_by_name_and_asked_for_in_order() -> None:
    pools = [pool("b", "10.1.0.0/24"), pool("a", "10.0.0.0/24", blockSize=28)]
    assert [found.name for found in usable_pools(pools, {})] == ["a", "b"]
    assert pool_ranges(pools) == [PoolRange("10.1.0.0/24", 26), PoolRange("10.0.0.0/24", 28)]


def test_the_first_own_block_with_space() -> None:
    own = [full("10.0.0.0/26"), new_block("10.0.0.64/26", "n1", NOW), new_block("10.0.0.128/26", "n1", NOW)]
    assert block_to_use(own, [POOL], "n1", needs_space=True) is own[1]
    assert block_to_use(own, [POOL], "n1", needs_space=False) is own[0]


def test_pools_come_in_order_of_preference() -> None:
    own = [new_block("10.0.0.0/26", "n1", NOW), new_block("10.1.0.0/26", "n1", NOW)]
    assert block_to_use(own, [OTHER, POOL], "n1", needs_space=True) is own[1]


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(full("10.0.0.0/26"), id="full"),
        pytest.param(new_block("10.2.0.0/26", "n1", NOW), id="of another pool"),
        pytest.param(new_block("10.0.0.0/27", "n1", NOW), id="of another size"),
        pytest.param(new_block("10.0.0.0/26", "n2", NOW), id="says it is another node's"),
        pytest.param(new_block("10.0.0.0/26", "n1", NOW).with_spec(affinity=None), id="nobody's"),
        pytest.param(new_block("10.0.0.0/26", "n1", NOW).with_spec(deleted=True), id="deleted"),
    ],
)
def test_blocks_that_do_not_do(block: IPAMBlock) -> None:
    assert block_to_use([block], [POOL], "n1", needs_space=True) is None


def test_unfinished_claims_come_first() -> None:
    assert next_claim([POOL], "n1", ["10.9.0.0/26", "10.0.0.128/26"], set()) == "10.0.0.128/26"


def test_the_first_block_of_the_walk_that_nobody_has() -> None:
    walk = list(walk_blocks("10.0.0.0/24", 26, "n1"))
    assert next_claim([POOL], "n1", [], set()) == walk[0]
    assert next_claim([POOL], "n1", [], set(walk[:3])) == walk[3]


def test_the_next_pool_when_one_is_full() -> None:
    first, second = (list(walk_blocks(found.cidr, 26, "n1")) for found in (POOL, OTHER))
    assert next_claim([POOL, OTHER], "n1", [], set(first)) == second[0]
    assert next_claim([POOL, OTHER], "n1", [], {*first, *second}) is None
