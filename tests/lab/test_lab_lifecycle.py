"""Raising and taking down: once, again, after a failure, after kill -9, and never anything left."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lab.lab_world import COMMANDS, TOPOLOGY, command_lines, environment, lab_test, on, raised, run_lab_test, wait_until
from tortie.lab.errors import HolderFailed, LabExists, LabNotRunning
from tortie.lab.execute import exec_arguments
from tortie.lab.leftovers import Footprint, footprint, leftovers
from tortie.lab.lifecycle import Lab, down, open_lab, sweep, up
from tortie.lab.state import is_alive


@lab_test
def test_a_lab_is_found_again_by_name_and_not_raised_twice(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        where = environment(tmp_path)
        assert open_lab("small", where).state == lab.state
        with pytest.raises(LabExists, match="lab 'small' is up already: `tortie lab down small`"):
            await up(TOPOLOGY, commands=COMMANDS, environment=where)
        assert sweep(where) == [], "a lab that lives is not swept"
        assert (await on(lab, "a", "hostname")).stdout == "a\n", "and the first one is untouched"

    run_lab_test(tmp_path, work)


@lab_test
def test_down_is_safe_to_repeat(tmp_path: Path) -> None:
    async def run() -> list[bool]:
        where = environment(tmp_path)
        found = [await down("small", where)]
        await up(TOPOLOGY, commands=COMMANDS, environment=where)
        return [*found, await down("small", where), await down("small", where)]

    assert asyncio.run(run()) == [False, True, False]
    assert list(tmp_path.iterdir()) == []


@lab_test
def test_what_is_typed_on_a_host_ends_with_the_lab(tmp_path: Path) -> None:
    async def run() -> tuple[int, Footprint]:
        async with raised(tmp_path) as lab:
            before = footprint(lab)
            sleeper = await asyncio.create_subprocess_exec(*exec_arguments(lab, "a", ["sleep", "1000"]))
            await wait_until(lambda: any("(mnt, net, pid, uts)" in line for line in leftovers(before)))
        async with asyncio.timeout(10):
            return await sleeper.wait(), before

    code, before = asyncio.run(run())
    assert code != 0
    assert leftovers(before) == []


@lab_test
@pytest.mark.parametrize("victim", ["holder", "unshare"])
def test_kill_9_ends_everything_and_the_next_command_cleans_up(tmp_path: Path, victim: str) -> None:
    async def run() -> None:
        where = environment(tmp_path)
        lab = await up(TOPOLOGY, commands=COMMANDS, environment=where)
        before = footprint(lab)
        process = lab.state.holder if victim == "holder" else lab.state.unshare
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        await wait_until(lambda: not any("process" in line for line in leftovers(before)))
        assert lab.directory.root.is_dir()
        with pytest.raises(LabNotRunning):
            open_lab("small", where)
        assert not (tmp_path / "labs").exists()
        again = await up(TOPOLOGY, commands=COMMANDS, environment=where)
        assert (await on(again, "a", "hostname")).stdout == "a\n"
        assert await down("small", where)
        assert leftovers(before) == []

    asyncio.run(run())


@lab_test
def test_a_frozen_holder_is_taken_down_all_the_same(tmp_path: Path) -> None:
    async def run() -> Footprint:
        where = environment(tmp_path)
        lab = await up(TOPOLOGY, commands=COMMANDS, environment=where)
        before = footprint(lab)
        assert lab.state.holder is not None
        os.kill(lab.state.holder.pid, signal.SIGSTOP)
        assert await down("small", where)
        return before

    assert leftovers(asyncio.run(run())) == []
    assert list(tmp_path.iterdir()) == []


@lab_test
def test_an_agent_that_ends_at_once_is_told_with_its_log_and_nothing_is_left(tmp_path: Path) -> None:
    commands = command_lines("import sys; sys.exit('no such datastore')")
    with pytest.raises(HolderFailed, match=r"a/node ended \(exit code 1\)[\s\S]*no such datastore"):
        asyncio.run(up(TOPOLOGY, commands=commands, environment=environment(tmp_path)))
    assert list(tmp_path.iterdir()) == []


@lab_test
def test_a_raising_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    said: list[str] = []

    async def run() -> None:
        task = asyncio.ensure_future(
            up(TOPOLOGY, commands=COMMANDS, environment=environment(tmp_path), on_progress=said.append)
        )
        await wait_until(lambda: any(text.startswith("host") for text in said))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []


@lab_test
def test_a_lab_that_is_held_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from lab.lab_world import COMMANDS, TOPOLOGY, environment
        from tortie.lab.lifecycle import up
        lab = asyncio.run(up(TOPOLOGY, commands=COMMANDS, environment=environment(Path(sys.argv[1]))))
        held = lab.hold()
        print("up", flush=True)
        sys.stdin.read()
    """)
    tests = Path(__file__).parents[1]
    paths = [str(tests), *(entry for entry in sys.path if entry)]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ":".join(paths)},
    ) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == b"up\n"
        lab = open_lab("small", environment(tmp_path))
        before = footprint(lab)
        holding.kill()
    asyncio.run(wait_until(lambda: not any("process" in line for line in leftovers(before))))
    assert not is_alive(lab.state.unshare)
    assert sweep(environment(tmp_path)) == ["small"]
    assert list(tmp_path.iterdir()) == []


@lab_test
def test_a_folder_without_state_is_swept(tmp_path: Path) -> None:
    where = environment(tmp_path)
    (tmp_path / "labs" / "half").mkdir(parents=True)
    assert sweep(where) == ["half"]
    assert sweep(where) == []


@lab_test
def test_a_lab_whose_folder_is_removed_ends(tmp_path: Path) -> None:
    async def run() -> None:
        lab = await up(TOPOLOGY, commands=COMMANDS, environment=environment(tmp_path))
        before = footprint(lab)
        shutil.rmtree(tmp_path / "labs")
        await wait_until(lambda: leftovers(before) == [])

    asyncio.run(run())
