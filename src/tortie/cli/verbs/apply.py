"""``tortie apply``: make resources what a file says, whether they exist or not."""

from pathlib import Path

import click

from tortie.cli.options import datastore_option, file_option

__all__ = ["apply"]


@click.command
@file_option
@datastore_option
def apply(file: Path, datastore: str | None) -> None:
    """Create the resources of a file, or replace those that exist.

    \b
    tortie apply -f cluster.yaml
    """
    from tortie.change import Action
    from tortie.cli.changing import change_from_file

    change_from_file(Action.APPLY, file, datastore)
