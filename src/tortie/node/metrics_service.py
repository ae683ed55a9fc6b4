"""Metrics where they are asked for, and nothing at all where they are not.

For: opening the server behind an import that costs memory, so that who serves no metrics does not pay. Not for: serving
(`metrics_server`).
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from tortie.node.log import Log
from tortie.node.metrics_address import MetricsAddress
from tortie.node.metrics_table import Samples

__all__ = ["MetricsService", "open_metrics"]


class MetricsService(Protocol):
    """What an agent does with it."""

    async def serve(self) -> None:
        """Run until cancelled."""

    def close(self) -> None:
        """Stop listening."""


class _Nowhere:
    """Metrics that nobody asked for."""

    async def serve(self) -> None:
        await asyncio.Event().wait()

    def close(self) -> None:
        pass


def open_metrics(address: MetricsAddress | None, samples: Callable[[], Samples], log: Log) -> MetricsService:
    """Listen where metrics are to be served; None = nowhere.

    Raises:
        ListenFailed: it cannot be listened on.
    """
    if address is None:
        return _Nowhere()
    from tortie.node.metrics_server import MetricsServer  # noqa: PLC0415 - the Prometheus client costs 30 ms and 5 MB

    server = MetricsServer(address, samples, log)
    port = server.open()
    log.info("serving metrics", object=f"address {address.host}", metrics_port=port)
    return server
