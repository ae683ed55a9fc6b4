"""How many log lines are let through, so that what flaps does not fill a disk. Pure: time is an argument.

For: counting lines by event and object in windows of a fixed length. Not for: writing them (`log`).
Structure to know: `LogLimit`.

Of one event of one object `OBJECT_LINES_MAX` lines a window go through, of one event of all objects
`EVENT_LINES_MAX`; what was held back is told once, when the window has ended, as a number for each event. Events are
words of this program, so the tables are bounded by what is let through.
"""

from typing import Final

__all__ = ["EVENT_LINES_MAX", "OBJECT_LINES_MAX", "WINDOW_S", "LogLimit"]

WINDOW_S: Final = 10.0
OBJECT_LINES_MAX: Final = 5
EVENT_LINES_MAX: Final = 200


class LogLimit:
    """The counts of one window."""

    __slots__ = ("_by_event", "_by_object", "_ends_at", "_suppressed")

    def __init__(self) -> None:
        """Begin with no window; the first line opens one."""
        self._by_event: dict[str, int] = {}
        self._by_object: dict[tuple[str, str], int] = {}
        self._suppressed: dict[str, int] = {}
        self._ends_at = float("-inf")

    @property
    def ends_at(self) -> float:
        """When the window ends and `take_suppressed` has something to say, if it ever has."""
        return self._ends_at

    def admit(self, event: str, subject: str | None, now: float) -> bool:
        """Count one line; return whether it may be written. The caller has taken what was suppressed before.

        Args:
            event: what happened.
            subject: to whom; None = only the limit on the event holds.
            now: the time.
        """
        if now >= self._ends_at:
            self._by_event.clear()
            self._by_object.clear()
            self._ends_at = now + WINDOW_S
        of_event = self._by_event.get(event, 0)
        of_object = 0 if subject is None else self._by_object.get((event, subject), 0)
        if of_event >= EVENT_LINES_MAX or of_object >= OBJECT_LINES_MAX:
            self._suppressed[event] = self._suppressed.get(event, 0) + 1
            return False
        self._by_event[event] = of_event + 1
        if subject is not None:
            self._by_object[event, subject] = of_object + 1
        return True

    def take_suppressed(self, now: float) -> dict[str, int]:
        """Return event → lines held back in a window that has ended; each is told once."""
        if now < self._ends_at or not self._suppressed:
            return {}
        suppressed, self._suppressed = self._suppressed, {}
        return suppressed
