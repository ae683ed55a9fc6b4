"""Settings: get, set, unset."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from tortie.change import (
    Component,
    get_raw_setting,
    get_setting,
    set_raw_setting,
    set_setting,
    unset_raw_setting,
    unset_setting,
)
from tortie.model import ConfigInvalid, Resource, key_of
from tortie.store import Conflict, ResourceStore, Store, StoreUnavailable, open_store


def clock() -> datetime:
    """Return a fixed time."""
    return datetime(2026, 1, 1, tzinfo=UTC)


def in_store(work: Callable[[Store, ResourceStore], Awaitable[None]]) -> None:
    """Do the work on an empty datastore."""

    async def run() -> None:
        store = open_store("memory://")
        try:
            await work(store, ResourceStore(store, clock))
        finally:
            await store.close()

    asyncio.run(run())


ROWS = [
    ("asNumber", "64512", "64999"),
    ("nodeTonodeMesh", "on", "off"),
    ("ipip", "off", "on"),
    ("LOGLEVEL", "info", "debug"),
]


@pytest.mark.parametrize(("name", "default", "value"), ROWS, ids=[row[0] for row in ROWS])
def test_default_set_unset(name: str, default: str, value: str) -> None:
    async def work(_: Store, resources: ResourceStore) -> None:
        assert await get_setting(resources, name) == default
        await set_setting(resources, name, value)
        assert await get_setting(resources, name) == value
        await unset_setting(resources, name)
        assert await get_setting(resources, name) == default

    in_store(work)


def test_node_inherits_until_it_has_its_own() -> None:
    async def work(_: Store, resources: ResourceStore) -> None:
        assert await get_setting(resources, "logLevel", "n1") == "info (inherited from global)"
        await set_setting(resources, "logLevel", "debug", "n1")
        assert await get_setting(resources, "logLevel", "n1") == "debug"
        assert await get_setting(resources, "logLevel") == "info"
        assert [each.name for each in await resources.list("BGPConfiguration")] == ["node.n1"]

    in_store(work)


def test_one_name_leaves_the_others() -> None:
    async def work(_: Store, resources: ResourceStore) -> None:
        await set_setting(resources, "asNumber", "64999")
        await set_setting(resources, "nodeToNodeMesh", "off")
        await unset_setting(resources, "asNumber")
        assert await get_setting(resources, "nodeToNodeMesh") == "off"

    in_store(work)


BAD = [
    ("unknown-name", "meshMode", "on", None, "unrecognised config name 'meshMode'"),
    ("bad-value", "nodeToNodeMesh", "OFF", None, "invalid value 'OFF'"),
    ("bad-as-number", "asNumber", "4294967296", None, "the supplied AS number is not valid"),
    ("node-of-a-global-name", "asNumber", "1", "n1", "--node should not be specified"),
]


@pytest.mark.parametrize(("name", "value", "node", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_refused_and_nothing_changed(name: str, value: str, node: str | None, message: str) -> None:
    async def work(store: Store, resources: ResourceStore) -> None:
        with pytest.raises(ConfigInvalid, match=message):
            await set_setting(resources, name, value, node)
        assert (await store.list("")).revision == 0

    in_store(work)


def test_unset_of_what_was_never_set_writes_nothing() -> None:
    async def work(store: Store, resources: ResourceStore) -> None:
        await unset_setting(resources, "asNumber")
        assert (await store.list("")).revision == 0

    in_store(work)


class OvertakenOnce(ResourceStore):
    """A datastore in which somebody else sets the AS number just before our first write."""

    overtaken_count = 0

    async def replace(self, resource: Resource) -> Resource:
        """Let the other one write first, once."""
        if self.overtaken_count == 0:
            self.overtaken_count += 1
            await set_setting(ResourceStore(self._store, clock), "asNumber", "64777")
        return await super().replace(resource)


def test_two_who_set_different_names_at_once_do_not_undo_one_another() -> None:
    async def work(store: Store, resources: ResourceStore) -> None:
        await set_setting(resources, "ipip", "on")
        await set_setting(OvertakenOnce(store, clock), "nodeToNodeMesh", "off")
        assert await get_setting(resources, "asNumber") == "64777"
        assert await get_setting(resources, "nodeToNodeMesh") == "off"

    in_store(work)


class AlwaysOvertaken(ResourceStore):
    """A datastore in which somebody else is always faster."""

    async def create(self, resource: Resource) -> Resource:
        """Refuse."""
        raise Conflict(key_of(resource), 0, 1)


def test_set_that_is_always_overtaken_gives_up() -> None:
    async def work(store: Store, _: ResourceStore) -> None:
        with pytest.raises(StoreUnavailable, match="overtaken by other writers 20 times"):
            await set_setting(AlwaysOvertaken(store, clock), "asNumber", "1")

    in_store(work)


RAW_ROWS = [
    (Component.BGP, None, "/calico/bgp/v1/global/X"),
    (Component.BGP, "n1", "/calico/bgp/v1/host/n1/X"),
    (Component.FELIX, None, "/calico/v1/config/X"),
    (Component.FELIX, "n1", "/calico/v1/host/n1/config/X"),
]


@pytest.mark.parametrize(("component", "node", "key"), RAW_ROWS, ids=[row[2] for row in RAW_ROWS])
def test_raw(component: Component, node: str | None, key: str) -> None:
    async def work(store: Store, _: ResourceStore) -> None:
        assert await get_raw_setting(store, component, "X", node) is None
        await set_raw_setting(store, component, "X", "1440", node)
        assert [entry.key for entry in (await store.list("")).entries] == [key]
        assert await get_raw_setting(store, component, "X", node) == "1440"
        await unset_raw_setting(store, component, "X", node)
        assert await get_raw_setting(store, component, "X", node) is None

    in_store(work)
