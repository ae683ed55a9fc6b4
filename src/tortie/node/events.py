"""The last things that happened to an agent's sessions and records, with time and reason.

For: what `status` shows as events. Not for: the log (``log.py``), nor each step of a session's state machine (the
session keeps those itself).
Structures to know: `EventLog`; an entry is plain data, its age is in seconds, so that whoever shows it says the time of
day where the person is.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from tortie.bgp.engine import PeerDown, PeerKey
from tortie.node.status_protocol import JSONObject

__all__ = ["EVENTS_KEPT_MAX", "EventLog"]

EVENTS_KEPT_MAX: Final = 500
"""Older ones fall out."""


class SetAside(Protocol):
    """A record that is not obeyed: fabric's `Quarantined`, which a reflector that stands alone need not load."""

    @property
    def kind(self) -> str:
        """Of the record."""

    @property
    def name(self) -> str:
        """Of the record."""

    @property
    def reason(self) -> str:
        """What is wrong with it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    time: float
    content: JSONObject


class EventLog:
    """See the module's header. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._entries: deque[_Entry] = deque(maxlen=EVENTS_KEPT_MAX)

    def session_up(self, peer: PeerKey, now: float) -> None:
        """A session is established."""
        self._add(now, "session", str(peer), "up")

    def session_down(self, down: PeerDown, now: float) -> None:
        """An established session has ended."""
        said = down.notification
        by = None if said is None else "peer" if down.is_remote else "us"
        self._add(
            now,
            "session",
            str(down.peer),
            "down",
            reason=down.reason,
            notification=None if said is None else said.text,
            notification_by=by,
            paths_kept_s=down.stale_s,
        )

    def quarantine(self, former: Iterable[SetAside], present: Iterable[SetAside], now: float) -> None:
        """Records that were set aside since, for another reason perhaps, and those that no longer are."""
        before, after = tuple(former), tuple(present)
        for item in after:
            if item not in before:
                self._add(now, "record", f"{item.kind} '{item.name}'", "set aside", reason=item.reason)
        aside = {(item.kind, item.name) for item in after}
        for kind, name in dict.fromkeys((item.kind, item.name) for item in before):
            if (kind, name) not in aside:
                self._add(now, "record", f"{kind} '{name}'", "no longer set aside")

    def view(self, now: float) -> list[JSONObject]:
        """Return what is kept, oldest first."""
        return [{"age_s": round(now - entry.time, 3), **entry.content} for entry in self._entries]

    def _add(self, now: float, kind: str, subject: str, what: str, **more: object) -> None:
        self._entries.append(_Entry(now, {"kind": kind, "subject": subject, "what": what, **more}))
