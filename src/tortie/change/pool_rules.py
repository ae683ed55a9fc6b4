"""Rules between an IPPool and those that are stored: its range and block size stay, and no two pools overlap.

What it is for: refusing before the write, as calicoctl does. What it is NOT for: a guarantee: two writers at one moment
may each pass; what nodes do with pools that overlap is decided in ``fabric``.
"""

import ipaddress
from collections.abc import Sequence

from tortie.model import FieldProblem, IPPool, Resource, ResourceInvalid
from tortie.store import ResourceStore

__all__ = ["check_new_pool", "check_pool"]


async def check_pool(store: ResourceStore, resource: Resource) -> None:
    """Refuse an IPPool that would change its range or overlap with another; other kinds pass.

    Raises:
        ResourceInvalid: with every rule that is broken.
    """
    if isinstance(resource, IPPool):
        _check(resource, await store.list("IPPool"))


async def check_new_pool(store: ResourceStore, resource: Resource) -> None:
    """Refuse a new IPPool that would overlap with another; one of the same name is left to the store to refuse."""
    if isinstance(resource, IPPool):
        _check(resource, [pool for pool in await store.list("IPPool") if pool.name != resource.name])


def _check(pool: IPPool, stored: Sequence[Resource]) -> None:
    problems = [problem for each in stored if isinstance(each, IPPool) for problem in _problems(pool, each)]
    if problems:
        raise ResourceInvalid(pool.kind, pool.name, problems)


def _problems(pool: IPPool, stored: IPPool) -> list[FieldProblem]:
    if pool.name != stored.name:
        is_apart = not _overlap(pool.spec.cidr, stored.spec.cidr)
        expected = f"a network apart from IPPool '{stored.name}' ({stored.spec.cidr})"
        return [] if is_apart else [FieldProblem("spec.cidr", pool.spec.cidr, expected)]
    return [
        FieldProblem(f"spec.{field}", new, f"{old}, which cannot be changed: delete the pool and create another")
        for field, new, old in (
            ("cidr", pool.spec.cidr, stored.spec.cidr),
            ("blockSize", pool.spec.block_size, stored.spec.block_size),
        )
        if new != old
    ]


def _overlap(first: str, second: str) -> bool:
    one, other = ipaddress.ip_network(first), ipaddress.ip_network(second)
    if one.version != other.version:
        return False
    shorter, longer = sorted((one, other), key=lambda network: network.prefixlen)
    return longer.network_address in shorter
