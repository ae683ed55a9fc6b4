"""Walks: a list of steps that are done for real and told as they happen. The engine, not the steps.

For: running steps in order, telling each as events, keeping a record. Not here: what the steps do (seed_walk.py), how
events look (the CLI). A step that misses ends the walk, except that steps marked `is_always` still run, so that the lab
is taken down.

Structures to know: `Step`, `Outcome`, the events, and `WalkRecord`, which `--json` writes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field

from tortie.lab.errors import LabError

__all__ = [
    "Event",
    "OnEvent",
    "Outcome",
    "Progress",
    "Step",
    "StepFinished",
    "StepProgress",
    "StepStarted",
    "WalkFinished",
    "WalkRecord",
    "run_walk",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a step.

    Attributes:
        output: what the command printed, or what there is to show; may have several lines.
        expected: what should have come, in words.
        seen: what did.
        ok: they agree.
        data: the same for programs; what JSON can say.
    """

    output: str
    expected: str
    seen: str
    ok: bool
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step begins: what is typed (`command`, as a shell would take it), and where ("" = outside of the lab)."""

    index: int
    count: int
    title: str
    host: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """A step goes on: what it waits for, and how far that is where it can be counted."""

    index: int
    text: str
    done: int | None
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """A step has ended; also the record of it."""

    index: int
    title: str
    host: str
    command: str
    output: str
    seconds: float
    ok: bool
    expected: str
    seen: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkRecord:
    """A whole walk: the steps that ran, in order."""

    name: str
    ok: bool
    seconds: float
    steps: tuple[StepFinished, ...]

    def to_data(self) -> dict[str, object]:
        """Return the record as plain data, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkFinished:
    """The walk has ended."""

    record: WalkRecord


Event = StepStarted | StepProgress | StepFinished | WalkFinished
OnEvent = Callable[[Event], None]
Progress = Callable[[str, int | None, int | None], None]
"""(text, done, total): what a step that runs is told to call while it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a walk.

    Attributes:
        title: what it is, a few words.
        command: what a person would type; asked when the step begins, since it may depend on steps before.
        host: where it is typed, "" = outside of the lab.
        expected: for a step that fails before it can say so itself.
        run: does it.
        is_always: runs even after a step that missed.
    """

    title: str
    command: Callable[[], str]
    run: Callable[[Progress], Awaitable[Outcome]]
    expected: str
    host: str = ""
    is_always: bool = False


async def run_walk(name: str, steps: Sequence[Step], on_event: OnEvent) -> WalkRecord:
    """Run steps in order and return the record; `on_event` is told everything as it happens.

    A step that raises a LabError has missed; other errors end the walk and are raised.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    finished: list[StepFinished] = []
    for index, step in enumerate(steps, start=1):
        if step.is_always or all(record.ok for record in finished):
            finished.append(await _run_step(index, len(steps), step, on_event))
    ok = all(record.ok for record in finished)
    record = WalkRecord(name=name, ok=ok, seconds=round(clock() - began, 3), steps=tuple(finished))
    on_event(WalkFinished(record=record))
    return record


async def _run_step(index: int, count: int, step: Step, on_event: OnEvent) -> StepFinished:
    clock = asyncio.get_running_loop().time
    began = clock()
    command = step.command()
    on_event(StepStarted(index=index, count=count, title=step.title, host=step.host, command=command))

    def progress(text: str, done: int | None, total: int | None) -> None:
        on_event(StepProgress(index=index, text=text, done=done, total=total))

    try:
        outcome = await step.run(progress)
    except LabError as error:
        outcome = Outcome(output="", expected=step.expected, seen=str(error), ok=False)
    finished = StepFinished(
        index=index,
        title=step.title,
        host=step.host,
        command=command,
        output=outcome.output,
        seconds=round(clock() - began, 3),
        ok=outcome.ok,
        expected=outcome.expected,
        seen=outcome.seen,
        data=outcome.data,
    )
    on_event(finished)
    return finished
