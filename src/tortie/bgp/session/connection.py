"""One TCP connection of a session, or the one that is to be dialled: machine, timers, reader, actions.

For: carrying out the actions of the table in fsm.py: each ends what is there, begins what follows, or both.
Not for: deciding which event a message is (session.py), which of two connections lives or when to start
again (connections.py).
RFC 4271 §8.2.2 and §10 (jitter), RFC 6608, RFC 9687.
Know: `Connection.fire(event)` is the only way to change anything; `Shared` is what the connections of one
session have in common.

Deviates from RFC 4271 §8.2.2 (Idle, events 4 and 5): ConnectRetryTimer does not start in a passive session,
because passive here means never to dial.
Deviates from RFC 4271 §8.2.2 (OpenConfirm): with a negotiated hold time of zero the large HoldTimer runs on
until Established, because a peer that never sends its KEEPALIVE would hold the session for ever.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import ClassVar, Final

from tortie.bgp.session.config import LocalRestart, Negotiated, SessionConfig
from tortie.bgp.session.counters import SessionCounters
from tortie.bgp.session.fsm import Action, Event, Machine, State
from tortie.bgp.session.negotiation import own_open
from tortie.bgp.session.outputs import (
    CancelConnection,
    CloseConnection,
    OpenConnection,
    Output,
    SendBytes,
)
from tortie.bgp.session.timers import LARGE_HOLD_TIME_S, Timers, idle_hold_time_s
from tortie.bgp.wire import (
    KEEPALIVE,
    MESSAGE_LENGTH_MAX,
    Family,
    MessageReader,
    MessageType,
    Notification,
    RouteRefresh,
    encode_notification,
    encode_open,
    encode_route_refresh,
)

EVENTS_KEPT_MAX: Final = 32
"""How many of a session's last events are kept for status; older ones fall out."""

CEASE: Final = 6
CONNECTION_COLLISION_RESOLUTION: Final = 7
FSM_ERROR: Final = 5

UNEXPECTED_MESSAGE_SUBCODES: Final = {State.OPEN_SENT: 1, State.OPEN_CONFIRM: 2, State.ESTABLISHED: 3}
"""RFC 6608 §3."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an event happens.

    Attributes:
        text: for people.
        notification: the one to send (event 2, 8, 10, 21 to 23, 28, 29) or the one received (24, 25).
        message_type: of a message that came where it is not expected.
        is_remote: the peer or the network is the origin.
    """

    text: str
    notification: Notification | None = None
    message_type: MessageType | None = None
    is_remote: bool = False

    @property
    def is_collision(self) -> bool:
        """Whether collision detection, here or at the peer, is the reason: no failure then."""
        sent = self.notification
        return sent is not None and (sent.code, sent.subcode) == (CEASE, CONNECTION_COLLISION_RESOLUTION)


NO_CAUSE: Final = Cause("")
CONNECTED: Final = Cause("connected")


class Shared:
    """What the connections of one session have in common."""

    __slots__ = (
        "config",
        "counters",
        "events",
        "failure_count",
        "has_failed",
        "jitter",
        "last_error",
        "last_error_at",
        "last_notification_sent",
        "local_restart",
        "now",
        "observe",
        "outputs",
    )

    def __init__(self, config: SessionConfig, jitter: Callable[[], float]) -> None:
        """Begin with empty queues; `jitter()` gives 0.75 to 1.0 (RFC 4271 §10)."""
        self.config = config
        self.jitter = jitter
        self.outputs: deque[Output] = deque()
        self.counters = SessionCounters()
        self.events: deque[tuple[float, str]] = deque(maxlen=EVENTS_KEPT_MAX)
        self.failure_count = 0  # ConnectRetryCounter: in a row, drives the back-off
        self.has_failed = False  # since the session last counted
        self.now = 0.0  # of the last event that ended something
        self.last_error = ""
        self.last_error_at = 0.0
        self.last_notification_sent: Notification | None = None
        self.local_restart = LocalRestart()
        self.observe: Callable[[str], None] | None = None  # told each line of `events` as well

    def note_error(self, text: str) -> None:
        """Keep why a connection ended, and when, for status."""
        self.last_error = text
        self.last_error_at = self.now

    def record(self, now: float, text: str) -> None:
        """Keep a line for status."""
        self.events.append((now, text))
        if self.observe is not None:
            self.observe(text)


_Ending = Callable[["Connection", Cause], None]
_Beginning = Callable[["Connection", float], None]


