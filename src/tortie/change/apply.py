"""Create, apply, replace and delete lists of resources, as calicoctl does.

What it is for: carrying out one action on a list of resources in their order, stopping at the first that is
refused, and saying exactly how far it came. What it is NOT for: reading manifests (``model.manifest``), words and
exit codes (``cli``).

To know first: `ChangeResult`. Resources are independent records: what was done before a refusal stays done, and is
reported ("created the first 2 out of 3").

A v1 manifest names a peer by address, scope and node, and a pool by CIDR. It therefore means whatever resource has
that identity, under any v3 name, and changes only the fields that v1 knows.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tortie.change.pool_rules import check_new_pool, check_pool
from tortie.model import ManifestItem, ModelError, Resource, find_kind
from tortie.model.v1 import V1Identity, identity_of, merge_v1
from tortie.store import AlreadyExists, Conflict, NotFound, ResourceStore, StoreError, StoreUnavailable

__all__ = ["Action", "ChangeResult", "ItemResult", "change_items", "delete_by_identity", "delete_by_name"]

MERGE_TRIES_MAX: Final = 20
"""How often a v1 change is merged anew because others wrote the resource meanwhile; then Conflict."""


class Action(StrEnum):
    """What is to be done with each resource."""

    CREATE = "create"
    """Must not exist yet."""
    APPLY = "apply"
    """Created, or replaced where it exists."""
    REPLACE = "replace"
    """Must exist."""
    DELETE = "delete"
    """Must exist."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one resource.

    Attributes:
        kind: as messages spell it.
        name: the v3 name, or v1's address or CIDR.
        is_skipped: nothing was done, since it existed already (create) or did not exist (delete).
        error: why it was refused; None when it was carried out or skipped.
    """

    kind: str
    name: str
    is_skipped: bool = False
    error: StoreError | ModelError | None = None


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """How far an action came.

    Attributes:
        action: what was asked for.
        resource_count: how many resources it was asked for.
        items: those that were tried, in order; only the last can have an error.
    """

    action: Action
    resource_count: int
    items: tuple[ItemResult, ...]

    @property
    def handled_count(self) -> int:
        """How many resources are as they were asked to be."""
        return sum(item.error is None for item in self.items)

    @property
    def error(self) -> StoreError | ModelError | None:
        """Why it stopped, None when all was carried out."""
        return self.items[-1].error if self.items else None


@dataclass(frozen=True, slots=True)
class _Step:
    """One resource to be changed: how messages call it, and what changes it."""

    kind: str
    name: str
    carry_out: Callable[[], Awaitable[object]]


async def change_items(
    store: ResourceStore, action: Action, items: Sequence[ManifestItem], *, may_skip: bool = False
) -> ChangeResult:
    """Carry out `action` on each resource of a manifest in order; stop at the first that is refused.

    Args:
        store: where they are kept.
        action: what to do with each.
        items: resources of a manifest. A v3 one with a resource version is replaced only if it still has it.
        may_skip: take one that exists already (create) or that is not there (delete) as carried out.

    Returns:
        How far it came; a refusal is in the result, not raised.
    """

    def step(item: ManifestItem) -> _Step:
        change = _change_v1 if item.is_v1 else _change_v3
        return _Step(item.kind_text, item.resource.name, lambda: change(store, action, item.resource))

    return await _in_order(action, [step(item) for item in items], may_skip)


async def delete_by_name(
    store: ResourceStore, kind: str, names: Sequence[str], namespace: str | None = None, *, may_skip: bool = False
) -> ChangeResult:
    """Delete resources by their v3 names; results and refusals as in `change_items`.

    Raises:
        UnknownKind: no kind of this name.
    """
    spelled = find_kind(kind).kind

    def step(name: str) -> _Step:
        return _Step(spelled, name, lambda: store.delete(spelled, name, namespace))

    return await _in_order(Action.DELETE, [step(name) for name in names], may_skip)


async def delete_by_identity(
    store: ResourceStore, identities: Sequence[V1Identity], *, may_skip: bool = False
) -> ChangeResult:
    """Delete the resources that v1 arguments mean; results and refusals as in `change_items`."""

    def step(identity: V1Identity) -> _Step:
        return _Step(find_kind(identity.kind).message_name, identity.name or "", lambda: _delete(store, identity))

    return await _in_order(Action.DELETE, [step(identity) for identity in identities], may_skip)


async def _in_order(action: Action, steps: Sequence[_Step], may_skip: bool) -> ChangeResult:
    results: list[ItemResult] = []
    for step in steps:
        result = await _tried(action, step, may_skip)
        results.append(result)
        if result.error is not None:
            break
    return ChangeResult(action, len(steps), tuple(results))


async def _tried(action: Action, step: _Step, may_skip: bool) -> ItemResult:
    try:
        await step.carry_out()
    except (AlreadyExists, NotFound) as error:
        harmless = AlreadyExists if action is Action.CREATE else NotFound
        is_skipped = may_skip and isinstance(error, harmless) and action in (Action.CREATE, Action.DELETE)
        return ItemResult(step.kind, step.name, is_skipped, None if is_skipped else error)
    except (StoreError, ModelError) as error:
        return ItemResult(step.kind, step.name, error=error)
    return ItemResult(step.kind, step.name)


async def _change_v3(store: ResourceStore, action: Action, resource: Resource) -> None:
    if action in (Action.APPLY, Action.REPLACE):
        await check_pool(store, resource)
    match action:
        case Action.CREATE:
            await check_new_pool(store, resource)
            await store.create(resource)
        case Action.APPLY:
            await store.apply(resource)
        case Action.REPLACE:
            await store.replace(resource)
        case Action.DELETE:
            await store.delete(resource.kind, resource.name, resource.namespace)


async def _change_v1(store: ResourceStore, action: Action, resource: Resource) -> None:
    identity = identity_of(resource)
    if action is Action.DELETE:
        await _delete(store, identity)
    else:
        await _write_v1(store, action, resource, identity)


async def _write_v1(store: ResourceStore, action: Action, resource: Resource, identity: V1Identity) -> None:
    """Write a v1 resource over the stored one of the same identity, or as a new one, as the action allows."""
    for _ in range(MERGE_TRIES_MAX):
        stored = await _stored(store, identity)
        if stored is None and action is Action.REPLACE:
            raise NotFound(f"resource does not exist: {_identity_text(identity)}")
        if stored is not None and action is Action.CREATE:
            raise AlreadyExists(f"resource already exists: {_identity_text(identity)}")
        try:
            if stored is None:
                await check_new_pool(store, resource)
                await store.create(resource)
            else:
                await store.replace(merge_v1(stored, resource))
        except Conflict:
            continue
        except AlreadyExists:
            if await _stored(store, identity) is None:
                raise  # its v3 name is taken by a resource of another identity
            continue
        return
    raise StoreUnavailable(
        f"{_identity_text(identity)} was overtaken by other writers {MERGE_TRIES_MAX} times: try again"
    )


async def _delete(store: ResourceStore, identity: V1Identity) -> None:
    stored = await _stored(store, identity)
    if stored is None:
        raise NotFound(f"resource does not exist: {_identity_text(identity)}")
    await store.delete(stored.kind, stored.name)


async def _stored(store: ResourceStore, identity: V1Identity) -> Resource | None:
    """Return the resource of this identity, the first by name if several have it."""
    return next((resource for resource in await store.list(identity.kind) if identity.matches(resource)), None)


def _identity_text(identity: V1Identity) -> str:
    """Return an identity as calicoctl v1 writes it: ``bgpPeer(10.0.0.1, scope=node, node=n1)``."""
    parts = [identity.name or ""]
    if identity.scope is not None:
        parts.append(f"scope={identity.scope}")
    if identity.node is not None:
        parts.append(f"node={identity.node}")
    return f"{find_kind(identity.kind).message_name}({', '.join(parts)})"
