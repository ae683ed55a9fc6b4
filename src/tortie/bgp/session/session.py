"""One peering: what goes in, what comes out, and which event of the table each input is.

For: `Session`, the public face of this room: administration, connections, timers, bytes.
Not for: what an event does (fsm.py, connection.py), which connection lives (connections.py), sockets (speaker),
routes (rib).
RFC 4271 §6, §8.1; RFC 7606; RFC 6608; RFC 2918 §4; RFC 9687; RFC 8538 §3 (Hard Reset).
Know: an input fires events, `_settle` follows, then the caller takes `next_output()` until it is None and asks
`next_timer()` again.

The caller gives `drained` once all bytes of the SendBytes outputs so far (its own UPDATEs included) are with the
socket. That is what SendHoldTimer (RFC 9687) watches.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import ClassVar, Final

from tortie.bgp.errors import RemoteProtocolError
from tortie.bgp.session.config import (
    FIELDS_BOUND_TO_OPEN,
    FIELDS_OF_IDENTITY,
    LocalRestart,
    Negotiated,
    SessionConfig,
)
from tortie.bgp.session.connection import CEASE, NO_CAUSE, Cause, Connection, Shared
from tortie.bgp.session.connections import Connections
from tortie.bgp.session.counters import SessionCounters
from tortie.bgp.session.fsm import Event, State
from tortie.bgp.session.negotiation import negotiate
from tortie.bgp.session.outputs import Output, RouteRefreshReceived, UpdateReceived
from tortie.bgp.session.update_check import settle_update
from tortie.bgp.wire import (
    MESSAGE_LENGTH_MAX,
    AttributeTable,
    MessageType,
    Notification,
    decode_notification,
    decode_open,
    decode_route_refresh,
    decode_update,
    encode_message,
    hard_reset,
    shutdown_data,
)

WAITING_BYTES_MAX: Final = MESSAGE_LENGTH_MAX
"""What a connection may send while it waits for IdleHoldTimer: one OPEN; with more it is closed."""

ADMINISTRATIVE_SHUTDOWN: Final = 2
ADMINISTRATIVE_RESET: Final = 4
OTHER_CONFIGURATION_CHANGE: Final = 6
HOLD_TIMER_EXPIRED: Final = 4
SEND_HOLD_TIMER_EXPIRED: Final = 8
UNSUPPORTED_VERSION: Final = (2, 1)
ROUTE_REFRESH_REQUEST: Final = 0
REFRESH_MARKS: Final = (1, 2)
"""Beginning and end (RFC 7313 §3.2)."""

FAILURES_FREE: Final = 1
"""Failures of a former session that are let pass: a client that has restarted once need not wait."""

_START_EVENTS: Final = {
    (False, False): Event.MANUAL_START,
    (True, False): Event.MANUAL_START_PASSIVE,
    (False, True): Event.AUTOMATIC_START_DAMPED,
    (True, True): Event.AUTOMATIC_START_DAMPED_PASSIVE,
}
"""(passive, damped) → how a session starts."""

LEFT: Final = Cause("left to graceful restart here")

_TIMER_CAUSES: Final = {
    Event.CONNECT_RETRY_TIMER_EXPIRES: Cause("no answer to the dial", is_remote=True),
    Event.HOLD_TIMER_EXPIRES: Cause("hold timer expired", Notification(HOLD_TIMER_EXPIRED, 0)),
    Event.SEND_HOLD_TIMER_EXPIRES: Cause(
        "send hold timer expired: the peer does not read", Notification(SEND_HOLD_TIMER_EXPIRED, 0)
    ),
}
_SILENCE: Final = frozenset({Event.CONNECT_RETRY_TIMER_EXPIRES, Event.HOLD_TIMER_EXPIRES})
_ERROR_EVENTS: Final = {1: Event.BGP_HEADER_ERROR, 2: Event.BGP_OPEN_MESSAGE_ERROR}
"""NOTIFICATION code → event; any other error is found in a message that only Established reads."""

_MESSAGE_EVENTS: Final = {
    MessageType.OPEN: Event.BGP_OPEN,
    MessageType.UPDATE: Event.UPDATE_MESSAGE,
    MessageType.KEEPALIVE: Event.KEEPALIVE_MESSAGE,
    # RFC 6608 §3 names it with the other messages; RFC 4271 has no event for it.
    MessageType.ROUTE_REFRESH: Event.UPDATE_MESSAGE,
}
_MessageHandler = Callable[["Session", Connection, bytes, float], None]


class Session:
    """The session with one peer.

    Args:
        config: its attributes.
        table: the engine's table of attribute sets.
        jitter: gives 0.75 to 1.0, one number a call (RFC 4271 §10).

    `now` is in seconds on one monotonic clock and never goes back.

    Attributes:
        since: when the present `state` began.
        last_notification_received: from any connection.
    """

    __slots__ = (
        "_connections",
        "_known_state",
        "_shared",
        "_table",
        "last_notification_received",
        "since",
    )

    def __init__(self, config: SessionConfig, table: AttributeTable, jitter: Callable[[], float]) -> None:
        """Make a session that is not started."""
        self._shared = Shared(config, jitter)
        self._connections = Connections(self._shared)
        self._table = table
        self._known_state = State.IDLE
        self.since = 0.0
        self.last_notification_received: Notification | None = None

    # ---------------------------------------------------------------- what the session is

    @property
    def config(self) -> SessionConfig:
        """The attributes now in force."""
        return self._shared.config

    @property
    def state(self) -> State:
        """The furthest state of its connections."""
        return max(each.state for each in self._connections.all())

    def observe(self, observer: Callable[[str], None]) -> None:
        """Have each line of `events` told to `observer` when it happens."""
        self._shared.observe = observer

    @property
    def negotiated(self) -> Negotiated | None:
        """What was agreed with the peer; None unless Established."""
        established = self._connections.established
        return None if established is None else established.negotiated

    @property
    def counters(self) -> SessionCounters:
        """What was counted since the session was made."""
        return self._shared.counters

    @property
    def events(self) -> deque[tuple[float, str]]:
        """The last changes of state, (time, text), oldest first; bounded."""
        return self._shared.events

    @property
    def failure_count(self) -> int:
        """Failures in a row (ConnectRetryCounter), which the back-off goes by."""
        return self._shared.failure_count

    @property
    def last_error(self) -> str:
        """Why the last connection ended that did not end well; "" if none did."""
        return self._shared.last_error

    @property
    def last_error_at(self) -> float:
        """When that was."""
        return self._shared.last_error_at

    @property
    def last_notification_sent(self) -> Notification | None:
        """The last NOTIFICATION that went out on any connection."""
        return self._shared.last_notification_sent

    @property
    def local_restart(self) -> LocalRestart:
        """What the next OPEN says about a restart of this speaker; may be set at any time."""
        return self._shared.local_restart

    @local_restart.setter
    def local_restart(self, local_restart: LocalRestart) -> None:
        self._shared.local_restart = local_restart

    def next_output(self) -> Output | None:
        """Take the next thing to do, in order; None when there is none."""
        outputs = self._shared.outputs
        return outputs.popleft() if outputs else None

    def next_timer(self) -> float | None:
        """Return when handle_timer() is wanted next, None = never.

        None means: not started, or passive and waiting for the peer, or Established with hold time 0 and nothing
        unsent.
        """
        deadline = self._connections.next_deadline()
        return None if deadline == inf else deadline

    # ---------------------------------------------------------------- administration

    def start(self, now: float, failure_count: int = 0) -> None:
        """Let the session run (events 1 and 4); without effect if it does already.

        Args:
            now: the time.
            failure_count: failures in a row that a former session with this peer has counted; with more than
                FAILURES_FREE it begins after IdleHoldTimer (events 6 and 7).
        """
        connections = self._connections
        if connections.is_started:
            return
        connections.is_started = True
        self._shared.failure_count = failure_count
        event = _START_EVENTS[self.config.passive, failure_count > FAILURES_FREE]
        connections.fire(connections.outgoing, event, now)
        self._settle(now)

    def stop(self, now: float, subcode: int = ADMINISTRATIVE_SHUTDOWN, message: str = "") -> None:
        """End the session (event 2) with Cease and `subcode` (RFC 4486); it stays Idle until start().

        It ends for good: where a NOTIFICATION would leave graceful restart standing it goes as a Hard Reset
        (RFC 8538 §3.1), so that the peer keeps nothing.

        Args:
            now: the time.
            subcode: of Cease.
            message: for the peer's operator, with subcodes 2 and 4 (RFC 9003); at most 255 octets of UTF-8.

        Raises:
            LocalProtocolError: the message is too long; nothing was done.
        """
        has_message = subcode in (ADMINISTRATIVE_SHUTDOWN, ADMINISTRATIVE_RESET)
        notification = Notification(CEASE, subcode, shutdown_data(message) if has_message else b"")
        self._stop(now, "stopped here", notification)

    def hold_down(self, now: float, notification: Notification, reason: str) -> None:
        """Stop as `stop` does, but for what the peer has done: `reason` stays as the last error."""
        self._shared.last_error = reason
        self._stop(now, reason, notification)

    def _stop(self, now: float, text: str, notification: Notification) -> None:
        self._connections.is_started = False
        self._shared.failure_count = 0
        for connection in self._connections.all():
            cause = _final_cause(text, connection, notification)
            self._connections.fire(connection, Event.MANUAL_STOP, now, cause)
        self._settle(now)

    def leave(self, now: float) -> None:
        """Stop as `stop` does, but leave the session to graceful restart: connections are closed without a word.

        A plain end of TCP is what every helper takes for a restart (RFC 4724 §4.2); a NOTIFICATION only one that has
        the N bit. It stays Idle until start().
        """
        self._connections.is_started = False
        self._shared.failure_count = 0
        for connection in self._connections.all():
            self._connections.fire(connection, Event.MANUAL_STOP, now, LEFT)
        self._settle(now)

    def reset(self, now: float, code: int, subcode: int, data: bytes = b"") -> None:
        """End every connection with a NOTIFICATION (event 8) and start again after IdleHoldTimer."""
        notification = Notification(code, subcode, data)
        cause = Cause(f"reset here: {notification.text}", notification)
        for connection in self._connections.all():
            if connection.state is not State.IDLE:
                self._connections.fire(connection, Event.AUTOMATIC_STOP, now, cause)
        self._settle(now)

    def reconfigure(self, config: SessionConfig, now: float) -> bool:
        """Take new attributes; True if a connection had to be reset (Cease / Other Configuration Change).

        What is bound to OPEN resets the connections that have sent one; all else holds from now on, and where what has
        come was judged by it the peer is asked for it again (RFC 2918 §3). With graceful restart the paths outlive such
        a reset, unless the session is another one: other AS numbers, another router id.
        """
        former, self._shared.config = self.config, config
        has_new_open = any(getattr(former, name) != getattr(config, name) for name in FIELDS_BOUND_TO_OPEN)
        is_other = any(getattr(former, name) != getattr(config, name) for name in FIELDS_OF_IDENTITY)
        notification = Notification(CEASE, OTHER_CONFIGURATION_CHANGE)
        is_reset = False
        for connection in self._connections.all():
            if connection.state < State.OPEN_SENT:
                continue
            is_peer_as_kept = _is_peer_as_kept(config, connection)
            if has_new_open or not is_peer_as_kept:
                is_reset = True
                cause = Cause("configuration changed", notification)
                if is_other or not is_peer_as_kept:
                    cause = _final_cause("configuration changed", connection, notification)
                self._connections.fire(connection, Event.MANUAL_STOP, now, cause)
        if former.passive is not config.passive:
            self._change_passive(now)
        if former.accept_any_first_as is not config.accept_any_first_as:
            is_reset |= self._judge_first_as_again(now)
        self._settle(now)
        return is_reset

    def _judge_first_as_again(self, now: float) -> bool:
        """Have the peer say again what was judged by the other rule; True if only a reset could do it.

        What began with another AS was taken for a withdrawal (RFC 7606 §7.2) and is not kept here.
        """
        connection, negotiated = self._connections.established, self.negotiated
        if connection is None or negotiated is None or negotiated.is_internal:
            return False
        if not negotiated.route_refresh:
            cause = Cause("configuration changed", Notification(CEASE, OTHER_CONFIGURATION_CHANGE))
            self._connections.fire(connection, Event.MANUAL_STOP, now, cause)
            return True
        for family in sorted(negotiated.families):
            connection.ask_for_routes(family, now)
        return False

    def _change_passive(self, now: float) -> None:
        """Stop dialling, or dial at once."""
        outgoing = self._connections.outgoing
        if self.config.passive and outgoing.is_dialling:
            cause = Cause("the session has become passive")
            self._connections.fire(outgoing, Event.TCP_CONNECTION_FAILS, now, cause)
        elif self.config.passive:
            outgoing.timers.connect_retry = inf
        elif outgoing.state is State.ACTIVE and outgoing.connection is None:
            cause = Cause("the session is passive no more")
            self._connections.fire(outgoing, Event.CONNECT_RETRY_TIMER_EXPIRES, now, cause)

    # ---------------------------------------------------------------- connections

    def connection_made(self, connection: int, *, is_outgoing: bool, local_address: str, now: float) -> None:
        """A TCP connection has come up: the dial that was asked for, or one that the peer has opened."""
        if is_outgoing:
            self._connections.made_outgoing(connection, local_address, now)
        else:
            self._connections.made_incoming(connection, local_address, now)
        self._settle(now)

    def connection_failed(self, reason: str, now: float) -> None:
        """The dial has failed (event 18); ConnectRetryTimer leads to the next."""
        outgoing = self._connections.outgoing
        if outgoing.is_dialling:
            outgoing.forget()
            cause = Cause(f"cannot connect: {reason}", is_remote=True)
            self._connections.fire(outgoing, Event.TCP_CONNECTION_FAILS, now, cause)
            self._settle(now)

    def connection_lost(self, connection: int, reason: str, now: float) -> None:
        """The peer or the network has ended a connection (event 18)."""
        lost = self._connections.find(connection)
        if lost is not None:
            lost.forget()
            cause = Cause(f"connection lost: {reason}", is_remote=True)
            self._connections.fire(lost, Event.TCP_CONNECTION_FAILS, now, cause)
            self._settle(now)

    # ---------------------------------------------------------------- time and sending

    def handle_timer(self, now: float) -> None:
        """Carry out every timer that has expired; too early a call does nothing."""
        connections = self._connections
        for connection in connections.all():
            while (event := connection.timers.pop_expired(now)) is not None:
                connections.fire(connection, event, now, self._timer_cause(event))
                if event is Event.IDLE_HOLD_TIMER_EXPIRES:
                    self._read_on(connections.start_again(now), now)
        if connections.held_until <= now:
            connections.end_hold(now)
        if not connections.is_settled:
            self._settle(now)

    def _timer_cause(self, event: Event) -> Cause:
        """Return why a timer's event happens. Another password at the other end shows as silence only (RFC 2385 §2)."""
        cause = _TIMER_CAUSES.get(event, NO_CAUSE)
        if self.config.has_password and event in _SILENCE:
            return replace(cause, text=f"{cause.text}; check the password at both ends")
        return cause

    def drained(self, connection: int, now: float) -> None:
        """The socket has taken everything that was to be sent on this connection so far (RFC 9687)."""
        del now
        target = self._connections.find(connection)
        if target is not None:
            target.note_drained()

    def count_updates_sent(self, count: int, now: float) -> None:
        """The engine has handed out `count` UPDATEs on `negotiated.connection`."""
        established = self._connections.established
        if established is not None:
            self._shared.counters.sent[MessageType.UPDATE] += count
            established.note_sent(now)

    # ---------------------------------------------------------------- receiving

    def receive_data(self, connection: int, data: bytes, now: float) -> None:
        """Take bytes from a connection, cut anywhere."""
        connections = self._connections
        target = connections.find(connection)
        if target is None:
            self._shared.counters.stray_count += 1
            return
        target.reader.feed(data)
        if target.state is State.IDLE:
            self._bound_waiting(target, len(data), now)
        else:
            self._read_messages(target, now)
        if not connections.is_settled:
            self._settle(now)

    def _bound_waiting(self, waiting: Connection, byte_count: int, now: float) -> None:
        """Close a connection that sends more than an OPEN while it waits."""
        waiting.waiting_byte_count += byte_count
        if waiting.waiting_byte_count > WAITING_BYTES_MAX:
            cause = Cause("more than an OPEN came before ours went")
            self._connections.fire(waiting, Event.AUTOMATIC_STOP, now, cause)

    def _read_messages(self, connection: Connection, now: float) -> None:
        """Carry out every complete message; stop when the connection is closed or its OPEN is held."""
        next_message = connection.reader.next_message
        received = self._shared.counters.received
        handlers = self._HANDLERS
        try:
            while connection.connection is not None and connection.held_open is None:
                message = next_message()
                if message is None:
                    return
                message_type, body = message
                received[message_type] += 1
                handlers[message_type](self, connection, body, now)
        except RemoteProtocolError as error:
            event = _ERROR_EVENTS.get(error.code, Event.UPDATE_MESSAGE_ERROR)
            notification = Notification(error.code, error.subcode, error.data)
            cause = Cause(f"{notification.text}: {error}", notification)
            self._connections.fire(connection, event, now, cause)

    def _on_update(self, connection: Connection, body: bytes, now: float) -> None:
        negotiated = connection.negotiated
        if connection.state is not State.ESTABLISHED or negotiated is None:
            self._fire_message(connection, MessageType.UPDATE, now)
            return
        update = decode_update(body, negotiated.decode, self._table)
        shared = self._shared
        is_any_first_as = shared.config.accept_any_first_as
        settle_update(update, negotiated, shared.counters, accept_any_first_as=is_any_first_as)
        connection.fire(Event.UPDATE_MESSAGE, now)
        shared.outputs.append(UpdateReceived(update, body))

    def _on_keepalive(self, connection: Connection, body: bytes, now: float) -> None:
        del body
        if connection.state is State.ESTABLISHED:
            connection.fire(Event.KEEPALIVE_MESSAGE, now)
            return
        if self._fire_message(connection, MessageType.KEEPALIVE, now) is State.ESTABLISHED:
            self._connections.establish(connection, now)

    def _on_notification(self, connection: Connection, body: bytes, now: float) -> None:
        notification = decode_notification(body)
        self.last_notification_received = notification
        is_version_error = (notification.code, notification.subcode) == UNSUPPORTED_VERSION
        event = Event.NOTIFICATION_VERSION_ERROR if is_version_error else Event.NOTIFICATION_MESSAGE
        cause = Cause(f"the peer says: {notification.text}", notification, is_remote=True)
        self._connections.fire(connection, event, now, cause)

    def _on_route_refresh(self, connection: Connection, body: bytes, now: float) -> None:
        """Pass on a request (RFC 2918 §4), a beginning or end (RFC 7313 §4); what was not agreed on is counted."""
        negotiated = connection.negotiated
        if connection.state is not State.ESTABLISHED or negotiated is None:
            self._fire_message(connection, MessageType.ROUTE_REFRESH, now)
            return
        refresh = decode_route_refresh(body, is_enhanced=negotiated.peer_enhanced_route_refresh)
        is_mark = refresh.subtype in REFRESH_MARKS and negotiated.enhanced_route_refresh
        is_request = refresh.subtype == ROUTE_REFRESH_REQUEST and self.config.route_refresh
        if (is_request or is_mark) and refresh.family in negotiated.families:
            self._shared.outputs.append(RouteRefreshReceived(refresh))
        else:
            self._shared.counters.ignored_count += 1

    def _on_open(self, connection: Connection, body: bytes, now: float) -> None:
        if connection.state is not State.OPEN_SENT and not connection.is_delaying_open:
            self._fire_message(connection, MessageType.OPEN, now)
            return
        assert connection.connection is not None, "the OPEN came on it"
        connection.peer_open = encode_message(MessageType.OPEN, body)
        negotiated = negotiate(
            self.config,
            decode_open(body),
            connection=connection.connection,
            local_address=connection.local_address,
        )
        self._connections.accept_open(connection, negotiated, now)

    def _fire_message(self, connection: Connection, message_type: MessageType, now: float) -> State:
        """Fire a message's event; the table says whether it has a place here, RFC 6608 what to answer if not."""
        cause = Cause("", message_type=message_type)
        self._connections.fire(connection, _MESSAGE_EVENTS[message_type], now, cause)
        return connection.state

    _HANDLERS: ClassVar[Mapping[MessageType, _MessageHandler]] = {
        MessageType.OPEN: _on_open,
        MessageType.UPDATE: _on_update,
        MessageType.NOTIFICATION: _on_notification,
        MessageType.KEEPALIVE: _on_keepalive,
        MessageType.ROUTE_REFRESH: _on_route_refresh,
    }

    # ---------------------------------------------------------------- after every input

    def _settle(self, now: float) -> None:
        """Let the connections settle, reading on where that set one free."""
        connections = self._connections
        self._read_on(connections.settle(now), now)
        while not connections.is_settled:
            self._read_on(connections.settle(now), now)
        state = self.state
        if state is not self._known_state:
            self._known_state = state
            self.since = now

    def _read_on(self, connection: Connection | None, now: float) -> None:
        if connection is not None:
            self._read_messages(connection, now)


def _final_cause(text: str, connection: Connection, notification: Notification) -> Cause:
    """Return the cause of an end for good: a Hard Reset where it would not be one otherwise (RFC 8538 §3.1)."""
    negotiated = connection.negotiated
    is_graceful = negotiated is not None and negotiated.is_notification_graceful
    return Cause(f"{text}: {notification.text}", hard_reset(notification) if is_graceful else notification)


def _is_peer_as_kept(config: SessionConfig, connection: Connection) -> bool:
    negotiated = connection.negotiated or connection.held_open
    return negotiated is None or config.peer_as in (0, negotiated.peer_as)
