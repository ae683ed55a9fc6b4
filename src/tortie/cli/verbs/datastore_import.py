"""``tortie datastore migrate import``: what was exported, into an empty datastore."""

from pathlib import Path

import click

from tortie.cli.options import Source, datastore_option, manifest_options

__all__ = ["datastore_import"]


@click.command
@manifest_options()
@datastore_option
def datastore_import(*, file: Path, recursive: bool, skip_empty: bool, datastore: str | None) -> None:
    """Create what was exported in a datastore that has no resources.

    \b
    tortie datastore migrate import -f cluster.yaml
    """
    from tortie.change import Action
    from tortie.cli.changing import change_read, read_source
    from tortie.cli.datastore import with_resources
    from tortie.cli.errors import CommandFailed

    items = read_source(Source(file, recursive, skip_empty))
    found = with_resources(datastore, lambda store: store.snapshot())
    if found.resources or found.bad_records:
        count = len(found.resources) + len(found.bad_records)
        raise CommandFailed(f"the datastore holds {count} resources: import is for an empty one (apply adds to one)")
    if items:
        change_read(Action.CREATE, items, datastore)
