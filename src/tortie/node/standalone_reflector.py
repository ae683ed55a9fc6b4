"""The process of a reflector that stands alone: one speaker, one status socket, no datastore.

What it is for: running a `StandaloneConfig` until it is told to stop. What it is NOT for: reading configuration
(``standalone.py``), nodes and reflectors of a datastore (``agent.py``). Its status has the agent's shape, so that the
same commands show it. It imports neither pydantic nor HTTP nor rich.

RFC 4486 §4 (how its sessions end).

To know first: `StandaloneReflector`.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from tortie import __version__
from tortie.bgp.engine import Engine, PeerDown, PeerUp, PrefixLimitNear
from tortie.node.log import Log
from tortie.node.standalone import StandaloneConfig
from tortie.node.status import StatusServer
from tortie.node.status_protocol import JSONObject
from tortie.node.status_reply import flag
from tortie.node.views import engine_view, route_views, session_views
from tortie.speaker import Callbacks, Speaker
from tortie.speaker.speaker import Event

__all__ = ["StandaloneReflector"]


class StandaloneReflector:
    """One run of a reflector. `run` once, inside an event loop; `stop` ends it."""

    def __init__(self, config: StandaloneConfig, status_socket: Path, log: Log, jitter: Callable[[], float]) -> None:
        """Keep what it is to do; nothing is opened before `run`.

        Args:
            config: what to do.
            status_socket: where it answers questions; its directory is made.
            log: is told what happens.
            jitter: 0.75 to 1.0, for timers that are to be spread (RFC 4271 §10).
        """
        self._config = config
        self._log = log
        self._jitter = jitter
        self._status = StatusServer(
            status_socket, {"status": self._status_asked, "routes": self._routes_asked, "stop": self._stop_asked}
        )
        self._stopping = asyncio.Event()
        self._is_for_restart = False
        self._speaker: Speaker | None = None
        self._started_at = 0.0

    def stop(self, *, for_restart: bool = False) -> None:
        """End every session with Cease / Administrative Shutdown, then the process.

        With `for_restart` the sessions are left to graceful restart: peers keep what they have heard for a while.
        """
        if not self._stopping.is_set():  # the first word counts
            self._is_for_restart = for_restart
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop`.

        Raises:
            ListenFailed: the address cannot be listened on.
            StatusSocketUnusable: the status socket cannot be made, or another process has it.
        """
        config = self._config
        engine = Engine(config.speaker, self._jitter)
        speaker = self._speaker = Speaker(engine, Callbacks(self._on_event))
        self._started_at = speaker.now
        self._status.open()
        try:
            port = speaker.listen(config.listen_address, config.listen_port)
            engine.reconfigure(config.peers, config.ranges, speaker.now)
            speaker.wake()
            self._log.info("listening", address=config.listen_address, port=port)
            await self._run_until_stopped(speaker)
        finally:
            self._status.close()
            await speaker.close(for_restart=self._is_for_restart)

    async def _run_until_stopped(self, speaker: Speaker) -> None:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._status.serve()), tasks.create_task(speaker.run())]
            await self._stopping.wait()
            self._log.info("stopping")
            for task in running:
                task.cancel()

    def _on_event(self, event: Event) -> None:
        match event:
            case PeerUp(peer):
                self._log.info("session up", peer=str(peer))
            case PeerDown(peer, reason, stale_s):
                self._log.warning("session down", peer=str(peer), reason=reason, paths_kept_s=stale_s)
            case PrefixLimitNear(peer, family, count, prefixes_max):
                self._log.warning(
                    "prefix limit near", peer=str(peer), family=family.name, count=count, prefixes_max=prefixes_max
                )
            case _:
                pass

    def _status_asked(self, _arguments: JSONObject) -> JSONObject:
        speaker = self._speaker
        assert speaker is not None, "the status socket is opened after the speaker is made"
        return {
            "name": self._config.listen_address,
            "role": "reflector",
            "version": __version__,
            "uptime_s": round(speaker.now - self._started_at, 3),
            "datastore": None,
            "intent_from": "configuration",
            "withheld": "",
            "speaker": engine_view(speaker.engine, speaker.listening()),
            "listen_errors": {},
            "sessions": session_views(speaker.engine, speaker.now, {}),
            "originated": [],
            "kernel": None,
            "quarantine": [],
        }

    def _routes_asked(self, arguments: JSONObject) -> Iterator[JSONObject]:
        speaker = self._speaker
        assert speaker is not None, "the status socket is opened after the speaker is made"
        return route_views(speaker.engine, arguments)

    def _stop_asked(self, arguments: JSONObject) -> JSONObject:
        for_restart = flag(arguments, "for_restart")
        self.stop(for_restart=for_restart)
        return {"stopping": True, "for_restart": for_restart}
