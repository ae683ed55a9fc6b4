"""``tortie get``: show resources."""

import click

from tortie.cli.options import (
    ApiVersion,
    OutputFormat,
    choice,
    datastore_option,
    kind_argument,
    names_argument,
    resource_options,
)

__all__ = ["get"]


@click.command
@kind_argument
@names_argument
@click.option(
    "--output",
    "-o",
    type=choice(OutputFormat),
    default=OutputFormat.PS.value,
    show_default=True,
    help="What to print: a table, a wider one, or the resources.",
)
@click.option(
    "--api-version",
    type=choice(ApiVersion),
    help="In which generation's form; v1 knows node, bgpPeer and ipPool.  [default: v1's columns, v3's data]",
)
@resource_options
@datastore_option
def get(
    *,
    kind: str,
    names: tuple[str, ...],
    output: str,
    api_version: str | None,
    namespace: str | None,
    scope: str | None,
    node: str | None,
    datastore: str | None,
) -> None:
    """Show resources of a kind: all of them, or those named.

    KIND is written in any case, singular, plural or as an alias (no, bgpp, ipp, wep, rr). NAME is the resource's name;
    with --scope the address of a bgpPeer; for an ipPool it may be the CIDR. With yaml and json, one NAME gives the
    resource itself, anything else a list; both can be given to create, apply, replace and delete again.

    \b
    tortie get nodes -o wide
    tortie get bgpPeer 10.10.31.168 --scope=global -o yaml --api-version=v1
    """
    from tortie.cli.datastore import with_resources
    from tortie.cli.resources import Request, fetch, print_found
    from tortie.model import find_kind

    find_kind(kind)
    request = Request(kind, names, namespace, scope, node)
    found = with_resources(datastore, lambda store: fetch(store, request), may_create=False)
    print_found(found, OutputFormat(output), None if api_version is None else ApiVersion(api_version))
