"""``tortie create``: make resources that are not there yet."""

from pathlib import Path

import click

from tortie.cli.options import datastore_option, file_option

__all__ = ["create"]


@click.command
@file_option
@click.option("--skip-exists", "-s", is_flag=True, help="Take resources that exist already as created.")
@datastore_option
def create(file: Path, skip_exists: bool, datastore: str | None) -> None:
    """Create the resources of a file.

    One that exists already is an error. The file holds resources of projectcalico.org/v3 or of calicoctl v1, one or
    many, as YAML or JSON. It is read and checked as a whole before anything is created.

    \b
    tortie create -f peer.yaml
    tortie create -f - < peer.yaml
    """
    from tortie.change import Action
    from tortie.cli.changing import change_from_file

    change_from_file(Action.CREATE, file, datastore, may_skip=skip_exists)
