"""``tortie datastore migrate export``: everything but secrets, as manifests."""

import click

from tortie.cli.options import datastore_option

__all__ = ["datastore_export"]


@click.command
@datastore_option
def datastore_export(datastore: str | None) -> None:
    """Print all resources as one stream of YAML, address records included.

    All are of one moment. Secrets are left out. What cannot be read is said on standard error, and the exit code is 1.

    \b
    tortie datastore migrate export > cluster.yaml
    """
    import sys

    from tortie.cli.datastore import with_resources
    from tortie.cli.errors import CommandFailed
    from tortie.cli.printing import exported_data

    snapshot = with_resources(datastore, lambda store: store.snapshot(), may_create=False)
    import yaml

    documents = [exported_data(resource.to_data()) for resource in snapshot.resources]
    click.echo(yaml.safe_dump_all(documents, sort_keys=False, default_flow_style=False, allow_unicode=True), nl=False)
    sys.stderr.write("note: Secrets are not exported\n")
    if snapshot.bad_records:
        raise CommandFailed("\n".join(f"cannot be used: {bad.key}: {bad.reason}" for bad in snapshot.bad_records))
