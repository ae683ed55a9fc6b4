"""``tortie ipam show``: how full the pools are, or who holds an address."""

import click

from tortie.cli.options import TextOrJSON, datastore_option, text_or_json_option

__all__ = ["ipam_show"]


@click.command
@click.option("--ip", metavar="IP", help="Who holds this address.")
@click.option("--show-blocks", is_flag=True, help="The blocks of each pool as well.")
@text_or_json_option
@datastore_option
def ipam_show(*, ip: str | None, show_blocks: bool, output: str, datastore: str | None) -> None:
    """Show how many addresses of each pool are in use, or who holds one.

    \b
    tortie ipam show --show-blocks
    tortie ipam show --ip=192.168.0.1
    """
    from tortie.cli.address_usage import address_text, usage_text
    from tortie.cli.datastore import with_resources

    is_json = output == TextOrJSON.JSON
    if ip is None:
        text = with_resources(
            datastore,
            lambda store: usage_text(store, with_blocks=show_blocks, is_json=is_json),
            may_create=False,
        )
    else:
        text = with_resources(datastore, lambda store: address_text(store, ip, is_json=is_json), may_create=False)
    click.echo(text)
