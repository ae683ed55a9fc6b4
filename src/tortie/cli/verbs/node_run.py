"""``tortie node run``: the agent of this host."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tortie.cli.completing import complete_nodes
from tortie.cli.options import datastore_option, place_options, reporting_options, secrets_option
from tortie.cli.watch_options import watch_options
from tortie.node.metrics_address import MetricsAddress

if TYPE_CHECKING:
    from tortie.speaker import WatchOptions  # for the reader of types only: --help must not import a speaker

__all__ = ["node_run"]


@click.command
@click.option(
    "--name",
    metavar="NAME",
    envvar="NODENAME",
    show_envvar=True,
    help="Name of this host's node. Default: the host name.",
    shell_complete=complete_nodes,
)
@place_options
@secrets_option
@watch_options
@reporting_options
@datastore_option
def node_run(
    *,
    name: str | None,
    run_dir: Path | None,
    state_dir: Path | None,
    status_socket: Path | None,
    secrets_dir: Path | None,
    log_format: str | None,
    log_level: str,
    metrics: MetricsAddress | None,
    watch: "WatchOptions",
    datastore: str | None,
) -> None:
    """Run the agent of this host until stopped.

    It announces the host's address blocks, learns the routes of the others and keeps them in the kernel; they stay
    there when it stops. It goes on when the datastore does not. `tortie node stop`, SIGTERM or Ctrl-C stop it. It
    needs root (CAP_NET_ADMIN, CAP_NET_BIND_SERVICE), and gives up all other capabilities.

    \b
    tortie node run --name kube-node1
    """
    import platform

    from tortie.cli.datastore_agents import run_datastore_agent
    from tortie.cli.rights import require_network_administration
    from tortie.cli.running import Reporting
    from tortie.fabric import node_intent

    require_network_administration()
    node = name or platform.node().lower()
    run_datastore_agent(
        role="node",
        name=node,
        plan=lambda fabric: node_intent(fabric, node),
        datastore=datastore,
        run_directory=run_dir,
        state=state_dir,
        status_socket=status_socket,
        secrets_directory=secrets_dir,
        reporting=Reporting(log_format=log_format, log_level=log_level, metrics=metrics, watch=watch),
    )
