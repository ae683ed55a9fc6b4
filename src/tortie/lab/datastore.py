"""Filling the lab's datastore: the topology's resources, and addresses for its containers from IPAM.

For: `up`, before the holder starts. Not here: the resources themselves (records.py), the rules of IPAM (ipam).
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from tortie.ipam import IPAMError, assign_address, usable_pools
from tortie.lab.errors import DatastoreFailed
from tortie.lab.paths import datastore_url
from tortie.lab.records import endpoint_resource, topology_resources
from tortie.lab.topology import Topology
from tortie.lab.wiring import Wiring, wire
from tortie.model import IPPool, ModelError
from tortie.store import ResourceStore, Store, StoreError, open_store

__all__ = ["HANDLE_PREFIX", "fill_datastore"]

HANDLE_PREFIX: Final = "lab."
"""A container's IPAM handle is this and its name."""


async def fill_datastore(file: Path, topology: Topology, now: datetime) -> Wiring:
    """Write a topology into a new datastore and return its wiring, every container with its addresses.

    Args:
        file: of the sqlite datastore; its folder exists.
        topology: to write.
        now: creation time of everything.

    Raises:
        DatastoreFailed: a resource was refused, a pool is exhausted, or the file cannot be written.
    """
    store = open_store(datastore_url(file))
    try:
        return await _fill(store, topology, now)
    except (ModelError, StoreError, IPAMError) as error:
        raise DatastoreFailed(f"the datastore of lab {topology.name!r}: {error}") from error
    finally:
        await store.close()


async def _fill(store: Store, topology: Topology, now: datetime) -> Wiring:
    resources = ResourceStore(store, lambda: now)
    initial = topology_resources(topology)
    for resource in initial:
        await resources.create(resource)
    pools = usable_pools((item for item in initial if isinstance(item, IPPool)), {})
    waiting = [container for container in topology.containers if not container.addresses]
    addresses = {item.name: await _assign(store, item.host, item.name, pools, now) for item in waiting}
    wiring = wire(topology, addresses)
    for container in wiring.containers:
        await resources.create(endpoint_resource(container))
    return wiring


async def _assign(store: Store, node: str, container: str, pools: Sequence[IPPool], now: datetime) -> tuple[str, ...]:
    """Return an address of each family that has a pool, as /32 and /128."""
    found: list[str] = []
    for length, mark in ((32, "."), (128, ":")):
        of_family = [pool for pool in pools if mark in pool.spec.cidr]
        if of_family:
            address = await assign_address(store, node, of_family, HANDLE_PREFIX + container, now)
            found.append(f"{address}/{length}")
    return tuple(found)
