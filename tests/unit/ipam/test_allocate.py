"""Addresses and blocks on a datastore, with many at work at once."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tortie.ipam import (
    NoPools,
    Overtaken,
    PoolsExhausted,
    addresses_of_handle,
    assign_address,
    ensure_block,
    release_handle,
)
from tortie.ipam.allocate import TRIES_MAX
from tortie.ipam.block import new_block
from tortie.ipam.walk import is_block_of, walk_blocks
from tortie.model import IPPool, ResourceInvalid, to_stored
from tortie.model.keys import affinity_key, block_key
from tortie.store import Compare, Conflict, Entry, Listing, Operation, Put, ResourceStore, Store
from tortie.store.memory import MemoryStore
from tortie.store.sqlite_store import SQLiteStore

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
DEADLINE_S = 30


def pool(cidr: str = "10.0.0.0/24", name: str = "pool", **spec: object) -> IPPool:
    data = {"apiVersion": "projectcalico.org/v3", "kind": "IPPool", "metadata": {"name": name}}
    return IPPool.from_data(data | {"spec": {"cidr": cidr, **spec}})


class YieldingStore(MemoryStore):
    """Lets others run before every step, in an order that a seed decides: the races of real nodes."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    async def get(self, key: str) -> Entry | None:
        await self._let_others_run()
        return await super().get(key)

    async def list(self, prefix: str) -> Listing:
        await self._let_others_run()
        return await super().list(prefix)

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        await self._let_others_run()
        return await super().transact(compares, operations)

    async def _let_others_run(self) -> None:
        for _ in range(self._random.randrange(3)):
            await asyncio.sleep(0)


def run(test: Callable[[Store], Awaitable[None]], store: Store | None = None) -> None:
    async def main() -> None:
        used = store or MemoryStore()
        async with asyncio.timeout(DEADLINE_S):
            await test(used)
        await check_consistent(used)
        await used.close()

    asyncio.run(main())


async def check_consistent(store: Store) -> None:
    """Affinities, blocks and handles tell the same story."""
    _, resources, bad = await ResourceStore(store, lambda: NOW).snapshot()
    assert not bad
    data = [resource.to_data() for resource in resources]
    specs = {
        kind: [item["spec"] for item in data if item["kind"] == kind]
        for kind in ("BlockAffinity", "IPAMBlock", "IPAMHandle")
    }
    claims = {(spec["cidr"], f"host:{spec['node']}") for spec in specs["BlockAffinity"]}
    assert all(spec["state"] == "confirmed" for spec in specs["BlockAffinity"])
    assert claims == {(spec["cidr"], spec["affinity"]) for spec in specs["IPAMBlock"]}
    held: dict[str, dict[str, int]] = {}
    for spec in specs["IPAMBlock"]:
        taken = [index for index in spec["allocations"] if index is not None]
        free = set(spec["unallocated"])
        assert free == {i for i, index in enumerate(spec["allocations"]) if index is None}
        for index in taken:
            counts = held.setdefault(spec["attributes"][index]["handle_id"], {})
            counts[spec["cidr"]] = counts.get(spec["cidr"], 0) + 1
    assert held == {spec["handleID"]: spec["block"] for spec in specs["IPAMHandle"]}


async def value_of(store: Store, key: str) -> dict[str, object]:
    entry = await store.get(key)
    assert entry is not None
    value: dict[str, object] = json.loads(entry.value)
    return value


# ---------------------------------------------------------------- one node


def test_the_first_address_claims_a_block() -> None:
    async def test(store: Store) -> None:
        first = next(walk_blocks("10.0.0.0/24", 26, "n1"))
        address = await assign_address(store, "n1", [pool()], "prod.c1", NOW)
        assert address == first.removesuffix("/26")
        dashed = first.replace("/", "-")
        assert await value_of(store, f"/calico/ipam/v2/host/n1/ipv4/block/{dashed}") == {
            "state": "confirmed",
            "deleted": False,
        }
        block = await value_of(store, f"/calico/ipam/v2/assignment/ipv4/block/{dashed}")
        assert block["affinity"] == "host:n1"
        assert await value_of(store, "/calico/ipam/v2/handle/prod.c1") == {
            "handleID": "prod.c1",
            "block": {first: 1},
            "deleted": False,
        }
        assert await addresses_of_handle(store, "prod.c1") == [address]

    run(test)


