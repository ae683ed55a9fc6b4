"""What `status` prints of the last events."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tortie.cli.events import duration_text, events_text

NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def event(**changes: object) -> dict[str, Any]:
    """Return an event as the status socket gives it."""
    return {"age_s": 61.0, "kind": "session", "subject": "10.0.0.2", "what": "down"} | changes


def said(by: str, text: str, reason: str) -> dict[str, Any]:
    """Return the end of a session with a NOTIFICATION."""
    return event(reason=reason, notification=text, notification_by=by)


CEASE = "Cease / Administrative Shutdown"
ROWS = [
    ("up", event(what="up"), "10.0.0.2 up"),
    ("lost", event(reason="connection lost: reset by peer", notification=None, notification_by=None),
     "10.0.0.2 down: connection lost: reset by peer"),
    ("the peer's words", said("peer", f'{CEASE}: "back at 6"', f'the peer says: {CEASE}: "back at 6"'),
     f'10.0.0.2 down: the peer sent {CEASE}: "back at 6"'),
    ("ours", said("us", "Hold Timer Expired", "hold timer expired"),
     "10.0.0.2 down: hold timer expired; we sent Hold Timer Expired"),
    ("ours, named in the reason", said("us", f"Cease / Hard Reset: {CEASE}", f"stopped here: {CEASE}"),
     f"10.0.0.2 down: stopped here; we sent Cease / Hard Reset: {CEASE}"),
    ("kept", event(reason="left", paths_kept_s=120.0), "10.0.0.2 down: left (its routes are kept for 2 min)"),
    ("record", event(kind="record", subject="Node 'n'", what="set aside", reason="no address"),
     "Node 'n' set aside: no address"),
    ("record again", event(kind="record", subject="Node 'n'", what="no longer set aside"),
     "Node 'n' no longer set aside"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_happened(given: dict[str, Any], expected: str) -> None:
    lines = events_text([given], NOW, 10).splitlines()
    assert lines[:2] == ["Events", "TIME                 AGE      WHAT"]
    assert lines[2].startswith("2026-01-02 11:58:59  1 min    ")
    assert " ".join(line[30:] for line in lines[2:]) == expected
    assert max(map(len, lines)) <= 80


def test_the_last_ones() -> None:
    events = [event(subject=f"10.0.0.{number}") for number in range(12)]
    text = events_text(events, NOW, 2)
    assert text.splitlines()[0] == "Events (the last 2 of 12; --all-events shows them)"
    assert "10.0.0.9 " not in text
    assert [line.split()[4] for line in text.splitlines()[2:]] == ["10.0.0.10", "10.0.0.11"]


@pytest.mark.parametrize(("shown_max", "count"), [(None, 3), (3, 3), (9, 3), (0, 0)])
def test_how_many(shown_max: int | None, count: int) -> None:
    assert events_text([event()] * 3, NOW, shown_max).count("10.0.0.2") == count


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (3605, "1 h"), (11520, "3 h 12 min"),
     (86400 * 2 + 3600, "2 d 1 h")],
)  # fmt: skip
def test_duration(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
