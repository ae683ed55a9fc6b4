"""What every walk through a lab of its own has: the lab is raised, steps type at hosts, it is taken down or stays.

For: the common part of the walks. Not here: what is shown between (seed_walk.py, racks_walk.py), running steps in order
(walk.py), what steps do on a lab (walk_tools.py). Structures to know: `LabWalk`; `run_lab_walk` is the way in.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from tortie.lab.commands import CommandLines
from tortie.lab.errors import LabError
from tortie.lab.execute import Output
from tortie.lab.leftovers import Footprint, footprint, leftovers
from tortie.lab.lifecycle import check_not_running, down, up
from tortie.lab.lines import SEED_LINES
from tortie.lab.requirements import check_requirements
from tortie.lab.status import lab_status
from tortie.lab.topology import Topology
from tortie.lab.walk import OnEvent, Outcome, Progress, Step, WalkRecord, run_walk
from tortie.lab.walk_tools import Hands, outcome

__all__ = ["LabWalk", "run_lab_walk"]


async def run_lab_walk(walk: "LabWalk", on_event: OnEvent) -> WalkRecord:
    """Walk, and return the record, in which a miss stands as `ok` False.

    Raises:
        RequirementsMissing: the machine lacks something; nothing was begun.
        LabExists: a lab of this name is up; it stays as it is.
    """
    await asyncio.to_thread(check_requirements, walk.topology)
    check_not_running(walk.topology.name, walk.environment)
    try:
        return await run_walk(walk.topology.name, walk.steps(), on_event)
    finally:
        await walk.close()


class LabWalk(ABC):
    """The first and the last step, and what those between share."""

    def __init__(
        self, topology: Topology, *, is_kept: bool, commands: CommandLines, environment: Mapping[str, str]
    ) -> None:
        """Take what to raise; nothing is done yet.

        Args:
            topology: to raise.
            is_kept: leave the lab up at the end; else it ends even if this process is killed.
            commands: command lines of the processes on hosts.
            environment: of the person.
        """
        self.topology = topology
        self.environment = environment
        self._is_kept = is_kept
        self._commands = commands
        self._values = {"lab": topology.name}
        self._up: Hands | None = None
        self._let_go: Callable[[], None] | None = None
        self._footprint: Footprint | None = None

    @abstractmethod
    def steps(self) -> list[Step]:
        """Return the steps in order."""

    @abstractmethod
    def _raised_text(self) -> str:
        """Return what is there now, in one line."""

    async def close(self) -> None:
        """End what a step that was cut short left; a lab that is kept stays."""
        if self._let_go is not None:
            self._let_go()
            self._let_go = None
        if self._up is not None and not self._is_kept:
            await down(self.topology.name, self.environment)
            self._up = None

    # ------------------------------------------------------------------------------------------ first and last step

    def _first_step(self) -> Step:
        members = len(self.topology.etcd_hosts)
        line = SEED_LINES.up + (f" --etcd {members}" if members else "")
        return self._step("Raise the lab", line, self._raise, "", "every process takes connections")

    def _last_step(self) -> Step:
        if self._is_kept:
            return self._step("The lab stays up", SEED_LINES.status, self._stay, "", "a lab that is up")
        step = self._step("Lab down", SEED_LINES.down, self._take_down, "", "nothing left behind")
        return replace(step, is_always=True)

    async def _raise(self, progress: Progress) -> Outcome:
        lab = await up(
            self.topology,
            on_progress=lambda text: progress(text, None, None),
            commands=self._commands,
            environment=self.environment,
        )
        self._up = Hands(lab)
        self._footprint = footprint(lab)
        if not self._is_kept:
            self._let_go = lab.hold()
        containers = {item.name: list(item.addresses) for item in lab.state.wiring.containers}
        expected, seen = "every process takes connections", "they do"
        return outcome(expected, seen, ok=True, output=self._raised_text(), containers=containers)

    async def _take_down(self, _: Progress) -> Outcome:
        if self._let_go is not None:
            self._let_go()
            self._let_go = None
        if self._up is None:
            return outcome("nothing left behind", "nothing: it was not raised", ok=True, output="")
        await down(self.topology.name, self.environment)
        self._up = None
        left = leftovers(self._footprint) if self._footprint is not None else []
        return outcome("nothing left behind", "; ".join(left) or "nothing", ok=not left, output="")

    async def _stay(self, _: Progress) -> Outcome:
        status = await lab_status(self._hands.lab)
        output = f"`tortie lab exec HOST -- COMMAND` types at a host; `tortie lab down {status.name}` takes it down"
        return outcome("a lab that is up", f"lab {status.name} with {len(status.hosts)} hosts", ok=True, output=output)

    # ------------------------------------------------------------------------------------------ what steps share

    @property
    def _hands(self) -> Hands:
        if self._up is None:
            raise LabError("the lab is not up")
        return self._up

    async def _type(self, host: str, line: str, **more: str) -> Output:
        """Run a line by a shell on a host, its words in braces filled in."""
        return await self._hands.type(host, line.format(**self._values, **more))

    def _step(
        self,
        title: str,
        line: str | Callable[[], str],
        run: Callable[[Progress], Awaitable[Outcome]],
        host: str,
        expected: str,
    ) -> Step:
        command = (lambda: line.format(**self._values)) if isinstance(line, str) else line
        return Step(title=title, command=command, run=run, expected=expected, host=host)

    def _pinger(self) -> str:
        return self.topology.containers[0].name

    def _ping_line(self) -> str:
        addresses = self._hands.lab.state.wiring.containers[-1].addresses
        return "\n".join(SEED_LINES.ping.format(container_address=text.partition("/")[0]) for text in addresses)
