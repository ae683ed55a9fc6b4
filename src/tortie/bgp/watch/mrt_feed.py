"""What comes in on sessions, as MRT records, one by one.

For: `MRTFeed`, the update files that route collectors write. Not for: files (speaker/watch_file.py), tables
(mrt_table.py).
RFC 6396 §4.4; RFC 8050 §3.
Structure to know: `MRTFeed`.

Of a session it writes: both OPENs, Established, each UPDATE as it came, the NOTIFICATION at its end, Idle.
"""

from collections.abc import Callable, Mapping

from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib import Path
from tortie.bgp.session import State
from tortie.bgp.session.outputs import SessionDown
from tortie.bgp.watch.mrt import message_record, state_change_record
from tortie.bgp.wire import Family, MessageType, Update, encode_message, encode_notification

__all__ = ["MRTFeed"]


class MRTFeed:
    """A Watcher of the engine.

    Args:
        time_of_day: seconds since 1970.
        write: takes one record.
    """

    def __init__(self, time_of_day: Callable[[], float], write: Callable[[bytes], None]) -> None:
        """Write nothing yet."""
        self._time_of_day = time_of_day
        self._write = write

    def session_up(self, peer: Peer) -> None:
        """As Watcher."""
        now = self._time_of_day()
        own_open, peer_open = peer.opens
        self._write(message_record(peer, now, own_open, is_local=True))
        self._write(message_record(peer, now, peer_open))
        self._write(state_change_record(peer, now, State.OPEN_CONFIRM, State.ESTABLISHED))

    def update_received(self, peer: Peer, update: Update, body: bytes) -> None:
        """As Watcher."""
        assert peer.negotiated is not None, "the session is up"
        add_path = peer.negotiated.decode.add_path
        families = [family for family, *_ in (*update.announced, *update.withdrawn, *update.announced_unusable)]
        has_path_ids = bool(add_path) and any(family in add_path for family in families)
        message = encode_message(MessageType.UPDATE, body)
        self._write(message_record(peer, self._time_of_day(), message, has_path_ids=has_path_ids))

    def best_paths_changed(self, family: Family, changes: Mapping[bytes, Path | None]) -> None:
        """As Watcher; update files have what came in only."""

    def session_down(self, peer: Peer, down: SessionDown) -> None:
        """As Watcher."""
        now = self._time_of_day()
        if down.notification is not None:
            message = encode_notification(down.notification)
            self._write(message_record(peer, now, message, is_local=not down.is_remote))
        self._write(state_change_record(peer, now, State.ESTABLISHED, State.IDLE))
