"""``tortie ipam split``: split a pool into smaller ones."""

import click

from tortie.cli.options import datastore_option

__all__ = ["ipam_split"]


@click.command
@click.argument("number", type=int)
@click.option("--name", metavar="NAME", help="The pool, by its name.")
@click.option("--cidr", metavar="CIDR", help="The pool, by its range.")
@datastore_option
@click.pass_context
def ipam_split(
    context: click.Context, *, number: int, name: str | None, cidr: str | None, datastore: str | None
) -> None:
    """Split a pool into NUMBER pools of equal size, a power of two.

    Addresses and blocks stay as they are. The change is one transaction: nothing need be locked.

    \b
    tortie ipam split 4 --name=default
    """
    from tortie.change.splitting import split_pool
    from tortie.cli.datastore import utc_now, with_resources, with_store
    from tortie.cli.errors import CommandFailed
    from tortie.model import IPPool

    if (name is None) == (cidr is None):
        raise click.UsageError("--name or --cidr says which pool", context)
    if name is None:
        pools = with_resources(datastore, lambda store: store.list("IPPool"), may_create=False)
        names = [pool.name for pool in pools if isinstance(pool, IPPool) and pool.spec.cidr == cidr]
        if not names:
            raise CommandFailed(f"no IPPool has the CIDR {cidr}")
        name = names[0]
    pool_name = name
    parts = with_store(datastore, lambda store: split_pool(store, pool_name, number, utc_now()), may_create=False)
    for part in parts:
        click.echo(f"Created IPPool {part.name} with CIDR {part.spec.cidr}")
    click.echo(f"Successfully split IPPool {name} into {len(parts)}")
