"""How a session ends and comes back with graceful restart: what is said, and which connection wins."""

import pytest

from support.sessions import PEER_AS, accept, bring_to, drain, new_session, notifications, peer_open, session_config
from tortie.bgp.session import Session, State, outputs
from tortie.bgp.wire import (
    IPV4_UNICAST,
    KEEPALIVE,
    Capability,
    FourOctetAS,
    GracefulRestart,
    Multiprotocol,
    Notification,
    encode_notification,
    hard_reset,
)

NEW = 2
LONG_UP_S = 60.0


def offered(*, is_restarting: bool = False, has_n: bool = True) -> tuple[Capability, ...]:
    """The peer's capabilities, with graceful restart."""
    restart = GracefulRestart(is_restarting, has_n, 120, ((IPV4_UNICAST, True),))
    return (Multiprotocol(IPV4_UNICAST), FourOctetAS(PEER_AS), restart)


def established(*, has_n: bool = True, **changes: object) -> Session:
    """A session that is up, with a peer that has graceful restart."""
    session = new_session(restart_time_s=120, **changes)
    bring_to(State.OPEN_SENT, session)
    session.receive_data(1, peer_open(session.config, capabilities=offered(has_n=has_n)), 0.0)
    session.receive_data(1, KEEPALIVE, 0.0)
    assert session.state is State.ESTABLISHED
    drain(session)
    return session


def down(taken: list[outputs.Output]) -> outputs.SessionDown:
    [found] = [each for each in taken if isinstance(each, outputs.SessionDown)]
    return found


@pytest.mark.rfc("8538", "3.1")
@pytest.mark.parametrize(("has_n", "is_hard"), [(True, True), (False, False)], ids=["both have N", "the peer has not"])
def test_stop_is_a_hard_reset_where_a_notification_is_graceful(has_n: bool, is_hard: bool) -> None:
    session = established(has_n=has_n)
    session.stop(1.0, subcode=3)
    taken = drain(session)
    plain = Notification(6, 3)
    assert notifications(taken) == [hard_reset(plain) if is_hard else plain]
    assert down(taken).notification == (hard_reset(plain) if is_hard else plain)


@pytest.mark.rfc("8538", "4")
def test_reset_is_not_a_hard_reset() -> None:
    session = established()
    session.reset(1.0, 6, 8)
    assert notifications(drain(session)) == [Notification(6, 8)]


@pytest.mark.rfc("8538", "3.1")
@pytest.mark.parametrize(
    ("changes", "is_hard"),
    [
        ({"hold_time_s": 30}, False),
        ({"restart_time_s": 60}, False),
        ({"router_id": 77}, True),
        ({"local_as": 65009}, True),
        ({"peer_as": 65009}, True),
    ],
    ids=["hold time", "restart time", "router id", "local AS", "peer AS"],
)
def test_another_identity_is_a_hard_reset_and_other_options_are_not(changes: dict[str, object], is_hard: bool) -> None:
    session = established()
    assert session.reconfigure(session_config(**{"restart_time_s": 120, **changes}), 1.0)
    [said] = notifications(drain(session))
    assert said.is_hard_reset is is_hard


@pytest.mark.rfc("4724", "4.2")
def test_leave_closes_without_a_word() -> None:
    session = established()
    session.leave(1.0)
    taken = drain(session)
    assert [type(each) for each in taken] == [outputs.CloseConnection, outputs.SessionDown]
    assert down(taken).notification is None
    assert session.next_timer() is None


@pytest.mark.rfc("8538", "4")
def test_an_expired_hold_timer_names_what_was_sent() -> None:
    session = established()
    session.handle_timer(1000.0)
    assert down(drain(session)).notification == Notification(4, 0)


def reconnect(session: Session, now: float, *, is_restarting: bool) -> list[outputs.Output]:
    """Let the peer connect beside the established connection and send its OPEN."""
    accept(session, NEW, now)
    drain(session)
    session.receive_data(NEW, peer_open(session.config, capabilities=offered(is_restarting=is_restarting)), now)
    return drain(session)


@pytest.mark.rfc("4724", "5")
@pytest.mark.rfc("4724", "4.2")
@pytest.mark.parametrize(
    ("now", "is_restarting"), [(0.1, True), (LONG_UP_S, False)], ids=["R bit", "long established, no R bit"]
)
def test_the_new_connection_wins_without_a_notification(now: float, is_restarting: bool) -> None:
    session = established(hold_time_s=0)
    taken = reconnect(session, now, is_restarting=is_restarting)
    assert notifications(taken) == []
    assert outputs.CloseConnection(1) in taken
    assert down(taken).notification is None
    session.receive_data(NEW, KEEPALIVE, now)
    assert [each.negotiated.connection for each in drain(session) if isinstance(each, outputs.SessionUp)] == [NEW]
    assert session.counters.failure_count == 0


@pytest.mark.rfc("4724", "5")
def test_just_after_established_a_connection_without_the_r_bit_is_a_lost_collision() -> None:
    session = established()
    taken = reconnect(session, 0.1, is_restarting=False)
    assert [each.subcode for each in notifications(taken)] == [7]
    assert outputs.CloseConnection(NEW) in taken
    assert session.state is State.ESTABLISHED


@pytest.mark.rfc("4724", "5")
def test_a_connection_without_an_open_ends_nothing() -> None:
    session = established()
    accept(session, NEW, LONG_UP_S)
    session.connection_lost(NEW, "gone", LONG_UP_S)
    assert session.state is State.ESTABLISHED
    assert not [each for each in drain(session) if isinstance(each, outputs.SessionDown)]


@pytest.mark.rfc("8538", "3.1")
def test_a_hard_reset_received_is_passed_on() -> None:
    session = established()
    said = hard_reset(Notification(6, 3))
    session.receive_data(1, encode_notification(said), 1.0)
    assert down(drain(session)).notification == said
