"""What the steps of a walk do on a lab: type a line, wait for sessions, ping everybody.

For: the walk through the document, and others to come. Not here: the steps themselves (seed_walk.py), running them in
order (walk.py). The structure to know is `Hands`, which work on one lab that is up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from tortie.lab.execute import Output, run_on
from tortie.lab.lifecycle import Lab
from tortie.lab.probe import Probe, Reach, silent_text
from tortie.lab.status import LabStatus, lab_status
from tortie.lab.walk import Outcome, Progress

__all__ = ["Hands", "outcome", "said"]

SESSIONS_TIMEOUT_S: Final = 40.0
REACH_TIMEOUT_S: Final = 30.0
COMMAND_TIMEOUT_S: Final = 20.0
POLL_S: Final = 0.1


class Hands:
    """Hands on a lab that is up."""

    def __init__(self, lab: Lab) -> None:
        """Take the lab."""
        self.lab = lab
        self.probe = Probe(lab)

    async def type(self, host: str, line: str) -> Output:
        """Run a line by a shell on a host; LabError if it does not end in COMMAND_TIMEOUT_S."""
        return await run_on(self.lab, host, ["/bin/sh", "-c", line], timeout_s=COMMAND_TIMEOUT_S)

    async def wait_sessions(self, count: Callable[[LabStatus], tuple[int, int]], progress: Progress) -> LabStatus:
        """Return the first status in which all session ends are there.

        Where that never comes it is the last one before the deadline, or the first one with an agent that has ended.

        Args:
            count: (ends that are there, ends that should be) of a status.
            progress: is told both while it waits.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + SESSIONS_TIMEOUT_S
        while True:
            status = await lab_status(self.lab)
            done, total = count(status)
            if done == total or clock() >= end or any(host.has_ended_agent for host in status.hosts):
                return status
            progress("session ends established", done, total)
            await asyncio.sleep(POLL_S)

    async def ping_all(self, progress: Progress) -> Outcome:
        """Wait until every container answers every other, and return how that went."""

        def note(reach: Reach) -> None:
            progress("pairs of containers answer", reach.answered, reach.pairs)

        reach = await self.probe.wait_reached(REACH_TIMEOUT_S, note)
        return outcome(
            f"{reach.pairs} of {reach.pairs} pairs answer",
            f"{reach.answered} of {reach.pairs}" + (f"; silent: {silent_text(reach.silent)}" if reach.silent else ""),
            ok=not reach.silent,
            output=f"{reach.answered} of {reach.pairs} pairs answer, the slowest in {reach.rtt_max_s * 1000:.1f} ms",
            pairs=reach.pairs,
            silent=[asdict(pair) for pair in reach.silent],
        )


def outcome(expected: str, seen: str, *, ok: bool, output: str, **data: object) -> Outcome:
    """Return an outcome; `data` is for programs."""
    return Outcome(output=output.strip("\n"), expected=expected, seen=seen, ok=ok, data=data)


def said(output: Output, expected: str, *, ok: bool) -> Outcome:
    """Return the outcome of a command that is judged by what it printed."""
    error = output.stderr.strip() if not ok else ""
    seen = output.stdout.strip() or error or "no word"
    if output.exit_code != 0:
        seen = f"exit code {output.exit_code}: {seen}" + (f" {error}" if error and error != seen else "")
    return outcome(expected, seen, ok=ok, output=output.stdout + (f"\n{error}" if error else ""))
