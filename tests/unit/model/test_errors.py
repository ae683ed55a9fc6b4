"""Messages name the object, the field, the value and what was expected."""

import pytest

from tortie.model.errors import (
    FieldProblem,
    ManifestInvalid,
    ResourceInvalid,
    SelectorInvalid,
    UnknownColumn,
    UnknownKind,
    nearest_name,
    place,
    show_value,
)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (
            FieldProblem("spec.asNumber", "x", "an AS number"),
            "spec.asNumber: 'x': expected an AS number",
        ),
        (
            FieldProblem("spec.mode", "slef", "one of Auto, Self", "Self"),
            "spec.mode: 'slef': expected one of Auto, Self (did you mean 'Self'?)",
        ),
        (FieldProblem("spec.cidr", None, "a network"), "spec.cidr: missing, expected a network"),
        (
            FieldProblem("spec.asn", 1, "asNumber, peerIP", "asNumber", is_unknown_field=True),
            "spec.asn: field in document is not recognized or is in the wrong location: asn (did you mean 'asNumber'?)",
        ),
        (
            FieldProblem("spec.zzz", 1, "asNumber, peerIP", is_unknown_field=True),
            "spec.zzz: field in document is not recognized or is in the wrong location: zzz "
            "(known here: asNumber, peerIP)",
        ),
        (FieldProblem("", [], "a mapping"), "(document): a list: expected a mapping"),
    ],
    ids=["value", "near-value", "missing", "near-field", "unknown-field", "whole-document"],
)
def test_problem_text(problem: FieldProblem, text: str) -> None:
    assert problem.text() == text


def test_each_problem_has_its_line() -> None:
    error = ResourceInvalid("BGPPeer", "rr", [FieldProblem("spec.b", 1, "x"), FieldProblem("spec.a", 2, "y")])
    located = error.located("f.yaml", {"spec.b": 9, "spec.a": 4}.get)
    assert str(located).splitlines() == [
        "f.yaml:4: BGPPeer 'rr': spec.a: 2: expected y",
        "f.yaml:9: BGPPeer 'rr': spec.b: 1: expected x",
    ]


def test_without_a_file_there_is_no_place() -> None:
    assert str(ResourceInvalid("Node", "n", [FieldProblem("a", 1, "x")])) == "Node 'n': a: 1: expected x"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        ("a", "'a'"),
        ({}, "a mapping"),
        ([1], "a list"),
        (5, "5"),
        ("x" * 78, repr("x" * 78)),
        ("x" * 79, "'" + "x" * 76 + "..."),
        ("a\nb", r"'a\nb'"),
    ],
)
def test_values_are_short_and_on_one_line(value: object, text: str) -> None:
    assert show_value(value) == text


def test_unknown_kind_names_the_nearest_or_all() -> None:
    assert "did you mean 'Node'?" in str(UnknownKind("Nod", ["Node", "IPPool"]))
    assert str(UnknownKind("zzz", ["Node", "IPPool"], "f:3")) == (
        "f:3: resource type 'zzz' is not supported (known are Node, IPPool)"
    )


def test_unknown_column() -> None:
    assert str(UnknownColumn("Node", "ASM", ("ASN",), "ASN")) == "Node has no column 'ASM' (did you mean 'ASN'?)"
    assert str(UnknownColumn("Node", "X", ("ASN",), None)) == "Node has no column 'X' (known are ASN)"


def test_manifest_error_has_its_place() -> None:
    assert str(ManifestInvalid("f.yaml", 3, "broken")) == "f.yaml:3: broken"
    assert str(ManifestInvalid("f.yaml", None, "broken")) == "f.yaml: broken"
    assert place(None, 3) == "(text):3"


def test_selector_error_shows_where() -> None:
    error = SelectorInvalid("a = 'b'", 2, "==")
    assert str(error) == "selector \"a = 'b'\": expected == at character 3, found '= 'b''"
    assert str(SelectorInvalid("a", 1, "==")).endswith("found the end")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("asNumbr", "asNumber"), ("ASNUMBER", "asNumber"), ("peerIp", "peerIP"), ("zzz", None), ("", None)],
)
def test_nearest_name(name: str, nearest: str | None) -> None:
    assert nearest_name(name, ["asNumber", "peerIP"]) == nearest
