"""The status socket and who asks it, over a socket in a temporary folder."""

import asyncio
import json
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tortie.node import status as status_module
from tortie.node import status_client
from tortie.node.errors import (
    AgentAnswerInvalid,
    AgentNotPermitted,
    AgentNotRunning,
    AgentRefused,
    AgentSilent,
    StatusSocketInUse,
    StatusSocketUnusable,
)
from tortie.node.status import StatusServer
from tortie.node.status_protocol import REQUEST_BYTES_MAX, SOCKET_PATH_BYTES_MAX, JSONObject
from tortie.node.status_reply import Handlers


def _routes(arguments: JSONObject) -> Iterator[Mapping[str, object]]:
    count = arguments.get("count")
    assert isinstance(count, int)
    return ({"prefix": f"10.{index >> 8}.{index & 255}.0/24"} for index in range(count))


HANDLERS: Handlers = {"status": lambda arguments: {"name": "node1", **arguments}, "routes": _routes}


def ask_while_serving(path: Path, question: Callable[[], object], handlers: Handlers = HANDLERS) -> object:
    """Serve, ask from a thread (the client is synchronous), and return the answer or raise its error."""

    async def main() -> object:
        server = StatusServer(path, handlers)
        server.open()
        serving = asyncio.ensure_future(server.serve())
        try:
            return await asyncio.to_thread(question)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    return asyncio.run(main())


@contextmanager
def listener(path: Path, answer: bytes | None) -> Iterator[None]:
    """Somebody who takes one connection, and answers with fixed bytes and an end, or (None) not at all."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(os.fspath(path))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(REQUEST_BYTES_MAX)
                if answer is None:
                    connection.recv(1)  # until the asker gives up
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            thread.join()


# ---------------------------------------------------------------- asking


def test_request(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    answer = ask_while_serving(path, lambda: status_client.request(path, "status", family="ipv4", path="/x"))
    assert answer == {"name": "node1", "family": "ipv4", "path": "/x"}


@pytest.mark.parametrize("count", [0, 1, 3000], ids=["none", "one", "many"])
def test_stream(tmp_path: Path, count: int) -> None:
    path = tmp_path / "status.sock"
    answer = ask_while_serving(path, lambda: list(status_client.stream(path, "routes", count=count)))
    assert answer == list(_routes({"count": count}))


def test_a_stream_that_is_left_early_leaves_the_server_alive(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"

    def question() -> object:
        stream = status_client.stream(path, "routes", count=100_000)
        first = next(stream)
        stream.close()  # type: ignore[attr-defined]  # a generator, declared as an iterator
        return first, status_client.request(path, "status")

    assert ask_while_serving(path, question) == ({"prefix": "10.0.0.0/24"}, {"name": "node1"})


def test_one_object_is_a_stream_of_one_and_a_stream_is_not_one_object(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    assert ask_while_serving(path, lambda: list(status_client.stream(path, "status"))) == [{"name": "node1"}]
    for count in (0, 1):
        with pytest.raises(AgentAnswerInvalid, match="stream, one object was expected"):
            ask_while_serving(path, lambda count=count: status_client.request(path, "routes", count=count))  # type: ignore[misc]  # a default binds the loop's value


def test_an_error_of_the_agent_has_its_code_and_words(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    with pytest.raises(AgentRefused, match="op 'routs': expected one of routes, status") as caught:
        ask_while_serving(path, lambda: status_client.request(path, "routs"))
    assert caught.value.code == "unknown-op"


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(AgentNotRunning, match="is the agent running\\? Start it: tortie reflector run"):
        status_client.request(tmp_path / "status.sock", "status", start_command="tortie reflector run")


def test_a_socket_on_which_nobody_listens_any_more(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left_behind:
        left_behind.bind(os.fspath(path))
    with pytest.raises(AgentNotRunning, match=r"the agent has ended\. Start it: tortie node run"):
        status_client.request(path, "status")


def test_a_path_that_is_no_socket_or_too_long(tmp_path: Path) -> None:
    with pytest.raises(AgentNotRunning, match="status socket"):
        status_client.request(tmp_path / ("x" * 120), "status")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may ask everybody")
def test_somebody_elses_socket(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    with listener(path, b""):
        path.chmod(0)
        with pytest.raises(AgentNotPermitted, match="try sudo"):
            status_client.request(path, "status")
        path.chmod(0o600)
        status_client._connect(path, 1.0, "").close()


def test_permission_denied_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: socket.socket, _path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(AgentNotPermitted, match="only the user that runs the agent may ask it"):
        status_client.request(tmp_path / "status.sock", "status")


def test_no_answer_in_time(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    with listener(path, None), pytest.raises(AgentSilent, match=r"status: the agent did not answer in 0.01 s"):
        status_client.request(path, "status", timeout_s=0.01)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"", "breaks off"),
        (b'{"result": {}}', "breaks off"),
        (b'{"item": {}}\n', "breaks off"),
        (b'{"item": {}}\n{"end": {"count": 2}}\n', "2 objects announced, 1 received"),
        (b"hello\n", "no JSON"),
        (b"[]\n", "not of this protocol"),
        (b'{"result": 3}\n', "not of this protocol"),
        (b'{"other": {}}\n', "not of this protocol"),
    ],
    ids=["nothing", "half-a-line", "no-end-mark", "wrong-count", "no-json", "array", "no-object", "other-key"],
)
def test_what_is_no_answer(tmp_path: Path, answer: bytes, complaint: str) -> None:
    path = tmp_path / "status.sock"
    with listener(path, answer), pytest.raises(AgentAnswerInvalid, match=complaint):
        list(status_client.stream(path, "routes"))


# ---------------------------------------------------------------- the socket's own


def test_modes_and_removal(tmp_path: Path) -> None:
    path = tmp_path / "run" / "status.sock"
    server = StatusServer(path, HANDLERS)
    old_umask = os.umask(0)
    try:
        server.open()
    finally:
        os.umask(old_umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    server.close()
    assert list(path.parent.iterdir()) == []
    server.close()


def test_serving_ends_with_the_socket_removed(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    ask_while_serving(path, lambda: status_client.request(path, "status"))
    assert not path.exists()


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left_behind:
        left_behind.bind(os.fspath(path))
    assert ask_while_serving(path, lambda: status_client.request(path, "status")) == {"name": "node1"}


def test_a_socket_in_use_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    first, second = StatusServer(path, HANDLERS), StatusServer(path, HANDLERS)
    first.open()
    try:
        with pytest.raises(StatusSocketInUse, match="another agent listens on it"):
            second.open()
        second.close()
        assert path.exists()
    finally:
        first.close()


def test_a_socket_that_somebody_put_in_our_place_is_left(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    server = StatusServer(path, HANDLERS)
    server.open()
    path.unlink()
    path.write_text("theirs")
    server.close()
    assert path.read_text() == "theirs"


def test_closing_when_the_directory_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "run" / "status.sock"
    server = StatusServer(path, HANDLERS)
    server.open()
    path.unlink()
    path.parent.rmdir()
    server.close()


def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    path.write_text("precious")
    with pytest.raises(StatusSocketUnusable, match="no socket; remove it first"):
        StatusServer(path, HANDLERS).open()
    assert path.read_text() == "precious"


@pytest.mark.parametrize("surplus", [0, 1], ids=["at-the-limit", "beyond"])
def test_the_length_of_the_path(tmp_path: Path, surplus: int) -> None:
    room = SOCKET_PATH_BYTES_MAX + surplus - len(os.fsencode(tmp_path)) - 1
    server = StatusServer(tmp_path / ("x" * room), HANDLERS)
    if surplus:
        with pytest.raises(StatusSocketUnusable, match=f"longer than {SOCKET_PATH_BYTES_MAX} octets"):
            server.open()
    else:
        server.open()
    server.close()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StatusSocketUnusable, match=r"File exists|Not a directory"):
        StatusServer(tmp_path / "file" / "status.sock", HANDLERS).open()


def test_serving_needs_an_open_socket(tmp_path: Path) -> None:
    with pytest.raises(StatusSocketUnusable, match="not open"):
        asyncio.run(StatusServer(tmp_path / "status.sock", HANDLERS).serve())


# ---------------------------------------------------------------- limits of a connection


def talk(path: Path, *requests: bytes) -> list[dict[str, object]]:
    """Send raw bytes over one connection and return all that comes back until the server closes or nothing is due."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5.0)
        connection.connect(os.fspath(path))
        for request in requests:
            connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as lines:
            return [json.loads(line) for line in lines]


