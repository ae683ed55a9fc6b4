"""``tortie node stop``: end the agent of this host."""

from pathlib import Path

import click

from tortie.cli.options import for_restart_option, socket_option, stop_message_option

__all__ = ["node_stop"]


@click.command
@for_restart_option
@stop_message_option
@socket_option
def node_stop(*, for_restart: bool, message: str, socket: Path | None) -> None:
    """Tell the agent of this host to end its sessions and stop.

    Its routes stay in the kernel. Its peers forget what it announced, unless it stops for a restart.

    \b
    tortie node stop --message "new kernel, back at 14:00"
    """
    from tortie.cli.asking import stop_agent

    stop_agent(socket, "tortie node run", for_restart=for_restart, message=message)
