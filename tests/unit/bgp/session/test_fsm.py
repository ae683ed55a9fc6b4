"""The table of the finite state machine: complete, and as RFC 4271 §8.2.2 says."""

import re
from pathlib import Path

import pytest

from tortie.bgp.session import TRANSITIONS, Action, Event, Machine, State

SESSION_FOLDER = Path(__file__).parents[4] / "src" / "tortie" / "bgp" / "session"
STARTS = (
    Event.MANUAL_START,
    Event.AUTOMATIC_START,
    Event.MANUAL_START_PASSIVE,
    Event.AUTOMATIC_START_PASSIVE,
    Event.AUTOMATIC_START_DAMPED,
    Event.AUTOMATIC_START_DAMPED_PASSIVE,
)


@pytest.mark.rfc("4271", "8.1")
def test_events_are_numbered_as_in_the_rfc() -> None:
    assert [event.value for event in Event] == list(range(1, 30))
    landmarks = [Event.TCP_CR_ACKED, Event.BGP_OPEN, Event.UPDATE_MESSAGE_ERROR]
    assert [event.value for event in landmarks] == [16, 19, 28]


@pytest.mark.rfc("4271", "8.2.2")
@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_every_pair_is_present(state: State) -> None:
    assert list(TRANSITIONS[state]) == list(Event)


ROWS = [
    # Idle
    (State.IDLE, Event.MANUAL_START, Action.DIAL, State.CONNECT),
    (State.IDLE, Event.MANUAL_STOP, Action.RELEASE, State.IDLE),
    (State.IDLE, Event.AUTOMATIC_START, Action.DIAL, State.CONNECT),
    (State.IDLE, Event.MANUAL_START_PASSIVE, Action.LISTEN, State.ACTIVE),
    (State.IDLE, Event.AUTOMATIC_START_PASSIVE, Action.LISTEN, State.ACTIVE),
    (State.IDLE, Event.AUTOMATIC_START_DAMPED, Action.WAIT_IDLE, State.IDLE),
    (State.IDLE, Event.IDLE_HOLD_TIMER_EXPIRES, Action.RESTART, State.IDLE),
    (State.IDLE, Event.TCP_CONNECTION_CONFIRMED, Action.REFUSE, State.IDLE),
    (State.IDLE, Event.BGP_OPEN, Action.IGNORE, State.IDLE),
    # Connect
    (State.CONNECT, Event.MANUAL_STOP, Action.RELEASE, State.IDLE),
    (State.CONNECT, Event.CONNECT_RETRY_TIMER_EXPIRES, Action.REDIAL, State.CONNECT),
    (State.CONNECT, Event.DELAY_OPEN_TIMER_EXPIRES, Action.SEND_OPEN, State.OPEN_SENT),
    (State.CONNECT, Event.TCP_CR_ACKED, Action.DELAY_OPEN, State.CONNECT),
    (State.CONNECT, Event.TCP_CONNECTION_CONFIRMED, Action.DELAY_OPEN, State.CONNECT),
    (State.CONNECT, Event.TCP_CONNECTION_FAILS, Action.RETRY_LATER, State.ACTIVE),
    (State.CONNECT, Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER, Action.ANSWER_OPEN, State.OPEN_CONFIRM),
    (State.CONNECT, Event.BGP_HEADER_ERROR, Action.FAIL, State.IDLE),
    (State.CONNECT, Event.NOTIFICATION_VERSION_ERROR, Action.RELEASE, State.IDLE),
    (State.CONNECT, Event.KEEPALIVE_MESSAGE, Action.FAIL, State.IDLE),
    # Active
    (State.ACTIVE, Event.CONNECT_RETRY_TIMER_EXPIRES, Action.DIAL, State.CONNECT),
    (State.ACTIVE, Event.DELAY_OPEN_TIMER_EXPIRES, Action.SEND_OPEN, State.OPEN_SENT),
    (State.ACTIVE, Event.TCP_CONNECTION_CONFIRMED, Action.DELAY_OPEN, State.ACTIVE),
    (State.ACTIVE, Event.TCP_CONNECTION_FAILS, Action.FAIL, State.IDLE),
    (State.ACTIVE, Event.BGP_OPEN_WITH_DELAY_OPEN_TIMER, Action.ANSWER_OPEN, State.OPEN_CONFIRM),
    # OpenSent
    (State.OPEN_SENT, Event.MANUAL_STOP, Action.CEASE, State.IDLE),
    (State.OPEN_SENT, Event.AUTOMATIC_STOP, Action.NOTIFY, State.IDLE),
    (State.OPEN_SENT, Event.HOLD_TIMER_EXPIRES, Action.NOTIFY, State.IDLE),
    (State.OPEN_SENT, Event.TCP_CONNECTION_FAILS, Action.RETRY_LATER, State.ACTIVE),
    (State.OPEN_SENT, Event.BGP_OPEN, Action.CONFIRM_OPEN, State.OPEN_CONFIRM),
    (State.OPEN_SENT, Event.BGP_HEADER_ERROR, Action.NOTIFY, State.IDLE),
    (State.OPEN_SENT, Event.BGP_OPEN_MESSAGE_ERROR, Action.NOTIFY, State.IDLE),
    (State.OPEN_SENT, Event.OPEN_COLLISION_DUMP, Action.CEASE, State.IDLE),
    (State.OPEN_SENT, Event.NOTIFICATION_VERSION_ERROR, Action.RELEASE, State.IDLE),
    (State.OPEN_SENT, Event.KEEPALIVE_MESSAGE, Action.FSM_ERROR, State.IDLE),
    (State.OPEN_SENT, Event.UPDATE_MESSAGE, Action.FSM_ERROR, State.IDLE),
    # OpenConfirm
    (State.OPEN_CONFIRM, Event.MANUAL_STOP, Action.CEASE, State.IDLE),
    (State.OPEN_CONFIRM, Event.HOLD_TIMER_EXPIRES, Action.NOTIFY, State.IDLE),
    (State.OPEN_CONFIRM, Event.KEEPALIVE_TIMER_EXPIRES, Action.SEND_KEEPALIVE, State.OPEN_CONFIRM),
    (State.OPEN_CONFIRM, Event.TCP_CONNECTION_FAILS, Action.FAIL, State.IDLE),
    (State.OPEN_CONFIRM, Event.BGP_OPEN, Action.FSM_ERROR, State.IDLE),
    (State.OPEN_CONFIRM, Event.OPEN_COLLISION_DUMP, Action.CEASE, State.IDLE),
    (State.OPEN_CONFIRM, Event.NOTIFICATION_MESSAGE, Action.FAIL, State.IDLE),
    (State.OPEN_CONFIRM, Event.KEEPALIVE_MESSAGE, Action.ESTABLISH, State.ESTABLISHED),
    (State.OPEN_CONFIRM, Event.UPDATE_MESSAGE, Action.FSM_ERROR, State.IDLE),
    # Established
    (State.ESTABLISHED, Event.MANUAL_STOP, Action.CEASE, State.IDLE),
    (State.ESTABLISHED, Event.AUTOMATIC_STOP, Action.NOTIFY, State.IDLE),
    (State.ESTABLISHED, Event.HOLD_TIMER_EXPIRES, Action.NOTIFY, State.IDLE),
    (State.ESTABLISHED, Event.KEEPALIVE_TIMER_EXPIRES, Action.SEND_KEEPALIVE, State.ESTABLISHED),
    (State.ESTABLISHED, Event.TCP_CONNECTION_FAILS, Action.FAIL, State.IDLE),
    (State.ESTABLISHED, Event.BGP_OPEN, Action.FSM_ERROR, State.IDLE),
    (State.ESTABLISHED, Event.OPEN_COLLISION_DUMP, Action.CEASE, State.IDLE),
    (State.ESTABLISHED, Event.NOTIFICATION_MESSAGE, Action.FAIL, State.IDLE),
    (State.ESTABLISHED, Event.KEEPALIVE_MESSAGE, Action.RESTART_HOLD, State.ESTABLISHED),
    (State.ESTABLISHED, Event.UPDATE_MESSAGE, Action.RESTART_HOLD, State.ESTABLISHED),
    (State.ESTABLISHED, Event.UPDATE_MESSAGE_ERROR, Action.NOTIFY, State.IDLE),
    (State.ESTABLISHED, Event.SEND_HOLD_TIMER_EXPIRES, Action.NOTIFY, State.IDLE),
]


