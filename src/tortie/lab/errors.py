"""Errors of the lab.

    LabError                        anything below; a message a person can act on
    ├── TopologyInvalid             a topology file is wrong: file, field, value, expected
    ├── TopologyMalformed           it is no YAML: file, line
    ├── UnknownLab                  no shipped topology, file or running lab of that name
    ├── NoDualStack                 --dual-stack where a topology has no such form
    ├── LabExists                   `up` while a lab of that name runs
    ├── LabNotRunning               `exec`, probes, … while it does not
    ├── RequirementsMissing         the machine lacks something; names it and the line to type as root
    ├── HolderFailed                the holder process did not come up, or died; carries the end of its log
    ├── ControlFailed               the holder or prober refused a request, or does not answer
    ├── NamespaceError              a namespace system call failed
    ├── UnknownTarget               no host or container of that name in the lab
    └── DatastoreFailed             resources of the topology could not be written to the lab's datastore

Not here: what an agent, the API or a command says when it fails: that is output of a process, kept in its log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "ControlFailed",
    "DatastoreFailed",
    "HolderFailed",
    "LabError",
    "LabExists",
    "LabNotRunning",
    "NamespaceError",
    "NoDualStack",
    "Requirement",
    "RequirementsMissing",
    "TopologyInvalid",
    "TopologyMalformed",
    "UnknownLab",
    "UnknownTarget",
]


class LabError(Exception):
    """Base of all errors of the lab; `str()` is a message for people."""


class TopologyInvalid(LabError):
    """A topology file is wrong.

    Attributes:
        source: the file, as the user named it.
        field: dotted path of the field, "" for the whole file.
        value: what stands there, as text.
        expected: what should.
    """

    def __init__(self, source: str, field: str, value: object, expected: str) -> None:
        """Say what is wrong where."""
        self.source = source
        self.field = field
        self.value = value
        self.expected = expected
        where = f"{source}: {field}" if field else source
        super().__init__(f"{where}: found {value!r}, expected {expected}")


class TopologyMalformed(LabError):
    """A topology file is no YAML at all; the message has file and line."""


class UnknownLab(LabError):
    """No shipped topology, file or running lab has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        """Keep the name and what is known."""
        self.name = name
        self.known = tuple(known)
        listed = ", ".join(known) if known else "none"
        super().__init__(f"unknown lab {name!r}: known are {listed}; a path to a topology file (.yaml) is accepted too")


class NoDualStack(LabError):
    """A topology has no form with both families."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        """Name those that have one."""
        super().__init__(f"lab '{name}': no form with IPv4 and IPv6 (--dual-stack is for {', '.join(known)})")


class EtcdImpossible(LabError):
    """A topology has too few nodes for the members of an etcd cluster."""

    def __init__(self, name: str, count: int, nodes: Sequence[str]) -> None:
        """Name those that could have one."""
        found = f"{', '.join(nodes)}" if nodes else "none"
        super().__init__(f"lab '{name}': no {count} etcd members: expected as many nodes with IPv4, found {found}")


class LabExists(LabError):
    """A lab of this name runs already."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        self.name = name
        super().__init__(f"lab {name!r} is up already: `tortie lab down {name}` takes it down")


class LabNotRunning(LabError):
    """The lab that a command speaks of is not up."""

    def __init__(self, name: str, running: Sequence[str]) -> None:
        """Keep the name and the labs that are up."""
        self.name = name
        self.running = tuple(running)
        others = f"up are: {', '.join(running)}" if running else "no lab is up"
        super().__init__(f"lab {name!r} is not up ({others}): `tortie lab up {name}` raises it")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that the machine lacks.

    Attributes:
        name: what is missing: a command, a kernel setting, a file.
        reason: what the lab needs it for, or what the kernel said.
        remedy: the line to type as root.
        is_required: False where the lab comes up without it.
    """

    name: str
    reason: str
    remedy: str
    is_required: bool = True


class RequirementsMissing(LabError):
    """The machine lacks something the lab needs; the message has the lines to type as root."""

    def __init__(self, missing: Sequence[Requirement]) -> None:
        """Keep what is missing."""
        self.missing = tuple(missing)
        lines = [f"  {item.name}: {item.reason}\n      as root: {item.remedy}" for item in self.missing]
        super().__init__("the lab cannot be raised on this machine; missing:\n" + "\n".join(lines))


class HolderFailed(LabError):
    """The holder process did not come up or died; the message ends with the tail of its log."""


class ControlFailed(LabError):
    """A request to the holder or the prober was refused, or nobody answers."""


class NamespaceError(LabError):
    """A namespace system call failed.

    Attributes:
        call: the call and its object, e.g. "setns /proc/1/fd/7".
        errno: what the kernel answered.
    """

    def __init__(self, call: str, errno: int, text: str) -> None:
        """Keep the call and the error."""
        self.call = call
        self.errno = errno
        super().__init__(f"{call}: {text}")


class DatastoreFailed(LabError):
    """The resources of a topology could not be written to the lab's datastore."""


class UnknownTarget(LabError):
    """The lab has no host or container of that name; the message lists those it has."""

    def __init__(self, lab: str, target: str, known: Sequence[str]) -> None:
        """Keep the target and what there is."""
        self.target = target
        self.known = tuple(known)
        super().__init__(f"lab {lab!r} has no host or container {target!r}: there are {', '.join(known)}")
