"""Values of the engine as JSON and back.

For: `Recording` and `Replay`: every argument of an input, every output. Not for: what people read (node/views.py).
Structures to know: `to_plain`, and `from_plain`, which is told by a type hint what to make of the JSON.

A bytes object is hexadecimal text, an enumeration's member its name, a NamedTuple or tuple a list, a dataclass an
object of the fields that differ from their defaults.
"""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.rib import Path
from tortie.bgp.wire import AttributeSet

__all__ = ["NotPlain", "from_plain", "to_plain"]

Plain = Any
"""What `json.loads` gives."""


class NotPlain(LocalProtocolError):
    """A value has no form in JSON, or JSON does not fit the type that is wanted."""


def to_plain(value: object) -> Plain:
    """Return a value as JSON has it.

    Raises:
        NotPlain: a type that no input or output has.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, bytes | memoryview):
        return value.hex()
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, frozenset | set):
        return sorted(map(to_plain, value))
    return _fields_to_plain(value)


def _fields_to_plain(value: object) -> Plain:
    if isinstance(value, AttributeSet):
        return to_plain(value.fields())
    if isinstance(value, Path):
        source = value.source
        return [source.name, source.order, value.path_id, to_plain(value.attributes)]
    if isinstance(value, tuple | list):
        return [to_plain(each) for each in value]
    if is_dataclass(value):
        return {
            field.name: to_plain(getattr(value, field.name))
            for field in fields(value)
            if field.init and getattr(value, field.name) != _default(field)
        }
    raise NotPlain(f"{type(value).__name__} {value!r}: expected a value that inputs or outputs have")


def from_plain(hint: Any, plain: Plain) -> Any:  # noqa: ANN401 - the hint says which type it is
    """Return the value that `to_plain` was given.

    Args:
        hint: its type, as `get_type_hints` gives it.
        plain: what JSON has.

    Raises:
        NotPlain: it does not fit.
    """
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _one_of(get_args(hint), plain)
    if origin in (tuple, frozenset, Sequence, Iterable):
        return _collection(hint, plain)
    if isinstance(hint, type):
        return _scalar(hint, plain) if hint in (NoneType, bool, int, float, str, bytes) else _instance(hint, plain)
    raise NotPlain(f"{plain!r}: expected {hint}")


def _scalar(hint: type, plain: Plain) -> object:
    if hint is float and type(plain) is int:
        return float(plain)
    if hint is bytes and isinstance(plain, str):
        return bytes.fromhex(plain)
    if type(plain) is not hint:
        raise NotPlain(f"{plain!r}: expected {hint.__name__}")
    return plain


def _one_of(hints: Iterable[Any], plain: Plain) -> object:
    problem = NotPlain(f"{plain!r}: expected one of {hints}")
    for hint in hints:
        if (hint is NoneType) == (plain is None):
            try:
                return from_plain(hint, plain)
            except NotPlain as error:  # the next one may fit
                problem = error
    raise problem


def _collection(hint: Any, plain: Plain) -> object:  # noqa: ANN401 - as from_plain
    if not isinstance(plain, list):
        raise NotPlain(f"{plain!r}: expected a list")
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple and arguments[-1] is not Ellipsis:
        if len(plain) != len(arguments):
            raise NotPlain(f"{plain!r}: expected {len(arguments)} values")
        return tuple(from_plain(each, value) for each, value in zip(arguments, plain, strict=True))
    values = (from_plain(arguments[0], value) for value in plain)
    return frozenset(values) if origin is frozenset else tuple(values)


def _instance(hint: type, plain: Plain) -> object:
    if issubclass(hint, Enum) and isinstance(plain, str) and plain in hint.__members__:
        return hint[plain]
    hints = _hints(hint)
    if issubclass(hint, tuple) and isinstance(plain, list) and len(plain) == len(hints):
        return hint(*(from_plain(each, value) for each, value in zip(hints.values(), plain, strict=True)))
    if is_dataclass(hint) and isinstance(plain, dict) and plain.keys() <= hints.keys():
        try:
            return hint(**{name: from_plain(hints[name], value) for name, value in plain.items()})
        except TypeError as error:
            raise NotPlain(f"{hint.__name__}: {error}") from error
    raise NotPlain(f"{plain!r}: expected {hint.__name__}")


@cache
def _hints(hint: type) -> dict[str, Any]:
    return get_type_hints(hint)


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default
