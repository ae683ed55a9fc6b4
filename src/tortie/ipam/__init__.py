"""Address management: blocks for nodes, addresses for containers, handles for owners.

What it is for: `assign_address`, `ensure_block` and `release_handle` on any datastore, with Calico's keys
and values under `/calico/ipam/v2`. Decisions are pure (`walk.py`, `block.py`, `handle.py`, `choose.py`);
`allocate.py` makes them stick. What it is not for: announcing blocks (`fabric`, `node`), wiring containers
(`node`).
"""

from tortie.ipam.allocate import addresses_of_handle, assign_address, ensure_block, release_handle
from tortie.ipam.choose import usable_pools
from tortie.ipam.errors import IPAMError, NoPools, Overtaken, PoolsExhausted
from tortie.ipam.usage import Holder, Usage, holder_of, usages

__all__ = [
    "Holder",
    "IPAMError",
    "NoPools",
    "Overtaken",
    "PoolsExhausted",
    "Usage",
    "addresses_of_handle",
    "assign_address",
    "ensure_block",
    "holder_of",
    "release_handle",
    "usable_pools",
    "usages",
]
