"""Running an agent in the foreground until a signal or `stop` ends it.

What it is for: what node, reflector and stand-alone reflector share: logs, jitter, signals. What it is NOT for: the
agents themselves (``node``). Imports no pydantic of its own: a stand-alone reflector needs none.
"""

import asyncio
import random
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tortie.cli.agents import STATUS_SOCKET_NAME
from tortie.cli.errors import ExitCode, explain
from tortie.cli.settings import run_directory
from tortie.node.log import Log, set_up_logs
from tortie.node.metrics_address import MetricsAddress
from tortie.speaker import NOT_WATCHED, WatchOptions

__all__ = ["Reporting", "Runnable", "jitter", "run_until_stopped", "socket_to_serve"]

JITTER_MIN: Final = 0.75
JITTER_MAX: Final = 1.0
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """How an agent says what it does.

    Attributes:
        log_format: "text" or "json", None = as standard error demands.
        log_level: until the datastore says another.
        metrics: where metrics are served, None = nowhere.
        watch: who else watches the speaker: recordings and collectors.
    """

    log_format: str | None = None
    log_level: str = "info"
    metrics: MetricsAddress | None = None
    watch: WatchOptions = NOT_WATCHED

    def log(self) -> Log:
        """Set the logs of this process up."""
        return set_up_logs(self.log_format, self.log_level)


class Runnable(Protocol):
    """An agent."""

    async def run(self) -> None:
        """Run until `stop`."""

    def stop(self) -> None:
        """End `run`."""


def jitter() -> Callable[[], float]:
    """Return a source of factors from 0.75 to 1.0, by which timers are spread (RFC 4271 §10)."""
    generator = random.Random()
    return lambda: generator.uniform(JITTER_MIN, JITTER_MAX)


def socket_to_serve(given: Path | None, directory: Path | None = None) -> Path:
    """Return where to answer for status: as given, else in the given or the default run directory."""
    return given if given is not None else (directory or run_directory()) / STATUS_SOCKET_NAME


def run_until_stopped(make: Callable[[], Runnable], log: Log) -> None:
    """Make the agent inside an event loop and run it; SIGTERM, SIGINT and SIGHUP stop it in order.

    A defect that ends it is written to the log with its traceback, then raised.
    """
    try:
        asyncio.run(_run(make))
    except Exception as error:
        if explain(error)[0] is ExitCode.INTERNAL:
            trace = "".join(traceback.format_exception(error))
            log.critical("ended by a defect", reason=f"{type(error).__name__}: {error}", traceback=trace)
        raise
    finally:
        log.flush()


async def _run(make: Callable[[], Runnable]) -> None:
    agent = make()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, agent.stop)
    await agent.run()
