"""What the lab asks of a foreign speaker, and the processes behind it.

What it is NOT for: any one speaker (`bird.py`, `frr.py`, `gobgp.py`), deciding what it does (`agent.py`). Structures to
know: `Daemon`, the interface, and `Processes`, which end when the lab's process does.
"""

import asyncio
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tortie.fabric import NodeIntent
from tortie.lab.errors import LabError
from tortie.node.kernel_routes import KernelRoutes
from tortie.node.log import Log

__all__ = ["Daemon", "DaemonFailed", "Processes", "asked", "run_command", "wait_until", "write_private"]

COMMAND_TIMEOUT_S: Final = 20.0
ASK_TIMEOUT_S: Final = 3.0
STOP_TIMEOUT_S: Final = 3.0
READY_TIMEOUT_S: Final = 15.0
READY_POLL_S: Final = 0.05
FILE_MODE: Final = 0o600
LINE_BYTES_MAX: Final = 16 * 1024 * 1024
DIES_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL")
"""Of util-linux: the kernel ends what follows when the process that started it is killed."""


class DaemonFailed(LabError):
    """A foreign speaker, or a command that speaks to it, did not do as it was asked; the message has its own words."""


class Daemon(ABC):
    """One foreign speaker on this host, from the first `apply` to `stop`.

    Attributes:
        writes_blackholes: it puts the blackholes of own blocks into the kernel itself.
    """

    writes_blackholes: bool = False

    def __init__(self, folder: Path, log: Log, kernel: KernelRoutes | None) -> None:
        """Keep what is needed; nothing runs yet.

        Args:
            folder: for its files.
            log: of the lab's process.
            kernel: the host's routes, for a speaker that cannot write its own; None on a reflector.
        """
        self.folder = folder
        self.log = log
        self.kernel = kernel
        self.processes = Processes()

    @abstractmethod
    async def apply(self, intent: NodeIntent) -> None:
        """Have the speaker do what an intent says; the first time it is started, and it answers afterwards.

        Raises:
            DaemonFailed: it refused its configuration, or does not answer; what it did before it still does.
        """

    @abstractmethod
    def session_states(self) -> dict[str, str]:
        """Return peer's address → state of the session, in RFC 4271's words and lower case; {} if it is mute."""

    async def run(self) -> None:
        """Do what the speaker cannot do itself, until cancelled; most can do it all."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """End the processes; the routes stay in the kernel."""
        await self.processes.stop()


class Processes:
    """The processes of one speaker; what they say goes where ours goes."""

    def __init__(self) -> None:
        """Start with none."""
        self._running: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str, *arguments: str, output: int | None = None) -> asyncio.subprocess.Process:
        """Start one; `output` as stdout of asyncio.create_subprocess_exec. DaemonFailed if it cannot be started."""
        try:
            process = await asyncio.create_subprocess_exec(
                *DIES_WITH_US,
                *arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                limit=LINE_BYTES_MAX,
                start_new_session=True,
            )
        except OSError as error:
            raise DaemonFailed(f"{name}: {arguments[0]}: {error.strerror}") from error
        self._running[name] = process
        return process

    @property
    def names(self) -> tuple[str, ...]:
        """Those that were started and not stopped, in that order."""
        return tuple(self._running)

    def ended(self) -> str | None:
        """Return which process has ended by itself, and how; None if all run."""
        for name, process in self._running.items():
            if process.returncode is not None:
                return f"{name} ended with {process.returncode}"
        return None

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a process that runs."""
        with suppress(ProcessLookupError):
            self._running[name].send_signal(number)

    async def stop(self, *names: str) -> None:
        """End the named processes, or all, in the order of their start: SIGTERM, and SIGKILL for one that stays."""
        for name in names or tuple(self._running):
            process = self._running.pop(name)
            if process.returncode is not None:
                continue
            process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def run_command(*arguments: str) -> str:
    """Return what a command says, errors last; DaemonFailed with its own words if it fails or takes too long."""
    try:
        done = await asyncio.to_thread(_run, arguments, COMMAND_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise DaemonFailed(f"`{' '.join(arguments)}`: no end after {COMMAND_TIMEOUT_S:g} s") from error
    except subprocess.CalledProcessError as error:
        said = " ".join((error.stderr or error.stdout or "").split())
        raise DaemonFailed(f"`{' '.join(arguments)}`: exit code {error.returncode}: {said}") from error
    return done.stdout + done.stderr


def asked(arguments: Sequence[str]) -> str:
    """Return what a short command prints, "" if it fails: the speaker is not there yet, or no more."""
    try:
        return _run(arguments, ASK_TIMEOUT_S).stdout
    except (subprocess.SubprocessError, OSError):
        return ""


def _run(arguments: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        check=True,
    )


async def wait_until(what: str, is_so: Callable[[], bool], processes: Processes) -> None:
    """Return when something is so; DaemonFailed if a process ends first, or it takes too long."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while not await asyncio.to_thread(is_so):
                ended = processes.ended()
                if ended is not None:
                    raise DaemonFailed(f"{what}: {ended}")
                await asyncio.sleep(READY_POLL_S)
    except TimeoutError:
        raise DaemonFailed(f"{what}: not after {READY_TIMEOUT_S:g} s") from None


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read: passwords may stand in it."""
    path.touch(mode=FILE_MODE)
    path.chmod(FILE_MODE)
    path.write_text(text, encoding="utf-8")
