"""The finite state machine of RFC 4271 §8 as one literal table.

For: states, events, actions, the table `TRANSITIONS`, and `Machine`, the only thing that assigns a state.
Not for: carrying actions out (connection.py) or deciding which event something is (session.py).
RFC 4271 §8, RFC 6608 (unexpected messages), RFC 9687 (event 29).
Know: TRANSITIONS[state][event] -> (action, next_state). There is one machine for each TCP connection, and the
one that dials exists always. Where the RFC makes the next state depend on an attribute, the table has one entry
and a second event follows: a DelayOpenTime of zero is a DelayOpenTimer that expires at once (event 12), and a
start with damping (6, 7) is a start after IdleHoldTimer (13 leads to 3 or 5).

Deviates from RFC 4271 §8.2.2 (Connect, event 18): Active in either case, because ConnectRetryTimer governs the
next dial, and Idle would keep the peer's own connection waiting meanwhile.
Deviates from RFC 4271 §8.2.2 (OpenSent, event 25): no FSM Error answers a NOTIFICATION, because the peer is
closing and §6.4 lets errors in a NOTIFICATION go unanswered as well.
Deviates from RFC 4271 §8.2.2 (Established, event 21): the header error is named (code 1) instead of FSM Error,
as §6.1 demands.
Deviates from RFC 4271 §8.2.2 (event 23): a lost collision is no failure, because the peer is up.
"""

from enum import IntEnum
from typing import Final


class State(IntEnum):
    """The six states of RFC 4271 §8.2.2, in the order in which a session reaches them."""

    IDLE = 1
    CONNECT = 2
    ACTIVE = 3
    OPEN_SENT = 4
    OPEN_CONFIRM = 5
    ESTABLISHED = 6


class Event(IntEnum):
    """The events of RFC 4271 §8.1, with its numbers, and event 29 of RFC 9687."""

    MANUAL_START = 1
    MANUAL_STOP = 2
    AUTOMATIC_START = 3
    MANUAL_START_PASSIVE = 4
    AUTOMATIC_START_PASSIVE = 5
    AUTOMATIC_START_DAMPED = 6
    AUTOMATIC_START_DAMPED_PASSIVE = 7
    AUTOMATIC_STOP = 8
    CONNECT_RETRY_TIMER_EXPIRES = 9
    HOLD_TIMER_EXPIRES = 10
    KEEPALIVE_TIMER_EXPIRES = 11
    DELAY_OPEN_TIMER_EXPIRES = 12
    IDLE_HOLD_TIMER_EXPIRES = 13
    TCP_CONNECTION_VALID = 14
    TCP_CR_INVALID = 15
    TCP_CR_ACKED = 16
    TCP_CONNECTION_CONFIRMED = 17
    TCP_CONNECTION_FAILS = 18
    BGP_OPEN = 19
    BGP_OPEN_WITH_DELAY_OPEN_TIMER = 20
    BGP_HEADER_ERROR = 21
    BGP_OPEN_MESSAGE_ERROR = 22
    OPEN_COLLISION_DUMP = 23
    NOTIFICATION_VERSION_ERROR = 24
    NOTIFICATION_MESSAGE = 25
    KEEPALIVE_MESSAGE = 26
    UPDATE_MESSAGE = 27
    UPDATE_MESSAGE_ERROR = 28
    SEND_HOLD_TIMER_EXPIRES = 29


class Action(IntEnum):
    """What an event makes a connection do; connection.py has one function for each."""

    IGNORE = 0
    DIAL = 1  # start ConnectRetryTimer, open a connection
    REDIAL = 2  # give up the dial that takes too long, DIAL
    LISTEN = 3  # wait for the peer; ConnectRetryTimer runs unless the session is passive
    WAIT_IDLE = 4  # start IdleHoldTimer, longer after each failure
    RESTART = 5  # IdleHoldTimer has expired: event 3 or 5 follows
    REFUSE = 6  # Cease / Connection Rejected to a connection that nobody waits for
    DELAY_OPEN = 7  # start DelayOpenTimer; zero = event 12 follows at once
    SEND_OPEN = 8  # send OPEN, start HoldTimer with its large value
    ANSWER_OPEN = 9  # send OPEN and KEEPALIVE, start the negotiated timers
    CONFIRM_OPEN = 10  # send KEEPALIVE, start the negotiated timers
    SEND_KEEPALIVE = 11  # send KEEPALIVE, restart KeepaliveTimer
    ESTABLISH = 12  # the first KEEPALIVE: restart HoldTimer
    RESTART_HOLD = 13  # KEEPALIVE or UPDATE: restart HoldTimer
    RETRY_LATER = 14  # drop the connection, restart ConnectRetryTimer
    RELEASE = 15  # drop the connection without a word, not a failure
    FAIL = 16  # drop the connection without a word, a failure
    CEASE = 17  # send the given NOTIFICATION, drop the connection, not a failure
    NOTIFY = 18  # send the given NOTIFICATION, drop the connection, a failure
    FSM_ERROR = 19  # send Finite State Machine Error (RFC 6608), drop the connection, a failure


