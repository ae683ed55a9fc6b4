"""Rights that a verb needs, looked at before it starts, so that it fails with a sentence and not half-way.

What it is for: CAP_NET_ADMIN, without which no route can be written. What it is NOT for: ports and files; who opens
them says so.
"""

from pathlib import Path
from typing import Final

from tortie.cli.errors import CommandFailed, ExitCode

__all__ = ["require_network_administration"]

PROCESS_STATUS: Final = Path("/proc/self/status")
CAP_NET_ADMIN: Final = 12
"""Bit of the effective capabilities, capabilities(7)."""


def require_network_administration(process_status: Path = PROCESS_STATUS) -> None:
    """Check that this process may write routes in its network namespace.

    Raises:
        CommandFailed: it may not.
    """
    if not _effective_capabilities(process_status) & (1 << CAP_NET_ADMIN):
        raise CommandFailed(
            "the agent of a node writes kernel routes, which needs CAP_NET_ADMIN: run it as root "
            "(or try it without root: tortie lab run seed)",
            ExitCode.NOT_PERMITTED,
        )


def _effective_capabilities(process_status: Path) -> int:
    for line in process_status.read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            return int(value, 16)
    return 0
