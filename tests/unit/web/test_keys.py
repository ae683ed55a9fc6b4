"""/v2/keys beyond what etcd does: values are checked, requests bounded, outages told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest

from tortie.store import Compare, Operation, Put
from tortie.store.memory import MemoryStore
from tortie.web import make_app
from tortie.web.keys import BODY_BYTES_MAX, WRITE_TRIES_MAX

DIRECTORY = "/v2/keys/calico/bgp/v1/rr_v4"
URL = f"{DIRECTORY}/10.10.31.168"
KEY = URL.removeprefix("/v2/keys")
VALUE = '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'
OTHER = '{"ip":"10.10.31.168","cluster_id":"2.0.0.2"}'

Test = Callable[[httpx.AsyncClient, MemoryStore], Awaitable[None]]


def run(test: Test, store: MemoryStore | None = None) -> None:
    async def main() -> None:
        used = store or MemoryStore()
        transport = httpx.ASGITransport(make_app(used))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            await test(client, used)

    asyncio.run(main())


def error_of(reply: httpx.Response) -> tuple[int, int, str]:
    """Return status, error code and cause of an etcd-shaped error."""
    body: dict[str, Any] = reply.json()
    assert list(body) == ["errorCode", "message", "cause", "index"]
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-etcd-index"] == str(body["index"])
    return reply.status_code, body["errorCode"], body["cause"]


# ---------------------------------------------------------------- what is written


def test_a_value_is_kept_as_it_was_sent() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        value = '{ "cluster_id":"1.0.0.1",  "ip":"10.10.31.168" }'
        reply = await client.put(URL, data={"value": value})
        assert reply.status_code == 201
        assert reply.text.endswith("\n")
        entry = await store.get(KEY)
        assert entry is not None
        assert entry.value == value.encode()

    run(test)


def test_ipv6_records() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        url = "/v2/keys/calico/bgp/v1/rr_v6/fd00::168"
        assert (await client.put(url, data={"value": '{"ip":"fd00::168","cluster_id":"1.0.0.1"}'})).status_code == 201
        await client.put(URL, data={"value": VALUE})
        reply = await client.get("/v2/keys/calico/bgp/v1?recursive=true")
        directories = reply.json()["node"]["nodes"]
        assert [directory["key"][-5:] for directory in directories] == ["rr_v4", "rr_v6"]
        assert [directory["nodes"][0]["key"].rpartition("/")[2] for directory in directories] == [
            "10.10.31.168",
            "fd00::168",
        ]
        assert (await client.delete(url)).status_code == 200
        assert (await store.list("/")).entries[0].key == KEY

    run(test)


@pytest.mark.parametrize(
    ("url", "value", "status", "code", "text"),
    [
        pytest.param(URL, "x", 400, 209, "value 'x': not JSON", id="not JSON"),
        pytest.param(URL, "", 400, 209, "value '': not JSON", id="no value"),
        pytest.param(
            URL, VALUE.replace("168", "7"), 400, 209, "'10.10.31.7': expected 10.10.31.168", id="another address"
        ),
        pytest.param(URL, VALUE.replace("1.0.0.1", "1"), 400, 209, "cluster_id: '1': expected", id="cluster id"),
        pytest.param(f"{DIRECTORY}/rr1", VALUE, 400, 209, "'rr1': expected an IPv4 address", id="key is no address"),
        pytest.param(DIRECTORY, VALUE, 403, 102, "/calico/bgp/v1/rr_v4", id="a directory"),
        pytest.param("/v2/keys/calico", VALUE, 403, 102, "/calico", id="a directory above"),
        pytest.param("/v2/keys", VALUE, 400, 107, "/", id="the root"),
        pytest.param("/v2/keys/calico/bgp/v1/global/as_num", "64512", 400, 107, "only /calico/bgp", id="other key"),
        pytest.param("/v2/keys/calico/bgp/v1/rr_v44/1.1.1.1", VALUE, 400, 107, "only /calico", id="other directory"),
        pytest.param(f"{DIRECTORY}/a/b", VALUE, 400, 107, "only /calico", id="deeper key"),
        pytest.param(f"{URL}?dir=true", VALUE, 400, 209, '"dir" is not served', id="make a directory"),
        pytest.param(f"{URL}?ttl=5", VALUE, 400, 209, '"ttl" is not served', id="time to live"),
    ],
)
def test_what_is_refused_changes_nothing(url: str, value: str, status: int, code: int, text: str) -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        await store.transact([], [Put("/calico/bgp/v1/rr_v4/10.0.0.9", b"{}")])
        reply = await client.put(url, data={"value": value})
        found = error_of(reply)
        assert found[:2] == (status, code)
        assert text in found[2]
        assert (await store.list("/")).revision == 1

    run(test)


def test_secrets_and_resources_are_not_shown() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        for key in ("/calico/resources/v3/x", "/calico/bgp/v1/global/as_num", "/calico/bgp/v1/rr_v44/1.1.1.1", "/x"):
            await store.transact([], [Put(key, b"secret")])
        await client.put(URL, data={"value": VALUE})
        reply = await client.get("/v2/keys?recursive=true")
        assert "secret" not in reply.text
        assert KEY in reply.text
        for url in ("/v2/keys/x", "/v2/keys/calico/resources/v3/x", "/v2/keys/calico/bgp/v1/rr_v44"):
            assert (await client.get(url)).status_code == 404
        assert (await client.delete("/v2/keys/calico/resources/v3/x")).status_code == 404

    run(test)


def test_a_bad_record_of_somebody_else_is_shown_and_can_be_deleted() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        await store.transact([], [Put("/calico/bgp/v1/rr_v4/ten", b"\xff{")])
        reply = await client.get(f"{DIRECTORY}/ten")
        assert reply.json()["node"]["value"] == "\ufffd{"
        assert (await client.delete(f"{DIRECTORY}/ten")).status_code == 200
        assert (await store.list("/")).entries == ()

    run(test)


def test_directories_above_are_not_deleted_as_a_whole() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        await client.put(URL, data={"value": VALUE})
        status, code, cause = error_of(await client.delete("/v2/keys/calico?recursive=true"))
        assert (status, code) == (400, 107)
        assert "only /calico/bgp/v1/rr_v4 and /calico/bgp/v1/rr_v6 are deleted as a whole" in cause
        assert len((await store.list("/")).entries) == 1

    run(test)


@pytest.mark.parametrize(("count", "status"), [(128, 200), (129, 400)])
def test_a_large_directory_is_not_deleted_at_once(count: int, status: int) -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        for i in range(count):
            await store.transact([], [Put(f"/calico/bgp/v1/rr_v4/10.0.1.{i}", b"{}")])
        reply = await client.delete(f"{DIRECTORY}?recursive=true")
        assert reply.status_code == status
        assert len((await store.list("/")).entries) == (0 if status == 200 else count)

    run(test)


# ---------------------------------------------------------------- bounds


def test_a_body_at_the_limit_and_beyond() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        form = "application/x-www-form-urlencoded"
        for size, status in ((BODY_BYTES_MAX, 400), (BODY_BYTES_MAX + 1, 413)):
            body = b"value=" + b"x" * (size - len("value="))
            reply = await client.put(URL, content=body, headers={"content-type": form})
            assert error_of(reply)[0] == status
        assert "more than 65536 bytes" in error_of(reply)[2]
        assert (await store.list("/")).revision == 0

    run(test)


def test_a_body_without_end_is_cut_off() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * BODY_BYTES_MAX:
            sent += 1000
            yield b"x" * 1000

    async def test(client: httpx.AsyncClient, _: MemoryStore) -> None:
        reply = await client.put(URL, content=endless())
        assert reply.status_code == 413

    run(test)
    assert sent <= BODY_BYTES_MAX + 2000


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        ("application/json", "'application/json'"),
        ("multipart/form-data; boundary=x", "'multipart/form-data'"),
        (None, "''"),
    ],
)
def test_other_content_types_are_refused(content_type: str | None, shown: str) -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        headers = {"content-type": content_type} if content_type else {}
        status, code, cause = error_of(await client.put(URL, content=VALUE, headers=headers))
        assert (status, code) == (400, 210)
        assert f"content type {shown}: expected application/x-www-form-urlencoded" in cause
        assert (await store.list("/")).revision == 0

    run(test)


@pytest.mark.parametrize("method", ["POST", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(method: str) -> None:
    async def test(client: httpx.AsyncClient, _: MemoryStore) -> None:
        reply = await client.request(method, URL)
        assert reply.status_code == 405
        assert {"GET", "HEAD", "PUT", "DELETE"} == set(reply.headers["allow"].split(", "))

    run(test)


def test_unknown_paths() -> None:
    async def test(client: httpx.AsyncClient, _: MemoryStore) -> None:
        for url in ("/", "/v3/kv/range", "/v2/members", "/v2/keysx"):
            assert (await client.get(url)).status_code == 404

    run(test)


# ---------------------------------------------------------------- races and outages


class Racing(MemoryStore):
    """Somebody else writes the key just before each of the first writes."""

    left = 0

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        if self.left and compares:
            self.left -= 1
            await super().transact([], [Put(compares[0].key, OTHER.encode())])
        return await super().transact(compares, operations)


def test_an_overtaken_put_decides_again() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        reply = await client.put(URL, data={"value": VALUE})
        assert reply.status_code == 200
        assert reply.json()["prevNode"]["value"] == OTHER
        assert reply.json()["node"]["modifiedIndex"] == (await store.list("/")).revision == 4

    store = Racing()
    store.left = 3
    run(test, store)


def test_an_overtaken_create_fails() -> None:
    async def test(client: httpx.AsyncClient, _: MemoryStore) -> None:
        reply = await client.put(f"{URL}?prevExist=false", data={"value": VALUE})
        assert error_of(reply)[:2] == (412, 105)

    store = Racing()
    store.left = 1
    run(test, store)


def test_it_gives_up_after_many_tries() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        status, code, cause = error_of(await client.put(URL, data={"value": VALUE}))
        assert (status, code) == (500, 300)
        assert "overtaken by other writers 100 times" in cause
        assert isinstance(store, Racing)
        assert store.left == 1000 - WRITE_TRIES_MAX

    store = Racing()
    store.left = 1000
    run(test, store)


def test_an_outage_is_told() -> None:
    async def test(client: httpx.AsyncClient, store: MemoryStore) -> None:
        store.set_outage("the disk is gone")
        for method in ("GET", "PUT", "DELETE"):
            data = {"value": VALUE} if method == "PUT" else None
            status, code, cause = error_of(await client.request(method, URL, data=data))
            assert (status, code) == (500, 300)
            assert "the disk is gone" in cause
        reply = await client.get("/health")
        assert reply.status_code == 503
        assert reply.json() == {"health": "false", "reason": "memory datastore: the disk is gone"}
        store.set_outage(None)
        assert (await client.get("/health")).json() == {"health": "true"}

    run(test)


def test_an_outage_between_reading_and_writing_is_told() -> None:
    class Failing(MemoryStore):
        async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
            self.set_outage("gone meanwhile")
            return await super().transact(compares, operations)

    async def test(client: httpx.AsyncClient, _: MemoryStore) -> None:
        assert error_of(await client.put(URL, data={"value": VALUE}))[:2] == (500, 300)

    run(test, Failing())


def test_version() -> None:
    async def test(client: httpx.AsyncClient, _: MemoryStore) -> None:
        reply = await client.get("/version")
        assert reply.headers["content-type"] == "application/json"
        assert list(reply.json()) == ["etcdserver", "etcdcluster", "tortie"]

    run(test)


def test_head_has_the_headers_of_get() -> None:
    async def test(client: httpx.AsyncClient, _: MemoryStore) -> None:
        await client.put(URL, data={"value": VALUE})
        reply = await client.head(URL)
        assert (reply.status_code, reply.headers["x-etcd-index"]) == (200, "1")
        assert len(reply.headers["x-etcd-cluster-id"]) == 16

    run(test)
