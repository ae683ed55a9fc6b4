"""``tortie node confirm``: have the agent of this host obey a datastore that it does not trust."""

from pathlib import Path

import click

from tortie.cli.options import socket_option

__all__ = ["node_confirm"]


@click.command
@socket_option
def node_confirm(socket: Path | None) -> None:
    """Tell the agent of this host to obey the datastore as it stands now.

    An agent does not act on a datastore that was emptied, restored or replaced under it: `node status` says so, and
    sessions and routes stay. Look at the datastore first; then this lets the agent follow it.
    """
    from tortie.cli.asking import confirm_datastore

    confirm_datastore(socket, "tortie node run")
