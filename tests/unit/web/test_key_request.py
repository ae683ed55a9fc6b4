"""Requests taken apart as etcd v2 takes them apart."""

import pytest

from tortie.web.errors import KeysError
from tortie.web.key_request import FIELD_COUNT_MAX, KeyRequest, parse_fields, parse_request


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        pytest.param("", [], id="empty"),
        pytest.param('value={"ip":"1.2.3.4"}', [("value", '{"ip":"1.2.3.4"}')], id="as curl -d sends it"),
        pytest.param(b"value=%7B%22a%22%3A1%7D", [("value", '{"a":1}')], id="percent-encoded"),
        pytest.param("value=a+b", [("value", "a b")], id="plus is a blank"),
        pytest.param("value=a;b&dir", [("value", "a;b"), ("dir", "")], id="blank values are kept"),
        pytest.param("a=1&a=2", [("a", "1"), ("a", "2")], id="a name twice"),
    ],
)
def test_fields(text: str | bytes, fields: list[tuple[str, str]]) -> None:
    assert parse_fields(text) == fields


def test_fields_are_bounded() -> None:
    assert len(parse_fields("&".join(["a=1"] * FIELD_COUNT_MAX))) == FIELD_COUNT_MAX
    with pytest.raises(KeysError, match=f"more than {FIELD_COUNT_MAX} fields"):
        parse_fields("&".join(["a=1"] * (FIELD_COUNT_MAX + 1)))


@pytest.mark.parametrize("text", [b"value=\xff", "value=%FF"])
def test_fields_are_text(text: str | bytes) -> None:
    with pytest.raises(KeysError, match="not UTF-8") as caught:
        parse_fields(text)
    assert caught.value.code == 210


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("", "/"),
        ("/", "/"),
        ("calico/bgp", "/calico/bgp"),
        ("calico/bgp/", "/calico/bgp"),
        ("//calico//bgp", "/calico/bgp"),
        ("calico/./bgp/../v1", "/calico/v1"),
        ("../../etc", "/etc"),
    ],
)
def test_keys_are_cleaned(path: str, key: str) -> None:
    assert parse_request(path, [], is_read=True).key == key


@pytest.mark.parametrize(
    ("fields", "request_"),
    [
        pytest.param([], KeyRequest("/k"), id="nothing"),
        pytest.param([("value", "a"), ("value", "b")], KeyRequest("/k", "a"), id="the first counts"),
        pytest.param([("recursive", "t")], KeyRequest("/k", is_recursive=True), id="recursive"),
        pytest.param([("recursive", "F")], KeyRequest("/k"), id="not recursive"),
        pytest.param([("dir", "TRUE")], KeyRequest("/k", is_directory=True), id="dir"),
        pytest.param([("prevExist", "0")], KeyRequest("/k", must_exist=False), id="must not exist"),
        pytest.param([("prevExist", "1")], KeyRequest("/k", must_exist=True), id="must exist"),
        pytest.param([("prevIndex", "7")], KeyRequest("/k", previous_index=7), id="index"),
        pytest.param([("prevIndex", str(2**64 - 1))], KeyRequest("/k", previous_index=2**64 - 1), id="largest index"),
        pytest.param([("prevValue", "v")], KeyRequest("/k", previous_value="v"), id="old value"),
        pytest.param([("noValueOnSuccess", "true")], KeyRequest("/k", has_no_reply_value=True), id="short reply"),
        pytest.param([("ttl", ""), ("quorum", "x"), ("sorted", "x")], KeyRequest("/k"), id="without effect here"),
    ],
)
def test_what_is_asked_for(fields: list[tuple[str, str]], request_: KeyRequest) -> None:
    assert parse_request("k", fields, is_read=False) == request_


@pytest.mark.parametrize(
    ("name", "value", "is_read", "code", "cause"),
    [
        ("recursive", "maybe", True, 209, 'invalid value for "recursive"'),
        ("recursive", "", True, 209, 'invalid value for "recursive"'),
        ("dir", "x", False, 209, 'invalid value for "dir"'),
        ("prevExist", "x", False, 209, "invalid value for prevExist"),
        ("noValueOnSuccess", "x", False, 209, 'invalid value for "noValueOnSuccess"'),
        ("prevIndex", "x", False, 203, 'invalid value for "prevIndex"'),
        ("prevIndex", "-1", False, 203, 'invalid value for "prevIndex"'),
        ("prevIndex", "²", False, 203, 'invalid value for "prevIndex"'),
        ("prevIndex", str(2**64), False, 203, 'invalid value for "prevIndex"'),
        ("prevIndex", "9" * 5000, False, 203, 'invalid value for "prevIndex"'),
        ("waitIndex", "x", True, 203, 'invalid value for "waitIndex"'),
        ("prevValue", "", False, 201, '"prevValue" cannot be empty'),
        ("ttl", "x", False, 202, 'invalid value for "ttl"'),
        ("ttl", "5", False, 209, '"ttl" is not served: records do not expire here'),
        ("refresh", "true", False, 209, '"refresh" is not served: records do not expire here'),
        ("wait", "true", False, 209, '"wait" can only be used with GET requests'),
        ("wait", "true", True, 209, '"wait" is not served: changes are not waited for here: read again'),
    ],
)
def test_what_is_refused(name: str, value: str, is_read: bool, code: int, cause: str) -> None:
    with pytest.raises(KeysError) as caught:
        parse_request("k", [(name, value)], is_read=is_read)
    assert (caught.value.code, caught.value.cause) == (code, cause)
