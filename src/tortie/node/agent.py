"""The agent of one host: datastore → intent → speaker and kernel, status the other way.

For: running one `Speaker` by one `NodeIntent`, for a node (with a data path) or a reflector (without).
Not for: deciding what the intent is (fabric) or how anything is done (speaker, datapath).
Structures to know: `Agent`, `AgentOptions`.

Static stability: with the datastore gone, sessions and routes stay; an agent that starts meanwhile comes up with
the last good intent from disk.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tortie import __version__
from tortie.bgp.engine import (
    BestPathsChanged,
    EndOfRIBReceived,
    Engine,
    NextHopsWanted,
    PeerDown,
    PeerUp,
    PrefixLimitNear,
)
from tortie.bgp.wire import prefix_to_text
from tortie.fabric import NodeIntent, Quarantined
from tortie.node.datapath import Datapath
from tortie.node.intent_config import listen_addresses, peer_configs, speaker_config
from tortie.node.intent_source import IntentUpdate, IntentWithheld, Planner, intents
from tortie.node.last_intent import LastIntent, load_last_intent, save_last_intent
from tortie.node.log import Log
from tortie.node.status import Handlers, StatusServer
from tortie.node.status_protocol import JSONObject
from tortie.node.status_reply import flag
from tortie.node.views import engine_view, route_views, session_views
from tortie.speaker import Callbacks, Event, ListenFailed, Speaker
from tortie.store import Follower, Known, Store, StoreStatus, open_store

__all__ = ["Agent", "AgentOptions"]

ROOT_PREFIX = "/calico/"
LISTEN_RETRY_S = 2.0

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
        last_intent: file of the last good intent.
        jitter: 0.75 to 1.0, for timers that are to be spread.
    """

    role: str
    name: str
    plan: Planner
    datastore: str
    status_socket: Path
    last_intent: Path
    jitter: Callable[[], float]


