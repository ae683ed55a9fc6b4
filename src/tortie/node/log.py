"""Structured logs of an agent: one event a line, on standard error.

For: the one function by which an agent says what happened, and the document's levels. Not for: status (views),
metrics, nor anything with a secret in it: callers pass names, addresses and counts.
structlog was refused here: it imports rich where rich is installed, and a reflector alone must stay small
(docs/dependencies.md).
"""

import json
import logging
import sys
from typing import Final

__all__ = ["LEVELS", "Log", "set_up_logs"]

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

_LOGGER = logging.getLogger("tortie")


class Log:
    """Says what happened: `log.info("session up", peer="192.0.2.1")`."""

    def info(self, event: str, **fields: object) -> None:
        """What is meant to happen."""
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """What is not, and the agent goes on."""
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """What an operator must do something about."""
        self._say(logging.ERROR, event, fields)

    def set_level(self, name: str) -> None:
        """Take a severity by Calico's or the document's name; unknown names change nothing."""
        level = LEVELS.get(name.lower())
        if level is not None:
            _LOGGER.setLevel(level)

    @staticmethod
    def _say(level: int, event: str, fields: dict[str, object]) -> None:
        _LOGGER.log(level, event, extra={"fields": fields})


def set_up_logs() -> Log:
    """Send logs to standard error: JSON lines, or plain text where a person watches."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_TextFormatter() if sys.stderr.isatty() else _JSONFormatter())
    _LOGGER.handlers[:] = [handler]
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.INFO)
    return Log()


class _JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = getattr(record, "fields", {})
        line = {"time": self.formatTime(record), "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps({**line, **fields}, default=str, ensure_ascii=False)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = getattr(record, "fields", {})
        tail = " ".join(f"{name}={value}" for name, value in fields.items())
        return f"{self.formatTime(record)} {record.levelname.lower():7} {record.getMessage()} {tail}".rstrip()
