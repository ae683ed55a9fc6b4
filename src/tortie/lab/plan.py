"""What the holder is told: the wiring and the processes, as one JSON file. Pure.

Not here: deciding it (lifecycle.py, wiring.py, commands.py), doing it (builder.py, supervisor.py).
The structures to know are `HolderPlan` and `ProcessPlan`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from pydantic import TypeAdapter, ValidationError

from tortie.lab.errors import LabError
from tortie.lab.wiring import Wiring

__all__ = [
    "FILLING",
    "LAB_PROCESSES",
    "PROBER",
    "HolderPlan",
    "ProbeTarget",
    "ProbeTargets",
    "ProcessPlan",
    "Stage",
    "plan_from_json",
    "plan_to_json",
    "targets_from_json",
    "targets_to_json",
]

PROBER: Final = "lab/prober"
"""Name of the prober among the holder's processes."""

FILLING: Final = "lab/filling"
"""Name of the task that fills etcd; it has done its work when it ends."""

LAB_PROCESSES: Final = frozenset({PROBER, FILLING})
"""Processes that are no host's."""


class Stage(IntEnum):
    """When a process starts: a stage begins when all of the one before are ready."""

    DATASTORE = 0
    FILLING = 1
    AGENTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlan:
    """One process that the holder runs and watches.

    Attributes:
        name: "kube-node1/node": host and what it is.
        host: whose namespaces it runs in, "" = the holder's own.
        arguments: command line; the command is looked up in PATH of `environment`, inside the host.
        environment: the whole environment.
        log: file for standard output and error, relative to the state directory.
        is_automatic: start it when the lab comes up.
        ready_socket: it is ready when this unix socket takes connections; relative to the state directory.
        stage: when it starts; a process of the stage FILLING is ready when it has ended without an error.
        ready_port: it is ready when this TCP address of its host takes connections ("10.10.31.190", 2379).
    """

    name: str
    host: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    log: str
    is_automatic: bool = True
    ready_socket: str | None = None
    ready_port: tuple[str, int] | None = None
    stage: Stage = Stage.AGENTS

    @property
    def is_task(self) -> bool:
        """It does its work and ends."""
        return self.stage is Stage.FILLING


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderPlan:
    """All that the holder is to make and run."""

    name: str
    wiring: Wiring
    processes: tuple[ProcessPlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget:
    """One container to ping from and to: its namespace as a path and its addresses without prefix length."""

    name: str
    network: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTargets:
    """Whom the prober pings: every container, each with every other."""

    targets: tuple[ProbeTarget, ...]


_PLAN: Final = TypeAdapter(HolderPlan)
_TARGETS: Final = TypeAdapter(ProbeTargets)


def plan_to_json(plan: HolderPlan) -> bytes:
    """Return the plan as JSON."""
    return _PLAN.dump_json(plan, indent=1)


def plan_from_json(data: bytes) -> HolderPlan:
    """Return the plan that JSON holds; LabError if it is none."""
    try:
        return _PLAN.validate_json(data)
    except ValidationError as error:
        raise LabError(f"the lab's plan cannot be read: {error}") from error


def targets_to_json(targets: ProbeTargets) -> bytes:
    """Return the prober's targets as JSON."""
    return _TARGETS.dump_json(targets, indent=1)


def targets_from_json(data: bytes) -> ProbeTargets:
    """Return the targets that JSON holds; LabError if it holds none."""
    try:
        return _TARGETS.validate_json(data)
    except ValidationError as error:
        raise LabError(f"the prober's targets cannot be read: {error}") from error
