"""Enough of BIRD's filter language to ask upstream's generated filters what they do with a route.

Tests compare by behaviour: a route goes through upstream's text here and through our compiled policy there. What it is
NOT for: checking syntax (`bird -p` does). Structures to know: `Route` and `Program`.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:
    (?P<prefix>(?:\d+\.\d+\.\d+\.\d+|[0-9a-fA-F]*:[0-9a-fA-F:.]*)/\d+)
    |(?P<number>\d+)
    |(?P<string>"[^"]*")
    |(?P<name>'[^']*'|[A-Za-z_][\w.]*)
    |(?P<mark>\[=|=\]|&&|\|\||!=|!~|[-+(){}\[\],;=~<>!*])
    )""",
    re.VERBOSE,
)
COMPARISONS = ("=", "!=", "~", "!~", "<", ">")


@dataclass
class Route:
    """What a filter sees; None where BIRD has nothing defined."""

    net: str
    source: str | None = "RTS_BGP"
    ifname: str | None = None
    bgp_local_pref: int | None = None
    krt_metric: int | None = None
    preference: int = 100
    bgp_path: list[int] = field(default_factory=list)
    bgp_community: list[tuple[int, ...]] = field(default_factory=list)
    bgp_large_community: list[tuple[int, ...]] = field(default_factory=list)


class Decided(Exception):
    """`accept` or `reject`, from wherever it stands."""

    def __init__(self, *, is_accepted: bool) -> None:
        super().__init__(is_accepted)
        self.is_accepted = is_accepted


class Program:
    """A filter and the functions that it calls.

    Args:
        lines: statements of the filter.
        functions: name as called → (name of its one argument or "", statements).
    """

    def __init__(self, lines: list[str], functions: Mapping[str, tuple[str, list[str]]]) -> None:
        self._main = _Parser(lines).statements()
        self._functions = {name: (argument, _Parser(body).statements()) for name, (argument, body) in functions.items()}

    def accepts(self, route: Route) -> bool:
        """Run the filter on a route, which it may change."""
        try:
            self._run(self._main, route, {})
        except Decided as decided:
            return decided.is_accepted
        raise AssertionError("the filter ends without a verdict")

    def _run(self, statements: list[Any], route: Route, scope: dict[str, Any]) -> None:
        for statement in statements:
            self._step(statement, route, scope)

    def _step(self, statement: Any, route: Route, scope: dict[str, Any]) -> None:  # noqa: ANN401 - a syntax tree
        kind, *rest = statement
        if kind == "verdict":
            raise Decided(is_accepted=rest[0])
        if kind == "block":
            self._run(rest[0], route, scope)
        elif kind == "if":
            condition, then, otherwise = rest
            chosen = then if _value(condition, route, scope) else otherwise
            if chosen is not None:
                self._step(chosen, route, scope)
        elif kind == "set":
            setattr(route, rest[0], _value(rest[1], route, scope))
        elif kind == "add":
            of, value = getattr(route, rest[0]), _value(rest[1], route, scope)
            if value not in of:
                of.append(value)
        elif kind == "prepend":
            route.bgp_path.insert(0, _value(rest[1], route, scope))
        else:
            name, argument = rest
            parameter, body = self._functions[name]
            inner = {} if argument is None else {parameter: _value(argument, route, scope)}
            self._run(body, route, inner)


