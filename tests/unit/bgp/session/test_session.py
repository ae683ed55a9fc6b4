"""One session against a scripted peer: what comes out for each input, in exact order."""

from collections.abc import Callable

import pytest

from support.sessions import (
    LOCAL_AS,
    LOCAL_ID,
    PEER_AS,
    accept,
    bring_to,
    connect,
    drain,
    message_types,
    new_session,
    notifications,
    own_open_bytes,
    peer_open,
    state_of,
)
from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.session import Session, State, outputs
from tortie.bgp.session.session import WAITING_BYTES_MAX
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    KEEPALIVE,
    MessageType,
    Notification,
    RouteRefresh,
    encode_end_of_rib,
    encode_message,
    encode_notification,
    encode_route_refresh,
)

END_OF_RIB = encode_message(MessageType.UPDATE, bytes(4))
REACHED = (State.OPEN_SENT, State.OPEN_CONFIRM, State.ESTABLISHED)


def by_name(state: object) -> str:
    return state.name if isinstance(state, State) else ""


def sent(taken: list[outputs.Output], at: int) -> Notification:
    found = notifications([taken[at]])
    assert found, f"{taken[at]} is no NOTIFICATION"
    return found[0]


# ---------------------------------------------------------------- coming up


@pytest.mark.rfc("4271", "8.2.2")
def test_active_session_comes_up_step_by_step() -> None:
    session = new_session()
    session.start(0.0)
    assert (session.state, drain(session)) == (State.CONNECT, [outputs.OpenConnection()])
    connect(session, 1, 1.0)
    assert state_of(session) is State.OPEN_SENT
    assert drain(session) == [outputs.SendBytes(1, own_open_bytes(session.config))]
    session.receive_data(1, peer_open(session.config), 2.0)
    assert state_of(session) is State.OPEN_CONFIRM
    assert drain(session) == [outputs.SendBytes(1, KEEPALIVE)]
    session.receive_data(1, KEEPALIVE, 3.0)
    assert state_of(session) is State.ESTABLISHED
    assert session.negotiated is not None
    opens = own_open_bytes(session.config), peer_open(session.config)
    assert drain(session) == [outputs.SessionUp(session.negotiated, *opens)]
    assert session.since == 3.0


def test_passive_session_listens_and_never_dials() -> None:
    session = new_session(passive=True)
    session.start(0.0)
    assert (session.state, session.next_timer(), drain(session)) == (State.ACTIVE, None, [])
    accept(session, 7, 1.0)
    assert state_of(session) is State.OPEN_SENT
    assert drain(session) == [outputs.SendBytes(7, own_open_bytes(session.config))]
    session.receive_data(7, peer_open(session.config) + KEEPALIVE, 2.0)
    assert [type(each).__name__ for each in drain(session)] == ["SendBytes", "SessionUp"]


def test_start_twice_is_start_once() -> None:
    session = new_session()
    session.start(0.0)
    drain(session)
    session.start(1.0)
    assert drain(session) == []


def test_dial_in_progress_is_kept_when_the_peer_connects() -> None:
    session = new_session()
    session.start(0.0)
    drain(session)
    accept(session)
    assert message_types(drain(session)) == [MessageType.OPEN]
    connect(session)
    assert message_types(drain(session)) == [MessageType.OPEN]


def test_dial_in_progress_is_cancelled_when_the_peers_open_is_accepted() -> None:
    session = new_session()
    session.start(0.0)
    accept(session)
    drain(session)
    session.receive_data(2, peer_open(session.config), 1.0)
    assert drain(session) == [outputs.CancelConnection(), outputs.SendBytes(2, KEEPALIVE)]


def test_late_success_of_a_cancelled_dial_is_refused() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    connect(session, 9, 5.0)
    taken = drain(session)
    assert [type(each).__name__ for each in taken] == ["SendBytes", "CloseConnection"]
    assert sent(taken, 0) == Notification(6, 5)
    assert state_of(session) is State.ESTABLISHED


