"""Builders of sessions, and two sessions joined in memory by connections that behave like TCP."""

from collections import deque
from collections.abc import Callable
from typing import Literal

from tortie.bgp.session import LocalRestart, Session, SessionConfig, State, outputs, own_open
from tortie.bgp.wire import (
    KEEPALIVE,
    AttributeTable,
    Capability,
    FourOctetAS,
    MessageReader,
    MessageType,
    Multiprotocol,
    Notification,
    Open,
    RouteRefreshCapability,
    decode_notification,
    encode_open,
)

LOCAL_AS = 65000
PEER_AS = 65001
LOCAL_ID = 0x0A000001
PEER_ID = 0x0A000002
LOCAL_ADDRESS = "192.0.2.1"
PEER_ADDRESS = "192.0.2.2"


def steady() -> float:
    """Jitter that is none."""
    return 1.0


def session_config(**changes: object) -> SessionConfig:
    """An eBGP session of LOCAL_AS with PEER_AS."""
    fields: dict[str, object] = {
        "local_as": LOCAL_AS,
        "peer_as": PEER_AS,
        "router_id": LOCAL_ID,
        "peer_address": PEER_ADDRESS,
    }
    return SessionConfig(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the dataclass


def mirrored(config: SessionConfig, **changes: object) -> SessionConfig:
    """What the peer of `config` is configured with."""
    fields: dict[str, object] = {
        "local_as": config.peer_as,
        "peer_as": config.local_as,
        "router_id": PEER_ID,
        "peer_address": LOCAL_ADDRESS,
        "families": config.families,
    }
    return SessionConfig(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the dataclass


def new_session(jitter: Callable[[], float] = steady, /, **changes: object) -> Session:
    """A session that is not started."""
    return Session(session_config(**changes), AttributeTable(), jitter)


def state_of(session: Session) -> State:
    """The session's state; a call, so that a type checker does not take it for constant."""
    return session.state


def first_queue(_count: int) -> int:
    """Let things arrive from the first queue that has something."""
    return 0


def last_queue(count: int) -> int:
    """Let things arrive from the last queue that has something."""
    return count - 1


def drain(session: Session) -> list[outputs.Output]:
    """Take every output."""
    taken = []
    while (output := session.next_output()) is not None:
        taken.append(output)
    return taken


def peer_open(
    config: SessionConfig,
    *,
    asn: int = PEER_AS,
    router_id: int = PEER_ID,
    hold_time_s: int = 90,
    capabilities: tuple[Capability, ...] | None = None,
) -> bytes:
    """The OPEN of the peer that `config` expects."""
    if capabilities is None:
        families = tuple(Multiprotocol(family) for family in config.families)
        capabilities = (*families, RouteRefreshCapability(), FourOctetAS(asn))
    message = Open(asn=asn, hold_time_s=hold_time_s, router_id=router_id, capabilities=capabilities)
    return encode_open(message)


def own_open_bytes(config: SessionConfig) -> bytes:
    """The OPEN that a session with `config` sends."""
    return encode_open(own_open(config, LocalRestart()))


def connect(session: Session, connection: int = 1, now: float = 0.0) -> None:
    """Complete the session's dial."""
    session.connection_made(connection, is_outgoing=True, local_address=LOCAL_ADDRESS, now=now)


def accept(session: Session, connection: int = 2, now: float = 0.0) -> None:
    """Let the peer connect."""
    session.connection_made(connection, is_outgoing=False, local_address=LOCAL_ADDRESS, now=now)


def bring_to(state: State, session: Session, now: float = 0.0) -> list[outputs.Output]:
    """Lead a new active session to `state` on connection 1; return the last outputs."""
    session.start(now)
    if state >= State.OPEN_SENT:
        drain(session)
        connect(session, now=now)
    if state >= State.OPEN_CONFIRM:
        drain(session)
        session.receive_data(1, peer_open(session.config), now)
    if state is State.ESTABLISHED:
        drain(session)
        session.receive_data(1, KEEPALIVE, now)
    assert session.state is state
    return drain(session)


def message_types(taken: list[outputs.Output], connection: int | None = None) -> list[MessageType]:
    """The types of the messages sent (on one connection)."""
    reader = MessageReader()
    for output in taken:
        if isinstance(output, outputs.SendBytes) and connection in (None, output.connection):
            reader.feed(output.data)
    types = []
    while (message := reader.next_message()) is not None:
        types.append(message[0])
    return types


def notifications(taken: list[outputs.Output]) -> list[Notification]:
    """The NOTIFICATIONs sent."""
    found = []
    for output in taken:
        if isinstance(output, outputs.SendBytes):
            reader = MessageReader()
            reader.feed(output.data)
            message = reader.next_message()
            if message is not None and message[0] is MessageType.NOTIFICATION:
                found.append(decode_notification(message[1]))
    return found


Happening = Literal["made out", "made in", "failed", "lost"] | bytes


class Joined:
    """Two sessions and the connections between them.

    Each direction of each connection is a queue in order, as TCP gives it; between queues any order is possible,
    and `choose` makes it: it is asked for an index below the number of queues that have something.
    """

    def __init__(self, left: Session, right: Session, choose: Callable[[int], int] = first_queue) -> None:
        """Join two sessions that are not started."""
        self.sessions = (left, right)
        self.choose = choose
        self.now = 0.0
        self.taken: tuple[list[outputs.Output], list[outputs.Output]] = ([], [])
        self.is_listening = [True, True]
        self.is_blocked = [False, False]
        self._queues: dict[tuple[int, int], deque[Happening]] = {}
        self._dialled: list[int | None] = [None, None]
        self._last_connection = 0

    def start(self) -> None:
        """Start both."""
        for side in (0, 1):
            self.sessions[side].start(self.now)
            self.obey(side)

    def obey(self, side: int) -> None:
        """Carry out what a session has put out."""
        for output in drain(self.sessions[side]):
            self.taken[side].append(output)
            match output:
                case outputs.OpenConnection():
                    self._dial(side)
                case outputs.CancelConnection():
                    self._cancel(side)
                case outputs.SendBytes(connection, data):
                    self._put(connection, 1 - side, data)
                    if not self.is_blocked[side]:
                        self.sessions[side].drained(connection, self.now)
                case outputs.CloseConnection(connection):
                    del self._queues[connection, side]
                    self._put(connection, 1 - side, "lost")

    def step(self) -> bool:
        """Let one thing arrive somewhere; False when nothing is under way."""
        waiting = sorted(key for key, queue in self._queues.items() if queue)
        if not waiting:
            return False
        connection, side = waiting[self.choose(len(waiting))]
        self._deliver(connection, side, self._queues[connection, side].popleft())
        self.obey(side)
        return True

    def run(self, steps_max: int = 10_000) -> None:
        """Let everything arrive."""
        for _ in range(steps_max):
            if not self.step():
                return
        raise AssertionError(f"still busy after {steps_max} steps")

    def advance(self) -> None:
        """Go to the next timer of either session and let it act."""
        deadlines = [session.next_timer() for session in self.sessions]
        self.now = max(self.now, min(deadline for deadline in deadlines if deadline is not None))
        for side in (0, 1):
            self.sessions[side].handle_timer(self.now)
            self.obey(side)

    def cut(self) -> None:
        """Lose every connection, both ends that knew of it hear of it."""
        for key, queue in list(self._queues.items()):
            if queue and queue[0] == "made in":
                del self._queues[key]
            else:
                is_dial = bool(queue) and queue[0] in ("made out", "failed")
                self._queues[key] = deque(["failed" if is_dial else "lost"])

    @property
    def states(self) -> tuple[State, State]:
        """The states of both."""
        return self.sessions[0].state, self.sessions[1].state

    @property
    def connection_count(self) -> int:
        """Connections that are open at either end."""
        return len({connection for connection, _ in self._queues})

    def _dial(self, side: int) -> None:
        self._last_connection += 1
        connection = self._last_connection
        self._dialled[side] = connection
        if self.is_listening[1 - side]:
            self._queues[connection, side] = deque(["made out"])
            self._queues[connection, 1 - side] = deque(["made in"])
        else:
            self._queues[connection, side] = deque(["failed"])

    def _cancel(self, side: int) -> None:
        connection = self._dialled[side]
        assert connection is not None, "a dial is under way"
        del self._queues[connection, side]
        self._put(connection, 1 - side, "lost")

    def _put(self, connection: int, side: int, happening: Happening) -> None:
        queue = self._queues.get((connection, side))
        if queue is not None:
            queue.append(happening)

    def _deliver(self, connection: int, side: int, happening: Happening) -> None:
        session = self.sessions[side]
        match happening:
            case "made out":
                self._dialled[side] = None
                session.connection_made(connection, is_outgoing=True, local_address="", now=self.now)
            case "made in":
                session.connection_made(connection, is_outgoing=False, local_address="", now=self.now)
            case "failed":
                del self._queues[connection, side]
                session.connection_failed("refused", self.now)
            case "lost":
                del self._queues[connection, side]
                session.connection_lost(connection, "reset", self.now)
            case data:
                session.receive_data(connection, data, self.now)
