"""What `node diags` collects, and the archive it makes.

What it is for: asking the agent and the system's own programs, and keeping whatever they say, errors too. What it is
NOT for: judging it (``node check``).
"""

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tortie import __version__
from tortie.cli.agents import ask, ask_many
from tortie.cli.errors import ExitCode, explain

__all__ = ["COMMANDS", "collect", "write_archive"]

COMMAND_TIME_S_MAX: Final = 10
LOG_BYTES_MAX: Final = 16 << 20
"""Of each log its last bytes, so many."""
ARCHIVE_MODE: Final = 0o600
START: Final = "tortie node run"

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("date", "-u"),
    "hostname": ("hostname",),
    "uname": ("uname", "-a"),
    "addresses": ("ip", "-d", "address"),
    "links": ("ip", "-d", "-s", "link"),
    "routes": ("ip", "route", "show", "table", "all"),
    "routes-v6": ("ip", "-6", "route", "show", "table", "all"),
    "rules": ("ip", "rule"),
    "neighbours": ("ip", "neighbour"),
    "sockets": ("ss", "-tnpi"),
    "forwarding": ("sysctl", "-a", "--pattern", r"net\.ipv[46]\..*(forwarding|rp_filter|proxy_arp)"),
    "journal": ("journalctl", "--no-pager", "-n", "5000", "-u", "tortie-*"),
}
"""Name of the file → what is run for it; none of them changes anything."""


def collect(socket: Path | None, log_directory: Path) -> dict[str, bytes]:
    """Return name of each file → its content."""
    parts = {"version": __version__.encode()}
    parts["agent-status.json"] = _asked(lambda: ask(socket, "status", START))
    for family in ("ipv4", "ipv6"):
        parts[f"agent-routes-{family}.json"] = _asked(partial(_all_routes, socket, family))
    for name, command in COMMANDS.items():
        parts[f"{name}.txt"] = _output_of(command)
    if log_directory.is_dir():
        for log in sorted(log_directory.glob("*.log*")):
            parts[f"logs/{log.name}"] = _tail(log)
    return parts


def write_archive(file: Path, parts: Mapping[str, bytes]) -> None:
    """Write the files as one archive that only its owner can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, ARCHIVE_MODE)
    os.fchmod(descriptor, ARCHIVE_MODE)
    with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for name, content in parts.items():
            member = tarfile.TarInfo(f"tortie-diags/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _all_routes(socket: Path | None, family: str) -> object:
    return list(ask_many(socket, "routes", START, {"family": family}))


def _asked(question: Callable[[], object]) -> bytes:
    try:
        return json.dumps(question(), indent=2).encode()
    except Exception as error:
        code, text = explain(error)
        if code is ExitCode.INTERNAL:
            raise
        return f"not to be had: {text}\n".encode()


def _output_of(command: tuple[str, ...]) -> bytes:
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMMAND_TIME_S_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not to be had: {error}\n".encode()
    return done.stdout if done.returncode == 0 else done.stdout + f"[exit {done.returncode}]\n".encode()


def _tail(log: Path) -> bytes:
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - LOG_BYTES_MAX))
            return stream.read(LOG_BYTES_MAX)
    except OSError as error:
        return f"not to be had: {error}\n".encode()
