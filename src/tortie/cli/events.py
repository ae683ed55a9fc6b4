"""What `status` prints of the last events: when, how long ago, whom it was about, what happened and why.

What it is for: `node.events`'s entries in lines of 80 columns. What it is NOT for: sessions as they are
(``sessions.py``), the log.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

__all__ = ["EVENTS_SHOWN_DEFAULT", "duration_text", "events_text"]

EVENTS_SHOWN_DEFAULT: Final = 10
WIDTH: Final = 80
TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
TIME_WIDTH: Final = 21
AGE_WIDTH: Final = 9
UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))

Event = Mapping[str, Any]


def events_text(events: Sequence[Event], now: datetime, shown_max: int | None) -> str:
    """Return the last events as text, the last one below; "" where there are none.

    Args:
        events: of the status, oldest first.
        now: when it was asked, with a time zone.
        shown_max: how many of them; None = all that the agent keeps.
    """
    shown = events if shown_max is None else events[max(0, len(events) - shown_max) :]
    if not shown:
        return ""
    rest = "" if len(shown) == len(events) else f" (the last {len(shown)} of {len(events)}; --all-events shows them)"
    heading = f"{'TIME':{TIME_WIDTH}}{'AGE':{AGE_WIDTH}}WHAT"
    return "\n".join([f"Events{rest}", heading, *(line for event in shown for line in _lines(event, now))]) + "\n"


def duration_text(seconds: float, parts: int = 2) -> str:
    """Return a duration in words, by its greatest units: `3 h 12 min`."""
    rest = int(seconds)
    found: list[str] = []
    for unit, length in UNITS:
        count, rest = divmod(rest, length)
        if count or (unit == "s" and not found):
            found.append(f"{count} {unit}")
        elif found:
            break
    return " ".join(found[:parts])


def _lines(event: Event, now: datetime) -> Iterator[str]:
    time = (now - timedelta(seconds=event["age_s"])).strftime(TIME_FORMAT)
    lead = f"{time:{TIME_WIDTH}}{duration_text(event['age_s'], 1):{AGE_WIDTH}}"
    text = f"{event['subject']} {event['what']}"
    if reason := _reason(event):
        text = f"{text}: {reason}"
    for part in textwrap.wrap(text, WIDTH - len(lead), break_on_hyphens=False) or [""]:
        yield lead + part
        lead = " " * len(lead)


def _reason(event: Event) -> str:
    """Return why, who said what to whom at the end of a session, and what became of its routes."""
    reason, said = event.get("reason", ""), event.get("notification")
    if said and event["notification_by"] == "peer":
        reason = f"the peer sent {said}"
    elif said:
        before, _, words = reason.partition(": ")
        reason = f"{before if words and words in said else reason}; we sent {said}"
    if (kept_s := event.get("paths_kept_s")) is not None:
        reason = f"{reason} (its routes are kept for {duration_text(kept_s)})"
    return str(reason)