@pytest.mark.rfc("4271", "8.2.2")
@pytest.mark.parametrize(
    ("state", "event", "action", "next_state"), ROWS, ids=[f"{row[0].name}-{row[1].name}" for row in ROWS]
)
def test_row(state: State, event: Event, action: Action, next_state: State) -> None:
    assert TRANSITIONS[state][event] == (action, next_state)


@pytest.mark.rfc("4271", "8.2.2")
@pytest.mark.parametrize("event", STARTS, ids=lambda event: event.name)
@pytest.mark.parametrize("state", list(State)[1:], ids=lambda state: state.name)
def test_starts_are_ignored_outside_idle(state: State, event: Event) -> None:
    assert TRANSITIONS[state][event] == (Action.IGNORE, state)


ENDINGS = {Action.RELEASE, Action.FAIL, Action.CEASE, Action.NOTIFY, Action.FSM_ERROR}


@pytest.mark.parametrize("state", list(State)[1:], ids=lambda state: state.name)
def test_going_to_idle_always_releases_the_connection(state: State) -> None:
    to_idle = {action for action, next_state in TRANSITIONS[state].values() if next_state is State.IDLE}
    assert to_idle <= ENDINGS
    stays = {action for action, next_state in TRANSITIONS[state].values() if next_state is not State.IDLE}
    assert not stays & ENDINGS


@pytest.mark.rfc("6608", "3")
def test_nothing_is_sent_before_the_own_open() -> None:
    for state in (State.IDLE, State.CONNECT, State.ACTIVE):
        actions = {action for action, _ in TRANSITIONS[state].values()}
        assert not actions & {Action.CEASE, Action.NOTIFY, Action.FSM_ERROR}


def test_machine_takes_steps() -> None:
    machine = Machine()
    states = [machine.state]
    assert machine.step(Event.MANUAL_START) is Action.DIAL
    states.append(machine.state)
    assert states == [State.IDLE, State.CONNECT]


def test_no_other_file_assigns_a_state() -> None:
    assigning = re.compile(r"\b_?state\s*=[^=]|\._state\b")
    offenders = [
        f"{path.name}: {line.strip()}"
        for path in sorted(SESSION_FOLDER.glob("*.py"))
        if path.name != "fsm.py"
        for line in path.read_text().splitlines()
        if assigning.search(line) and "_known_state" not in line and not line.startswith("        state = self.state")
    ]
    assert offenders == []
