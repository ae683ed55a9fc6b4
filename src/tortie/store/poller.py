"""A thread that looks at something at a fixed interval and says when it changed.

What it is for: SQLite has no notification, so a change made by another process is found by looking. The
look happens here, off the event loop, which is woken only by an actual change. What it is not for: finding
out *what* changed; the reader does that.
"""

import threading
from collections.abc import Callable

__all__ = ["Poller"]


class Poller:
    """Calls `look` every `interval_s` seconds in a thread of its own, and `notify` when its answer differs.

    Args:
        look: returns any comparable token; must not raise. Called in the thread only.
        finish: called in the thread when it ends.
        notify: called in the thread after a change; returns False when nobody is left to tell, which ends it.
        interval_s: pause between looks, seconds.
    """

    def __init__(
        self,
        look: Callable[[], object],
        finish: Callable[[], None],
        notify: Callable[[], bool],
        interval_s: float,
    ) -> None:
        """Keep what to call; `start` begins."""
        self._look = look
        self._finish = finish
        self._notify = notify
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="tortie-store-poll", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread and wait for it, at most `timeout_s` seconds. Blocks: not for an event loop."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        seen = self._look()
        if not self._notify():  # what changed before the first look is not known: let the readers look once
            self._stopping.set()
        while not self._stopping.wait(self._interval_s):
            now = self._look()
            if now != seen:
                seen = now
                if not self._notify():
                    break
        self._finish()
