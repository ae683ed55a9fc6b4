"""Secret: passwords by name and key, in Kubernetes' form (``apiVersion: v1``).

A BGPPeer or a BGPConfiguration names a secret and a key of it; what stands there is never shown again: `to_data` says
how long a value is, messages and ``repr`` say nothing, and only `stored_data` has it. What it is NOT for: who may read
it (the datastore: secrets have a key prefix of their own), and what it protects (``speaker``). `metadata.namespace` is
not looked at: there is one set of secrets.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.errors import FieldProblem, ResourceInvalid
from tortie.model.fields import Boolean, Expected, Text, as_text
from tortie.model.resource import Resource

SECRET_API_VERSION: Final = "v1"
KEY_LENGTH_MAX: Final = 253
SECRET_BYTES_MAX: Final = 1024 * 1024
"""Of all values together, as in Kubernetes."""

HIDDEN: Final = "(not shown)"
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_SHOWN: Final = ("apiVersion", "kind", "type", "immutable", "metadata")


def is_secret_key(key: str) -> bool:
    """Return whether a text can be a key of a secret; such a text is a plain file name too."""
    return len(key) <= KEY_LENGTH_MAX and _KEY.fullmatch(key) is not None and not key.startswith("..") and key != "."


def _encoded(value: object) -> dict[str, str]:
    """Return a map of keys to base64 text in its one canonical form."""
    if not isinstance(value, Mapping):
        raise Expected("a mapping of keys to base64 text")
    found = {_checked_key(key): _canonical(str(key), each) for key, each in value.items()}
    if sum(map(len, found.values())) > SECRET_BYTES_MAX * 4 // 3:
        raise Expected(f"values of at most {SECRET_BYTES_MAX} octets together")
    return found


def _checked_key(key: object) -> str:
    text = as_text(key)
    if not is_secret_key(text):
        raise Expected(f"keys of letters, digits, '-', '_' and '.', not {text!r}")
    return text


def _canonical(key: str, value: object) -> str:
    if value is None:
        return ""
    try:
        return base64.b64encode(base64.b64decode(as_text(value).encode(), validate=True)).decode()
    except (Expected, binascii.Error, UnicodeEncodeError):
        expected = "base64 text (plain text stands under stringData; what `get` shows is no value)"
        raise Expected(expected, field=(key,)) from None


class NoSpec(Model):
    """A secret has no spec."""


class Secret(Resource):
    """Values that are not to be seen."""

    api_version: Literal["v1"] = SECRET_API_VERSION  # type: ignore[assignment]  # Kubernetes' own, not projectcalico.org's
    kind: Literal["Secret"] = "Secret"
    spec: NoSpec = Field(default_factory=NoSpec, exclude=True)
    type: Text = "Opaque"
    immutable: Boolean | None = None
    data: Annotated[dict[str, str], BeforeValidator(_encoded)] = Field(default_factory=dict, repr=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, sorted."""
        return tuple(sorted(self.data))

    def value(self, key: str) -> bytes | None:
        """Return what stands under a key; None if nothing does."""
        encoded = self.data.get(key)
        return None if encoded is None else base64.b64decode(encoded)

    @classmethod
    def from_data(cls, data: object, *, keeps_unknown: bool = False) -> Self:
        """Return the secret that plain data describes; no problem shows a value. See `Resource.from_data`."""
        try:
            return super().from_data(data, keeps_unknown=keeps_unknown)
        except ResourceInvalid as error:
            raise ResourceInvalid(error.kind, error.name, [_without_value(each) for each in error.problems]) from None

    def _shown(self, data: dict[str, Any]) -> dict[str, Any]:
        return data | {"data": {key: f"<{len(self.value(key) or b'')} octets, not shown>" for key in self.keys}}

    @model_validator(mode="before")
    @classmethod
    def _take_string_data(cls, data: object) -> object:
        """Put plain text (stringData) over what is encoded (data), as Kubernetes does."""
        if not isinstance(data, Mapping) or data.get("stringData") is None:
            return data
        plain, encoded = data["stringData"], data.get("data") or {}
        if not isinstance(plain, Mapping) or not isinstance(encoded, Mapping):
            raise Expected("a mapping of keys to text", field=("stringData",))
        texts = {key: base64.b64encode(_plain_text(key, value).encode()).decode() for key, value in plain.items()}
        return {name: value for name, value in data.items() if name != "stringData"} | {"data": {**encoded, **texts}}


def _plain_text(key: object, value: object) -> str:
    try:
        return as_text(value)
    except Expected:
        raise Expected("text", field=("stringData", str(key))) from None


def _without_value(problem: FieldProblem) -> FieldProblem:
    is_shown = problem.value is None or problem.path.split(".")[0] in _SHOWN
    return problem if is_shown else replace(problem, value=HIDDEN)
