"""Transcripts: what a person types and what comes back, as text that can be run again.

A line that starts with ``$ `` is typed; a here-document below it belongs to it; the lines up to the next ``$ `` are
what comes back: standard output, then standard error, then ``[exit N]`` where the exit code is not 0. An empty line
before the next ``$ `` belongs to the output. What differs at each run (uid, times) stands as ``<uid>`` and ``<time>``.

Only our own command is run, inside this process. Not for: shells, and commands of other programs.
"""

import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tortie.cli import run_command_line

PROMPT: Final = "$ "
COMMAND_NAMES: Final = ("tortie", "calicoctl")
HERE_DOCUMENT: Final = re.compile(r"\s*<<\s*(\w+)\s*$")
VARYING: Final = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and what came back.

    Attributes:
        typed: the lines as they stand, here-document included.
        answer: the lines of output.
    """

    typed: tuple[str, ...]
    answer: tuple[str, ...]

    @property
    def arguments(self) -> list[str]:
        """The words of the command, its name first."""
        return shlex.split(HERE_DOCUMENT.sub("", self.typed[0].removeprefix(PROMPT)), comments=True)

    @property
    def stdin(self) -> str:
        """The here-document, empty where there is none."""
        return "".join(f"{line}\n" for line in self.typed[1:-1])


def exchanges(text: str) -> list[Exchange]:
    """Return the exchanges of a transcript, in order."""
    found: list[Exchange] = []
    lines = text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith(PROMPT)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        typed_count = 1 + _here_document_length(lines, start)
        found.append(Exchange(tuple(lines[start : start + typed_count]), tuple(lines[start + typed_count : end])))
    return found


def _here_document_length(lines: list[str], start: int) -> int:
    marker = HERE_DOCUMENT.search(lines[start])
    return 0 if marker is None else lines.index(marker.group(1), start + 1) - start


def run_again(exchange: Exchange, capture: Callable[[], tuple[str, str]]) -> Exchange:
    """Run the command of an exchange; return it with what comes back now.

    Args:
        exchange: of a transcript.
        capture: returns what was written to standard output and error since it was called last.
    """
    name, *arguments = exchange.arguments
    assert name in COMMAND_NAMES, f"a transcript runs only {COMMAND_NAMES}, not {name!r}"
    kept, kept_environment = sys.stdin, dict(os.environ)
    sys.stdin = io.TextIOWrapper(io.BytesIO(exchange.stdin.encode()), encoding="utf-8")
    capture()
    try:
        code = run_command_line(arguments, "tortie")
    finally:
        sys.stdin = kept
        os.environ.clear()
        os.environ.update(kept_environment)
    stdout, stderr = capture()
    return Exchange(exchange.typed, tuple(_answer(stdout, stderr, int(code))))


def _answer(stdout: str, stderr: str, code: int) -> Iterator[str]:
    text = stdout + stderr
    for pattern, name in VARYING:
        text = pattern.sub(name, text)
    yield from text.splitlines()
    if code:
        yield f"[exit {code}]"


def transcript(of: list[Exchange]) -> str:
    """Return exchanges as a transcript."""
    return "".join(f"{line}\n" for exchange in of for line in (*exchange.typed, *exchange.answer))
