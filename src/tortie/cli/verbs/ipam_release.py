"""``tortie ipam release``: give addresses back that nobody uses any more."""

from pathlib import Path

import click

from tortie.cli.options import datastore_option, path

__all__ = ["ipam_release"]


@click.command
@click.option("--ip", metavar="IP", help="This address, whoever holds it.")
@click.option(
    "--from-report",
    "reports",
    metavar="FILE",
    type=path(),
    multiple=True,
    help="What a report of `ipam check` calls leaked; of several reports what all of them do.",
)
@click.option("--force", is_flag=True, help="Believe a single report, or release an address that is in use.")
@datastore_option
@click.pass_context
def ipam_release(
    context: click.Context, *, ip: str | None, reports: tuple[Path, ...], force: bool, datastore: str | None
) -> None:
    """Give back an address, or those that reports call leaked.

    An address in use is kept. An address that is taken while a container starts looks leaked for a moment: make two
    reports with some time between them. What was given to another meanwhile is left alone.

    \b
    tortie ipam release --ip=192.168.0.1
    tortie ipam release --from-report=monday.json --from-report=tuesday.json
    """
    from tortie.cli.address_release import release_one, release_reported
    from tortie.cli.address_report import read_report
    from tortie.cli.datastore import with_store

    if (ip is None) == (not reports):
        raise click.UsageError("--ip or --from-report says what to release", context)
    if ip is not None:
        text = with_store(datastore, lambda store: release_one(store, ip, may_be_in_use=force), may_create=False)
    else:
        if len(set(reports)) == 1 and not force:
            raise click.UsageError("a single report is believed only with --force; give two", context)
        read = [read_report(report) for report in reports]
        text = with_store(datastore, lambda store: release_reported(store, read), may_create=False)
    click.echo(text)
