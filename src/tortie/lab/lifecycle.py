"""Labs that come and go: raised, found again, taken down.

For: `up` and `down`, and everything that must hold around them: one at a time, no lab twice, what a dead holder left is
cleaned up, nothing stays behind. Not here: how it is done (raising.py, ending.py), what happens inside (holder.py).

A lab's `unshare` process is made by `up` in a session of its own and outlives the command. The structure to know is
`Lab`, a handle on a lab that is up.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tortie.lab.commands import COMMANDS, CommandLines
from tortie.lab.control import CONTROL_TIMEOUT_S, ask, connect
from tortie.lab.ending import end_lab
from tortie.lab.errors import LabError, LabExists
from tortie.lab.foreign.speakers import hosts_left_out, speaker_title, without_missing
from tortie.lab.paths import LabDirectory
from tortie.lab.requirements import check_requirements
from tortie.lab.state import (
    LabState,
    ProcessIdentity,
    base_directories,
    base_directory,
    find_running,
    is_alive,
    locked,
    read_state,
    remove_directory,
    running_labs,
    try_lock,
)
from tortie.lab.topology import Topology

__all__ = ["Lab", "check_not_running", "down", "open_lab", "sweep", "up"]

PROCESS_TIMEOUT_S: Final = 30.0
"""How long starting or ending one process of a lab may take."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab that is up.

    Attributes:
        directory: its state directory.
        state: what stands in state.json.
    """

    directory: LabDirectory
    state: LabState

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.state.name

    @property
    def topology(self) -> Topology:
        """The topology it was raised from."""
        return self.state.topology

    async def ask(self, operation: str, timeout_s: float = CONTROL_TIMEOUT_S, **arguments: object) -> object:
        """Return the holder's answer to a request (see holder.py); ControlFailed if it is refused."""
        return await ask(self.directory.control_socket, operation, timeout_s, **arguments)

    async def start_process(self, name: str) -> None:
        """Start a process of the lab ("node1/reflector") and wait until it is ready.

        Raises:
            ControlFailed: it runs already, ended, or is not ready in time; with the end of its log.
        """
        await self.ask("start", PROCESS_TIMEOUT_S, process=name)

    async def restart_process(self, name: str) -> None:
        """End a process, start it again and wait until it is ready; errors as start_process."""
        await self.ask("restart", PROCESS_TIMEOUT_S, process=name)

    async def stop_process(self, name: str) -> None:
        """End a process: SIGTERM, then SIGKILL. One that does not run is left alone."""
        await self.ask("stop", PROCESS_TIMEOUT_S, process=name)

    async def signal_process(self, name: str, number: int) -> None:
        """Send a signal to a process; ControlFailed if it does not run."""
        await self.ask("signal", process=name, number=number)

    def hold(self) -> Callable[[], None]:
        """Tie the lab to this process: it ends when this process does, even killed.

        Returns:
            A function that lets go, upon which the lab ends.
        """
        held = connect(self.directory.control_socket, CONTROL_TIMEOUT_S)
        held.sendall(b'{"op": "hold"}\n')
        held.recv(1024)
        return held.close


def open_lab(name: str, environment: Mapping[str, str] = os.environ) -> Lab:
    """Return a lab that is up, by name; what dead ones left is removed first.

    Raises:
        LabNotRunning: it is not; the message says which are.
    """
    sweep(environment)
    return Lab(*find_running(name, environment, os.geteuid()))


def check_not_running(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Return if no lab of that name is up; LabExists if one is."""
    if any(state.name == name for _, state in running_labs(environment, os.geteuid())):
        raise LabExists(name)


async def up(
    topology: Topology,
    *,
    on_progress: Callable[[str], None] = lambda _: None,
    commands: CommandLines = COMMANDS,
    environment: Mapping[str, str] = os.environ,
) -> Lab:
    """Raise a lab and return it when every process that starts with it takes connections.

    Args:
        topology: what to raise; its name is the lab's.
        on_progress: is told each step as it is done.
        commands: command lines of the processes on hosts.
        environment: of the person: where state lies, language and terminal.

    Raises:
        RequirementsMissing: the machine lacks something.
        LabExists: a lab of this name is up.
        LabError: something else lies in its place, or it could not be raised; nothing is left of it.
    """
    # Certificates, resources and IPAM are heavy, and other commands on labs need none of them.
    from tortie.lab.raising import raise_lab  # noqa: PLC0415 - see above

    for host in hosts_left_out(topology):
        on_progress(f"host {host.name} is left out: {speaker_title(host.agent)} is not on this machine")
    topology = without_missing(topology)
    await asyncio.to_thread(check_requirements, topology)
    sweep(environment)
    check_not_running(topology.name, environment)
    base = base_directory(environment, os.geteuid())
    async with locked(base):
        directory = LabDirectory(base / topology.name)
        if directory.root.exists():
            if not directory.is_a_labs:
                raise LabError(
                    f"{directory.root} is in the way: it is no lab's folder. Remove it, or set TORTIE_LAB_DIR to "
                    "another place"
                )
            if is_alive(_holder_of(directory)):
                raise LabExists(topology.name)
            await end_lab(directory)
        try:
            state = await raise_lab(topology, directory, on_progress, commands, environment)
            return Lab(directory, state)
        except BaseException:
            await end_lab(directory)
            raise


async def down(name: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Take a lab down and remove everything of it; safe to repeat.

    Returns:
        True if there was something of that name, alive or dead.

    Raises:
        HolderFailed: its processes would not end.
    """
    found = False
    for base in base_directories(environment, os.geteuid()):
        if not LabDirectory(base / name).is_a_labs:
            continue
        async with locked(base):
            directory = LabDirectory(base / name)
            found = found or directory.root.exists()
            await end_lab(directory)
    return found


def sweep(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Remove what dead labs left (a holder that was killed), unless another command is at work; returns their names."""
    swept: list[str] = []
    for base in base_directories(environment, os.geteuid()):
        if not base.is_dir():
            continue
        with try_lock(base) as is_held:
            if is_held:
                swept.extend(_sweep_base(base))
    return swept


def _sweep_base(base: Path) -> list[str]:
    swept: list[str] = []
    for folder in sorted(base.iterdir()):
        directory = LabDirectory(folder)
        if not directory.is_a_labs:
            continue  # somebody's own: not ours to remove
        state = read_state(directory)
        if state is not None and is_alive(state.holder):
            continue
        if state is not None and is_alive(state.unshare):
            # `up` was killed before it knew the holder, and nobody can: end it; the next sweep finds it dead.
            with suppress(ProcessLookupError):
                os.kill(state.unshare.pid, signal.SIGKILL)
            continue
        remove_directory(directory)
        swept.append(folder.name)
    return swept


def _holder_of(directory: LabDirectory) -> ProcessIdentity | None:
    state = read_state(directory)
    return state.holder if state is not None else None
