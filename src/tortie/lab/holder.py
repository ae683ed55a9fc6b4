"""The holder: pid 1 of a lab's namespaces. Builds the lab, runs its processes, answers requests, ends.

Run as `python -m tortie.lab.holder STATE READY_FD` by lifecycle.py, inside `unshare`. Everything of the lab
lives below this process: when it ends, however it ends, the kernel ends every process of the pid namespace and frees
every namespace and mount.

On READY_FD it writes lines of JSON: `{"progress": text}` …, then `{"ready": …}` or `{"error": text}`. Requests on its
socket (control.py):

    status                      every process
    start | stop | restart      {process}           start and restart wait until it is ready
    signal                      {process, number}
    hold                        the lab ends when this connection closes
    shutdown                    the lab ends

Not here: what to build and run, which the plan says (plan.py).
"""

import asyncio
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tortie.lab.builder import Built, build, prepare_run
from tortie.lab.commands import module_command
from tortie.lab.control import serve, text_argument
from tortie.lab.errors import ControlFailed, LabError
from tortie.lab.paths import LabDirectory
from tortie.lab.plan import (
    FILLING,
    PROBER,
    HolderPlan,
    ProbeTarget,
    ProbeTargets,
    ProcessPlan,
    Stage,
    plan_from_json,
    targets_to_json,
)
from tortie.lab.supervisor import Supervisor

__all__ = ["READY_TIMEOUT_S", "Holder", "main"]

READY_TIMEOUT_S: Final = 20.0
"""How long a process has to take connections after it was started."""

STARTS_AT_ONCE: Final = 8
"""Processes that may be on their way up together: a hundred at once would all be late on a small machine."""

FOLDER_CHECK_S: Final = 2.0
PRIVATE: Final = 0o077


class Launcher:
    """The command that raises the lab, as the holder sees it: the other end of a pipe, until the lab is ready.

    If it goes away before that, writing fails with BrokenPipeError, and the holder ends.
    """

    def __init__(self, descriptor: int) -> None:
        """Take over the writing end of the pipe; processes of the lab do not inherit it."""
        os.set_inheritable(descriptor, False)
        self._descriptor: int | None = descriptor

    def progress(self, text: str) -> None:
        """Say what was done."""
        self._write({"progress": text})

    def ready(self, result: dict[str, object]) -> None:
        """Say that the lab is ready, and let go of the launcher."""
        self._write({"ready": result})
        self._close()

    def failed(self, text: str) -> None:
        """Say that the lab could not be raised, if anybody still listens."""
        with suppress(BrokenPipeError):
            self._write({"error": text})
        self._close()

    def _write(self, line: dict[str, object]) -> None:
        left = json.dumps(line).encode() + b"\n"
        while self._descriptor is not None and left:
            left = left[os.write(self._descriptor, left) :]

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Holder:
    """The running lab, from inside."""

    def __init__(self, plan: HolderPlan, built: Built, directory: LabDirectory, launcher: Launcher) -> None:
        """Take over what was built; nothing runs before `run`."""
        prober = _prober_plan(directory)
        self._supervisor = Supervisor((*plan.processes, prober), built.namespaces, directory.root)
        self._built = built
        self._directory = directory
        self._launcher = launcher
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Start the processes, say that the lab is ready, and serve until it is to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, signal.Signals(number).name)
        self._supervisor.watch_children()
        server = await serve(self._directory.control_socket, self._handle, self._connection_closed)
        try:
            await self._start_all()
            made = {name: asdict(namespaces) for name, namespaces in self._built.namespaces.items()}
            self._launcher.ready({"namespaces": made, "remarks": self._built.remarks})
            await self._wait_end()
        finally:
            server.close()
            await self._supervisor.stop_all()

    async def _wait_end(self) -> None:
        """Return when the lab is to end; it also is when its folder was removed, since then nobody could find it."""
        while not self._ending.is_set():
            try:
                async with asyncio.timeout(FOLDER_CHECK_S):
                    await self._ending.wait()
            except TimeoutError:
                if not self._directory.plan.exists():
                    self._end("its folder is gone")

    async def _start_all(self) -> None:
        for stage in Stage:
            await self._start_stage(self._supervisor.automatic(stage))

    async def _start_stage(self, names: list[str]) -> None:
        for first in range(0, len(names), STARTS_AT_ONCE):
            batch = names[first : first + STARTS_AT_ONCE]
            for name in batch:
                self._supervisor.start(name)
            for name in batch:
                await self._supervisor.wait_ready(name, READY_TIMEOUT_S)
                self._launcher.progress("the datastore is filled" if name == FILLING else f"{name} is ready")

    def _connection_closed(self, asked: set[str]) -> None:
        if "hold" in asked:
            self._end("the command that held the lab is gone")

    def _end(self, reason: str) -> None:
        print(f"holder: ending: {reason}", file=sys.stderr, flush=True)  # noqa: T201  # the holder's log
        self._ending.set()

    async def _handle(self, operation: str, arguments: dict[str, object]) -> object:
        match operation:
            case "status":
                return [asdict(report) for report in self._supervisor.reports()]
            case "start" | "restart":
                name = text_argument(arguments, "process")
                if operation == "restart":
                    await self._supervisor.stop(name)
                self._supervisor.start(name)
                return asdict(await self._supervisor.wait_ready(name, READY_TIMEOUT_S))
            case "stop":
                return asdict(await self._supervisor.stop(text_argument(arguments, "process")))
            case "signal":
                return asdict(self._supervisor.send_signal(text_argument(arguments, "process"), _number(arguments)))
            case "hold":
                return None
            case "shutdown":
                self._end("asked to")
                return None
            case _:
                raise ControlFailed(f"unknown operation {operation!r}")


