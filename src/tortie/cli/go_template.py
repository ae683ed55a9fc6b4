"""Go templates for ``get -o go-template=...``: the forms that people use with calicoctl.

What it is for: text with ``{{ }}`` → text about resources. Known: fields by their Go or JSON names
(``.ObjectMeta.Name``, ``.metadata.name``), ``range``, ``if``, ``with``, ``else``, ``end``, pipelines, text and
numbers, comments, trimming dashes, and the functions of `FUNCTIONS`. What it is NOT for: variables, ``define``,
``template``, ``block``: these are refused by name, as is a field that the kind does not have.

To know: `render`; a template becomes a tree of `_Text`, `_Output` and `_Branch`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tortie.cli.errors import CommandFailed
from tortie.model.base import Model
from tortie.model.resource import Resource

__all__ = ["FUNCTIONS", "render"]

_ACTION = re.compile(r"\{\{(-\s)?(.*?)(\s-)?\}\}", re.DOTALL)
_WORD = re.compile(r'\s*("(?:[^"\\]|\\.)*"|`[^`]*`|-?\d+|\||\(|\)|\$|\.[\w.]*|\w+)')
_VERB = re.compile(r"%[svdq%]")
_ESCAPES: Final = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "r": "\r"}
REFUSED_WORDS: Final = ("define", "template", "block", "break", "continue")
_BRANCHES: Final = ("range", "if", "with")
_WORDS: Final = {"true": True, "false": False, "nil": None}
_TRUNCATION: Final = "..."


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Output:
    pipeline: str


@dataclass(slots=True)
class _Branch:
    word: str
    pipeline: str
    body: list["_Part"] = field(default_factory=list)
    otherwise: list["_Part"] = field(default_factory=list)


_Part = _Text | _Output | _Branch


def render(template: str, resources: Sequence[object], config: Callable[[str], str]) -> str:
    """Return the text that a template makes of resources.

    Args:
        template: as in Go's text/template.
        resources: what the dot is at the start: resources, or one object with `items`.
        config: answers the function `config`, such as ``config "asnumber"``.

    Raises:
        CommandFailed: something in the template is not known here; says what.
    """
    parts = _parse(template)
    return "".join(_run(parts, resources, _Scope(resources, config)))


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is the same in the whole template: the root, for ``$``, and the settings."""

    root: object
    config: Callable[[str], str]


# ---------------------------------------------------------------- reading


def _parse(template: str) -> list[_Part]:
    stack: list[_Branch] = []
    top: list[_Part] = []
    current = top
    for part in _pieces(template):
        if isinstance(part, _Text):
            current.append(part)
            continue
        word, _, rest = part.pipeline.partition(" ")
        if word in _BRANCHES:
            branch = _Branch(word, rest)
            current.append(branch)
            stack.append(branch)
            current = branch.body
        elif word in REFUSED_WORDS:
            raise _wrong(f"'{word}'")
        elif word in ("else", "end"):
            if not stack:
                raise _wrong(f"'{word}' without range, if or with")
            if word == "else":
                current = _else(stack[-1], rest)
            else:
                stack.pop()
                current = _open_list(stack[-1]) if stack else top
        else:
            current.append(part)
    if stack:
        raise _wrong(f"'{stack[-1].word}' without end")
    return top


def _else(branch: _Branch, rest: str) -> list[_Part]:
    if rest:
        raise _wrong(f"'else {rest}' (write another if inside else)")
    branch.otherwise.append(_Text(""))
    return branch.otherwise


def _open_list(branch: _Branch) -> list[_Part]:
    return branch.otherwise or branch.body


def _pieces(template: str) -> Iterator[_Text | _Output]:
    position, trims = 0, False
    for match in _ACTION.finditer(template):
        text = template[position : match.start()]
        text = text.lstrip() if trims else text
        yield _Text(text.rstrip() if match[1] else text)
        position, trims = match.end(), bool(match[3])
        if not match[2].strip().startswith("/*"):
            yield _Output(match[2].strip())
    text = template[position:]
    if "{{" in text:
        raise _wrong("'{{' without '}}'")
    yield _Text(text.lstrip() if trims else text)


# ---------------------------------------------------------------- running


def _run(parts: Sequence[_Part], dot: object, scope: _Scope) -> Iterator[str]:
    for part in parts:
        match part:
            case _Text(text):
                yield text
            case _Output(pipeline):
                yield _shown(_value(pipeline, dot, scope))
            case _Branch():
                yield from _run_branch(part, _value(part.pipeline, dot, scope), dot, scope)


def _run_branch(branch: _Branch, value: object, dot: object, scope: _Scope) -> Iterator[str]:
    if not value:
        yield from _run(branch.otherwise, dot, scope)
    elif branch.word == "range":
        for item in _items(value):
            yield from _run(branch.body, item, scope)
    else:
        yield from _run(branch.body, value if branch.word == "with" else dot, scope)


