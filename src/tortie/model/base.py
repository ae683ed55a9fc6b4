"""The strict base of every object in a manifest.

`Model` is what all kinds are made of: immutable, unknown fields refused, known in JSON by Calico's
camelCase names and in Python by ours, null the same as absent. What it is NOT for: whole resources
(``resource.py``) and the words of errors (``validation.py``).
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """Base of everything in a manifest.

    Constructors take Python names and are for values known to be right; they raise pydantic's error. Outside
    input goes through `Resource.from_data`. Schemas are built at first use, so that importing is quick.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        defer_build=True,
    )

    def json_data(self, *, is_minimal: bool = False) -> dict[str, Any]:
        """Return it as plain data with JSON's names: unset fields left out, unknown fields that were kept put back.

        Args:
            is_minimal: leave out what is at its default, too.
        """
        data: dict[str, Any] = self.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude_defaults=is_minimal
        )
        _put_back_unknown(self, data)
        return data

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: object) -> object:
        """Let null mean absent, as Calico's JSON does."""
        if isinstance(data, Mapping) and None in data.values():
            return {key: value for key, value in data.items() if value is not None}
        return data


def _put_back_unknown(value: object, data: object) -> None:
    """Add the unknown fields of models at any depth, which pydantic keeps but does not write."""
    if isinstance(value, Model) and isinstance(data, dict):
        for name, info in type(value).model_fields.items():
            field = getattr(value, name)
            if isinstance(field, Model | tuple):
                _put_back_unknown(field, data.get(info.alias or name))
        data.update(value.model_extra or {})
    elif isinstance(value, tuple) and isinstance(data, list):
        for item, item_data in zip(value, data, strict=True):
            _put_back_unknown(item, item_data)
