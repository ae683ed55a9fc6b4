"""What systemd is told: that we are ready, what we are doing, and that the event loop still turns.

For: the few datagrams of sd_notify(3) and the watchdog of sd_watchdog_enabled(3), for units of Type=notify. Not for:
anything that a program without systemd would miss: without its variables in the environment nothing is sent.
A library was refused: the protocol is one datagram of lines, and a reflector that stands alone must stay small.

Structure to know: `ServiceManager`.
"""

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

__all__ = ["ServiceManager"]

SOCKET_VARIABLE: Final = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE: Final = "WATCHDOG_USEC"
WATCHDOG_PROCESS_VARIABLE: Final = "WATCHDOG_PID"
MICROSECONDS: Final = 1_000_000


class ServiceManager:
    """The service manager that started this process, if one did."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Find it in the environment."""
        address = environment.get(SOCKET_VARIABLE, "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._watchdog_s = _watchdog_interval_s(environment) if address else None
        self._is_ready = False

    def ready(self, status: str = "") -> None:
        """Say that we are configured and at work; a second time only the status is told."""
        self._tell(*(() if self._is_ready else ("READY=1",)), f"STATUS={status}")
        self._is_ready = True

    def status(self, text: str) -> None:
        """Say in one line what we do or wait for; `systemctl status` shows it."""
        self._tell(f"STATUS={text}")

    def stopping(self) -> None:
        """Say that we are about to end."""
        self._tell("STOPPING=1")

    async def keep_watchdog(self) -> None:
        """Show the watchdog that the event loop turns, twice in each interval; ends at once where none waits."""
        while self._watchdog_s is not None:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._watchdog_s / 2)

    def _tell(self, *lines: str) -> None:
        """Send one datagram; a manager that does not take it does not stop us: it has the watchdog."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)
            text = "\n".join(" ".join(line.splitlines()) for line in lines)
            sender.sendto(text.encode(errors="replace"), self._address)


def _watchdog_interval_s(environment: Mapping[str, str]) -> float | None:
    """Return the watchdog's interval, None where none waits for this very process."""
    if environment.get(WATCHDOG_PROCESS_VARIABLE, str(os.getpid())) != str(os.getpid()):
        return None
    text = environment.get(WATCHDOG_VARIABLE, "")
    return int(text) / MICROSECONDS if text.isascii() and text.isdigit() and int(text) > 0 else None
