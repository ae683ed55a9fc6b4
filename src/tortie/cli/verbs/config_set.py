"""``tortie config set``: change a setting."""

import click

from tortie.cli.options import config_options, datastore_option

__all__ = ["config_set"]


@click.command
@config_options
@click.argument("value")
@datastore_option
def config_set(*, name: str, value: str, node: str | None, raw: str | None, datastore: str | None) -> None:
    """Set the value of a setting; prints nothing when it is done.

    \b
    NAME             SCOPE          VALUE
    logLevel         global, node   none debug info warning error critical
    nodeToNodeMesh   global         on off
    asNumber         global         1-4294967295 or hi.lo
    ipip             global         on off

    \b
    tortie config set nodeToNodeMesh off
    tortie config set logLevel debug --node=kube-node1
    """
    from tortie.change import Component, set_raw_setting, set_setting
    from tortie.cli.datastore import with_resources, with_store
    from tortie.cli.errors import executing

    with executing():
        if raw:
            with_store(datastore, lambda store: set_raw_setting(store, Component(raw), name, value, node))
        else:
            with_resources(datastore, lambda store: set_setting(store, name, value, node))
