"""``tortie replace``: replace resources that exist."""

from pathlib import Path

import click

from tortie.cli.options import Source, datastore_option, manifest_options, namespace_option

__all__ = ["replace"]


@click.command
@manifest_options()
@namespace_option
@datastore_option
def replace(*, file: Path, recursive: bool, skip_empty: bool, namespace: str | None, datastore: str | None) -> None:
    """Replace resources that exist with those of a file.

    One that does not exist is an error. One with metadata.resourceVersion is replaced only if that is still its
    version.

    \b
    tortie replace -f peer.yaml
    """
    from tortie.change import Action
    from tortie.cli.changing import change_from_file

    change_from_file(Action.REPLACE, Source(file, recursive, skip_empty), datastore, namespace=namespace)
