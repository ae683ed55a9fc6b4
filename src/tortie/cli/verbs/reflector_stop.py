"""``tortie reflector stop``: end the route reflector of this host."""

from pathlib import Path

import click

from tortie.cli.options import for_restart_option, socket_option, stop_message_option

__all__ = ["reflector_stop"]


@click.command
@for_restart_option
@stop_message_option
@socket_option
def reflector_stop(*, for_restart: bool, message: str, socket: Path | None) -> None:
    """Tell the route reflector of this host to end its sessions and stop.

    Its clients forget what it told them, unless it stops for a restart.
    """
    from tortie.cli.asking import stop_agent

    stop_agent(socket, "tortie reflector run", for_restart=for_restart, message=message)
