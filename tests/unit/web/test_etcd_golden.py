"""The same requests as to a real etcd 3.4 (tests/golden/web/etcd_v2.json), and the same replies."""

import asyncio
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from tortie.store.memory import MemoryStore
from tortie.web import make_app

GOLDEN = Path(__file__).parents[2] / "golden" / "web" / "etcd_v2.json"


def comparable(value: Any, *, has_cause: bool = True) -> Any:  # noqa: ANN401 - any JSON
    """Return a reply without what is not the same by intention.

    createdIndex: a plain PUT over a key keeps it here, as in etcd v3. The indexes of directories follow from it.
    cause of a 404 before there is any key: etcd names "/calico", here the key is named.
    The order of nodes: etcd's own is random.
    """
    if isinstance(value, list):
        return sorted((comparable(item) for item in value), key=lambda node: str(node["key"]))
    if not isinstance(value, dict):
        return value
    left_out = {"createdIndex"} | ({"modifiedIndex"} if value.get("dir") else set())
    left_out |= set() if has_cause else {"cause"}
    return {name: comparable(item) for name, item in value.items() if name not in left_out}


def test_replies_are_those_of_etcd() -> None:
    exchanges = json.loads(GOLDEN.read_text())
    assert len(exchanges) > 60

    async def replay() -> None:
        store = MemoryStore()
        transport = httpx.ASGITransport(make_app(store))
        had_keys = False
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            for exchange in exchanges:
                method, url = exchange["method"], exchange["url"]
                reply = await client.request(method, url, data=exchange["form"])
                shown = f"{method} {url} {exchange['form']}: {reply.status_code} {reply.text}"
                assert reply.status_code == exchange["status"], shown
                has_cause = had_keys or reply.status_code != HTTPStatus.NOT_FOUND
                expected = comparable(exchange["body"], has_cause=has_cause)
                assert comparable(reply.json(), has_cause=has_cause) == expected, shown
                assert list(reply.json()) == list(exchange["body"]), shown
                assert reply.headers["content-type"] == exchange["content_type"], shown
                index = reply.headers.get("x-etcd-index")
                assert (index and int(index)) == exchange["index"] or not exchange["index"], shown
                had_keys = had_keys or exchange["status"] == 201

    asyncio.run(replay())
