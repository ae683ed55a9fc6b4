"""``tortie node drain``: have the agent of this host lead traffic away before it stops."""

from pathlib import Path

import click

from tortie.cli.options import drain_options

__all__ = ["node_drain"]


@click.command
@drain_options
def node_drain(*, undo: bool, socket: Path | None) -> None:
    """Make the routes of this host's agent a last resort (RFC 8326).

    Peers of another AS are told so by the community 65535:0, peers of its own AS by a LOCAL_PREF of 0, and what it
    hears from another AS counts as little. Sessions stay; whoever has another way uses that one. It lasts until --undo,
    or until it is started again.
    """
    from tortie.cli.asking import drain_agent

    drain_agent(socket, "tortie node run", undo=undo)
