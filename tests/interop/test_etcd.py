"""The etcd driver against a real etcd of one member: what the contract does not cover."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.etcd import ADDRESS, Members, running_members
from tortie.cli.errors import ExitCode
from tortie.lab.certificates import make_authority, write_issued
from tortie.model import load_manifests
from tortie.store import (
    VALUE_BYTES_MAX,
    WATCH_BATCH_EVENTS_MAX,
    Compacted,
    Delete,
    Event,
    InvalidRequest,
    Operation,
    Put,
    ResourceStore,
    Store,
    StoreUnavailable,
)
from tortie.store.etcd import EtcdStore
from tortie.store.etcd_channel import PAGE_KEYS_MAX, Connection
from tortie.store.etcd_client import EtcdClient
from tortie.store.etcd_messages import RANGE, Message, Method
from tortie.store.etcd_range import list_prefix
from tortie.store.etcd_settings import EtcdSettings, Secret

DEADLINE_S = 30
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def etcd(one_member: Members) -> Members:
    """Return the member that all share, emptied."""
    one_member.control("del", "", "--from-key=true")
    return one_member


def run(store: EtcdStore, test: Callable[[EtcdStore], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            try:
                await test(store)
            finally:
                await store.close()

    asyncio.run(main())


async def put_many(store: Store, count: int, value: bytes = b"v") -> None:
    for start in range(0, count, 100):
        operations: list[Operation] = [Put(f"/k/{i:05}", value) for i in range(start, min(start + 100, count))]
        await store.transact([], operations)


async def first_events(store: Store, prefix: str, from_revision: int, count: int) -> list[Event]:
    events: list[Event] = []
    async with aclosing(store.watch(prefix, from_revision)) as watch:
        async for batch in watch:
            events += batch
            if len(events) >= count:
                break
    return events


# ---------------------------------------------------------------- lists


@pytest.mark.parametrize("count", [PAGE_KEYS_MAX, PAGE_KEYS_MAX + 1, 2 * PAGE_KEYS_MAX + 1])
def test_a_list_of_several_pages_is_whole(etcd: Members, count: int) -> None:
    async def test(store: EtcdStore) -> None:
        await put_many(store, count)
        listing = await store.list("/k/")
        assert [entry.key for entry in listing.entries] == [f"/k/{i:05}" for i in range(count)]

    run(etcd.store(), test)


class Interrupted(EtcdClient):
    """A client in whose way something happens after the first page of a list."""

    def __init__(self, settings: EtcdSettings, between: Callable[[], Awaitable[None]]) -> None:
        super().__init__(settings)
        self._between = between
        self.page_count = 0

    async def call(self, method: Method, request: Message, *, is_write: bool = False) -> Message:
        answer = await super().call(method, request, is_write=is_write)
        if method is RANGE:
            self.page_count += 1
            if self.page_count == 1:
                await self._between()
        return answer


def test_what_changes_between_two_pages_is_not_in_the_list(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        async def between() -> None:
            await store.transact([], [Put("/k/99999", b""), Delete("/k/00600")])

        await put_many(store, PAGE_KEYS_MAX + 200)
        client = Interrupted(etcd.settings(), between)
        listing = await list_prefix(client, "/k/")
        await client.close()
        assert len(listing.entries) == PAGE_KEYS_MAX + 200
        assert listing.revision + 1 == (await store.list("/")).revision
        events = await first_events(store, "/k/", listing.revision, 2)
        assert [event.key for event in events] == ["/k/99999", "/k/00600"]

    run(etcd.store(), test)


def test_compaction_between_two_pages_begins_the_list_again(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        async def between() -> None:
            revision = await store.transact([], [Put("/k/99999", b"")])
            await asyncio.to_thread(etcd.control, "compact", str(revision))

        await put_many(store, PAGE_KEYS_MAX + 1)
        client = Interrupted(etcd.settings(), between)
        listing = await list_prefix(client, "/k/")
        await client.close()
        assert client.page_count == 3  # one, and the two of the second try
        assert len(listing.entries) == PAGE_KEYS_MAX + 2

    run(etcd.store(), test)


# ---------------------------------------------------------------- watches


def test_a_compacted_revision_is_told_with_its_bounds(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        start = (await store.list("/")).revision
        for _ in range(5):
            await store.transact([], [Put("/a", b"")])
        await asyncio.to_thread(etcd.control, "compact", str(start + 3))
        with pytest.raises(Compacted) as caught:
            await first_events(store, "/", start + 1, 1)
        assert (caught.value.from_revision, caught.value.compacted_revision) == (start + 1, start + 2)
        events = await first_events(store, "/", start + 2, 3)
        assert [event.revision for event in events] == [start + 3, start + 4, start + 5]

    run(etcd.store(), test)


def test_a_prefix_deleted_at_once_is_one_revision(etcd: Members) -> None:
    """As `etcdctl del --prefix` does: more events in a revision than any transaction of ours may have."""
    count = WATCH_BATCH_EVENTS_MAX + 500

    async def test(store: EtcdStore) -> None:
        await put_many(store, count)
        revision = (await store.list("/")).revision
        await asyncio.to_thread(etcd.control, "del", "--prefix", "/k/")
        async with aclosing(store.watch("/", revision)) as watch:
            batch = await anext(watch)
        assert len(batch) == count
        assert {event.revision for event in batch} == {revision + 1}

    run(etcd.store(), test)


def test_large_batches_come_in_fragments_and_split_no_revision(etcd: Members) -> None:
    value, size, revisions = bytes(100_000), 7, 12  # 8.4 MB: more than etcd puts into one answer

    async def test(store: EtcdStore) -> None:
        start = (await store.list("/")).revision
        for _ in range(revisions):
            await store.transact([], [Put(f"/big/{i}", value) for i in range(size)])
        seen: list[int] = []
        async with aclosing(store.watch("/", start)) as watch:
            async for batch in watch:
                assert all(sum(event.revision == each.revision for each in batch) == size for event in batch)
                seen += [event.revision for event in batch]
                if len(seen) == size * revisions:
                    break
        assert seen == [start + 1 + i // size for i in range(size * revisions)]

    run(etcd.store(), test)


def test_a_quiet_watch_stays(etcd: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life are asked for and come: a watch without events outlives the longest silence."""
    monkeypatch.setattr("tortie.store.etcd_watch.PROGRESS_INTERVAL_S", 0.05)
    monkeypatch.setattr("tortie.store.etcd_watch.SILENCE_MAX_S", 0.3)

    async def test(store: EtcdStore) -> None:
        revision = (await store.list("/")).revision
        stream_count = 0
        opened = Connection.stream

        def counted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - handed on as it is
            nonlocal stream_count
            stream_count += 1
            return opened(*arguments, **named)

        monkeypatch.setattr(Connection, "stream", counted)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(first_events(store, "/", revision, 1))
            await asyncio.sleep(1.0)  # the silence is the subject: over three times the longest
            await store.transact([], [Put("/a", b"")])
        assert [event.key for event in watching.result()] == ["/a"]
        assert stream_count == 1

    run(etcd.store(), test)