@pytest.mark.rfc("4271", "8.2.1")
def test_data_of_a_closed_connection_is_counted_and_ignored() -> None:
    session = new_session()
    session.receive_data(5, b"late", 0.0)
    assert drain(session) == []
    assert session.counters.stray_count == 1


# ---------------------------------------------------------------- DelayOpen


@pytest.mark.rfc("4271", "8.1.1")
def test_delay_open_sends_open_when_its_timer_expires() -> None:
    session = new_session(delay_open_s=2.0)
    session.start(0.0)
    drain(session)
    connect(session, 1, 1.0)
    assert (session.state, session.next_timer(), drain(session)) == (State.CONNECT, 3.0, [])
    session.handle_timer(3.0)
    assert state_of(session) is State.OPEN_SENT
    assert message_types(drain(session)) == [MessageType.OPEN]


@pytest.mark.rfc("4271", "8.2.2")
@pytest.mark.parametrize("is_passive", [False, True], ids=["Connect", "Active"])
def test_open_while_delay_open_timer_runs_is_answered_at_once(is_passive: bool) -> None:
    session = new_session(delay_open_s=2.0, passive=is_passive)
    session.start(0.0)
    drain(session)
    if is_passive:
        accept(session, 1, 1.0)
    else:
        connect(session, 1, 1.0)
    session.receive_data(1, peer_open(session.config), 1.5)
    assert state_of(session) is State.OPEN_CONFIRM
    assert message_types(drain(session)) == [MessageType.OPEN, MessageType.KEEPALIVE]


@pytest.mark.parametrize(
    ("data", "is_failure"),
    [
        (KEEPALIVE, True),
        (bytes(19), True),
        (encode_notification(Notification(2, 1)), False),
        (encode_notification(Notification(6, 2)), True),
    ],
    ids=["KEEPALIVE", "bad header", "version NOTIFICATION", "other NOTIFICATION"],
)
def test_before_the_own_open_nothing_is_said(data: bytes, is_failure: bool) -> None:
    session = new_session(delay_open_s=2.0)
    session.start(0.0)
    connect(session, 1, 1.0)
    drain(session)
    session.receive_data(1, data, 1.5)
    assert drain(session) == [outputs.CloseConnection(1)]
    assert session.counters.failure_count == is_failure
    assert session.next_timer() == 2.5


def test_connection_lost_while_delay_open_timer_runs() -> None:
    session = new_session(delay_open_s=2.0, connect_retry_s=5.0)
    session.start(0.0)
    connect(session, 1, 1.0)
    drain(session)
    session.connection_lost(1, "reset", 1.5)
    assert (session.state, session.next_timer(), drain(session)) == (State.ACTIVE, 6.5, [])


# ---------------------------------------------------------------- messages where they have no place


@pytest.mark.rfc("6608", "4")
@pytest.mark.parametrize(
    ("state", "subcode", "message"),
    [
        (State.OPEN_SENT, 1, KEEPALIVE),
        (State.OPEN_SENT, 1, END_OF_RIB),
        (State.OPEN_SENT, 1, encode_route_refresh(RouteRefresh(IPV6_UNICAST))),
        (State.OPEN_CONFIRM, 2, None),
        (State.OPEN_CONFIRM, 2, END_OF_RIB),
        (State.OPEN_CONFIRM, 2, encode_route_refresh(RouteRefresh(IPV6_UNICAST))),
        (State.ESTABLISHED, 3, None),
    ],
    ids=[
        "OpenSent KEEPALIVE",
        "OpenSent UPDATE",
        "OpenSent ROUTE-REFRESH",
        "OpenConfirm OPEN",
        "OpenConfirm UPDATE",
        "OpenConfirm ROUTE-REFRESH",
        "Established OPEN",
    ],
)
def test_unexpected_message(state: State, subcode: int, message: bytes | None) -> None:
    session = new_session()
    bring_to(state, session)
    data = peer_open(session.config) if message is None else message
    session.receive_data(1, data, 5.0)
    taken = drain(session)
    assert sent(taken, 0) == Notification(5, subcode, data[18:19])
    assert taken[1] == outputs.CloseConnection(1)
    assert isinstance(taken[-1], outputs.SessionDown) is (state is State.ESTABLISHED)
    assert state_of(session) is State.IDLE
    assert session.counters.failure_count == 1


