"""The words of the status socket, shared by the agent's side and the asker's. Pure.

For: the form of requests and replies, and their limits. Not for: sockets (`status`, `status_client`).
Only the standard library is imported: an asker must start at once.

Both directions are lines of JSON, UTF-8. A request is one object with `op` and its arguments::

    {"op": "routes", "family": "ipv4"}

The answer is one line, or, for large answers, a stream that ends with its count, so that one that breaks off is seen::

    {"result": {...}}
    {"item": {...}}  {"item": {...}}  ...  {"end": {"count": 2}}
    {"error": {"code": "unknown-op", "message": "..."}}            also in the middle of a stream, which it ends

A connection may carry several requests, one after the other.

Structure to know: the four keys `RESULT`, `ITEM`, `END`, `ERROR`.
"""

import json
from collections.abc import Mapping
from typing import Final

__all__ = [
    "END",
    "ERROR",
    "ITEM",
    "REQUEST_BYTES_MAX",
    "RESULT",
    "SOCKET_PATH_BYTES_MAX",
    "JSONObject",
    "encode_line",
]

RESULT: Final = "result"
ITEM: Final = "item"
END: Final = "end"
ERROR: Final = "error"

REQUEST_BYTES_MAX: Final = 65536
"""A request line, its end included."""

SOCKET_PATH_BYTES_MAX: Final = 107
"""What the kernel takes for the path of a unix socket (unix(7): 108 with the final zero)."""

JSONObject = dict[str, object]


def encode_line(value: Mapping[str, object]) -> bytes:
    """Return one line.

    Raises:
        TypeError: a value that JSON does not know.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
