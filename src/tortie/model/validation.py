"""Pydantic's errors in our words.

`validated` is the way from plain data to a model. It turns a ``ValidationError`` into `FieldProblem` values:
JSON path, value, what was expected, and for an unknown field the known name that comes nearest. What it is NOT
for: rules (they stand with their kind and raise `Expected`).
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tortie.model.base import Model
from tortie.model.errors import FieldProblem, ResourceInvalid, nearest_name
from tortie.model.fields import Expected

M = TypeVar("M", bound=Model)

Location = tuple[str | int, ...]
"""Steps into plain data: names of fields and indexes of lists."""

HIDDEN: Final = "(hidden)"
_SECRET_NAME: Final = re.compile(r"passw|secret", re.IGNORECASE)

_EXPECTED_BY_TYPE: Final[dict[str, str]] = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "invalid_key": "a name",
    "recursion_loop": "data that does not contain itself",
}


def validated(model: type[M], data: object, kind: str, name: str, *, keeps_unknown: bool = False) -> M:
    """Return the model that plain data describes.

    Args:
        model: what the data should be.
        data: mapping with JSON's names.
        kind: kind and name for messages.
        name: see `kind`.
        keeps_unknown: carry unknown fields along instead of refusing them.

    Raises:
        ResourceInvalid: with every problem found.
    """
    extra: Literal["allow", "forbid"] = "allow" if keeps_unknown else "forbid"
    try:
        return model.model_validate(data, by_alias=True, by_name=False, extra=extra)
    except ValidationError as error:
        raise ResourceInvalid(kind, name, problems_of(model, error, data)) from None


def problems_of(model: type[Model], error: ValidationError, data: object) -> list[FieldProblem]:
    """Return one problem for each thing that pydantic found.

    Args:
        model: the model that refused the data.
        error: what it raised.
        data: the plain data it was given, to show the values at fault.
    """
    return [_problem(model, detail, data) for detail in error.errors(include_url=False)]


def path_text(location: Location) -> str:
    """Return a location as ``spec.communities[2].value``; the empty one as empty text."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return text.removeprefix(".")


def _problem(model: type[Model], detail: ErrorDetails, data: object) -> FieldProblem:
    location: Location = detail["loc"]
    given = _shown(location, detail["input"])
    if detail["type"] == "extra_forbidden":
        known = _known_fields(model, location[:-1])
        nearest = nearest_name(str(location[-1]), known)
        return FieldProblem(path_text(location), given, ", ".join(known), nearest, is_unknown_field=True)
    if detail["type"] == "missing":
        return FieldProblem(path_text(location), None, _description(model, location) or "a value")
    context = detail.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, Expected):
        return _problem_of_rule(cause, location, given, data)
    return FieldProblem(path_text(location), given, _expected(detail, context))


def _shown(location: Location, value: object) -> object:
    """Return a value as messages may quote it: what was typed where a secret belongs may be one."""
    return HIDDEN if any(_SECRET_NAME.search(str(step)) for step in location) else value


def _problem_of_rule(cause: Expected, location: Location, value: object, data: object) -> FieldProblem:
    """Return the problem that one of our own validators found; a rule between fields names the field."""
    if cause.field:
        location = (*location, *cause.field)
        value = _value_at(data, location)
    return FieldProblem(path_text(location), value, cause.expected, cause.nearest)


def _expected(detail: ErrorDetails, context: dict[str, Any]) -> str:
    if detail["type"] in ("too_long", "too_short"):
        limit = f"at most {context['max_length']}" if "max_length" in context else f"at least {context['min_length']}"
        return f"{limit} entries"
    return _EXPECTED_BY_TYPE.get(detail["type"]) or str(context.get("expected", detail["msg"]))


def _value_at(data: object, location: Location) -> object:
    for step in location:
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list | tuple) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


# ---------------------------------------------------------------- looking into the models


def _known_fields(model: type[Model], location: Location) -> list[str]:
    found = _model_at(model, location)
    return [info.alias or name for name, info in found.model_fields.items()] if found else []


def _description(model: type[Model], location: Location) -> str | None:
    found = _model_at(model, location[:-1])
    for info in found.model_fields.values() if found else ():
        if info.alias == location[-1]:
            return info.description
    return None


def _model_at(model: type[Model], location: Location) -> type[Model] | None:
    """Return the model that describes a location, or None where there is none."""
    current: type[Model] | None = model
    for step in location:
        if current is None:
            return None
        if isinstance(step, int):
            continue
        fields = current.model_fields.values()
        current = _model_in(next((info.annotation for info in fields if info.alias == step), None))
    return current


def _model_in(annotation: object) -> type[Model] | None:
    """Return the model inside an annotation such as ``tuple[Community, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
