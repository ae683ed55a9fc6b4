"""The connections of one session, of which at most one is established.

For: `Connections`: taking the peer's connections, judging collisions, saying when the session is up and down,
and starting again after a failure.
Not for: reading messages and the session's public face (session.py), one connection's actions (connection.py).
RFC 4271 §6.8, §8.1.1, §8.2.1 (one machine a connection), §8.2.2 (Idle); RFC 4486 §4 (Connection Rejected);
RFC 4724 §5 (the new connection wins).
Know: `outgoing` exists always; it dials, or sits in Active when the session is passive, and IdleHoldTimer is
its. `incoming` is the peer's newest connection that is not established (a newer one replaces it).
`established` is the one that won; it may be `outgoing`.

Deviates from RFC 4271 §8.2.2 (Idle): a connection that comes while IdleHoldTimer runs is not refused; it waits
unread until the timer expires. The damping is the same, and a peer that restarts need not wait until it dials
again.
"""

from math import inf
from typing import Final

from tortie.bgp.session.collision import HOLD_OPEN_S, Contender, Identity, Verdict, judge, may_be_replaced
from tortie.bgp.session.config import Negotiated
from tortie.bgp.session.connection import (
    CEASE,
    CONNECTED,
    CONNECTION_COLLISION_RESOLUTION,
    NO_CAUSE,
    Cause,
    Connection,
    Shared,
)
from tortie.bgp.session.fsm import Event, State
from tortie.bgp.session.outputs import SessionDown, SessionUp
from tortie.bgp.wire import Notification

CONNECTION_REJECTED: Final = 5

COLLISION: Final = Cause("another connection is kept", Notification(CEASE, CONNECTION_COLLISION_RESOLUTION))
REPLACED: Final = Cause("the peer has connected anew (graceful restart)", is_remote=True)
REJECTED: Final = Cause("nobody waits for a connection", Notification(CEASE, CONNECTION_REJECTED))


