"""The process of a reflector that stands alone: one speaker, one status socket, no datastore.

What it is for: running a `StandaloneConfig` until it is told to stop. What it is NOT for: reading configuration
(``standalone.py``), nodes and reflectors of a datastore (``agent.py``). Its status has the agent's shape, so that the
same commands show it. It imports neither pydantic nor HTTP nor rich.

RFC 4486 §4 (how its sessions end), RFC 2385 (passwords, from files that are looked at again each second).

To know first: `StandaloneReflector`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

from tortie import __version__
from tortie.bgp.engine import PeerDown, PeerKey, PeerUp, PrefixLimitNear
from tortie.node.errors import SecretUnusable
from tortie.node.events import EventLog
from tortie.node.histogram import Histogram
from tortie.node.log import Log
from tortie.node.md5_counters import md5_drops
from tortie.node.metrics_address import MetricsAddress
from tortie.node.metrics_service import open_metrics
from tortie.node.metrics_speaker import process_samples, speaker_samples
from tortie.node.metrics_table import Samples
from tortie.node.password_file import LOOK_S, PasswordFiles
from tortie.node.service_manager import ServiceManager
from tortie.node.standalone import StandaloneConfig
from tortie.node.status import StatusServer
from tortie.node.status_protocol import JSONObject
from tortie.node.stopping import STOP, StopRequest, drain, stop_request
from tortie.node.views import engine_view, mrt_views, route_views, session_views
from tortie.node.watched import watch_speaker
from tortie.speaker import NOT_WATCHED, Callbacks, ConnectionRefused, Event, Password, Speaker, WatchOptions

__all__ = ["StandaloneReflector"]


class StandaloneReflector:
    """One run of a reflector. `run` once, inside an event loop; `stop` ends it."""

    def __init__(  # noqa: PLR0913 - how it runs, each with its meaning below
        self,
        config: StandaloneConfig,
        status_socket: Path,
        log: Log,
        jitter: Callable[[], float],
        metrics: MetricsAddress | None = None,
        *,
        watch: WatchOptions = NOT_WATCHED,
    ) -> None:
        """Keep what it is to do; nothing is opened before `run`.

        Args:
            config: what to do.
            status_socket: where it answers questions; its directory is made.
            log: is told what happens.
            jitter: 0.75 to 1.0, for timers that are to be spread (RFC 4271 §10).
            metrics: where metrics are served; None = nowhere.
            watch: who else watches it.
        """
        self._config = config
        self._watch = watch
        self._log = log
        self._manager = ServiceManager()
        self._jitter = jitter
        self._metrics = metrics
        self._propagation = Histogram()
        self._status = StatusServer(
            status_socket,
            {
                "status": self._status_asked,
                "routes": self._routes_asked,
                "mrt": self._mrt_asked,
                "drain": self._drain_asked,
                "stop": self._stop_asked,
            },
        )
        self._files = PasswordFiles()
        self._passwords: dict[str, Password] = {}
        self._password_problems: dict[str, str] = {}
        self._stopping = asyncio.Event()
        self._stop_request = STOP
        self._speaker: Speaker | None = None
        self._started_at = 0.0
        self._events = EventLog()

    def stop(self, *, for_restart: bool = False, message: str = "") -> None:
        """End every session with Cease / Administrative Shutdown, unless for a restart, then the process."""
        if not self._stopping.is_set():  # the first word counts
            self._stop_request = StopRequest(for_restart=for_restart, message=message)
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop`.

        Raises:
            ListenFailed: the address, or that for metrics, cannot be listened on.
            SecretUnusable: a peer's password cannot be read.
            StatusSocketUnusable: the status socket cannot be made, or another process has it.
            WatchFileUnusable: a recording or MRT file cannot be made.
        """
        config = self._config
        self._passwords = {where: self._files.read(file) for where, file in config.password_files.items()}
        self._status.open()
        watching = metrics = None
        try:
            watching = watch_speaker(self._watch, config.listen_address, self._jitter, self._log)
            propagated = None if self._metrics is None else self._propagation.observe
            engine = watching.engine(
                config.speaker, self._jitter, propagated=propagated, session_event=self._on_session_event
            )
            speaker = self._speaker = Speaker(engine, Callbacks(self._on_event))
            watching.attach(speaker)
            self._started_at = speaker.now
            speaker.reconfigure(config.peers, config.ranges, passwords=self._passwords)
            port = speaker.listen(config.listen_address, config.listen_port)
            self._log.info("listening", object=f"address {config.listen_address}", port=port, version=__version__)
            self._manager.ready(f"listening on {config.listen_address} port {port}")
            metrics = open_metrics(self._metrics, self._samples, self._log)
            await self._run_until_stopped(
                self._status.serve(), metrics.serve(), watching.run(), speaker.run(), self._keep_passwords(speaker)
            )
        finally:
            self._status.close()
            if metrics is not None:
                metrics.close()
            if self._speaker is not None:
                request = self._stop_request
                await self._speaker.close(for_restart=request.for_restart, message=request.message)
            if watching is not None:
                watching.close()

    async def _run_until_stopped(self, *work: Coroutine[object, object, None]) -> None:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each) for each in work]
            await self._stopping.wait()
            self._log.info("stopping", object=f"address {self._config.listen_address}")
            self._manager.stopping()
            for task in running:
                task.cancel()

    async def _keep_passwords(self, speaker: Speaker) -> None:
        """Notice other passwords in the files; established sessions go on with them in place."""
        config = self._config
        while config.password_files:
            await asyncio.sleep(LOOK_S)
            self._files.look_again()
            passwords: dict[str, Password] = {}
            problems: dict[str, str] = {}
            for where, file in config.password_files.items():
                try:
                    passwords[where] = self._files.read(file)
                except SecretUnusable as error:
                    problems[where] = str(error)
            self._say_problems(problems)
            if passwords != self._passwords:
                self._passwords = passwords
                speaker.reconfigure(config.peers, config.ranges, passwords=passwords)
                self._log.info("passwords taken", object=f"address {config.listen_address}", peers=len(passwords))

    def _say_problems(self, problems: dict[str, str]) -> None:
        for where, reason in problems.items():
            if self._password_problems.get(where) != reason:
                self._log.error("no session without its password", object=f"session {where}", reason=reason)
        self._password_problems = problems

    def _on_event(self, event: Event) -> None:
        now = asyncio.get_running_loop().time()
        match event:
            case ConnectionRefused(address, reason):
                self._log.warning("connection refused", object=f"session {address}", reason=reason)
            case PeerUp(peer):
                self._events.session_up(peer, now)
                self._log.info("session up", object=f"session {peer}")
            case PeerDown(peer, reason, stale_s):
                self._events.session_down(event, now)
                self._log.warning("session down", object=f"session {peer}", reason=reason, paths_kept_s=stale_s)
            case PrefixLimitNear(peer, family, count, prefixes_max):
                self._log.warning(
                    "prefix limit near",
                    object=f"session {peer}",
                    family=family.name,
                    count=count,
                    prefixes_max=prefixes_max,
                )
            case _:
                pass

    def _on_session_event(self, peer: PeerKey, text: str) -> None:
        self._log.debug("session event", object=f"session {peer}", reason=text)

    def _samples(self) -> Samples:
        """Yield all metrics; called between two steps of the event loop, at each scrape."""
        yield from process_samples("reflector", self._log, 0)
        yield "tortie_update_propagation_seconds", (), self._propagation
        if self._speaker is not None:
            yield from speaker_samples(self._speaker)

    def _status_asked(self, _arguments: JSONObject) -> JSONObject:
        speaker = self._speaker
        assert speaker is not None, "nobody is answered before the speaker is made"
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
            "tcp_md5_drops": md5_drops(),
            "originated": [],
            "kernel": None,
            "quarantine": [
                {"kind": "Session", "name": where, "reason": reason}
                for where, reason in (*self._password_problems.items(), *speaker.password_problems.items())
            ],
            "events": self._events.view(speaker.now),
        }

    def _routes_asked(self, arguments: JSONObject) -> Iterator[JSONObject]:
        speaker = self._speaker
        assert speaker is not None, "nobody is answered before the speaker is made"
        return route_views(speaker.engine, arguments)

    def _mrt_asked(self, _arguments: JSONObject) -> Iterator[JSONObject]:
        speaker = self._speaker
        assert speaker is not None, "nobody is answered before the speaker is made"
        return mrt_views(speaker.engine)

    def _drain_asked(self, arguments: JSONObject) -> JSONObject:
        speaker = self._speaker
        assert speaker is not None, "nobody is answered before the speaker is made"
        return drain(speaker, arguments, self._log)

    def _stop_asked(self, arguments: JSONObject) -> JSONObject:
        request = stop_request(arguments)
        self.stop(for_restart=request.for_restart, message=request.message)
        return {"stopping": True, "for_restart": request.for_restart}
