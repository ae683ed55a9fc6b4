"""Errors of the resource model.

The tree, every leaf of it an operating error that a person can mend::

    ModelError
    ├── UnknownKind        no resource kind of this name
    ├── UnknownColumn      the kind has no column of this heading
    ├── ManifestInvalid    the text is not YAML or JSON, or not a resource at all
    ├── ResourceInvalid    a resource has fields that cannot be used: one FieldProblem each
    ├── SelectorInvalid    a selector expression does not parse
    └── ConfigInvalid      a name, value or scope of `calicoctl config` is wrong

What it is NOT for: errors of storing (``store.errors``) or of BGP (``bgp.errors``). No
pydantic error ever leaves this package: ``resource.py`` translates them into
`ResourceInvalid`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

VALUE_TEXT_LENGTH_MAX: Final = 80
"""A longer value is cut in messages, in characters."""


class ModelError(Exception):
    """Base of every error of this package."""


class UnknownKind(ModelError):
    """No resource kind has this name.

    Attributes:
        kind: the name as it was given.
        nearest: the most similar name that does exist, or None.
        known: the names that do exist.
        where: ``file:line``, or empty.
    """

    def __init__(self, kind: str, known: Sequence[str] = (), where: str = "") -> None:
        """Say which kind, and which one may have been meant."""
        self.kind = kind
        self.known = tuple(known)
        self.nearest = nearest_name(kind, known)
        self.where = where
        hint = f"did you mean '{self.nearest}'?" if self.nearest else "known are " + ", ".join(known)
        prefix = f"{where}: " if where else ""
        super().__init__(f"{prefix}resource type '{kind}' is not supported ({hint})")


class UnknownColumn(ModelError):
    """A kind has no column of this heading."""

    def __init__(self, kind: str, heading: str, known: Sequence[str], nearest: str | None) -> None:
        """Say which columns there are."""
        hint = f"did you mean '{nearest}'?" if nearest else "known are " + ", ".join(known)
        super().__init__(f"{kind} has no column '{heading}' ({hint})")


class ManifestInvalid(ModelError):
    """A text is not a manifest: malformed YAML or JSON, or no resource.

    Attributes:
        source_name: file name, or ``-`` for standard input.
        line: line number counted from 1, or None when unknown.
    """

    def __init__(self, source_name: str, line: int | None, message: str) -> None:
        """Compose ``source:line: message``."""
        self.source_name = source_name
        self.line = line
        super().__init__(f"{place(source_name, line)}: {message}")


class SelectorInvalid(ModelError):
    """A selector expression does not parse.

    Attributes:
        expression: the whole expression.
        position: offset of the offending character, from 0.
        expected: what would have been right there.
    """

    def __init__(self, expression: str, position: int, expected: str) -> None:
        """Compose a message that shows what stands at the position."""
        self.expression = expression
        self.position = position
        self.expected = expected
        rest = expression[position : position + 20]
        found = f"'{rest}'" if rest else "the end"
        where = f"at character {position + 1}"
        super().__init__(f"selector {show_value(expression)}: expected {expected} {where}, found {found}")


class ConfigInvalid(ModelError):
    """A name, value or scope of `calicoctl config` cannot be used."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that cannot be used.

    Attributes:
        path: dotted path as in the manifest, e.g. ``spec.asNumber`` or ``spec.communities[2].value``.
        value: what stands there; None if the field is missing.
        expected: what should stand there.
        nearest: for an unknown field, the most similar name that is known.
        line: line in the manifest from 1, or None.
        is_unknown_field: the name of the field is wrong, not its value.
    """

    path: str
    value: object
    expected: str
    nearest: str | None = None
    line: int | None = None
    is_unknown_field: bool = False

    def text(self) -> str:
        """Return the problem as one line, without file and line number."""
        path = self.path or "(document)"
        if self.is_unknown_field:
            field = self.path.rsplit(".", 1)[-1]
            hint = f" (did you mean '{self.nearest}'?)" if self.nearest else f" (known here: {self.expected})"
            return f"{path}: field in document is not recognized or is in the wrong location: {field}{hint}"
        if self.value is None:
            return f"{path}: missing, expected {self.expected}"
        hint = f" (did you mean '{self.nearest}'?)" if self.nearest else ""
        return f"{path}: {show_value(self.value)}: expected {self.expected}{hint}"


class ResourceInvalid(ModelError):
    """A resource that cannot be used, with every reason found.

    Attributes:
        kind: as written in messages, e.g. ``BGPPeer``.
        name: the name, or ``(unnamed)``.
        problems: at least one.
        source_name: file name or None; line numbers stand in the problems.
    """

    def __init__(self, kind: str, name: str, problems: Sequence[FieldProblem], source_name: str | None = None) -> None:
        """Compose one line per problem."""
        self.kind = kind
        self.name = name
        self.problems = tuple(problems)
        self.source_name = source_name
        super().__init__("\n".join(self._line(problem) for problem in self.problems))

    def _line(self, problem: FieldProblem) -> str:
        prefix = f"{place(self.source_name, problem.line)}: " if self.source_name is not None else ""
        return f"{prefix}{self.kind} '{self.name}': {problem.text()}"

    def below(self, path: str) -> "ResourceInvalid":
        """Return the same error with `path` in front of every problem's path."""
        problems = [replace(problem, path=f"{path}.{problem.path}") for problem in self.problems]
        return ResourceInvalid(self.kind, self.name, problems, self.source_name)

    def located(self, source_name: str, line_at: Callable[[str], int | None]) -> "ResourceInvalid":
        """Return the same error with file and lines, problems in document order.

        Args:
            source_name: file name, or ``-``.
            line_at: field path → line from 1, or None where it is not known.
        """
        problems = [replace(problem, line=line_at(problem.path)) for problem in self.problems]
        problems.sort(key=lambda problem: problem.line or 0)
        return ResourceInvalid(self.kind, self.name, problems, source_name)


def place(source_name: str | None, line: int | None) -> str:
    """Return ``file:line``, or ``file`` where the line is unknown."""
    name = "(text)" if source_name is None else source_name
    return name if line is None else f"{name}:{line}"


def show_value(value: object) -> str:
    """Return a value as it is quoted in messages: short, on one line."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = repr(str(value))
    elif isinstance(value, dict):
        text = "a mapping"
    elif isinstance(value, list | tuple):
        text = "a list"
    else:
        text = str(value)
    return text if len(text) <= VALUE_TEXT_LENGTH_MAX else text[: VALUE_TEXT_LENGTH_MAX - 3] + "..."


def nearest_name(name: str, known: Sequence[str]) -> str | None:
    """Return the known name most similar to `name`, or None when none comes near.

    A difference in case only always counts as near.
    """
    folded = {candidate.lower(): candidate for candidate in reversed(known)}
    matches = get_close_matches(name.lower(), list(folded), n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None
