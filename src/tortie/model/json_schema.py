"""JSON Schema of a kind: what a manifest may say, for editors and validators.

What it is for: `json_schema`, the model's own fields, words, ranges and nesting in the form that JSON Schema 2020-12
has for them. What it is NOT for: rules between fields, which JSON Schema cannot say; ``validate`` checks those too.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tortie.model.fields import (
    AS_NUMBER_MAX,
    NAME_LENGTH_MAX,
    EntriesBetween,
    IntegerBetween,
    check_name,
    parse_as_number,
    parse_mac,
)
from tortie.model.kinds import KindInfo

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_BY_VALIDATOR: Final[Mapping[Callable[..., Any], dict[str, Any]]] = {
    parse_as_number: {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": AS_NUMBER_MAX},
            {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,5})?$"},
        ]
    },
    check_name: {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH_MAX},
    parse_mac: {"type": "string", "pattern": "^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$"},
}


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, told what our validators allow."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Return the form of a value that a validator of ours judges."""
        function = schema["function"]["function"]
        if isinstance(function, IntegerBetween):
            return {"type": "integer", "minimum": function.low, "maximum": function.high}
        known = _BY_VALIDATOR.get(function)
        return dict(known) if known is not None else super().function_before_schema(schema)

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        """Return the form of a list whose length is judged."""
        function, found = schema["function"]["function"], super().function_after_schema(schema)
        if isinstance(function, EntriesBetween):
            found["minItems"] = function.low
            if function.high is not None:
                found["maxItems"] = function.high
        return found

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the form of a field with a default; that it may be absent need not be said as null."""
        found = super().default_schema(schema)
        if found.get("default", ...) is None:
            del found["default"]
        return found


def json_schema(info: KindInfo) -> dict[str, Any]:
    """Return the JSON Schema of a kind's manifests."""
    schema = info.model.model_json_schema(by_alias=True, schema_generator=_Generator)
    schema["required"] = ["apiVersion", "kind", *(name for name in schema.get("required", ()))]
    return {"$schema": DIALECT, "title": info.kind, **{name: part for name, part in schema.items() if name != "title"}}
