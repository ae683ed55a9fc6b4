"""``tortie reflector status``: the sessions of the route reflector of this host."""

from pathlib import Path

import click

from tortie.cli.options import status_options

__all__ = ["reflector_status"]


@click.command
@status_options
def reflector_status(*, output: str, socket: Path | None, shows_all: bool, events: int, all_events: bool) -> None:
    """Show what the route reflector of this host does: sessions and last events.

    Of more than 30 sessions only those are shown that are not established. With -o json also each session's counters,
    last NOTIFICATION in and out, and the last steps of its state machine.
    """
    from tortie.cli.asking import print_status

    print_status(
        socket, output, "tortie reflector run", shows_all=shows_all, events=events, shows_all_events=all_events
    )
