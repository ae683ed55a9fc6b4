"""A stand-alone reflector as a process on loopback."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

DEADLINE_S = 20.0
RANGE = ("--listen", "127.0.0.1", "--port", "0", "--as", "64512", "--cluster-id", "1.0.0.1", "--client-range",
         "127.0.0.0/8")  # fmt: skip


def command(*arguments: str) -> list[str]:
    """Return a command line of ours."""
    return [sys.executable, "-m", "tortie", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=DEADLINE_S, check=False)


@contextmanager
def reflector(socket: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a reflector; give it and the port it listens on; it has ended afterwards."""
    whole = command("reflector", "run", *arguments, "--status-socket", str(socket))
    process = subprocess.Popen(whole, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        yield process, _port(process.stderr)
    finally:
        process.kill()
        process.communicate()


def _port(log: IO[str]) -> int:
    line = log.readline()
    found = re.search(r'"port": (\d+)', line)
    assert found, f"the first line of its log says where it listens, not: {line}"
    return int(found.group(1))
