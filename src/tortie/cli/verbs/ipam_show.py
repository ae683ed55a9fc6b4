"""``tortie ipam show``: how full the pools are, or who holds an address."""

import click

from tortie.cli.options import TextOrJSON, datastore_option, text_or_json_option

__all__ = ["ipam_show"]


@click.command
@click.option("--ip", metavar="IP", help="Who holds this address.")
@click.option("--show-blocks", is_flag=True, help="The blocks of each pool as well.")
@click.option("--show-borrowed", is_flag=True, help="Addresses used on a node that their block does not belong to.")
@click.option("--show-configuration", is_flag=True, help="How addresses are handed out.")
@text_or_json_option
@datastore_option
def ipam_show(
    *,
    ip: str | None,
    show_blocks: bool,
    show_borrowed: bool,
    show_configuration: bool,
    output: str,
    datastore: str | None,
) -> None:
    """Show how many addresses of each pool are in use, or who holds one.

    \b
    tortie ipam show --show-blocks
    tortie ipam show --ip=192.168.0.1
    """
    from tortie.cli.address_settings import configuration_text
    from tortie.cli.address_usage import address_text, borrowed_text, usage_text
    from tortie.cli.datastore import with_resources
    from tortie.store import ResourceStore

    is_json = output == TextOrJSON.JSON

    async def text(store: ResourceStore) -> str:
        if ip is not None:
            return await address_text(store, ip, is_json=is_json)
        if show_borrowed:
            return await borrowed_text(store, is_json=is_json)
        if show_configuration:
            return await configuration_text(store, is_json=is_json)
        return await usage_text(store, with_blocks=show_blocks, is_json=is_json)

    click.echo(with_resources(datastore, text, may_create=False))