class Connection:
    """One TCP connection and its state machine.

    Attributes:
        connection: the shell's number; None = there is no TCP connection.
        is_outgoing: this side dials; such a Connection lives as long as the session and is used again.
        is_dialling: a dial is under way.
        has_failed: it was ended by an action that counts as a failure.
        local_address: own textual address, "" until connected.
        reader: cuts received data into messages.
        negotiated: set before the OPEN event is fired.
        held_open: agreed but not answered yet (collision.py).
        own_open, peer_open: the OPENs sent and received here, whole messages; b"" until then.
        waiting_byte_count: octets that came while it waited for IdleHoldTimer.
    """

    __slots__ = (
        "_hold_s",
        "_keepalive_s",
        "_machine",
        "_send_hold_s",
        "_shared",
        "connection",
        "has_failed",
        "held_open",
        "is_dialling",
        "is_outgoing",
        "local_address",
        "negotiated",
        "own_open",
        "peer_open",
        "reader",
        "timers",
        "waiting_byte_count",
    )

    def __init__(self, shared: Shared, *, is_outgoing: bool) -> None:
        """Begin Idle, without a TCP connection."""
        self._shared = shared
        self._machine = Machine()
        self.timers = Timers()
        self.is_outgoing = is_outgoing
        self.has_failed = False
        self.forget()

    def forget(self) -> None:
        """Forget the TCP connection and what was agreed on it: it is gone, or its dial has failed."""
        self.connection: int | None = None
        self.is_dialling = False
        self.local_address = ""
        self.reader = MessageReader()
        self.negotiated: Negotiated | None = None
        self.held_open: Negotiated | None = None
        self.own_open = b""
        self.peer_open = b""
        self.waiting_byte_count = 0
        self._hold_s = inf
        self._keepalive_s = inf
        self._send_hold_s = inf

    @property
    def state(self) -> State:
        """The state of its machine."""
        return self._machine.state

    @property
    def is_delaying_open(self) -> bool:
        """Whether DelayOpenTimer runs: connected, and no OPEN sent yet."""
        return self.timers.delay_open != inf

    def attach(self, connection: int, local_address: str) -> None:
        """Take a TCP connection that has come up."""
        self.connection = connection
        self.local_address = local_address
        self.is_dialling = False

    def fire(self, event: Event, now: float, cause: Cause = NO_CAUSE) -> Cause:
        """Let the machine take `event`, carry out the action of the table, return the cause in full."""
        machine = self._machine
        before = machine.state
        action = machine.step(event)
        if machine.state is not before:
            if action is Action.FSM_ERROR:
                cause = _fsm_error(before, event, cause)
            side = "outgoing" if self.is_outgoing else "incoming"
            why = cause.text or _words(event)
            self._shared.record(now, f"{side}: {before.name} to {machine.state.name}: {why}")
        ending, beginning = self._ACTIONS[action]
        if ending is not None:
            self._shared.now = now
            ending(self, cause)
        if beginning is not None:
            beginning(self, now)
        return cause

    def note_sent(self, now: float) -> None:
        """Bytes were handed out: KeepaliveTimer begins again, SendHoldTimer begins unless it runs."""
        timers = self.timers
        if self._keepalive_s != inf:
            timers.keepalive = now + self._keepalive_s * self._shared.jitter()
        if timers.send_hold == inf and self.state is State.ESTABLISHED:
            timers.send_hold = now + self._send_hold_s

    def ask_for_routes(self, family: Family, now: float) -> None:
        """Ask the peer for all its routes of a family again (RFC 2918 §4); both ends can."""
        self._send(MessageType.ROUTE_REFRESH, encode_route_refresh(RouteRefresh(family)))
        self.note_sent(now)

    def note_drained(self) -> None:
        """The socket has taken all that was handed out: SendHoldTimer stops (RFC 9687 §4.3)."""
        self.timers.send_hold = inf

    # ---------------------------------------------------------------- what begins

    def _start_connect_retry(self, now: float) -> None:
        config = self._shared.config
        if self.is_outgoing and not config.passive:
            self.timers.connect_retry = now + config.connect_retry_s * self._shared.jitter()

    def _dial(self, now: float) -> None:
        self._start_connect_retry(now)
        self.is_dialling = True
        self._shared.outputs.append(OpenConnection())

    def _wait_idle(self, now: float) -> None:
        shared = self._shared
        config = shared.config
        wait_s = idle_hold_time_s(config.idle_hold_s, config.idle_hold_max_s, shared.failure_count)
        self.timers.idle_hold = now + wait_s * shared.jitter()

    def _delay_open(self, now: float) -> None:
        self.timers.connect_retry = inf
        delay_open_s = self._shared.config.delay_open_s
        if delay_open_s == 0:
            self.fire(Event.DELAY_OPEN_TIMER_EXPIRES, now, CONNECTED)
        else:
            self.timers.delay_open = now + delay_open_s

    def _send_open(self, now: float) -> None:
        self.timers.connect_retry = inf
        self.timers.delay_open = inf
        self.timers.hold = now + LARGE_HOLD_TIME_S
        self.own_open = encode_open(own_open(self._shared.config, self._shared.local_restart))
        self._send(MessageType.OPEN, self.own_open)

    def _answer_open(self, now: float) -> None:
        self._send_open(now)
        self._confirm_open(now)

    def _confirm_open(self, now: float) -> None:
        negotiated = self.negotiated
        assert negotiated is not None, "it is set before the OPEN event is fired"
        self.timers.connect_retry = inf
        self.reader.length_max = negotiated.message_size_bytes_max
        if negotiated.hold_time_s:
            self._hold_s = float(negotiated.hold_time_s)
            self._keepalive_s = negotiated.keepalive_s
        self._send_hold_s = self._shared.config.send_hold_s(negotiated.hold_time_s) or inf
        self.timers.hold = now + (self._hold_s if negotiated.hold_time_s else LARGE_HOLD_TIME_S)
        self._send_keepalive(now)

    def _send_keepalive(self, now: float) -> None:
        self._send(MessageType.KEEPALIVE, KEEPALIVE)
        self.note_sent(now)

    def _restart_hold(self, now: float) -> None:
        self.timers.hold = now + self._hold_s

    # ---------------------------------------------------------------- what ends

    def _release(self, cause: Cause) -> None:
        """Drop everything; an end that came from outside is kept for status."""
        if cause.is_remote:
            self._shared.note_error(cause.text)
        self._drop()

    def _fail(self, cause: Cause) -> None:
        self._count_failure(cause)
        self._drop()

    def _cease(self, cause: Cause) -> None:
        self._send_notification(cause.notification)
        self._drop()

    def _notify(self, cause: Cause) -> None:
        self._count_failure(cause)
        self._cease(cause)

    def _refuse(self, cause: Cause) -> None:
        self._shared.counters.refused_count += 1
        self._cease(cause)

    # ---------------------------------------------------------------- the table: what ends, then what begins

    _ACTIONS: ClassVar[Mapping[Action, tuple[_Ending | None, _Beginning | None]]] = {
        Action.IGNORE: (None, None),
        Action.DIAL: (None, _dial),
        Action.REDIAL: (_release, _dial),
        Action.LISTEN: (None, _start_connect_retry),
        Action.WAIT_IDLE: (None, _wait_idle),
        Action.RESTART: (None, None),  # connections.py fires the start that fits
        Action.REFUSE: (_refuse, None),
        Action.DELAY_OPEN: (None, _delay_open),
        Action.SEND_OPEN: (None, _send_open),
        Action.ANSWER_OPEN: (None, _answer_open),
        Action.CONFIRM_OPEN: (None, _confirm_open),
        Action.SEND_KEEPALIVE: (None, _send_keepalive),
        Action.ESTABLISH: (None, _restart_hold),
        Action.RESTART_HOLD: (None, _restart_hold),
        Action.RETRY_LATER: (_release, _start_connect_retry),
        Action.RELEASE: (_release, None),
        Action.FAIL: (_fail, None),
        Action.CEASE: (_cease, None),
        Action.NOTIFY: (_notify, None),
        Action.FSM_ERROR: (_notify, None),
    }

    # ---------------------------------------------------------------- helpers of the actions

    def _count_failure(self, cause: Cause) -> None:
        self._shared.note_error(cause.text)
        if not cause.is_collision:
            self.has_failed = self._shared.has_failed = True

    def _send(self, message_type: MessageType, data: bytes) -> None:
        assert self.connection is not None, "only a connected machine has an action that sends"
        self._shared.counters.sent[message_type] += 1
        self._shared.outputs.append(SendBytes(self.connection, data))

    def _send_notification(self, notification: Notification | None) -> None:
        """Send it; None, or no connection any more, is an event that the peer is not told of, or knows of."""
        if notification is None or self.connection is None:
            return
        self._shared.last_notification_sent = notification
        length_max = MESSAGE_LENGTH_MAX if self.negotiated is None else self.negotiated.message_size_bytes_max
        self._send(MessageType.NOTIFICATION, encode_notification(notification, length_max))

    def _drop(self) -> None:
        """Release everything: timers, the connection, the dial."""
        self.timers.stop_all()
        if self.connection is not None:
            self._shared.outputs.append(CloseConnection(self.connection))
        elif self.is_dialling:
            self._shared.outputs.append(CancelConnection())
        self.forget()


def _fsm_error(state: State, event: Event, cause: Cause) -> Cause:
    """Return the Finite State Machine Error for an event that has no place in `state` (RFC 6608 §3, §4)."""
    if cause.message_type is None:
        return Cause(f"{_words(event)} in {state.name}", Notification(FSM_ERROR, 0))
    subcode = UNEXPECTED_MESSAGE_SUBCODES[state]
    notification = Notification(FSM_ERROR, subcode, bytes((cause.message_type,)))
    return Cause(f"unexpected {cause.message_type.name} in {state.name}", notification)


def _words(event: Event) -> str:
    return event.name.lower().replace("_", " ")
