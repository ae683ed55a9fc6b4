"""What a lab could leave behind, and whether it did.

For: the last step of a walk, and tests. Not here: taking a lab down (lifecycle.py). `Footprint` is taken while the lab
is up: its namespaces by inode, its processes, its folder; `leftovers` looks for them afterwards.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tortie.lab.lifecycle import Lab
from tortie.lab.state import ProcessIdentity, identify, is_alive

__all__ = ["Footprint", "footprint", "leftovers"]

KINDS: Final = ("mnt", "net", "pid", "uts", "user")


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a lab has while it is up: (kind, inode) of its namespaces, its outer processes, its folder."""

    namespaces: frozenset[tuple[str, int]]
    processes: tuple[ProcessIdentity, ...]
    folder: Path


def footprint(lab: Lab) -> Footprint:
    """Return what a lab has now; namespaces that this very process is in do not count."""
    own = _namespaces_of("self")
    holder = lab.state.holder
    found: set[tuple[str, int]] = set()
    processes = [lab.state.unshare]
    if holder is not None:
        processes.append(holder)
        found |= _namespaces_of(str(holder.pid))
        for made in lab.state.namespaces.values():
            for kind, descriptor in (("net", made.network), ("uts", made.host_name), ("mnt", made.mount)):
                if descriptor is not None:
                    with suppress(OSError):
                        found.add((kind, Path(f"/proc/{holder.pid}/fd/{descriptor}").stat().st_ino))
    return Footprint(frozenset(found - own), tuple(processes), lab.directory.root)


def leftovers(before: Footprint) -> list[str]:
    """Return what is still there of a lab, one line each; empty is clean."""
    found = [f"folder {before.folder}"] if before.folder.exists() else []
    found.extend(f"process {process.pid}" for process in before.processes if is_alive(process))
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or identify(int(entry)) is None:
            continue  # a zombie has nothing left but its exit code
        if shared := _namespaces_of(entry) & before.namespaces:
            kinds = ", ".join(sorted(kind for kind, _ in shared))
            found.append(f"process {entry} in namespaces of the lab ({kinds})")
    return found


def _namespaces_of(process: str) -> set[tuple[str, int]]:
    """Return the namespaces of a process that may be looked at, by (kind, inode)."""
    found: set[tuple[str, int]] = set()
    for kind in KINDS:
        with suppress(OSError):
            found.add((kind, Path(f"/proc/{process}/ns/{kind}").stat().st_ino))
    return found
