"""``tortie datastore upgrade``: bring the datastore to the newest schema."""

import click

from tortie.cli.options import datastore_option

__all__ = ["datastore_upgrade"]


@click.command
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@datastore_option
def datastore_upgrade(*, dry_run: bool, datastore: str | None) -> None:
    """Bring the datastore to the newest schema that this tortie knows.

    Upgrade the software of all hosts first: an older one neither reads nor writes a newer schema, and stays with what
    it does. There is no way back but a backup. An upgrade that broke off is finished by running it again.
    """
    from tortie.cli.datastore import with_driver
    from tortie.store import Store
    from tortie.store.schema_upgrade import Upgrade, describe, plan_upgrade, run_upgrade

    async def work(store: Store) -> tuple[Upgrade, int]:
        upgrade = await plan_upgrade(store)
        return upgrade, 0 if dry_run else await run_upgrade(store, upgrade)

    upgrade, count = with_driver(datastore, work)
    if not upgrade.steps:
        click.echo(f"nothing to do: the datastore has schema {upgrade.target}")
        return
    for step in upgrade.steps:
        click.echo(f"schema {step.version}: {step.text}")
    if dry_run:
        for operation in upgrade.changes:
            click.echo(f"would {describe(operation)}")
        click.echo("nothing was changed (--dry-run)")
    else:
        click.echo(f"the datastore has schema {upgrade.target}; {count} other records were rewritten")
