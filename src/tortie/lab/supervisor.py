"""The processes of a lab: start, watch, restart, end. Runs in the holder, which is pid 1 of its pid namespace.

For: knowing at every moment which agent runs, and how one that does not ended. Nothing is restarted by itself: a lab
shows what happens without. Not here: what to run (commands.py, plan.py), requests from outside (holder.py).

As pid 1 the holder inherits every orphan, so one handler reaps all children there are; a process object that waits for
its own child would fight with it.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tortie.lab.errors import ControlFailed
from tortie.lab.namespaces import NamespaceSet, run_inside
from tortie.lab.plan import ProcessPlan, Stage

__all__ = ["ProcessReport", "Supervisor", "exit_text"]

STOP_TIMEOUT_S: Final = 5.0
"""How long a process has to end after SIGTERM before it gets SIGKILL."""

READY_POLL_S: Final = 0.02
CONNECT_TIMEOUT_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReport:
    """A process as others see it.

    Attributes:
        name, host: as in its plan.
        is_running: it has a live process.
        pid: in the holder's pid namespace, None when not running.
        starts: how often it was started.
        exit_status: as os.waitstatus_to_exitcode of its last end (negative: the signal), None if it never ended.
        arguments: command line.
        log: file of its output, relative to the state directory.
    """

    name: str
    host: str
    is_running: bool
    pid: int | None
    starts: int
    exit_status: int | None
    arguments: tuple[str, ...]
    log: str


@dataclass(slots=True)
class _Process:
    plan: ProcessPlan
    pid: int | None = None
    starts: int = 0
    exit_status: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


def exit_text(status: int) -> str:
    """Return how a process ended, in words: "exit code 1", "killed by SIGKILL"."""
    if status >= 0:
        return f"exit code {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


class Supervisor:
    """Starts and watches processes; all methods run on the holder's event loop."""

    def __init__(self, plans: tuple[ProcessPlan, ...], namespaces: Mapping[str, NamespaceSet], state: Path) -> None:
        """Keep the plans, the namespaces to run them in, and the state directory; nothing is started."""
        self._processes = {plan.name: _Process(plan) for plan in plans}
        self._namespaces = namespaces
        self._state = state

    def watch_children(self) -> None:
        """Begin to notice ended children; call once, on the running loop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def reports(self) -> list[ProcessReport]:
        """Return every process, in the order of the plan."""
        return [_report(process) for process in self._processes.values()]

    def report(self, name: str) -> ProcessReport:
        """Return one process; ControlFailed if there is none of that name."""
        return _report(self._find(name))

    def automatic(self, stage: Stage) -> list[str]:
        """Return the names of the processes that start with the lab, in one of its stages."""
        plans = (process.plan for process in self._processes.values())
        return [plan.name for plan in plans if plan.is_automatic and plan.stage is stage]

    def start(self, name: str) -> ProcessReport:
        """Start a process; ControlFailed if it runs already or cannot be started."""
        process = self._find(name)
        if process.pid is not None:
            raise ControlFailed(f"{name} runs already")
        process.pid = _spawn(process.plan, self._namespaces.get(process.plan.host), self._state / process.plan.log)
        process.starts += 1
        process.ended = asyncio.Event()
        print(f"{name}: started, pid {process.pid}", file=sys.stderr, flush=True)  # noqa: T201  # the holder's log
        return _report(process)

    def send_signal(self, name: str, number: int) -> ProcessReport:
        """Send a signal to a process; ControlFailed if it does not run."""
        process = self._find(name)
        if process.pid is None:
            raise ControlFailed(f"{name} does not run")
        os.kill(process.pid, number)
        return _report(process)

    async def wait_ended(self, name: str, timeout_s: float) -> ProcessReport:
        """Return when a process has ended; ControlFailed if it still runs after a time."""
        process = self._find(name)
        if process.pid is not None:
            try:
                async with asyncio.timeout(timeout_s):
                    await process.ended.wait()
            except TimeoutError:
                raise ControlFailed(f"{name} still runs after {timeout_s:g} s") from None
        return _report(process)

    async def stop(self, name: str) -> ProcessReport:
        """End a process: SIGTERM, and SIGKILL when it takes too long. One that does not run is left alone."""
        if self._find(name).pid is None:
            return self.report(name)
        self.send_signal(name, signal.SIGTERM)
        try:
            return await self.wait_ended(name, STOP_TIMEOUT_S)
        except ControlFailed:
            self.send_signal(name, signal.SIGKILL)
            return await self.wait_ended(name, STOP_TIMEOUT_S)

    async def stop_all(self) -> None:
        """End every process, a stage at once, the last one first: an agent takes its leave of the datastore.

        The datastore's members are killed: the last ones would wait for the others, and their data goes with the lab.
        """

        async def stop_one(name: str) -> None:
            process = self._processes[name]
            if process.plan.stage is Stage.DATASTORE and process.pid is not None:
                self.send_signal(name, signal.SIGKILL)
            try:
                await self.stop(name)
            except ControlFailed as error:  # the kernel ends it with the holder
                print(error, file=sys.stderr, flush=True)  # noqa: T201  # the holder's log

        for stage in reversed(Stage):
            async with asyncio.TaskGroup() as group:
                for name, process in self._processes.items():
                    if process.plan.stage is stage:
                        group.create_task(stop_one(name))

    async def wait_ready(self, name: str, timeout_s: float) -> ProcessReport:
        """Return when a process takes connections; a task, when it has ended well.

        Raises:
            ControlFailed: it ended before, or does not answer in time; the message has the end of its log.
        """
        process = self._find(name)
        if process.plan.is_task:
            report = await self.wait_ended(name, timeout_s)
            if report.exit_status:
                raise ControlFailed(self._failure(process, f"failed ({exit_text(report.exit_status)})"))
            return report
        try:
            async with asyncio.timeout(timeout_s):
                # A socket tells nobody when it begins to listen.
                while process.pid is not None and not await _is_ready(process.plan, self._namespaces, self._state):  # noqa: ASYNC110  # see above
                    await asyncio.sleep(READY_POLL_S)
        except TimeoutError:
            raise ControlFailed(self._failure(process, f"is not ready after {timeout_s:g} s")) from None
        if process.pid is None:
            status = process.exit_status if process.exit_status is not None else 0
            raise ControlFailed(self._failure(process, f"ended ({exit_text(status)})"))
        return _report(process)

    def _failure(self, process: _Process, what: str) -> str:
        log = self._state / process.plan.log
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:] if log.exists() else []
        shown = "\n".join(f"    {line}" for line in tail) or "    (nothing)"
        command = " ".join(process.plan.arguments)
        return f"{process.plan.name} {what}: `{command}`; the end of its log:\n{shown}"

    def _find(self, name: str) -> _Process:
        process = self._processes.get(name)
        if process is None:
            raise ControlFailed(f"no process {name!r}: there are {', '.join(self._processes)}")
        return process

    def _reap(self) -> None:
        """Take the status of every child that has ended, ours and adopted ones."""
        by_pid = {process.pid: process for process in self._processes.values() if process.pid is not None}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            process = by_pid.get(pid)
            if process is not None:
                self._ended(process, os.waitstatus_to_exitcode(status))

    def _ended(self, process: _Process, exit_status: int) -> None:
        process.pid = None
        process.exit_status = exit_status
        process.ended.set()
        text = f"{process.plan.name}: ended, {exit_text(exit_status)}"
        print(text, file=sys.stderr, flush=True)  # noqa: T201  # the holder's log


def _report(process: _Process) -> ProcessReport:
    return ProcessReport(
        name=process.plan.name,
        host=process.plan.host,
        is_running=process.pid is not None,
        pid=process.pid,
        starts=process.starts,
        exit_status=process.exit_status,
        arguments=process.plan.arguments,
        log=process.plan.log,
    )


def _spawn(plan: ProcessPlan, namespaces: NamespaceSet | None, log: Path) -> int:
    """Start a process in its host's namespaces and return its pid (nsenter becomes it, so the pid stays)."""
    arguments = [*_join(namespaces), *plan.arguments]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        return os.posix_spawnp(
            arguments[0],
            arguments,
            plan.environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE],
        )
    except OSError as error:
        raise ControlFailed(f"{plan.name} cannot be started: {arguments[0]}: {error.strerror}") from error


def _join(namespaces: NamespaceSet | None) -> list[str]:
    if namespaces is None:
        return []
    base = f"/proc/{os.getpid()}/fd"
    mount = [f"--mount={base}/{namespaces.mount}"] if namespaces.mount is not None else []
    return ["nsenter", f"--net={base}/{namespaces.network}", f"--uts={base}/{namespaces.host_name}", *mount, "--"]


async def _is_ready(plan: ProcessPlan, namespaces: Mapping[str, NamespaceSet], state: Path) -> bool:
    """Return True if the process takes connections, or has no place where it would."""
    if plan.ready_socket is not None:
        return await _connects(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), str(state / plan.ready_socket))
    if plan.ready_port is not None:
        family = socket.AF_INET6 if ":" in plan.ready_port[0] else socket.AF_INET
        network = namespaces[plan.host].network
        return await _connects(run_inside(network, lambda: socket.socket(family, socket.SOCK_STREAM)), plan.ready_port)
    return True


async def _connects(client: socket.socket, address: str | tuple[str, int]) -> bool:
    with client:
        client.setblocking(False)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await asyncio.get_running_loop().sock_connect(client, address)
        except (OSError, TimeoutError):
            return False
        return True
