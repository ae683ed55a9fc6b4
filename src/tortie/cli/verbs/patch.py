"""``tortie patch``: change a part of a resource."""

import click

from tortie.cli.completing import complete_names
from tortie.cli.options import PatchType, choice, datastore_option, kind_argument, namespace_option

__all__ = ["patch"]


@click.command
@kind_argument
@click.argument("name", shell_complete=complete_names)
@click.option("--patch", "-p", "text", metavar="PATCH", required=True, help="The change, as YAML or JSON.")
@click.option(
    "--type",
    "-t",
    "patch_type",
    type=choice(PatchType),
    default=PatchType.STRATEGIC.value,
    show_default=True,
    help="strategic: merged, $patch: replace or delete says otherwise. merge: RFC 7396. json (RFC 6902) is refused.",
)
@namespace_option
@datastore_option
def patch(*, kind: str, name: str, text: str, patch_type: str, namespace: str | None, datastore: str | None) -> None:
    """Change a part of a resource: what the patch names, and nothing else.

    Null removes a field; a list is replaced as a whole. The result is checked like a new resource.

    \b
    tortie patch node kube-node1 -p '{"spec": {"bgp": {"routeReflectorClusterID": "1.0.0.1"}}}'
    tortie patch bgpConfiguration default -p 'spec: {nodeToNodeMeshEnabled: false}'
    """
    from tortie.change.patching import patch_resource
    from tortie.cli.changing import read_patch
    from tortie.cli.datastore import with_resources
    from tortie.cli.errors import CommandFailed
    from tortie.model import find_kind

    info = find_kind(kind)
    if patch_type == PatchType.JSON:
        raise CommandFailed(
            "--type json: JSON Patch (RFC 6902) is not carried out here, nor by calicoctl; write a merge"
        )
    data = read_patch(text)
    is_strategic = patch_type == PatchType.STRATEGIC
    with_resources(
        datastore,
        lambda store: patch_resource(store, info.kind, name, data, namespace=namespace, is_strategic=is_strategic),
        may_create=False,
    )
    click.echo(f"Successfully patched 1 '{info.kind}' resource")
