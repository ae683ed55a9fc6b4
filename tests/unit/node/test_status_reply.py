"""From a request line to the lines that answer it."""

import json
from collections.abc import Iterator, Mapping

import pytest

from tortie.node.status_protocol import JSONObject
from tortie.node.status_reply import Handlers, RequestInvalid, reply_lines


def _count(arguments: JSONObject) -> Iterator[Mapping[str, object]]:
    limit = arguments.get("to", 3)
    if not isinstance(limit, int):
        raise RequestInvalid(f"to: expected a number, found {limit!r}")
    return ({"number": number} for number in range(limit))


def _break_off(_arguments: JSONObject) -> Iterator[Mapping[str, object]]:
    yield {"number": 0}
    raise KeyError("gone")


HANDLERS: Handlers = {
    "status": lambda arguments: {"arguments": arguments},
    "count": _count,
    "break": _break_off,
    "defect": lambda _: {"value": 1 // 0},
    "unwritable": lambda _: {"value": object()},
}


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (b'{"op": "status"}\n', [{"result": {"arguments": {}}}]),
        (b'{"op": "status", "family": "ipv4"}\n', [{"result": {"arguments": {"family": "ipv4"}}}]),
        (b'{"op": "count", "to": 2}', [{"item": {"number": 0}}, {"item": {"number": 1}}, {"end": {"count": 2}}]),
        (b'{"op": "count", "to": 0}', [{"end": {"count": 0}}]),
        (
            b'{"op": "count", "to": "x"}',
            [{"error": {"code": "bad-request", "message": "to: expected a number, found 'x'"}}],
        ),
        (b'{"op": "break"}', [{"item": {"number": 0}}, {"error": {"code": "failed", "message": "KeyError: 'gone'"}}]),
        (
            b'{"op": "defect"}',
            [
                {
                    "error": {
                        "code": "failed",
                        "message": "ZeroDivisionError: integer division or modulo by zero",
                    }
                }
            ],
        ),
        (
            b'{"op": "routs"}',
            [
                {
                    "error": {
                        "code": "unknown-op",
                        "message": "op 'routs': expected one of break, count, defect, status, unwritable",
                    }
                }
            ],
        ),
    ],
    ids=["result", "arguments", "stream", "empty-stream", "bad-argument", "breaks-off", "defect", "unknown-op"],
)
def test_reply_lines(request_line: bytes, expected: list[object]) -> None:
    assert [json.loads(line) for line in reply_lines(HANDLERS, request_line)] == expected


@pytest.mark.parametrize(
    "request_line",
    [b"", b"\n", b"status\n", b"[]", b"{}", b'{"op": 3}', b'{"op": null}', b"\xff\xfe", b"[" * 30000],
    ids=["empty", "newline", "no-json", "array", "no-op", "number-op", "null-op", "no-utf8", "deep"],
)
def test_what_is_no_request_is_a_bad_request(request_line: bytes) -> None:
    (line,) = reply_lines(HANDLERS, request_line)
    assert json.loads(line)["error"]["code"] == "bad-request"


def test_what_json_cannot_say_is_a_failure() -> None:
    (line,) = reply_lines(HANDLERS, b'{"op": "unwritable"}')
    assert json.loads(line)["error"]["code"] == "failed"


def test_every_line_is_one_line() -> None:
    handlers: Handlers = {"status": lambda _: {"text": "two\nlines \u2028 ü"}}
    (line,) = reply_lines(handlers, b'{"op": "status"}')
    assert line.count(b"\n") == 1
    assert json.loads(line)["result"]["text"] == "two\nlines \u2028 ü"