@pytest.mark.rfc("4271", "6.1")
@pytest.mark.parametrize("state", REACHED, ids=by_name)
def test_header_error_is_named(state: State) -> None:
    session = new_session()
    bring_to(state, session)
    session.receive_data(1, bytes(19), 5.0)
    taken = drain(session)
    assert sent(taken, 0) == Notification(1, 1)
    assert taken[1] == outputs.CloseConnection(1)
    assert "Connection Not Synchronized" in session.last_error


@pytest.mark.rfc("4271", "6.4")
@pytest.mark.parametrize("state", REACHED, ids=by_name)
def test_notification_is_not_answered(state: State) -> None:
    session = new_session()
    bring_to(state, session)
    session.receive_data(1, encode_notification(Notification(6, 4)), 5.0)
    taken = drain(session)
    assert taken[0] == outputs.CloseConnection(1)
    assert message_types(taken) == []
    assert state_of(session) is State.IDLE
    assert session.last_notification_received == Notification(6, 4)
    assert session.last_error == "the peer says: Cease / Administrative Reset"
    if state is State.ESTABLISHED:
        assert taken[1:] == [outputs.SessionDown(session.last_error, True, Notification(6, 4))]


@pytest.mark.rfc("4271", "6.2")
def test_wrong_as_is_refused_before_anything_is_confirmed() -> None:
    session = new_session()
    bring_to(State.OPEN_SENT, session)
    session.receive_data(1, peer_open(session.config, asn=65009), 5.0)
    taken = drain(session)
    assert [sent(taken, 0), taken[1]] == [Notification(2, 2), outputs.CloseConnection(1)]
    assert session.last_error == "OPEN Message Error / Bad Peer AS: peer says AS 65009, expected 65001"


def test_messages_behind_an_error_are_not_read() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    session.receive_data(1, peer_open(session.config) + END_OF_RIB, 5.0)
    assert not any(isinstance(each, outputs.UpdateReceived) for each in drain(session))


# ---------------------------------------------------------------- timers


@pytest.mark.rfc("4271", "8.2.2")
def test_hold_timer_is_large_until_the_open_comes() -> None:
    session = new_session()
    bring_to(State.OPEN_SENT, session, 10.0)
    assert session.next_timer() == 250.0
    session.handle_timer(249.0)
    assert drain(session) == []
    session.handle_timer(250.0)
    taken = drain(session)
    assert [sent(taken, 0), taken[1]] == [Notification(4, 0), outputs.CloseConnection(1)]


@pytest.mark.rfc("4271", "6.5")
def test_hold_timer_expires_without_keepalives() -> None:
    session = new_session(hold_time_s=9)
    bring_to(State.ESTABLISHED, session)
    for now in (3.0, 6.0):
        assert session.next_timer() == now
        session.handle_timer(now)
        assert drain(session) == [outputs.SendBytes(1, KEEPALIVE)]
    session.handle_timer(9.0)
    taken = drain(session)
    assert sent(taken, 0) == Notification(4, 0)
    assert taken[1:] == [
        outputs.CloseConnection(1),
        outputs.SessionDown("hold timer expired", False, Notification(4, 0)),
    ]
    assert session.next_timer() == 10.0


