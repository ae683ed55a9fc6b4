"""What there is of a lab that is up: hosts, their processes, their agents' sessions, containers.

For: `lab status`, and the walk, which counts sessions. Not here: how it is shown. Each agent is asked on its own status
socket, whose folder lies in the lab's state directory; one that does not answer is reported as such, and the rest is
not lost.
"""

import asyncio
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from tortie.lab.commands import STATUS_SOCKET, agent_process
from tortie.lab.errors import ControlFailed
from tortie.lab.lifecycle import Lab
from tortie.lab.plan import LAB_PROCESSES
from tortie.lab.supervisor import ProcessReport, exit_text
from tortie.lab.wiring import ContainerWiring
from tortie.node.errors import AgentNotRunning, AgentRefused, AgentUnreachable
from tortie.node.status_client import request, stream

__all__ = ["HostStatus", "LabStatus", "SessionStatus", "agent_routes", "agent_status", "lab_status"]

ASK_TIMEOUT_S: Final = 3.0
ESTABLISHED: Final = "established"
DESCRIPTOR_PATH: Final = re.compile(r"/proc/self/fd/\d+")
"""How the folder is named in errors; see _reachable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatus:
    """One BGP session as an agent tells it; `age_s` in its state."""

    remote_address: str
    local_address: str
    state: str
    age_s: float
    peer_as: int
    is_client: bool
    roles: tuple[str, ...]

    @property
    def is_established(self) -> bool:
        """True in state Established."""
        return self.state.lower() == ESTABLISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """One host.

    Attributes:
        name, role, agent: as in the topology.
        addresses: of its interfaces, with prefix length.
        processes: those of this host.
        sessions: of its agent, None where none answers.
        problem: why none answers, "" if one does or none is expected.
        datastore_problem: why the agent does not follow its datastore, "" if it does.
        quarantine: records that the agent has set aside, as "kind name: reason".
    """

    name: str
    role: str
    agent: str
    addresses: tuple[str, ...]
    processes: tuple[ProcessReport, ...]
    sessions: tuple[SessionStatus, ...] | None
    problem: str
    quarantine: tuple[str, ...]
    datastore_problem: str = ""

    @property
    def has_ended_agent(self) -> bool:
        """True if the host's agent was started and is no more: waiting for it is in vain."""
        name = agent_process(self.name, self.role)
        return any(each.name == name and each.starts and not each.is_running for each in self.processes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabStatus:
    """One lab; hosts and containers in the topology's order."""

    name: str
    folder: str
    holder_pid: int
    has_user_namespace: bool
    hosts: tuple[HostStatus, ...]
    containers: tuple[ContainerWiring, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    sessions: tuple[SessionStatus, ...]
    quarantine: tuple[str, ...]
    datastore_problem: str


_REPORTS: Final = TypeAdapter(tuple[ProcessReport, ...])
_SESSIONS: Final = TypeAdapter(tuple[SessionStatus, ...])


async def lab_status(lab: Lab) -> LabStatus:
    """Return what there is of a lab.

    Raises:
        ControlFailed: the holder does not answer.
    """
    reports = await _reports(lab)
    by_host: dict[str, list[ProcessReport]] = {}
    for report in reports:
        if report.name not in LAB_PROCESSES:
            by_host.setdefault(report.host, []).append(report)
    hosts = await asyncio.gather(
        *(_host_status(lab, host.name, by_host.get(host.name, [])) for host in lab.topology.hosts)
    )
    assert lab.state.holder is not None, "a lab that is up has a holder"
    return LabStatus(
        name=lab.name,
        folder=str(lab.directory.root),
        holder_pid=lab.state.holder.pid,
        has_user_namespace=lab.state.has_user_namespace,
        hosts=tuple(hosts),
        containers=lab.state.wiring.containers,
        remarks=lab.state.remarks,
    )


async def agent_status(lab: Lab, host: str) -> dict[str, Any]:
    """Return the whole status of a host's agent, as `node status -o json` prints it.

    Raises:
        ControlFailed: the agent does not answer.
    """

    def ask() -> dict[str, Any]:
        with _reachable(lab.directory.host_run(host)) as socket:
            return request(socket, "status", timeout_s=ASK_TIMEOUT_S)

    try:
        return await asyncio.to_thread(ask)
    except (AgentUnreachable, AgentRefused) as error:
        raise ControlFailed(f"{host}: {error}") from error


async def agent_routes(lab: Lab, host: str) -> list[dict[str, object]]:
    """Return every path that a host's agent knows.

    Raises:
        ControlFailed: the agent does not answer.
    """

    def ask() -> list[dict[str, object]]:
        with _reachable(lab.directory.host_run(host)) as socket:
            return list(stream(socket, "routes", timeout_s=ASK_TIMEOUT_S))

    try:
        return await asyncio.to_thread(ask)
    except (AgentUnreachable, AgentRefused) as error:
        raise ControlFailed(f"{host}: {error}") from error


async def _reports(lab: Lab) -> tuple[ProcessReport, ...]:
    answer = await lab.ask("status")
    try:
        return _REPORTS.validate_python(answer)
    except ValidationError as error:
        raise ControlFailed(f"the holder's answer cannot be read: {error}") from error


async def _host_status(lab: Lab, name: str, processes: list[ProcessReport]) -> HostStatus:
    answer, problem = None, ""
    try:
        answer = await asyncio.to_thread(_ask_agent, lab.directory.host_run(name))
    except (AgentUnreachable, AgentRefused, ValidationError) as error:
        ended = [process for process in processes if process.starts and not process.is_running]
        if ended:
            problem = "; ".join(_ending(lab, process) for process in ended)
        elif any(process.is_running for process in processes):
            problem = f"{name}: {DESCRIPTOR_PATH.sub(str(lab.directory.host_run(name)), str(error))}"
    host = lab.topology.host(name)
    return HostStatus(
        name=name,
        role=host.role,
        agent=host.agent,
        addresses=tuple(text for item in host.interfaces for text in item.addresses),
        processes=tuple(processes),
        sessions=answer.sessions if answer else None,
        problem=problem,
        quarantine=answer.quarantine if answer else (),
        datastore_problem=answer.datastore_problem if answer else "",
    )


def _ending(lab: Lab, process: ProcessReport) -> str:
    """Return how a process ended, and where to read why."""
    how = exit_text(process.exit_status) if process.exit_status is not None else "ended"
    return f"{process.name} ended ({how}), see {lab.directory.root / process.log}"


def _ask_agent(run_directory: Path) -> _Answer:
    with _reachable(run_directory) as socket:
        answer = request(socket, "status", timeout_s=ASK_TIMEOUT_S)
    records = answer.get("quarantine")
    items = [item for item in records if isinstance(item, Mapping)] if isinstance(records, list) else []
    return _Answer(
        sessions=_SESSIONS.validate_python(answer.get("sessions")),
        datastore_problem=_datastore_problem(answer.get("datastore")),
        quarantine=tuple(f"{item.get('kind')} {item.get('name')}: {item.get('reason')}" for item in items),
    )


def _datastore_problem(datastore: object) -> str:
    if not isinstance(datastore, Mapping) or (datastore.get("is_connected") and not datastore.get("is_held")):
        return ""
    return str(datastore.get("text") or "no reason is known")


@contextmanager
def _reachable(run_directory: Path) -> Iterator[str]:
    """Yield a path of the status socket that fits an address, however long the folder's own path is."""
    try:
        folder = os.open(run_directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise AgentNotRunning(f"{run_directory}: {error.strerror}") from error
    try:
        yield f"/proc/self/fd/{folder}/{STATUS_SOCKET}"
    finally:
        os.close(folder)
