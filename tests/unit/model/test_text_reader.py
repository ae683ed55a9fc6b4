"""YAML and JSON text → data: types, lines, limits, and what is refused."""

import json

import pytest

from tortie.model.document import NESTING_MAX, Document
from tortie.model.errors import ManifestInvalid
from tortie.model.scalars import BooleanWord, FloatText, IntegerText
from tortie.model.text_reader import read_documents


def read(text: str) -> object:
    (document,) = read_documents(text, "f")
    return document.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"),
        ("'5'", "5"),
        ('"yes"', "yes"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("|\n  5", "5"),
        ("5", 5),
        ("-5", -5),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("100:5", "100:5"),
        ("1:30:00", "1:30:00"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("2026-01-31", "2026-01-31"),
        (".inf", ".inf"),
        ("fd00::1", "fd00::1"),
        ("=", "="),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_scalars(text: str, value: object) -> None:
    data = read(f"- {text}")
    assert data == [value]
    assert isinstance(data, list)
    assert isinstance(data[0], bool) == isinstance(value, bool)


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off"])
def test_words_that_may_be_booleans(word: str) -> None:
    (value,) = read_documents(f"[{word}]", "f")[0].data
    assert isinstance(value, BooleanWord)
    assert value == word
    assert value.boolean is (word.lower() in ("yes", "on"))


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_nulls(text: str) -> None:
    assert read(f"a: {text}") == {"a": None}


@pytest.mark.parametrize("opening", ["[{}]", '{{"a": {}}}'])
def test_numbers_keep_their_text(opening: str) -> None:
    data = read(opening.format("1.10"))
    value = data[0] if isinstance(data, list) else data["a"]  # type: ignore[index]  # of the two shapes above
    assert isinstance(value, FloatText)
    assert value.text == "1.10"
    data = read(opening.format("+10" if opening == "[{}]" else "10"))
    value = data[0] if isinstance(data, list) else data["a"]  # type: ignore[index]  # of the two shapes above
    assert isinstance(value, IntegerText)
    assert value.text.endswith("10")


def test_documents_and_empty_ones() -> None:
    documents = read_documents("---\n# nothing\n---\na: 1\n---\n---\nb: 2\n...\n", "f")
    assert [document.data for document in documents] == [{"a": 1}, {"b": 2}]
    assert read_documents("", "f") == []
    assert read_documents("# comment\n", "f") == []


def test_byte_order_mark_is_passed_over() -> None:
    assert read("\ufeff{}") == {}


def test_anchors_and_merge_keys() -> None:
    text = "base: &b {x: 1, y: 2}\nmore: &m {z: 3, x: 9}\none: {<<: *b, x: 5}\ntwo: {<<: [*b, *m]}\n"
    data = read(text)
    assert isinstance(data, dict)
    assert data["one"] == {"x": 5, "y": 2}
    assert data["two"] == {"x": 1, "y": 2, "z": 3}


def test_anchors_end_with_their_document() -> None:
    with pytest.raises(ManifestInvalid, match=r"f:3: alias '.a' has no anchor above it"):
        read_documents("a: &a 1\n---\nb: *a\n", "f")


TEXT = """kind: x
spec:
  items:
  - name: a
    value: 1

  - name: b
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 1),
        ("kind", 1),
        ("spec", 2),
        ("spec.items", 3),
        ("spec.items[0]", 4),
        ("spec.items[0].value", 5),
        ("spec.items[1].name", 7),
        ("spec.items[1].missing", 7),
        ("spec.missing.deeper[3].x", 2),
        ("zzz", 1),
    ],
)
def test_lines(path: str, line: int) -> None:
    assert read_documents(TEXT, "f")[0].line_at(path) == line


def test_lines_of_json_even_with_tabs() -> None:
    text = '{\n\t"kind": "x",\n\t"spec": {\n\t\t"a": "\\/\\ud83d\\ude00"\n\t}\n}'
    (document,) = read_documents(text.replace("\\ud83d\\ude00", "y"), "f")
    assert document.line_at("spec.a") == 4
    (document,) = read_documents(text, "f")
    assert document.data["spec"]["a"] == "/\U0001f600"


def test_a_document_without_lines() -> None:
    assert Document({}).line_at("a.b") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "f:1: malformed YAML: "),
        ("a: b: c", "f:1: malformed YAML: mapping values are not allowed in this context"),
        ("a:\n\tb: 1", r"f:2: malformed YAML: .*indent with spaces, not tabs"),
        ("a: 1\n b: 2", "f:2: malformed YAML: "),
        ("a: 'x", "malformed YAML: "),
        ("a: \x01", "f:1: a character that may not stand in YAML"),
        ("x: 1\na: \x07", "f:2: "),
        ("a: 1\na: 2", "f:2: a: this key stands twice in one mapping"),
        ("s:\n  a: 1\n  a: 2", "f:3: s.a: this key stands twice in one mapping"),
        ('{"a": 1, "a": 2}', "f: a: this key stands twice in one object"),
        ("a: *x", "f:1: alias '.x' has no anchor above it"),
        ("a: &a [*a]", "f:1: alias '.a' has no anchor above it"),
        ("a: !!python/object:os.system x", "f:1: tag 'tag:yaml.org,2002:python/object:os.system' is not supported"),
        ("a: !secret x", "f:1: tag '!secret' is not supported"),
        ("? [1]\n: 2", "f:1: the key of a mapping must be text"),
        ("<<: 5", "f:1: <<: expected a mapping, or a list of mappings"),
        ("<<: [5]", "f:1: <<: expected a mapping"),
        ('{"a": NaN}', "f: NaN is not JSON"),
        ('{"a": ' + "1" * 5000 + "}", "f: number of 5000 digits"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(ManifestInvalid, match=message):
        read_documents(text, "f")


def nested(depth: int, opening: str, closing: str) -> str:
    return opening * depth + closing * depth


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_limit(opening: str, closing: str) -> None:
    def text(depth: int) -> str:
        return opening * depth + ("0" if opening != "[" else "") + closing * depth

    at_limit = NESTING_MAX if opening != "[" else NESTING_MAX + 1
    assert read(text(at_limit))
    with pytest.raises(ManifestInvalid, match="more than 50 levels of nesting"):
        read(text(at_limit + 1))
    with pytest.raises(ManifestInvalid, match="more than 50 levels of nesting"):
        read(text(100_000))


def test_nesting_limit_of_block_yaml() -> None:
    text = "".join("  " * level + "a:\n" for level in range(NESTING_MAX + 1))
    with pytest.raises(ManifestInvalid, match="more than 50 levels of nesting"):
        read_documents(text, "f")
    assert read("".join("  " * level + "a:\n" for level in range(NESTING_MAX)))


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(ManifestInvalid, match="more than 2000000 values"):
        read_documents("\n".join(lines), "f")


def test_json_data_is_the_same_as_yaml_data() -> None:
    data = {"a": [1, "b", None, True, {"c": 1.5}], "d": {}}
    assert read(json.dumps(data)) == data
    assert read(json.dumps(data).replace("null", "~")) == data