@pytest.mark.rfc("4271", "8.2.2")
@pytest.mark.parametrize("message", [KEEPALIVE, END_OF_RIB], ids=["KEEPALIVE", "UPDATE"])
def test_keepalive_and_update_restart_the_hold_timer(message: bytes) -> None:
    session = new_session(hold_time_s=9)
    bring_to(State.ESTABLISHED, session)
    session.receive_data(1, message, 8.0)
    session.handle_timer(9.0)
    assert state_of(session) is State.ESTABLISHED
    session.handle_timer(17.0)
    assert state_of(session) is State.IDLE


@pytest.mark.rfc("4271", "4.2")
def test_hold_time_zero_means_no_timers_once_established() -> None:
    session = new_session(hold_time_s=0)
    bring_to(State.OPEN_CONFIRM, session)
    assert session.next_timer() == 240.0
    session.receive_data(1, KEEPALIVE, 1.0)
    assert state_of(session) is State.ESTABLISHED
    assert session.next_timer() is None


def test_open_confirm_does_not_last_for_ever_with_hold_time_zero() -> None:
    """Deviation: the large hold timer runs on."""
    session = new_session(hold_time_s=0)
    bring_to(State.OPEN_CONFIRM, session)
    session.handle_timer(240.0)
    assert sent(drain(session), 0) == Notification(4, 0)


@pytest.mark.rfc("4271", "10")
@pytest.mark.parametrize("jitter", [0.75, 1.0])
def test_jitter_spreads_connect_retry_keepalive_and_idle_hold(jitter: float) -> None:
    session = new_session(lambda: jitter, connect_retry_s=8.0, idle_hold_s=4.0, hold_time_s=12)
    session.start(0.0)
    assert session.next_timer() == 8.0 * jitter
    connect(session)
    session.receive_data(1, peer_open(session.config) + KEEPALIVE, 0.0)
    assert session.next_timer() == 4.0 * jitter
    session.connection_lost(1, "reset", 1.0)
    assert session.next_timer() == 1.0 + 4.0 * jitter


@pytest.mark.rfc("4271", "8.2.2")
def test_dial_that_takes_too_long_is_given_up_and_repeated() -> None:
    session = new_session(connect_retry_s=5.0)
    session.start(0.0)
    drain(session)
    session.handle_timer(5.0)
    assert drain(session) == [outputs.CancelConnection(), outputs.OpenConnection()]
    assert session.next_timer() == 10.0


@pytest.mark.rfc("2385", "2")
@pytest.mark.parametrize(("has_password", "hint"), [(False, ""), (True, "; check the password at both ends")])
def test_silence_is_said_and_with_a_password_that_it_may_be_the_reason(has_password: bool, hint: str) -> None:
    session = new_session(connect_retry_s=5.0, has_password=has_password)
    session.start(0.0)
    session.handle_timer(5.0)
    assert session.last_error == f"no answer to the dial{hint}"
    session = new_session(hold_time_s=9, has_password=has_password)
    bring_to(State.ESTABLISHED, session)
    session.handle_timer(9.0)
    assert session.last_error == f"hold timer expired{hint}"


def test_failures_double_the_idle_hold_time_and_stability_forgets_them() -> None:
    session = new_session(idle_hold_s=1.0, idle_hold_max_s=30.0)
    session.start(0.0)
    now = 0.0
    waits = []
    for _ in range(7):
        connect(session, 1, now)
        session.receive_data(1, bytes(19), now)
        drain(session)
        deadline = session.next_timer()
        assert deadline is not None
        waits.append(deadline - now)
        now = deadline
        session.handle_timer(now)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    connect(session, 1, now)
    session.receive_data(1, peer_open(session.config) + KEEPALIVE, now)
    session.connection_lost(1, "reset", now + 30.0)
    assert session.next_timer() == now + 31.0


def test_short_lived_session_does_not_forget_its_failures() -> None:
    session = new_session(idle_hold_s=1.0, idle_hold_max_s=30.0)
    now = 0.0
    session.start(now)
    for expected in (1.0, 2.0, 4.0):
        connect(session, 1, now)
        session.receive_data(1, peer_open(session.config) + KEEPALIVE, now)
        session.connection_lost(1, "reset", now + 29.0)
        assert session.next_timer() == now + 29.0 + expected
        now += 29.0 + expected
        session.handle_timer(now)


