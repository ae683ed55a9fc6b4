"""Two sessions joined in memory: they come up, stay one connection, end and come back."""

import pytest

from support.sessions import PEER_ID, Joined, first_queue, last_queue, mirrored, new_session, session_config, steady
from tortie.bgp.session import Session, State, outputs
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, AttributeTable, Notification

BOTH_ESTABLISHED = (State.ESTABLISHED, State.ESTABLISHED)


def joined(right_changes: dict[str, object] | None = None, **left_changes: object) -> Joined:
    config = session_config(**left_changes)
    right = mirrored(config, **(right_changes or {}))
    return Joined(
        Session(config, AttributeTable(), steady),
        Session(right, AttributeTable(), steady),
    )


def kinds(taken: list[outputs.Output]) -> list[str]:
    return [type(each).__name__ for each in taken]


@pytest.mark.rfc("4271", "8.2.2")
def test_passive_and_active_come_up() -> None:
    world = joined({"passive": True})
    world.start()
    world.run()
    assert world.states == BOTH_ESTABLISHED
    assert kinds(world.taken[0]) == ["OpenConnection", "SendBytes", "SendBytes", "SessionUp"]
    assert kinds(world.taken[1]) == ["SendBytes", "SendBytes", "SessionUp"]
    left, right = world.sessions[0].negotiated, world.sessions[1].negotiated
    assert left is not None
    assert right is not None
    assert (left.peer_as, right.peer_as) == (65001, 65000)
    assert (left.is_internal, left.four_octet_as, left.route_refresh) == (False, True, True)


def test_two_passive_ends_wait_without_timers() -> None:
    world = joined({"passive": True}, passive=True)
    world.start()
    world.run()
    assert world.states == (State.ACTIVE, State.ACTIVE)
    assert [session.next_timer() for session in world.sessions] == [None, None]


@pytest.mark.rfc("4271", "6.8")
@pytest.mark.parametrize("peer_router_id", [1, 0xFFFF_FFFF], ids=["left is dominant", "right is dominant"])
@pytest.mark.parametrize("last", [False, True], ids=["first queue first", "last queue first"])
def test_dialling_at_once_leaves_one_connection(peer_router_id: int, last: bool) -> None:
    world = joined({"router_id": peer_router_id})
    world.choose = last_queue if last else first_queue
    world.start()
    world.run()
    assert world.states == BOTH_ESTABLISHED
    assert world.connection_count == 1
    assert [kinds(taken).count("SessionDown") for taken in world.taken] == [0, 0]


@pytest.mark.rfc("4271", "6.8")
@pytest.mark.rfc("6286", "2.3")
@pytest.mark.parametrize(
    ("right", "survivor"),
    [
        ({"router_id": 1}, 0),
        ({"router_id": 0xFFFF_FFFF}, 1),
        ({"router_id": session_config().router_id}, 1),
    ],
    ids=["higher identifier left", "higher identifier right", "same identifier, higher AS right"],
)
def test_dominant_ends_connection_survives_when_opens_cross(right: dict[str, object], survivor: int) -> None:
    world = joined(right)
    world.start()
    for _ in range(4):  # both dials succeed and are accepted before any OPEN arrives
        world.choose = first_queue
        world.step()
        world.choose = last_queue
        world.step()
        if all(session.counters.as_dict()["open_sent"] == 2 for session in world.sessions):
            break
    world.choose = first_queue
    world.run()
    assert world.states == BOTH_ESTABLISHED
    assert world.connection_count == 1
    negotiated = world.sessions[0].negotiated
    assert negotiated is not None
    assert negotiated.connection == survivor + 1


def test_refused_dial_is_repeated_after_connect_retry_time() -> None:
    world = joined({"passive": True}, connect_retry_s=5.0)
    world.is_listening[1] = False
    world.start()
    world.run()
    assert world.states[0] is State.ACTIVE
    assert world.sessions[0].last_error == "cannot connect: refused"
    world.is_listening[1] = True
    world.advance()
    assert world.now == 5.0
    world.run()
    assert world.states == BOTH_ESTABLISHED


def test_lost_connection_comes_back_after_idle_hold_time() -> None:
    world = joined({"passive": True}, idle_hold_s=1.0)
    world.start()
    world.run()
    world.cut()
    world.run()
    assert world.states == (State.IDLE, State.IDLE)
    assert kinds(world.taken[0])[-1] == kinds(world.taken[1])[-1] == "SessionDown"
    world.advance()
    assert world.now == 1.0
    world.run()
    assert world.states == BOTH_ESTABLISHED
    assert [session.counters.established_count for session in world.sessions] == [2, 2]


def test_connection_waits_while_idle_hold_timer_runs() -> None:
    """Deviation: a connection that comes in Idle with damping is answered when the timer expires."""
    world = joined({"idle_hold_s": 20.0, "passive": True}, idle_hold_s=1.0)
    world.start()
    world.run()
    world.cut()
    world.run()
    world.advance()
    world.run()
    assert world.states == (State.OPEN_SENT, State.IDLE)
    world.advance()
    assert world.now == 20.0
    world.run()
    assert world.states == BOTH_ESTABLISHED
    assert world.sessions[1].counters.refused_count == 0


@pytest.mark.rfc("4271", "4.4")
def test_keepalives_hold_the_session_without_updates() -> None:
    world = joined({"passive": True}, hold_time_s=9)
    world.start()
    world.run()
    while world.now < 100:
        world.advance()
        world.run()
    assert world.states == BOTH_ESTABLISHED
    assert world.sessions[0].counters.as_dict()["keepalive_sent"] == pytest.approx(100 / 3, abs=2)
    assert [session.counters.down_count for session in world.sessions] == [0, 0]


def test_stop_tells_the_peer_and_stays_idle() -> None:
    world = joined({"passive": True})
    world.start()
    world.run()
    world.sessions[0].stop(world.now, message="back at six")
    world.obey(0)
    world.run()
    assert world.states == (State.IDLE, State.IDLE)
    assert world.sessions[0].next_timer() is None
    received = world.sessions[1].last_notification_received
    assert received is not None
    assert received.text == 'Cease / Administrative Shutdown: "back at six"'
    down = world.taken[1][-1]
    assert isinstance(down, outputs.SessionDown)
    assert down.is_remote


def test_families_are_those_of_both() -> None:
    families = (IPV4_UNICAST, IPV6_UNICAST)
    world = joined({"passive": True, "families": (IPV6_UNICAST,)}, families=families)
    world.start()
    world.run()
    negotiated = world.sessions[0].negotiated
    assert negotiated is not None
    assert negotiated.families == {IPV6_UNICAST}


@pytest.mark.rfc("4486", "4")
def test_stopped_session_rejects_connections() -> None:
    world = joined()
    world.sessions[0].start(0.0)
    world.obey(0)
    world.run()
    assert world.sessions[0].last_notification_received == Notification(6, 5)
    assert world.sessions[1].counters.refused_count == 1


def test_second_connection_of_the_peer_replaces_an_older_that_is_not_established() -> None:
    session = new_session(passive=True)
    session.start(0.0)
    session.connection_made(1, is_outgoing=False, local_address="", now=0.0)
    session.connection_made(2, is_outgoing=False, local_address="", now=1.0)
    taken = []
    while (output := session.next_output()) is not None:
        taken.append(output)
    assert kinds(taken) == ["SendBytes", "SendBytes", "CloseConnection", "SendBytes"]
    assert taken[2] == outputs.CloseConnection(1)
    assert session.state is State.OPEN_SENT


def test_peer_identifier_of_helper_is_the_higher() -> None:
    assert session_config().router_id < PEER_ID
