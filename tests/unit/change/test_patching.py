"""Patches and labels: one resource changed in part, whoever else writes it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from tortie.change.errors import LabelRefused, PatchRefused
from tortie.change.patching import LabelChange, label_resource, merged, patch_resource
from tortie.model import BGPPeer, IPAMConfiguration, Node, Resource, ResourceInvalid, Secret
from tortie.store import Conflict, NotFound, Put, ResourceStore
from tortie.store.memory import MemoryStore

NODE = Node.from_data(
    {
        "metadata": {"name": "n1", "labels": {"rack": "a"}},
        "spec": {"bgp": {"ipv4Address": "10.0.0.1/24", "asNumber": 65001}},
    }
)


@pytest.mark.parametrize(
    ("data", "patch", "strategic", "plain"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, None),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}, None),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}, None),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}, None),
        ({"a": 1}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}, None),
        ({"a": {"b": 1}}, {"a": {"$patch": "replace", "c": 1}}, {"a": {"c": 1}},
         {"a": {"b": 1, "$patch": "replace", "c": 1}}),
        ({"a": {"b": 1}}, {"a": {"$patch": "delete"}}, {}, {"a": {"b": 1, "$patch": "delete"}}),
        ({"a": {"b": 1}}, {"a": {"$patch": "merge", "c": 1}}, {"a": {"b": 1, "c": 1}},
         {"a": {"b": 1, "$patch": "merge", "c": 1}}),
        ({"a": 1}, "x", "x", None),
    ],
)  # fmt: skip
def test_merge(data: object, patch: object, strategic: object, plain: object) -> None:
    assert merged(data, patch, is_strategic=True) == strategic
    assert merged(data, patch, is_strategic=False) == (strategic if plain is None else plain)


def test_unknown_directive() -> None:
    with pytest.raises(PatchRefused, match="'retain': expected merge, replace or delete"):
        merged({}, {"a": {"$patch": "retain"}}, is_strategic=True)


def run(test: Callable[[MemoryStore, ResourceStore], Awaitable[None]], *resources: Resource) -> None:
    async def main() -> None:
        store = MemoryStore()
        typed = ResourceStore(store, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        for resource in resources or (NODE,):
            await typed.create(resource)
        await test(store, typed)

    asyncio.run(main())


def test_a_patch_changes_what_it_names() -> None:
    async def test(_: MemoryStore, store: ResourceStore) -> None:
        before = await store.get("Node", "n1")
        await patch_resource(store, "node", "n1", {"spec": {"bgp": {"routeReflectorClusterID": "1.0.0.1"}}})
        node = await store.get("Node", "n1")
        assert isinstance(node, Node)
        assert (node.cluster_id, node.as_number, node.address_v4) == ("1.0.0.1", 65001, "10.0.0.1")
        assert (node.metadata.uid, node.labels) == (before.metadata.uid, {"rack": "a"})
        await patch_resource(store, "node", "n1", {"spec": {"bgp": {"asNumber": None}}})
        assert (await store.get("Node", "n1")).to_data()["spec"]["bgp"].get("asNumber") is None

    run(test)


@pytest.mark.parametrize(
    ("patch", "error", "message"),
    [
        ({"spec": {"bgp": {"asNumber": 0}}}, ResourceInvalid, "spec.bgp.asNumber: 0: expected an AS number"),
        ({"spec": {"bgp": {"asnumber": 1}}}, ResourceInvalid, "did you mean 'asNumber'"),
        ({"spec": {"bgp": None}, "specs": 1}, ResourceInvalid, "did you mean 'spec'"),
        ({"metadata": {"name": "n2"}}, PatchRefused, "cannot rename Node 'n1'"),
        ({"kind": "BGPPeer"}, ResourceInvalid, "kind"),
        ({"metadata": {"resourceVersion": "99"}}, Conflict, "/nodes/n1"),
        ([1], PatchRefused, "expected a mapping"),
    ],
)
def test_a_bad_patch_changes_nothing(patch: object, error: type[Exception], message: str) -> None:
    async def test(_: MemoryStore, store: ResourceStore) -> None:
        before = await store.get("Node", "n1")
        with pytest.raises(error, match=message):
            await patch_resource(store, "node", "n1", patch)
        assert await store.get("Node", "n1") == before

    run(test)


def test_fields_of_a_newer_program_are_carried_but_new_ones_refused() -> None:
    async def test(raw: MemoryStore, store: ResourceStore) -> None:
        key = "/calico/resources/v3/projectcalico.org/bgppeers/p"
        value = b'{"metadata":{"name":"p"},"spec":{"peerIP":"10.0.0.9","newer":{"x":1}}}'
        await raw.transact([], [Put(key, value)])
        await patch_resource(store, "bgpPeer", "p", {"spec": {"asNumber": 65001}})
        assert (await store.get("BGPPeer", "p")).to_data()["spec"] == {
            "peerIP": "10.0.0.9", "newer": {"x": 1}, "asNumber": 65001,
        }  # fmt: skip
        with pytest.raises(ResourceInvalid, match="other"):
            await patch_resource(store, "bgpPeer", "p", {"spec": {"other": 1}})

    run(test)


def test_a_secret_keeps_what_is_not_shown() -> None:
    async def test(raw: MemoryStore, store: ResourceStore) -> None:
        await label_resource(store, "secret", "s", "for", "bgp")
        entry = await raw.get("/tortie/secrets/s")
        assert entry is not None
        assert b"aHVudGVyMg==" in entry.value

    run(test, Secret.from_data({"metadata": {"name": "s"}, "data": {"password": "aHVudGVyMg=="}}))


def test_labels() -> None:
    async def test(_: MemoryStore, store: ResourceStore) -> None:
        assert await label_resource(store, "no", "n1", "zone", "z") is LabelChange.SET
        assert await label_resource(store, "no", "n1", "zone", "z") is LabelChange.UPDATED
        with pytest.raises(LabelRefused, match="Node 'n1' has the label 'zone' with the value 'z'"):
            await label_resource(store, "no", "n1", "zone", "y")
        assert await label_resource(store, "no", "n1", "zone", "y", may_overwrite=True) is LabelChange.UPDATED
        assert (await store.get("Node", "n1")).labels == {"rack": "a", "zone": "y"}
        assert await label_resource(store, "no", "n1", "zone", None) is LabelChange.REMOVED
        with pytest.raises(LabelRefused, match="Node 'n1' has no label 'zone'"):
            await label_resource(store, "no", "n1", "zone", None)
        with pytest.raises(NotFound):
            await label_resource(store, "no", "n2", "zone", "z")

    run(test)


def test_a_kind_that_keeps_no_labels_says_so() -> None:
    async def test(_: MemoryStore, store: ResourceStore) -> None:
        with pytest.raises(LabelRefused, match="has no place for labels"):
            await label_resource(store, "ipamconfig", "default", "a", "b")

    run(test, IPAMConfiguration.from_data({"metadata": {"name": "default"}}))


def test_others_who_write_meanwhile_lose_nothing() -> None:
    async def test(_: MemoryStore, store: ResourceStore) -> None:
        await asyncio.gather(*(label_resource(store, "bp", "p", f"k{i}", str(i)) for i in range(8)))
        assert (await store.get("BGPPeer", "p")).labels == {f"k{i}": str(i) for i in range(8)}

    run(test, BGPPeer.from_data({"metadata": {"name": "p"}, "spec": {"peerIP": "10.0.0.1"}}))
