"""The selector language: one row per operator and rule."""

import pytest

from tortie.model.errors import SelectorInvalid
from tortie.model.fields import Expected
from tortie.model.selector import (
    LABEL_LENGTH_MAX,
    SELECTOR_DEPTH_MAX,
    SELECTOR_LENGTH_MAX,
    check_selector,
    parse_selector,
)

LABELS = {"rack": "r1", "role": "rr", "node.kubernetes.io/x": "", "name": "kube-node-1"}

ROWS = [
    ("", True),
    ("   ", True),
    ("all()", True),
    ("global()", True),
    ("all( )", True),
    ("has(rack)", True),
    ("has( rack )", True),
    ("has(zone)", False),
    ("has(node.kubernetes.io/x)", True),
    ("rack == 'r1'", True),
    ('rack == "r1"', True),
    ("rack=='r1'", True),
    ("rack == 'r2'", False),
    ("zone == 'a'", False),
    ("zone == ''", False),
    ("node.kubernetes.io/x == ''", True),
    ("rack != 'r2'", True),
    ("rack != 'r1'", False),
    ("zone != 'a'", True),
    ("rack in {'r1', 'r2'}", True),
    ("rack in{'r2'}", False),
    ("rack in {}", False),
    ("rack in {'r1',}", True),
    ("zone in {'a'}", False),
    ("rack not in {'r1'}", False),
    ("rack not  in {'r2'}", True),
    ("zone not in {'a'}", True),
    ("name contains 'node'", True),
    ("name contains 'x'", False),
    ("zone contains ''", False),
    ("name starts with 'kube'", True),
    ("name starts  with 'node'", False),
    ("name ends with '-1'", True),
    ("name ends with 'kube'", False),
    ("!has(zone)", True),
    ("! has(rack)", False),
    ("!!has(rack)", True),
    ("!(rack == 'r1')", False),
    ("rack == 'r1' && role == 'rr'", True),
    ("rack == 'r1' && role == 'x'", False),
    ("rack == 'r2' || role == 'rr'", True),
    ("rack == 'r2' || role == 'x'", False),
    ("rack == 'r2' && has(zone) || has(role)", True),
    ("has(role) || has(rack) && has(zone)", True),
    ("(has(role) || has(rack)) && has(zone)", False),
    ("!has(zone) && has(role)", True),
    ("has == 'x'", False),
    ("all == 'x' || in != 'x'", True),
    ('name == "it\'s"', False),
]


@pytest.mark.parametrize(("expression", "expected"), ROWS, ids=[expression or "empty" for expression, _ in ROWS])
def test_matches(expression: str, expected: bool) -> None:
    assert parse_selector(expression).matches(LABELS) is expected


@pytest.mark.parametrize("expression", [expression for expression, _ in ROWS])
def test_canonical_form_parses_to_the_same(expression: str) -> None:
    selector = parse_selector(expression)
    assert parse_selector(str(selector)) == selector


@pytest.mark.parametrize(
    ("expression", "position", "expected"),
    [
        ("rack", 4, "==, !=, in, not in, contains, starts with or ends with"),
        ("rack = 'a'", 5, "==, !="),
        ("rack ==", 7, "text in quotes"),
        ("rack == r1", 8, "text in quotes"),
        ("rack == 'r1", 8, "text in quotes"),
        ("rack in 'r1'", 8, "{"),
        ("rack in {'a' 'b'}", 13, ", or }"),
        ("rack in {'a'", 12, ", or }"),
        ("rack in {a}", 9, "text in quotes"),
        ("(has(rack)", 10, "&&, || or )"),
        ("has(rack) has(role)", 10, "&&, || or the end"),
        ("has(rack))", 9, "&&, || or the end"),
        ("has(rack) &&", 12, "a label"),
        ("has(rack) & has(role)", 10, "&&"),
        ("|| has(rack)", 0, "a label"),
        ("!", 1, "a label"),
        ("()", 1, "a label"),
        ("has()", 3, "==, !="),
        ("rack == 'a' and role == 'b'", 12, "&&, || or the end"),
    ],
)
def test_error_says_where_and_what(expression: str, position: int, expected: str) -> None:
    with pytest.raises(SelectorInvalid) as caught:
        parse_selector(expression)
    assert caught.value.position == position
    assert expected in caught.value.expected


def test_length_limit() -> None:
    text = "has(a)".ljust(SELECTOR_LENGTH_MAX)
    assert parse_selector(text).matches({"a": ""})
    with pytest.raises(SelectorInvalid, match="at most 1024 characters"):
        parse_selector(text + " ")


def test_depth_limit() -> None:
    def nested(depth: int) -> str:
        return "(" * depth + "all()" + ")" * depth

    assert parse_selector(nested(SELECTOR_DEPTH_MAX)).matches({})
    with pytest.raises(SelectorInvalid, match="levels of parentheses"):
        parse_selector(nested(SELECTOR_DEPTH_MAX + 1))


def test_label_length_limit() -> None:
    label = "a" * LABEL_LENGTH_MAX
    assert parse_selector(f"has({label})").matches({label: ""})
    with pytest.raises(SelectorInvalid, match="at most 512 characters"):
        parse_selector(f"has({label}a)")


def test_many_negations_do_not_recurse() -> None:
    assert parse_selector("!" * 1000 + "all()").matches({})


def test_a_field_keeps_the_text_as_written() -> None:
    assert check_selector("rack=='r1'") == "rack=='r1'"
    with pytest.raises(Expected, match="a selector, in which text in quotes stands at character 7"):
        check_selector("rack==")