class _Parser:
    def __init__(self, lines: list[str]) -> None:
        text = " ".join(lines)
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            found = TOKEN.match(text, position)
            assert found is not None, f"no token at {text[position : position + 40]!r}"
            assert found.lastgroup is not None
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, expected: str | None = None) -> str:
        kind, text = self._tokens[self._at]
        assert expected is None or text == expected, f"{text!r} ({kind}): expected {expected!r}"
        self._at += 1
        return text

    def statements(self, until: str = "") -> list[Any]:
        found = []
        while self._peek() != until:
            found.append(self._statement())
        return found

    def _statement(self) -> Any:  # noqa: ANN401 - a syntax tree
        word = self._take()
        if word == "{":
            inner = self.statements("}")
            self._take("}")
            return "block", inner
        if word == "if":
            condition = self._expression()
            self._take("then")
            then = self._statement()
            otherwise = None
            if self._peek() == "else":
                self._take()
                otherwise = self._statement()
            return "if", condition, then, otherwise
        if word in ("accept", "reject"):
            self._take(";")
            return "verdict", word == "accept"
        return self._change(word)

    def _change(self, word: str) -> Any:  # noqa: ANN401 - a syntax tree
        if self._peek() == "=":
            self._take()
            value = self._expression()
            self._take(";")
            return "set", word, value
        self._take("(")
        argument = None if self._peek() == ")" else self._expression()
        self._take(")")
        self._take(";")
        owner, _, verb = word.rpartition(".")
        return (verb, owner, argument) if verb in ("add", "prepend") else ("call", word, argument)

    def _expression(self) -> Any:  # noqa: ANN401 - a syntax tree
        return self._chain("||", lambda: self._chain("&&", self._comparison))

    def _chain(self, mark: str, part: Any) -> Any:  # noqa: ANN401 - a syntax tree
        found = part()
        while self._peek() == mark:
            self._take()
            found = (mark, found, part())
        return found

    def _comparison(self) -> Any:  # noqa: ANN401 - a syntax tree
        left = self._sum()
        if self._peek() in COMPARISONS:
            return self._take(), left, self._sum()
        return left

    def _sum(self) -> Any:  # noqa: ANN401 - a syntax tree
        found = self._primary()
        while self._peek() == "-":
            self._take()
            found = ("-", found, self._primary())
        return found

    def _primary(self) -> Any:  # noqa: ANN401, PLR0911 - a syntax tree, one line a form
        kind, text = self._tokens[self._at]
        self._at += 1
        if text == "!":
            return "!", self._primary()
        if text == "(":
            found = [self._expression()]
            while self._peek() == ",":
                self._take()
                found.append(self._expression())
            self._take(")")
            return found[0] if len(found) == 1 else ("tuple", found)
        if text == "defined":
            self._take("(")
            name = self._take()
            self._take(")")
            return "defined", name
        if text == "[=":
            return "mask", self._until("=]")
        if text == "[":
            return "words", self._until("]")
        if kind == "number":
            return "value", int(text)
        if kind in ("prefix", "string"):
            return "value", text.strip('"')
        return "name", text

    def _until(self, mark: str) -> list[str]:
        found = []
        while self._peek() != mark:
            found.append(self._take())
        self._take(mark)
        return found


def _value(tree: Any, route: Route, scope: dict[str, Any]) -> Any:  # noqa: ANN401, PLR0911 - one line a kind of tree
    kind, *rest = tree
    match kind:
        case "value" | "mask" | "words":
            return rest[0]
        case "tuple":
            return tuple(_value(each, route, scope) for each in rest[0])
        case "name":
            name = rest[0]
            return name == "true" if name in ("true", "false") else scope[name] if name in scope else _of(route, name)
        case "defined":
            return getattr(route, rest[0]) is not None
        case "!":
            return not _value(rest[0], route, scope)
        case "&&":
            return _value(rest[0], route, scope) and _value(rest[1], route, scope)
        case "||":
            return _value(rest[0], route, scope) or _value(rest[1], route, scope)
    left, right = (_value(each, route, scope) for each in rest)
    return _compared(kind, left, right)


def _of(route: Route, name: str) -> Any:  # noqa: ANN401 - whatever the route has
    return getattr(route, name) if hasattr(route, name) else name


def _compared(kind: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - values of the language
    match kind:
        case "-":
            return left - right
        case "<":
            return left is not None and left < right
        case ">":
            return left is not None and left > right
        case "=" | "!=":
            return (_canonical(left) == _canonical(right)) is (kind == "=")
    return _matches(left, right) is (kind == "~")


def _canonical(value: Any) -> Any:  # noqa: ANN401 - values of the language
    return ipaddress.ip_network(value, strict=False) if isinstance(value, str) and "/" in value else value


def _matches(left: Any, right: Any) -> bool:  # noqa: ANN401 - values of the language
    if isinstance(left, tuple):
        return left in right
    if isinstance(left, list):  # an AS path and a mask that ends in *
        wanted = [int(each) for each in right[:-1]]
        return left[: len(wanted)] == wanted
    if isinstance(right, list):
        return left in right
    if "/" in left:
        inner, outer = _canonical(left), _canonical(right)
        return bool(inner.version == outer.version and inner.subnet_of(outer))
    return fnmatchcase(left, right)
