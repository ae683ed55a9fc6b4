"""The page that says what thousands of nodes cost (docs/scale.md), from what a whole run has measured."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["Run", "write_page"]


@dataclass(frozen=True)
class Run:
    """One datastore: what the two speakers measured (scale_world.py), and the memory of real agents, MiB by role."""

    datastore: str
    resources: int
    measured: Mapping[str, Mapping[str, Any]]
    memory_mib: Mapping[str, float]


ROLES: Final = {"node": "node", "reflector": "reflector"}

HEAD: Final = """\
# Scale

{nodes} nodes, each with a block and {workloads} workloads, and {reflectors} route reflectors that every node peers
with: {resources} resources, each reflector with {nodes} clients. A run of `tests/scale` wrote this page:

```sh
TORTIE_SCALE_PAGE=docs/scale.md scripts/test --all tests/scale
```

Medians of {runs} (first intent) and {changes} (changes), on {machine}; etcd's one member runs on the same processors,
whose load was {load:.1f} when the run ended. *Seconds* are those of a clock on the wall, *processor* what the measuring
process itself has worked: where the load is above the number of processors, only the latter says what the work costs.
Targets: the first list and the intent in 3 s, a change in the intent of whom it concerns in 100 ms.
"""

TAIL: Final = """
## How it is measured

- **First intent**: an agent's reader (`node/intent_source.py`) from an empty memory: connect, list, decode, judge,
  plan. **Engine**: the speaker has taken all its peers (no connection is opened).
- **Changes**: from before the write, by another client of the datastore, to the new intent (*intent*), and to the
  engine that has taken it (*acted*; the same where the intent does not change). Every change is planned and compared,
  whether it concerns this speaker or not. *Processor* is for all of it, the write's client included.
- After each sort of change the intent is compared with one that is planned from scratch from a new list; the run fails
  where they differ.
- **Memory**: resident set of `tortie node run` and `tortie reflector run` once they have acted on this datastore. No
  client answers there: what routes cost is another matter.
- The AS number of the cluster is part of every node's record, so that its change has all of them read anew: it is the
  one change that takes longer than the target, and it resets every session anyway.
- An agent writes its last intent to disk after it has acted; that is in none of these times.
"""


def write_page(path: Path, runs: Sequence[Run], constants: Mapping[str, int]) -> None:
    """Write the page."""
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}"
    head = HEAD.format(resources=runs[0].resources, machine=machine, load=os.getloadavg()[0], **constants)
    path.write_text(head + _firsts(runs) + _changes(runs) + TAIL, encoding="utf-8")


def _firsts(runs: Sequence[Run]) -> str:
    lines = [
        "",
        "## First intent, and memory",
        "",
        "| datastore | speaker | sessions | seconds | processor | engine, ms | agent's memory, MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        for role, found in run.measured.items():
            lines.append(
                f"| {run.datastore} | {role} | {found['sessions']} | {found['first_s']:.1f} | "
                f"{found['processor_s']:.1f} | {1000 * found['engine_s']:.0f} | {run.memory_mib[role]:.0f} |"
            )
    return "\n".join(lines) + "\n"


def _changes(runs: Sequence[Run]) -> str:
    columns = [(run, role) for run in runs for role in run.measured]
    lines = [
        "",
        "## Changes, ms: intent / acted / processor",
        "",
        f"| change | {' | '.join(f'{run.datastore}, {role}' for run, role in columns)} |",
        "|---|" + "---|" * len(columns),
    ]
    for what in next(iter(runs[0].measured.values()))["changes"]:
        cells = (run.measured[role]["changes"][what] for run, role in columns)
        texts = (" / ".join(f"{1000 * seconds:.0f}" for seconds in cell) for cell in cells)
        lines.append(f"| {what} | {' | '.join(texts)} |")
    return "\n".join(lines) + "\n"
