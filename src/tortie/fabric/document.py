"""Typed reading of plain documents: dicts, lists and scalars as JSON and YAML loaders make them.

One `Document` wraps one mapping and knows its own path, so that every error names the field, its
value and what was expected. Used by ``intent.py`` (the last good intent, read back from disk) and
``topology.py``. What it is NOT for: resources (``tortie.model`` validates those) and parsing text.
"""

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from tortie.fabric.errors import DocumentInvalid


class Document:
    """One mapping of a document, read field by field.

    Attributes:
        source: what the whole document is, for messages.
        path: dotted path of this mapping; empty for the whole.
        content: the mapping itself.
    """

    __slots__ = ("content", "path", "source")

    def __init__(self, content: object, source: str, path: str = "") -> None:
        """Wrap `content`.

        Raises:
            DocumentInvalid: it is not a mapping with text keys.
        """
        self.source = source
        self.path = path
        if not _is_text_mapping(content):
            raise DocumentInvalid(source, path, content, "a mapping")
        self.content: Mapping[str, object] = content

    def check_fields(self, known: Iterable[str]) -> None:
        """Refuse any field that is not known.

        Raises:
            DocumentInvalid: names the first unknown field and all known ones.
        """
        names = tuple(known)
        for name in self.content:
            if name not in names:
                raise DocumentInvalid(
                    self.source,
                    self.at(name),
                    self.content[name],
                    f"no such field (known here: {', '.join(names)})",
                )

    def at(self, name: str) -> str:
        """Return the path of a field of this mapping."""
        return f"{self.path}.{name}" if self.path else name

    def invalid(self, name: str, expected: str) -> DocumentInvalid:
        """Return the error for a field, ready to be raised."""
        return DocumentInvalid(self.source, self.at(name), self.content.get(name), expected)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text field; without a default it must be there."""
        value = self.content.get(name, default)
        if not isinstance(value, str):
            raise self.invalid(name, "text")
        return str(value)

    def text_or_none(self, name: str) -> str | None:
        """Return a text field, or None when it is absent or null."""
        return None if self.content.get(name) is None else self.text(name)

    def number(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from `low` to `high`, both included."""
        value = self.content.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.invalid(name, f"a whole number from {low} to {high}")
        return int(value)

    def number_or_none(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number, or None when it is absent or null."""
        return None if self.content.get(name) is None else self.number(name, low, high)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Return a boolean field; without a default it must be there."""
        value = self.content.get(name, default)
        if not isinstance(value, bool):
            raise self.invalid(name, "true or false")
        return value

    def word(self, name: str, words: tuple[str, ...], default: str | None = None) -> str:
        """Return one of some words."""
        value = self.text(name, default)
        if value not in words:
            raise self.invalid(name, "one of " + ", ".join(words))
        return value

    def numbers(self, name: str, low: int, high: int) -> tuple[int, ...]:
        """Return a list of numbers; an absent one is empty."""
        items = self._items(name)
        if not all(isinstance(item, int) and not isinstance(item, bool) and low <= item <= high for item in items):
            raise self.invalid(name, f"numbers from {low} to {high}")
        return tuple(item for item in items if isinstance(item, int))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; absent means empty."""
        items = self._items(name)
        for index, item in enumerate(items):
            if not isinstance(item, str):
                raise DocumentInvalid(self.source, f"{self.at(name)}[{index}]", item, "text")
        return tuple(str(item) for item in items)

    def documents(self, name: str) -> tuple["Document", ...]:
        """Return a list of mappings; absent means empty."""
        return tuple(
            Document(item, self.source, f"{self.at(name)}[{index}]") for index, item in enumerate(self._items(name))
        )

    def document(self, name: str) -> "Document":
        """Return a mapping below this one."""
        return Document(self.content.get(name), self.source, self.at(name))

    def _items(self, name: str) -> list[object]:
        value = self.content.get(name, [])
        if not isinstance(value, list):
            raise self.invalid(name, "a list")
        return value


def _is_text_mapping(content: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(content, dict) and all(isinstance(key, str) for key in content)
