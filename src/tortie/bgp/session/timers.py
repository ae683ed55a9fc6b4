"""The timers of one connection, as deadlines.

For: starting, stopping and asking the six timers of RFC 4271 §8.1.1, §10 and RFC 9687; the back-off of
IdleHoldTimer.
Not for: a clock; `now` is always an argument (seconds, monotonic).
Know: a deadline of infinity is a timer that does not run. `Timers.pop_expired` names the event of the RFC.
"""

from math import inf
from typing import Final

from tortie.bgp.session.fsm import Event

LARGE_HOLD_TIME_S: Final = 240.0
"""HoldTimer until the peer's OPEN has come; RFC 4271 §8.2.2 suggests 4 minutes."""

_DOUBLINGS_MAX: Final = 32

_EVENTS: Final = (
    ("idle_hold", Event.IDLE_HOLD_TIMER_EXPIRES),
    ("connect_retry", Event.CONNECT_RETRY_TIMER_EXPIRES),
    ("delay_open", Event.DELAY_OPEN_TIMER_EXPIRES),
    ("hold", Event.HOLD_TIMER_EXPIRES),
    ("send_hold", Event.SEND_HOLD_TIMER_EXPIRES),
    ("keepalive", Event.KEEPALIVE_TIMER_EXPIRES),
)


class Timers:
    """Deadlines in seconds on the caller's monotonic clock; inf = not running."""

    __slots__ = ("connect_retry", "delay_open", "hold", "idle_hold", "keepalive", "send_hold")

    def __init__(self) -> None:
        """Begin with no timer running."""
        self.stop_all()

    def stop_all(self) -> None:
        """Stop every timer."""
        self.connect_retry: float = inf
        self.delay_open: float = inf
        self.hold: float = inf
        self.idle_hold: float = inf
        self.keepalive: float = inf
        self.send_hold: float = inf

    def next_deadline(self) -> float:
        """Return the earliest deadline; inf if no timer runs."""
        return min(self.hold, self.keepalive, self.send_hold, self.connect_retry, self.delay_open, self.idle_hold)

    def pop_expired(self, now: float) -> Event | None:
        """Stop one expired timer and return its event, or None; a fixed order where several have expired."""
        for name, event in _EVENTS:
            if getattr(self, name) <= now:
                setattr(self, name, inf)
                return event
        return None


def idle_hold_time_s(base_s: float, max_s: float, failure_count: int) -> float:
    """Return IdleHoldTime before jitter: `base_s`, doubled for each failure after the first, `max_s` at most.

    RFC 4271 §8.1.1 leaves the method of DampPeerOscillations to the implementation.
    """
    doublings = min(max(failure_count - 1, 0), _DOUBLINGS_MAX)
    return min(max_s, base_s * float(2**doublings))
