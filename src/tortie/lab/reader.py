"""Typed reading of one YAML mapping, with errors that name file, field, value and what was expected.

Not here: what the fields mean (topology.py). The one structure: `Reader`, a mapping with its dotted path; every field
is taken once, and `done()` refuses those that nobody asked for.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

import yaml
from yaml.nodes import MappingNode

from tortie.lab.errors import TopologyInvalid, TopologyMalformed

__all__ = ["NAME_EXPECTED", "NAME_PATTERN", "Reader", "as_address", "as_network", "load_mapping"]

NAME_PATTERN: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")
"""Names of labs, LANs, hosts and containers: a DNS label that leaves room for an endpoint's longer name."""

NAME_EXPECTED: Final = "a name of lower-case letters, digits and '-', at most 42 long"


class _UniqueKeyLoader(yaml.SafeLoader):
    """A SafeLoader that refuses a key that stands twice (YAML itself would keep the last, silently)."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return dict(super().construct_mapping(node, deep=deep))


def load_mapping(text: str, source: str) -> Mapping[object, object]:
    """Return the one mapping that a YAML text holds.

    Raises:
        TopologyMalformed: not YAML, or a key twice.
        TopologyInvalid: not a mapping.
    """
    try:
        found = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        raise TopologyMalformed(_malformed_text(error, text, source)) from error
    if not isinstance(found, dict):
        raise TopologyInvalid(source, "", found, "a mapping with `name`, `lans` and `hosts`")
    return found


def _malformed_text(error: yaml.YAMLError, text: str, source: str) -> str:
    """Return file, line and what is wrong there, as errors of manifests do."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return f"{source}: malformed YAML: {' '.join(str(error).split())}"
    mark = error.problem_mark or error.context_mark
    where = f":{min(mark.line + 1, len(text.splitlines()))}" if mark else ""
    return f"{source}{where}: malformed YAML: " + ", ".join(part for part in (error.problem, error.context) if part)


def as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a text says, None if it says none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def as_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network that a text says, None if it says none or has host bits set."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


class Reader:
    """One mapping of a topology file with its dotted path.

    Each method takes a field out; a wrong or missing value raises TopologyInvalid with the field's whole path.
    """

    def __init__(self, source: str, path: str, mapping: object) -> None:
        """Take a mapping; TopologyInvalid if it is none."""
        if not isinstance(mapping, Mapping):
            raise TopologyInvalid(source, path, mapping, "a mapping")
        self.source = source
        self.path = path
        self._left: dict[str, object] = {str(key): value for key, value in mapping.items()}

    def field(self, name: str) -> str:
        """Return the dotted path of a field of this mapping."""
        return f"{self.path}.{name}" if self.path else name

    def fail(self, name: str, value: object, expected: str) -> TopologyInvalid:
        """Return the error that says a field is wrong; the caller raises it."""
        return TopologyInvalid(self.source, self.field(name), value, expected)

    def names(self) -> list[str]:
        """Return the fields not yet taken, in the order of the file."""
        return list(self._left)

    def done(self, known: str) -> None:
        """Refuse what nobody took; `known` lists the fields there are."""
        for name in self._left:
            raise self.fail(name, name, f"one of the fields {known}")

    def raw(self, name: str, default: object = None) -> object:
        """Take a field as it stands."""
        return self._left.pop(name, default)

    def text(self, name: str, default: str | None = None) -> str:
        """Take a text; without a default it must be there."""
        value = self.raw(name, default)
        if not isinstance(value, str) or not value:
            raise self.fail(name, value, "a text")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        """Take true or false."""
        value = self.raw(name, default)
        if not isinstance(value, bool):
            raise self.fail(name, value, "true or false")
        return value

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Take a whole number within [low, high]; without a default it must be there."""
        value = self.raw(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.fail(name, value, f"a whole number from {low} to {high}")
        return value

    def optional_integer(self, name: str, low: int, high: int) -> int | None:
        """Take a whole number within [low, high], or None if the field is absent."""
        return self.integer(name, low, high) if name in self._left else None

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Take one of a few words."""
        value = self.raw(name, default)
        if not isinstance(value, str) or value not in choices:
            raise self.fail(name, value, f"one of {', '.join(choices)}")
        return value

    def items(self, name: str) -> list[object]:
        """Take a list; absent is empty."""
        value = self.raw(name, [])
        if not isinstance(value, list):
            raise self.fail(name, value, "a list")
        return value

    def texts(self, name: str) -> list[str]:
        """Take a text or a list of texts; absent is empty."""
        value = self.raw(name, [])
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) and item for item in found):
            raise self.fail(name, value, "a text or a list of texts")
        return [str(item) for item in found]

    def inner(self, name: str) -> "Reader":
        """Take a mapping; absent is empty."""
        return Reader(self.source, self.field(name), self.raw(name, {}))

    def named(self, name: str) -> list[tuple[str, "Reader"]]:
        """Take a mapping of name to mapping, as (name, reader), in the order of the file."""
        inner = self.inner(name)
        return [(inner.check_name(key), inner.inner(key)) for key in inner.names()]

    def readers(self, name: str) -> list["Reader"]:
        """Take a list of mappings."""
        return [
            Reader(self.source, f"{self.field(name)}[{index}]", item) for index, item in enumerate(self.items(name))
        ]

    def check_name(self, value: str) -> str:
        """Return a key of this mapping if it is fit to be a name."""
        if not NAME_PATTERN.fullmatch(value):
            raise self.fail(value, value, NAME_EXPECTED)
        return value
