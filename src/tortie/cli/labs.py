"""What the lab verbs share: which lab is meant, progress for people, the tables of a lab's status.

What it is for: the thin layer between ``lab`` and the verbs. What it is NOT for: raising labs (``lab.lifecycle``), the
steps of the walks (``lab.walks``) and how they look (``walk_view.py``).
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.tables import aligned_table
from tortie.cli.walk_view import WalkView, wants_colour
from tortie.lab.commands import agent_process
from tortie.lab.etcd_lab import with_etcd
from tortie.lab.foreign.speakers import speaker_title
from tortie.lab.lifecycle import Lab, open_lab
from tortie.lab.state import running_labs
from tortie.lab.status import HostStatus, LabStatus
from tortie.lab.supervisor import ProcessReport
from tortie.lab.topology import Topology, load_topology, with_agents
from tortie.lab.walks import run_topology

__all__ = [
    "chosen_topology",
    "process_name",
    "show_progress",
    "status_data",
    "status_text",
    "the_lab",
    "walk_through",
]

HOST_HEADINGS: Final = ("HOST", "ROLE", "AGENT", "ADDRESSES", "SESSIONS", "PROCESSES")
CONTAINER_HEADINGS: Final = ("CONTAINER", "HOST", "ADDRESSES")
NOTHING: Final = "-"


def the_lab(name: str | None) -> Lab:
    """Return the lab of a name, or the only one that is up.

    Raises:
        LabNotRunning: it is not up.
        CommandFailed: no lab is up, or several are and none was named.
    """
    if name is not None:
        return open_lab(name)
    running = [state.name for _, state in running_labs(os.environ, os.geteuid())]
    if not running:
        raise CommandFailed("no lab is up: `tortie lab up seed` raises one", ExitCode.UNREACHABLE)
    if len(running) > 1:
        raise CommandFailed(f"several labs are up, name one of them: {', '.join(running)}", ExitCode.USAGE)
    return open_lab(running[0])


def process_name(lab: Lab, given: str) -> str:
    """Return the name of a process: as given, or a host's agent where only the host is named."""
    role = next((host.role for host in lab.topology.hosts if host.name == given), None)
    return given if role is None else agent_process(given, role)


def show_progress(step: str) -> None:
    """Print a step of a long task on standard error, as it is done."""
    sys.stderr.write(f"  {step}\n")
    sys.stderr.flush()


def chosen_topology(
    name: str, agents: Iterable[str], *, is_dual_stack: bool = False, etcd_member_count: int = 0
) -> Topology:
    """Return a topology by name or file, with other agents on some hosts, and with another datastore.

    Args:
        name: name or file.
        agents: "HOST=AGENT" each.
        is_dual_stack: the shipped one's form with both families.
        etcd_member_count: members of its etcd cluster, 0 = the datastore is a file.

    Raises:
        CommandFailed: not of that form.
        EtcdImpossible: too few nodes for the members.
        TopologyInvalid: no such host or agent.
    """
    pairs = [text.partition("=") for text in agents]
    for host, mark, agent in pairs:
        if not (host and mark and agent):
            raise CommandFailed(f"--agent {host}{mark}{agent}: expected HOST=AGENT, as kube-node1=bird", ExitCode.USAGE)
    topology = with_agents(load_topology(name, is_dual_stack=is_dual_stack), {host: agent for host, _, agent in pairs})
    return with_etcd(topology, etcd_member_count) if etcd_member_count else topology


def walk_through(plan: Topology, *, is_kept: bool, json_file: Path | None) -> ExitCode:
    """Walk through a topology in a lab of its own, printing each step; return the exit code.

    Args:
        plan: the topology.
        is_kept: leave the lab up.
        json_file: where to write the record as well; opened first, so that an hour is not walked for nothing.
    """
    view = WalkView(sys.stdout, is_terminal=wants_colour(sys.stdout, os.environ))
    with ExitStack() as files:
        file = None if json_file is None else files.enter_context(json_file.open("w", encoding="utf-8"))
        record = asyncio.run(run_topology(plan, view, is_kept=is_kept))
        if file is not None:
            json.dump(record.to_data(), file, indent=2)
            file.write("\n")
    return ExitCode.OK if record.ok else ExitCode.FAILED


def status_data(status: LabStatus) -> dict[str, Any]:
    """Return what there is of a lab as plain data."""
    return asdict(status)


def status_text(status: LabStatus) -> str:
    """Return what there is of a lab as tables, and below them what is not well."""
    hosts = aligned_table(HOST_HEADINGS, [_host_row(host) for host in status.hosts])
    containers = [[each.name, each.host, " ".join(each.addresses)] for each in status.containers]
    tables = [hosts, *([aligned_table(CONTAINER_HEADINGS, containers)] if containers else [])]
    notes = [*_problems(status.hosts), *(f"note: {remark}" for remark in status.remarks)]
    parts = [f"lab '{status.name}' is up", *(table.strip("\n") for table in tables), "\n".join(notes)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _problems(hosts: Sequence[HostStatus]) -> Iterator[str]:
    """Yield a line for each thing that is not well; what several agents say stands once."""
    for host in hosts:
        if host.problem:
            yield host.problem if host.problem.startswith(host.name) else f"{host.name}: {host.problem}"
    for text, names in _sayers((host.name, host.datastore_problem) for host in hosts if host.datastore_problem):
        yield f"datastore NOT FOLLOWED by {', '.join(names)}: {text}"
    for text, names in _sayers((host.name, text) for host in hosts for text in host.quarantine):
        who = names[0] if len(names) == 1 else f"{len(names)} hosts"
        yield f"set aside by {who}: {text}"


def _sayers(sayings: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[str]]]:
    """Return each text with the names of those who say it."""
    found: dict[str, list[str]] = {}
    for name, text in sayings:
        found.setdefault(text, []).append(name)
    return found.items()


def _host_row(host: HostStatus) -> list[str]:
    if host.sessions is None:
        sessions = NOTHING
    else:
        sessions = f"{sum(session.is_established for session in host.sessions)} of {len(host.sessions)} up"
    processes = ", ".join(_process_text(report) for report in host.processes)
    return [host.name, host.role, speaker_title(host.agent), " ".join(host.addresses), sessions, processes or NOTHING]


def _process_text(report: ProcessReport) -> str:
    """Return a process and what became of it, in a few words."""
    name = report.name.rpartition("/")[2]
    if report.is_running:
        return name
    code = report.exit_status
    if code is None:
        return f"{name} (not started)"
    return f"{name} (killed by signal {-code})" if code < 0 else f"{name} (ended with {code})"
