"""Raising a lab and taking it down: the outside of the holder.

For: `up` and `down`, and everything that must hold around them: one at a time, no lab twice, what a dead holder left is
cleaned up, nothing stays behind. Not here: what happens inside (holder.py, builder.py).

A lab's `unshare` process is made by `up` in a session of its own and outlives the command. The structure to know is
`Lab`, a handle on a lab that is up.
"""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from tortie.lab.certificates import make_authority, write_certificates
from tortie.lab.commands import (
    COMMANDS,
    CommandLines,
    module_command,
    process_plans,
    python_path,
)
from tortie.lab.control import ask, connect, peer_pid
from tortie.lab.datastore import fill_datastore
from tortie.lab.errors import ControlFailed, HolderFailed, LabExists
from tortie.lab.namespaces import NamespaceSet
from tortie.lab.paths import LabDirectory
from tortie.lab.plan import HolderPlan, plan_to_json
from tortie.lab.requirements import check_requirements, has_user_namespace, unshare_command
from tortie.lab.state import (
    LabState,
    ProcessIdentity,
    base_directories,
    base_directory,
    find_running,
    identify,
    is_alive,
    locked,
    read_state,
    remove_directory,
    running_labs,
    try_lock,
    write_state,
)
from tortie.lab.topology import Topology
from tortie.lab.wiring import Wiring

__all__ = ["Lab", "down", "open_lab", "sweep", "up"]

RAISE_TIMEOUT_S: Final = 120.0
"""Longest silence of the holder while the lab is raised; it says each step."""

SHUTDOWN_TIMEOUT_S: Final = 8.0
"""How long the holder has to end by itself; the agents' own limit is supervisor.STOP_TIMEOUT_S."""

UNFINISHED_TIMEOUT_S: Final = 1.0
"""The same where the holder is not known, or dead already: it ends when nobody listens to its progress."""

KILL_TIMEOUT_S: Final = 10.0
CONTROL_TIMEOUT_S: Final = 5.0
PROCESS_TIMEOUT_S: Final = 30.0
LOG_LINES: Final = 12

_NAMESPACES: Final = TypeAdapter(dict[str, NamespaceSet])


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


def wall_clock_now() -> datetime:
    """Return the time of day, for certificates and creation times."""
    return datetime.now(UTC)


