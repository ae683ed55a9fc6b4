"""/v2/keys under any input: an answer in etcd's form, never a failure, and only good records get in."""

import asyncio
import json

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from tortie.store.memory import MemoryStore
from tortie.web import make_app
from tortie.web.reflector_record import value_problem

KEY = "/calico/bgp/v1/rr_v4/10.10.31.168"
VALUE = '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'

STATUSES = {200, 201, 400, 403, 404, 412}
METHODS = st.sampled_from(["GET", "PUT", "DELETE"])
PATHS = st.one_of(
    st.sampled_from(["", "/", "/calico", "/calico/bgp/v1", "/calico/bgp/v1/rr_v4", KEY, KEY + "/x", "//" + KEY]),
    st.text("/.:rv_4610aé%", max_size=20).map(lambda text: "/calico/bgp/v1/rr_v4/" + text),
)
FIELDS = st.dictionaries(
    st.sampled_from(["value", "prevValue", "prevIndex", "prevExist", "recursive", "dir", "ttl", "x"]),
    st.one_of(st.sampled_from([VALUE, "true", "false", "", "0", "1", "2"]), st.text(max_size=10)),
    max_size=4,
)
REQUESTS = st.lists(st.tuples(METHODS, PATHS, FIELDS), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["ip", "cluster_id", "x"]), inner),
    max_leaves=4,
)


@settings(max_examples=100, deadline=None)
@given(REQUESTS)
def test_any_request_is_answered(requests: list[tuple[str, str, dict[str, str]]]) -> None:
    async def main() -> None:
        store = MemoryStore()
        transport = httpx.ASGITransport(make_app(store))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            for method, path, fields in requests:
                before = (await store.list("/")).revision
                url = httpx.URL("http://api", path="/v2/keys" + path)
                form, query = (fields, {}) if method == "PUT" else ({}, fields)
                reply = await client.request(method, url, data=form or None, params=query or None)
                assert reply.status_code in STATUSES
                body = reply.json()
                assert ("errorCode" in body) == (reply.status_code >= 400)
                after = (await store.list("/")).revision
                assert after - before == int(method != "GET" and reply.status_code < 400)
            for entry in (await store.list("/")).entries:
                assert value_problem(entry.key, entry.value.decode()) is None

    asyncio.run(main())


@given(JSON)
def test_any_value_has_a_verdict_in_few_words(value: object) -> None:
    problem = value_problem(KEY, json.dumps(value))
    assert problem is None or (problem.startswith("value") and len(problem) < 300)


@given(st.text(max_size=50))
def test_any_text_has_a_verdict(value: str) -> None:
    problem = value_problem(KEY, value)
    assert problem is not None
    assert problem.startswith("value ")
