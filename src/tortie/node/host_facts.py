"""What is so on this host, as values: what `tortie node check` judges.

For: the values that reading (`host_reading`, `host_plan`) gives and judging (`host_checks`) takes. Not for: either.
Structures to know: `HostFacts` and `HostPlan`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tortie.fabric import NodeIntent

__all__ = ["FileFact", "HostFacts", "HostPlan", "InterfaceFact", "Listener", "Process", "RouteFact"]


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this host's network namespace."""

    pid: int
    name: str


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who listens on a TCP port; `process` is None where it is not ours to see."""

    address: str
    port: int
    process: Process | None = None


@dataclass(frozen=True, slots=True)
class InterfaceFact:
    """An interface with its addresses as text, such as 10.10.31.193/24; `rp_filter` is the value in force (0 to 2)."""

    name: str
    mtu: int
    addresses: tuple[str, ...] = ()
    rp_filter: int = 0


@dataclass(frozen=True, slots=True)
class RouteFact:
    """A route of the main table that is neither ours nor the kernel's own, by protocol number (RTPROT_*)."""

    prefix: str
    protocol: int


@dataclass(frozen=True, slots=True)
class FileFact:
    """A file or directory that holds what others are not to read: its permission bits and owner."""

    path: str
    mode: int
    user_id: int
    is_directory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """What the datastore says of this host.

    Attributes:
        name: node name looked for.
        datastore: URL.
        problem: why it cannot be read, or "".
        schema_problem: why this software must leave it alone, or "".
        intent: what the node should do; None where it is not known.
        intent_problem: why not, or "".
    """

    name: str
    datastore: str
    problem: str = ""
    schema_problem: str = ""
    intent: NodeIntent | None = None
    intent_problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """All that was found.

    Attributes:
        capabilities: effective ones, as a bit mask (capabilities(7)).
        lacks: feature of the kernel → what it answered when it was tried; features that are there are not named.
        settings: path below /proc/sys → value, None where there is no such file.
        interfaces: that are up.
        listeners: on the BGP port.
        rivals: processes of programs that do the same work.
        agent: name of the node or reflector whose agent answers on the status socket, "" if none does.
        is_clock_synchronised: None where the kernel does not say.
        foreign_routes: within the pools.
        files: those that are there.
    """

    capabilities: int = 0
    lacks: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str | None] = field(default_factory=dict)
    interfaces: tuple[InterfaceFact, ...] = ()
    listeners: tuple[Listener, ...] = ()
    rivals: tuple[Process, ...] = ()
    agent: str = ""
    is_clock_synchronised: bool | None = None
    foreign_routes: tuple[RouteFact, ...] = ()
    files: tuple[FileFact, ...] = ()
