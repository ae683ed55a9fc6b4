"""What one session is told (`SessionConfig`) and what it agreed with its peer (`Negotiated`).

For: the two values, the check of the first, and which of its fields need a new OPEN or socket.
Not for: the agreement itself (negotiation.py).
RFC 4271 §8.1.1 (session attributes), §10 (default values), RFC 9687 §4.4 and §6 (send hold time), RFC 4724 §3 and
RFC 8538 §2 (what is said about restarts), RFC 7911 §4 (ADD-PATH), RFC 8654 §3 (extended messages).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.wire import (
    IPV4_UNICAST,
    RESTART_TIME_S_MAX,
    STALE_TIME_S_MAX,
    DecodeContext,
    EncodeContext,
    Family,
    GracefulRestart,
    LongLivedGracefulRestart,
    Role,
)

HOLD_TIME_S_MIN: Final = 3
HOLD_TIME_S_MAX: Final = 65535
AS_MAX: Final = 0xFFFF_FFFF
ROUTER_ID_MAX: Final = 0xFFFF_FFFF
SEND_HOLD_TIME_S_DEFAULT: Final = 480.0
SEND_HOLD_MARGIN_S: Final = 1.0

FIELDS_BOUND_TO_OPEN: Final = (
    "local_as",
    "router_id",
    "peer_address",
    "hold_time_s",
    "families",
    "route_refresh",
    "restart_time_s",
    "add_path",
    "extended_messages",
    "extended_next_hop",
    "long_lived_s",
    "enhanced_route_refresh",
    "role",
    "is_role_strict",
    "has_password",
)
"""A change of one of these needs a new OPEN or a new socket; peer_as as well, unless it is what the peer has said."""

FIELDS_OF_IDENTITY: Final = ("local_as", "router_id", "peer_address")
"""A change of one of these ends the session for good: what either end keeps of it would be somebody else's."""


class AddPathMode(StrEnum):
    """In which direction several paths a prefix may go (RFC 7911), in every family."""

    OFF = "off"
    RECEIVE = "receive"
    SEND = "send"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """Attributes of one session (RFC 4271 §8.1.1); times in seconds.

    Attributes:
        local_as: own AS number on this session, 1 to 4294967295.
        peer_as: the AS number that the peer must have; 0 = whichever its OPEN says.
        router_id: own BGP Identifier, unsigned 32 bits, not 0.
        peer_address: textual address, for messages to people.
        hold_time_s: proposed in OPEN; 0 = no HoldTimer and no KEEPALIVEs, else 3 to 65535.
        connect_retry_s: ConnectRetryTime: between two dials, and the longest a dial may take.
        idle_hold_s: IdleHoldTime after the first failure; doubles with each further one.
        idle_hold_max_s: where the doubling ends; a session that was up as long starts at the bottom again.
        delay_open_s: DelayOpenTime; 0 = the OPEN goes at once.
        passive: never dial, wait for the peer.
        families: announced in OPEN, in this order.
        send_hold_time_s: RFC 9687; None = the longer of 8 minutes and twice the negotiated hold time; 0 = off.
        accept_any_first_as: do not compare the first AS of an eBGP path with the peer's (route servers).
        route_refresh: announce RFC 2918.
        enhanced_route_refresh: announce RFC 7313; counts beside `route_refresh`.
        restart_time_s: announce graceful restart (RFC 4724), and this as the time in which a session is back; 0 = off,
            else at most 4095.
        add_path: announce RFC 7911.
        extended_messages: announce RFC 8654.
        extended_next_hop: announce RFC 8950: IPv4 routes with IPv6 next hops.
        long_lived_s: announce RFC 9494, and this as the time for which routes are kept after `restart_time_s`, at most
            16777215; 0 = off. It needs graceful restart.
        role: what this side is to a peer of another AS (RFC 9234); None = not said.
        is_role_strict: a peer that does not say its role is refused.
        has_password: the sockets have a TCP-MD5 password (RFC 2385); which one, the shell knows.
    """

    local_as: int
    peer_as: int
    router_id: int
    peer_address: str
    hold_time_s: int = 90
    connect_retry_s: float = 5.0
    idle_hold_s: float = 1.0
    idle_hold_max_s: float = 30.0
    delay_open_s: float = 0.0
    passive: bool = False
    families: tuple[Family, ...] = (IPV4_UNICAST,)
    send_hold_time_s: float | None = None
    accept_any_first_as: bool = False
    route_refresh: bool = True
    enhanced_route_refresh: bool = False
    restart_time_s: int = 0
    add_path: AddPathMode = AddPathMode.OFF
    extended_messages: bool = False
    extended_next_hop: bool = False
    long_lived_s: int = 0
    role: Role | None = None
    is_role_strict: bool = False
    has_password: bool = False

    def __post_init__(self) -> None:
        """Check what the protocol cannot express.

        Raises:
            LocalProtocolError: names the field, its value and what was expected.
        """
        self._require("local_as", 1 <= self.local_as <= AS_MAX, f"1 to {AS_MAX}")
        self._require("peer_as", 0 <= self.peer_as <= AS_MAX, f"0 (any) to {AS_MAX}")
        self._require("router_id", 1 <= self.router_id <= ROUTER_ID_MAX, f"1 to {ROUTER_ID_MAX}")
        is_hold_time_usable = self.hold_time_s == 0 or HOLD_TIME_S_MIN <= self.hold_time_s <= HOLD_TIME_S_MAX
        self._require("hold_time_s", is_hold_time_usable, f"0, or {HOLD_TIME_S_MIN} to {HOLD_TIME_S_MAX}")
        self._require("connect_retry_s", self.connect_retry_s > 0, "more than 0")
        self._require("idle_hold_s", self.idle_hold_s > 0, "more than 0")
        self._require("idle_hold_max_s", self.idle_hold_max_s >= self.idle_hold_s, "idle_hold_s or more")
        self._require("delay_open_s", self.delay_open_s >= 0, "0 or more")
        self._require("send_hold_time_s", (self.send_hold_time_s or 0) >= 0, "0 or more")
        self._require("restart_time_s", 0 <= self.restart_time_s <= RESTART_TIME_S_MAX, f"0 to {RESTART_TIME_S_MAX}")
        is_long_lived_usable = self.long_lived_s == 0 or (
            0 < self.long_lived_s <= STALE_TIME_S_MAX and self.restart_time_s
        )
        self._require(
            "long_lived_s", bool(is_long_lived_usable), f"0 to {STALE_TIME_S_MAX}, and a restart_time_s with it"
        )
        self._require("families", len(set(self.families)) == len(self.families) > 0, "one or more, each once")

    def _require(self, field: str, is_usable: bool, expected: str) -> None:
        if not is_usable:
            raise LocalProtocolError(
                f"session with {self.peer_address}: {field} is {getattr(self, field)!r}, expected {expected}"
            )

    def send_hold_s(self, hold_time_s: int) -> float:
        """Return the SendHoldTime for a negotiated hold time, in seconds; 0 = no timer.

        RFC 9687 §6: by default 8 minutes, or twice the hold time if that is longer. §4.4: longer than the hold
        time in any case.
        """
        if self.send_hold_time_s is None:
            return max(SEND_HOLD_TIME_S_DEFAULT, 2.0 * hold_time_s)
        if self.send_hold_time_s == 0:
            return 0.0
        return max(self.send_hold_time_s, hold_time_s + SEND_HOLD_MARGIN_S)


