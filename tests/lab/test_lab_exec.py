"""Commands on hosts: exit codes, input and output, terminals, signals."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from lab.lab_world import lab_test, module_lab, on
from tortie.lab.errors import LabError, UnknownTarget
from tortie.lab.execute import run_on
from tortie.lab.lifecycle import Lab

EXEC = (
    "import sys\n"
    "from tortie.lab.execute import exec_interactive\n"
    "from tortie.lab.lifecycle import open_lab\n"
    "sys.exit(exec_interactive(open_lab('small'), sys.argv[1], sys.argv[2:]))\n"
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from module_lab(tmp_path_factory.mktemp("lab"))


def lab_exec(lab: Lab, target: str, *command: str) -> list[str]:
    """Return a command line that does what `tortie lab exec` does, with the labs of this test."""
    labs = lab.directory.root.parent
    return ["env", f"TORTIE_LAB_DIR={labs}", sys.executable, "-c", EXEC, target, *command]


@lab_test
def test_exit_codes_input_and_output_are_the_commands(lab: Lab) -> None:
    async def work() -> None:
        found = await on(lab, "a", "sh", "-c", "cat; echo bad >&2; exit 7", stdin="in\n")
        assert (found.exit_code, found.stdout, found.stderr) == (7, "in\n", "bad\n")
        assert (await on(lab, "a", "no-such-command")).exit_code == 127
        assert (await on(lab, "a", "printf", "%s|", "a b", "", "$HOME")).stdout == "a b||$HOME|"
        with pytest.raises(UnknownTarget, match="no host or container 'x'"):
            await on(lab, "x", "true")

    asyncio.run(work())


@lab_test
def test_a_command_that_does_not_end_is_killed(lab: Lab) -> None:
    async def work() -> None:
        async def is_there(name: str) -> bool:
            return name in (await on(lab, "a", "sh", "-c", "cat /proc/[0-9]*/comm")).stdout.split()

        with pytest.raises(LabError, match=r"a: `sleep 1000` did not end within 0\.3 s"):
            await run_on(lab, "a", ["sleep", "1000"], timeout_s=0.3)
        async with asyncio.timeout(10):  # the holder inherits what was killed, and reaps it
            while await is_there("sleep"):  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.02)

    asyncio.run(work())


@lab_test
def test_the_interactive_way_passes_everything_through(lab: Lab) -> None:
    found = subprocess.run(
        lab_exec(lab, "a", "sh", "-c", "hostname; cat; pwd; exit 3"),
        input="in\n", capture_output=True, text=True, cwd="/usr", check=False, timeout=20,
    )  # fmt: skip
    assert (found.returncode, found.stdout, found.stderr) == (3, "a\nin\n/usr\n", "")
    killed = subprocess.run(lab_exec(lab, "a", "sh", "-c", "kill -TERM $$"), check=False, timeout=20)
    assert killed.returncode == 128 + signal.SIGTERM


@lab_test
def test_a_terminal_is_a_terminal_and_ctrl_c_reaches_the_command(lab: Lab) -> None:
    command = "trap 'echo caught; exit 9' INT; tty; echo ready; while :; do sleep 0.1; done"
    arguments = lab_exec(lab, "a", "sh", "-c", command)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(arguments[0], arguments)
    said = read_until(terminal, b"ready")
    assert b"not a tty" not in said
    os.write(terminal, b"\x03")
    assert b"caught" in read_until(terminal, b"caught")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    os.close(terminal)


def read_until(terminal: int, word: bytes) -> bytes:
    said = b""
    end = time.monotonic() + 20
    while word not in said and time.monotonic() < end:
        said += os.read(terminal, 4096)
    return said
