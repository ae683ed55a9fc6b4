"""YAML text → documents of plain data, from the parser's events.

Differs from a plain YAML loader where that would lose what was typed: sexagesimal numbers (``100:5``), octal
and hex numbers and times stay text; yes, no, on, off become `BooleanWord`; numbers keep their text. Refused:
duplicate keys, tags of objects, and what goes beyond the limits of ``document.py`` (an alias cannot blow up).

What it is NOT for: JSON (``text_reader.py``) and what the data means (``manifest.py``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from tortie.model.document import NESTING_MAX, VALUE_COUNT_MAX, Document
from tortie.model.errors import ManifestInvalid
from tortie.model.scalars import BOOLEAN_WORDS, BooleanWord, FloatText, IntegerText

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_DIGITS_MAX: Final = 4000
"""A longer number is text (Python itself refuses to convert more than 4300 digits)."""
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{word: BooleanWord(word) for word in BOOLEAN_WORDS},
}
"""Plain scalars that are no text: null, booleans, and the words that may be booleans."""
_TAG_PREFIX: Final = "tag:yaml.org,2002:"
_STRING_TAGS: Final = ("!", f"{_TAG_PREFIX}str")
_TAGS: Final = frozenset(
    {"!", *(f"{_TAG_PREFIX}{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map"))}
)
_MERGE_KEY: Final = "<<"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose_documents(text: str, source_name: str) -> list[Document]:
    """Return the documents of a YAML text, empty ones left out.

    Raises:
        ManifestInvalid: it is malformed, or beyond a limit.
    """
    try:
        return list(_Composer(text, source_name).documents())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line + 1, len(text.splitlines())) if mark else None
        raise ManifestInvalid(source_name, line, _message(error, text, line)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ManifestInvalid(source_name, line, "a character that may not stand in YAML") from None


def _message(error: yaml.MarkedYAMLError, text: str, line: int | None) -> str:
    message = "malformed YAML: " + ", ".join(part for part in (error.problem, error.context) if part)
    is_tab = line is not None and "\t" in "".join(text.splitlines()[line - 1 : line])
    return f"{message} (indent with spaces, not tabs)" if is_tab else message


@dataclass(slots=True)
class _Node:
    """Data with its size: `count` values in it (itself included), `depth` levels below it."""

    data: Any
    count: int = 1
    depth: int = 0

    def take(self, child: "_Node") -> None:
        self.count += child.count
        self.depth = max(self.depth, child.depth + 1)


class _Composer:
    """Builds data from the parser's events, counting as it goes."""

    def __init__(self, text: str, source_name: str) -> None:
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_LOADER))
        self._source_name = source_name
        self._anchors: dict[str, _Node] = {}
        self._lines: dict[str, int] = {}
        self._count = 0

    def documents(self) -> Iterator[Document]:
        """Yield each document that is not empty."""
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors, self._lines = {}, {}
                node = self._node(next(self._events), "", 0)
                if node.data is not None:
                    yield Document(node.data, self._lines)

    def _node(self, event: yaml.Event, path: str, depth: int) -> _Node:
        line = _line(event)
        self._lines.setdefault(path, line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        self._check_limits(1, depth, line)
        if isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(path, depth)
        elif isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(path, depth, line)
        elif isinstance(event, yaml.ScalarEvent):
            node = _Node(_scalar(event))
        else:
            raise self._error(line, "a value is missing")
        self._check_tag(event.tag, line)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent, depth: int) -> _Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            raise self._error(_line(event), f"alias '*{event.anchor}' has no anchor above it")
        self._check_limits(node.count, depth + node.depth, _line(event))
        return node

    def _sequence(self, path: str, depth: int) -> _Node:
        node = _Node([])
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            item = self._node(event, f"{path}[{len(node.data)}]", depth + 1)
            node.data.append(item.data)
            node.take(item)
        return node

    def _mapping(self, path: str, depth: int, line: int) -> _Node:
        node = _Node({})
        merged: object = []
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, depth)
            key_path = f"{path}.{key}" if path else key
            if key in node.data:
                raise self._error(_line(event), f"{key_path}: this key stands twice in one mapping")
            self._lines[key_path] = _line(event)
            item = self._node(next(self._events), key_path, depth + 1)
            node.take(item)
            if key == _MERGE_KEY:
                merged = item.data
            else:
                node.data[key] = item.data
        self._merge(node.data, merged, line)
        return node

    def _merge(self, data: dict[str, Any], merged: object, line: int) -> None:
        """Add what ``<<`` brings; own keys win, then the earlier mapping."""
        for mapping in merged if isinstance(merged, list) else [merged]:
            if not isinstance(mapping, dict):
                raise self._error(line, "<<: expected a mapping, or a list of mappings")
            for key, value in mapping.items():
                data.setdefault(key, value)

    def _key(self, event: yaml.Event, depth: int) -> str:
        key: object = None
        if isinstance(event, yaml.AliasEvent):
            key = self._alias(event, depth).data
        elif isinstance(event, yaml.ScalarEvent):
            self._check_limits(1, depth, _line(event))
            key = event.value
        if not isinstance(key, str):
            raise self._error(_line(event), "the key of a mapping must be text")
        return str(key)

    def _check_limits(self, count: int, depth: int, line: int) -> None:
        self._count += count
        if depth > NESTING_MAX:
            raise self._error(line, f"more than {NESTING_MAX} levels of nesting")
        if self._count > VALUE_COUNT_MAX:
            raise self._error(line, f"more than {VALUE_COUNT_MAX} values")

    def _check_tag(self, tag: str | None, line: int) -> None:
        if tag is not None and tag not in _TAGS:
            raise self._error(line, f"tag '{tag}' is not supported")

    def _error(self, line: int, message: str) -> ManifestInvalid:
        return ManifestInvalid(self._source_name, line, message)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent) -> object:
    """Return a scalar's value: quoted ones are text, plain ones what they look like."""
    text: str = event.value
    if event.style in ("'", '"', "|", ">") or event.tag in _STRING_TAGS or len(text) > _DIGITS_MAX:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return IntegerText(text, int(text))
    return FloatText(text) if _FLOAT.fullmatch(text) else text