def test_failed_connection_of_the_peer_damps_a_passive_session() -> None:
    session = new_session(passive=True)
    session.start(0.0)
    for connection, wait_s in ((1, 1.0), (2, 2.0), (3, 4.0)):
        now = session.next_timer() or 0.0
        accept(session, connection, now)
        session.handle_timer(now)
        drain(session)
        session.receive_data(connection, peer_open(session.config, asn=65009), now)
        assert sent(drain(session), 0) == Notification(2, 2)
        assert (session.state, session.next_timer()) == (State.IDLE, now + wait_s)


def test_waiting_connection_may_send_an_open_and_no_more() -> None:
    session = new_session(passive=True)
    bring_failure(session)
    accept(session, 8, 0.5)
    session.receive_data(8, bytes(WAITING_BYTES_MAX), 0.5)
    assert drain(session) == []
    session.receive_data(8, bytes(1), 0.5)
    assert drain(session) == [outputs.CloseConnection(8)]
    assert session.next_timer() == 1.0


def test_waiting_connection_is_answered_with_what_it_sent() -> None:
    session = new_session(passive=True)
    bring_failure(session)
    accept(session, 8, 0.5)
    session.receive_data(8, peer_open(session.config), 0.5)
    session.handle_timer(1.0)
    assert message_types(drain(session), 8) == [MessageType.OPEN, MessageType.KEEPALIVE]
    assert state_of(session) is State.OPEN_CONFIRM


def test_newer_waiting_connection_replaces_the_older() -> None:
    session = new_session(passive=True)
    bring_failure(session)
    accept(session, 8, 0.5)
    accept(session, 9, 0.6)
    assert drain(session) == [outputs.CloseConnection(8)]
    session.handle_timer(1.0)
    assert message_types(drain(session), 9) == [MessageType.OPEN]


def bring_failure(session: Session) -> None:
    """Fail once at time 0, so that IdleHoldTimer runs until 1."""
    session.start(0.0)
    accept(session, 1)
    session.receive_data(1, bytes(19), 0.0)
    drain(session)
    assert (session.state, session.next_timer()) == (State.IDLE, 1.0)


# ---------------------------------------------------------------- send hold timer


@pytest.mark.rfc("9687", "4.3")
def test_peer_that_does_not_read_is_given_up() -> None:
    session = new_session(hold_time_s=9, send_hold_time_s=20.0)
    bring_to(State.ESTABLISHED, session)
    session.drained(1, 0.0)
    session.count_updates_sent(3, 2.0)
    for now in (5.0, 11.0, 17.0):
        session.receive_data(1, KEEPALIVE, now)
        session.handle_timer(now)
    session.handle_timer(21.9)
    assert state_of(session) is State.ESTABLISHED
    drain(session)
    session.handle_timer(22.0)
    taken = drain(session)
    assert sent(taken, 0) == Notification(8, 0)
    assert taken[1] == outputs.CloseConnection(1)
    assert session.last_error == "send hold timer expired: the peer does not read"


@pytest.mark.rfc("9687", "4.3")
def test_drained_stops_the_send_hold_timer() -> None:
    session = new_session(hold_time_s=0, send_hold_time_s=20.0)
    bring_to(State.ESTABLISHED, session)
    session.count_updates_sent(1, 2.0)
    assert session.next_timer() == 22.0
    session.drained(1, 3.0)
    assert session.next_timer() is None
    session.count_updates_sent(1, 4.0)
    assert session.next_timer() == 24.0


def test_send_hold_timer_can_be_off() -> None:
    session = new_session(hold_time_s=0, send_hold_time_s=0.0)
    bring_to(State.ESTABLISHED, session)
    session.count_updates_sent(1, 2.0)
    assert session.next_timer() is None