def open_lab(name: str, environment: Mapping[str, str] = os.environ) -> Lab:
    """Return a lab that is up, by name; what dead ones left is removed first.

    Raises:
        LabNotRunning: it is not; the message says which are.
    """
    sweep(environment)
    return Lab(*find_running(name, environment, os.geteuid()))


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
        LabError: it could not be raised; nothing is left of it.
    """
    await asyncio.to_thread(check_requirements)
    sweep(environment)
    user = os.geteuid()
    for _, state in running_labs(environment, user):
        if state.name == topology.name:
            raise LabExists(topology.name)
    base = base_directory(environment, user)
    async with locked(base):
        directory = LabDirectory(base / topology.name)
        if directory.root.exists():
            if is_alive(_holder_of(directory)):
                raise LabExists(topology.name)
            await _sweep_directory(directory)
        try:
            return await _raise(topology, directory, on_progress, commands, environment)
        except BaseException:
            await _sweep_directory(directory)
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
        if not (base / name).is_dir():
            continue
        async with locked(base):
            directory = LabDirectory(base / name)
            found = found or directory.root.exists()
            await _sweep_directory(directory)
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


# ------------------------------------------------------------------------------------------------ raising


async def _raise(
    topology: Topology,
    directory: LabDirectory,
    on_progress: Callable[[str], None],
    commands: CommandLines,
    environment: Mapping[str, str],
) -> Lab:
    _make_folders(topology, directory)
    now = wall_clock_now()
    on_progress("certificates")
    _write_files(topology, directory, now)
    on_progress("datastore")
    wiring = await fill_datastore(directory.datastore, topology, now)
    plan = HolderPlan(name=topology.name, wiring=wiring, processes=process_plans(topology, environment, commands))
    directory.plan.write_bytes(plan_to_json(plan))
    return await _start_holder(topology, directory, wiring, on_progress)


def _make_folders(topology: Topology, directory: LabDirectory) -> None:
    directory.root.mkdir(mode=0o700)
    for folder in directory.folders(tuple(host.name for host in topology.hosts)):
        folder.mkdir(mode=0o700)


def _write_files(topology: Topology, directory: LabDirectory, now: datetime) -> None:
    servers = [host for host in topology.hosts if host.api_port is not None]
    addresses = [text.partition("/")[0] for host in servers for item in host.interfaces for text in item.addresses]
    names = [host.name for host in servers]
    write_certificates(directory.certificates, make_authority(topology.name, now), addresses, names)
    directory.names.write_text(_host_names(topology), encoding="ascii")


def _host_names(topology: Topology) -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for host in topology.hosts:
        lines.extend(f"{text} {host.name}" for text in (host.address(4), host.address(6)) if text is not None)
    return "\n".join(lines) + "\n"


async def _start_holder(
    topology: Topology, directory: LabDirectory, wiring: Wiring, on_progress: Callable[[str], None]
) -> Lab:
    reading, writing = os.pipe()
    try:
        pid = _spawn_holder(directory, writing)
    finally:
        os.close(writing)
    identity = identify(pid)
    if identity is None:
        os.close(reading)
        raise HolderFailed(f"the holder ended at once:\n{_log_tail(directory)}")
    state = LabState(
        name=topology.name,
        topology=topology,
        unshare=identity,
        holder=None,
        has_user_namespace=has_user_namespace(),
        wiring=wiring,
        namespaces={},
    )
    write_state(directory, state)
    ready = await _wait_ready(directory, reading, on_progress)
    return _finish(directory, state, ready)


def _spawn_holder(directory: LabDirectory, writing: int) -> int:
    """Start `unshare` with the holder in it, in a session of its own; it outlives this process."""
    arguments = [*unshare_command(), *module_command("tortie.lab.holder", str(directory.root), str(writing))]
    os.set_inheritable(writing, True)
    return os.posix_spawnp(
        arguments[0],
        arguments,
        {**os.environ, "PYTHONPATH": python_path()},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(directory.holder_log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


async def _wait_ready(directory: LabDirectory, reading: int, on_progress: Callable[[str], None]) -> dict[str, object]:
    """Return what the holder says when the lab is ready."""
    reader = asyncio.StreamReader(limit=16 * 1024 * 1024)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    try:
        while True:
            try:
                async with asyncio.timeout(RAISE_TIMEOUT_S):
                    line = await reader.readline()
            except TimeoutError:
                raise HolderFailed(f"the holder is silent for {RAISE_TIMEOUT_S:g} s:\n{_log_tail(directory)}") from None
            if not line:
                raise HolderFailed(f"the holder ended before the lab was ready:\n{_log_tail(directory)}")
            said = json.loads(line)
            if "progress" in said:
                on_progress(str(said["progress"]))
            elif "ready" in said:
                return dict(said["ready"])
            else:
                raise HolderFailed(f"the lab could not be raised: {said.get('error')}")
    finally:
        transport.close()


def _finish(directory: LabDirectory, state: LabState, ready: dict[str, object]) -> Lab:
    """Write down who the holder is and which namespaces it has."""
    with connect(directory.control_socket, CONTROL_TIMEOUT_S) as client:
        holder = identify(peer_pid(client))
    if holder is None:
        raise HolderFailed(f"the holder ended when the lab was ready:\n{_log_tail(directory)}")
    try:
        namespaces = _NAMESPACES.validate_python(ready.get("namespaces"))
    except ValidationError as error:
        raise HolderFailed(f"the holder's answer cannot be read: {error}") from error
    remarks = ready.get("remarks")
    complete = replace(
        state,
        holder=holder,
        namespaces=namespaces,
        remarks=tuple(str(item) for item in remarks) if isinstance(remarks, list) else (),
    )
    write_state(directory, complete)
    return Lab(directory, complete)


def _log_tail(directory: LabDirectory) -> str:
    try:
        lines = directory.holder_log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return "\n".join(f"    {line}" for line in lines[-LOG_LINES:]) or "    (its log is empty)"


# ------------------------------------------------------------------------------------------------ taking down


async def _sweep_directory(directory: LabDirectory) -> None:
    """End what lives of a lab, then remove its folder."""
    state = read_state(directory)
    if state is not None:
        await _end(directory, state)
    remove_directory(directory)


async def _end(directory: LabDirectory, state: LabState) -> None:
    """End a lab's processes: ask the holder, else kill it, else kill `unshare`, with which it dies."""
    if await _wait_gone(state.unshare, await _ask_to_end(directory, state)):
        return
    for process in (state.holder, state.unshare):
        if process is not None and is_alive(process):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            if await _wait_gone(state.unshare, KILL_TIMEOUT_S):
                return
    raise HolderFailed(f"process {state.unshare.pid} of lab {state.name!r} does not end, even killed")


async def _ask_to_end(directory: LabDirectory, state: LabState) -> float:
    """Return how many seconds to wait for the end of a lab, after asking its holder for it."""
    if not is_alive(state.holder):
        return UNFINISHED_TIMEOUT_S
    try:
        await ask(directory.control_socket, "shutdown", CONTROL_TIMEOUT_S)
    except ControlFailed:
        return 0.0
    return SHUTDOWN_TIMEOUT_S


async def _wait_gone(process: ProcessIdentity, timeout_s: float) -> bool:
    """Return True when a process has ended, False if it lives on after a time."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return True
    try:
        if not is_alive(process):
            _reap(process)
            return True
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, ended.set)
        try:
            async with asyncio.timeout(timeout_s):
                await ended.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(descriptor)
    finally:
        os.close(descriptor)
    _reap(process)
    return True


def _reap(process: ProcessIdentity) -> None:
    """Take the status of a process that this very command had started, so that no zombie stays."""
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
