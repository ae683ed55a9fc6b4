"""The lab's process on a host with a foreign speaker: datastore → intent → its configuration, and its status.

For: following the datastore as our agent does, having the speaker obey, writing what Calico's Felix writes (routes to
workloads; blackholes of own blocks where the speaker does not), and answering on the status socket, so that `lab
status` and `node status` show this host like any other. Not for: any one speaker (`daemon.py`).

The status socket opens when the speaker answers with its first intent: then the lab calls the process ready. A
configuration that the speaker refuses is logged and shown; what it did before it still does. Structure to know:
`ForeignAgent`.
"""

import asyncio
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tortie.bgp.engine import PeerStatus
from tortie.fabric import NodeIntent, SessionIntent
from tortie.lab.foreign.bird import Bird1, Bird2
from tortie.lab.foreign.daemon import Daemon, DaemonFailed
from tortie.lab.foreign.frr import FRR
from tortie.lab.foreign.gobgp import GoBGP
from tortie.lab.foreign.speakers import speaker_title
from tortie.node.intent_source import IntentUpdate, IntentWithheld, Planner, intents
from tortie.node.kernel_routes import KernelRoutes, KernelRoutesConfig
from tortie.node.kernel_state import KernelSyncConfig
from tortie.node.log import Log
from tortie.node.status import StatusServer
from tortie.node.status_protocol import JSONObject
from tortie.node.status_reply import RequestInvalid
from tortie.store import Follower, StoreStatus, open_store

__all__ = ["DAEMONS", "ForeignAgent", "ForeignOptions"]

DAEMONS: Final[dict[str, type[Daemon]]] = {"bird": Bird2, "bird1": Bird1, "frr": FRR, "gobgp": GoBGP}
"""Agent's name in a topology → its class."""

