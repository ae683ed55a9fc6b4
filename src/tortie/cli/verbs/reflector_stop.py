"""``tortie reflector stop``: end the route reflector of this host."""

from pathlib import Path

import click

from tortie.cli.options import socket_option

__all__ = ["reflector_stop"]


@click.command
@socket_option
def reflector_stop(socket: Path | None) -> None:
    """Tell the route reflector of this host to end its sessions and stop."""
    from tortie.cli.asking import stop_agent

    stop_agent(socket, "tortie reflector run")
