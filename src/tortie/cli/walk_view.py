"""How a walk through a lab looks: its steps as they happen, for a terminal or a log.

What it is for: printing the events of ``lab.walk``. What it is NOT for: the steps. Where a person watches a terminal, a
step that waits shows its progress on one line that is written over; elsewhere each new text is a line of its own.

To know: `WalkView`, called with each event.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, TextIO

from tortie.lab.walk import Event, StepFinished, StepProgress, StepStarted, WalkFinished, WalkRecord

__all__ = ["WalkView", "wants_colour"]

INDENT: Final = "    "
LINE_WIDTH: Final = 80
HERE_DOCUMENT: Final = re.compile(r"<<\s*(\w+)\s*$")
ERASE_LINE: Final = "\r\x1b[2K"
BOLD: Final = "1"
GREEN: Final = "32"
RED: Final = "31"
DIM: Final = "2"


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether to use colours and to write over lines: a terminal that can, and nobody who forbids it."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"


class WalkView:
    """Prints a walk."""

    def __init__(self, stream: TextIO, *, is_terminal: bool) -> None:
        """Print to `stream`; with colours and overwritten lines if it is a terminal."""
        self._stream = stream
        self._is_terminal = is_terminal
        self._last_progress = ""

    def __call__(self, event: Event) -> None:
        """Print one event."""
        match event:
            case StepStarted():
                self._start(event)
            case StepProgress():
                self._progress(event)
            case StepFinished():
                self._finish(event)
            case WalkFinished(record=record):
                self._end(record)
        self._stream.flush()

    def _start(self, event: StepStarted) -> None:
        self._last_progress = ""
        self._write(f"\n[{event.index}/{event.count}] {self._painted(event.title, BOLD)}\n")
        for line in _typed(event.command, f"{event.host}$ "):
            self._write(f"{INDENT}{line}\n")

    def _progress(self, event: StepProgress) -> None:
        counted = f" {event.done}/{event.total}" if event.done is not None and event.total is not None else ""
        text = f"{INDENT}... {event.text}{counted}"
        if self._is_terminal:
            self._write(f"{ERASE_LINE}{self._painted(text[:LINE_WIDTH], DIM)}")
        elif event.text != self._last_progress:
            self._write(f"{text}\n")
        self._last_progress = event.text

    def _finish(self, event: StepFinished) -> None:
        if self._is_terminal:
            self._write(ERASE_LINE)
        for line in event.output.splitlines():
            self._write(f"{INDENT}{line}\n")
        if event.ok:
            self._write(f"{INDENT}{self._painted('ok', GREEN)}: {_came_true(event)} ({event.seconds:.1f} s)\n")
        else:
            self._write(f"{INDENT}{self._painted('MISSED', RED)} after {event.seconds:.1f} s\n")
            self._write(f"{INDENT}  expected: {event.expected}\n{INDENT}  seen:     {event.seen}\n")

    def _end(self, record: WalkRecord) -> None:
        missed = [step for step in record.steps if not step.ok]
        if record.ok:
            text = self._painted(f"{len(record.steps)} steps, all as expected", GREEN)
        else:
            text = self._painted("missed: " + "; ".join(step.title for step in missed), RED)
        self._write(f"\n{record.name}: {text}, {record.seconds:.1f} s\n")

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._is_terminal else text

    def _write(self, text: str) -> None:
        self._stream.write(text)


def _typed(command: str, prompt: str) -> Iterator[str]:
    """Yield the lines of a command as a terminal shows them: with a prompt, but for those of a here-document."""
    end_marker = ""
    for line in command.splitlines():
        yield line if end_marker else prompt + line
        if end_marker:
            end_marker = "" if line == end_marker else end_marker
        elif (found := HERE_DOCUMENT.search(line)) is not None:
            end_marker = found.group(1)


def _came_true(event: StepFinished) -> str:
    """Return what was expected, and what was seen where that says more and does not stand above already."""
    is_shown = event.seen in event.output
    return event.expected if is_shown or event.seen == event.expected else f"{event.expected}: {event.seen}"
