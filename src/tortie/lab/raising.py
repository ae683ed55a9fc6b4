"""Raising a lab: its folder is filled, its datastore written, its holder started and waited for.

For: the inner part of `up`. Not here: locks, labs that exist already, cleaning up after a failure (lifecycle.py); what
the holder does (holder.py).
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from tortie.lab.certificates import make_authority, write_certificates
from tortie.lab.commands import CommandLines, module_command, process_plans, python_path
from tortie.lab.control import CONTROL_TIMEOUT_S, connect, peer_pid
from tortie.lab.datastore import fill_datastore
from tortie.lab.errors import HolderFailed
from tortie.lab.etcd_lab import CLIENT, etcd_cluster
from tortie.lab.etcd_members import write_cluster_tls
from tortie.lab.namespaces import NamespaceSet
from tortie.lab.paths import LabDirectory
from tortie.lab.plan import HolderPlan, plan_to_json
from tortie.lab.requirements import has_user_namespace, unshare_command
from tortie.lab.state import LabState, identify, write_state
from tortie.lab.topology import Topology
from tortie.lab.wiring import Wiring

__all__ = ["raise_lab"]

SILENCE_TIMEOUT_S: Final = 120.0
"""Longest silence of the holder while the lab is raised; it says each step."""

LINE_BYTES_MAX: Final = 16 * 1024 * 1024
LOG_LINES: Final = 12

OnProgress = Callable[[str], None]
"""Is told each step as it is done."""

_NAMESPACES: Final = TypeAdapter(dict[str, NamespaceSet])


async def raise_lab(
    topology: Topology,
    directory: LabDirectory,
    on_progress: OnProgress,
    commands: CommandLines,
    environment: Mapping[str, str],
) -> LabState:
    """Raise a lab in a folder that is not there yet, and return its state when every process takes connections.

    Args:
        topology: what to raise.
        directory: the folder to make.
        on_progress: is told each step.
        commands: command lines of the processes on hosts.
        environment: of the person, for language and terminal.

    Raises:
        LabError: it could not be raised; the caller removes what there is of it.
    """
    _make_folders(topology, directory)
    now = _wall_clock_now()
    on_progress("certificates")
    _write_files(topology, directory, now)
    on_progress("datastore")
    wiring = await fill_datastore(directory.datastore, topology, now)
    plan = HolderPlan(name=topology.name, wiring=wiring, processes=process_plans(topology, environment, commands))
    directory.plan.write_bytes(plan_to_json(plan))
    return await _start_holder(topology, directory, wiring, on_progress)


def _wall_clock_now() -> datetime:
    """Return the time of day, for certificates and creation times."""
    return datetime.now(UTC)


def _make_folders(topology: Topology, directory: LabDirectory) -> None:
    directory.root.mkdir(mode=0o700)
    for folder in directory.folders(tuple(host.name for host in topology.hosts)):
        folder.mkdir(mode=0o700)


def _write_files(topology: Topology, directory: LabDirectory, now: datetime) -> None:
    servers = [host for host in topology.hosts if host.api_port is not None]
    addresses = [text.partition("/")[0] for host in servers for item in host.interfaces for text in item.addresses]
    names = [host.name for host in servers]
    authority = make_authority(topology.name, now)
    write_certificates(directory.certificates, authority, addresses, names)
    if cluster := etcd_cluster(topology):
        write_cluster_tls(replace(cluster, folder=directory.etcd), authority, [CLIENT])
    directory.names.write_text(_host_names(topology), encoding="ascii")


def _host_names(topology: Topology) -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for host in topology.hosts:
        lines.extend(f"{text} {host.name}" for text in (host.address(4), host.address(6)) if text is not None)
    return "\n".join(lines) + "\n"


async def _start_holder(
    topology: Topology, directory: LabDirectory, wiring: Wiring, on_progress: OnProgress
) -> LabState:
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


async def _wait_ready(directory: LabDirectory, reading: int, on_progress: OnProgress) -> dict[str, object]:
    """Return what the holder says when the lab is ready."""
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    try:
        while True:
            try:
                async with asyncio.timeout(SILENCE_TIMEOUT_S):
                    line = await reader.readline()
            except TimeoutError:
                raise HolderFailed(
                    f"the holder is silent for {SILENCE_TIMEOUT_S:g} s:\n{_log_tail(directory)}"
                ) from None
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


def _finish(directory: LabDirectory, state: LabState, ready: dict[str, object]) -> LabState:
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
    return complete


def _log_tail(directory: LabDirectory) -> str:
    try:
        lines = directory.holder_log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return "\n".join(f"    {line}" for line in lines[-LOG_LINES:]) or "    (its log is empty)"