ESTABLISHED: Final = "established"
ROOT_PREFIX: Final = "/calico/"
WATCH_S: Final = 0.5
SWEEP_AFTER_S: Final = 30.0
"""Routes that an earlier run wrote stay for so long: by then the speaker has learned what is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignOptions:
    """How one host's foreign speaker runs.

    Attributes:
        speaker: "bird", "bird1", "frr", "gobgp".
        role: "node" or "reflector".
        name: of the node, or the reflector's address.
        plan: what this speaker should do, given everything.
        datastore: URL of the datastore.
        status_socket: where it answers.
        folder: for the speaker's files.
    """

    speaker: str
    role: str
    name: str
    plan: Planner
    datastore: str
    status_socket: Path
    folder: Path


@dataclass(slots=True)
class _Seen:
    """A session as it was seen when somebody asked: state, since when, how often it was found to be up no more."""

    state: str
    since: float
    down_count: int = 0

    def note(self, state: str, now: float) -> None:
        if state != self.state:
            self.down_count += self.state == ESTABLISHED
            self.state, self.since = state, now


class ForeignAgent:
    """See the module's header. `run` once, inside an event loop; `stop` ends it."""

    def __init__(self, options: ForeignOptions, log: Log) -> None:
        """Open the kernel's sockets on a node; nothing else is done before `run`. Raises OSError."""
        self._options = options
        self._log = log
        quiet = KernelRoutesConfig(sync=KernelSyncConfig(learn=False, direct=False))
        self._kernel = KernelRoutes(quiet) if options.role == "node" else None
        self._daemon = DAEMONS[options.speaker](options.folder, log, self._kernel)
        self._status = StatusServer(
            options.status_socket, {"status": self._answer, "routes": self._no_routes, "stop": self._stop_asked}
        )
        self._stopping = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._object = f"{options.role} {options.name}"
        self._intent: NodeIntent | None = None
        self._problem = ""
        self._store_status = StoreStatus(is_connected=False, is_held=False, text="not asked yet", revision=0)
        self._revision = 0
        self._started_at = 0.0
        self._seen: dict[str, _Seen] = {}

    def stop(self) -> None:
        """End the speaker and this process; the routes stay in the kernel."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop`.

        Raises:
            DaemonFailed: the speaker refused its first configuration, or ended by itself.
            StatusSocketUnusable: the status socket cannot be made.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        self._started_at = loop.time()
        try:
            async with asyncio.TaskGroup() as tasks:
                work = [self._follow(tasks), self._watch(), self._daemon.run()]
                if self._kernel is not None:
                    work.append(self._kernel.run())
                running = [tasks.create_task(item) for item in work]
                await self._stopping.wait()
                for task in running:
                    task.cancel()
                if self._serving is not None:
                    self._serving.cancel()
        finally:
            await self._daemon.stop()
            self._status.close()
            if self._kernel is not None:
                self._kernel.close()

    # ------------------------------------------------------------------ from the datastore to the speaker

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        store = open_store(self._options.datastore)
        try:
            follower = Follower(store, ROOT_PREFIX, known=None, jitter=lambda: 1.0)
            async for update in intents(follower, self._options.plan):
                match update:
                    case IntentUpdate(intent, revision):
                        self._problem = ""
                        if intent != self._intent:
                            await self._take(intent)
                        self._revision = revision
                        if self._serving is None:
                            self._status.open()
                            self._serving = tasks.create_task(self._status.serve())
                    case IntentWithheld(reason, revision):
                        self._revision, self._problem = revision, reason
                        self._log.warning(
                            "datastore not acted on", object="datastore", reason=reason, revision=revision
                        )
                    case StoreStatus():
                        self._store_status = update
        finally:
            await store.close()

    async def _take(self, intent: NodeIntent) -> None:
        is_first = self._intent is None
        self._write_local_routes(intent)
        try:
            await self._daemon.apply(intent)
        except DaemonFailed as error:
            if is_first:
                raise
            self._problem = str(error)
            self._log.error("the speaker refused", object=self._object, reason=error)
            return
        self._intent = intent
        counts = {"sessions": len(intent.sessions), "originated": len(intent.originated)}
        self._log.info("intent taken", object=self._object, **counts)
        if is_first and self._kernel is not None:
            asyncio.get_running_loop().call_later(SWEEP_AFTER_S, self._kernel.sweep)

    def _write_local_routes(self, intent: NodeIntent) -> None:
        if self._kernel is None:
            return
        self._kernel.set_workloads((each.prefix, each.interface) for each in intent.workloads)
        self._kernel.set_blackholes(() if self._daemon.writes_blackholes else intent.blackholes)

    async def _watch(self) -> None:
        """Raise DaemonFailed when a process of the speaker has ended by itself."""
        while True:
            await asyncio.sleep(WATCH_S)
            ended = self._daemon.processes.ended()
            if ended is not None:
                raise DaemonFailed(f"{speaker_title(self._options.speaker)}: {ended}")

    # ------------------------------------------------------------------ status

    def _answer(self, _arguments: JSONObject) -> JSONObject:
        now = asyncio.get_running_loop().time()
        intent = self._intent
        assert intent is not None, "the socket opens after the first intent"
        states = self._daemon.session_states()
        for session in intent.sessions:
            seen = self._seen.setdefault(session.remote_address, _Seen("idle", now))
            seen.note(states.get(session.remote_address, "idle"), now)
        store = self._store_status
        return {
            "name": self._options.name,
            "role": self._options.role,
            "version": speaker_title(self._options.speaker),
            "uptime_s": round(now - self._started_at, 3),
            "datastore": {**asdict(store), "acted_revision": self._revision},
            "intent_from": "datastore",
            "withheld": self._problem,
            "speaker": None,
            "listen_errors": {},
            "sessions": [self._session(session, now) for session in intent.sessions],
            "originated": list(intent.originated),
            "kernel": None if self._kernel is None else asdict(self._kernel.status()),
            "quarantine": [asdict(item) for item in intent.quarantine],
            "events": [],
        }

    def _session(self, session: SessionIntent, now: float) -> JSONObject:
        """Return what the speaker says of a session; what foreign speakers do not tell alike is left empty."""
        seen = self._seen[session.remote_address]
        status = PeerStatus(
            remote_address=session.remote_address,
            remote_port=session.port,
            local_address=session.local_address or "",
            description=session.description,
            state=seen.state,
            age_s=round(now - seen.since, 3),
            local_as=session.local_as,
            peer_as=session.peer_as,
            peer_router_id=None,
            is_client=session.is_client,
            is_dynamic=False,
            is_passive=session.passive,
            hold_time_s=None,
            keepalive_s=None,
            restart_time_s=None,
            stale_s=None,
            families=(),
            announced=0,
            withdrawn=0,
            counters={"down_count": seen.down_count},
            last_error="",
            last_error_age_s=None,
            last_notification_sent=None,
            last_notification_received=None,
            events=(),
        )
        return {**asdict(status), "roles": list(session.roles)}

    def _no_routes(self, _arguments: JSONObject) -> JSONObject:
        title = speaker_title(self._options.speaker)
        raise RequestInvalid(f"this host's speaker is {title}: its own commands show its routes")

    def _stop_asked(self, _arguments: JSONObject) -> JSONObject:
        self.stop()
        return {"stopping": True, "for_restart": False}
