"""``tortie node check``: what is missing on this host."""

from pathlib import Path

import click

from tortie.cli.completing import complete_nodes
from tortie.cli.options import TextOrJSON, datastore_option, socket_option, text_or_json_option

__all__ = ["node_check"]

ETC = Path("/etc/tortie")


@click.command
@click.option(
    "--name",
    metavar="NAME",
    envvar="NODENAME",
    show_envvar=True,
    help="Name of this host's node. Default: the host name.",
    shell_complete=complete_nodes,
)
@text_or_json_option
@socket_option
@datastore_option
def node_check(*, name: str | None, output: str, socket: Path | None, datastore: str | None) -> None:
    """Say what this host lacks to be a node, with the line to type for each.

    Nothing is changed. It looks at rights, kernel, sysctls, the BGP port, programs that do the same work, the clock,
    the datastore, this host's node in it, MTU and file modes. The exit code is 1 if anything failed. Run it as root:
    an ordinary user sees less.

    \b
    tortie node check --name kube-node1
    """
    import asyncio
    import json
    import platform
    from dataclasses import asdict

    from tortie.cli.agents import status_socket
    from tortie.cli.errors import CommandFailed
    from tortie.cli.findings import findings_text
    from tortie.cli.settings import datastore_url, run_directory, state_directory
    from tortie.node.host_checks import Level, check_host
    from tortie.node.host_plan import read_host_plan
    from tortie.node.host_reading import read_host_facts

    url = datastore_url(datastore)
    plan = asyncio.run(read_host_plan(name or platform.node().lower(), url))
    private = [run_directory(), state_directory(None), *sorted(ETC.glob("*.env")), *_private_files(url)]
    port = plan.intent.listen_port if plan.intent else 179
    findings = check_host(read_host_facts(plan.intent, port, status_socket(socket), private), plan)
    if output == TextOrJSON.JSON:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        click.echo(findings_text([asdict(finding) for finding in findings]), nl=False)
    if any(finding.level is Level.FAIL for finding in findings):
        raise CommandFailed


def _private_files(url: str) -> list[Path]:
    """Return the files of a datastore that nobody else is to read: the data file, the key that we show to etcd."""
    import os

    from tortie.store.etcd_settings import etcd_settings

    scheme, _, path = url.partition("://")
    if scheme == "sqlite":
        return [Path(path)]
    key = etcd_settings(url, os.environ).key if scheme in ("etcd", "etcds") else None
    return [key.path] if key is not None and key.path is not None else []
