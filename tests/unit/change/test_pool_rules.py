"""Pools among one another: a table of what is refused, through each way of writing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from tortie.change import Action, change_items
from tortie.change.patching import patch_resource
from tortie.model import ResourceInvalid, load_items
from tortie.store import ResourceStore
from tortie.store.memory import MemoryStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POOL = "{{apiVersion: projectcalico.org/v3, kind: IPPool, metadata: {{name: {}}}, spec: {{cidr: {}, blockSize: {}}}}}"
V1_POOL = "{apiVersion: v1, kind: ipPool, metadata: {cidr: 10.0.1.0/24}}"


def run(test: Callable[[ResourceStore], Awaitable[None]]) -> None:
    async def main() -> None:
        store = ResourceStore(MemoryStore(), lambda: NOW)
        assert await refused(store, Action.CREATE, POOL.format("p", "10.0.0.0/16", 26)) is None
        await test(store)

    asyncio.run(main())


async def refused(store: ResourceStore, action: Action, text: str) -> str | None:
    error = (await change_items(store, action, load_items(text, "-"))).error
    return None if error is None else str(error)


@pytest.mark.parametrize(
    ("action", "text", "reason"),
    [
        (Action.APPLY, POOL.format("p", "10.0.0.0/16", 26), None),
        (Action.REPLACE, POOL.format("p", "10.0.0.0/16", 26), None),
        (Action.CREATE, POOL.format("q", "10.1.0.0/16", 26), None),
        (Action.CREATE, POOL.format("q", "fd00::/64", 122), None),
        (Action.CREATE, POOL.format("q", "10.0.128.0/17", 26), "a network apart from IPPool 'p' (10.0.0.0/16)"),
        (Action.APPLY, POOL.format("q", "10.0.0.0/8", 26), "a network apart from IPPool 'p' (10.0.0.0/16)"),
        (Action.APPLY, POOL.format("p", "10.0.0.0/17", 26), "expected 10.0.0.0/16, which cannot be changed"),
        (Action.REPLACE, POOL.format("p", "10.0.0.0/16", 27), "expected 26, which cannot be changed"),
        (Action.CREATE, V1_POOL, "a network apart from IPPool 'p'"),
        (Action.DELETE, POOL.format("p", "10.0.0.0/17", 26), None),
    ],
)
def test_rules(action: Action, text: str, reason: str | None) -> None:
    async def test(store: ResourceStore) -> None:
        said = await refused(store, action, text)
        assert said is None if reason is None else reason in (said or "")

    run(test)


def test_a_pool_that_exists_is_said_to_exist() -> None:
    async def test(store: ResourceStore) -> None:
        said = await refused(store, Action.CREATE, POOL.format("p", "10.0.0.0/17", 26))
        assert said == "resource already exists: IPPool(p)"

    run(test)


def test_a_patch_cannot_change_the_range() -> None:
    async def test(store: ResourceStore) -> None:
        with pytest.raises(ResourceInvalid, match=r"expected 10\.0\.0\.0/16, which cannot be changed"):
            await patch_resource(store, "ipPool", "p", {"spec": {"cidr": "10.0.0.0/17"}})
        await patch_resource(store, "ipPool", "p", {"spec": {"natOutgoing": True}})

    run(test)
