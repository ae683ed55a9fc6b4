"""A request for /v2/keys, taken apart as etcd v2 takes it apart.

What it is for: pure parsing of path, query and form into a `KeyRequest`, with etcd's own complaints about
fields that make no sense. What it is not for: whether the key exists or the value is good (`key_tree.py`,
`reflector_record.py`).
"""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from tortie.web.errors import KeysError

__all__ = ["FIELD_COUNT_MAX", "KeyRequest", "parse_fields", "parse_request"]

FIELD_COUNT_MAX: Final = 32
"""Most fields of query and form, each. More are refused."""

INDEX_MAX: Final = 2**64 - 1
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_NOT_SERVED: Final = {
    "wait": "changes are not waited for here: read again",
    "ttl": "records do not expire here",
    "refresh": "records do not expire here",
}
"""Fields of etcd that ask for something this end point does not do, and what to say."""


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What is asked for.

    Attributes:
        key: "/" or "/a/b", without an ending slash.
        value: the new value of a PUT; "" when none was sent.
        is_recursive: everything below a directory.
        is_directory: the caller means a directory.
        previous_value: the key must hold this; "" = not asked.
        previous_index: the key must have been written at this revision; 0 = not asked.
        must_exist: the key must exist (True), must not (False), or either.
        has_no_reply_value: the reply need not repeat the values.
    """

    key: str
    value: str = ""
    is_recursive: bool = False
    is_directory: bool = False
    previous_value: str = ""
    previous_index: int = 0
    must_exist: bool | None = None
    has_no_reply_value: bool = False


def parse_fields(text: str | bytes) -> list[tuple[str, str]]:
    """Return the fields of a query or of an urlencoded form, in order.

    Raises:
        KeysError: not UTF-8, or too many fields.
    """
    try:
        encoded = text.decode() if isinstance(text, bytes) else text
        return parse_qsl(
            encoded, keep_blank_values=True, errors="strict", max_num_fields=FIELD_COUNT_MAX, separator="&"
        )
    except UnicodeDecodeError:
        raise KeysError(210, "the form is not UTF-8") from None
    except ValueError:
        raise KeysError(210, f"more than {FIELD_COUNT_MAX} fields") from None


def parse_request(path: str, fields: Sequence[tuple[str, str]], *, is_read: bool) -> KeyRequest:
    """Return what a request asks for.

    Args:
        path: what follows /v2/keys in the URL, decoded; doubled slashes and dots are cleaned away.
        fields: form fields first, then those of the query: the first of a name counts, as in etcd.
        is_read: the method is GET or HEAD.

    Raises:
        KeysError: a field has a value that etcd refuses, or asks for what is not served here.
    """
    first: dict[str, str] = {}
    for name, value in fields:
        first.setdefault(name, value)
    previous_index = _index(first, "prevIndex")
    _index(first, "waitIndex")
    is_recursive, is_wait = _boolean(first, "recursive"), _boolean(first, "wait")
    if is_wait and not is_read:
        raise KeysError(209, '"wait" can only be used with GET requests')
    if first.get("prevValue") == "":
        raise KeysError(201, '"prevValue" cannot be empty')
    if first.get("ttl"):
        _index(first, "ttl", code=202)
    _refuse_what_is_not_served(first, is_wait=is_wait)
    return KeyRequest(
        key=posixpath.normpath("/" + path.strip("/")),
        value=first.get("value", ""),
        is_recursive=is_recursive,
        is_directory=_boolean(first, "dir"),
        previous_value=first.get("prevValue", ""),
        previous_index=previous_index,
        must_exist=_boolean(first, "prevExist", quoted=False) if "prevExist" in first else None,
        has_no_reply_value=_boolean(first, "noValueOnSuccess"),
    )


def _boolean(fields: Mapping[str, str], name: str, *, quoted: bool = True) -> bool:
    text = fields.get(name, "false")
    if text not in _TRUE | _FALSE:
        shown = f'"{name}"' if quoted else name
        raise KeysError(209, f"invalid value for {shown}")
    return text in _TRUE


def _index(fields: Mapping[str, str], name: str, *, code: int = 203) -> int:
    text = fields.get(name, "0")
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(INDEX_MAX)) or int(text) > INDEX_MAX:
        raise KeysError(code, f'invalid value for "{name}"')
    return int(text)


def _refuse_what_is_not_served(fields: Mapping[str, str], *, is_wait: bool) -> None:
    asked = {"wait": is_wait, "ttl": bool(fields.get("ttl")), "refresh": _boolean(fields, "refresh")}
    for name, is_asked in asked.items():
        if is_asked:
            raise KeysError(209, f'"{name}" is not served: {_NOT_SERVED[name]}')
