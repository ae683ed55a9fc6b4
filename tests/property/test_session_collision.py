"""Two sessions that dial at once end with one connection, whatever the order in which things arrive."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sessions import Joined, mirrored, session_config
from tortie.bgp.session import Session, State
from tortie.bgp.wire import AttributeTable

BOTH_ESTABLISHED = (State.ESTABLISHED, State.ESTABLISHED)
ROUNDS_MAX = 40


def sessions(peer_router_id: int, delays: tuple[float, float], jitter: Callable[[], float]) -> tuple[Session, Session]:
    config = session_config(delay_open_s=delays[0])
    peer = mirrored(config, router_id=peer_router_id, delay_open_s=delays[1])
    return Session(config, AttributeTable(), jitter), Session(peer, AttributeTable(), jitter)


ROUTER_IDS = st.sampled_from([1, 0x0A000001, 0xFFFF_FFFF])
DELAYS = st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0]))


@pytest.mark.rfc("4271", "6.8")
@settings(max_examples=300, deadline=None)
@given(ROUTER_IDS, DELAYS, st.lists(st.integers(0, 10**6), min_size=60, max_size=60))
def test_exactly_one_connection_and_no_session_lost(
    peer_router_id: int, delays: tuple[float, float], choices: list[int]
) -> None:
    """Nothing fails, no session that came up goes down again: the ends never kill each other's choice."""
    stream = iter(choices)
    world = Joined(*sessions(peer_router_id, delays, lambda: 1.0), choose=lambda count: next(stream, 0) % count)
    world.start()
    for _ in range(ROUNDS_MAX):
        world.run()
        if world.states == BOTH_ESTABLISHED:
            break
        world.advance()
    assert world.states == BOTH_ESTABLISHED
    world.run()
    assert world.connection_count == 1
    ends = [session.negotiated for session in world.sessions]
    assert ends[0] is not None
    assert ends[1] is not None
    assert ends[0].connection == ends[1].connection
    for session in world.sessions:
        assert session.counters.down_count == 0
        # A connection that the peer gives up while DelayOpenTimer runs counts (RFC 4271 §8.2.2, Active, 18).
        assert session.counters.failure_count <= max(delays)
    assert world.now <= 1.0


@settings(max_examples=150, deadline=None)
@given(ROUTER_IDS, st.lists(st.integers(0, 10**6), min_size=200, max_size=200), st.integers(0, 30))
def test_they_find_each_other_again_after_losses(peer_router_id: int, choices: list[int], cut_at: int) -> None:
    """Connections are cut at any moment; with time both are up on one connection."""
    stream = iter(choices)
    jitters = iter(choices)
    world = Joined(
        *sessions(peer_router_id, (0.0, 0.0), lambda: 0.75 + next(jitters, 5) % 250 / 1000),
        choose=lambda count: next(stream, 0) % count,
    )
    world.start()
    for _ in range(cut_at):
        world.step()
    world.cut()
    world.run()
    for _ in range(ROUNDS_MAX):
        if world.states == BOTH_ESTABLISHED:
            break
        world.advance()
        world.run()
    assert world.states == BOTH_ESTABLISHED
    assert world.connection_count == 1
    assert world.now < 60
