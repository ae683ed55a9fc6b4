"""Tests of tortie.fabric.document: each reader, good and bad."""

from collections.abc import Callable

import pytest

from tortie.fabric.document import Document
from tortie.fabric.errors import DocumentInvalid

CONTENT = {
    "name": "a",
    "count": 3,
    "is_on": True,
    "nothing": None,
    "words": ["x", "y"],
    "parts": [{"n": 1}, {"n": 2}],
    "part": {"n": 3},
}


def document(content: object = CONTENT) -> Document:
    return Document(content, "file.yaml")


def test_readers_return_what_stands_there() -> None:
    whole = document()
    assert whole.text("name") == "a"
    assert whole.text("missing", "default") == "default"
    assert whole.text_or_none("nothing") is None
    assert whole.number("count", 0, 3) == 3
    assert whole.number_or_none("nothing", 0, 3) is None
    assert whole.number("missing", 0, 3, 2) == 2
    assert whole.flag("is_on") is True
    assert whole.flag("missing", default=False) is False
    assert whole.texts("words") == ("x", "y")
    assert whole.texts("missing") == ()
    assert [part.number("n", 0, 9) for part in whole.documents("parts")] == [1, 2]
    assert whole.document("part").number("n", 0, 9) == 3


@pytest.mark.parametrize(
    ("read", "message"),
    [
        pytest.param(lambda d: d.text("missing"), "missing: missing, expected text", id="text missing"),
        pytest.param(lambda d: d.text("count"), "count: 3, expected text", id="text is a number"),
        pytest.param(
            lambda d: d.number("count", 4, 9), "count: 3, expected a whole number from 4 to 9", id="too small"
        ),
        pytest.param(lambda d: d.number("count", 0, 2), "count: 3, expected a whole number from 0 to 2", id="too big"),
        pytest.param(
            lambda d: d.number("is_on", 0, 9),
            "is_on: true, expected a whole number from 0 to 9",
            id="a boolean is no number",
        ),
        pytest.param(lambda d: d.flag("name"), "name: 'a', expected true or false", id="flag is text"),
        pytest.param(lambda d: d.texts("name"), "name: 'a', expected a list", id="list is text"),
        pytest.param(lambda d: d.texts("parts"), "parts[0]: a mapping, expected text", id="list of mappings"),
        pytest.param(lambda d: d.documents("words"), "words[0]: 'x', expected a mapping", id="list of texts"),
        pytest.param(lambda d: d.document("name"), "name: 'a', expected a mapping", id="mapping is text"),
        pytest.param(
            lambda d: d.documents("parts")[1].text("n"), "parts[1].n: 2, expected text", id="path below a list"
        ),
        pytest.param(
            lambda d: d.document("part").text("x"), "part.x: missing, expected text", id="path below a mapping"
        ),
        pytest.param(
            lambda d: d.check_fields(("name", "count")),
            "is_on: true, expected no such field (known here: name, count)",
            id="unknown field",
        ),
    ],
)
def test_errors_name_field_value_and_expectation(read: Callable[[Document], object], message: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        read(document())
    assert str(caught.value) == f"file.yaml: {message}"


@pytest.mark.parametrize("content", [None, [], "text", 3, {1: 2}], ids=repr)
def test_a_document_is_a_mapping_of_names(content: object) -> None:
    with pytest.raises(DocumentInvalid, match=r"^file\.yaml: .*expected a mapping$"):
        document(content)