def _number(arguments: dict[str, object]) -> int:
    number = arguments.get("number")
    if not isinstance(number, int) or not 1 <= number < signal.NSIG:
        raise ControlFailed(f"argument 'number': found {number!r}, expected the number of a signal")
    return number


def _prober_plan(directory: LabDirectory) -> ProcessPlan:
    root = directory.root
    return ProcessPlan(
        name=PROBER,
        host="",
        arguments=module_command("tortie.lab.prober", str(directory.probe_targets), str(directory.probe_socket)),
        environment=dict(os.environ),
        log=str(directory.prober_log.relative_to(root)),
        is_automatic=False,
        ready_socket=str(directory.probe_socket.relative_to(root)),
    )


def _write_targets(plan: HolderPlan, built: Built, directory: LabDirectory) -> None:
    base = f"/proc/{os.getpid()}/fd"
    targets = tuple(
        ProbeTarget(
            name=item.name,
            network=f"{base}/{built.namespaces[item.name].network}",
            addresses=tuple(text.partition("/")[0] for text in item.addresses),
        )
        for item in plan.wiring.containers
    )
    directory.probe_targets.write_bytes(targets_to_json(ProbeTargets(targets=targets)))


def _hold(state: Path, launcher: Launcher) -> None:
    directory = prepare_run(state)
    plan = plan_from_json(directory.plan.read_bytes())
    built = build(plan.wiring, directory, launcher.progress)
    _write_targets(plan, built, directory)

    async def run() -> None:
        await Holder(plan, built, directory, launcher).run()

    asyncio.run(run())


def main(arguments: list[str]) -> int:
    """Run the holder; returns its exit code."""
    state, launcher = Path(arguments[0]), Launcher(int(arguments[1]))
    os.umask(PRIVATE)
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))  # three descriptors a host, two a container
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        _hold(state, launcher)
    except (LabError, OSError) as error:
        print(f"holder: {error}", file=sys.stderr, flush=True)  # noqa: T201  # the holder's log
        launcher.failed(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
