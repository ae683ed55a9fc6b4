"""Change a part of one resource: a patch, or a label.

What it is for: `patch_resource` and `label_resource`, read-change-write on one resource that others may write
meanwhile. What it is NOT for: reading the patch's text, words for people (``cli``).

The lists of Calico's resources have no keys to merge by, so a strategic merge patch of them is a JSON merge patch
(RFC 7396) that also knows ``$patch: replace`` and ``$patch: delete``.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from tortie.change.errors import LabelRefused, PatchRefused
from tortie.change.pool_rules import check_pool
from tortie.model import Resource, ResourceInvalid, find_kind, from_stored, to_stored
from tortie.store import Conflict, ResourceStore, StoreUnavailable

__all__ = ["LabelChange", "label_resource", "merged", "patch_resource"]

WRITE_TRIES_MAX: Final = 20
"""How often a change is made anew because others wrote the resource meanwhile; then StoreUnavailable."""
DIRECTIVE: Final = "$patch"


class LabelChange(StrEnum):
    """What became of a label."""

    SET = "set"
    UPDATED = "updated"
    REMOVED = "removed"


def merged(data: object, patch: object, *, is_strategic: bool) -> object:
    """Return data with a patch put over it; None in the patch removes.

    Args:
        data: plain data; not modified.
        patch: plain data.
        is_strategic: ``$patch`` in a mapping says what becomes of the mapping.

    Raises:
        PatchRefused: a directive that is not known.
    """
    if not isinstance(patch, Mapping):
        return patch
    directive = patch.get(DIRECTIVE) if is_strategic else None
    if directive not in (None, "merge", "replace", "delete"):
        raise PatchRefused(f"{DIRECTIVE}: '{directive}': expected merge, replace or delete")
    if directive == "delete":
        return None
    result = dict(data) if isinstance(data, Mapping) and directive != "replace" else {}
    for key, part in patch.items():
        if is_strategic and key == DIRECTIVE:
            continue
        value = merged(result.get(key), part, is_strategic=is_strategic)
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


async def patch_resource(  # noqa: PLR0913 - what names a resource, and the patch
    store: ResourceStore,
    kind: str,
    name: str,
    patch: object,
    *,
    namespace: str | None = None,
    is_strategic: bool = True,
) -> Resource:
    """Put a patch over a stored resource and return it as stored.

    Raises:
        UnknownKind: no such kind.
        NotFound: there is no such resource.
        PatchRefused: the patch is no mapping, or would make it another resource.
        ResourceInvalid: the resource as patched cannot be used.
        Conflict: the patch names a resourceVersion that is not the stored one.
    """
    if not isinstance(patch, Mapping):
        raise PatchRefused("the patch: expected a mapping such as {spec: {...}}")

    def patched(resource: Resource) -> Resource:
        data = merged(resource.stored_data(), patch, is_strategic=is_strategic)
        result = _from_data(resource, data, patch)
        if (result.name, result.namespace) != (resource.name, resource.namespace):
            raise PatchRefused(f"metadata: a patch cannot rename {resource.kind} '{resource.name}'")
        return result

    metadata = patch.get("metadata")
    is_versioned = isinstance(metadata, Mapping) and "resourceVersion" in metadata
    return await _changed(store, kind, name, namespace, patched, tries=1 if is_versioned else WRITE_TRIES_MAX)


async def label_resource(  # noqa: PLR0913 - what names a resource, and the label
    store: ResourceStore,
    kind: str,
    name: str,
    key: str,
    value: str | None,
    *,
    namespace: str | None = None,
    may_overwrite: bool = False,
) -> LabelChange:
    """Set a label of a stored resource, or remove it (`value` None).

    Raises:
        UnknownKind: no such kind.
        NotFound: there is no such resource.
        LabelRefused: it is there with another value, is not there to be removed, or this kind keeps no labels.
        ResourceInvalid: no label can be called so.
    """
    changes: list[LabelChange] = []

    def labelled(resource: Resource) -> Resource:
        which = f"{resource.kind} '{resource.name}'"
        old = resource.labels.get(key)
        if value is None and old is None:
            raise LabelRefused(f"{which} has no label '{key}'")
        if value is not None and old not in (None, value) and not may_overwrite:
            raise LabelRefused(f"{which} has the label '{key}' with the value '{old}': --overwrite replaces it")
        rest = {name: text for name, text in resource.labels.items() if name != key}
        labels = rest if value is None else rest | {key: value}
        result = resource.with_metadata(labels=labels)
        if from_stored(*to_stored(result)).labels != labels:
            raise LabelRefused(f"{which}: the datastore's form of this kind has no place for labels")
        changes[:] = [_label_change(old, value)]
        return result

    await _changed(store, kind, name, namespace, labelled)
    return changes[0]


def _label_change(old: str | None, value: str | None) -> LabelChange:
    if value is None:
        return LabelChange.REMOVED
    return LabelChange.SET if old is None else LabelChange.UPDATED


def _from_data(stored: Resource, data: object, patch: Mapping[str, Any]) -> Resource:
    """Return the patched resource; unknown fields are carried where they were stored, refused where they are new."""
    try:
        return stored.from_data(data)
    except ResourceInvalid as error:
        if all(problem.is_unknown_field and not _has(patch, problem.path) for problem in error.problems):
            return stored.from_data(data, keeps_unknown=True)
        raise


def _has(patch: object, path: str) -> bool:
    """Tell whether a patch says something at a path such as ``spec.bgp.x``; a list counts as a whole."""
    for step in path.partition("[")[0].split("."):
        if not isinstance(patch, Mapping) or step not in patch:
            return False
        patch = patch[step]
    return True


async def _changed(  # noqa: PLR0913 - what names a resource, and the change
    store: ResourceStore,
    kind: str,
    name: str,
    namespace: str | None,
    change: Callable[[Resource], Resource],
    *,
    tries: int = WRITE_TRIES_MAX,
) -> Resource:
    for remaining in reversed(range(tries)):
        changed = change(await store.get(kind, name, namespace))
        await check_pool(store, changed)
        try:
            return await store.replace(changed)
        except Conflict:
            if not remaining and tries == 1:
                raise
    raise StoreUnavailable(f"{find_kind(kind).kind}({name}) was overtaken by other writers {tries} times: try again")
