"""What status, routes and stop do, the same for nodes and reflectors: ask the agent, print its answer.

What it is for: choosing between the agent's own JSON and text for people. What it is NOT for: laying text out
(``sessions.py``, ``paths.py``) or the socket (``agents.py``). Imports no pydantic: asking starts at once.
"""

import json
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final

import click

from tortie.cli.agents import ask, ask_many
from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.options import AddressFamily, TextOrJSON
from tortie.cli.paths import paths_text
from tortie.cli.sessions import local_time, status_text

__all__ = ["confirm_datastore", "drain_agent", "print_routes", "print_status", "stop_agent", "write_mrt"]

STOP_MESSAGE_OCTETS_MAX: Final = 255
"""RFC 9003 §2."""

Network = IPv4Network | IPv6Network


def print_status(
    socket: Path | None, output: str, start_command: str, *, shows_all: bool, events: int, shows_all_events: bool
) -> None:
    """Print the agent's status.

    Args:
        socket: the agent's, or None for the default.
        output: text or JSON; all that follows counts for text only.
        start_command: what to type when no agent runs.
        shows_all: every session, however many there are.
        events: how many of the last events.
        shows_all_events: all that the agent keeps.

    Raises:
        AgentUnreachable: there is none.
    """
    status = ask(socket, "status", start_command)
    if output == TextOrJSON.JSON:
        click.echo(json.dumps(status, indent=2))
    else:
        events_max = None if shows_all_events else events
        click.echo(status_text(status, local_time(), shows_all=shows_all, events_max=events_max), nl=False)


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
        prefixes: such as 10.0.0.0/8, or an address, which stands for the longest known prefix it is in; empty for all.
        start_command: what to type when no agent runs.

    Raises:
        CommandFailed: one of them is neither.
    """
    networks = dict.fromkeys(_network(text) for text in prefixes)
    families = [family] if family is not None else [each.value for each in AddressFamily]
    if networks:
        wanted = [network for network in networks if f"ipv{network.version}" in families]
        found = [path for network in wanted for path in _paths_of(network, socket, start_command)]
        paths = [path for index, path in enumerate(found) if path not in found[:index]]
    else:
        paths = [path for each in families for path in ask_many(socket, "routes", start_command, {"family": each})]
    if output == TextOrJSON.JSON:
        click.echo(json.dumps(paths, indent=2))
    else:
        click.echo(paths_text(paths), nl=False)


def write_mrt(socket: Path | None, file: Path, start_command: str, *, is_part: bool) -> None:
    """Write every path the agent knows as an MRT table dump (RFC 6396 §4.3); the file is there whole or not at all.

    Args:
        socket: the agent's, or None for the default.
        file: where to; what is there is replaced.
        start_command: what to type when no agent runs.
        is_part: only some paths were asked for, which a table is not.

    Raises:
        CommandFailed: a part was asked for.
    """
    if is_part:
        raise CommandFailed("--mrt writes all paths: expected neither PREFIX nor --family", ExitCode.USAGE)
    scratch = file.with_name(f"{file.name}.new")
    try:
        with scratch.open("wb") as table:
            for item in ask_many(socket, "mrt", start_command, {}):
                table.write(bytes.fromhex(item["record"]))
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise CommandFailed(
            f"PREFIX {text!r}: expected a prefix such as 10.0.0.0/8, or an address ({error})", ExitCode.USAGE
        ) from error


def _paths_of(network: Network, socket: Path | None, start_command: str) -> list[dict[str, Any]]:
    family = {"family": f"ipv{network.version}"}
    paths = list(ask_many(socket, "routes", start_command, {**family, "prefix": str(network)}))
    if paths or network.prefixlen < network.max_prefixlen:
        return paths
    return _around(network, ask_many(socket, "routes", start_command, family))


def _around(host: Network, paths: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the paths of the longest prefix that an address is in."""
    length = -1
    found: list[dict[str, Any]] = []
    for path in paths:
        network = ip_network(path["prefix"])
        if network.prefixlen < length or host.network_address not in network:
            continue
        if network.prefixlen > length:
            length, found = network.prefixlen, []
        found.append(path)
    return found


def stop_agent(socket: Path | None, start_command: str, *, for_restart: bool, message: str) -> None:
    """Tell the agent to stop, for good or to be started again; it answers before it does.

    Args:
        socket: the agent's, or None for the default.
        start_command: what to type when no agent runs.
        for_restart: peers are to keep its routes meanwhile.
        message: for the operators of the peers, "" = none.

    Raises:
        CommandFailed: the message is too long.
    """
    try:
        octet_count = len(message.encode())
    except UnicodeEncodeError as error:
        raise CommandFailed(f"--message {message!a}: expected text in UTF-8", ExitCode.USAGE) from error
    if octet_count > STOP_MESSAGE_OCTETS_MAX:
        raise CommandFailed(
            f"--message: {octet_count} octets of UTF-8, expected at most {STOP_MESSAGE_OCTETS_MAX}", ExitCode.USAGE
        )
    ask(socket, "stop", start_command, {"for_restart": for_restart, "message": message})


def drain_agent(socket: Path | None, start_command: str, *, undo: bool) -> None:
    """Tell the agent to make its routes a last resort, or to take that back; says what came of it."""
    answer = ask(socket, "drain", start_command, {"undo": undo})
    click.echo("draining: its routes are a last resort" if answer["draining"] else "not draining")


def confirm_datastore(socket: Path | None, start_command: str) -> None:
    """Tell the agent to obey the datastore as it stands; says what came of it."""
    answer = ask(socket, "confirm", start_command)
    click.echo(
        "the datastore is obeyed" if answer["confirmed"] else "nothing to confirm: the datastore is obeyed already"
    )
