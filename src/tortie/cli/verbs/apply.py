"""``tortie apply``: make resources what a file says, whether they exist or not."""

from pathlib import Path

import click

from tortie.cli.options import Source, datastore_option, manifest_options, namespace_option

__all__ = ["apply"]


@click.command
@manifest_options()
@namespace_option
@datastore_option
def apply(*, file: Path, recursive: bool, skip_empty: bool, namespace: str | None, datastore: str | None) -> None:
    """Create the resources of a file, or replace those that exist.

    \b
    tortie apply -f cluster.yaml
    """
    from tortie.change import Action
    from tortie.cli.changing import change_from_file

    change_from_file(Action.APPLY, Source(file, recursive, skip_empty), datastore, namespace=namespace)
