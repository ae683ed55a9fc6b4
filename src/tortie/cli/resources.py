"""What `get` shows: resources found in the datastore, as table, YAML or JSON.

What it is for: finding what the arguments name, and calicoctl's forms of output. What it is NOT for: the columns of a
table (``model.columns``), the form of a resource (``model``).

To know: `Request`, what was asked for, and `Found`, what is there.
"""

import json
import sys
from dataclasses import dataclass, field
from typing import Any

import click

from tortie.change import get_setting
from tortie.cli.errors import CommandFailed
from tortie.cli.options import ApiVersion, OutputFormat, is_v1_identity
from tortie.cli.tables import aligned_table
from tortie.model import Resource, find_kind
from tortie.model.columns import TableView, table
from tortie.model.v1 import V1Identity, lost_in_v1, to_v1
from tortie.store import NotFound, ResourceStore

__all__ = ["Found", "Request", "fetch", "print_found"]


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


def print_found(found: Found, output: OutputFormat, api_version: ApiVersion | None) -> None:
    """Print the resources, and on standard error what is wrong.

    Without an API version, tables have the document's columns (v1) and data is v3's.

    Raises:
        CommandFailed: a resource that was named is not there; the others have been printed.
    """
    for line in found.bad_records:
        sys.stderr.write(f"warning: cannot be used: {line}\n")
    if found.resources or not found.request.names:
        click.echo(_text(found, output, api_version), nl=False)
    if found.missing:
        raise CommandFailed("\n".join(found.missing))


def _text(found: Found, output: OutputFormat, api_version: ApiVersion | None) -> str:
    match output:
        case OutputFormat.JSON:
            return json.dumps(_data(found, api_version), indent=2) + "\n"
        case OutputFormat.YAML:
            return _yaml(_data(found, api_version))
        case _:
            return _table(found, output is OutputFormat.WIDE, api_version)


def _table(found: Found, is_wide: bool, api_version: ApiVersion | None) -> str:
    namespaces = {resource.namespace for resource in found.resources} - {None}
    view = TableView(
        is_wide=is_wide,
        is_v1=api_version is not ApiVersion.V3,
        has_namespace=bool(namespaces) and (found.request.namespace is not None or len(namespaces) > 1),
    )
    columns = table(found.request.kind, found.resources, found.as_number, view)
    return aligned_table(columns.headings, columns.rows)


def _data(found: Found, api_version: ApiVersion | None) -> Any:  # noqa: ANN401 - JSON
    """Return the one resource that was named, else a list, as plain data."""
    form = _v1_data if api_version is ApiVersion.V1 else Resource.to_data
    documents = [form(resource) for resource in found.resources]
    return documents[0] if found.request.is_for_one and len(documents) == 1 else documents


def _v1_data(resource: Resource) -> dict[str, Any]:
    """Return the v1 form; say on standard error what v1 has no field for."""
    lost = lost_in_v1(resource)
    if lost:
        sys.stderr.write(f"warning: {resource.kind} '{resource.name}': v1 has no field for {', '.join(lost)}\n")
    return to_v1(resource)


def _yaml(data: object) -> str:
    import yaml

    return yaml.safe_dump(data, sort_keys=False, default_flow_style=False, allow_unicode=True)
