"""``tortie reflector confirm``: have the reflector of this host obey a datastore that it does not trust."""

from pathlib import Path

import click

from tortie.cli.options import socket_option

__all__ = ["reflector_confirm"]


@click.command
@socket_option
def reflector_confirm(socket: Path | None) -> None:
    """Tell the route reflector of this host to obey the datastore as it stands now.

    A reflector does not act on a datastore that was emptied, restored or replaced under it: `reflector status` says
    so, and its sessions stay. Look at the datastore first; then this lets the reflector follow it.
    """
    from tortie.cli.asking import confirm_datastore

    confirm_datastore(socket, "tortie reflector run")
