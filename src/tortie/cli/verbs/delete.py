"""``tortie delete``: remove resources, by name or by file."""

from pathlib import Path

import click

from tortie.cli.options import (
    Source,
    datastore_option,
    is_v1_identity,
    manifest_options,
    names_argument,
    optional_kind_argument,
    resource_options,
)

__all__ = ["delete"]


@click.command
@optional_kind_argument
@names_argument
@manifest_options(is_required=False)
@click.option("--skip-not-exists", "-s", is_flag=True, help="Take resources that are not there as deleted.")
@resource_options
@datastore_option
def delete(
    *,
    kind: str | None,
    names: tuple[str, ...],
    file: Path | None,
    recursive: bool,
    skip_empty: bool,
    skip_not_exists: bool,
    namespace: str | None,
    scope: str | None,
    node: str | None,
    datastore: str | None,
) -> None:
    """Delete resources by kind and name, or those of a file.

    NAME is the resource's name; with --scope the address of a bgpPeer, as calicoctl v1 names it; for an ipPool it may
    be the CIDR.

    \b
    tortie delete bgpPeer rack1-tor
    tortie delete bgpPeer 10.10.31.168 --scope=global
    tortie delete bgpPeer 10.10.31.168 --scope=node --node=kube-node1
    tortie delete -f peer.yaml
    """
    if file is not None:
        if kind:
            raise click.UsageError("either KIND and NAME or --filename, not both", click.get_current_context())
        _delete_from_file(Source(file, recursive, skip_empty), namespace, datastore, skip_not_exists)
    elif kind is None or not names:
        raise click.UsageError("KIND and NAME, or --filename, say what to delete", click.get_current_context())
    elif is_v1_identity(names, scope, node):
        _delete_by_identity(kind, names, scope, node, datastore=datastore, may_skip=skip_not_exists)
    else:
        _delete_by_name(kind, names, namespace, datastore=datastore, may_skip=skip_not_exists)


def _delete_from_file(source: Source, namespace: str | None, datastore: str | None, may_skip: bool) -> None:
    from tortie.change import Action
    from tortie.cli.changing import change_from_file

    change_from_file(Action.DELETE, source, datastore, namespace=namespace, may_skip=may_skip)


def _delete_by_identity(
    kind: str, names: tuple[str, ...], scope: str | None, node: str | None, *, datastore: str | None, may_skip: bool
) -> None:
    from tortie.change import delete_by_identity
    from tortie.cli.changing import report_change
    from tortie.cli.datastore import with_resources
    from tortie.model.v1 import V1Identity

    identities = [V1Identity.from_arguments(kind, name, scope=scope, node=node) for name in names]
    for identity in identities:
        identity.check_complete()
    result = with_resources(
        datastore, lambda store: delete_by_identity(store, identities, may_skip=may_skip), may_create=False
    )
    report_change(result, (item.kind for item in result.items))


def _delete_by_name(
    kind: str, names: tuple[str, ...], namespace: str | None, *, datastore: str | None, may_skip: bool
) -> None:
    from tortie.change import delete_by_name
    from tortie.cli.changing import report_change
    from tortie.cli.datastore import with_resources

    result = with_resources(
        datastore, lambda store: delete_by_name(store, kind, names, namespace, may_skip=may_skip), may_create=False
    )
    report_change(result, (item.kind for item in result.items))