def test_a_full_block_leads_to_another() -> None:
    async def test(store: Store) -> None:
        pools = [pool("10.0.0.0/28", blockSize=30)]
        addresses = [await assign_address(store, "n1", pools, f"h{i}", NOW) for i in range(16)]
        assert sorted(addresses, key=lambda text: int(text.rsplit(".", 1)[1])) == [f"10.0.0.{i}" for i in range(16)]
        with pytest.raises(PoolsExhausted, match=r"node n1: its 4 blocks are full .* 10\.0\.0\.0/28"):
            await assign_address(store, "n1", pools, "h16", NOW)
        assert await release_handle(store, "h3") == [addresses[3]]
        assert await assign_address(store, "n1", pools, "h16", NOW) == addresses[3]

    run(test)


def test_ipv6() -> None:
    async def test(store: Store) -> None:
        address = await assign_address(store, "n1", [pool("fd00::/64")], "h", NOW)
        assert is_block_of(f"{address}/122", "fd00::/64", 122)
        assert await release_handle(store, "h") == [address]

    run(test)


def test_the_next_pool_when_the_first_is_full() -> None:
    async def test(store: Store) -> None:
        pools = [pool("10.1.0.0/32", "one", blockSize=32), pool("10.0.0.0/32", "two", blockSize=32)]
        assert await assign_address(store, "n1", pools, "a", NOW) == "10.1.0.0"
        assert await assign_address(store, "n1", pools, "b", NOW) == "10.0.0.0"

    run(test)


@pytest.mark.parametrize(
    "pools",
    [
        pytest.param([], id="none given"),
        pytest.param([pool(disabled=True)], id="disabled"),
        pytest.param([pool(allowedUses=["Tunnel"])], id="not for workloads"),
    ],
)
def test_without_pools(pools: list[IPPool]) -> None:
    async def test(store: Store) -> None:
        with pytest.raises(NoPools, match="no IP pool"):
            await assign_address(store, "n1", pools, "h", NOW)
        with pytest.raises(NoPools):
            await ensure_block(store, "n1", pools, NOW)
        assert (await store.list("/")).revision == 0

    run(test)


def test_ensure_block_claims_once() -> None:
    async def test(store: Store) -> None:
        first = await ensure_block(store, "n1", [pool()], NOW)
        revision = (await store.list("/")).revision
        assert revision == 3  # pending, block, confirmed
        assert await ensure_block(store, "n1", [pool()], NOW) == first
        assert (await store.list("/")).revision == revision
        assert await ensure_block(store, "n2", [pool()], NOW) != first

    run(test)


def test_a_full_block_is_block_enough() -> None:
    async def test(store: Store) -> None:
        pools = [pool("10.0.0.0/31", blockSize=32)]
        address = await assign_address(store, "n1", pools, "h", NOW)
        assert await ensure_block(store, "n1", pools, NOW) == f"{address}/32"

    run(test)


def test_a_claim_goes_through_pending() -> None:
    async def test(store: Store) -> None:
        cidr = await ensure_block(store, "n1", [pool()], NOW)
        states = []
        async for batch in store.watch(affinity_key("n1", cidr), 0):
            states += [json.loads(event.entry.value)["state"] for event in batch if event.entry]
            if len(states) == 2:
                break
        assert states == ["pending", "confirmed"]

    run(test)


# ---------------------------------------------------------------- release


def test_a_handle_may_hold_addresses_of_several_blocks() -> None:
    async def test(store: Store) -> None:
        pools = [pool("10.0.0.0/30", blockSize=31)]
        addresses = [await assign_address(store, "n1", pools, "h", NOW) for _ in range(3)]
        assert sorted(await addresses_of_handle(store, "h")) == sorted(addresses)
        assert sorted(await release_handle(store, "h")) == sorted(addresses)
        assert await addresses_of_handle(store, "h") == []
        assert await release_handle(store, "h") == []
        assert await store.get("/calico/ipam/v2/handle/h") is None

    run(test)


def test_an_unknown_handle_has_nothing_to_release() -> None:
    async def test(store: Store) -> None:
        assert await release_handle(store, "nobody") == []
        assert (await store.list("/")).revision == 0

    run(test)


def test_a_handle_whose_block_is_gone_is_deleted() -> None:
    async def test(store: Store) -> None:
        value = b'{"handleID":"h","block":{"10.9.9.0/26":1},"deleted":false}'
        await store.transact([], [Put("/calico/ipam/v2/handle/h", value)])
        assert await addresses_of_handle(store, "h") == []
        assert await release_handle(store, "h") == []
        assert await store.get("/calico/ipam/v2/handle/h") is None

    run(test)


