"""What a session counts, for status and metrics.

For: plain counters, read by status pages; nothing here decides anything.
Not for: routes (rib) or octets (speaker).
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final

from tortie.bgp.wire import MessageType


class SessionCounters:
    """Counts since the session was made.

    Attributes:
        received: messages by type, read from any connection of the session.
        sent: messages by type, handed out on any connection of the session.
        established_count: times that Established was reached.
        down_count: times that Established was left.
        failure_count: failures (ConnectRetryCounter of RFC 4271 §8.1.1, but never set back).
        collision_count: connections closed by collision detection.
        refused_count: connections that came while nobody waited for one.
        treated_as_withdraw_count: UPDATEs with prefixes that RFC 7606 made withdrawals.
        attribute_discard_count: attributes discarded under RFC 7606.
        ignored_count: messages without effect (ROUTE-REFRESH that was not negotiated).
        stray_count: pieces of data for a connection that is closed already.
    """

    __slots__ = (
        "attribute_discard_count",
        "collision_count",
        "down_count",
        "established_count",
        "failure_count",
        "ignored_count",
        "received",
        "refused_count",
        "sent",
        "stray_count",
        "treated_as_withdraw_count",
    )

    def __init__(self) -> None:
        """Begin at zero."""
        self.received: dict[MessageType, int] = dict.fromkeys(MessageType, 0)
        self.sent: dict[MessageType, int] = dict.fromkeys(MessageType, 0)
        self.established_count = 0
        self.down_count = 0
        self.failure_count = 0
        self.collision_count = 0
        self.refused_count = 0
        self.treated_as_withdraw_count = 0
        self.attribute_discard_count = 0
        self.ignored_count = 0
        self.stray_count = 0

    @classmethod
    def total(cls, counters: Sequence["SessionCounters"]) -> "SessionCounters":
        """Return the sum of several. Cost: about 1 µs each."""
        total = cls()
        total.received = _sum_by_type([each.received for each in counters])
        total.sent = _sum_by_type([each.sent for each in counters])
        for name in COUNT_NAMES:
            setattr(total, name, sum(map(attrgetter(name), counters)))
        return total

    def as_dict(self) -> dict[str, int]:
        """Return every counter by name, messages as `open_received`, `update_sent`, ..., in a fixed order."""
        return {
            **{f"{kind.name.lower()}_received": count for kind, count in self.received.items()},
            **{f"{kind.name.lower()}_sent": count for kind, count in self.sent.items()},
            **{name: getattr(self, name) for name in COUNT_NAMES},
        }


COUNT_NAMES: Final = tuple(name for name in SessionCounters.__slots__ if name.endswith("_count"))
"""Everything but the messages."""


def _sum_by_type(counts: Sequence[Mapping[MessageType, int]]) -> dict[MessageType, int]:
    """Add up by position: all have the same keys in the same order, and to look a member of an enum up is slow."""
    columns = zip(*(each.values() for each in counts), strict=True)
    return {**dict.fromkeys(MessageType, 0), **dict(zip(MessageType, map(sum, columns), strict=False))}
