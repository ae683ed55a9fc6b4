"""``tortie config unset``: take a setting back."""

import click

from tortie.cli.options import config_options, datastore_option

__all__ = ["config_unset"]


@click.command
@config_options
@datastore_option
def config_unset(*, name: str, node: str | None, raw: str | None, datastore: str | None) -> None:
    """Take a setting back; prints nothing when it is done.

    A global setting has its default again, a node inherits the global value.

    \b
    tortie config unset nodeToNodeMesh
    """
    from tortie.change import Component, unset_raw_setting, unset_setting
    from tortie.cli.datastore import with_resources, with_store
    from tortie.cli.errors import executing

    with executing():
        if raw:
            with_store(datastore, lambda store: unset_raw_setting(store, Component(raw), name, node))
        else:
            with_resources(datastore, lambda store: unset_setting(store, name, node))
