"""What systemd is told, read from a socket in systemd's place."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tortie.node.service_manager import ServiceManager


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as server:
        server.bind(str(tmp_path / "notify"))
        server.setblocking(False)
        yield server


def environment(receiver: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": receiver.getsockname(), **more}


def received(receiver: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(receiver.recv(4096).decode())
        except BlockingIOError:
            return found


def test_ready_is_said_once(receiver: socket.socket) -> None:
    manager = ServiceManager(environment(receiver))
    manager.status("waiting")
    manager.ready("two sessions")
    manager.ready("three sessions")
    manager.stopping()
    assert received(receiver) == [
        "STATUS=waiting", "READY=1\nSTATUS=two sessions", "STATUS=three sessions", "STOPPING=1",
    ]  # fmt: skip


def test_a_status_cannot_smuggle_in_another_word(receiver: socket.socket) -> None:
    ServiceManager(environment(receiver)).status("no\nMAINPID=1")
    assert received(receiver) == ["STATUS=no MAINPID=1"]


def test_abstract_socket() -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as server:
        server.bind("")  # the kernel takes a free abstract name
        name: bytes = server.getsockname()
        ServiceManager({"NOTIFY_SOCKET": f"@{name[1:].decode()}"}).ready()
        assert server.recv(100) == b"READY=1\nSTATUS="


@pytest.mark.parametrize("variables", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/dev/null/none"}])
def test_without_systemd_nothing_happens(variables: dict[str, str]) -> None:
    ServiceManager(variables).ready("at work")


def test_watchdog_is_shown_that_the_loop_turns_twice_an_interval(receiver: socket.socket) -> None:
    async def run() -> None:
        manager = ServiceManager(environment(receiver, WATCHDOG_USEC="20000", WATCHDOG_PID=str(os.getpid())))
        async with asyncio.TaskGroup() as tasks:
            keeper = tasks.create_task(manager.keep_watchdog())
            loop = asyncio.get_running_loop()
            for _ in range(3):
                assert await loop.sock_recv(receiver, 100) == b"WATCHDOG=1"
            keeper.cancel()

    asyncio.run(asyncio.wait_for(run(), 20))


@pytest.mark.parametrize("usec", ["", "0", "-1", "soon", "٣"])
def test_no_watchdog(receiver: socket.socket, usec: str) -> None:
    asyncio.run(ServiceManager(environment(receiver, WATCHDOG_USEC=usec)).keep_watchdog())
    assert received(receiver) == []


def test_somebody_elses_watchdog(receiver: socket.socket) -> None:
    manager = ServiceManager(environment(receiver, WATCHDOG_USEC="20000", WATCHDOG_PID=str(os.getpid() + 1)))
    asyncio.run(manager.keep_watchdog())
    assert received(receiver) == []
