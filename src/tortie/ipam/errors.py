"""Errors of address management.

    IPAMError
    ├── NoPools          no pool that addresses may be taken from
    ├── PoolsExhausted   every block of the pools is taken and the node's own are full
    └── Overtaken        others changed the same records at every one of our tries

Not here: an unavailable datastore (`tortie.store.errors`), records that cannot be read
(`tortie.model.errors`).
"""

__all__ = ["IPAMError", "NoPools", "Overtaken", "PoolsExhausted"]


class IPAMError(Exception):
    """Base of everything that address management raises."""


class NoPools(IPAMError):
    """None of the given pools may be used: none given, disabled, or not for workloads."""


class PoolsExhausted(IPAMError):
    """There is no free address for this node: make a pool, or release addresses."""


class Overtaken(IPAMError):
    """Every try met a concurrent change of the same records; trying again later is safe."""
