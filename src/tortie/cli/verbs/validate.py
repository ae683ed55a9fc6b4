"""``tortie validate``: check resources without a datastore."""

from pathlib import Path

import click

from tortie.cli.options import Source, manifest_options

__all__ = ["validate"]


@click.command
@manifest_options()
def validate(*, file: Path, recursive: bool, skip_empty: bool) -> None:
    """Check the resources of a file or folder; nothing is stored or asked.

    Every file is read, and what is wrong is said with file, line and field. The exit code is 1 if anything is.

    \b
    tortie validate -f cluster.yaml
    tortie validate -R -f manifests/
    """
    from tortie.cli.changing import check_source

    click.echo(f"Successfully validated {check_source(Source(file, recursive, skip_empty))} resource(s)")
