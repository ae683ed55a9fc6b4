"""The engine of walks: order, events, misses, the record."""

import asyncio
import json

import pytest

from tortie.lab.errors import LabError
from tortie.lab.walk import (
    Event,
    Outcome,
    Progress,
    Step,
    StepFinished,
    StepProgress,
    StepStarted,
    WalkFinished,
    WalkRecord,
    run_walk,
)


def step(title: str, *, ok: bool = True, error: Exception | None = None, is_always: bool = False) -> Step:
    async def run(progress: Progress) -> Outcome:
        progress("waiting", 1, 2)
        if error is not None:
            raise error
        return Outcome(output="said", expected="this", seen="this" if ok else "that", ok=ok, data={"n": 1})

    return Step(title=title, command=lambda: f"do {title}", run=run, expected="this", host="a", is_always=is_always)


def walk(*steps: Step) -> tuple[WalkRecord, list[Event]]:
    events: list[Event] = []
    return asyncio.run(run_walk("seed", steps, events.append)), events


def test_steps_run_in_order_and_everything_is_told() -> None:
    record, events = walk(step("one"), step("two"))
    assert record.ok
    assert [type(event) for event in events] == [
        StepStarted, StepProgress, StepFinished, StepStarted, StepProgress, StepFinished, WalkFinished,
    ]  # fmt: skip
    assert events[0] == StepStarted(index=1, count=2, title="one", host="a", command="do one")
    assert events[1] == StepProgress(index=1, text="waiting", done=1, total=2)
    assert [finished.title for finished in record.steps] == ["one", "two"]


def test_a_miss_ends_the_walk_except_for_what_always_runs() -> None:
    record, _ = walk(step("one"), step("two", ok=False), step("three"), step("down", is_always=True))
    assert not record.ok
    assert [(finished.index, finished.title, finished.ok) for finished in record.steps] == [
        (1, "one", True),
        (2, "two", False),
        (4, "down", True),
    ]
    assert (record.steps[1].expected, record.steps[1].seen) == ("this", "that")


def test_an_operating_error_is_a_miss_that_says_what_was_seen() -> None:
    record, _ = walk(step("one", error=LabError("the holder ended")))
    assert (record.steps[0].ok, record.steps[0].seen, record.steps[0].expected) == (False, "the holder ended", "this")


def test_a_defect_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        walk(step("one", error=ZeroDivisionError()))


def test_the_record_is_json() -> None:
    record, _ = walk(step("one"))
    data = json.loads(json.dumps(record.to_data()))
    assert (data["name"], data["ok"]) == ("seed", True)
    assert data["steps"][0] == {
        "index": 1, "title": "one", "host": "a", "command": "do one", "output": "said",
        "seconds": data["steps"][0]["seconds"], "ok": True, "expected": "this", "seen": "this", "data": {"n": 1},
    }  # fmt: skip
