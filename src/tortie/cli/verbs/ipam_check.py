"""``tortie ipam check``: whether the records of addresses agree with one another and with what is in use."""

from pathlib import Path

import click

from tortie.cli.options import datastore_option, path

__all__ = ["ipam_check"]


@click.command
@click.option("--show-all-ips", is_flag=True, help="Every address and who uses it.")
@click.option("--show-problem-ips", is_flag=True, help="What is wrong, one line each.")
@click.option(
    "--output", "-o", "report", metavar="FILE", type=path(), help="Write a report for `ipam release`, as JSON."
)
@click.option("--kubeconfig", metavar="FILE", hidden=True)
@datastore_option
def ipam_check(
    *,
    show_all_ips: bool,
    show_problem_ips: bool,
    report: Path | None,
    kubeconfig: str | None,
    datastore: str | None,
) -> None:
    """Check that blocks, handles and addresses in use agree.

    Looks for addresses that are taken and used by nobody, used and not taken, used twice; handles without addresses;
    blocks and claims that contradict one another. In use are the addresses of workload endpoints and of nodes'
    tunnels. The exit code is 0 whatever is found.

    \b
    tortie ipam check --show-problem-ips
    tortie ipam check -o report.json
    """
    from tortie.cli.address_report import check_text, inspected, report_text
    from tortie.cli.datastore import with_resources
    from tortie.cli.errors import CommandFailed

    if kubeconfig is not None:
        raise CommandFailed("--kubeconfig: Kubernetes is not asked; the datastore's workload endpoints count")
    found = with_resources(datastore, inspected, may_create=False)
    click.echo(check_text(found, shows_all=show_all_ips, shows_problems=show_problem_ips), nl=False)
    if report is not None:
        report.write_text(report_text(found), encoding="utf-8")
