"""What a session wants done or known, in order.

For: the one ordered queue of a `Session`; the engine takes from it with `next_output()` and obeys in that
order ("send NOTIFICATION, then close" is two outputs).
Not for: outputs of the engine (bgp/engine), which name the peer as well.
Each is plain data. `connection` is the number that the shell gave to a TCP connection.
"""

from dataclasses import dataclass

from tortie.bgp.session.config import Negotiated
from tortie.bgp.wire import Notification, RouteRefresh, Update


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """Dial the peer; answer with connection_made() or connection_failed()."""


@dataclass(frozen=True, slots=True)
class CancelConnection:
    """Give up the dial that is under way; no answer is expected."""


@dataclass(frozen=True, slots=True)
class SendBytes:
    """Send whole messages on a connection."""

    connection: int
    data: bytes


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """Close a connection after what was sent before; no connection_lost() follows."""

    connection: int


@dataclass(frozen=True, slots=True)
class SessionUp:
    """Established was reached; UPDATEs may be sent on `negotiated.connection`.

    Attributes:
        negotiated: what both agreed on.
        own_open, peer_open: the OPENs that say so, whole messages.
    """

    negotiated: Negotiated
    own_open: bytes = b""
    peer_open: bytes = b""


@dataclass(frozen=True, slots=True)
class SessionDown:
    """Established was left: the peer's paths are void, or stale where graceful restart says so (engine).

    Attributes:
        reason: for people, one line.
        is_remote: the peer or the network ended it, not this side.
        notification: the NOTIFICATION sent or received, if any.
    """

    reason: str
    is_remote: bool
    notification: Notification | None


@dataclass(frozen=True, slots=True)
class UpdateReceived:
    """An UPDATE with the dispositions of RFC 7606 applied: what is in `announced` may be used.

    Attributes:
        update: the UPDATE.
        body: as it came, without the header.
    """

    update: Update
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class RouteRefreshReceived:
    """The peer asks for a family again (RFC 2918), or begins or ends to say it again (RFC 7313); it is negotiated."""

    refresh: RouteRefresh


Output = (
    OpenConnection
    | CancelConnection
    | SendBytes
    | CloseConnection
    | SessionUp
    | SessionDown
    | UpdateReceived
    | RouteRefreshReceived
)
"""Every output of a session."""
