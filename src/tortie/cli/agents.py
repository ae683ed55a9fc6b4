"""Asking a running agent over its status socket.

What it is for: finding the socket and getting JSON from it, the same for nodes and reflectors. What it is NOT for: the
protocol (``node.status_client``), showing answers (``sessions.py``, ``paths.py``).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tortie.cli.settings import run_directory
from tortie.node import status_client

__all__ = ["STATUS_SOCKET_NAME", "ask", "ask_many", "status_socket"]

STATUS_SOCKET_NAME: Final = "status.sock"


def status_socket(given: Path | None) -> Path:
    """Return the socket to ask: the one given, else the one in the run directory."""
    return given if given is not None else run_directory() / STATUS_SOCKET_NAME


def ask(
    socket: Path | None, operation: str, start_command: str, arguments: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the agent's answer to one question.

    Args:
        socket: path given on the command line, or None for the default.
        operation: the question.
        start_command: what to type when no agent runs; for the error's message.
        arguments: of the question.

    Raises:
        AgentUnreachable: nobody answers.
        AgentRefused: the agent says no.
    """
    return status_client.request(status_socket(socket), operation, start_command=start_command, **(arguments or {}))


def ask_many(
    socket: Path | None, operation: str, start_command: str, arguments: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield the agent's answers to a question that has many; raises as `ask` does."""
    path = status_socket(socket)
    return status_client.stream(
        path, operation, timeout_s=status_client.TIMEOUT_S_DEFAULT, start_command=start_command, **arguments
    )
