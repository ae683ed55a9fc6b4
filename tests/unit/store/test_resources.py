"""Resources on top of a store: calicoctl's rules, bookkeeping, quarantine of bad records."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tortie.model import KINDS, Resource, ResourceInvalid, Secret, UnknownKind, key_of
from tortie.store import (
    AlreadyExists,
    BadRecord,
    Compare,
    Conflict,
    Delete,
    NotFound,
    Operation,
    Put,
    ResourceStore,
    StoreUnavailable,
    decode_entries,
)
from tortie.store.memory import MemoryStore

NOW = datetime(2026, 1, 31, 13, 0, 5, 999_999, tzinfo=timezone(timedelta(hours=1)))
NOW_TEXT = "2026-01-31T12:00:05Z"


def peer(name: str = "rr1", as_number: int = 64512, **metadata: object) -> Resource:
    return make("BGPPeer", {"name": name, **metadata}, {"peerIP": "10.10.31.168", "asNumber": as_number})


def make(kind: str, metadata: dict[str, object], spec: dict[str, object]) -> Resource:
    return KINDS[kind].model.from_data(
        {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": spec}
    )


EXAMPLES = [
    make("Node", {"name": "n1"}, {"bgp": {"ipv4Address": "10.0.0.1/24"}}),
    peer(),
    make("BGPConfiguration", {"name": "default"}, {"nodeToNodeMeshEnabled": False}),
    make("BGPFilter", {"name": "f"}, {"importV4": [{"action": "Reject"}]}),
    make("IPPool", {"name": "pool"}, {"cidr": "192.168.0.0/16"}),
    make(
        "WorkloadEndpoint",
        {"name": "n1-cni-c1-eth0", "namespace": "prod"},
        {
            "node": "n1",
            "orchestrator": "cni",
            "containerID": "c1",
            "endpoint": "eth0",
            "interfaceName": "cali1",
            "ipNetworks": ["192.168.0.1/32"],
        },
    ),
    make(
        "BlockAffinity",
        {"name": "n1-192-168-0-0-26"},
        {"node": "n1", "cidr": "192.168.0.0/26", "state": "confirmed"},
    ),
    make("IPAMBlock", {"name": "192-168-0-0-26"}, {"cidr": "192.168.0.0/26", "affinity": "host:n1"}),
    make("IPAMHandle", {"name": "h.1"}, {"handleID": "h.1", "block": {"192.168.0.0/26": 2}}),
    make("IPAMConfiguration", {"name": "default"}, {"strictAffinity": True, "maxBlocksPerHost": 4}),
    make("IPReservation", {"name": "gateways"}, {"reservedCIDRs": ["192.168.0.0/30"]}),
    make("HostEndpoint", {"name": "n1-eth0"}, {"node": "n1", "interfaceName": "eth0"}),
    make("CalicoNodeStatus", {"name": "n1"}, {"node": "n1", "classes": ["BGP"], "updatePeriodSeconds": 10}),
    make("RouteReflector", {"name": "10.10.31.168"}, {"ip": "10.10.31.168", "clusterID": "1.0.0.1"}),
    make("RouteReflector", {"name": "fd00::168"}, {"ip": "fd00::168", "clusterID": ""}),
    Secret.from_data({"metadata": {"name": "bgp"}, "data": {"password": "aHVudGVyMg=="}}),
]


def run(test: Callable[[MemoryStore, ResourceStore], Awaitable[None]]) -> None:
    async def main() -> None:
        store = MemoryStore()
        uids = iter(f"uid-{i}" for i in range(1, 1000))
        await test(store, ResourceStore(store, lambda: NOW, lambda: next(uids)))

    asyncio.run(main())


def test_the_examples_name_every_kind() -> None:
    assert {resource.kind for resource in EXAMPLES} == set(KINDS)


@pytest.mark.parametrize("example", EXAMPLES, ids=key_of)
def test_every_kind_lives_through_create_get_list_replace_delete(example: Resource) -> None:
    async def test(store: MemoryStore, resources: ResourceStore) -> None:
        kind, name, namespace = example.kind, example.name, example.namespace
        created = await resources.create(example)
        assert created.metadata.resource_version == "1"
        assert created.spec == example.spec
        read = await resources.get(kind, name, namespace)
        assert read.spec == example.spec
        assert read.metadata.resource_version == "1"
        assert list(await resources.list(kind)) == [read]
        assert await resources.snapshot() == (1, [] if kind == "Secret" else [read], [])
        with pytest.raises(AlreadyExists, match=kind):
            await resources.create(example)
        replaced = await resources.replace(read)
        assert replaced.metadata.resource_version == "2"
        assert (await resources.get(kind, name, namespace)) == replaced.with_metadata(
            uid=read.metadata.uid, creation_timestamp=read.metadata.creation_timestamp
        )
        await resources.delete(kind, name, namespace)
        with pytest.raises(NotFound, match=kind):
            await resources.get(kind, name, namespace)
        assert (await store.list("/")).entries == ()

    run(test)


def test_bookkeeping_of_a_new_resource() -> None:
    async def test(store: MemoryStore, resources: ResourceStore) -> None:
        stale: dict[str, object] = {"uid": "old", "resourceVersion": "77", "creationTimestamp": "2001-01-01T00:00:00Z"}
        created = await resources.create(peer("rr1", 64512, **stale))
        metadata = created.metadata
        assert (metadata.uid, metadata.creation_timestamp) == ("uid-1", NOW_TEXT)
        assert await resources.get("bgpPeers", "rr1") == created
        entry = await store.get("/calico/resources/v3/projectcalico.org/bgppeers/rr1")
        assert entry is not None
        stored = json.loads(entry.value)
        assert stored["metadata"] == {"name": "rr1", "uid": "uid-1", "creationTimestamp": NOW_TEXT}
        assert stored["kind"] == "BGPPeer"
        assert stored["apiVersion"] == "projectcalico.org/v3"

    run(test)


def test_replace_keeps_uid_and_creation_time() -> None:
    async def test(_: MemoryStore, resources: ResourceStore) -> None:
        first = await resources.create(peer())
        second = await resources.replace(peer(as_number=65001, labels={"a": "b"}, uid="x"))
        assert second.metadata.uid == first.metadata.uid
        assert second.metadata.creation_timestamp == first.metadata.creation_timestamp
        assert second.labels == {"a": "b"}
        assert await resources.get("BGPPeer", "rr1") == second

    run(test)


def test_a_resource_version_must_match() -> None:
    async def test(_: MemoryStore, resources: ResourceStore) -> None:
        first = await resources.create(peer())
        await resources.replace(peer(as_number=1))
        for call in (
            lambda: resources.replace(first),
            lambda: resources.apply(first),
            lambda: resources.delete("BGPPeer", "rr1", resource_version="1"),
            lambda: resources.replace(peer(resourceVersion="many")),
        ):
            with pytest.raises(Conflict) as caught:
                await call()
            assert caught.value.found == 2
        await resources.delete("BGPPeer", "rr1", resource_version="2")

    run(test)


def test_replace_and_delete_want_something_there() -> None:
    async def test(_: MemoryStore, resources: ResourceStore) -> None:
        with pytest.raises(NotFound, match=r"resource does not exist: BGPPeer\(rr1\)"):
            await resources.replace(peer())
        with pytest.raises(NotFound, match=r"resource does not exist: BGPPeer\(rr1\)"):
            await resources.delete("bgpp", "rr1")
        with pytest.raises(NotFound, match=r"WorkloadEndpoint\(prod/w\)"):
            await resources.get("wep", "w", "prod")
        with pytest.raises(UnknownKind):
            await resources.get("bgppear", "rr1")

    run(test)


def test_apply_creates_then_replaces() -> None:
    async def test(_: MemoryStore, resources: ResourceStore) -> None:
        first = await resources.apply(peer())
        second = await resources.apply(peer(as_number=65001))
        assert (first.metadata.resource_version, second.metadata.resource_version) == ("1", "2")
        assert first.metadata.uid == second.metadata.uid

    run(test)


def test_without_a_version_the_last_writer_wins_even_when_overtaken() -> None:
    class Overtaking(MemoryStore):
        """Somebody else writes the key between each read and the first writes after it."""

        left = 3

        async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
            if self.left and compares and compares[0].mod_revision:
                self.left -= 1
                await super().transact([], operations)
            return await super().transact(compares, operations)

    async def test() -> None:
        store = Overtaking()
        resources = ResourceStore(store, lambda: NOW)
        await resources.create(peer())
        replaced = await resources.replace(peer(as_number=7))
        assert replaced.metadata.resource_version == "5"
        assert await resources.get("BGPPeer", "rr1") == replaced

    asyncio.run(test())


def test_it_gives_up_after_many_tries() -> None:
    class Hopeless(MemoryStore):
        tries = 0

        async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
            if compares and compares[0].mod_revision:
                self.tries += 1
                raise Conflict(compares[0].key, compares[0].mod_revision, compares[0].mod_revision + 1)
            return await super().transact(compares, operations)

    async def test() -> None:
        store = Hopeless()
        resources = ResourceStore(store, lambda: NOW)
        await resources.create(peer())
        with pytest.raises(StoreUnavailable, match="overtaken by other writers 100 times"):
            await resources.replace(peer())
        assert store.tries == 100
        with pytest.raises(StoreUnavailable, match="overtaken"):
            await resources.delete("BGPPeer", "rr1")

    asyncio.run(test())


# ---------------------------------------------------------------- snapshots and bad records

PEERS = "/calico/resources/v3/projectcalico.org/bgppeers/"
BAD = [
    pytest.param(PEERS + "x", b"{", "JSON", id="not JSON"),
    pytest.param(PEERS + "x", b"\xff\xfe", "JSON", id="not text"),
    pytest.param(PEERS + "x", b"[]", "object", id="not an object"),
    pytest.param(PEERS + "x", b'{"apiVersion":"projectcalico.org/v3","kind":"BGPPeer"}', "x", id="incomplete"),
    pytest.param(PEERS + "a/b", b"{}", "the key of a resource", id="key of nothing"),
    pytest.param("/calico/bgp/v1/rr_v4/10.0.0.1", b'{"ip":"10.0.0.2"}', "10.0.0.2", id="another's address"),
    pytest.param("/calico/bgp/v1/rr_v4/ten", b'{"ip":"ten"}', "IP address", id="no address"),
    pytest.param(
        "/calico/bgp/v1/rr_v4/10.0.0.1", b'{"ip":"10.0.0.1","cluster_id":"one"}', "cluster id", id="cluster id"
    ),
    pytest.param("/calico/ipam/v2/assignment/ipv4/block/x", b"{}", "the key of a resource", id="no block"),
]


@pytest.mark.parametrize(("key", "value", "text"), BAD)
def test_a_bad_record_takes_out_itself_only(key: str, value: bytes, text: str) -> None:
    async def test(store: MemoryStore, resources: ResourceStore) -> None:
        good = await resources.create(peer("good"))
        await store.transact([], [Put(key, value)])
        revision, found, bad = await resources.snapshot()
        assert revision == 2
        assert found == [good]
        assert [record.key for record in bad] == [key]
        assert text in bad[0].reason

    run(test)


def test_a_misplaced_record_is_bad() -> None:
    async def test(store: MemoryStore, resources: ResourceStore) -> None:
        await resources.create(peer("a"))
        entry = await store.get(PEERS + "a")
        assert entry is not None
        await store.transact([], [Put(PEERS + "b", entry.value)])
        snapshot = await resources.snapshot("BGPPeer")
        assert [resource.name for resource in snapshot.resources] == ["a"]
        assert [record.key for record in snapshot.bad_records] == [PEERS + "b"]
        with pytest.raises(ResourceInvalid):
            await resources.get("BGPPeer", "b")

    run(test)


def test_a_bad_record_can_be_replaced_and_deleted() -> None:
    async def test(store: MemoryStore, resources: ResourceStore) -> None:
        await store.transact([], [Put(PEERS + "rr1", b"{"), Put(PEERS + "rr2", b"{")])
        repaired = await resources.replace(peer("rr1"))
        assert repaired.metadata.uid == "uid-1"
        await resources.delete("BGPPeer", "rr2")
        assert await resources.snapshot() == (3, [repaired], [])

    run(test)


def test_other_keys_are_passed_over() -> None:
    async def test(store: MemoryStore, resources: ResourceStore) -> None:
        await store.transact(
            [],
            [
                Put("/calico/resources/v3/projectcalico.org/networkpolicies/default/x", b"{"),
                Put("/other/bgppeers/x", b"{"),
            ],
        )
        assert await resources.snapshot() == (1, [], [])

    run(test)


def test_a_snapshot_is_sorted_by_key_and_of_one_kind_on_request() -> None:
    async def test(_: MemoryStore, resources: ResourceStore) -> None:
        for example in reversed(EXAMPLES):
            await resources.create(example)
        revision, everything, bad = await resources.snapshot()
        shown = [example for example in EXAMPLES if example.kind != "Secret"]
        assert (revision, len(everything), bad) == (len(EXAMPLES), len(shown), [])
        assert [key_of(resource) for resource in everything] == sorted(map(key_of, shown))
        assert [secret.name for secret in await resources.list("secret")] == ["bgp"], "they are asked for by name only"
        reflectors = await resources.list("rr")
        assert [reflector.name for reflector in reflectors] == ["10.10.31.168", "fd00::168"]

    run(test)


def test_entries_of_a_follower_are_decoded_the_same_way() -> None:
    async def test(store: MemoryStore, resources: ResourceStore) -> None:
        for example in EXAMPLES:
            await resources.create(example)
        await store.transact([], [Put(PEERS + "bad", b"{")])
        listing = await store.list("/calico/")
        snapshot = await resources.snapshot()
        assert decode_entries(reversed(listing.entries)) == (snapshot.resources, snapshot.bad_records)
        assert isinstance(snapshot.bad_records[0], BadRecord)

    run(test)


def test_reads_and_writes_pass_an_outage_on() -> None:
    async def test(store: MemoryStore, resources: ResourceStore) -> None:
        store.set_outage("gone")
        for call in (lambda: resources.get("Node", "n"), resources.snapshot, lambda: resources.apply(peer())):
            with pytest.raises(StoreUnavailable):
                await call()
        store.set_outage(None)
        await store.transact([Compare("/x", 0)], [Delete("/x")])

    run(test)


def test_the_default_uid_is_a_uuid() -> None:
    async def test() -> None:
        created = await ResourceStore(MemoryStore(), lambda: datetime.now(UTC)).create(peer())
        assert len(created.metadata.uid or "") == 36

    asyncio.run(test())
