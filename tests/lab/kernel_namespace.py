"""A network namespace of its own for one test, that nobody has to remove.

The namespace has no name: it belongs to one thread and ends with it and with the sockets made in it, whatever the test
does. Processes that the thread starts (`ip`) and threads that it starts live in it too.
"""

import ctypes
import functools
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from typing import Final, ParamSpec

import pytest

CLONE_NEWNET: Final = 0x40000000

Parameters = ParamSpec("Parameters")

SETUP: Final = """
link set lo up
link add v0 type veth peer name v1
addr add 10.0.0.1/24 dev v0
addr add fd00::1/64 dev v0 nodad
link set v0 up
link set v1 up
"""


def in_namespace(test: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Run a test in a fresh namespace with v0 (10.0.0.1/24, fd00::1/64) and its other end v1, both up."""

    @pytest.mark.root
    @functools.wraps(test)
    def run(*arguments: Parameters.args, **named: Parameters.kwargs) -> None:
        if os.geteuid() != 0:
            pytest.skip("needs root")
        if shutil.which("ip") is None:
            pytest.skip("needs iproute2")
        errors: list[BaseException] = []

        def body() -> None:
            try:
                _leave_for_a_new_namespace()
                ip_batch(SETUP)
                test(*arguments, **named)
            except BaseException as error:  # noqa: BLE001 - raised again in the thread of the test
                errors.append(error)

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]

    return run


def _leave_for_a_new_namespace() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")


def ip(arguments: str) -> str:
    """Run `ip` in the thread's namespace and return what it prints; a failure is an error."""
    return subprocess.run(["ip", *arguments.split()], check=True, capture_output=True, text=True).stdout


def ip_batch(lines: str) -> None:
    """Run several `ip` commands, one a line."""
    text = "\n".join(line.strip() for line in lines.splitlines() if line.strip())
    subprocess.run(["ip", "-batch", "-"], input=text, check=True, capture_output=True, text=True)


def routes(family: int = 4, protocol: int | str = 77) -> list[str]:
    """Return `ip route show proto ...`, a stripped line a route, next hops of a multipath route in its line."""
    text = ip(f"-{family} route show proto {protocol}")
    return [" ".join(line.split()) for line in text.replace("\n\t", " ").splitlines()]
