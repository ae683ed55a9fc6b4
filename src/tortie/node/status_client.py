"""The status socket, the asker's side: synchronous, standard library only.

For: asking a running agent or reflector, by the CLI and by scripts. Not for: the agent's side (`status`), or the
meaning of the answers. `status_protocol` has the lines.

Structure to know: `request` for one object, `stream` for many. Every error is an `AgentUnreachable` that says what to
do, or an `AgentRefused` with the agent's own words.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final

from tortie.node.errors import (
    AgentAnswerInvalid,
    AgentNotPermitted,
    AgentNotRunning,
    AgentRefused,
    AgentSilent,
)
from tortie.node.status_protocol import END, ERROR, ITEM, RESULT, JSONObject, encode_line

__all__ = ["START_COMMAND_DEFAULT", "TIMEOUT_S_DEFAULT", "request", "stream"]

TIMEOUT_S_DEFAULT: Final = 5.0
START_COMMAND_DEFAULT: Final = "tortie node run"
LINE_BYTES_MAX: Final = 64 * 1024 * 1024
"""One reply line; what does not fit should have been a stream."""


def request(
    path: Path | str,
    op: str,
    /,
    *,
    timeout_s: float = TIMEOUT_S_DEFAULT,
    start_command: str = START_COMMAND_DEFAULT,
    **arguments: object,
) -> JSONObject:
    """Ask for one object.

    Args:
        path: of the status socket.
        op: what is asked: `status` and others, see the agent.
        timeout_s: how long any step may take.
        start_command: named in the error when nobody listens.
        arguments: of the op; what JSON can say.
    Raises:
        AgentNotRunning, AgentNotPermitted, AgentSilent, AgentAnswerInvalid: the agent cannot be asked.
        AgentRefused: it says no.
    """
    with closing(_replies(path, op, arguments, timeout_s, start_command)) as replies:
        for kind, value in replies:
            if kind == RESULT:
                return value
            raise AgentAnswerInvalid(f"status socket {path}: {op} is answered by a stream, one object was expected")
    raise AgentAnswerInvalid(f"status socket {path}: {op} is answered by an empty stream, one object was expected")


def stream(
    path: Path | str,
    op: str,
    /,
    *,
    timeout_s: float = TIMEOUT_S_DEFAULT,
    start_command: str = START_COMMAND_DEFAULT,
    **arguments: object,
) -> Iterator[JSONObject]:
    """Ask for many objects, as they come; an answer of one object is a stream of one. Arguments as `request`.

    Raises:
        AgentNotRunning, AgentNotPermitted, AgentSilent, AgentAnswerInvalid: the agent cannot be asked, or its answer
            breaks off.
        AgentRefused: it says no, perhaps after some objects.
    """
    with closing(_replies(path, op, arguments, timeout_s, start_command)) as replies:
        for _kind, value in replies:
            yield value


class _Replies:
    """The lines of one answer: an iterator of (RESULT or ITEM, object) that must be closed."""

    def __init__(self, connection: socket.socket, path: Path | str, op: str, timeout_s: float) -> None:
        self._connection = connection
        self._file: BinaryIO = connection.makefile("rb")
        self._name = f"status socket {path}: {op}"
        self._timeout_s = timeout_s
        self._count = 0
        self._is_ended = False

    def close(self) -> None:
        self._file.close()
        self._connection.close()

    def __iter__(self) -> Iterator[tuple[str, JSONObject]]:
        return self

    def __next__(self) -> tuple[str, JSONObject]:
        if self._is_ended:
            raise StopIteration
        kind, value = self._parse(self._read_line())
        if kind == END:
            self._check_count(value)
            raise StopIteration
        if kind == ERROR:
            raise AgentRefused(str(value.get("code")), str(value.get("message")))
        self._is_ended = kind == RESULT
        self._count += 1
        return kind, value

    def _read_line(self) -> bytes:
        try:
            line = self._file.readline(LINE_BYTES_MAX)
        except TimeoutError as error:
            raise AgentSilent(f"{self._name}: the agent did not answer in {self._timeout_s:g} s") from error
        except OSError as error:
            raise AgentAnswerInvalid(f"{self._name}: {error.strerror or error}") from error
        if not line.endswith(b"\n"):
            raise AgentAnswerInvalid(f"{self._name}: the answer breaks off; did the agent stop?")
        return line

    def _parse(self, line: bytes) -> tuple[str, JSONObject]:
        try:
            reply = json.loads(line)
        except ValueError as error:
            raise AgentAnswerInvalid(f"{self._name}: an answer that is no JSON") from error
        if isinstance(reply, dict) and len(reply) == 1:
            ((kind, value),) = reply.items()
            if kind in (RESULT, ITEM, END, ERROR) and isinstance(value, dict):
                return kind, value
        raise AgentAnswerInvalid(f"{self._name}: an answer that is not of this protocol: {line[:80]!r}")

    def _check_count(self, value: JSONObject) -> None:
        if value.get("count") != self._count:
            raise AgentAnswerInvalid(f"{self._name}: {value.get('count')} objects announced, {self._count} received")


def _replies(path: Path | str, op: str, arguments: JSONObject, timeout_s: float, start_command: str) -> _Replies:
    connection = _connect(path, timeout_s, start_command)
    try:
        connection.sendall(encode_line({**arguments, "op": op}))
    except TimeoutError as error:
        connection.close()
        raise AgentSilent(f"status socket {path}: the agent takes no request ({timeout_s:g} s)") from error
    except OSError as error:
        connection.close()
        raise AgentAnswerInvalid(f"status socket {path}: {error.strerror or error}") from error
    return _Replies(connection, path, op, timeout_s)


def _connect(path: Path | str, timeout_s: float, start_command: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(os.fspath(path))
    except FileNotFoundError as error:
        connection.close()
        raise AgentNotRunning(f"no status socket at {path}: is the agent running? Start it: {start_command}") from error
    except ConnectionRefusedError as error:
        connection.close()
        raise AgentNotRunning(
            f"nobody listens on the status socket {path}: the agent has ended. Start it: {start_command}"
        ) from error
    except PermissionError as error:
        connection.close()
        raise AgentNotPermitted(
            f"status socket {path}: permission denied; only the user that runs the agent may ask it (try sudo)"
        ) from error
    except (TimeoutError, BlockingIOError) as error:
        connection.close()
        raise AgentSilent(f"status socket {path}: the agent takes no connection ({timeout_s:g} s)") from error
    except OSError as error:
        connection.close()
        raise AgentNotRunning(f"status socket {path}: {error.strerror or error}") from error
    return connection
