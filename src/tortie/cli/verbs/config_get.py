"""``tortie config get``: print a setting."""

import click

from tortie.cli.options import TextOrJSON, config_options, datastore_option, text_or_json_option

__all__ = ["config_get"]

UNSET = "(unset)"


@click.command
@config_options
@text_or_json_option
@datastore_option
def config_get(*, name: str, node: str | None, raw: str | None, output: str, datastore: str | None) -> None:
    """Print the value of a setting: what was set, or the default.

    NAME is logLevel, nodeToNodeMesh, asNumber or ipip, in any case; with --raw the component's own name.

    \b
    tortie config get asNumber
    tortie config get logLevel --node=kube-node1
    """
    import json

    from tortie.cli.errors import executing

    with executing():
        value = _raw_value(raw, name, node, datastore) if raw else _value(name, node, datastore)
    click.echo(json.dumps({"name": name, "node": node, "value": value}) if output == TextOrJSON.JSON else value)


def _value(name: str, node: str | None, datastore: str | None) -> str:
    from tortie.change import get_setting
    from tortie.cli.datastore import with_resources

    return with_resources(datastore, lambda store: get_setting(store, name, node), may_create=False)


def _raw_value(raw: str, name: str, node: str | None, datastore: str | None) -> str:
    from tortie.change import Component, get_raw_setting
    from tortie.cli.datastore import with_store

    value = with_store(datastore, lambda store: get_raw_setting(store, Component(raw), name, node), may_create=False)
    return UNSET if value is None else value
