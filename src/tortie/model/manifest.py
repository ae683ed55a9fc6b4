"""Manifests: text of YAML or JSON → resources.

A text holds one or more documents; each is a resource, a list of resources, or a List kind with `items`.
`apiVersion: projectcalico.org/v3` and calicoctl's `v1` may be mixed; v1 resources come out as v3. A Secret is
Kubernetes' of `v1`. Errors name file and line. Functions to know: `load_manifests`, and `load_items`, which also says
how each was written.

What it is NOT for: reading files (the caller has the text) and storing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tortie.model.document import Document
from tortie.model.errors import FieldProblem, ManifestInvalid, ResourceInvalid, UnknownKind, place, show_value
from tortie.model.fields import as_text
from tortie.model.kinds import KINDS, KindInfo
from tortie.model.resource import API_VERSION, Resource, name_of
from tortie.model.secret import SECRET_API_VERSION, Secret
from tortie.model.text_reader import read_documents
from tortie.model.v1 import V1_API_VERSION, find_v1_kind, from_v1


@dataclass(frozen=True, slots=True)
class ManifestItem:
    """One resource of a manifest.

    Attributes:
        resource: the resource, v3 whatever it was written as.
        is_v1: it was written for calicoctl v1.
        line: line where it starts, from 1, or None where unknown.
        kind_text: the kind as calicoctl's messages spell it: ``bgpPeer`` for v1, ``BGPPeer`` for v3.
    """

    resource: Resource
    is_v1: bool
    line: int | None
    kind_text: str


def load_manifests(text: str, source_name: str) -> list[Resource]:
    """Return the resources that a text describes, in order.

    Args:
        text: YAML (one or more documents) or JSON.
        source_name: file name, or ``-`` for standard input; stands in messages.

    Raises:
        ManifestInvalid: the text is not YAML or JSON, or has something that is no resource.
        UnknownKind: a resource of no known kind.
        ResourceInvalid: a resource with fields that cannot be used.
    """
    return [item.resource for item in load_items(text, source_name)]


def load_items(text: str, source_name: str) -> list[ManifestItem]:
    """Return the resources of a text with how and where they were written; raises like `load_manifests`."""
    return [
        _item(raw)
        for document in read_documents(text, source_name)
        for raw in _flatten(_Raw(document.data, "", document, source_name))
    ]


@dataclass(frozen=True, slots=True)
class _Raw:
    """Plain data that should be a resource, and where it stands."""

    data: Any
    path: str
    document: Document
    source_name: str

    def line_at(self, path: str) -> int | None:
        separator = "." if self.path and path else ""
        return self.document.line_at(f"{self.path}{separator}{path}")

    def fail(self, message: str) -> ManifestInvalid:
        return ManifestInvalid(self.source_name, self.line_at(""), message)


def _flatten(raw: _Raw) -> Iterator[_Raw]:
    """Yield the resources of a document: itself, or the entries of a list or of a List kind."""
    if isinstance(raw.data, list):
        items, path = raw.data, raw.path
    elif isinstance(raw.data, Mapping) and "items" in raw.data and _is_list_kind(raw.data):
        items, path = raw.data["items"] or [], f"{raw.path}.items" if raw.path else "items"
    else:
        yield raw
        return
    if not isinstance(items, list):
        raise raw.fail(f"items: {show_value(items)}: expected a list of resources")
    for index, item in enumerate(items):
        yield from _flatten(_Raw(item, f"{path}[{index}]", raw.document, raw.source_name))


def _is_list_kind(data: Mapping[str, Any]) -> bool:
    kind = data.get("kind", "List")
    return isinstance(kind, str) and kind.lower().endswith("list")


def _item(raw: _Raw) -> ManifestItem:
    if not isinstance(raw.data, Mapping):
        raise raw.fail(f"{show_value(raw.data)}: expected a resource, a mapping with apiVersion and kind")
    api_version, kind = _text_field(raw, "apiVersion"), _text_field(raw, "kind")
    is_secret = (api_version, kind) == (SECRET_API_VERSION, Secret.kind_name())
    is_v1 = api_version == V1_API_VERSION and not is_secret
    try:
        if is_secret:
            info, resource = KINDS[kind], KINDS[kind].model.from_data(raw.data)
        elif is_v1:
            info, resource = find_v1_kind(kind), from_v1(kind, raw.data)
        else:
            info = _v3_kind(kind)
            resource = info.model.from_data(raw.data)
    except UnknownKind as error:
        line = raw.line_at("kind")
        raise UnknownKind(error.kind, error.known, place(raw.source_name, line)) from None
    except ResourceInvalid as error:
        raise error.located(raw.source_name, raw.line_at) from None
    return ManifestItem(resource, is_v1, raw.line_at(""), info.message_name if is_v1 else info.kind)


_API_VERSIONS: Final = (API_VERSION, V1_API_VERSION)


def _text_field(raw: _Raw, field: str) -> str:
    value = raw.data.get(field)
    expected = "the kind of a resource" if field == "kind" else " or ".join(_API_VERSIONS)
    is_text = isinstance(value, str | int | float) and not isinstance(value, bool)
    if not is_text or (field == "apiVersion" and as_text(value) not in _API_VERSIONS):
        problem = FieldProblem(field, value, expected)
        raise ResourceInvalid("resource", name_of(raw.data), [problem]).located(raw.source_name, raw.line_at)
    return as_text(value)


def _v3_kind(kind: str) -> KindInfo:
    """Return the kind; v3 wants its exact spelling."""
    info = KINDS.get(kind)
    if info is None:
        raise UnknownKind(kind, list(KINDS))
    return info
