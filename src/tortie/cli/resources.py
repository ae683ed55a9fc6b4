"""What `get` shows: resources found in the datastore.

What it is for: finding what the arguments or a file name. What it is NOT for: printing (``printing.py``).

To know: `Request`, what was asked for, and `Found`, what is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from tortie.change import get_setting
from tortie.cli.options import is_v1_identity
from tortie.model import ManifestItem, Resource, find_kind
from tortie.model.v1 import V1Identity
from tortie.store import NotFound, ResourceStore

__all__ = ["Found", "Request", "fetch", "fetch_all", "requests_of"]


@dataclass(frozen=True, slots=True)
class Request:
    """What `get` was asked for.

    Attributes:
        kind: as typed.
        names: v3 names, or addresses or CIDRs as v1 identifies resources; empty for all.
        namespace: only this one; None for all.
        scope: of bgpPeers, as v1 says it.
        node: of bgpPeers with scope node.
    """

    kind: str
    names: tuple[str, ...] = ()
    namespace: str | None = None
    scope: str | None = None
    node: str | None = None

    @property
    def is_for_one(self) -> bool:
        """Exactly one resource is named."""
        return len(self.names) == 1

    @property
    def is_v1_identity(self) -> bool:
        """Resources are named as calicoctl v1 does."""
        return is_v1_identity(self.names, self.scope, self.node)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is.

    Attributes:
        request: what was asked for.
        resources: in the order of their keys, or of the names asked for.
        as_number: the network's AS number, for those that inherit it.
        missing: what was named and is not there, one line each.
        bad_records: records of the kind that cannot be used, one line each.
    """

    request: Request
    resources: list[Resource]
    as_number: int
    missing: list[str] = field(default_factory=list)
    bad_records: list[str] = field(default_factory=list)


def requests_of(items: Sequence[ManifestItem]) -> list[Request]:
    """Return what the resources of a file ask for: one request for neighbours of one kind and namespace."""
    resources = [item.resource for item in items]
    return [
        Request(kind, tuple(resource.name for resource in group), namespace)
        for (kind, namespace), group in groupby(resources, lambda resource: (resource.kind, resource.namespace))
    ]


async def fetch_all(store: ResourceStore, requests: Sequence[Request]) -> list[Found]:
    """Find what several requests ask for; raises as `fetch` does."""
    return [await fetch(store, request) for request in requests]


async def fetch(store: ResourceStore, request: Request) -> Found:
    """Find what was asked for.

    Raises:
        UnknownKind: no such kind, or none that v1 knows where it is named as v1 does.
        ResourceInvalid: a name that cannot name a resource of this kind, or one whose record cannot be used.
    """
    as_number = int(await get_setting(store, "asNumber"))
    if request.is_v1_identity:
        return await _fetch_v1(store, request, as_number)
    if request.names:
        return await _fetch_named(store, request, as_number)
    snapshot = await store.snapshot(request.kind)
    resources = [each for each in snapshot.resources if request.namespace in (None, each.namespace)]
    return Found(
        request, resources, as_number, bad_records=[f"{bad.key}: {bad.reason}" for bad in snapshot.bad_records]
    )


async def _fetch_named(store: ResourceStore, request: Request, as_number: int) -> Found:
    found = Found(request, [], as_number)
    for name in request.names:
        try:
            found.resources.append(await store.get(request.kind, name, request.namespace))
        except NotFound as error:
            found.missing.append(str(error))
    return found


async def _fetch_v1(store: ResourceStore, request: Request, as_number: int) -> Found:
    found = Found(request, [], as_number)
    stored = await store.list(request.kind)
    for name in request.names or (None,):
        identity = V1Identity.from_arguments(request.kind, name, scope=request.scope, node=request.node)
        matching = [resource for resource in stored if identity.matches(resource)]
        found.resources.extend(matching)
        if name is not None and not matching:
            found.missing.append(f"resource does not exist: {find_kind(request.kind).message_name}({name})")
    return found
