"""``tortie get``: show resources."""

from pathlib import Path

import click

from tortie.cli.options import (
    ApiVersion,
    OutputFormat,
    OutputType,
    Source,
    choice,
    datastore_option,
    manifest_options,
    names_argument,
    optional_kind_argument,
    resource_options,
)

__all__ = ["get"]


@click.command
@optional_kind_argument
@names_argument
@manifest_options(is_required=False)
@click.option(
    "--output",
    "-o",
    type=OutputType(),
    metavar="FORMAT",
    default=OutputFormat.PS.value,
    show_default=True,
    help="ps: a table. wide: a wider one. yaml, json: the resources. custom-columns=NAME,...: these columns of the "
    "table. go-template=TEXT, go-template-file=FILE: what a template makes of them.",
)
@click.option("--export", is_flag=True, help="Leave out uid, times and versions, which belong to this datastore.")
@click.option("--all-namespaces", "-A", "-a", is_flag=True, help="Of all namespaces, with a column that says which.")
@click.option(
    "--api-version",
    type=choice(ApiVersion),
    help="In which generation's form; v1 knows node, bgpPeer and ipPool.  [default: v1's columns, v3's data]",
)
@resource_options
@datastore_option
@click.pass_context
def get(
    context: click.Context,
    *,
    kind: str | None,
    names: tuple[str, ...],
    file: Path | None,
    recursive: bool,
    skip_empty: bool,
    output: str,
    export: bool,
    all_namespaces: bool,
    api_version: str | None,
    namespace: str | None,
    scope: str | None,
    node: str | None,
    datastore: str | None,
) -> None:
    """Show resources of a kind, all of them or those named, or those of a file.

    KIND is written in any case, singular, plural or as an alias (no, bgpp, ipp, wep, rr). NAME is the resource's name;
    with --scope the address of a bgpPeer; for an ipPool it may be the CIDR. With yaml and json, one NAME gives the
    resource itself, anything else a list; both can be given to create, apply, replace and delete again.

    \b
    tortie get nodes -o wide
    tortie get bgpPeer 10.10.31.168 --scope=global -o yaml --api-version=v1
    tortie get nodes -o custom-columns=NAME,ASN
    tortie get nodes -o go-template='{{range .}}{{range .Items}}{{.ObjectMeta.Name}} {{end}}{{end}}'
    """
    from tortie.cli.datastore import with_resources
    from tortie.cli.printing import Output, print_found
    from tortie.cli.resources import Request, fetch_all, requests_of
    from tortie.model import find_kind

    if (kind is None) == (file is None):
        raise click.UsageError("KIND, or --filename, says what to show", context)
    if all_namespaces and namespace is not None:
        raise click.UsageError("either --namespace or --all-namespaces, not both", context)
    if file is not None:
        from tortie.cli.changing import read_source

        requests = requests_of(read_source(Source(file, recursive, skip_empty)))
    else:
        assert kind is not None
        find_kind(kind)
        requests = [Request(kind, names, namespace, scope, node)]
    form = Output.from_text(
        output,
        api_version=None if api_version is None else ApiVersion(api_version),
        is_export=export,
        has_namespace=all_namespaces,
    )
    print_found(with_resources(datastore, lambda store: fetch_all(store, requests), may_create=False), form)
