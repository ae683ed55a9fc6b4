"""Ending a lab: asked, then killed, until nothing of it lives; then its folder goes.

For: `down`, a raising that failed, what a dead holder left. Not here: finding labs (state.py), locks (lifecycle.py).
What is waited for is the `unshare` process: it ends when the holder has, and with the holder the kernel ends the rest.
"""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Final

from tortie.lab.control import CONTROL_TIMEOUT_S, ask
from tortie.lab.errors import ControlFailed, HolderFailed
from tortie.lab.paths import LabDirectory
from tortie.lab.state import LabState, ProcessIdentity, is_alive, read_state, remove_directory

__all__ = ["end_lab"]

SHUTDOWN_TIMEOUT_S: Final = 8.0
"""How long the holder has to end by itself; the agents' own limit is supervisor.STOP_TIMEOUT_S."""

UNFINISHED_TIMEOUT_S: Final = 1.0
"""The same where the holder is not known, or dead already: it ends when nobody listens to its progress."""

KILL_TIMEOUT_S: Final = 10.0


async def end_lab(directory: LabDirectory) -> None:
    """End what lives of a lab, then remove its folder; one that is gone already is no error.

    Raises:
        HolderFailed: its processes would not end, even killed.
    """
    state = read_state(directory)
    if state is not None:
        await _end(directory, state)
    remove_directory(directory)


async def _end(directory: LabDirectory, state: LabState) -> None:
    """End a lab's processes: ask the holder, else kill it, else kill `unshare`, with which it dies."""
    if await _wait_gone(state.unshare, await _ask_to_end(directory, state)):
        return
    for process in (state.holder, state.unshare):
        if process is not None and is_alive(process):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            if await _wait_gone(state.unshare, KILL_TIMEOUT_S):
                return
    raise HolderFailed(f"process {state.unshare.pid} of lab {state.name!r} does not end, even killed")


async def _ask_to_end(directory: LabDirectory, state: LabState) -> float:
    """Return how many seconds to wait for the end of a lab, after asking its holder for it."""
    if not is_alive(state.holder):
        return UNFINISHED_TIMEOUT_S
    try:
        await ask(directory.control_socket, "shutdown", CONTROL_TIMEOUT_S)
    except ControlFailed:
        return 0.0
    return SHUTDOWN_TIMEOUT_S


async def _wait_gone(process: ProcessIdentity, timeout_s: float) -> bool:
    """Return True when a process has ended, False if it lives on after a time."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return True
    try:
        if not is_alive(process):
            _reap(process)
            return True
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, ended.set)
        try:
            async with asyncio.timeout(timeout_s):
                await ended.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(descriptor)
    finally:
        os.close(descriptor)
    _reap(process)
    return True


def _reap(process: ProcessIdentity) -> None:
    """Take the status of a process that this very command had started, so that no zombie stays."""
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
