"""Requests and answers on a unix socket."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tortie.lab.control import ask, connect, number_argument, peer_pid, serve, text_argument
from tortie.lab.errors import ControlFailed


async def answer(operation: str, arguments: dict[str, object]) -> object:
    match operation:
        case "echo":
            return arguments
        case "text":
            return text_argument(arguments, "name")
        case "number":
            return number_argument(arguments, "value", 0, 10)
        case "sleep":
            await asyncio.Event().wait()
    raise ControlFailed(f"unknown operation {operation!r}")


def serving(path: Path, work: Callable[[], Awaitable[object]]) -> tuple[object, list[set[str]]]:
    """Run work while a server answers; returns its result and what was asked on each connection."""
    closed: list[set[str]] = []

    async def run() -> object:
        server = await serve(path, answer, closed.append)
        async with server:
            return await work()

    return asyncio.run(run()), closed


def test_an_answer_is_what_the_handler_returned(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    result, _ = serving(path, lambda: ask(path, "echo", 5.0, a=1, b=[None, "ü"]))
    assert result == {"a": 1, "b": [None, "ü"]}


def test_a_path_longer_than_an_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    (tmp_path / "short").symlink_to(folder)
    served = tmp_path / "short" / "s.sock"
    result, _ = serving(served, lambda: ask(folder / "s.sock", "echo", 5.0))
    assert len(str(folder / "s.sock")) > 108
    assert result == {}


def test_a_socket_that_was_left_over_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    path.touch()
    result, _ = serving(path, lambda: ask(path, "echo", 5.0))
    assert result == {}


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        ("nothing", {}, "unknown operation 'nothing'"),
        ("text", {}, "argument 'name': found None, expected a text"),
        ("text", {"name": 7}, "argument 'name': found 7, expected a text"),
        ("number", {"value": "7"}, "expected a number from 0 to 10"),
        ("number", {"value": True}, "expected a number from 0 to 10"),
        ("number", {"value": 10.5}, "expected a number from 0 to 10"),
    ],
)
def test_a_refusal_carries_the_handlers_words(
    tmp_path: Path, operation: str, arguments: dict[str, object], message: str
) -> None:
    path = tmp_path / "s.sock"
    with pytest.raises(ControlFailed, match=message):
        serving(path, lambda: ask(path, operation, 5.0, **arguments))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"x\n", "one line of JSON"),
        (b"[]\n", "a JSON object with `op`"),
        (b'{"op": 7}\n', "a JSON object with `op`"),
    ],
)
def test_what_is_no_request_is_told_so(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "s.sock"

    async def talk() -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(line)
        found = await reader.readline()
        writer.close()
        return found

    result, _ = serving(path, talk)
    assert isinstance(result, bytes)
    assert message in json.loads(result)["error"]


def test_one_connection_carries_several_requests_and_its_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"

    async def talk() -> list[bytes]:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b'{"op": "echo"}\n{"op": "text", "name": "x"}\n')
        found = [await reader.readline(), await reader.readline()]
        writer.close()
        await writer.wait_closed()
        while await reader.read():
            pass
        await asyncio.sleep(0)
        return found

    result, closed = serving(path, talk)
    assert result == [b'{"result": {}}\n', b'{"result": "x"}\n']
    assert closed == [{"echo", "text"}]


def test_a_line_beyond_the_limit_closes_the_connection(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with pytest.raises(ControlFailed):
        serving(path, lambda: ask(path, "echo", 5.0, text="x" * 70_000))


def test_silence_is_an_error_after_its_time(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with pytest.raises(ControlFailed, match=r"no answer to 'sleep' within 0\.01 s"):
        serving(path, lambda: ask(path, "sleep", 0.01))


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(ControlFailed, match="nobody answers at"):
        connect(tmp_path / "s.sock", 1.0)
    with pytest.raises(ControlFailed, match="No such file"):
        connect(tmp_path / "nowhere" / "s.sock", 1.0)


def test_the_listeners_pid_is_known(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"

    async def look() -> int:
        with connect(path, 1.0) as client:
            return peer_pid(client)

    assert serving(path, look)[0] == os.getpid()
