"""``tortie create``: make resources that are not there yet."""

from pathlib import Path

import click

from tortie.cli.options import Source, datastore_option, manifest_options, namespace_option

__all__ = ["create"]


@click.command
@manifest_options()
@click.option("--skip-exists", "-s", is_flag=True, help="Take resources that exist already as created.")
@namespace_option
@datastore_option
def create(
    *,
    file: Path,
    recursive: bool,
    skip_empty: bool,
    skip_exists: bool,
    namespace: str | None,
    datastore: str | None,
) -> None:
    """Create the resources of a file.

    One that exists already is an error. The file holds resources of projectcalico.org/v3 or of calicoctl v1, one or
    many, as YAML or JSON. It is read and checked as a whole before anything is created.

    \b
    tortie create -f peer.yaml
    tortie create -f - < peer.yaml
    """
    from tortie.change import Action
    from tortie.cli.changing import change_from_file

    change_from_file(
        Action.CREATE, Source(file, recursive, skip_empty), datastore, namespace=namespace, may_skip=skip_exists
    )
