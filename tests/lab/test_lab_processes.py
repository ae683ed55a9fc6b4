"""The processes of a lab: started, watched, restarted, ended."""

import asyncio
import signal
from collections.abc import Callable, Iterator

import pytest

from lab.lab_world import lab_test, module_lab, on
from tortie.lab.errors import ControlFailed
from tortie.lab.lifecycle import Lab
from tortie.lab.status import HostStatus, lab_status


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from module_lab(tmp_path_factory.mktemp("lab"))


async def status_when(lab: Lab, is_so: Callable[[HostStatus], bool]) -> HostStatus:
    """Return host a's status as soon as something is so."""
    async with asyncio.timeout(10):
        while True:
            host = await status_of(lab, "a")
            if is_so(host):
                return host
            await asyncio.sleep(0.02)


async def status_of(lab: Lab, host: str) -> HostStatus:
    return next(item for item in (await lab_status(lab)).hosts if item.name == host)


@lab_test
def test_a_process_a_host_with_its_log(lab: Lab) -> None:
    async def work() -> None:
        found = {process.name: process for host in (await lab_status(lab)).hosts for process in host.processes}
        assert {name: process.is_running for name, process in found.items()} == {
            "a/node": True, "b/node": True, "b/api": True, "rr/reflector": False,
        }  # fmt: skip
        assert (lab.directory.root / found["a/node"].log).read_text() == "agent of a None\n"

    asyncio.run(work())


@lab_test
def test_the_manual_reflector_is_started_when_asked_and_told_its_address(lab: Lab) -> None:
    async def work() -> None:
        await lab.start_process("rr/reflector")
        assert lab.directory.host_log("rr", "reflector").read_text() == "agent of rr 10.1.0.9\n"
        with pytest.raises(ControlFailed, match="rr/reflector runs already"):
            await lab.start_process("rr/reflector")
        with pytest.raises(ControlFailed, match="no process 'x': there are a/node, "):
            await lab.start_process("x")

    asyncio.run(work())


@lab_test
def test_a_killed_agent_is_noticed_and_can_be_restarted(lab: Lab) -> None:
    async def work() -> None:
        await lab.signal_process("a/node", signal.SIGKILL)
        host = await status_when(lab, lambda host: not host.processes[0].is_running)
        assert host.has_ended_agent
        log = lab.directory.host_log("a", "node")
        assert host.problem == f"a/node ended (killed by SIGKILL), see {log}"
        assert (await status_of(lab, "b")).processes[0].is_running
        with pytest.raises(ControlFailed, match="a/node does not run"):
            await lab.signal_process("a/node", signal.SIGKILL)
        await lab.restart_process("a/node")
        process = (await status_of(lab, "a")).processes[0]
        assert (process.is_running, process.starts, process.exit_status) == (True, 2, -signal.SIGKILL)

    asyncio.run(work())


@lab_test
def test_stop_is_in_order_and_safe_to_repeat(lab: Lab) -> None:
    async def work() -> None:
        for _ in range(2):
            await lab.stop_process("a/node")
            assert (await status_of(lab, "a")).processes[0].exit_status == 0

    asyncio.run(work())


@lab_test
def test_orphans_on_hosts_are_reaped(lab: Lab) -> None:
    async def work() -> None:
        made = await on(lab, "a", "sh", "-c", "sleep 1000 < /dev/null > /dev/null 2>&1 & echo $!")
        orphan = f"/proc/{made.stdout.strip()}"

        async def is_there() -> bool:
            """A zombie is there too."""
            return (await on(lab, "a", "test", "-d", orphan)).exit_code == 0

        assert await is_there()
        await on(lab, "a", "kill", "-9", made.stdout.strip())
        async with asyncio.timeout(10):
            while await is_there():  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.02)

    asyncio.run(work())


@lab_test
def test_the_holder_refuses_what_it_does_not_know(lab: Lab) -> None:
    wrong: list[tuple[str, dict[str, object], str]] = [
        ("dance", {}, "unknown operation 'dance'"),
        ("start", {}, "argument 'process'"),
        ("signal", {"process": "a/node", "number": 0}, "argument 'number'"),
        ("signal", {"process": "a/node", "number": 999}, "argument 'number'"),
    ]

    async def work() -> None:
        for operation, arguments, message in wrong:
            with pytest.raises(ControlFailed, match=message):
                await lab.ask(operation, 5.0, **arguments)
        assert (await status_of(lab, "b")).processes[0].is_running

    asyncio.run(work())


@lab_test
def test_the_holder_survives_noise_on_its_socket(lab: Lab) -> None:
    async def work() -> None:
        reader, writer = await asyncio.open_unix_connection(str(lab.directory.control_socket))
        writer.write(b"\xff" * 70_000)
        assert await reader.read() == b""
        writer.close()
        assert (await status_of(lab, "b")).processes[0].is_running

    asyncio.run(work())
