"""Selectors: canonical form, and agreement with a plain evaluation of how the expression was made."""

from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from tortie.model.errors import SelectorInvalid
from tortie.model.selector import Selector, parse_selector

Labels = Mapping[str, str]
Case = tuple[str, Callable[[Labels], bool]]
"""An expression and what it means."""

NAMES = st.sampled_from(["a", "b", "x.y/z", "has", "in", "not"])
VALUES = st.text(st.sampled_from('abc "&|(){}!,'), max_size=4)
LABELS = st.dictionaries(NAMES, VALUES, max_size=4)


@st.composite
def comparisons(draw: st.DrawFn) -> Case:
    name, value = draw(NAMES), draw(VALUES)
    operator, meaning = draw(
        st.sampled_from(
            [
                ("==", lambda found, value: found == value),
                ("!=", lambda found, value: found != value),
                ("contains", lambda found, value: found is not None and value in found),
                ("starts with", lambda found, value: found is not None and found.startswith(value)),
                ("ends with", lambda found, value: found is not None and found.endswith(value)),
            ]
        )
    )
    return f"{name} {operator} '{value}'", lambda labels: meaning(labels.get(name), value)


@st.composite
def memberships(draw: st.DrawFn) -> Case:
    name, values, is_in = draw(NAMES), draw(st.lists(VALUES, max_size=3)), draw(st.booleans())
    text = ", ".join(f"'{value}'" for value in values)
    operator = "in" if is_in else "not in"
    return f"{name} {operator} {{{text}}}", lambda labels: (labels.get(name) in values) is is_in


@st.composite
def presences(draw: st.DrawFn) -> Case:
    name = draw(NAMES)
    return f"has({name})", lambda labels: name in labels


def everything(_: Labels) -> bool:
    return True


TERMS = st.one_of(comparisons(), memberships(), presences(), st.just(("all()", everything)))


def combined(children: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    def both(pair: tuple[Case, Case]) -> Case:
        (left, is_left), (right, is_right) = pair
        return f"({left}) && ({right})", lambda labels: is_left(labels) and is_right(labels)

    def either(pair: tuple[Case, Case]) -> Case:
        (left, is_left), (right, is_right) = pair
        return f"({left}) || ({right})", lambda labels: is_left(labels) or is_right(labels)

    def negated(case: Case) -> Case:
        text, meaning = case
        return f"!({text})", lambda labels: not meaning(labels)

    pairs = st.tuples(children, children)
    return st.one_of(pairs.map(both), pairs.map(either), children.map(negated))


CASES = st.recursive(TERMS, combined, max_leaves=8)


@given(CASES, LABELS)
def test_means_what_it_says(case: Case, labels: dict[str, str]) -> None:
    text, meaning = case
    assert parse_selector(text).matches(labels) is meaning(labels)


@given(CASES, LABELS)
def test_canonical_form_is_equal_and_stable(case: Case, labels: dict[str, str]) -> None:
    selector = parse_selector(case[0])
    again = parse_selector(str(selector))
    assert again == selector
    assert str(again) == str(selector)
    assert again.matches(labels) is selector.matches(labels)


@given(st.text(st.sampled_from("ab'\"()!&|{},= inhaslot"), max_size=40))
def test_garbage_is_a_selector_or_an_error_that_points_into_it(text: str) -> None:
    outcome = parsed_or_error(text)
    if isinstance(outcome, SelectorInvalid):
        assert 0 <= outcome.position <= len(text)
        assert outcome.expected
    else:
        assert parse_selector(str(outcome)) == outcome


def parsed_or_error(text: str) -> Selector | SelectorInvalid:
    try:
        return parse_selector(text)
    except SelectorInvalid as error:
        return error
