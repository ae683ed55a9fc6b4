"""What an engine has counted over all peers, those that are gone included: plain integers.

For: metrics, which must neither go back when a peer goes nor have a series for each. Not for: deciding anything.
RFC sections: 4271 §6 (error codes), 4486 (Cease), 8538 §3.1 (Hard Reset).
Structures to know: `Totals`, `ResetReason`.
"""

from enum import StrEnum
from typing import Final

from tortie.bgp.session import SessionCounters
from tortie.bgp.wire import Notification

UPDATE_MESSAGE_ERROR: Final = 3
HOLD_TIMER_EXPIRED: Final = 4
CEASE: Final = 6
SEND_HOLD_TIMER_EXPIRED: Final = 8

_NESTED_LENGTH_MIN: Final = 2


class ResetReason(StrEnum):
    """Why an established session ended; every end has exactly one."""

    HOLD_TIMER = "hold_timer"
    CONNECTION_LOST = "connection_lost"
    ADMINISTRATIVE = "administrative"
    RESOURCES = "resources"
    COLLISION = "collision"
    PROTOCOL_ERROR = "protocol_error"
    OTHER = "other"


_OF_CEASE: Final = {
    1: ResetReason.RESOURCES,
    2: ResetReason.ADMINISTRATIVE,
    3: ResetReason.ADMINISTRATIVE,
    4: ResetReason.ADMINISTRATIVE,
    6: ResetReason.ADMINISTRATIVE,
    7: ResetReason.COLLISION,
    8: ResetReason.RESOURCES,
}


def reset_reason(notification: Notification | None, *, is_remote: bool) -> ResetReason:
    """Return the class of an end by its NOTIFICATION, sent or received; None = the connection just ended."""
    if notification is None:
        return ResetReason.CONNECTION_LOST if is_remote else ResetReason.ADMINISTRATIVE
    if notification.code in (HOLD_TIMER_EXPIRED, SEND_HOLD_TIMER_EXPIRED):
        return ResetReason.HOLD_TIMER
    if notification.code != CEASE:
        return ResetReason.PROTOCOL_ERROR
    if notification.is_hard_reset and len(notification.data) >= _NESTED_LENGTH_MIN:
        code, subcode = notification.data[:_NESTED_LENGTH_MIN]  # data of the nested one, if any, are not looked at
        return reset_reason(Notification(code, subcode), is_remote=is_remote)
    return _OF_CEASE.get(notification.subcode, ResetReason.OTHER)


class Totals:
    """Counts since the engine was made.

    Attributes:
        of_gone: what sessions had counted that are forgotten since.
        resets: ends of established sessions by reason.
        malformed_reset_count: of these, after an UPDATE that RFC 7606 has no milder answer for.
    """

    __slots__ = ("malformed_reset_count", "of_gone", "resets")

    def __init__(self) -> None:
        """Begin at zero."""
        self.of_gone = SessionCounters()
        self.resets: dict[ResetReason, int] = dict.fromkeys(ResetReason, 0)
        self.malformed_reset_count = 0

    def note_gone(self, counters: SessionCounters) -> None:
        """A session is forgotten."""
        self.of_gone = SessionCounters.total((self.of_gone, counters))

    def note_reset(self, notification: Notification | None, *, is_remote: bool) -> None:
        """An established session has ended."""
        self.resets[reset_reason(notification, is_remote=is_remote)] += 1
        if notification is not None and notification.code == UPDATE_MESSAGE_ERROR and not is_remote:
            self.malformed_reset_count += 1
