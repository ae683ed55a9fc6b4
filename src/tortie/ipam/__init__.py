"""Address management: blocks for nodes, addresses for containers, handles for owners.

What it is for: `assign_address`, `ensure_block` and `release_handle` on any datastore, with Calico's keys
and values under `/calico/ipam/v2`. Decisions are pure (`walk.py`, `block.py`, `handle.py`, `choose.py`);
`allocate.py` makes them stick. What it is not for: announcing blocks (`fabric`, `node`), wiring containers
(`node`).
"""

from tortie.ipam.allocate import addresses_of_handle, assign_address, ensure_block, release_handle
from tortie.ipam.choose import usable_pools
from tortie.ipam.errors import IPAMError, NoPools, Overtaken, PoolsExhausted
from tortie.ipam.inspect import Allocation, Inspection, allocations_of, inspect, owners_of
from tortie.ipam.reclaim import delete_handle, release_address
from tortie.ipam.usage import Holder, Usage, holder_of, usages

__all__ = [
    "Allocation",
    "Holder",
    "IPAMError",
    "Inspection",
    "NoPools",
    "Overtaken",
    "PoolsExhausted",
    "Usage",
    "addresses_of_handle",
    "allocations_of",
    "assign_address",
    "delete_handle",
    "ensure_block",
    "holder_of",
    "inspect",
    "owners_of",
    "release_address",
    "release_handle",
    "usable_pools",
    "usages",
]