@pytest.mark.rfc("4271", "8.2.2")
def test_updates_sent_put_the_keepalive_off() -> None:
    session = new_session(hold_time_s=9)
    bring_to(State.ESTABLISHED, session)
    session.count_updates_sent(5, 2.0)
    assert session.next_timer() == 5.0
    assert session.counters.as_dict()["update_sent"] == 5


# ---------------------------------------------------------------- administration


@pytest.mark.rfc("4486", "4")
@pytest.mark.parametrize("state", REACHED, ids=by_name)
def test_stop_sends_cease(state: State) -> None:
    session = new_session()
    bring_to(state, session)
    session.stop(5.0, subcode=3)
    taken = drain(session)
    assert [sent(taken, 0), taken[1]] == [Notification(6, 3), outputs.CloseConnection(1)]
    assert (session.state, session.next_timer()) == (State.IDLE, None)
    assert session.counters.failure_count == 0


def test_stop_cancels_a_dial_and_ends_the_idle_hold() -> None:
    session = new_session()
    session.start(0.0)
    drain(session)
    session.stop(1.0)
    assert drain(session) == [outputs.CancelConnection()]
    session.start(2.0)
    connect(session, 1, 2.0)
    session.receive_data(1, bytes(19), 2.0)
    assert session.next_timer() == 3.0
    session.stop(2.5)
    assert session.next_timer() is None


@pytest.mark.rfc("9003", "2")
def test_stop_with_a_message() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    session.stop(5.0, message="né")
    assert sent(drain(session), 0) == Notification(6, 2, b"\x03n\xc3\xa9")


@pytest.mark.rfc("9003", "2")
def test_message_that_is_too_long_changes_nothing() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    with pytest.raises(LocalProtocolError):
        session.stop(5.0, message="x" * 256)
    assert state_of(session) is State.ESTABLISHED
    session.stop(5.0, message="x" * 255)
    assert state_of(session) is State.IDLE


def test_reset_says_why_and_starts_again() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    session.reset(5.0, 6, 1, b"\0\x01\x01\0\0\0\x64")
    taken = drain(session)
    assert sent(taken, 0) == Notification(6, 1, b"\0\x01\x01\0\0\0\x64")
    assert isinstance(taken[2], outputs.SessionDown)
    assert session.next_timer() == 6.0
    session.handle_timer(6.0)
    assert drain(session) == [outputs.OpenConnection()]