class Agent:
    """See the module's header. `run` once, inside an event loop; `stop` ends it."""

    def __init__(self, options: AgentOptions, log: Log) -> None:
        """Keep the options; nothing is opened before `run`."""
        self._options = options
        self._log = log
        self._stopping = asyncio.Event()
        self._is_for_restart = False
        self._running: list[asyncio.Task[None]] = []
        self._speaker: Speaker | None = None
        self._datapath: Datapath | None = None
        self._follower: Follower | None = None
        self._intent: NodeIntent | None = None
        self._intent_from = "none"
        self._saved_history: str | None = None
        self._revision = 0
        self._withheld = ""
        self._store_status = StoreStatus(is_connected=False, is_held=False, text="not asked yet", revision=0)
        self._listen_errors: dict[str, str] = {}
        self._started_at = 0.0

    def stop(self, *, for_restart: bool = False) -> None:
        """End the agent: sessions with Cease, routes stay in the kernel.

        With `for_restart` the sessions are left to graceful restart: peers keep what they have heard for a while.
        """
        if not self._stopping.is_set():  # the first word counts
            self._is_for_restart = for_restart
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop`.

        Raises:
            StatusSocketUnusable: the status socket cannot be made, or another agent has it.
            OSError: no netlink, or want of rights (a node needs CAP_NET_ADMIN).
        """
        self._started_at = asyncio.get_running_loop().time()
        store = open_store(self._options.datastore)
        status = StatusServer(self._options.status_socket, self._handlers())
        try:
            status.open()
            await self._run_tasks(status, store)
        finally:
            status.close()
            if self._speaker is not None:
                await self._speaker.close(for_restart=self._is_for_restart)
            if self._datapath is not None:
                self._datapath.close()
            await store.close()

    async def _run_tasks(self, status: StatusServer, store: Store) -> None:
        async with asyncio.TaskGroup() as tasks:

            def start(work: Coroutine[object, object, None]) -> None:
                self._running.append(tasks.create_task(work))

            start(status.serve())
            known = self._come_up_with_last_intent(start)
            self._follower = Follower(store, ROOT_PREFIX, known=known, jitter=self._options.jitter)
            start(self._follow(self._follower, start))
            start(self._listen_again())
            await self._stopping.wait()
            self._log.info("stopping", name=self._options.name)
            for task in self._running:
                task.cancel()

    # ------------------------------------------------------------------ from the datastore

    def _come_up_with_last_intent(self, start: Start) -> Known | None:
        last, reason = load_last_intent(self._options.last_intent)
        if last is None:
            self._log.info("no last intent", reason=reason)
            return None
        self._intent_from = "disk"
        self._saved_history = None if last.known is None else last.known.history
        self._take_intent(last.intent, start)
        return last.known

    async def _follow(self, follower: Follower, start: Start) -> None:
        async for update in intents(follower, self._options.plan):
            match update:
                case IntentUpdate(intent, revision):
                    self._note_found(revision)
                    if intent != self._intent:
                        self._take_intent(intent, start)
                        self._save(intent, follower)
                case IntentWithheld(reason, revision):
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
        self._log.warning("datastore not acted on", reason=reason)

    def _note_store_status(self, status: StoreStatus) -> None:
        self._store_status = status
        if status.is_connected and not status.is_held:
            self._log.info("datastore connected", revision=status.revision)
        else:
            self._log.warning("datastore trouble, sessions and routes stay", reason=status.text)

    def _save(self, intent: NodeIntent, follower: Follower) -> None:
        known = follower.known
        self._saved_history = None if known is None else known.history
        try:
            save_last_intent(self._options.last_intent, LastIntent(intent, known))
        except OSError as error:
            self._log.warning("cannot save the last intent", path=self._options.last_intent, reason=error)

    # ------------------------------------------------------------------ doing what the intent says

    def _take_intent(self, intent: NodeIntent, start: Start) -> None:
        former, self._intent = self._intent, intent
        self._log.set_level(intent.log_level)
        self._log_quarantine(former, intent)
        speaker = self._speaker or self._build(intent, start)
        peers = peer_configs(intent)
        speaker.engine.reconfigure(peers, (), speaker.now, speaker_config(intent))
        self._listen(intent)
        if self._datapath is None:
            self._originate(set(intent.originated))
        else:
            self._datapath.apply(intent, ((peer.key, peer.options.families) for peer in peers))
        speaker.wake()
        self._log.info("intent taken", sessions=len(peers), originated=len(intent.originated), by=self._intent_from)

    def _build(self, intent: NodeIntent, start: Start) -> Speaker:
        """Make speaker and data path, once the first intent says who we are."""
        is_node = self._options.role == "node"
        engine = Engine(
            speaker_config(intent),
            self._options.jitter,
            reports_best_paths=is_node,
            is_restarting=self._intent_from == "disk",  # we ran before, and our peers may have kept what we announced
        )
        speaker = self._speaker = Speaker(engine, Callbacks(self._on_event))
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
        announced = {prefix_to_text(nlri, family) for family, nlri in engine.originated()}
        for prefix in sorted(announced - prefixes):
            engine.withdraw(prefix, now)
        for prefix in sorted(prefixes - announced):
            engine.originate(prefix, now)
        speaker.wake()

    def _on_event(self, event: Event) -> None:
        match event:
            case BestPathsChanged():
                if self._datapath is not None:
                    self._datapath.write(event)
            case EndOfRIBReceived():
                if self._datapath is not None:
                    self._datapath.note_end_of_rib(event)
            case NextHopsWanted():
                if self._datapath is not None:
                    self._datapath.follow(event)
            case PeerUp(peer):
                self._log.info("session up", peer=str(peer))
            case PeerDown(peer, reason, stale_s):
                self._log.warning("session down", peer=str(peer), reason=reason, paths_kept_s=stale_s)
            case PrefixLimitNear(peer, family, count, prefixes_max):
                self._log.warning(
                    "prefix limit near", peer=str(peer), family=family.name, count=count, prefixes_max=prefixes_max
                )

    def _log_quarantine(self, former: NodeIntent | None, intent: NodeIntent) -> None:
        before = set() if former is None else set(former.quarantine)
        for item in intent.quarantine:
            if item not in before:
                self._log.warning("record set aside", kind=item.kind, name=item.name, reason=item.reason)

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
                    self._log.error("cannot listen", address=address, port=port, reason=error)

    async def _listen_again(self) -> None:
        """Try again what could not be listened on: the address or the port may be free by now."""
        while True:
            await asyncio.sleep(LISTEN_RETRY_S)
            if self._listen_errors and self._intent is not None:
                self._listen(self._intent)

    # ------------------------------------------------------------------ status

    def _handlers(self) -> Handlers:
        return {"status": self._status, "routes": self._routes, "stop": self._stop_asked, "confirm": self._confirm}

    def _stop_asked(self, arguments: JSONObject) -> JSONObject:
        for_restart = flag(arguments, "for_restart")
        self.stop(for_restart=for_restart)
        return {"stopping": True, "for_restart": for_restart}

    def _confirm(self, _arguments: JSONObject) -> JSONObject:
        """Obey a datastore that was emptied, restored or replaced."""
        is_confirmed = self._follower is not None and self._follower.confirm()
        if is_confirmed:
            self._log.warning("datastore confirmed by an operator")
        return {"confirmed": is_confirmed}

    def _routes(self, arguments: JSONObject) -> Iterator[JSONObject]:
        return iter(()) if self._speaker is None else route_views(self._speaker.engine, arguments)

    def _status(self, _arguments: JSONObject) -> JSONObject:
        intent, speaker = self._intent, self._speaker
        roles = {} if intent is None else {session.remote_address: session.roles for session in intent.sessions}
        quarantine: tuple[Quarantined, ...] = () if intent is None else intent.quarantine
        return {
            "name": self._options.name,
            "role": self._options.role,
            "version": __version__,
            "uptime_s": round(asyncio.get_running_loop().time() - self._started_at, 3),
            "datastore": {**asdict(self._store_status), "acted_revision": self._revision},
            "intent_from": self._intent_from,
            "withheld": self._withheld,
            "speaker": None if speaker is None else engine_view(speaker.engine, speaker.listening()),
            "listen_errors": self._listen_errors,
            "sessions": [] if speaker is None else session_views(speaker.engine, speaker.now, roles),
            "originated": [] if intent is None else list(intent.originated),
            "kernel": None if self._datapath is None else asdict(self._datapath.status()),
            "quarantine": [asdict(item) for item in quarantine],
        }
