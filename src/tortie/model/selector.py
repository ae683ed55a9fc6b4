"""The selector language: parse an expression once, ask it of many label sets.

Grammar, spaces free between words::

    expression := and ('||' and)*            and := term ('&&' term)*
    term := '!' term | '(' expression ')' | 'all()' | 'global()' | 'has(' LABEL ')'
          | LABEL '==' TEXT | LABEL '!=' TEXT | LABEL 'in' SET | LABEL 'not in' SET
          | LABEL 'contains' TEXT | LABEL 'starts with' TEXT | LABEL 'ends with' TEXT
    TEXT := '...' or "...", without escapes   SET := '{' [TEXT (',' TEXT)*] '}'

An empty expression is ``all()``. ``!=`` and ``not in`` hold where the label is absent, the other
comparisons do not. One structure to know: `Selector`. What it is NOT for: choosing resources (``fabric``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

from pydantic import BeforeValidator

from tortie.model.errors import SelectorInvalid
from tortie.model.fields import Expected, as_text

SELECTOR_LENGTH_MAX: Final = 1024
SELECTOR_DEPTH_MAX: Final = 64
"""Nesting of parentheses."""
LABEL_LENGTH_MAX: Final = 512

_SPACE = re.compile(r"\s*")
_LABEL = re.compile(r"[A-Za-z0-9_./-]+")
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_CALL = re.compile(r"(all|global)\s*\(\s*\)")
_HAS = re.compile(r"has\s*\(\s*([A-Za-z0-9_./-]+)\s*\)")
_OPERATOR = re.compile(r"==|!=|not\s+in\b|in\b|contains\b|starts\s+with\b|ends\s+with\b")


class Node(Protocol):
    """A part of a parsed expression."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the labels satisfy it."""
        ...

    def text(self) -> str:
        """Return it in canonical form."""
        ...


@dataclass(frozen=True, slots=True)
class All:
    """``all()`` or ``global()``: every label set."""

    word: str = "all"

    def matches(self, labels: Mapping[str, str]) -> bool:  # noqa: ARG002 - every label set matches
        """Return True."""
        return True

    def text(self) -> str:
        """Return ``all()`` or ``global()``."""
        return f"{self.word}()"


