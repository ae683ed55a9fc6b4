"""From one request line to the lines that answer it. Pure.

For: finding the handler, calling it, and turning whatever comes of it, a stream and a defect included, into lines.
Not for: sockets (`status`). `status_protocol` has the form of the lines.

Structure to know: `Handlers`, op → function of the arguments.
"""

import json
from collections.abc import Callable, Iterator, Mapping

from tortie.node.status_protocol import END, ERROR, ITEM, RESULT, JSONObject, encode_line

__all__ = ["Handler", "Handlers", "Reply", "RequestInvalid", "error_line", "flag", "reply_lines"]

Reply = Mapping[str, object] | Iterator[Mapping[str, object]]
"""One object, or an iterator of objects for a stream. The iterator is advanced between writes, with the event loop
running meanwhile: it must walk over a snapshot."""

Handler = Callable[[JSONObject], Reply]
Handlers = Mapping[str, Handler]


class RequestInvalid(Exception):
    """A request that cannot be answered; handlers raise it for arguments they cannot use. The asker is told."""

    code = "bad-request"


class _UnknownOp(RequestInvalid):
    code = "unknown-op"


def reply_lines(handlers: Handlers, line: bytes) -> Iterator[bytes]:
    """Yield the lines that answer one request line; a defect of a handler becomes an error line, never an exception."""
    try:
        reply = _call(handlers, line)
        if isinstance(reply, Mapping):
            yield encode_line({RESULT: reply})
            return
        count = 0
        for item in reply:
            yield encode_line({ITEM: item})
            count += 1
        yield encode_line({END: {"count": count}})
    except RequestInvalid as error:
        yield error_line(error.code, str(error))
    except Exception as error:  # noqa: BLE001 - a defect in one handler must not end the agent: the asker is told
        yield error_line("failed", f"{type(error).__name__}: {error}")


def flag(arguments: JSONObject, name: str) -> bool:
    """Return an argument that is true or false, false when it is missing. Raises RequestInvalid."""
    value = arguments.get(name, False)
    if not isinstance(value, bool):
        raise RequestInvalid(f"{name} is {value!r}: expected true or false")
    return value


def error_line(code: str, message: str) -> bytes:
    """Return an error line; `code` is one word for programs."""
    return encode_line({ERROR: {"code": code, "message": message}})


def _call(handlers: Handlers, line: bytes) -> Reply:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RequestInvalid(f"a request is one line of JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("op"), str):
        raise RequestInvalid('a request is an object with "op" and its arguments')
    arguments: JSONObject = {name: value for name, value in request.items() if name != "op"}
    handler = handlers.get(request["op"])
    if handler is None:
        raise _UnknownOp(f"op {request['op']!r}: expected one of {', '.join(sorted(handlers))}")
    return handler(arguments)
