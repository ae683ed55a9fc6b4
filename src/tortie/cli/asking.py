"""What status, routes and stop do, the same for nodes and reflectors: ask the agent, print its answer.

What it is for: choosing between the agent's own JSON and text for people. What it is NOT for: laying text out
(``sessions.py``, ``paths.py``) or the socket (``agents.py``). Imports no pydantic: asking starts at once.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from tortie.cli.agents import ask, ask_many
from tortie.cli.options import AddressFamily, TextOrJSON
from tortie.cli.paths import paths_text
from tortie.cli.sessions import local_time, status_text

__all__ = ["confirm_datastore", "print_routes", "print_status", "stop_agent"]


def print_status(socket: Path | None, output: str, start_command: str) -> None:
    """Print the agent's status. Raises AgentUnreachable when there is none."""
    status = ask(socket, "status", start_command)
    if output == TextOrJSON.JSON:
        click.echo(json.dumps(status, indent=2))
    else:
        click.echo(status_text(status, local_time()), nl=False)


def print_routes(
    socket: Path | None,
    output: str,
    family: str | None,
    prefixes: Sequence[str],
    start_command: str,
) -> None:
    """Print every path the agent knows, of some prefixes only if any are given.

    Args:
        socket: the agent's, or None for the default.
        output: text, or one JSON list of paths.
        family: only this one, or None for all.
        prefixes: as the agent writes them; empty for all.
        start_command: what to type when no agent runs.
    """
    families = [family] if family is not None else [each.value for each in AddressFamily]
    paths = [
        path
        for each in families
        for path in ask_many(socket, "routes", start_command, {"family": each})
        if not prefixes or path.get("prefix") in prefixes
    ]
    if output == TextOrJSON.JSON:
        click.echo(json.dumps(paths, indent=2))
    else:
        click.echo(paths_text(paths), nl=False)


def stop_agent(socket: Path | None, start_command: str, *, for_restart: bool) -> None:
    """Tell the agent to stop, for good or to be started again; it answers before it does."""
    ask(socket, "stop", start_command, {"for_restart": for_restart})


def confirm_datastore(socket: Path | None, start_command: str) -> None:
    """Tell the agent to obey the datastore as it stands; says what came of it."""
    answer = ask(socket, "confirm", start_command)
    click.echo(
        "the datastore is obeyed" if answer["confirmed"] else "nothing to confirm: the datastore is obeyed already"
    )
