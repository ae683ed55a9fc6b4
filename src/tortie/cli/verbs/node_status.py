"""``tortie node status``: the sessions of the agent of this host."""

from pathlib import Path

import click

from tortie.cli.options import socket_option, text_or_json_option

__all__ = ["node_status"]


@click.command
@text_or_json_option
@socket_option
def node_status(output: str, socket: Path | None) -> None:
    """Show what the agent of this host does: its BGP sessions.

    With -o json also each session's counters, last NOTIFICATION in and out, and last events.
    """
    from tortie.cli.asking import print_status

    print_status(socket, output, "tortie node run")
