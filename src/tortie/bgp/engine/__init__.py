"""One BGP speaker without I/O: `Engine`, its configuration, its outputs, its snapshot."""

from tortie.bgp.engine.config import (
    BGP_PORT,
    PREFIX_RESTART_S_DEFAULT,
    PREFIX_WARNING_PERCENT_DEFAULT,
    RESTART_TIME_S_DEFAULT,
    PeerConfig,
    PeerKey,
    PrefixLimit,
    RangeConfig,
    SessionOptions,
    SpeakerConfig,
)
from tortie.bgp.engine.engine import Engine
from tortie.bgp.engine.observer import Observer, Watcher
from tortie.bgp.engine.outputs import (
    BestPathsChanged,
    CancelConnection,
    CloseConnection,
    EndOfRIBReceived,
    NextHopsWanted,
    OpenConnection,
    Output,
    PeerDown,
    PeerUp,
    PrefixLimitNear,
    SendBytes,
)
from tortie.bgp.engine.snapshot import PeerStatus, RouteStatus, dotted, peer_statuses, route_statuses
from tortie.bgp.engine.totals import ResetReason
from tortie.bgp.session import AddPathMode

__all__ = [
    "BGP_PORT",
    "PREFIX_RESTART_S_DEFAULT",
    "PREFIX_WARNING_PERCENT_DEFAULT",
    "RESTART_TIME_S_DEFAULT",
    "AddPathMode",
    "BestPathsChanged",
    "CancelConnection",
    "CloseConnection",
    "EndOfRIBReceived",
    "Engine",
    "NextHopsWanted",
    "Observer",
    "OpenConnection",
    "Output",
    "PeerConfig",
    "PeerDown",
    "PeerKey",
    "PeerStatus",
    "PeerUp",
    "PrefixLimit",
    "PrefixLimitNear",
    "RangeConfig",
    "ResetReason",
    "RouteStatus",
    "SendBytes",
    "SessionOptions",
    "SpeakerConfig",
    "Watcher",
    "dotted",
    "peer_statuses",
    "route_statuses",
]
