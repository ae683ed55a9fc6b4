"""Create, apply, replace and delete lists of resources."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from tortie.change import Action, ChangeResult, change_items, delete_by_identity, delete_by_name
from tortie.model import BGPPeer, Node, Resource, key_of, load_items
from tortie.model.v1 import V1Identity
from tortie.store import AlreadyExists, Conflict, NotFound, ResourceStore, StoreUnavailable, open_store

T = TypeVar("T")

V3_NODES = """\
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n1}
spec: {bgp: {ipv4Address: 10.0.0.1/24}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n2}
spec: {bgp: {ipv4Address: 10.0.0.2/24}}
"""

V1_PEER = """\
apiVersion: v1
kind: bgpPeer
metadata: {peerIP: 10.10.31.168, scope: global}
spec: {asNumber: 64512}
"""

V3_PEER = """\
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: reflector, labels: {rack: r1}}
spec: {peerIP: 10.10.31.168, asNumber: 1, nextHopMode: Self}
"""

V1_NODE = """\
apiVersion: v1
kind: node
metadata: {name: n1}
spec: {bgp: {ipv4Address: 10.0.0.9/24}}
"""

V3_REFLECTING_NODE = """\
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n1}
spec: {bgp: {ipv4Address: 10.0.0.1/24, routeReflectorClusterID: 1.0.0.1}}
"""


def in_store(work: Callable[[ResourceStore], Awaitable[T]]) -> T:
    """Do the work on an empty datastore."""

    async def run() -> T:
        store = open_store("memory://")
        try:
            return await work(ResourceStore(store, lambda: datetime(2026, 1, 1, tzinfo=UTC)))
        finally:
            await store.close()

    return asyncio.run(run())


async def change(store: ResourceStore, action: Action, text: str, *, may_skip: bool = False) -> ChangeResult:
    """Carry out an action on a manifest."""
    return await change_items(store, action, load_items(text, "-"), may_skip=may_skip)


def test_create_makes_all_in_order() -> None:
    async def work(store: ResourceStore) -> None:
        result = await change(store, Action.CREATE, V3_NODES)
        assert (result.handled_count, result.resource_count, result.error) == (2, 2, None)
        assert [(item.kind, item.name, item.is_skipped) for item in result.items] == [
            ("Node", "n1", False),
            ("Node", "n2", False),
        ]
        assert [node.name for node in await store.list("Node")] == ["n1", "n2"]

    in_store(work)


def test_first_refusal_ends_it_and_what_was_done_stays() -> None:
    async def work(store: ResourceStore) -> None:
        await change(store, Action.CREATE, V1_PEER)
        node, other_node = V3_NODES.split("---\n")
        result = await change(store, Action.CREATE, "---\n".join([node, V1_PEER, other_node, node]))
        assert (result.handled_count, result.resource_count, len(result.items)) == (1, 4, 2)
        assert isinstance(result.error, AlreadyExists)
        assert [node.name for node in await store.list("Node")] == ["n1"]

    in_store(work)


ROWS = [
    ("create-missing", Action.CREATE, False, False, None, False),
    ("create-existing", Action.CREATE, True, False, AlreadyExists, False),
    ("create-existing-skipped", Action.CREATE, True, True, None, True),
    ("apply-missing", Action.APPLY, False, False, None, False),
    ("apply-existing", Action.APPLY, True, False, None, False),
    ("replace-missing", Action.REPLACE, False, False, NotFound, False),
    ("replace-missing-cannot-be-skipped", Action.REPLACE, False, True, NotFound, False),
    ("replace-existing", Action.REPLACE, True, False, None, False),
    ("delete-missing", Action.DELETE, False, False, NotFound, False),
    ("delete-missing-skipped", Action.DELETE, False, True, None, True),
    ("delete-existing", Action.DELETE, True, False, None, False),
]


@pytest.mark.parametrize("text", [V3_PEER, V1_PEER], ids=["v3", "v1"])
@pytest.mark.parametrize(
    ("action", "exists", "may_skip", "error", "is_skipped"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_action(
    *, text: str, action: Action, exists: bool, may_skip: bool, error: type[Exception] | None, is_skipped: bool
) -> None:
    async def work(store: ResourceStore) -> None:
        if exists:
            await change(store, Action.CREATE, text)
        result = await change(store, action, text, may_skip=may_skip)
        assert (type(result.error) if result.error else None) is error
        assert result.items[0].is_skipped is is_skipped
        should_be_there = exists if action is Action.DELETE and is_skipped else action is not Action.DELETE
        assert bool(await store.list("BGPPeer")) is (should_be_there and (error is None or exists))

    in_store(work)


def test_replace_with_an_old_resource_version_is_a_conflict() -> None:
    async def work(store: ResourceStore) -> None:
        await change(store, Action.CREATE, V3_PEER)
        text = V3_PEER.replace("name: reflector", "name: reflector, resourceVersion: '999'")
        result = await change(store, Action.REPLACE, text)
        assert isinstance(result.error, Conflict)

    in_store(work)


def test_v1_means_the_resource_of_its_identity_whatever_its_name() -> None:
    async def work(store: ResourceStore) -> None:
        await change(store, Action.CREATE, V3_PEER)
        assert isinstance((await change(store, Action.CREATE, V1_PEER)).error, AlreadyExists)
        assert (await change(store, Action.APPLY, V1_PEER)).error is None
        (peer,) = await store.list("BGPPeer")
        assert isinstance(peer, BGPPeer)
        assert (peer.name, peer.spec.as_number, str(peer.spec.next_hop_mode)) == ("reflector", 64512, "Self")
        assert peer.labels == {"rack": "r1"}
        assert (await change(store, Action.DELETE, V1_PEER)).error is None
        assert not await store.list("BGPPeer")

    in_store(work)


def test_v1_apply_of_a_node_keeps_its_reflector_role() -> None:
    async def work(store: ResourceStore) -> None:
        await change(store, Action.CREATE, V3_REFLECTING_NODE)
        await change(store, Action.APPLY, V1_NODE)
        node = await store.get("Node", "n1")
        assert isinstance(node, Node)
        assert node.spec.bgp is not None
        assert node.spec.bgp.ipv4_address == "10.0.0.9/24"
        assert node.spec.bgp.route_reflector_cluster_id == "1.0.0.1"

    in_store(work)


def test_v1_name_taken_by_another_identity_is_refused() -> None:
    async def work(store: ResourceStore) -> None:
        await change(
            store, Action.CREATE, V3_PEER.replace("name: reflector", "name: 10-10-31-168").replace(".168", ".7")
        )
        result = await change(store, Action.APPLY, V1_PEER)
        assert isinstance(result.error, AlreadyExists)

    in_store(work)


def test_delete_by_name() -> None:
    async def work(store: ResourceStore) -> None:
        await change(store, Action.CREATE, V3_NODES)
        result = await delete_by_name(store, "nodes", ["n2", "n3", "n1"])
        assert (result.handled_count, result.resource_count) == (1, 3)
        assert [(item.kind, item.name) for item in result.items] == [("Node", "n2"), ("Node", "n3")]
        assert (await delete_by_name(store, "node", ["n3", "n1"], may_skip=True)).error is None
        assert not await store.list("Node")

    in_store(work)


def test_delete_by_identity() -> None:
    async def work(store: ResourceStore) -> None:
        await change(store, Action.CREATE, V3_PEER)
        of_node = V1Identity.from_arguments("bgpPeer", "10.10.31.168", scope="node", node="n1")
        everywhere = V1Identity.from_arguments("bgpPeer", "10.10.31.168", scope="global")
        refused = await delete_by_identity(store, [of_node])
        assert str(refused.error) == "resource does not exist: bgpPeer(10.10.31.168, scope=node, node=n1)"
        assert (await delete_by_identity(store, [everywhere])).error is None
        assert not await store.list("BGPPeer")

    in_store(work)


class BusyStore(ResourceStore):
    """A datastore in which somebody else is always faster."""

    async def replace(self, resource: Resource) -> Resource:
        """Refuse."""
        raise Conflict(key_of(resource), 1, 2)


def test_v1_write_that_is_always_overtaken_gives_up() -> None:
    async def work(store: ResourceStore) -> None:
        await change(store, Action.CREATE, V3_PEER)
        busy = BusyStore(store._store, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        result = await change(busy, Action.APPLY, V1_PEER)
        assert isinstance(result.error, StoreUnavailable)
        assert "overtaken by other writers 20 times" in str(result.error)

    in_store(work)