# ---------------------------------------------------------------- what etcd refuses, and what is foreign


@pytest.mark.parametrize("value_count", [2, 16], ids=["above etcd's limit", "above gRPC's too"])
def test_a_request_above_etcd_s_own_limit_is_refused(etcd: Members, value_count: int) -> None:
    async def test(store: EtcdStore) -> None:
        operations = [Put(f"/{i}", bytes(VALUE_BYTES_MAX * 4 // 5)) for i in range(value_count)]
        with pytest.raises(InvalidRequest, match="etcd refuses it as too large: "):
            await store.transact([], operations)
        assert (await store.list("/")).entries == ()

    run(etcd.store(), test)


def test_keys_of_others_may_be_anything(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        await asyncio.to_thread(etcd.control, "put", "no slash", "1")
        await asyncio.to_thread(etcd.control, "put", b"/bytes\xff".decode(errors="surrogateescape"), "2")
        assert [(entry.key, entry.value) for entry in (await store.list("")).entries] == [
            ("/bytes\\xff", b"2"),
            ("no slash", b"1"),
        ]

    run(etcd.store(), test)


# ---------------------------------------------------------------- TLS


def refused(settings: EtcdSettings) -> str:
    """Return what is said when these settings are used."""
    said = ""

    async def test(store: EtcdStore) -> None:
        nonlocal said
        with pytest.raises(StoreUnavailable) as caught:
            await store.list("/")
        said = str(caught.value)

    run(EtcdStore(settings), test)
    return said


@pytest.fixture
def issued(etcd: Members, tmp_path: Path) -> Callable[..., EtcdSettings]:
    """Return settings with a client certificate that lives so long."""

    def settings(lifetime: timedelta) -> EtcdSettings:
        write_issued(tmp_path, "c", etcd.authority.issue_client("root", lifetime))
        good = etcd.settings()
        return replace(good, certificate=Secret(tmp_path / "c.pem"), key=Secret(tmp_path / "c-key.pem"))

    return settings


def test_an_expired_certificate_is_named_and_a_renewed_one_counts_at_once(
    issued: Callable[[timedelta], EtcdSettings],
) -> None:
    settings = issued(timedelta(seconds=-60))
    said = refused(settings)
    assert "the client certificate expired on " in said

    async def test(store: EtcdStore) -> None:
        with pytest.raises(StoreUnavailable):
            await store.list("/")
        issued(timedelta(days=1))
        await store.list("/")

    run(EtcdStore(settings), test)


def test_a_member_of_another_authority_is_not_believed(etcd: Members, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(make_authority("other", datetime.now(UTC)).certificate)
    said = refused(replace(etcd.settings(), ca=Secret(tmp_path / "other.pem")))
    assert said == f"etcd cannot be reached: {etcd.cluster.members[0].endpoint}: " + (
        "its certificate is of another authority than ours (ETCD_CA_CERT_FILE)"
    )


def test_a_certificate_and_a_key_that_do_not_belong_together(etcd: Members, tmp_path: Path) -> None:
    write_issued(tmp_path, "other", etcd.authority.issue_client("root"))
    said = refused(replace(etcd.settings(), key=Secret(tmp_path / "other-key.pem")))
    assert said.endswith(": our certificate and key do not belong together (ETCD_CERT_FILE, ETCD_KEY_FILE)")


def test_without_a_client_certificate_etcd_does_not_answer(etcd: Members) -> None:
    said = refused(replace(etcd.settings(), certificate=None, key=None))
    assert said.startswith(f"etcd cannot be reached: {etcd.cluster.members[0].endpoint}: ")


def test_http_to_an_https_member(etcd: Members) -> None:
    said = refused(EtcdSettings((etcd.cluster.members[0].endpoint,), is_tls=False))
    assert said.startswith("etcd cannot be reached: ")


def test_nobody_there(etcd: Members) -> None:
    settings = replace(etcd.settings(), endpoints=(f"{ADDRESS}:1", f"{ADDRESS}:2"))
    assert refused(settings) == f"etcd cannot be reached: {ADDRESS}:1, {ADDRESS}:2: connection refused"


def test_a_dead_endpoint_is_passed_over(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        await store.transact([], [Put("/a", b"")])
        assert (await store.get("/a")) is not None

    endpoints = (f"{ADDRESS}:1", etcd.cluster.members[0].endpoint)
    run(EtcdStore(replace(etcd.settings(), endpoints=endpoints)), test)


# ---------------------------------------------------------------- connections


@pytest.fixture
def frozen(etcd: Members, monkeypatch: pytest.MonkeyPatch) -> Iterator[Members]:
    """Return the member, which can be frozen; it is thawed at the end, and calls wait half a second only."""
    monkeypatch.setattr("tortie.store.etcd_channel.CALL_TIMEOUT_S", 0.5)
    yield etcd
    etcd.signal(signal.SIGCONT)


def test_a_change_that_gets_no_answer_is_said_to_be_unknown_and_not_made_twice(frozen: Members) -> None:
    async def test(store: EtcdStore) -> None:
        start = (await store.list("/")).revision
        frozen.signal(signal.SIGSTOP)
        with pytest.raises(StoreUnavailable, match=r"no answer within 0\.5 s; whether the change was made is unknown"):
            await store.transact([], [Put("/a", b"")])
        frozen.signal(signal.SIGCONT)
        await store.transact([], [Put("/b", b"")])
        entry = await store.get("/a")  # it may have been made; then once
        assert (await store.list("/")).revision == start + 1 + (entry is not None)

    run(frozen.store(), test)


def test_a_read_goes_to_the_next_member_when_one_gives_no_answer(frozen: Members) -> None:
    """The same member twice, the first time frozen: what is asked is asked again."""
    endpoint = frozen.cluster.members[0].endpoint
    twice = replace(frozen.settings(), endpoints=(endpoint, endpoint))

    async def test(store: EtcdStore) -> None:
        await store.list("/")
        frozen.signal(signal.SIGSTOP)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(store.list("/"))
            await asyncio.sleep(0.6)  # the first try is over
            frozen.signal(signal.SIGCONT)
        assert reading.result().entries == ()

    run(EtcdStore(twice), test)


def test_a_member_that_restarted_is_written_to_at_once(tmp_path: Path) -> None:
    """The connection was lost while nobody asked anything: that is found out before a change is sent."""

    async def test(store: EtcdStore) -> None:
        await store.transact([], [Put("/a", b"")])
        members.signal(signal.SIGKILL)
        members.start()
        await asyncio.to_thread(members.wait_healthy)
        await store.transact([], [Put("/b", b"")])

    with running_members(tmp_path, 1) as members:
        run(members.store(), test)


def test_closing_ends_a_call_that_waits(frozen: Members) -> None:
    async def read(store: EtcdStore) -> None:
        with pytest.raises(InvalidRequest, match="closed"):
            await store.list("/")

    async def test(store: EtcdStore) -> None:
        await store.list("/")
        frozen.signal(signal.SIGSTOP)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read(store))
            await asyncio.sleep(0.1)  # it waits for an answer that does not come
            await store.close()

    run(frozen.store(), test)


def test_closing_ends_a_call_that_connects(frozen: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tortie.store.etcd_channel.CONNECT_TIMEOUT_S", 0.3)

    async def read(store: EtcdStore) -> None:
        with pytest.raises(InvalidRequest, match="closed"):
            await store.list("/")

    async def test(store: EtcdStore) -> None:
        frozen.signal(signal.SIGSTOP)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read(store))
            await asyncio.sleep(0.1)  # it waits for TLS, which a frozen member does not speak
            await store.close()
            frozen.signal(signal.SIGCONT)

    run(frozen.store(), test)


def test_a_cancelled_call_is_cancelled(frozen: Members) -> None:
    async def test(store: EtcdStore) -> None:
        await store.list("/")
        frozen.signal(signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await store.list("/")
        frozen.signal(signal.SIGCONT)
        await store.list("/")

    run(frozen.store(), test)


def test_many_calls_share_one_connection(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        async with asyncio.TaskGroup() as tasks:
            for i in range(50):
                tasks.create_task(store.transact([], [Put(f"/{i}", b"")]))
        assert len((await store.list("/")).entries) == 50
        assert store._client._connection is not None
        assert store._client._connection.user_count == 0

    run(etcd.store(), test)


# ---------------------------------------------------------------- keys as calicoctl writes them

MANIFESTS = """
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: kube-node1}
spec: {bgp: {ipv4Address: 10.10.31.193/24, routeReflectorClusterID: 1.0.0.1}}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: rr}
spec: {peerIP: 10.10.31.168, asNumber: 64512}
---
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {nodeToNodeMeshEnabled: false, asNumber: 64512}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pool}
spec: {cidr: 192.168.0.0/16}
"""

KEYS = [
    "/calico/resources/v3/projectcalico.org/bgpconfigurations/default",
    "/calico/resources/v3/projectcalico.org/bgppeers/rr",
    "/calico/resources/v3/projectcalico.org/ippools/pool",
    "/calico/resources/v3/projectcalico.org/nodes/kube-node1",
]


def test_resources_stand_where_calicoctl_has_them(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        resources = ResourceStore(store, lambda: NOW)
        for resource in load_manifests(MANIFESTS, "test"):
            await resources.create(resource)

    run(etcd.store(), test)
    assert etcd.control("get", "--prefix", "/calico/", "--keys-only").split() == KEYS
    peer = json.loads(etcd.control("get", "--print-value-only", KEYS[1]))
    assert (peer["kind"], peer["apiVersion"]) == ("BGPPeer", "projectcalico.org/v3")
    assert peer["metadata"]["name"] == "rr"
    assert peer["spec"]["peerIP"] == "10.10.31.168"


def test_what_stands_there_as_calicoctl_writes_it_is_read(etcd: Members) -> None:
    """A record in the form of reference C, and the document's reflector record, both written by etcdctl."""
    node = {
        "kind": "Node", "apiVersion": "projectcalico.org/v3",
        "metadata": {"name": "kube-node2", "uid": "6d6a1a3e-0000-4000-8000-000000000001",
                     "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"bgp": {"ipv4Address": "10.10.31.194/24"}},
    }  # fmt: skip
    etcd.control("put", "/calico/resources/v3/projectcalico.org/nodes/kube-node2", json.dumps(node))
    etcd.control("put", "/calico/bgp/v1/rr_v4/10.10.31.168", '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}')

    async def test(store: EtcdStore) -> None:
        revision, resources, bad = await ResourceStore(store, lambda: NOW).snapshot()
        assert [(resource.kind, resource.name) for resource in resources] == [
            ("RouteReflector", "10.10.31.168"),
            ("Node", "kube-node2"),
        ]
        assert bad == []
        found = [int(resource.metadata.resource_version or 0) for resource in resources]
        assert found == [revision, revision - 1]  # etcd's own revisions

    run(etcd.store(), test)


# ---------------------------------------------------------------- keys that are held


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    while not await is_so():  # noqa: ASYNC110 - etcd is asked, as anybody would
        await asyncio.sleep(0.01)


async def is_there(store: Store) -> bool:
    return await store.get("/held") is not None


async def is_gone(store: Store) -> bool:
    return not await is_there(store)


def test_a_held_key_is_there_until_its_holder_ends(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        async with asyncio.TaskGroup() as tasks:
            holding = tasks.create_task(store.hold("/held", b"here", 60))
            await until(lambda: is_there(store))
            holding.cancel()
        assert await is_gone(store)  # at once, long before its time

    run(etcd.store(), test)


def test_a_held_key_outlives_its_lease_and_its_holder_s_death_does_not(etcd: Members) -> None:
    """Held by a store that is closed without a word: the key goes away when its time is over."""

    async def test(store: EtcdStore) -> None:
        holder = etcd.store()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hold_until_closed(holder))
            await until(lambda: is_there(store))
            first = await store.get("/held")
            await asyncio.sleep(3)  # etcd's shortest lease is 2 s
            assert await store.get("/held") == first  # kept alive, not written again
            await holder.close()
        await until(lambda: is_gone(store))

    async def hold_until_closed(holder: EtcdStore) -> None:
        with pytest.raises(InvalidRequest, match="closed"):
            await holder.hold("/held", b"", 2)

    run(etcd.store(), test)


def test_a_lease_that_ran_out_is_replaced(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        async with asyncio.TaskGroup() as tasks:
            holding = tasks.create_task(store.hold("/held", b"", 2))
            await until(lambda: is_there(store))
            lease = (await asyncio.to_thread(etcd.control, "lease", "list")).split()[-1]
            await asyncio.to_thread(etcd.control, "lease", "revoke", lease)
            await until(lambda: is_there(store))
            holding.cancel()

    run(etcd.store(), test)


# ---------------------------------------------------------------- the command


def tortie(environment: Mapping[str, str], *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ETCD_", "TORTIE_"))}
    return subprocess.run(
        [sys.executable, "-m", "tortie", *arguments],
        env={**kept, **environment, "PYTHONPATH": ":".join(sys.path)},
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )


def test_the_command_finds_etcd_by_the_document_s_variables(etcd: Members) -> None:
    done = tortie(etcd.environment(), "create", "-f", "-", text=MANIFESTS)
    assert (done.returncode, done.stderr) == (0, "")
    assert etcd.control("get", "--prefix", "/calico/", "--keys-only").split() == KEYS
    assert "kube-node1" in tortie(etcd.environment(), "get", "nodes").stdout


def test_a_command_that_cannot_reach_etcd_says_so_in_a_line(etcd: Members) -> None:
    environment = {**etcd.environment(), "ETCD_ENDPOINTS": f"https://{ADDRESS}:1"}
    done = tortie(environment, "get", "nodes")
    assert done.returncode == ExitCode.UNREACHABLE
    assert done.stderr == f"etcd cannot be reached: {ADDRESS}:1: connection refused\n"


def test_a_command_warns_of_a_key_that_others_can_read(etcd: Members, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(Path(etcd.environment()["ETCD_KEY_FILE"]).read_bytes())
    key.chmod(0o644)
    done = tortie({**etcd.environment(), "ETCD_KEY_FILE": str(key)}, "get", "nodes")
    assert done.returncode == ExitCode.OK
    assert done.stderr == f"warning: the key file {key} can be read by others than its owner: chmod 600 {key}\n"
