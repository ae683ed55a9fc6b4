"""What an engine asks of its shell: one ordered queue of these.

For: plain values, each of which can be written as a line of JSON. Not for: what a session tells the engine
(session/outputs.py).
"""

from dataclasses import dataclass

from tortie.bgp.engine.config import PeerKey
from tortie.bgp.rib import Path
from tortie.bgp.wire import Family, Notification


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """Dial the peer; answer with `connected` or `connect_failed`."""

    peer: PeerKey


@dataclass(frozen=True, slots=True)
class CancelConnection:
    """Give up dialling the peer; no answer is expected."""

    peer: PeerKey


@dataclass(frozen=True, slots=True)
class SendBytes:
    """Write the buffers in order, behind what is still unwritten; then call `drained`."""

    connection: int
    buffers: tuple[bytes | memoryview, ...]


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """Close after what is unwritten went out; no answer is expected."""

    connection: int


@dataclass(frozen=True, slots=True)
class PeerUp:
    """The session is established."""

    peer: PeerKey


@dataclass(frozen=True, slots=True)
class PeerDown:
    """The session ended; its paths are withdrawn, or kept as stale for `stale_s` seconds (RFC 4724 §4.2).

    Attributes:
        peer: whose it was.
        reason: for people.
        stale_s: None = nothing is kept.
        notification: what was said at its end, None = nothing.
        is_remote: the peer or the network ended it; a notification is the peer's then, else ours.
    """

    peer: PeerKey
    reason: str
    stale_s: float | None = None
    notification: Notification | None = None
    is_remote: bool = False


@dataclass(frozen=True, slots=True)
class PrefixLimitNear:
    """The peer comes near the number of prefixes of a family that it may announce; said once a session."""

    peer: PeerKey
    family: Family
    count: int
    prefixes_max: int


@dataclass(frozen=True, slots=True)
class EndOfRIBReceived:
    """The peer has sent all it had when the session came up (RFC 4724 §2)."""

    peer: PeerKey
    family: Family


@dataclass(frozen=True, slots=True)
class BestPathsChanged:
    """Loc-RIB's best paths of these prefixes are now so.

    Attributes:
        family: of the prefixes.
        changes: (nlri, the paths that traffic takes); the best one first, with `SpeakerConfig.paths_max` those that are
            equal behind it, each with another next hop; empty = no path left.
    """

    family: Family
    changes: tuple[tuple[bytes, tuple[Path, ...]], ...]


@dataclass(frozen=True, slots=True)
class NextHopsWanted:
    """With resolve_next_hops: all next hops (packed, 4 or 16 octets) whose reachability is to be told from now on.

    Answer with `next_hop_changed`; until then they count as unreachable.
    """

    next_hops: tuple[bytes, ...]


Output = (
    OpenConnection
    | CancelConnection
    | SendBytes
    | CloseConnection
    | PeerUp
    | PeerDown
    | PrefixLimitNear
    | EndOfRIBReceived
    | BestPathsChanged
    | NextHopsWanted
)
