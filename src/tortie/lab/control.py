"""Requests and answers as lines of JSON on a unix socket: how commands talk to the holder and to the prober.

A request is `{"op": name, ...arguments}`, its answer `{"result": ...}` or `{"error": text}`. The socket lies in a
directory of mode 0700, so whoever can connect may ask. Not here: what the operations are (holder.py, prober.py).
"""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tortie.lab.errors import ControlFailed, LabError

__all__ = ["CONTROL_TIMEOUT_S", "Handler", "ask", "connect", "number_argument", "peer_pid", "serve", "text_argument"]

ANSWER_SIZE_BYTES_MAX: Final = 64 * 1024 * 1024
REQUEST_SIZE_BYTES_MAX: Final = 64 * 1024
CONTROL_TIMEOUT_S: Final = 5.0
"""How long an answer may take that needs no work."""

CREDENTIALS: Final = struct.Struct("iII")
"""struct ucred: pid, uid, gid."""

Handler = Callable[[str, dict[str, object]], Awaitable[object]]
"""(operation, arguments) → result that JSON can say; raises LabError to refuse."""


async def serve(path: Path, handle: Handler, on_closed: Callable[[set[str]], None]) -> asyncio.Server:
    """Return a server that listens on a unix socket.

    Args:
        path: of the socket; one that is left over is removed.
        handle: answers each request.
        on_closed: is told, when a connection closes, the operations that were asked on it.
    """
    _remove_stale(path)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked: set[str] = set()
        try:
            await _serve_connection(reader, writer, handle, asked)
        except (ConnectionError, ValueError):
            pass  # the client went away, or sent a line beyond the limit: it gets no answer
        finally:
            writer.close()
            on_closed(asked)

    return await asyncio.start_unix_server(connected, path=str(path), limit=REQUEST_SIZE_BYTES_MAX)


def _remove_stale(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _serve_connection(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handler, asked: set[str]
) -> None:
    while line := await reader.readline():
        writer.write(json.dumps(await _answer(line, handle, asked)).encode() + b"\n")
        await writer.drain()


async def _answer(line: bytes, handle: Handler, asked: set[str]) -> dict[str, object]:
    try:
        request = json.loads(line)
    except ValueError:
        return {"error": "a request is one line of JSON"}
    if not isinstance(request, dict) or not isinstance(request.get("op"), str):
        return {"error": "a request is a JSON object with `op`"}
    operation = str(request.pop("op"))
    asked.add(operation)
    try:
        return {"result": await handle(operation, request)}
    except LabError as error:
        return {"error": str(error)}


def connect(path: Path, timeout_s: float) -> socket.socket:
    """Return a connection to a unix socket, however long its path is.

    Raises:
        ControlFailed: nobody listens there.
    """
    try:
        # The path goes through a descriptor of its folder: an address holds 108 bytes, a path may be longer.
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ControlFailed(f"{path.parent}: {error.strerror}") from error
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.settimeout(timeout_s)
        client.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError as error:
        client.close()
        raise ControlFailed(f"nobody answers at {path}: {error.strerror or error}") from error
    finally:
        os.close(folder)
    return client


def peer_pid(client: socket.socket) -> int:
    """Return the pid of the process that listens, as this process's pid namespace numbers it."""
    data = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(data)[0])


async def ask(path: Path, operation: str, timeout_s: float, **arguments: object) -> object:
    """Return the answer to one request on a connection of its own.

    Raises:
        ControlFailed: nobody answers in time, or the request was refused.
    """
    client = connect(path, timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(sock=client, limit=ANSWER_SIZE_BYTES_MAX)
            try:
                writer.write(json.dumps({"op": operation, **arguments}).encode() + b"\n")
                await writer.drain()
                line = await reader.readline()
            finally:
                writer.close()
    except (TimeoutError, ConnectionError) as error:
        raise ControlFailed(f"{path.name}: no answer to {operation!r} within {timeout_s:g} s") from error
    return _result(line, path, operation)


def _result(line: bytes, path: Path, operation: str) -> object:
    try:
        answer = json.loads(line)
    except ValueError:
        raise ControlFailed(f"{path.name}: the connection was closed without an answer to {operation!r}") from None
    if "error" in answer:
        raise ControlFailed(str(answer["error"]))
    return answer.get("result")


def text_argument(arguments: dict[str, object], name: str) -> str:
    """Return a text among the arguments of a request; ControlFailed if it is not there."""
    value = arguments.get(name)
    if not isinstance(value, str):
        raise ControlFailed(f"argument {name!r}: found {value!r}, expected a text")
    return value


def number_argument(arguments: dict[str, object], name: str, low: float, high: float) -> float:
    """Return a number among the arguments of a request; ControlFailed if it is not there or not in [low, high]."""
    value = arguments.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise ControlFailed(f"argument {name!r}: found {value!r}, expected a number from {low:g} to {high:g}")
    return float(value)