@dataclass(frozen=True, slots=True)
class LocalRestart:
    """What this speaker says about itself in the graceful restart capability of its next OPEN (RFC 4724 §3).

    Attributes:
        is_restarting: R bit: it has restarted, and waits for what its peers have before it tells them anything.
        preserved: families with the F bit: packets were and are forwarded as was announced before.
    """

    is_restarting: bool = False
    preserved: frozenset[Family] = frozenset()


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What both ends of one connection agreed on; complete once the peer's OPEN is accepted.

    Attributes:
        peer_as: the peer's AS number, four octets.
        peer_router_id: its BGP Identifier, unsigned 32 bits.
        hold_time_s: the smaller of the two; 0 = no HoldTimer, no KEEPALIVEs.
        keepalive_s: a third of it, before jitter; 0 = none.
        families: announced by both.
        four_octet_as: both have RFC 6793.
        route_refresh: both have RFC 2918.
        message_size_bytes_max: largest message in either direction (RFC 8654), but for OPEN and KEEPALIVE.
        decode: how to read the peer's UPDATEs.
        encode: how to write UPDATEs for it, in families without ADD-PATH.
        peer_long_lived: what the peer says about long-lived graceful restart; None unless both have it (RFC 9494 §3.1).
        peer_role: what the peer says of itself (RFC 9234); None = nothing, or it is in our own AS.
        add_path_sent: families in which it is sent path identifiers; `decode` says in which it sends them.
        is_internal: same AS on both sides (iBGP).
        local_address: textual own address of the connection.
        connection: the shell's number of the TCP connection.
        peer_enhanced_route_refresh: the peer has RFC 7313.
        enhanced_route_refresh: both have RFC 7313.
        peer_restart: what the peer says about graceful restart; None unless both have it (RFC 4724 §3).
    """

    peer_as: int
    peer_router_id: int
    hold_time_s: int
    keepalive_s: float
    families: frozenset[Family]
    four_octet_as: bool
    route_refresh: bool
    message_size_bytes_max: int
    decode: DecodeContext
    encode: EncodeContext
    is_internal: bool
    local_address: str
    connection: int
    peer_enhanced_route_refresh: bool = False
    enhanced_route_refresh: bool = False
    peer_restart: GracefulRestart | None = None
    peer_long_lived: LongLivedGracefulRestart | None = None
    peer_role: Role | None = None
    add_path_sent: frozenset[Family] = frozenset()

    @property
    def is_notification_graceful(self) -> bool:
        """Whether a NOTIFICATION but Hard Reset leaves the paths standing: both have the N bit (RFC 8538 §2)."""
        return self.peer_restart is not None and self.peer_restart.is_notification_supported
