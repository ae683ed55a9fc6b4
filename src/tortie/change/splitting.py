"""Splitting a pool into smaller ones of equal size, in one transaction.

What it is for: `split_pool`, as calicoctl's ``ipam split``. Blocks and addresses are not touched: they lie in a range,
not in a pool by its name. Since the old pool goes and the new ones come in one revision, nothing need be locked. What
it is NOT for: other changes of pools.
"""

import ipaddress
import uuid
from datetime import UTC, datetime
from typing import Final

from tortie.change.errors import SplitRefused
from tortie.model import IPPool, from_stored, resource_key, to_stored
from tortie.store import Compare, Conflict, Delete, NotFound, Put, Store

__all__ = ["split_pool"]

POOL_COUNT_MAX: Final = 64
"""Parts of one split: old and new ones fit in one transaction."""


async def split_pool(store: Store, name: str, count: int, now: datetime) -> list[IPPool]:
    """Replace a pool by `count` pools of equal size, named after it, and return them.

    Raises:
        NotFound: there is no such pool.
        SplitRefused: it cannot be split so, was changed meanwhile, or a name is taken.
    """
    key = resource_key("IPPool", name)
    entry = await store.get(key)
    if entry is None:
        raise NotFound(f"resource does not exist: IPPool({name})")
    pool = from_stored(key, entry.value)
    assert isinstance(pool, IPPool), f"{key} is a pool's key"
    parts = _parts(pool, count, now)
    stored = [to_stored(part) for part in parts]
    compares = [Compare(key, entry.mod_revision), *(Compare(each, 0) for each, _ in stored)]
    try:
        await store.transact(compares, [Delete(key), *(Put(each, value) for each, value in stored)])
    except Conflict as error:
        raise SplitRefused(f"IPPool '{name}': {error}: a part's name is taken, or the pool was changed") from error
    return parts


def _parts(pool: IPPool, count: int, now: datetime) -> list[IPPool]:
    network = ipaddress.ip_network(pool.spec.cidr)
    bits = count.bit_length() - 1
    if not 2 <= count <= POOL_COUNT_MAX or count != 1 << bits:  # noqa: PLR2004 - one part is no split
        raise SplitRefused(f"{count} parts: expected a power of two from 2 to {POOL_COUNT_MAX}")
    if network.prefixlen + bits > pool.spec.block_size:
        raise SplitRefused(f"IPPool '{pool.name}': {count} parts of {network} would be smaller than a block")
    created = now.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return [
        pool.with_spec(cidr=str(part)).with_metadata(
            name=f"{pool.name}-{index}", uid=str(uuid.uuid4()), creation_timestamp=created, resource_version=None
        )
        for index, part in enumerate(network.subnets(prefixlen_diff=bits))
    ]
