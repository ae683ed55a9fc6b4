"""The agent of one host: datastore → intent → speaker and kernel, status the other way.

For: running one `Speaker` by one `NodeIntent`, for a node (with a data path) or a reflector (without).
Not for: deciding what the intent is (fabric) or how anything is done (speaker, datapath).
Structures to know: `Agent`, `AgentOptions`.

Static stability: with the datastore gone, sessions and routes stay; an agent that starts meanwhile comes up with
the last good intent from disk.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tortie import __version__
from tortie.bgp.engine import (
    BestPathsChanged,
    EndOfRIBReceived,
    NextHopsWanted,
    PeerConfig,
    PeerDown,
    PeerKey,
    PeerUp,
    PrefixLimitNear,
)
from tortie.bgp.wire import prefix_to_text
from tortie.fabric import NodeIntent, Quarantined
from tortie.node.datapath import Datapath
from tortie.node.events import EventLog
from tortie.node.histogram import Histogram
from tortie.node.intent_config import listen_addresses, peer_configs, speaker_config
from tortie.node.intent_source import IntentUpdate, IntentWithheld, Planner, intents
from tortie.node.kernel_news import kernel_news
from tortie.node.last_intent import LastIntent, load_last_intent, save_last_intent
from tortie.node.last_sessions import LastSessions, load_last_sessions
from tortie.node.log import Log
from tortie.node.md5_counters import md5_drops
from tortie.node.metrics_address import MetricsAddress
from tortie.node.metrics_agent import DatastoreMeasures, intent_samples, kernel_samples
from tortie.node.metrics_service import open_metrics
from tortie.node.metrics_speaker import process_samples, speaker_samples
from tortie.node.metrics_table import Samples
from tortie.node.presence import announce
from tortie.node.secret_watch import SecretWatch
from tortie.node.service_manager import ServiceManager
from tortie.node.session_passwords import SessionPasswords, session_passwords
from tortie.node.status import Handlers, StatusServer
from tortie.node.status_protocol import JSONObject
from tortie.node.status_reply import RequestInvalid
from tortie.node.stopping import STOP, StopRequest, drain, stop_request
from tortie.node.views import engine_view, mrt_views, route_views, session_views
from tortie.node.watched import watch_speaker
from tortie.speaker import (
    NOT_WATCHED,
    Callbacks,
    ConnectionRefused,
    Event,
    ListenFailed,
    Speaker,
    Watching,
    WatchOptions,
)
from tortie.store import Follower, Known, Store, StoreStatus, open_store

__all__ = ["Agent", "AgentOptions"]

ROOT_PREFIX = "/calico/"
LISTEN_RETRY_S = 2.0
KERNEL_NEWS_S = 5.0
"""How often the log is told what happened to the kernel's routes: as a number, not route by route."""