def test_a_handle_in_calicos_form_without_an_id_is_released() -> None:
    async def test(store: Store) -> None:
        address = await assign_address(store, "n1", [pool()], "h", NOW)
        entry = await store.get("/calico/ipam/v2/handle/h")
        assert entry is not None
        value = json.loads(entry.value)
        del value["handleID"]  # Calico keeps it in the key only
        await store.transact([], [Put(entry.key, json.dumps(value).encode())])
        assert await release_handle(store, "h") == [address]

    run(test)


def test_an_empty_block_of_nobody_is_deleted_with_its_last_address() -> None:
    async def test() -> None:
        store = MemoryStore()
        await assign_address(store, "n1", [pool()], "h", NOW)
        [entry] = (await store.list("/calico/ipam/v2/assignment/")).entries
        block = json.loads(entry.value) | {"affinity": None}
        await store.transact([], [Put(entry.key, json.dumps(block).encode())])
        await release_handle(store, "h")
        assert await store.get(entry.key) is None

    asyncio.run(test())


# ---------------------------------------------------------------- after a crash, and among strangers


async def write_affinity(store: Store, node: str, cidr: str, state: str) -> None:
    value = json.dumps({"state": state, "deleted": False}).encode()
    await store.transact([], [Put(affinity_key(node, cidr), value)])


@pytest.mark.parametrize(
    "has_block", [pytest.param(False, id="before the block"), pytest.param(True, id="before confirming")]
)
def test_an_unfinished_claim_is_finished(has_block: bool) -> None:
    async def test(store: Store) -> None:
        await write_affinity(store, "n1", "10.0.0.192/26", "pending")
        if has_block:
            key, value = to_stored(new_block("10.0.0.192/26", "n1", NOW))
            await store.transact([], [Put(key, value)])
        assert await ensure_block(store, "n1", [pool()], NOW) == "10.0.0.192/26"

    run(test)


def test_a_claim_that_another_node_won_is_given_up() -> None:
    async def test(store: Store) -> None:
        await write_affinity(store, "n1", "10.0.0.192/26", "pending")
        await write_affinity(store, "n2", "10.0.0.192/26", "confirmed")
        key, value = to_stored(new_block("10.0.0.192/26", "n2", NOW))
        await store.transact([], [Put(key, value)])
        assert await ensure_block(store, "n1", [pool()], NOW) != "10.0.0.192/26"
        assert await store.get(affinity_key("n1", "10.0.0.192/26")) is None

    run(test)


def test_a_confirmed_claim_whose_block_was_deleted_gets_it_back() -> None:
    async def test(store: Store) -> None:
        await write_affinity(store, "n1", "10.0.0.192/26", "confirmed")
        assert await assign_address(store, "n1", [pool()], "h", NOW) == "10.0.0.192"

    run(test)


def test_a_record_that_cannot_be_read_takes_out_itself_only() -> None:
    async def test() -> None:
        store = MemoryStore()
        await write_affinity(store, "n1", "10.0.0.0/26", "confirmed")
        await store.transact([], [Put(block_key("10.0.0.0/26"), b"{")])
        await write_affinity(store, "n1", "10.0.0.64/26", "no such state")
        address = await assign_address(store, "n1", [pool()], "h", NOW)
        assert not is_block_of(f"{address}/32", "10.0.0.0/26", 32)

    asyncio.run(test())


def test_exhaustion_names_records_that_cannot_be_read() -> None:
    async def test() -> None:
        store = MemoryStore()
        await write_affinity(store, "n1", "10.0.0.0/26", "confirmed")
        value = b'{"cidr":"10.0.0.0/26","affinity":"host:n1","allocations":[]}'
        await store.transact([], [Put(block_key("10.0.0.0/26"), value)])
        with pytest.raises(PoolsExhausted, match=r"unusable records: .*0 allocations, expected 64"):
            await assign_address(store, "n1", [pool("10.0.0.0/26")], "h", NOW)

    asyncio.run(test())


def test_a_handle_that_cannot_be_read_is_named() -> None:
    async def test() -> None:
        store = MemoryStore()
        await store.transact([], [Put("/calico/ipam/v2/handle/h", b"{")])
        with pytest.raises(ResourceInvalid, match="IPAMHandle 'h'"):
            await assign_address(store, "n1", [pool()], "h", NOW)
        with pytest.raises(ResourceInvalid, match="IPAMHandle 'h'"):
            await release_handle(store, "h")

    asyncio.run(test())


