"""A route reflector without a datastore: one speaker, one status socket.

For: `tortie reflector run --listen ...` and `--config FILE`. Not for: reading its configuration (standalone).
It imports neither pydantic nor HTTP nor rich, so that it starts at once and stays small.
Structures to know: `StandaloneConfig`.
"""

import asyncio
import random
import signal
from collections.abc import Iterator
from pathlib import Path

from tortie import __version__
from tortie.bgp.engine import Engine, PeerDown, PeerUp
from tortie.node.log import Log, set_up_logs
from tortie.node.standalone import StandaloneConfig
from tortie.node.status import StatusServer
from tortie.node.status_protocol import JSONObject
from tortie.node.views import engine_view, route_views, session_views
from tortie.speaker import Callbacks, Event, Speaker

__all__ = ["run_standalone"]


def run_standalone(config: StandaloneConfig, *, default_status_socket: Path) -> None:
    """Run until SIGTERM, SIGINT or `stop`.

    Raises:
        ListenFailed: the address cannot be listened on.
        StatusSocketUnusable: the status socket cannot be made, or another agent has it.
    """
    asyncio.run(_run(config, config.status_socket or default_status_socket))


async def _run(config: StandaloneConfig, status_socket: Path) -> None:
    generator = random.Random()
    engine = Engine(config.speaker, lambda: generator.uniform(0.75, 1.0))
    reflector = _Reflector(config, engine, set_up_logs())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, reflector.stop)
    await reflector.run(status_socket)


class _Reflector:
    def __init__(self, config: StandaloneConfig, engine: Engine, log: Log) -> None:
        self._config = config
        self._speaker = Speaker(engine, Callbacks(self._on_event))
        self._log = log
        self._stopping = asyncio.Event()
        self._started_at = asyncio.get_running_loop().time()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self, status_socket: Path) -> None:
        config, speaker = self._config, self._speaker
        status = StatusServer(status_socket, {"status": self._status, "routes": self._routes, "stop": self._stop_asked})
        status.open()
        try:
            port = speaker.listen(config.listen_address, config.listen_port)
            self._log.info("listening", address=config.listen_address, port=port, status_socket=status_socket)
            speaker.engine.reconfigure(config.peers, config.ranges, speaker.now)
            speaker.wake()
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(status.serve()), tasks.create_task(speaker.run())]
                await self._stopping.wait()
                for task in running:
                    task.cancel()
        finally:
            status.close()
            await speaker.close()

    def _on_event(self, event: Event) -> None:
        match event:
            case PeerUp(peer):
                self._log.info("session up", peer=str(peer))
            case PeerDown(peer, reason):
                self._log.warning("session down", peer=str(peer), reason=reason)
            case _:
                pass

    def _stop_asked(self, _arguments: JSONObject) -> JSONObject:
        self.stop()
        return {"stopping": True}

    def _routes(self, arguments: JSONObject) -> Iterator[JSONObject]:
        return route_views(self._speaker.engine, arguments)

    def _status(self, _arguments: JSONObject) -> JSONObject:
        speaker = self._speaker
        return {
            "name": self._config.listen_address,
            "role": "reflector",
            "version": __version__,
            "uptime_s": round(speaker.now - self._started_at, 3),
            "datastore": None,
            "speaker": engine_view(speaker.engine, speaker.listening()),
            "listen_errors": {},
            "sessions": session_views(speaker.engine, speaker.now, {}),
            "kernel": None,
            "quarantine": [],
        }