Start = Callable[[Coroutine[object, object, None]], None]
"""Runs a coroutine as a task of the agent's group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """How one agent runs.

    Attributes:
        role: "node" or "reflector"; a reflector has no data path.
        name: of the node, or the reflector's address: for status and logs.
        plan: what this speaker should do, given everything.
        datastore: URL of the datastore.
        status_socket: where it answers questions.
        last_intent: file of the last good intent; beside it lies which sessions were up.
        secrets_directory: files NAME/KEY with passwords, which go before the datastore's secrets; None = no such files.
        jitter: 0.75 to 1.0, for timers that are to be spread.
        metrics: where metrics are served; None = nowhere.
        watch: who else watches it.
        on_first_intent: is called when the datastore has been read, planned from and acted on for the first time.
    """

    role: str
    name: str
    plan: Planner
    datastore: str
    status_socket: Path
    last_intent: Path
    jitter: Callable[[], float]
    secrets_directory: Path | None = None
    metrics: MetricsAddress | None = None
    watch: WatchOptions = NOT_WATCHED
    on_first_intent: Callable[[], None] = lambda: None


class Agent:
    """See the module's header. `run` once, inside an event loop; `stop` ends it."""

    def __init__(self, options: AgentOptions, log: Log) -> None:
        """Keep the options; nothing is opened before `run`."""
        self._options = options
        self._log = log
        self._manager = ServiceManager()
        self._stopping = asyncio.Event()
        self._stop_request = STOP
        self._running: list[asyncio.Task[None]] = []
        self._watching: Watching | None = None
        self._speaker: Speaker | None = None
        self._datapath: Datapath | None = None
        self._follower: Follower | None = None
        self._secrets = SecretWatch(options.secrets_directory, options.jitter)
        self._passwords = SessionPasswords()
        self._translated: tuple[NodeIntent, tuple[PeerConfig, ...]] | None = None
        self._has_read = False
        self._intent: NodeIntent | None = None
        self._intent_from = "none"
        self._saved_history: str | None = None
        self._revision = 0
        self._withheld = ""
        self._store_status = StoreStatus(is_connected=False, is_held=False, text="not asked yet", revision=0)
        self._store_status_at = 0.0
        self._listen_errors: dict[str, str] = {}
        self._started_at = 0.0
        self._propagation = Histogram()
        self._measures = DatastoreMeasures(0.0)
        self._events = EventLog()
        self._sessions_file = options.last_intent.with_suffix(".sessions.json")
        self._expected: frozenset[PeerKey] | None = None
        self._last_sessions = LastSessions(self._sessions_file, self._sessions_up, self._cannot_save_sessions)

    def stop(self, *, for_restart: bool = False, message: str = "") -> None:
        """End the agent: sessions with Cease, unless for a restart; routes stay in the kernel."""
        if not self._stopping.is_set():  # the first word counts
            self._stop_request = StopRequest(for_restart=for_restart, message=message)
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop`.

        Raises:
            StatusSocketUnusable: the status socket cannot be made, or another agent has it.
            ListenFailed: metrics cannot be served where they should.
            WatchFileUnusable: a recording or MRT file cannot be made.
            OSError: no netlink, or want of rights (a node needs CAP_NET_ADMIN).
        """
        self._started_at = self._store_status_at = asyncio.get_running_loop().time()
        self._measures = DatastoreMeasures(self._started_at)
        self._log.info("agent started", object=self._object, version=__version__)
        store = open_store(
            self._options.datastore,
            on_warning=lambda text: self._log.warning("datastore settings", object="datastore", reason=text),
        )
        status = StatusServer(self._options.status_socket, self._handlers())
        metrics = open_metrics(self._options.metrics, self._samples, self._log)
        try:
            status.open()
            options = self._options
            watching = self._watching = watch_speaker(options.watch, options.name, options.jitter, self._log)
            await self._run_tasks([status.serve(), metrics.serve(), watching.run()], store)
        finally:
            status.close()
            metrics.close()
            if self._speaker is not None:
                await self._speaker.close(
                    for_restart=self._stop_request.for_restart, message=self._stop_request.message
                )
            if self._watching is not None:
                self._watching.close()
            if self._datapath is not None:
                self._datapath.close()
            await store.close()

    async def _run_tasks(self, servers: Sequence[Coroutine[object, object, None]], store: Store) -> None:
        async with asyncio.TaskGroup() as tasks:

            def start(work: Coroutine[object, object, None]) -> None:
                self._running.append(tasks.create_task(work))

            for server in servers:
                start(server)
            start(self._secrets.run(store))
            await self._secrets.first_word()
            self._secrets.on_change = self._secrets_changed
            known = self._come_up_with_last_intent(start)
            self._follower = Follower(store, ROOT_PREFIX, known=known, jitter=self._options.jitter)
            start(self._follow(self._follower, start))
            start(self._listen_again())
            start(announce(store, self._options.role, self._options.name, datetime.now(UTC), self._log))
            start(self._tell_kernel_news())
            start(self._last_sessions.run())
            await self._stopping.wait()
            self._log.info("agent stopping", object=self._object, for_restart=self._stop_request.for_restart)
            self._last_sessions.write()
            self._manager.stopping()
            for task in self._running:
                task.cancel()

    # ------------------------------------------------------------------ from the datastore

    def _come_up_with_last_intent(self, start: Start) -> Known | None:
        last, reason = load_last_intent(self._options.last_intent)
        if last is None:
            self._log.info("no last intent", object=self._object, reason=reason)
            return None
        self._intent_from = "disk"
        self._saved_history = None if last.known is None else last.known.history
        self._take_intent(last.intent, start)
        return last.known

    async def _follow(self, follower: Follower, start: Start) -> None:
        async for update in intents(follower, self._options.plan):
            match update:
                case IntentUpdate(intent, revision, received_at):
                    self._note_found(revision)
                    if intent != self._intent:
                        self._take_intent(intent, start)
                        self._save(intent, follower)
                    if not self._has_read:
                        self._has_read = True
                        self._options.on_first_intent()
                    self._measures.note_acted(received_at, asyncio.get_running_loop().time())
                case IntentWithheld(reason, revision, received_at):
                    self._measures.note_withheld(received_at)
                    self._note_withheld(reason, revision)
                case StoreStatus():
                    self._note_store_status(update)
            is_other_store = follower.known is not None and follower.known.history != self._saved_history
            if is_other_store and self._intent is not None:
                self._save(self._intent, follower)

    def _note_found(self, revision: int) -> None:
        self._revision = revision
        self._withheld = ""
        self._intent_from = "datastore"

    def _note_withheld(self, reason: str, revision: int) -> None:
        """What the datastore says is not acted on: what we do stays as it is, and status says why."""
        self._revision = revision
        self._withheld = reason
        self._log.warning("datastore not acted on", object="datastore", reason=reason, revision=revision)
        self._manager.status(f"datastore not acted on: {reason}")

    def _note_store_status(self, status: StoreStatus) -> None:
        former, self._store_status = self._store_status, status
        now = asyncio.get_running_loop().time()
        if (former.is_connected, former.is_held) != (status.is_connected, status.is_held):
            self._store_status_at = now
        self._measures.note_status(status, now)
        if status.is_held:
            self._log.error("datastore not believed", object="datastore", reason=status.text, revision=status.revision)
        elif status.is_connected:
            self._log.info("datastore connected", object="datastore", revision=status.revision)
        else:
            self._log.warning("datastore lost, sessions and routes stay", object="datastore", reason=status.text)
        if status.text:
            self._manager.status(f"datastore trouble: {status.text}")

    def _save(self, intent: NodeIntent, follower: Follower) -> None:
        known = follower.known
        self._saved_history = None if known is None else known.history
        try:
            save_last_intent(self._options.last_intent, LastIntent(intent, known))
        except OSError as error:
            self._log.warning("cannot save the last intent", object=str(self._options.last_intent), reason=error)

    # ------------------------------------------------------------------ doing what the intent says

    def _take_intent(self, intent: NodeIntent, start: Start) -> None:
        former, self._intent = self._intent, intent
        self._log.set_level(intent.log_level)
        self._log_quarantine(former, intent)
        speaker = self._speaker or self._build(intent, start)
        peers = self._configure(speaker, intent)
        self._listen(intent)
        if self._datapath is None:
            self._originate(set(intent.originated))
        else:
            self._datapath.apply(intent, ((peer.key, peer.options.families) for peer in peers))
        speaker.wake()
        counts = {"sessions": len(peers), "originated": len(intent.originated), "quarantined": len(intent.quarantine)}
        self._log.info("intent taken", object=self._object, source=self._intent_from, **counts)
        self._manager.ready(f"intent from {self._intent_from}, {len(peers)} sessions configured")

    def _configure(self, speaker: Speaker, intent: NodeIntent) -> tuple[PeerConfig, ...]:
        """Give the speaker the intent's sessions with the passwords that there are now; return its peers."""
        former, self._passwords = self._passwords, session_passwords(intent.sessions, self._secrets.secrets.password)
        for problem in set(self._passwords.problems) - set(former.problems):
            self._log.warning("password cannot be had", object=f"{problem.kind} {problem.name}", reason=problem.reason)
        self._events.quarantine(former.problems, self._passwords.problems, self._now())
        refused = self._passwords.refused
        everyone = peer_configs(intent, *(self._translated or ()))
        self._translated = intent, everyone
        peers = tuple(peer for peer in everyone if (peer.remote_address, peer.remote_port) not in refused)
        speaker.reconfigure(peers, (), speaker_config(intent), self._passwords.passwords)
        return peers

    def _secrets_changed(self) -> None:
        """Take what the secrets say now; an established session goes on with another password in place."""
        intent, speaker = self._intent, self._speaker
        if intent is None or speaker is None:
            return
        if session_passwords(intent.sessions, self._secrets.secrets.password) != self._passwords:
            self._configure(speaker, intent)
            self._log.info("passwords taken", object=self._object, sessions=len(self._passwords.passwords))

    def _build(self, intent: NodeIntent, start: Start) -> Speaker:
        """Make speaker and data path, once the first intent says who we are."""
        is_node = self._options.role == "node"
        self._expected = load_last_sessions(self._sessions_file)
        assert self._watching is not None, "it is made before any intent is taken"
        engine = self._watching.engine(
            speaker_config(intent),
            self._options.jitter,
            reports_best_paths=is_node,
            is_restarting=self._intent_from == "disk",  # we ran before, and our peers may have kept what we announced
            expected=self._expected,
            propagated=None if self._options.metrics is None else self._propagation.observe,
            session_event=self._on_session_event,
        )
        speaker = self._speaker = Speaker(engine, Callbacks(self._on_event))
        self._watching.attach(speaker)
        start(speaker.run())
        if is_node:
            self._datapath = Datapath(engine, self._originate, speaker.wake)
            start(self._datapath.run())
        return speaker

    def _originate(self, prefixes: set[str]) -> None:
        """Make these exactly what this speaker announces of its own."""
        speaker = self._speaker
        assert speaker is not None, "the data path is made after the speaker"
        engine, now = speaker.engine, speaker.now
        workloads = () if self._intent is None else self._intent.workloads
        interfaces = {each.prefix: each.interface for each in workloads}
        announced = {prefix_to_text(nlri, family) for family, nlri in engine.originated()}
        for prefix in sorted(announced - prefixes):
            engine.withdraw(prefix, now)
        for prefix in sorted(prefixes - announced):
            engine.originate(prefix, now, interface=interfaces.get(prefix, ""))
        speaker.wake()

    def _on_event(self, event: Event) -> None:
        """Give the data path what is its business, and keep and log what sessions do."""
        if isinstance(event, ConnectionRefused | PeerUp | PeerDown | PrefixLimitNear):
            self._on_session(event)
        elif self._datapath is not None:
            self._on_routes(event, self._datapath)

    @staticmethod
    def _on_routes(event: BestPathsChanged | EndOfRIBReceived | NextHopsWanted, datapath: Datapath) -> None:
        match event:
            case BestPathsChanged():
                datapath.write(event)
            case EndOfRIBReceived():
                datapath.note_end_of_rib(event)
            case NextHopsWanted():
                datapath.follow(event)

    def _on_session(self, event: ConnectionRefused | PeerUp | PeerDown | PrefixLimitNear) -> None:
        match event:
            case ConnectionRefused(address, reason):
                self._log.warning("connection refused", object=f"session {address}", reason=reason)
            case PeerUp(peer):
                self._events.session_up(peer, self._now())
                self._last_sessions.note_change()
                self._log.info("session up", object=f"session {peer}")
            case PeerDown(peer, reason, stale_s):
                self._events.session_down(event, self._now())
                self._last_sessions.note_change()
                self._log.warning("session down", object=f"session {peer}", reason=reason, paths_kept_s=stale_s)
            case PrefixLimitNear(peer, family, count, prefixes_max):
                self._log.warning(
                    "prefix limit near",
                    object=f"session {peer}",
                    family=family.name,
                    count=count,
                    prefixes_max=prefixes_max,
                )

    def _on_session_event(self, peer: PeerKey, text: str) -> None:
        self._log.debug("session event", object=f"session {peer}", reason=text)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _sessions_up(self) -> set[PeerKey] | None:
        """Return whose sessions are up, or were and are still waited for; None where there is no speaker yet."""
        if self._speaker is None:
            return None
        engine = self._speaker.engine
        up = {key for key, peer in engine.peers.items() if peer.source is not None}
        return up | (self._expected or set()) if engine.deferred_families else up

    def _cannot_save_sessions(self, error: OSError) -> None:
        self._log.warning("cannot save which sessions are up", object=str(self._sessions_file), reason=error)

    def _log_quarantine(self, former: NodeIntent | None, intent: NodeIntent) -> None:
        self._events.quarantine(() if former is None else former.quarantine, intent.quarantine, self._now())
        before = set() if former is None else set(former.quarantine)
        for item in intent.quarantine:
            if item not in before:
                self._log.warning("record set aside", object=f"{item.kind} {item.name}", reason=item.reason)
        for item in sorted(before - set(intent.quarantine)):
            self._log.info("record set aside no more", object=f"{item.kind} {item.name}", reason=item.reason)

    # ------------------------------------------------------------------ listening

    def _listen(self, intent: NodeIntent) -> None:
        """Listen on our addresses and on nothing else; an address that cannot be had is tried again."""
        speaker = self._speaker
        assert speaker is not None, "called with a speaker"
        wanted = {(address, intent.listen_port) for address in listen_addresses(intent)}
        for address, port in set(speaker.listening()) - wanted:
            speaker.stop_listening(address, port)
        former_errors, self._listen_errors = self._listen_errors, {}
        for address, port in sorted(wanted - set(speaker.listening())):
            try:
                speaker.listen(address, port)
            except ListenFailed as error:
                self._listen_errors[address] = str(error)
                if former_errors.get(address) != str(error):
                    self._log.error("cannot listen", object=f"address {address}", port=port, reason=error)

    async def _listen_again(self) -> None:
        """Try again what could not be listened on: the address or the port may be free by now."""
        while True:
            await asyncio.sleep(LISTEN_RETRY_S)
            if self._listen_errors and self._intent is not None:
                self._listen(self._intent)

    # ------------------------------------------------------------------ the kernel

    async def _tell_kernel_news(self) -> None:
        """Log what happened to the kernel's routes, a few lines at a time however many they are."""
        before = None
        while True:
            await asyncio.sleep(KERNEL_NEWS_S)
            if self._datapath is not None:
                status = self._datapath.status()
                for say, event, fields in kernel_news(self._log, before, status):
                    say(event, object="kernel routes", **fields)
                before = status

    # ------------------------------------------------------------------ metrics

    @property
    def _object(self) -> str:
        return f"{self._options.role} {self._options.name}"

    def _samples(self) -> Samples:
        """Yield all metrics; called between two steps of the agent, at each scrape."""
        now = asyncio.get_running_loop().time()
        yield from process_samples(self._options.role, self._log, len(self._listen_errors))
        yield from self._measures.samples(self._seen_revision(), self._revision, now)
        yield from intent_samples(self._intent_from, self._set_aside())
        yield "tortie_update_propagation_seconds", (), self._propagation
        if self._speaker is not None:
            yield from speaker_samples(self._speaker)
        if self._datapath is not None:
            yield from kernel_samples(self._datapath.status(), self._datapath.lag_s(), self._datapath.write_times)

    # ------------------------------------------------------------------ status

    def _seen_revision(self) -> int:
        """Return the last revision taken from the datastore; 0 where nothing was."""
        known = None if self._follower is None else self._follower.known
        return 0 if known is None else known.revision

    def _set_aside(self) -> tuple[Quarantined, ...]:
        """Return all that is not carried out: records, secrets, and sessions whose password the kernel refuses."""
        intent, speaker = self._intent, self._speaker
        if intent is None or speaker is None:
            return ()
        refused = (Quarantined("Session", *problem) for problem in speaker.password_problems.items())
        return (*intent.quarantine, *self._passwords.problems, *refused)

    def _handlers(self) -> Handlers:
        return {
            "status": self._status,
            "routes": self._routes,
            "mrt": self._mrt,
            "stop": self._stop_asked,
            "drain": self._drain_asked,
            "confirm": self._confirm,
        }

    def _stop_asked(self, arguments: JSONObject) -> JSONObject:
        request = stop_request(arguments)
        self.stop(for_restart=request.for_restart, message=request.message)
        return {"stopping": True, "for_restart": request.for_restart}

    def _drain_asked(self, arguments: JSONObject) -> JSONObject:
        if self._speaker is None:
            raise RequestInvalid("drain: there is no intent yet, so nothing is announced")
        return drain(self._speaker, arguments, self._log)

    def _confirm(self, _arguments: JSONObject) -> JSONObject:
        """Obey a datastore that was emptied, restored or replaced."""
        has_secrets = self._secrets.confirm()
        is_confirmed = (self._follower is not None and self._follower.confirm()) or has_secrets
        if is_confirmed:
            self._log.warning("datastore confirmed by an operator", object="datastore")
        return {"confirmed": is_confirmed}

    def _routes(self, arguments: JSONObject) -> Iterator[JSONObject]:
        return iter(()) if self._speaker is None else route_views(self._speaker.engine, arguments)

    def _mrt(self, _arguments: JSONObject) -> Iterator[JSONObject]:
        return iter(()) if self._speaker is None else mrt_views(self._speaker.engine)

    def _status(self, _arguments: JSONObject) -> JSONObject:
        intent, speaker, now = self._intent, self._speaker, asyncio.get_running_loop().time()
        roles = {} if intent is None else {session.remote_address: session.roles for session in intent.sessions}
        return {
            "name": self._options.name,
            "role": self._options.role,
            "version": __version__,
            "uptime_s": round(now - self._started_at, 3),
            "datastore": {
                **asdict(self._store_status),
                "revision": self._seen_revision(),
                "acted_revision": self._revision,
                "age_s": round(now - self._store_status_at, 3),
            },
            "intent_from": self._intent_from,
            "withheld": self._withheld,
            "speaker": None if speaker is None else engine_view(speaker.engine, speaker.listening()),
            "listen_errors": self._listen_errors,
            "sessions": [] if speaker is None else session_views(speaker.engine, speaker.now, roles),
            "tcp_md5_drops": md5_drops(),
            "originated": [] if intent is None else list(intent.originated),
            "kernel": None if self._datapath is None else asdict(self._datapath.status()),
            "quarantine": [asdict(item) for item in self._set_aside()],
            "events": self._events.view(self._now()),
        }
