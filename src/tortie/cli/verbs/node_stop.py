"""``tortie node stop``: end the agent of this host."""

from pathlib import Path

import click

from tortie.cli.options import socket_option

__all__ = ["node_stop"]


@click.command
@socket_option
def node_stop(socket: Path | None) -> None:
    """Tell the agent of this host to end its sessions and stop.

    Its routes stay in the kernel.
    """
    from tortie.cli.asking import stop_agent

    stop_agent(socket, "tortie node run")
