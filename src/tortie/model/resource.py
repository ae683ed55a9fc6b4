"""What every resource kind has: apiVersion, kind, metadata, and the ways in and out.

`Resource.from_data` is the only way in for outside input: it raises `ResourceInvalid` with every problem
found, never pydantic's error. `Resource.to_data` is the way out: plain dicts and lists, unset left out.

What it is NOT for: particular kinds (a module each), finding a kind by name (``kinds.py``), reading text
(``manifest.py``), keys and stored values (``keys.py``, ``stored.py``).
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field

from tortie.model.base import Model
from tortie.model.errors import ResourceInvalid
from tortie.model.fields import (
    LABEL_KEY_LENGTH_MAX,
    Expected,
    Integer,
    Name,
    Text,
    Timestamp,
    as_text,
)
from tortie.model.scalars import BooleanWord
from tortie.model.validation import validated

API_VERSION: Final = "projectcalico.org/v3"
UNNAMED: Final = "(unnamed)"
"""Stands for the name of a resource without one in messages."""


def _label_map(value: object) -> dict[str, str]:
    """Return a map of text to text; a label's yes and true are "true" (as Calico decodes them)."""
    if not isinstance(value, Mapping):
        raise Expected("a mapping of names to text")
    labels: dict[str, str] = {}
    for raw_key, raw in value.items():
        key = as_text(raw_key)
        if not 1 <= len(key) <= LABEL_KEY_LENGTH_MAX:
            raise Expected(f"names of 1 to {LABEL_KEY_LENGTH_MAX} characters")
        labels[key] = _label_value(key, raw)
    return labels


def _label_value(key: str, raw: object) -> str:
    if raw is None:
        return ""
    if isinstance(raw, BooleanWord):
        return "true" if raw.boolean else "false"
    try:
        return as_text(raw)
    except Expected:
        raise Expected("text", field=(key,)) from None


LabelMap = Annotated[dict[str, str], BeforeValidator(_label_map)]


class Metadata(Model):
    """Name, labels and bookkeeping of a resource.

    Of Kubernetes' ObjectMeta the fields that calicoctl prints are known, so that what it exported can be read
    back. `resource_version` is the datastore's revision as text, `creation_timestamp` RFC 3339 in UTC.
    """

    name: Name = Field(description="a name")
    namespace: Name | None = None
    labels: LabelMap = Field(default_factory=dict)
    annotations: LabelMap = Field(default_factory=dict)
    resource_version: Text | None = None
    uid: Text | None = None
    creation_timestamp: Timestamp | None = None
    generation: Integer | None = None
    generate_name: Text | None = None
    self_link: Text | None = None
    deletion_timestamp: Timestamp | None = None
    deletion_grace_period_seconds: Integer | None = None
    finalizers: tuple[Text, ...] | None = None
    owner_references: tuple[dict[str, Any], ...] | None = None
    managed_fields: tuple[dict[str, Any], ...] | None = None


class Resource(Model):
    """A resource of any kind. Subclasses fix `kind` and the types of `metadata` and `spec`."""

    api_version: Literal["projectcalico.org/v3"] = API_VERSION
    kind: str
    metadata: Metadata = Field(description="a mapping with a name")
    spec: Model

    IS_NAMESPACED: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.metadata.name

    @property
    def namespace(self) -> str | None:
        """The namespace; None for kinds that have none."""
        return self.metadata.namespace

    @property
    def labels(self) -> dict[str, str]:
        """The labels; not to be modified."""
        return self.metadata.labels

    @classmethod
    def kind_name(cls) -> str:
        """Return the kind as it stands in manifests, e.g. ``BGPPeer``."""
        default = cls.model_fields["kind"].default
        return default if isinstance(default, str) else cls.__name__

    @classmethod
    def from_data(cls, data: object, *, keeps_unknown: bool = False) -> Self:
        """Return the resource that plain data (of JSON or YAML) describes.

        Args:
            data: mapping with JSON's names; `apiVersion` and `kind` may be absent, wrong ones are refused.
            keeps_unknown: carry fields that this model does not know instead of refusing them. For what a
                newer program stored: it must neither be refused nor lost when the resource is written back.

        Raises:
            ResourceInvalid: with every problem found; give it file and lines with its `located`.
        """
        return validated(cls, data, cls.kind_name(), name_of(data), keeps_unknown=keeps_unknown)

    def to_data(self) -> dict[str, Any]:
        """Return the resource as plain data with JSON's names, as it may be shown; what is unset is left out."""
        return self._shown(self.stored_data())

    def stored_data(self) -> dict[str, Any]:
        """Return the same with all that a kind does not show: for the datastore only."""
        data = self.json_data()
        for field in ("labels", "annotations"):
            if not data["metadata"].get(field):
                data["metadata"].pop(field, None)
        return data

    def _shown(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what may be shown of the stored data. Overridden by kinds that hide something; `to_data` never is."""
        return data

    def without_defaults(self) -> dict[str, Any]:
        """Return what differs from the defaults as plain data, without apiVersion and kind."""
        data = self.json_data(is_minimal=True)
        return {name: part for name, part in data.items() if name not in ("apiVersion", "kind")}

    def with_metadata(self, **changes: object) -> Self:
        """Return a copy with some metadata replaced.

        Args:
            changes: Python names such as ``uid``, ``resource_version``, ``creation_timestamp``; None unsets.

        Raises:
            ResourceInvalid: a value cannot be used.
        """
        if "name" in changes or "namespace" in changes:
            return self._changed("metadata", changes)
        metadata = self.metadata
        data = metadata.json_data() | _with_json_names(metadata, changes)
        try:
            checked = validated(type(metadata), data, self.kind, self.name, keeps_unknown=True)
        except ResourceInvalid as error:
            raise error.below("metadata") from None
        return self.model_copy(update={"metadata": checked})

    def with_spec(self, **changes: object) -> Self:
        """Return a copy with some fields of the spec replaced, judged like a new one.

        Args:
            changes: Python names and values; None unsets.

        Raises:
            ResourceInvalid: a value, or the whole, cannot be used.
        """
        return self._changed("spec", changes)

    def _changed(self, part: str, changes: Mapping[str, object]) -> Self:
        data = self.to_data()
        data[part] = data.get(part, {}) | _with_json_names(getattr(self, part), changes)
        return self.from_data(data, keeps_unknown=True)


def _with_json_names(model: Model, changes: Mapping[str, object]) -> dict[str, object]:
    fields = type(model).model_fields
    return {fields[name].alias or name: value for name, value in changes.items()}


def name_of(data: object) -> str:
    """Return ``metadata.name`` of plain data for messages, whatever shape the data has."""
    metadata = data.get("metadata") if isinstance(data, Mapping) else None
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return as_text(name) if isinstance(name, str | int | float) else UNNAMED
