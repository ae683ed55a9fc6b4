"""``tortie ipam configure``: how addresses are handed out."""

import click

from tortie.cli.options import datastore_option

__all__ = ["ipam_configure"]


@click.command
@click.option("--strictaffinity", metavar="true|false", type=bool, help="No node takes addresses from another's block.")
@click.option("--max-blocks-per-host", metavar="N", type=int, help="So many blocks a node at most; 0: any number.")
@click.option("--kubevirt-ip-persistence", metavar="Enabled|Disabled", help="Whether virtual machines keep addresses.")
@click.option("--ip-cooldown-seconds", metavar="N", type=int, help="An address rests so long before it is taken again.")
@datastore_option
@click.pass_context
def ipam_configure(
    context: click.Context,
    *,
    strictaffinity: bool | None,
    max_blocks_per_host: int | None,
    kubevirt_ip_persistence: str | None,
    ip_cooldown_seconds: int | None,
    datastore: str | None,
) -> None:
    """Change how addresses are handed out; what is not named stays.

    It is the resource IPAMConfiguration, named default.

    \b
    tortie ipam configure --strictaffinity=true --max-blocks-per-host=4
    """
    from tortie.cli.address_settings import configure
    from tortie.cli.datastore import with_resources

    changes = {
        "strictAffinity": strictaffinity,
        "maxBlocksPerHost": max_blocks_per_host,
        "kubeVirtVMAddressPersistence": kubevirt_ip_persistence,
        "ipCooldownSeconds": ip_cooldown_seconds,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise click.UsageError("at least one option says what to change", context)
    click.echo(with_resources(datastore, lambda store: configure(store, given)))
