"""Dumps of an etcd v2 store: text → keys and values.

Two forms are read: the JSON that ``curl .../v2/keys/calico?recursive=true`` prints (a node with ``nodes`` below it,
with or without the reply around it), and lines of a key, a blank and its value. What it is NOT for: what the keys
mean (``etcd2.py``).
"""

import json
from collections.abc import Iterator
from typing import Final

from tortie.model.errors import ManifestInvalid

__all__ = ["keys_of_dump"]

DEPTH_MAX: Final = 64
"""Directories within one another; Calico's own are 9 deep."""


def keys_of_dump(text: str, source_name: str) -> dict[str, str]:
    """Return key → value of a dump, in its order; directories are left out.

    Args:
        text: of the dump.
        source_name: file name for messages.

    Raises:
        ManifestInvalid: it is neither of the two forms, or holds no key, or one key twice.
    """
    pairs = _of_json(text, source_name) if text.lstrip().startswith(("{", "[")) else _of_lines(text, source_name)
    keys: dict[str, str] = {}
    for line, key, value in pairs:
        if key in keys:
            raise ManifestInvalid(source_name, line, f"key {key} stands there twice")
        keys[key] = value
    if not keys:
        raise ManifestInvalid(source_name, None, "holds no key: expected etcd v2's JSON, or lines '/calico/... VALUE'")
    return keys


def _of_lines(text: str, source_name: str) -> Iterator[tuple[int | None, str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        key, _, value = line.strip().partition(" ")
        if not key:
            continue
        if not key.startswith("/"):
            raise ManifestInvalid(source_name, number, f"{key!r}: expected a key that starts with '/', then its value")
        yield number, key, value.strip()


def _of_json(text: str, source_name: str) -> Iterator[tuple[int | None, str, str]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ManifestInvalid(source_name, getattr(error, "lineno", None), f"not JSON: {error}") from None
    node = data.get("node", data) if isinstance(data, dict) else data
    for key, value in _below(node, source_name, DEPTH_MAX):
        yield None, key, value


def _below(node: object, source_name: str, depth: int) -> Iterator[tuple[str, str]]:
    match node:
        case {"nodes": list(nodes)} if depth:
            for child in nodes:
                yield from _below(child, source_name, depth - 1)
        case {"key": str(key), "value": str(value)}:
            yield key, value
        case {"dir": True}:
            return  # an empty directory
        case _:
            expected = "expected nodes of etcd v2: {'key', 'value'} or {'key', 'dir', 'nodes'}"
            raise ManifestInvalid(source_name, None, f"{str(node)[:80]}: {expected}")
