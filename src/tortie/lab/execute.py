"""Running a command on a host or in a container of a lab, from outside, with nsenter.

For: `lab exec`, the walk, and anyone who wants to type at a host. Works for root and for the ordinary person who
raised the lab. Not here: the processes that the holder supervises (supervisor.py).

The command becomes part of the lab's pid namespace, so it ends with the lab. On a host it sees the host's own /run; in
a container, which has no file system of its own, the holder's.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tortie.lab.commands import host_environment
from tortie.lab.errors import LabError, UnknownTarget
from tortie.lab.lifecycle import Lab

__all__ = ["Output", "exec_arguments", "exec_interactive", "run_on"]

ENTER_FOLDER: Final = 'cd -- "$0" 2>/dev/null || cd /; exec "$@"'
"""sh: keep the person's current folder where the host has it."""

RESET_SIGNALS: Final = ("env", "--default-signal=INT,QUIT")
SIGNAL_EXIT_BASE: Final = 128
"""A shell's exit code for a command that a signal ended is this and the signal's number."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a command said and how it ended; `exit_code` is negative for a signal."""

    exit_code: int
    stdout: str
    stderr: str


def exec_arguments(lab: Lab, target: str, command: Sequence[str], folder: str = "/") -> list[str]:
    """Return the command line that runs a command on a host or in a container.

    Args:
        lab: that is up.
        target: name of a host or container.
        command: what to run there, looked up in the host's PATH.
        folder: current folder of the command, where the host has it; else "/".

    Raises:
        UnknownTarget: no such host or container.
    """
    namespaces = lab.state.namespaces.get(target)
    holder = lab.state.holder
    if namespaces is None or holder is None:
        raise UnknownTarget(lab.name, target, list(lab.state.namespaces))
    base = f"/proc/{holder.pid}"
    # Capabilities come with entering the user namespace; nsenter's own setgroups() is forbidden there.
    user = [f"--user={base}/ns/user", "--preserve-credentials"] if lab.state.has_user_namespace else []
    mount = f"{base}/ns/mnt" if namespaces.mount is None else f"{base}/fd/{namespaces.mount}"
    return [
        "nsenter",
        *user,
        f"--pid={base}/ns/pid",
        f"--net={base}/fd/{namespaces.network}",
        f"--uts={base}/fd/{namespaces.host_name}",
        f"--mount={mount}",
        "--",
        "/bin/sh",
        "-c",
        ENTER_FOLDER,
        folder,
        *command,
    ]


def exec_interactive(lab: Lab, target: str, command: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Run a command with this process's own terminal, input and output; return its exit code.

    A command that a signal ended gives 128 + the signal's number, as a shell has it. Ctrl-C reaches the
    command and not this process.

    Raises:
        UnknownTarget: no such host or container.
    """
    # nsenter waits for the command with these signals ignored, or Ctrl-C would end the waiting and not the command.
    arguments = exec_arguments(lab, target, [*RESET_SIGNALS, *command], folder=os.getcwd())
    held = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        code = subprocess.call(arguments, env=host_environment(lab.topology, environment))
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
    return code if code >= 0 else SIGNAL_EXIT_BASE - code


async def run_on(
    lab: Lab,
    target: str,
    command: Sequence[str],
    *,
    timeout_s: float,
    stdin: str = "",
) -> Output:
    """Run a command and return what it said.

    Raises:
        UnknownTarget: no such host or container.
        LabError: it did not end in time; it was killed.
    """
    process = await asyncio.create_subprocess_exec(
        *exec_arguments(lab, target, command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=host_environment(lab.topology, os.environ),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            stdout, stderr = await process.communicate(stdin.encode())
    except TimeoutError:
        raise LabError(f"{target}: `{' '.join(command)}` did not end within {timeout_s:g} s") from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    assert process.returncode is not None
    return Output(process.returncode, stdout.decode(errors="replace"), stderr.decode(errors="replace"))
