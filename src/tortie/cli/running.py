"""Running an agent in the foreground until a signal or `stop` ends it.

What it is for: what node, reflector and stand-alone reflector share: logs, jitter, signals. What it is NOT for: the
agents themselves (``node``). Imports no pydantic of its own: a stand-alone reflector needs none.
"""

import asyncio
import random
import signal
import traceback
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from tortie.cli.agents import STATUS_SOCKET_NAME
from tortie.cli.errors import ExitCode, explain
from tortie.cli.settings import run_directory
from tortie.node.log import Log, set_up_logs
from tortie.node.metrics_address import MetricsAddress
from tortie.node.privileges import keep_only
from tortie.node.service_manager import ServiceManager
from tortie.speaker import NOT_WATCHED, WatchOptions

__all__ = ["Reporting", "Runnable", "jitter", "run_until_stopped", "socket_to_serve", "watched"]

JITTER_MIN: Final = 0.75
JITTER_MAX: Final = 1.0
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RESTART_SIGNAL: Final = signal.SIGUSR1
"""As `stop --for-restart`, for service managers: systemd's RestartKillSignal=."""


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

    def stop(self, *, for_restart: bool = False) -> None:
        """End `run`, for good or to be started again."""


def jitter() -> Callable[[], float]:
    """Return a source of factors from 0.75 to 1.0, by which timers are spread (RFC 4271 §10)."""
    generator = random.Random()
    return lambda: generator.uniform(JITTER_MIN, JITTER_MAX)


def socket_to_serve(given: Path | None, directory: Path | None = None) -> Path:
    """Return where to answer for status: as given, else in the given or the default run directory."""
    return given if given is not None else (directory or run_directory()) / STATUS_SOCKET_NAME


def run_until_stopped(make: Callable[[], Runnable], log: Log, capabilities: Collection[int]) -> None:
    """Make the agent inside an event loop and run it until a signal stops it in order.

    SIGTERM, SIGINT and SIGHUP stop it for good, SIGUSR1 to be started again. A defect that ends it is written to the
    log with its traceback, then raised.

    Args:
        make: makes it.
        log: is told of a defect.
        capabilities: it keeps no others, whoever starts it.
    """
    keep_only(capabilities)
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
    loop.add_signal_handler(RESTART_SIGNAL, partial(agent.stop, for_restart=True))
    await watched(ServiceManager(), agent.run())


async def watched(manager: ServiceManager, work: Coroutine[object, object, None]) -> None:
    """Do the work and show the service manager's watchdog meanwhile that the event loop turns."""
    async with asyncio.TaskGroup() as tasks:
        watchdog = tasks.create_task(manager.keep_watchdog())
        try:
            await work
        finally:
            watchdog.cancel()
