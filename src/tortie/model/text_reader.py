"""YAML or JSON text → documents.

JSON is read as JSON (its escapes differ from YAML's), with line numbers from the YAML parser where that can
read the text too. What it is NOT for: files, and what the data means (``manifest.py``).
"""

import json
from dataclasses import dataclass
from typing import Any

from tortie.model.document import NESTING_MAX, Document
from tortie.model.errors import ManifestInvalid
from tortie.model.scalars import FloatText, IntegerText


def read_documents(text: str, source_name: str) -> list[Document]:
    """Return the documents of a text, empty ones left out.

    Args:
        text: YAML (one or more documents) or JSON (one).
        source_name: stands in messages.

    Raises:
        ManifestInvalid: it is neither, or beyond a limit of ``document.py``.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        document = _json_document(text, source_name)
        if document is not None:
            return [document]
    return _compose(text, source_name)


def _compose(text: str, source_name: str) -> list[Document]:
    """Return the documents of a YAML text."""
    from tortie.model.yaml_composer import compose_documents  # noqa: PLC0415 - 20 ms that agents need not pay

    return compose_documents(text, source_name)


def _json_document(text: str, source_name: str) -> Document | None:
    """Return the document of a JSON text; None where it is not JSON (YAML in flow style looks like it)."""
    reader = _JSONReader(source_name)
    try:
        data = json.loads(
            text,
            object_pairs_hook=reader.mapping,
            parse_int=reader.integer,
            parse_float=FloatText,
            parse_constant=reader.constant,
        )
    except json.JSONDecodeError:
        return None
    except RecursionError:
        raise ManifestInvalid(source_name, None, f"more than {NESTING_MAX} levels of nesting") from None
    _check_nesting(data, source_name)
    return Document(data, _lines(text, source_name))


def _check_nesting(data: object, source_name: str) -> None:
    level = [data]
    for _ in range(NESTING_MAX + 1):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ManifestInvalid(source_name, None, f"more than {NESTING_MAX} levels of nesting")


def _lines(text: str, source_name: str) -> dict[str, int]:
    """Return the lines of a JSON text's paths, as far as they can be told."""
    try:
        # Valid JSON has raw tabs between values only, where YAML wants spaces.
        documents = _compose(text.replace("\t", " "), source_name)
    except ManifestInvalid:
        return {}
    return documents[0].lines if len(documents) == 1 else {}


@dataclass(frozen=True, slots=True)
class _JSONReader:
    """Hooks of the JSON parser."""

    source_name: str

    def mapping(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        if len(data) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ManifestInvalid(self.source_name, None, f"{twice}: this key stands twice in one object")
        return data

    def integer(self, digits: str) -> int:
        try:
            return IntegerText(digits, int(digits))
        except ValueError:
            raise ManifestInvalid(self.source_name, None, f"number of {len(digits)} digits") from None

    def constant(self, word: str) -> float:
        raise ManifestInvalid(self.source_name, None, f"{word} is not JSON")
