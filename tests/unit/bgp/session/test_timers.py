"""Timers: deadlines, their order, the back-off of IdleHoldTimer."""

from math import inf

import pytest

from tortie.bgp.session import Event
from tortie.bgp.session.timers import Timers, idle_hold_time_s


def test_nothing_runs_at_first() -> None:
    timers = Timers()
    assert timers.next_deadline() == inf
    assert timers.pop_expired(1e12) is None


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("connect_retry", Event.CONNECT_RETRY_TIMER_EXPIRES),
        ("hold", Event.HOLD_TIMER_EXPIRES),
        ("keepalive", Event.KEEPALIVE_TIMER_EXPIRES),
        ("delay_open", Event.DELAY_OPEN_TIMER_EXPIRES),
        ("idle_hold", Event.IDLE_HOLD_TIMER_EXPIRES),
        ("send_hold", Event.SEND_HOLD_TIMER_EXPIRES),
    ],
)
def test_each_expires_once_at_its_deadline(name: str, event: Event) -> None:
    timers = Timers()
    setattr(timers, name, 5.0)
    assert timers.next_deadline() == 5.0
    assert timers.pop_expired(4.999) is None
    assert timers.pop_expired(5.0) is event
    assert timers.pop_expired(5.0) is None


def test_hold_comes_before_keepalive() -> None:
    timers = Timers()
    timers.keepalive = 1.0
    timers.hold = 2.0
    assert timers.pop_expired(3.0) is Event.HOLD_TIMER_EXPIRES
    assert timers.pop_expired(3.0) is Event.KEEPALIVE_TIMER_EXPIRES


@pytest.mark.rfc("4271", "8.1.1")
@pytest.mark.parametrize(
    ("failures", "expected"),
    [(0, 1.0), (1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (7, 30.0), (10**9, 30.0)],
)
def test_idle_hold_time_doubles_up_to_its_limit(failures: int, expected: float) -> None:
    assert idle_hold_time_s(1.0, 30.0, failures) == expected
