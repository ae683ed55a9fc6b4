"""BIRD as the speaker of a host: BIRD 2, and BIRD 1.6 with a daemon a family.

What it is NOT for: the text of its configuration (`tortie.fabric.bird`). Control sockets lie where the programs look
for them by themselves, below the host's own /run, so that `birdc show protocols` can be typed there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tortie.fabric import NodeIntent
from tortie.fabric.bird import render_bird1, render_bird2, session_name
from tortie.lab.foreign.daemon import Daemon, asked, run_command, wait_until, write_private
from tortie.lab.foreign.speakers import bird1_program

__all__ = ["Bird1", "Bird2", "states_by_name"]

CONTROL_FOLDER: Final = Path("/run/bird")
PROTOCOL_LINE: Final = re.compile(r"^(\S+)\s+BGP\s+\S+\s+\S+\s+\S+\s+(\w*)", re.MULTILINE)
"""`show protocols`: name, BGP, table, state, since, the state of the session and why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One daemon: its programs, its control socket, the start of its file's name, the text of its configuration."""

    program: str
    control_program: str
    control: Path
    name: str
    text: str


class Bird2(Daemon):
    """One process for both families."""

    writes_blackholes = True
    _applied: tuple[_Part, ...] = ()
    _addresses: Mapping[str, str] = MappingProxyType({})
    """Name of a session's protocol → the peer's address."""

    async def apply(self, intent: NodeIntent) -> None:
        """See Daemon."""
        CONTROL_FOLDER.mkdir(mode=0o700, exist_ok=True)
        self._applied = self._parts(intent)
        self._addresses = {session_name(session): session.remote_address for session in intent.sessions}
        for part in self._applied:
            new, file = self.folder / f"{part.name}.conf.new", self.folder / f"{part.name}.conf"
            write_private(new, part.text)
            await run_command(part.program, "-p", "-c", str(new))
            new.replace(file)
            if part.name in self.processes.names:
                await run_command(part.control_program, "-s", str(part.control), "configure")
            else:
                await self._start(part, file)

    def session_states(self) -> dict[str, str]:
        """See Daemon."""
        found: dict[str, str] = {}
        for part in self._applied:
            found |= states_by_name(asked((part.control_program, "-s", str(part.control), "show", "protocols")))
        return {self._addresses[name]: state for name, state in found.items() if name in self._addresses}

    async def _start(self, part: _Part, file: Path) -> None:
        await self.processes.start(part.name, part.program, "-f", "-c", str(file), "-s", str(part.control))
        question = (part.control_program, "-s", str(part.control), "show", "status")
        await wait_until(f"{part.name} answers", lambda: bool(asked(question)), self.processes)

    def _parts(self, intent: NodeIntent) -> tuple[_Part, ...]:
        return (_Part("bird", "birdc", CONTROL_FOLDER / "bird.ctl", "bird", render_bird2(intent)),)


class Bird1(Bird2):
    """A process a family; the one for IPv6 where the host has an IPv6 address."""

    def _parts(self, intent: NodeIntent) -> tuple[_Part, ...]:
        own = {"ipv4": intent.address_v4, "ipv6": intent.address_v6}
        names = {"ipv4": ("bird", "birdc"), "ipv6": ("bird6", "birdc6")}
        return tuple(
            _Part(
                bird1_program(names[family][0]),
                bird1_program(names[family][1]),
                CONTROL_FOLDER / f"{names[family][0]}.ctl",
                names[family][0],
                render_bird1(intent, family),
            )
            for family, address in own.items()
            if address is not None
        )


def states_by_name(text: str) -> dict[str, str]:
    """Return the name of each BGP protocol in the output of `show protocols` and its state, "idle" if none is shown."""
    return {name: state.lower() or "idle" for name, state in PROTOCOL_LINE.findall(text)}
