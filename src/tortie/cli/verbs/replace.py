"""``tortie replace``: replace resources that exist."""

from pathlib import Path

import click

from tortie.cli.options import datastore_option, file_option

__all__ = ["replace"]


@click.command
@file_option
@datastore_option
def replace(file: Path, datastore: str | None) -> None:
    """Replace resources that exist with those of a file.

    One that does not exist is an error. One with metadata.resourceVersion is replaced only if that is still its
    version.

    \b
    tortie replace -f peer.yaml
    """
    from tortie.change import Action
    from tortie.cli.changing import change_from_file

    change_from_file(Action.REPLACE, file, datastore)
