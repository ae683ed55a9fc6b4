"""What the steps of a walk do on a lab: type a line, wait for sessions, ping everybody.

For: the walk through the document, and others to come. Not here: the steps themselves (seed_walk.py,
racks_walk.py), running them in order (walk.py). The structure to know is `Hands`, which work on one lab that is up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from tortie.lab.errors import LabError
from tortie.lab.execute import Output, run_on
from tortie.lab.lifecycle import Lab
from tortie.lab.probe import Probe, Reach, silent_text
from tortie.lab.status import LabStatus, agent_status, lab_status
from tortie.lab.topology import Host
from tortie.lab.walk import Outcome, Progress

__all__ = ["PING_ROUNDS", "Hands", "outcome", "said"]

SESSIONS_TIMEOUT_S: Final = 40.0
REACH_TIMEOUT_S: Final = 30.0
COMMAND_TIMEOUT_S: Final = 20.0
POLL_S: Final = 0.1
PING_INTERVAL_S: Final = 0.1

PING_ROUNDS: Final = 20
"""How many rounds of pings go on after a failure before the lost ones are counted."""


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

        def is_done(status: LabStatus) -> bool:
            done, total = count(status)
            is_vain = any(host.has_ended_agent for host in status.hosts)
            if done != total and not is_vain:
                progress("session ends established", done, total)
            return done == total or is_vain

        return await self.wait_status(is_done)

    async def wait_status(self, is_so: Callable[[LabStatus], bool]) -> LabStatus:
        """Return the first status of which something is so, or the last one before the deadline."""
        clock = asyncio.get_running_loop().time
        end = clock() + SESSIONS_TIMEOUT_S
        while True:
            status = await lab_status(self.lab)
            if is_so(status) or clock() >= end:
                return status
            await asyncio.sleep(POLL_S)

    async def wait_restarted(self, host: str) -> None:
        """Return when an agent of ours that has restarted knows what its peers have, and tells the others.

        Raises:
            LabError: it does not in SESSIONS_TIMEOUT_S.
        """
        try:
            async with asyncio.timeout(SESSIONS_TIMEOUT_S):
                while (await agent_status(self.lab, host))["speaker"]["deferred_families"]:  # noqa: ASYNC110 - it happens in another process
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise LabError(f"{host} waits for its peers for {SESSIONS_TIMEOUT_S:g} s") from None

    async def wait_said(self, host: str, line: str, is_so: Callable[[str], bool]) -> Output:
        """Run a line until its output is as it should be, and return it, or the last one before the deadline."""
        clock = asyncio.get_running_loop().time
        end = clock() + REACH_TIMEOUT_S
        while True:
            output = await self.type(host, line)
            if is_so(output.stdout) or clock() >= end:
                return output
            await asyncio.sleep(POLL_S)

    async def wait_silent(self, wanted: frozenset[tuple[str, str]], progress: Progress) -> Reach:
        """Return the first round of pings in which just these pairs (from, to) are silent, or the last one."""
        clock = asyncio.get_running_loop().time
        end = clock() + REACH_TIMEOUT_S
        while True:
            reach = await self.probe.round()
            if {(pair.source, pair.destination) for pair in reach.silent} == wanted or clock() >= end:
                return reach
            progress("pairs of containers answer", reach.answered, reach.pairs - len(wanted))

    async def wait_pings(self, rounds: int) -> None:
        """Return when the background has pinged every pair some times more; LabError if it does not."""
        report = await self.probe.counters()
        wanted = report.sent + rounds * len(report.pairs)
        try:
            async with asyncio.timeout(REACH_TIMEOUT_S):
                while (await self.probe.counters()).sent < wanted:  # noqa: ASYNC110 - it happens in another process
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise LabError(f"the prober did not ping {rounds} times in {REACH_TIMEOUT_S:g} s") from None

    async def kill(self, host: Host, line: str, progress: Progress) -> Outcome:
        """Run a line that kills a host's speaker while everybody pings, and return what that cost."""
        await self.probe.start(PING_INTERVAL_S)
        output = await self.type(host.name, line)
        if output.exit_code != 0:
            return said(output, "exit code 0", ok=False)
        address = host.address(4) or ""
        status = await self.wait_status(lambda now: _has_lost(now, address))
        result = await self.ping_all(progress)
        await self.wait_pings(PING_ROUNDS)
        report = await self.probe.stop()
        missing = "" if _has_lost(status, address) else f"; a session with {address} still stands"
        return outcome(
            "every session with it is gone, every container answers every other, no ping lost",
            f"{result.seen}, {report.lost} of {report.sent} pings lost{missing}",
            ok=result.ok and report.lost == 0 and not missing,
            output=f"{result.output}; {report.lost} of {report.sent} pings lost while it was killed",
            lost=report.lost,
            sent=report.sent,
        )

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


def _has_lost(status: LabStatus, address: str) -> bool:
    ends = (item for host in status.hosts for item in host.sessions or () if item.remote_address == address)
    return not any(item.is_established for item in ends)


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