@pytest.mark.parametrize(
    "changes",
    [
        {"local_as": 65010},
        {"peer_as": 65010},
        {"router_id": 77},
        {"hold_time_s": 30},
        {"families": (IPV6_UNICAST,)},
        {"route_refresh": False},
        {"has_password": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_change_that_is_bound_to_open_resets(changes: dict[str, object]) -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    assert session.reconfigure(new_session(**changes).config, 5.0)
    taken = drain(session)
    assert sent(taken, 0) == Notification(6, 6)
    assert session.next_timer() == 6.0
    assert session.counters.failure_count == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"peer_as": 0},
        {"connect_retry_s": 30.0},
        {"idle_hold_s": 2.0},
        {"passive": True},
        {"send_hold_time_s": 600.0},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_changes_leave_the_session_up(changes: dict[str, object]) -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    assert not session.reconfigure(new_session(**changes).config, 5.0)
    assert drain(session) == []
    assert state_of(session) is State.ESTABLISHED


@pytest.mark.rfc("2918", "3")
@pytest.mark.parametrize("accept_any_first_as", [True, False])
def test_a_new_rule_for_the_first_as_asks_the_peer_to_say_all_again(accept_any_first_as: bool) -> None:
    session = new_session(accept_any_first_as=not accept_any_first_as)
    bring_to(State.ESTABLISHED, session)
    assert not session.reconfigure(new_session(accept_any_first_as=accept_any_first_as).config, 5.0)
    assert drain(session) == [outputs.SendBytes(1, encode_route_refresh(RouteRefresh(IPV4_UNICAST)))]
    assert session.counters.sent[MessageType.ROUTE_REFRESH] == 1
    assert state_of(session) is State.ESTABLISHED


def test_a_new_rule_for_the_first_as_resets_where_nobody_can_be_asked() -> None:
    session = new_session(route_refresh=False)
    bring_to(State.ESTABLISHED, session)
    assert session.reconfigure(new_session(route_refresh=False, accept_any_first_as=True).config, 5.0)
    assert sent(drain(session), 0) == Notification(6, 6)


def test_peer_as_that_becomes_what_the_peer_said_leaves_the_session_up() -> None:
    session = new_session(peer_as=0)
    bring_to(State.ESTABLISHED, session)
    assert not session.reconfigure(new_session(peer_as=PEER_AS).config, 5.0)
    assert state_of(session) is State.ESTABLISHED


def test_becoming_passive_ends_a_dial_and_becoming_active_dials() -> None:
    session = new_session()
    session.start(0.0)
    drain(session)
    assert not session.reconfigure(new_session(passive=True).config, 1.0)
    assert drain(session) == [outputs.CancelConnection()]
    assert (session.state, session.next_timer()) == (State.ACTIVE, None)
    assert not session.reconfigure(new_session().config, 2.0)
    assert drain(session) == [outputs.OpenConnection()]


def test_becoming_passive_ends_the_wait_for_the_next_dial() -> None:
    session = new_session()
    session.start(0.0)
    session.connection_failed("refused", 0.0)
    assert session.next_timer() == 5.0
    session.reconfigure(new_session(passive=True).config, 1.0)
    assert session.next_timer() is None


# ---------------------------------------------------------------- collisions


@pytest.mark.rfc("4271", "6.8")
def test_new_connection_beside_an_established_one_is_closed_at_its_open() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    accept(session, 2, 5.0)
    assert message_types(drain(session), 2) == [MessageType.OPEN]
    session.receive_data(2, peer_open(session.config), 6.0)
    taken = drain(session)
    assert [sent(taken, 0), taken[1]] == [Notification(6, 7), outputs.CloseConnection(2)]
    assert len(taken) == 2
    assert state_of(session) is State.ESTABLISHED
    assert session.counters.collision_count == 1


def test_new_connection_beside_an_established_one_goes_when_that_ends() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    accept(session, 2, 5.0)
    drain(session)
    session.connection_lost(1, "reset", 6.0)
    assert state_of(session) is State.OPEN_SENT
    session.receive_data(2, peer_open(session.config) + KEEPALIVE, 7.0)
    assert state_of(session) is State.ESTABLISHED
    assert session.negotiated is not None
    assert session.negotiated.connection == 2


@pytest.mark.rfc("4271", "6.8")
def test_dominant_end_holds_the_peers_open_until_its_own_is_answered() -> None:
    session = new_session(router_id=0xFFFF_FFFF)
    bring_to(State.OPEN_SENT, session)
    accept(session, 2)
    drain(session)
    session.receive_data(2, peer_open(session.config), 1.0)
    assert drain(session) == []
    session.receive_data(1, peer_open(session.config), 2.0)
    taken = drain(session)
    assert sent(taken, 0) == Notification(6, 7)
    assert taken[1:] == [outputs.CloseConnection(2), outputs.SendBytes(1, KEEPALIVE)]


def test_held_open_is_answered_when_the_own_connection_is_lost() -> None:
    session = new_session(router_id=0xFFFF_FFFF)
    bring_to(State.OPEN_SENT, session)
    accept(session, 2)
    session.receive_data(2, peer_open(session.config) + KEEPALIVE, 1.0)
    drain(session)
    session.connection_lost(1, "reset", 2.0)
    assert message_types(drain(session), 2) == [MessageType.KEEPALIVE]
    assert state_of(session) is State.ESTABLISHED
    assert session.counters.failure_count == 0


def test_held_open_is_answered_when_it_was_held_long_enough() -> None:
    session = new_session(router_id=0xFFFF_FFFF)
    bring_to(State.OPEN_SENT, session)
    accept(session, 2)
    session.receive_data(2, peer_open(session.config), 1.0)
    drain(session)
    assert session.next_timer() == 6.0
    session.handle_timer(6.0)
    taken = drain(session)
    assert sent(taken, 0) == Notification(6, 7)
    assert taken[1:] == [outputs.CloseConnection(1), outputs.SendBytes(2, KEEPALIVE)]


@pytest.mark.rfc("4271", "6.8")
def test_lost_collision_is_no_failure() -> None:
    session = new_session()
    bring_to(State.OPEN_SENT, session)
    accept(session, 2)
    session.receive_data(1, encode_notification(Notification(6, 7)), 1.0)
    assert session.counters.failure_count == 0
    session.receive_data(2, peer_open(session.config) + KEEPALIVE, 1.0)
    assert state_of(session) is State.ESTABLISHED


# ---------------------------------------------------------------- route refresh


@pytest.mark.rfc("2918", "4")
@pytest.mark.parametrize(
    ("refresh", "is_passed_on"),
    [(RouteRefresh(IPV6_UNICAST), False), (RouteRefresh(IPV4_UNICAST), True), (RouteRefresh(IPV4_UNICAST, 1), False)],
    ids=["not negotiated", "request", "beginning of refresh"],
)
def test_route_refresh(refresh: RouteRefresh, is_passed_on: bool) -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    session.receive_data(1, encode_route_refresh(refresh), 1.0)
    assert drain(session) == ([outputs.RouteRefreshReceived(refresh)] if is_passed_on else [])
    assert session.counters.ignored_count == (not is_passed_on)
    assert state_of(session) is State.ESTABLISHED


def test_route_refresh_that_was_not_announced_is_ignored() -> None:
    session = new_session(route_refresh=False)
    bring_to(State.ESTABLISHED, session)
    session.receive_data(1, encode_route_refresh(RouteRefresh(IPV4_UNICAST)), 1.0)
    assert drain(session) == []


# ---------------------------------------------------------------- status


def test_counters_name_every_message() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    session.receive_data(1, encode_end_of_rib(IPV4_UNICAST), 1.0)
    counters = session.counters.as_dict()
    assert (counters["open_sent"], counters["open_received"]) == (1, 1)
    assert (counters["keepalive_sent"], counters["keepalive_received"]) == (1, 1)
    assert (counters["update_received"], counters["established_count"]) == (1, 1)
    assert len(counters) == 2 * len(MessageType) + 9


def test_events_are_kept_and_bounded() -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session, 4.0)
    texts = [text for _, text in session.events]
    assert texts == [
        "outgoing: IDLE to CONNECT: manual start",
        "outgoing: CONNECT to OPEN_SENT: connected",
        "outgoing: OPEN_SENT to OPEN_CONFIRM: OPEN of AS 65001",
        "outgoing: OPEN_CONFIRM to ESTABLISHED: keepalive message",
    ]
    for turn in range(40):
        session.stop(5.0 + turn)
        session.start(5.0 + turn)
    assert len(session.events) == 32


@pytest.mark.parametrize("end", [lambda s: s.connection_failed("x", 1.0), lambda s: s.connection_lost(99, "x", 1.0)])
def test_news_of_unknown_connections_is_ignored(end: Callable[[Session], None]) -> None:
    session = new_session()
    bring_to(State.ESTABLISHED, session)
    end(session)
    assert drain(session) == []
    assert state_of(session) is State.ESTABLISHED


def test_helper_session_is_ebgp() -> None:
    config = new_session().config
    assert (config.local_as, config.router_id) == (LOCAL_AS, LOCAL_ID)