def test_several_requests_over_one_connection(tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    answers = ask_while_serving(path, lambda: talk(path, b'{"op":"status"}\n{"op":"routes","count":1}\n', b"x\n"))
    assert isinstance(answers, list)
    assert [next(iter(answer)) for answer in answers] == ["result", "item", "end", "error"]


@pytest.mark.parametrize("surplus", [0, 1], ids=["at-the-limit", "beyond"])
def test_the_size_of_a_request(tmp_path: Path, surplus: int) -> None:
    path = tmp_path / "status.sock"
    frame = len(b'{"op":"status","x":""}\n')
    request = b'{"op":"status","x":"' + b"y" * (REQUEST_BYTES_MAX + surplus - frame) + b'"}\n'
    answers = ask_while_serving(path, lambda: talk(path, request))
    message = f"a request takes at most {REQUEST_BYTES_MAX} octets"
    if surplus:
        assert answers == [{"error": {"code": "bad-request", "message": message}}]
    else:
        assert isinstance(answers, list)
        assert [next(iter(answer)) for answer in answers] == ["result"]


@pytest.mark.parametrize("surplus", [0, 1], ids=["at-the-limit", "beyond"])
def test_the_number_of_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surplus: int) -> None:
    monkeypatch.setattr(status_module, "CONNECTIONS_MAX", 2)
    path = tmp_path / "status.sock"

    def question() -> object:
        others = []
        for _ in range(1 + surplus):
            other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            other.connect(os.fspath(path))
            other.sendall(b'{"op":"status"}\n')
            other.recv(100)
            others.append(other)
        try:
            return status_client.request(path, "status")
        finally:
            for other in others:
                other.close()

    if surplus:
        with pytest.raises(AgentRefused, match="2 others are asking"):
            ask_while_serving(path, question)
    else:
        assert ask_while_serving(path, question) == {"name": "node1"}


def test_an_idle_connection_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_module, "IDLE_TIMEOUT_S", 0.01)
    path = tmp_path / "status.sock"

    def question() -> object:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5.0)
            connection.connect(os.fspath(path))
            return connection.recv(1)

    assert ask_while_serving(path, question) == b""


def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(StatusSocketUnusable, match="others may write to the directory"):
        StatusServer(folder / "status.sock", {}).open()
    folder.chmod(0o1777)
    server = StatusServer(folder / "status.sock", {})
    server.open()
    server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(StatusSocketUnusable, match="belongs to user 65534"):
        StatusServer(folder / "status.sock", {}).open()
