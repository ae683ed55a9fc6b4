"""What the datastore says of this host, and what is wrong with it if it does not.

For: one look at the datastore for `tortie node check`. Not for: following it (`intent_source`).
"""

import asyncio
from typing import Final

from tortie.fabric import Fabric, NodeNotFound, node_intent
from tortie.node.host_facts import HostPlan
from tortie.store import ROOT_PREFIX, Listing, StoreError, decode_entries, open_store
from tortie.store.schema import SCHEMA_KEY, schema_problem

__all__ = ["read_host_plan"]

TIMEOUT_S: Final = 10.0


async def read_host_plan(name: str, datastore: str) -> HostPlan:
    """Return what a datastore says of a node; never raises for what is wrong with either.

    Args:
        name: of the node.
        datastore: its URL; no file is made where there is none.
    """
    try:
        listing = await _listing(datastore)
    except TimeoutError:
        return HostPlan(name=name, datastore=datastore, problem=f"no answer within {TIMEOUT_S:g} s")
    except StoreError as error:
        return HostPlan(name=name, datastore=datastore, problem=str(error))
    record = next((entry for entry in listing.entries if entry.key == SCHEMA_KEY), None)
    if problem := schema_problem(record):
        return HostPlan(name=name, datastore=datastore, schema_problem=problem)
    decoded = decode_entries(listing.entries)
    fabric = Fabric.from_resources(decoded.resources, decoded.bad_records)
    try:
        return HostPlan(name=name, datastore=datastore, intent=node_intent(fabric, name))
    except NodeNotFound as error:
        return HostPlan(name=name, datastore=datastore, intent_problem=str(error))


async def _listing(datastore: str) -> Listing:
    store = open_store(datastore, may_create=False)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await store.list(ROOT_PREFIX)
    finally:
        await store.close()