# ---------------------------------------------------------------- many at once


async def start_together(store: Store, node_count: int) -> list[str]:
    """Return the blocks that nodes get which all start at the same moment."""
    pools = [pool("10.0.0.0/22")]
    async with asyncio.TaskGroup() as tasks:
        claims = [tasks.create_task(ensure_block(store, f"n{i}", pools, NOW)) for i in range(node_count)]
    return [claim.result() for claim in claims]


@pytest.mark.parametrize("seed", range(10))
def test_nodes_that_start_together_never_share_a_block(seed: int) -> None:
    async def test(store: Store) -> None:
        blocks = await start_together(store, 16)  # as many as there are
        assert len(set(blocks)) == 16
        with pytest.raises(PoolsExhausted):
            await ensure_block(store, "late", [pool("10.0.0.0/22")], NOW)

    run(test, YieldingStore(seed))


def test_nodes_that_start_together_on_one_file(tmp_path: Path) -> None:
    async def test(_: Store) -> None:
        others = [SQLiteStore(tmp_path / "s.db") for _ in range(4)]
        async with asyncio.TaskGroup() as tasks:
            claims = [
                tasks.create_task(ensure_block(others[i % 4], f"n{i}", [pool("10.0.0.0/22")], NOW)) for i in range(16)
            ]
        assert len({claim.result() for claim in claims}) == 16
        for other in others:
            await other.close()

    run(test, SQLiteStore(tmp_path / "s.db"))


@pytest.mark.parametrize("seed", range(4))
def test_containers_that_start_together_never_share_an_address(seed: int) -> None:
    async def live(store: Store, node: str, handle: str, seen: dict[str, str]) -> None:
        for _ in range(3):
            address = await assign_address(store, node, [pool("10.0.0.0/26", blockSize=29)], handle, NOW)
            assert address not in seen, f"{address} is held by {seen[address]}"
            seen[address] = handle
            await asyncio.sleep(0)
            del seen[address]
            assert await release_handle(store, handle) == [address]
        seen[await assign_address(store, node, [pool("10.0.0.0/26", blockSize=29)], handle, NOW)] = handle

    async def test(store: Store) -> None:
        seen: dict[str, str] = {}
        async with asyncio.TaskGroup() as tasks:
            for i in range(16):
                tasks.create_task(live(store, f"n{i % 3}", f"h{i}", seen))
        assert len(seen) == 16

    run(test, YieldingStore(seed))


@pytest.mark.parametrize("seed", range(4))
def test_one_handle_on_several_nodes_at_once_counts_every_address(seed: int) -> None:
    async def test(store: Store) -> None:
        pools = [pool("10.0.0.0/26", blockSize=29)]
        async with asyncio.TaskGroup() as tasks:
            for i in range(8):
                tasks.create_task(assign_address(store, f"n{i % 4}", pools, "shared", NOW))
        assert len(await addresses_of_handle(store, "shared")) == 8
        async with asyncio.TaskGroup() as tasks:
            releases = [tasks.create_task(release_handle(store, "shared")) for _ in range(3)]
        assert sum(len(release.result()) for release in releases) == 8

    run(test, YieldingStore(seed))


def test_it_gives_up_after_many_tries() -> None:
    class Hopeless(MemoryStore):
        tries = 0

        async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
            self.tries += 1
            raise Conflict(compares[0].key, compares[0].mod_revision, len(operations))

    async def test() -> None:
        store = Hopeless()
        with pytest.raises(Overtaken, match="no block for n1: overtaken by other writers 100 times"):
            await ensure_block(store, "n1", [pool()], NOW)
        assert store.tries == TRIES_MAX
        with pytest.raises(Overtaken, match="no address for h on n1"):
            await assign_address(store, "n1", [pool()], "h", NOW)

    asyncio.run(test())


def test_a_release_gives_up_after_many_tries() -> None:
    class Hopeless(MemoryStore):
        is_hopeless = False

        async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
            if self.is_hopeless:
                raise Conflict(compares[0].key, compares[0].mod_revision, 99)
            return await super().transact(compares, operations)

    async def test() -> None:
        store = Hopeless()
        await assign_address(store, "n1", [pool()], "h", NOW)
        store.is_hopeless = True
        with pytest.raises(Overtaken, match="addresses of h"):
            await release_handle(store, "h")

    asyncio.run(test())