TRANSITIONS: Final[dict[State, dict[Event, tuple[Action, State]]]] = {
    State.IDLE: {
        Event.MANUAL_START: (Action.DIAL, State.CONNECT),
        # Ignored in the RFC; RELEASE ends an IdleHoldTimer that runs.
        Event.MANUAL_STOP: (Action.RELEASE, State.IDLE),
        Event.AUTOMATIC_START: (Action.DIAL, State.CONNECT),
        Event.MANUAL_START_PASSIVE: (Action.LISTEN, State.ACTIVE),
        Event.AUTOMATIC_START_PASSIVE: (Action.LISTEN, State.ACTIVE),
        Event.AUTOMATIC_START_DAMPED: (Action.WAIT_IDLE, State.IDLE),
        Event.AUTOMATIC_START_DAMPED_PASSIVE: (Action.WAIT_IDLE, State.IDLE),
        Event.AUTOMATIC_STOP: (Action.RELEASE, State.IDLE),
        Event.CONNECT_RETRY_TIMER_EXPIRES: (Action.IGNORE, State.IDLE),
        Event.HOLD_TIMER_EXPIRES: (Action.IGNORE, State.IDLE),
        Event.KEEPALIVE_TIMER_EXPIRES: (Action.IGNORE, State.IDLE),
        Event.DELAY_OPEN_TIMER_EXPIRES: (Action.IGNORE, State.IDLE),
        Event.IDLE_HOLD_TIMER_EXPIRES: (Action.RESTART, State.IDLE),
        Event.TCP_CONNECTION_VALID: (Action.IGNORE, State.IDLE),
        Event.TCP_CR_INVALID: (Action.IGNORE, State.IDLE),
        Event.TCP_CR_ACKED: (Action.REFUSE, State.IDLE),
        Event.TCP_CONNECTION_CONFIRMED: (Action.REFUSE, State.IDLE),
        Event.TCP_CONNECTION_FAILS: (Action.IGNORE, State.IDLE),
        Event.BGP_OPEN: (Action.IGNORE, State.IDLE),
        Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER: (Action.IGNORE, State.IDLE),
        Event.BGP_HEADER_ERROR: (Action.IGNORE, State.IDLE),
        Event.BGP_OPEN_MESSAGE_ERROR: (Action.IGNORE, State.IDLE),
        Event.OPEN_COLLISION_DUMP: (Action.IGNORE, State.IDLE),
        Event.NOTIFICATION_VERSION_ERROR: (Action.IGNORE, State.IDLE),
        Event.NOTIFICATION_MESSAGE: (Action.IGNORE, State.IDLE),
        Event.KEEPALIVE_MESSAGE: (Action.IGNORE, State.IDLE),
        Event.UPDATE_MESSAGE: (Action.IGNORE, State.IDLE),
        Event.UPDATE_MESSAGE_ERROR: (Action.IGNORE, State.IDLE),
        Event.SEND_HOLD_TIMER_EXPIRES: (Action.IGNORE, State.IDLE),
    },
    State.CONNECT: {
        Event.MANUAL_START: (Action.IGNORE, State.CONNECT),
        Event.MANUAL_STOP: (Action.RELEASE, State.IDLE),
        Event.AUTOMATIC_START: (Action.IGNORE, State.CONNECT),
        Event.MANUAL_START_PASSIVE: (Action.IGNORE, State.CONNECT),
        Event.AUTOMATIC_START_PASSIVE: (Action.IGNORE, State.CONNECT),
        Event.AUTOMATIC_START_DAMPED: (Action.IGNORE, State.CONNECT),
        Event.AUTOMATIC_START_DAMPED_PASSIVE: (Action.IGNORE, State.CONNECT),
        Event.AUTOMATIC_STOP: (Action.FAIL, State.IDLE),
        Event.CONNECT_RETRY_TIMER_EXPIRES: (Action.REDIAL, State.CONNECT),
        Event.HOLD_TIMER_EXPIRES: (Action.FAIL, State.IDLE),
        Event.KEEPALIVE_TIMER_EXPIRES: (Action.FAIL, State.IDLE),
        Event.DELAY_OPEN_TIMER_EXPIRES: (Action.SEND_OPEN, State.OPEN_SENT),
        Event.IDLE_HOLD_TIMER_EXPIRES: (Action.FAIL, State.IDLE),
        Event.TCP_CONNECTION_VALID: (Action.IGNORE, State.CONNECT),
        Event.TCP_CR_INVALID: (Action.IGNORE, State.CONNECT),
        Event.TCP_CR_ACKED: (Action.DELAY_OPEN, State.CONNECT),
        Event.TCP_CONNECTION_CONFIRMED: (Action.DELAY_OPEN, State.CONNECT),
        Event.TCP_CONNECTION_FAILS: (Action.RETRY_LATER, State.ACTIVE),
        Event.BGP_OPEN: (Action.FAIL, State.IDLE),
        Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER: (Action.ANSWER_OPEN, State.OPEN_CONFIRM),
        Event.BGP_HEADER_ERROR: (Action.FAIL, State.IDLE),
        Event.BGP_OPEN_MESSAGE_ERROR: (Action.FAIL, State.IDLE),
        Event.OPEN_COLLISION_DUMP: (Action.RELEASE, State.IDLE),
        Event.NOTIFICATION_VERSION_ERROR: (Action.RELEASE, State.IDLE),
        Event.NOTIFICATION_MESSAGE: (Action.FAIL, State.IDLE),
        Event.KEEPALIVE_MESSAGE: (Action.FAIL, State.IDLE),
        Event.UPDATE_MESSAGE: (Action.FAIL, State.IDLE),
        Event.UPDATE_MESSAGE_ERROR: (Action.FAIL, State.IDLE),
        Event.SEND_HOLD_TIMER_EXPIRES: (Action.FAIL, State.IDLE),
    },
    State.ACTIVE: {
        Event.MANUAL_START: (Action.IGNORE, State.ACTIVE),
        Event.MANUAL_STOP: (Action.RELEASE, State.IDLE),
        Event.AUTOMATIC_START: (Action.IGNORE, State.ACTIVE),
        Event.MANUAL_START_PASSIVE: (Action.IGNORE, State.ACTIVE),
        Event.AUTOMATIC_START_PASSIVE: (Action.IGNORE, State.ACTIVE),
        Event.AUTOMATIC_START_DAMPED: (Action.IGNORE, State.ACTIVE),
        Event.AUTOMATIC_START_DAMPED_PASSIVE: (Action.IGNORE, State.ACTIVE),
        Event.AUTOMATIC_STOP: (Action.FAIL, State.IDLE),
        Event.CONNECT_RETRY_TIMER_EXPIRES: (Action.DIAL, State.CONNECT),
        Event.HOLD_TIMER_EXPIRES: (Action.FAIL, State.IDLE),
        Event.KEEPALIVE_TIMER_EXPIRES: (Action.FAIL, State.IDLE),
        Event.DELAY_OPEN_TIMER_EXPIRES: (Action.SEND_OPEN, State.OPEN_SENT),
        Event.IDLE_HOLD_TIMER_EXPIRES: (Action.FAIL, State.IDLE),
        Event.TCP_CONNECTION_VALID: (Action.IGNORE, State.ACTIVE),
        Event.TCP_CR_INVALID: (Action.IGNORE, State.ACTIVE),
        Event.TCP_CR_ACKED: (Action.DELAY_OPEN, State.ACTIVE),
        Event.TCP_CONNECTION_CONFIRMED: (Action.DELAY_OPEN, State.ACTIVE),
        Event.TCP_CONNECTION_FAILS: (Action.FAIL, State.IDLE),
        Event.BGP_OPEN: (Action.FAIL, State.IDLE),
        Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER: (Action.ANSWER_OPEN, State.OPEN_CONFIRM),
        Event.BGP_HEADER_ERROR: (Action.FAIL, State.IDLE),
        Event.BGP_OPEN_MESSAGE_ERROR: (Action.FAIL, State.IDLE),
        Event.OPEN_COLLISION_DUMP: (Action.RELEASE, State.IDLE),
        Event.NOTIFICATION_VERSION_ERROR: (Action.RELEASE, State.IDLE),
        Event.NOTIFICATION_MESSAGE: (Action.FAIL, State.IDLE),
        Event.KEEPALIVE_MESSAGE: (Action.FAIL, State.IDLE),
        Event.UPDATE_MESSAGE: (Action.FAIL, State.IDLE),
        Event.UPDATE_MESSAGE_ERROR: (Action.FAIL, State.IDLE),
        Event.SEND_HOLD_TIMER_EXPIRES: (Action.FAIL, State.IDLE),
    },
    State.OPEN_SENT: {
        Event.MANUAL_START: (Action.IGNORE, State.OPEN_SENT),
        Event.MANUAL_STOP: (Action.CEASE, State.IDLE),
        Event.AUTOMATIC_START: (Action.IGNORE, State.OPEN_SENT),
        Event.MANUAL_START_PASSIVE: (Action.IGNORE, State.OPEN_SENT),
        Event.AUTOMATIC_START_PASSIVE: (Action.IGNORE, State.OPEN_SENT),
        Event.AUTOMATIC_START_DAMPED: (Action.IGNORE, State.OPEN_SENT),
        Event.AUTOMATIC_START_DAMPED_PASSIVE: (Action.IGNORE, State.OPEN_SENT),
        Event.AUTOMATIC_STOP: (Action.NOTIFY, State.IDLE),
        Event.CONNECT_RETRY_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.HOLD_TIMER_EXPIRES: (Action.NOTIFY, State.IDLE),
        Event.KEEPALIVE_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.DELAY_OPEN_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.IDLE_HOLD_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.TCP_CONNECTION_VALID: (Action.IGNORE, State.OPEN_SENT),
        Event.TCP_CR_INVALID: (Action.IGNORE, State.OPEN_SENT),
        Event.TCP_CR_ACKED: (Action.IGNORE, State.OPEN_SENT),
        Event.TCP_CONNECTION_CONFIRMED: (Action.IGNORE, State.OPEN_SENT),
        Event.TCP_CONNECTION_FAILS: (Action.RETRY_LATER, State.ACTIVE),
        Event.BGP_OPEN: (Action.CONFIRM_OPEN, State.OPEN_CONFIRM),
        Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER: (Action.FSM_ERROR, State.IDLE),
        Event.BGP_HEADER_ERROR: (Action.NOTIFY, State.IDLE),
        Event.BGP_OPEN_MESSAGE_ERROR: (Action.NOTIFY, State.IDLE),
        Event.OPEN_COLLISION_DUMP: (Action.CEASE, State.IDLE),
        Event.NOTIFICATION_VERSION_ERROR: (Action.RELEASE, State.IDLE),
        Event.NOTIFICATION_MESSAGE: (Action.FAIL, State.IDLE),
        Event.KEEPALIVE_MESSAGE: (Action.FSM_ERROR, State.IDLE),
        Event.UPDATE_MESSAGE: (Action.FSM_ERROR, State.IDLE),
        Event.UPDATE_MESSAGE_ERROR: (Action.FSM_ERROR, State.IDLE),
        Event.SEND_HOLD_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
    },
    State.OPEN_CONFIRM: {
        Event.MANUAL_START: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.MANUAL_STOP: (Action.CEASE, State.IDLE),
        Event.AUTOMATIC_START: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.MANUAL_START_PASSIVE: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.AUTOMATIC_START_PASSIVE: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.AUTOMATIC_START_DAMPED: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.AUTOMATIC_START_DAMPED_PASSIVE: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.AUTOMATIC_STOP: (Action.NOTIFY, State.IDLE),
        Event.CONNECT_RETRY_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.HOLD_TIMER_EXPIRES: (Action.NOTIFY, State.IDLE),
        Event.KEEPALIVE_TIMER_EXPIRES: (Action.SEND_KEEPALIVE, State.OPEN_CONFIRM),
        Event.DELAY_OPEN_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.IDLE_HOLD_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.TCP_CONNECTION_VALID: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.TCP_CR_INVALID: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.TCP_CR_ACKED: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.TCP_CONNECTION_CONFIRMED: (Action.IGNORE, State.OPEN_CONFIRM),
        Event.TCP_CONNECTION_FAILS: (Action.FAIL, State.IDLE),
        # A second OPEN on one connection (RFC 6608); an OPEN on another connection is that machine's event.
        Event.BGP_OPEN: (Action.FSM_ERROR, State.IDLE),
        Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER: (Action.FSM_ERROR, State.IDLE),
        Event.BGP_HEADER_ERROR: (Action.NOTIFY, State.IDLE),
        Event.BGP_OPEN_MESSAGE_ERROR: (Action.NOTIFY, State.IDLE),
        Event.OPEN_COLLISION_DUMP: (Action.CEASE, State.IDLE),
        Event.NOTIFICATION_VERSION_ERROR: (Action.RELEASE, State.IDLE),
        Event.NOTIFICATION_MESSAGE: (Action.FAIL, State.IDLE),
        Event.KEEPALIVE_MESSAGE: (Action.ESTABLISH, State.ESTABLISHED),
        Event.UPDATE_MESSAGE: (Action.FSM_ERROR, State.IDLE),
        Event.UPDATE_MESSAGE_ERROR: (Action.FSM_ERROR, State.IDLE),
        Event.SEND_HOLD_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
    },
    State.ESTABLISHED: {
        Event.MANUAL_START: (Action.IGNORE, State.ESTABLISHED),
        Event.MANUAL_STOP: (Action.CEASE, State.IDLE),
        Event.AUTOMATIC_START: (Action.IGNORE, State.ESTABLISHED),
        Event.MANUAL_START_PASSIVE: (Action.IGNORE, State.ESTABLISHED),
        Event.AUTOMATIC_START_PASSIVE: (Action.IGNORE, State.ESTABLISHED),
        Event.AUTOMATIC_START_DAMPED: (Action.IGNORE, State.ESTABLISHED),
        Event.AUTOMATIC_START_DAMPED_PASSIVE: (Action.IGNORE, State.ESTABLISHED),
        Event.AUTOMATIC_STOP: (Action.NOTIFY, State.IDLE),
        Event.CONNECT_RETRY_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.HOLD_TIMER_EXPIRES: (Action.NOTIFY, State.IDLE),
        Event.KEEPALIVE_TIMER_EXPIRES: (Action.SEND_KEEPALIVE, State.ESTABLISHED),
        Event.DELAY_OPEN_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.IDLE_HOLD_TIMER_EXPIRES: (Action.FSM_ERROR, State.IDLE),
        Event.TCP_CONNECTION_VALID: (Action.IGNORE, State.ESTABLISHED),
        Event.TCP_CR_INVALID: (Action.IGNORE, State.ESTABLISHED),
        Event.TCP_CR_ACKED: (Action.IGNORE, State.ESTABLISHED),
        Event.TCP_CONNECTION_CONFIRMED: (Action.IGNORE, State.ESTABLISHED),
        Event.TCP_CONNECTION_FAILS: (Action.FAIL, State.IDLE),
        Event.BGP_OPEN: (Action.FSM_ERROR, State.IDLE),
        Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER: (Action.FSM_ERROR, State.IDLE),
        Event.BGP_HEADER_ERROR: (Action.NOTIFY, State.IDLE),
        Event.BGP_OPEN_MESSAGE_ERROR: (Action.FSM_ERROR, State.IDLE),
        Event.OPEN_COLLISION_DUMP: (Action.CEASE, State.IDLE),
        Event.NOTIFICATION_VERSION_ERROR: (Action.FAIL, State.IDLE),
        Event.NOTIFICATION_MESSAGE: (Action.FAIL, State.IDLE),
        Event.KEEPALIVE_MESSAGE: (Action.RESTART_HOLD, State.ESTABLISHED),
        Event.UPDATE_MESSAGE: (Action.RESTART_HOLD, State.ESTABLISHED),
        Event.UPDATE_MESSAGE_ERROR: (Action.NOTIFY, State.IDLE),
        Event.SEND_HOLD_TIMER_EXPIRES: (Action.NOTIFY, State.IDLE),
    },
}


class Machine:
    """The state of one TCP connection; begins Idle."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        """Begin in Idle."""
        self._state = State.IDLE

    @property
    def state(self) -> State:
        """The present state."""
        return self._state

    def step(self, event: Event) -> Action:
        """Take `event`: go to the next state and return the action that the caller now carries out.

        RFC 4271 §8.2.2. Cost: one look-up in each of two dictionaries.
        """
        action, self._state = TRANSITIONS[self._state][event]
        return action
