"""Filling a lab's datastore: resources, and addresses from a block of each node."""

import asyncio
import ipaddress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tortie.lab.datastore import fill_datastore
from tortie.lab.errors import DatastoreFailed
from tortie.lab.paths import datastore_url
from tortie.lab.topology import load_topology, parse_topology
from tortie.store import ResourceStore, open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)

EXHAUSTED = """
name: full
pools: [{cidr: 192.168.0.0/30, block_size: 32}]
lans: {lan: {networks: [10.0.0.0/24]}}
hosts:
  n: {interfaces: {lan: 10.0.0.2}, containers: COUNT}
"""


async def kinds_in(file: Path) -> list[str]:
    store = open_store(datastore_url(file))
    try:
        snapshot = await ResourceStore(store, lambda: NOW).snapshot()
    finally:
        await store.close()
    assert snapshot.bad_records == []
    return [resource.kind for resource in snapshot.resources]


def test_seeds_containers_have_addresses_from_one_block_a_node(tmp_path: Path) -> None:
    wiring = asyncio.run(fill_datastore(tmp_path / "t.db", load_topology("seed"), NOW))
    blocks: dict[str, set[str]] = {}
    for container in wiring.containers:
        (text,) = container.addresses
        assert ipaddress.ip_interface(text).network.prefixlen == 32
        block = ipaddress.IPv4Network(f"{text.partition('/')[0]}/26", strict=False)
        assert block.subnet_of(ipaddress.IPv4Network("192.168.0.0/16"))
        blocks.setdefault(container.host, set()).add(str(block))
    assert {host: len(found) for host, found in blocks.items()} == dict.fromkeys(blocks, 1)
    assert len(set.union(*blocks.values())) == 4
    kinds = asyncio.run(kinds_in(tmp_path / "t.db"))
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "BGPConfiguration": 1, "IPPool": 1, "Node": 4, "BlockAffinity": 4, "IPAMBlock": 4, "IPAMHandle": 8,
        "WorkloadEndpoint": 8,
    }  # fmt: skip


def test_a_container_gets_an_address_of_each_family_with_a_pool(tmp_path: Path) -> None:
    topology = parse_topology(
        """
name: dual
pools: [{cidr: 192.168.0.0/16}, {cidr: 'fd00:10::/64'}]
lans: {lan: {networks: [10.0.0.0/24]}}
hosts:
  n: {interfaces: {lan: 10.0.0.2}, containers: {auto: [], fixed: 192.168.3.4}}
""",
        "dual.yaml",
    )
    wiring = asyncio.run(fill_datastore(tmp_path / "t.db", topology, NOW))
    auto, fixed = wiring.containers
    assert [text.rpartition("/")[2] for text in auto.addresses] == ["32", "128"]
    assert fixed.addresses == ("192.168.3.4/32",)


def test_the_last_address_of_a_pool_can_be_had_and_one_more_is_refused(tmp_path: Path) -> None:
    fits = parse_topology(EXHAUSTED.replace("COUNT", "4"), "full.yaml")
    assert len(asyncio.run(fill_datastore(tmp_path / "a.db", fits, NOW)).containers) == 4
    too_many = parse_topology(EXHAUSTED.replace("COUNT", "5"), "full.yaml")
    with pytest.raises(DatastoreFailed, match="lab 'full'"):
        asyncio.run(fill_datastore(tmp_path / "b.db", too_many, NOW))