@dataclass(frozen=True, slots=True)
class Has:
    """``has(label)``."""

    label: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the label is there."""
        return self.label in labels

    def text(self) -> str:
        """Return the canonical form."""
        return f"has({self.label})"


@dataclass(frozen=True, slots=True)
class Compare:
    """A label against one text: ``==``, ``!=``, ``contains``, ``starts with`` or ``ends with``."""

    label: str
    operator: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the comparison holds; of an absent label only ``!=`` does."""
        found = labels.get(self.label)
        if found is None:
            return self.operator == "!="
        match self.operator:
            case "==":
                return found == self.value
            case "!=":
                return found != self.value
            case "contains":
                return self.value in found
            case "starts with":
                return found.startswith(self.value)
            case _:
                return found.endswith(self.value)

    def text(self) -> str:
        """Return the canonical form."""
        return f"{self.label} {self.operator} {_quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Member:
    """A label against a set: ``in`` or ``not in``; `values` sorted, without repeats."""

    label: str
    is_in: bool
    values: tuple[str, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the value is (not) in the set; an absent label is in none."""
        return (labels.get(self.label) in self.values) == self.is_in

    def text(self) -> str:
        """Return the canonical form."""
        return f"{self.label} {'in' if self.is_in else 'not in'} {{{', '.join(map(_quoted, self.values))}}}"


@dataclass(frozen=True, slots=True)
class Not:
    """``!`` of a term."""

    term: Node

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return the contrary."""
        return not self.term.matches(labels)

    def text(self) -> str:
        """Return the canonical form."""
        return f"!{self.term.text()}"


@dataclass(frozen=True, slots=True)
class Join:
    """Two or more terms with ``&&`` (`needs_all`) or ``||`` between them."""

    needs_all: bool
    terms: tuple[Node, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether all, or any, of the terms match."""
        return (all if self.needs_all else any)(term.matches(labels) for term in self.terms)

    def text(self) -> str:
        """Return the canonical form, always in parentheses."""
        return "(" + (" && " if self.needs_all else " || ").join(term.text() for term in self.terms) + ")"


@dataclass(frozen=True, slots=True)
class Selector:
    """A parsed selector: ask `matches` as often as wished; ``str()`` is its canonical form."""

    root: Node

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether a resource with these labels is selected."""
        return self.root.matches(labels)

    def __str__(self) -> str:
        """Return the canonical form, which parses to an equal selector (if it is not too long)."""
        text = self.root.text()
        return text[1:-1] if isinstance(self.root, Join) else text


def parse_selector(expression: str) -> Selector:
    """Return the selector that an expression describes; empty text selects everything.

    Raises:
        SelectorInvalid: saying where and what was expected.
    """
    if len(expression) > SELECTOR_LENGTH_MAX:
        raise SelectorInvalid(expression, SELECTOR_LENGTH_MAX, f"at most {SELECTOR_LENGTH_MAX} characters")
    if not expression.strip():
        return Selector(All())
    return Selector(_Parser(expression).whole())


def _quoted(value: str) -> str:
    return f"'{value}'" if "'" not in value else f'"{value}"'


class _Parser:
    """Recursive descent over one expression."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._position = 0
        self._depth = 0

    def whole(self) -> Node:
        """Parse everything there is."""
        node = self._either()
        if self._rest():
            raise self._error("&&, || or the end")
        return node

    def _either(self) -> Node:
        terms = [self._both()]
        while self._take("||"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else Join(False, tuple(terms))

    def _both(self) -> Node:
        terms = [self._term()]
        while self._take("&&"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else Join(True, tuple(terms))

    def _term(self) -> Node:
        is_negated = False
        while self._take("!"):
            is_negated = not is_negated
        node = self._plain_term()
        if is_negated:
            return node.term if isinstance(node, Not) else Not(node)
        return node

    def _plain_term(self) -> Node:
        if self._take("("):
            return self._parenthesis()
        if match := self._match(_CALL):
            return All(match[1])
        if match := self._match(_HAS):
            return Has(self._checked_label(match[1]))
        if match := self._match(_LABEL):
            return self._comparison(self._checked_label(match[0]))
        raise self._error("a label, has(), all(), global(), ! or (")

    def _parenthesis(self) -> Node:
        self._depth += 1
        if self._depth > SELECTOR_DEPTH_MAX:
            raise self._error(f"at most {SELECTOR_DEPTH_MAX} levels of parentheses")
        node = self._either()
        if not self._take(")"):
            raise self._error("&&, || or )")
        self._depth -= 1
        return node

    def _comparison(self, label: str) -> Node:
        match = self._match(_OPERATOR)
        if match is None:
            raise self._error("==, !=, in, not in, contains, starts with or ends with")
        operator = " ".join(match[0].split())
        if operator in ("in", "not in"):
            return Member(label, operator == "in", self._set())
        return Compare(label, operator, self._text())

    def _set(self) -> tuple[str, ...]:
        if not self._take("{"):
            raise self._error("{")
        values: set[str] = set()
        while not self._take("}"):
            values.add(self._text())
            if not self._take(",") and not self._rest().startswith("}"):
                raise self._error(", or }")
        return tuple(sorted(values))

    def _text(self) -> str:
        match = self._match(_TEXT)
        if match is None:
            raise self._error("text in quotes")
        return match[0][1:-1]

    def _checked_label(self, label: str) -> str:
        if len(label) > LABEL_LENGTH_MAX:
            raise self._error(f"a label of at most {LABEL_LENGTH_MAX} characters before it")
        return label

    # ------------------------------------------------ characters

    def _skip_space(self) -> None:
        match = _SPACE.match(self._expression, self._position)
        self._position = match.end() if match else self._position

    def _rest(self) -> str:
        self._skip_space()
        return self._expression[self._position :]

    def _take(self, token: str) -> bool:
        if not self._rest().startswith(token):
            return False
        self._position += len(token)
        return True

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self._skip_space()
        match = pattern.match(self._expression, self._position)
        if match:
            self._position = match.end()
        return match

    def _error(self, expected: str) -> SelectorInvalid:
        self._skip_space()
        return SelectorInvalid(self._expression, self._position, expected)


def check_selector(value: object) -> str:
    """Return a selector's text as written, if it parses."""
    text = as_text(value)
    try:
        parse_selector(text)
    except SelectorInvalid as error:
        raise Expected(f"a selector, in which {error.expected} stands at character {error.position + 1}") from None
    return text


SelectorText = Annotated[str, BeforeValidator(check_selector)]
"""A field that holds a selector, kept as written."""