class Connections:
    """The connections of one session.

    Attributes:
        outgoing: the one that this side dials.
        incoming: the peer's newest that is not established.
        established: the one that UPDATEs go over.
        is_started: the session is meant to run.
        held_until: when an OPEN that is held is answered in any case; inf = none is held.
        is_settled: nothing was fired since the last settle().
    """

    __slots__ = (
        "_established_at",
        "_shared",
        "established",
        "held_until",
        "incoming",
        "is_settled",
        "is_started",
        "outgoing",
    )

    def __init__(self, shared: Shared) -> None:
        """Begin with an outgoing connection in Idle."""
        self._shared = shared
        self._established_at = 0.0
        self.outgoing = Connection(shared, is_outgoing=True)
        self.incoming: Connection | None = None
        self.established: Connection | None = None
        self.is_started = False
        self.held_until = inf
        self.is_settled = True

    def all(self) -> list[Connection]:
        """Return the connections there are, each once, in a fixed order."""
        found = [self.outgoing]
        if self.incoming is not None:
            found.append(self.incoming)
        if self.established is not None and self.established is not self.outgoing:
            found.append(self.established)
        return found

    def find(self, connection: int) -> Connection | None:
        """Return the one with the shell's number, None if it was closed."""
        established = self.established
        if established is not None and established.connection == connection:
            return established
        for each in self.all():
            if each.connection == connection:
                return each
        return None

    def next_deadline(self) -> float:
        """Return the earliest deadline of all timers; inf = none runs."""
        if self.established is not None and self.incoming is None:
            return self.established.timers.next_deadline()
        return min(self.held_until, *(each.timers.next_deadline() for each in self.all()))

    def fire(self, connection: Connection, event: Event, now: float, cause: Cause = NO_CAUSE) -> None:
        """Fire an event that may end a connection; settle() has to follow."""
        self.is_settled = False
        cause = connection.fire(event, now, cause)
        if connection is self.established and connection.state is not State.ESTABLISHED:
            self._on_down(cause, now)

    # ---------------------------------------------------------------- connections come

    def made_outgoing(self, connection: int, local_address: str, now: float) -> None:
        """The dial has succeeded (event 16)."""
        if not self.outgoing.is_dialling:
            self._refuse(connection, is_outgoing=True, now=now)
            return
        self.outgoing.attach(connection, local_address)
        self.fire(self.outgoing, Event.TCP_CR_ACKED, now, CONNECTED)

    def made_incoming(self, connection: int, local_address: str, now: float) -> None:
        """The peer has connected (event 17)."""
        if not self.is_started:
            self._refuse(connection, is_outgoing=False, now=now)
            return
        if self.incoming is not None:
            self._replace(self.incoming, now)
        incoming = self.incoming = Connection(self._shared, is_outgoing=False)
        incoming.attach(connection, local_address)
        if self.outgoing.timers.idle_hold == inf:
            self._admit(incoming, now)
        else:
            self._shared.record(now, "incoming: waits for the idle hold timer")

    def _admit(self, incoming: Connection, now: float) -> None:
        """Start the machine of the peer's connection: Active (event 5), then event 17."""
        self.fire(incoming, Event.AUTOMATIC_START_PASSIVE, now)
        self.fire(incoming, Event.TCP_CONNECTION_CONFIRMED, now, CONNECTED)

    def _refuse(self, connection: int, *, is_outgoing: bool, now: float) -> None:
        """Answer a connection that nobody waits for with Cease / Connection Rejected (RFC 4486 §4)."""
        refused = Connection(self._shared, is_outgoing=is_outgoing)
        refused.attach(connection, "")
        event = Event.TCP_CR_ACKED if is_outgoing else Event.TCP_CONNECTION_CONFIRMED
        refused.fire(event, now, REJECTED)

    def _replace(self, older: Connection, now: float) -> None:
        """Close the peer's older connection; Idle knows no event 23, but one that waits there is closed too."""
        is_waiting = older.state is State.IDLE
        self.fire(older, Event.AUTOMATIC_STOP if is_waiting else Event.OPEN_COLLISION_DUMP, now, COLLISION)

    def start_again(self, now: float) -> Connection | None:
        """Dial, or take the connection that waits (events 3 and 5); return one whose data are unread.

        IdleHoldTimer has expired.
        """
        incoming = self.incoming
        if incoming is None and not self._shared.config.passive:
            self.fire(self.outgoing, Event.AUTOMATIC_START, now)
            return None
        self.fire(self.outgoing, Event.AUTOMATIC_START_PASSIVE, now)
        if incoming is not None:
            self._admit(incoming, now)
        return incoming

    # ---------------------------------------------------------------- one of two

    def accept_open(self, connection: Connection, negotiated: Negotiated, now: float) -> None:
        """Answer an acceptable OPEN, hold it, or close its connection, as the others demand (RFC 4271 §6.8)."""
        for existing in self.all():
            if existing is connection:
                continue
            verdict = self._judge(connection, negotiated, existing, now)
            if verdict is Verdict.CLOSE_EXISTING:
                self._close_loser(existing, now)
            elif verdict is Verdict.REPLACE_ESTABLISHED:
                self.fire(existing, Event.OPEN_COLLISION_DUMP, now, REPLACED)
            elif verdict is Verdict.CLOSE_NEW:
                self._close_loser(connection, now)
                return
            elif verdict is Verdict.HOLD_NEW:
                connection.held_open = negotiated
                self.held_until = now + HOLD_OPEN_S
                return
        connection.negotiated = negotiated
        is_delaying = connection.is_delaying_open
        event = Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER if is_delaying else Event.BGP_OPEN
        self.fire(connection, event, now, Cause(f"OPEN of AS {negotiated.peer_as}"))

    def _judge(self, connection: Connection, negotiated: Negotiated, existing: Connection, now: float) -> Verdict:
        config = self._shared.config
        former = existing.negotiated
        may_replace = former is not None and may_be_replaced(
            former.peer_restart, now - self._established_at, negotiated.peer_restart
        )
        return judge(
            local=Identity(config.router_id, config.local_as),
            peer=Identity(negotiated.peer_router_id, negotiated.peer_as),
            is_new_outgoing=connection.is_outgoing,
            existing=Contender(existing.is_outgoing, existing.state, existing.connection is not None, may_replace),
        )

    def _close_loser(self, connection: Connection, now: float) -> None:
        self._shared.counters.collision_count += connection.connection is not None
        self.fire(connection, Event.OPEN_COLLISION_DUMP, now, COLLISION)

    def end_hold(self, now: float) -> None:
        """Give up the own connection: the peer did not answer it, its OPEN has waited long enough."""
        self._close_loser(self.outgoing, now)

    def establish(self, connection: Connection, now: float) -> None:
        """Drop every other connection, then tell the engine that the session is up."""
        for other in self.all():
            if other is not connection and other.state is not State.IDLE:
                self._close_loser(other, now)
        self.established = connection
        self._established_at = now
        if connection is self.incoming:
            self.incoming = None
        self._shared.counters.established_count += 1
        assert connection.negotiated is not None, "Established comes after the OPEN"
        self._shared.outputs.append(SessionUp(connection.negotiated, connection.own_open, connection.peer_open))

    def _on_down(self, cause: Cause, now: float) -> None:
        """Tell the engine; a session that was stable starts its back-off at the bottom."""
        self.established = None
        if now - self._established_at >= self._shared.config.idle_hold_max_s:
            self._shared.failure_count = 0
        self._shared.counters.down_count += 1
        self._shared.outputs.append(SessionDown(cause.text, cause.is_remote, cause.notification))

    # ---------------------------------------------------------------- after every input

    def settle(self, now: float) -> Connection | None:
        """Leave no connection behind and never stand still; return one whose data may be read again.

        The caller reads it and settles again.
        """
        self.is_settled = True
        released = self._release_held(now)
        self._forget_incoming(now)
        self._count_failure()
        if self.is_started and self._is_at_rest():
            is_passive = self._shared.config.passive
            event = Event.AUTOMATIC_START_DAMPED_PASSIVE if is_passive else Event.AUTOMATIC_START_DAMPED
            self.outgoing.fire(event, now)
        return released

    def _release_held(self, now: float) -> Connection | None:
        """Answer the held OPEN once the own connection is gone (collision.py)."""
        incoming = self.incoming
        held = None if incoming is None else incoming.held_open
        if incoming is None or held is None:
            self.held_until = inf
            return None
        if self.outgoing.connection is not None:
            return None
        self.held_until = inf
        incoming.held_open = None
        self.accept_open(incoming, held, now)
        return incoming

    def _forget_incoming(self, now: float) -> None:
        """Forget the peer's connection when it is closed; its failure damps a session that only waits."""
        incoming = self.incoming
        if incoming is None or incoming.connection is not None:
            return
        self.incoming = None
        is_only_waiting = self.outgoing.state is State.ACTIVE and self.outgoing.connection is None
        if incoming.has_failed and is_only_waiting:
            self.outgoing.fire(Event.OPEN_COLLISION_DUMP, now, Cause("the peer's connection has failed"))

    def _count_failure(self) -> None:
        """Count what failed since the last input once, however many connections it took along."""
        shared = self._shared
        if shared.has_failed:
            shared.has_failed = False
            shared.failure_count += 1
            shared.counters.failure_count += 1

    def _is_at_rest(self) -> bool:
        """Say whether nothing would ever happen again: Idle, nobody else at work, no IdleHoldTimer."""
        outgoing = self.outgoing
        is_alone = self.incoming is None and self.established is None
        return is_alone and outgoing.state is State.IDLE and outgoing.timers.idle_hold == inf