def _items(value: object) -> Sequence[object]:
    if isinstance(value, Mapping):
        return [value[key] for key in sorted(value)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise _wrong(f"range over '{_shown(value)}', which is no list")


def _value(pipeline: str, dot: object, scope: _Scope) -> object:
    words = _words(pipeline)
    value = _pipeline(words, dot, scope)
    if words:
        raise _wrong(f"'{words[0]}' in '{pipeline}'")
    return value


def _words(pipeline: str) -> list[str]:
    found, position = [], 0
    while position < len(pipeline.rstrip()):
        match = _WORD.match(pipeline, position)
        if match is None:
            raise _wrong(f"'{pipeline[position:].strip()}' in '{pipeline}'")
        found.append(match[1])
        position = match.end()
    return found


def _pipeline(words: list[str], dot: object, scope: _Scope) -> object:
    """Evaluate commands joined by ``|`` up to the end or a closing parenthesis; takes the words it used."""
    value: object = None
    is_first = True
    while is_first or (words and words[0] == "|"):
        if not is_first:
            words.pop(0)
        value = _command(words, dot, scope, [] if is_first else [value])
        is_first = False
    return value


def _command(words: list[str], dot: object, scope: _Scope, last: list[object]) -> object:
    if not words:
        raise _wrong("an empty '{{ }}'")
    name = words[0]
    if name.isidentifier() and name not in _WORDS:
        if name not in FUNCTIONS and name != "config":
            raise _wrong(f"'{name}' (functions are config, {', '.join(FUNCTIONS)})")
        words.pop(0)
        arguments = [*_operands(words, dot, scope), *last]
        try:
            return scope.config(*map(_shown, arguments)) if name == "config" else FUNCTIONS[name](*arguments)
        except (TypeError, LookupError, ValueError) as error:
            raise _wrong(f"arguments of '{name}' ({error})") from error
    if last:
        raise _wrong(f"'| {name}' (a function follows '|')")
    return _operand(words, dot, scope)


def _operands(words: list[str], dot: object, scope: _Scope) -> Iterator[object]:
    while words and words[0] not in ("|", ")"):
        yield _operand(words, dot, scope)


def _operand(words: list[str], dot: object, scope: _Scope) -> object:
    word = words.pop(0)
    if word == "(":
        value = _pipeline(words, dot, scope)
        if not words or words.pop(0) != ")":
            raise _wrong("'(' without ')'")
        return value
    if word == "$":
        path = words.pop(0) if words and words[0][0] == "." else "."
        return _at(scope.root, path)
    return _at(dot, word) if word[0] == "." else _constant(word)


def _constant(word: str) -> object:
    if word[0] == '"':
        return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), word[1:-1])
    if word[0] == "`":
        return word[1:-1]
    if word.lstrip("-").isdigit():
        return int(word)
    if word in _WORDS:
        return _WORDS[word]
    raise _wrong(f"'{word}'")


# ---------------------------------------------------------------- fields


def _at(value: object, path: str) -> object:
    for name in filter(None, path.split(".")):
        value = _field(value, name)
    return value


def _field(value: object, name: str) -> object:
    """Return a field by its Go or JSON name; that of an unset part is unset."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return value.get(name, value.get(name.lower()))
    if isinstance(value, Model):
        return _model_field(value, name)
    raise _wrong(f"field '{name}' of '{_shown(value)}'")


def _model_field(model: Model, name: str) -> object:
    if isinstance(model, Resource) and name == "TypeMeta":
        return model
    wanted = "metadata" if name == "ObjectMeta" else name.lower()
    for python_name, info in type(model).model_fields.items():
        if wanted == (info.alias or python_name).lower():
            return getattr(model, python_name)
    if isinstance(model, Resource):
        return _model_field(model.metadata, name)
    raise _wrong(f"field '{name}': {type(model).__name__} has none of this name")


def _shown(value: object) -> str:
    """Return a value as Go prints it, but for what is unset: that is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "map[" + " ".join(f"{key}:{_shown(value[key])}" for key in sorted(value)) + "]"
        case list() | tuple():
            return "[" + " ".join(map(_shown, value)) + "]"
        case Model():
            raise _wrong(f"{type(value).__name__} as text (name a field of it)")
        case _:
            return str(value)


# ---------------------------------------------------------------- functions


def _join_and_truncate(items: object, separator: str, length_max: int) -> str:
    if isinstance(items, Mapping):
        items = [f"{key}={_shown(items[key])}" for key in sorted(items)]
    elif items is None:
        items = []
    elif isinstance(items, str) or not isinstance(items, Sequence):
        items = [items]
    text = separator.join(map(_shown, items))
    return text if not 0 < length_max < len(text) else text[: length_max - len(_TRUNCATION)] + _TRUNCATION


def _printf(text: str, *values: object) -> str:
    rest = list(values)

    def replaced(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        shown = _shown(rest.pop(0))
        return f'"{shown}"' if match[0] == "%q" else shown

    return _VERB.sub(replaced, text)


def _index(value: Any, *keys: Any) -> object:  # noqa: ANN401 - lists by number, maps by name
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else value[key]
    return value


FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "join": lambda items, separator: _join_and_truncate(items, separator, 0),
    "joinAndTruncate": _join_and_truncate,
    "printf": _printf,
    "index": _index,
    "len": lambda value: len(value or ()),
    "eq": lambda first, *others: any(_shown(first) == _shown(other) for other in others),
    "ne": lambda first, other: _shown(first) != _shown(other),
    "not": lambda value: not value,
    "and": lambda *values: next((value for value in values if not value), values[-1]),
    "or": lambda *values: next((value for value in values if value), values[-1]),
}
"""What may be called besides `config`: calicoctl's two, and the common ones of Go's own."""


def _wrong(what: str) -> CommandFailed:
    return CommandFailed(f"go-template: not known here: {what}")
