"""``tortie reflector status``: the sessions of the route reflector of this host."""

from pathlib import Path

import click

from tortie.cli.options import socket_option, text_or_json_option

__all__ = ["reflector_status"]


@click.command
@text_or_json_option
@socket_option
def reflector_status(output: str, socket: Path | None) -> None:
    """Show what the route reflector of this host does: its BGP sessions.

    With -o json also each session's counters, last NOTIFICATION in and out, and last events.
    """
    from tortie.cli.asking import print_status

    print_status(socket, output, "tortie reflector run")
