"""Tests of tortie.model.v1.dump: both forms of a dump, and what is neither."""

import json

import pytest

from tortie.model import ManifestInvalid
from tortie.model.v1.dump import DEPTH_MAX, keys_of_dump

AS_NUMBER = "/calico/bgp/v1/global/as_num"
REPLY = {
    "action": "get",
    "node": {
        "key": "/calico",
        "dir": True,
        "nodes": [
            {"key": "/calico/bgp", "dir": True, "nodes": [{"key": AS_NUMBER, "value": "64512", "modifiedIndex": 4}]},
            {"key": "/calico/ipam", "dir": True},
            {"key": "/calico/v1/Ready", "value": "true"},
        ],
    },
}
EXPECTED = {AS_NUMBER: "64512", "/calico/v1/Ready": "true"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(json.dumps(REPLY), EXPECTED, id="reply"),
        pytest.param(json.dumps(REPLY["node"]), EXPECTED, id="node alone"),
        pytest.param(f"{AS_NUMBER} 64512\n\n/calico/v1/Ready true\n", EXPECTED, id="lines"),
        pytest.param("/a {\"x\": 1}\n/b", {"/a": '{"x": 1}', "/b": ""}, id="values with blanks, and none"),
    ],
)  # fmt: skip
def test_a_dump(text: str, expected: dict[str, str]) -> None:
    assert keys_of_dump(text, "dump") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "dump: holds no key", id="empty"),
        pytest.param("{", "dump:1: not JSON", id="cut"),
        pytest.param("[1]", "dump: [1]: expected nodes of etcd v2", id="not a node"),
        pytest.param('{"node": {"key": "/a", "value": 1}}', "expected nodes of etcd v2", id="value that is no text"),
        pytest.param("as_num 64512", "dump:1: 'as_num': expected a key that starts with '/'", id="no key"),
        pytest.param("/a 1\n/a 2", "dump:2: key /a stands there twice", id="twice"),
        pytest.param('{"errorCode":100,"message":"Key not found"}', "expected nodes of etcd v2", id="error reply"),
    ],
)
def test_what_is_no_dump(text: str, message: str) -> None:
    with pytest.raises(ManifestInvalid) as caught:
        keys_of_dump(text, "dump")
    assert message in str(caught.value)


def test_directories_within_one_another_have_a_limit() -> None:
    assert keys_of_dump(nested(DEPTH_MAX), "dump") == {"/a": "1"}
    with pytest.raises(ManifestInvalid):
        keys_of_dump(nested(DEPTH_MAX + 1), "dump")


def nested(depth: int) -> str:
    node: dict[str, object] = {"key": "/a", "value": "1"}
    for _ in range(depth):
        node = {"key": "/d", "dir": True, "nodes": [node]}
    return json.dumps(node)
