"""Structured logs of an agent: one event a line, on standard error.

For: the one place by which an agent says what happened: the document's levels, text for people and JSON for programs,
the journal's priorities, a bound on what flaps, and no secret in any of it. Not for: status (views) and metrics.
structlog was refused here: it imports rich where rich is installed, and a reflector alone must stay small
(docs/dependencies.md).

A line has `ts` (UTC), `level`, `event`, mostly `object` (what it is about: "session 192.0.2.1") and `reason`, and
what the event has besides. Values are quoted so that a line stays one line, whatever a peer or a file says.

Structure to know: `Log`; `set_up_logs` makes the one of a process.
"""

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TextIO

from tortie.node.log_limit import WINDOW_S, LogLimit
from tortie.node.redaction import HIDDEN, is_secret_name, redact

__all__ = ["FORMATS", "LEVELS", "LineFormatter", "Log", "is_journal_stream", "set_up_logs"]

LEVELS: Final = {
    "none": logging.CRITICAL + 10,
    "fatal": logging.CRITICAL,
    "critical": logging.CRITICAL,
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}
"""Calico's and the document's names of severities, lower case."""

FORMATS: Final = ("text", "json")

_NAMES: Final = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}
_PRIORITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""syslog's severities, as sd-daemon(3) has them before a line."""

_LOGGER: Final = logging.getLogger("tortie")


class Log:
    """Says what happened: `log.info("session up", object="session 192.0.2.1")`.

    Attributes:
        line_counts: level → lines written.
        suppressed_count: lines held back by the limit.
    """

    def __init__(self) -> None:
        """Nothing was said yet, nothing is secret."""
        self.line_counts: dict[str, int] = dict.fromkeys(_NAMES.values(), 0)
        self.suppressed_count = 0
        self._limit = LogLimit()
        self._is_summary_due = False
        self._secrets: set[str] = set()

    def debug(self, event: str, **fields: object) -> None:
        """What helps to find a mistake."""
        self._say(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """What is meant to happen."""
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """What is not, and the agent goes on."""
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """What an operator must do something about."""
        self._say(logging.ERROR, event, fields)

    def audit(self, event: str, **fields: object) -> None:
        """Who has changed what: never held back by the limit."""
        self._write(logging.INFO, event, fields)

    def critical(self, event: str, **fields: object) -> None:
        """What ends the agent."""
        self._say(logging.CRITICAL, event, fields)

    def set_level(self, name: str) -> None:
        """Take a severity by Calico's or the document's name, at once; unknown names change nothing."""
        level = LEVELS.get(name.lower())
        if level is not None and level != _LOGGER.level:
            _LOGGER.setLevel(level)

    def hide(self, *secrets: str) -> None:
        """Never let these texts out, wherever they turn up."""
        self._secrets.update(secrets)

    def flush(self) -> None:
        """Tell what was held back so far; for the end of a process."""
        self._tell_suppressed(float("inf"))

    def _say(self, level: int, event: str, fields: dict[str, object]) -> None:
        if not _LOGGER.isEnabledFor(level):
            return
        now = time.monotonic()
        self._tell_suppressed(now)
        is_sequence = level == logging.DEBUG  # steps that belong together: the first five say nothing
        if self._limit.admit(event, None if is_sequence else str(fields.get("object", "")), now):
            self._write(level, event, fields)
        else:
            self.suppressed_count += 1
            self._tell_later(now)

    def _tell_later(self, now: float) -> None:
        """Have the end of the window tell what is held back, also if nothing else is said."""
        if self._is_summary_due:
            return
        with suppress(RuntimeError):  # no event loop: the next line or `flush` tells
            loop = asyncio.get_running_loop()
            loop.call_later(self._limit.ends_at - now, self._window_ended)
            self._is_summary_due = True

    def _window_ended(self) -> None:
        self._is_summary_due = False
        self._tell_suppressed(max(time.monotonic(), self._limit.ends_at))

    def _tell_suppressed(self, now: float) -> None:
        for event, count in self._limit.take_suppressed(now).items():
            fields = {"suppressed_event": event, "count": count, "window_s": WINDOW_S}
            self._write(logging.WARNING, "log lines suppressed", fields)

    def _write(self, level: int, event: str, fields: Mapping[str, object]) -> None:
        self.line_counts[_NAMES[level]] += 1
        clean = {name: self._clean(name, value) for name, value in fields.items()}
        _LOGGER.log(level, "%s", event, extra={"fields": clean})

    def _clean(self, name: str, value: object) -> object:
        """Return a value as it may be shown."""
        if isinstance(value, bool | int | float) or value is None:
            return value
        return HIDDEN if is_secret_name(name) else redact(str(value), self._secrets)


def set_up_logs(form: str | None = None, level: str = "info") -> Log:
    """Send logs to standard error and return the log of this process.

    Args:
        form: of `FORMATS`; None: text where a person watches or the journal listens, else JSON.
        level: of `LEVELS`, until `set_level`.
    """
    is_journal = is_journal_stream(sys.stderr, os.environ)
    if form is None:
        form = "text" if is_journal or sys.stderr.isatty() else "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(is_json=form == "json", is_journal=is_journal))
    _LOGGER.handlers[:] = [handler]
    _LOGGER.propagate = False
    log = Log()
    log.set_level(level)
    return log


def is_journal_stream(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether a stream goes to systemd's journal: JOURNAL_STREAM names its device and inode."""
    device, _, inode = environment.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


class LineFormatter(logging.Formatter):
    """One event a line. For the journal, which has a clock of its own, a priority stands in place of the time."""

    def __init__(self, *, is_json: bool, is_journal: bool) -> None:
        """Keep the form."""
        super().__init__()
        self._is_json = is_json
        self._is_journal = is_journal

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        fields: dict[str, object] = getattr(record, "fields", {})
        level = _NAMES.get(record.levelno, record.levelname.lower())
        line = {} if self._is_journal else {"ts": _utc(record.created)}
        line |= {"level": level, "event": record.getMessage()}
        text = _json_line(line, fields) if self._is_json else _text_line(line, fields)
        return f"<{_PRIORITIES.get(level, 6)}>{text}" if self._is_journal else text


def _json_line(line: Mapping[str, str], fields: Mapping[str, object]) -> str:
    rest = {name: value for name, value in fields.items() if name not in line}
    return json.dumps({**line, **rest}, default=str, ensure_ascii=False)


def _text_line(line: Mapping[str, str], fields: Mapping[str, object]) -> str:
    head = [line["ts"]] if "ts" in line else []
    tail = [f"{name}={_quoted(value)}" for name, value in fields.items()]
    return " ".join([*head, f"{line['level']:8}", line["event"], *tail])


def _quoted(value: object) -> str:
    """Return a value in one piece: in quotes unless it is a plain word, control characters escaped."""
    text = str(value)
    is_plain = bool(text) and text.isprintable() and not set(text) & set(' "=\\')
    return text if is_plain else json.dumps(text)


def _utc(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
