"""``tortie label``: set or remove a label."""

import click

from tortie.cli.completing import complete_names
from tortie.cli.options import datastore_option, kind_argument, namespace_option

__all__ = ["label"]


@click.command
@kind_argument
@click.argument("name", shell_complete=complete_names)
@click.argument("label", metavar="KEY=VALUE")
@click.option("--overwrite", is_flag=True, help="Replace the value that the label has.")
@click.option("--remove", is_flag=True, help="Remove the label KEY.")
@namespace_option
@datastore_option
@click.pass_context
def label(
    context: click.Context,
    *,
    kind: str,
    name: str,
    label: str,
    overwrite: bool,
    remove: bool,
    namespace: str | None,
    datastore: str | None,
) -> None:
    """Set a label of a resource, or remove it.

    A label that has another value is left alone without --overwrite.

    \b
    tortie label node kube-node1 rack=a
    tortie label node kube-node1 rack=b --overwrite
    tortie label node kube-node1 rack --remove
    """
    from tortie.change.patching import LabelChange, label_resource
    from tortie.cli.datastore import with_resources
    from tortie.model import find_kind

    key, separator, value = label.partition("=")
    if overwrite and remove:
        raise click.UsageError("either --overwrite or --remove, not both", context)
    if not key or bool(separator) == remove or "=" in value:
        raise click.UsageError(f"{label}: expected {'KEY' if remove else 'KEY=VALUE'}", context)
    find_kind(kind)
    change = with_resources(
        datastore,
        lambda store: label_resource(
            store, kind, name, key, None if remove else value, namespace=namespace, may_overwrite=overwrite
        ),
        may_create=False,
    )
    preposition = {LabelChange.REMOVED: "from"}.get(change, "on")
    click.echo(f"Successfully {change} label {key} {preposition} {kind} {name}")
