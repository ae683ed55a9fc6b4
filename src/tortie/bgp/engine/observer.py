"""Who wants to know what an engine does without having a part in it: logs, metrics, BMP and MRT of the shell.

For: what is too much, or too idle, for the queue of outputs. Not for: anything that a decision hangs on.
Structures to know: `Observer`, `Watcher`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tortie.bgp.engine.config import PeerKey
from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib import Path
from tortie.bgp.session.outputs import SessionDown
from tortie.bgp.wire import Family, Update


class Watcher(Protocol):
    """Told of sessions and what comes in on them, in the order in which the engine takes it; the peer is established.

    `peer.opens` has the OPENs of the session.
    """

    def session_up(self, peer: Peer) -> None:
        """A session is established; nothing came in on it yet."""

    def update_received(self, peer: Peer, update: Update, body: bytes) -> None:
        """An UPDATE came; `body` is it without its header. Not in the RIB yet."""

    def session_down(self, peer: Peer, down: SessionDown) -> None:
        """A session has ended; its paths are still there."""

    def best_paths_changed(self, family: Family, changes: Mapping[bytes, Path | None]) -> None:
        """Loc-RIB's best paths of these prefixes are now so; None = no path left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Called from within the engine: must be quick, must not raise, must not call the engine.

    Attributes:
        propagated: how many seconds it took from the oldest input of a batch of changes until the last member of one
            update group had been sent it (see `propagation`); None: it is not measured.
        session_event: one step of a session's state machines, as its status shows it.
        watchers: see Watcher.
    """

    propagated: Callable[[float], None] | None
    session_event: Callable[[PeerKey, str], None]
    watchers: tuple[Watcher, ...] = ()
