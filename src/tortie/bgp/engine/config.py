"""What one speaker is told to do: its identity, its peers, the ranges it accepts.

For: plain, frozen values that the agent or a file fills in. Not for: resources (model, fabric).
RFC sections: 4271 §8.1.1 (session attributes), 4456 §7 (cluster id).
Structures to know: `SpeakerConfig`, `PeerConfig`, `RangeConfig`, `PrefixLimit`, `PeerKey`.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from tortie.bgp.policy import Policy
from tortie.bgp.rib import NextHopMode
from tortie.bgp.session import AddPathMode, SessionConfig
from tortie.bgp.wire import IPV4_UNICAST, Family, Role

BGP_PORT = 179

HALF_OPEN_MAX_DEFAULT: Final = 4096
"""More than the clients of a large cluster that redial at once: each is half open for as long as OPENs travel."""

PREFIX_WARNING_PERCENT_DEFAULT: Final = 80
PREFIX_RESTART_S_DEFAULT: Final = 900

RESTART_TIME_S_DEFAULT: Final = 120
"""As BIRD's and FRR's."""


class PeerKey(NamedTuple):
    """A session's identity: its pair of endpoints, not the record that asked for it.

    `local_address` is "" where the system chooses it.
    """

    local_address: str
    remote_address: str
    remote_port: int

    def __str__(self) -> str:
        """Return the remote address, with the port where it is not 179 (0: a peer that is never dialled)."""
        if self.remote_port in (0, BGP_PORT):
            return self.remote_address
        return f"{self.remote_address} port {self.remote_port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixLimit:
    """How many prefixes of each family a peer may announce (paths, with ADD-PATH); those that are rejected count.

    Attributes:
        prefixes_max: with one more the session ends (RFC 4486 §4, Cease / Maximum Number of Prefixes Reached).
        warning_percent: of `prefixes_max`, where the owner is told, 1 to 100.
        restart_s: after which time the session may come back, in seconds; 0 = when it is configured anew.
    """

    prefixes_max: int
    warning_percent: int = PREFIX_WARNING_PERCENT_DEFAULT
    restart_s: float = PREFIX_RESTART_S_DEFAULT

    @property
    def warning_count(self) -> int:
        """From how many prefixes on the owner is told."""
        return max(1, self.prefixes_max * self.warning_percent // 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerConfig:
    """The speaker itself.

    Attributes:
        local_as: AS number, 1 to 2**32 - 1.
        router_id: BGP Identifier, 32-bit unsigned, not 0.
        cluster_id: 32-bit unsigned; None = the router id (RFC 4456 §7).
        resolve_next_hops: True where routes are written to a kernel: a path whose next hop was not reported
            reachable (`Engine.next_hop_changed`) is not used. A reflector leaves it off.
        keeps_external: of external paths that are equal but for router id and address the one that is best stays so
            (RFC 5004). Which one that is then depends on who came first, so it is off unless asked for.
        paths_max: over how many equal paths traffic may go (BestPathsChanged names them); peers are told of the best.
        is_draining: see `Engine.drain`, which changes it; `Engine.reconfigure` does not.
        half_open_max: peers of ranges that may have a connection and no session at once; one more, and the one that has
            waited longest is sent away.
        next_hops: own address a family to announce as next hop where the session runs over the other one.
    """

    local_as: int
    router_id: int
    cluster_id: int | None = None
    resolve_next_hops: bool = False
    keeps_external: bool = False
    paths_max: int = 1
    is_draining: bool = False
    half_open_max: int = HALF_OPEN_MAX_DEFAULT
    next_hops: tuple[tuple[Family, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What a named peer and a range have in common; times in seconds.

    Attributes:
        local_as: our AS number on this session.
        peer_as: expected AS number, 0 = whatever its OPEN says.
        families: offered address families.
        passive: wait for the peer to dial.
        is_client: the peer is a route reflection client (iBGP only).
        next_hop_mode: see NextHopMode.
        hold_time_s: offered hold time, 0 or >= 3.
        connect_retry_s: pause between attempts to dial.
        accept_any_first_as: do not insist that an eBGP peer's AS comes first in AS_PATH.
        restart_time_s: graceful restart (RFC 4724), both roles: the time in which a session is back, told to the peer;
            0 = off, else at most 4095.
        add_path: several paths a prefix (RFC 7911), in which direction.
        extended_messages: messages of up to 65,535 octets (RFC 8654), where the peer has them too.
        obeys_graceful_shutdown: what an eBGP peer tags with GRACEFUL_SHUTDOWN is a last resort (RFC 8326).
        extended_next_hop: IPv4 routes with IPv6 next hops (RFC 8950), where the peer has them too: over an IPv6 session
            we announce ourselves by its address then.
        long_lived_s: long-lived graceful restart (RFC 9494), both roles: how long after `restart_time_s` the peer is
            to keep our routes, and the longest for which we keep its; 0 = off.
        tells_stale: a peer of our AS without it is told of routes that are stale for long, as a last resort (RFC 9494
            §4.6); else of none.
        role: what we are to a peer of another AS (RFC 9234), None = unknown.
        is_role_strict: a peer that does not say its role is refused.
        send_hold_time_s: RFC 9687; None = the longer of 8 minutes and twice the hold time; 0 = off.
        prefix_limit: how much it may announce, None = as much as it likes.
        has_password: the sockets have a TCP-MD5 password (RFC 2385), which only the shell knows; without it there is no
            session.
        ttl_security_hops: how many hops away the peer may be (RFC 5082), 1 to 255; 0 = unchecked. The shell's sockets
            see to it.
        import_filter, export_filter: what may come and go. None = nobody has said: for a peer of our AS all, for one of
            another AS nothing (RFC 8212); ACCEPT_ALL says all.
        allowed_local_as_count: how often our AS number may stand in a path that is still no loop.
        description: free text for status.
    """

    local_as: int
    peer_as: int
    families: tuple[Family, ...] = (IPV4_UNICAST,)
    passive: bool = False
    is_client: bool = False
    next_hop_mode: NextHopMode = NextHopMode.AUTO
    hold_time_s: int = 90
    connect_retry_s: float = 5.0
    accept_any_first_as: bool = False
    restart_time_s: int = RESTART_TIME_S_DEFAULT
    add_path: AddPathMode = AddPathMode.OFF
    extended_messages: bool = True
    obeys_graceful_shutdown: bool = False
    extended_next_hop: bool = False
    long_lived_s: int = 0
    tells_stale: bool = False
    role: Role | None = None
    is_role_strict: bool = False
    send_hold_time_s: float | None = None
    prefix_limit: PrefixLimit | None = None
    has_password: bool = False
    ttl_security_hops: int = 0
    import_filter: Policy | None = None
    export_filter: Policy | None = None
    allowed_local_as_count: int = 0
    description: str = ""

    def session_config(self, router_id: int, peer_address: str) -> SessionConfig:
        """Return what the session itself has to know."""
        return SessionConfig(
            local_as=self.local_as,
            peer_as=self.peer_as,
            router_id=router_id,
            peer_address=peer_address,
            hold_time_s=self.hold_time_s,
            connect_retry_s=self.connect_retry_s,
            passive=self.passive,
            families=self.families,
            accept_any_first_as=self.accept_any_first_as,
            restart_time_s=self.restart_time_s,
            add_path=self.add_path,
            extended_messages=self.extended_messages,
            extended_next_hop=self.extended_next_hop,
            long_lived_s=self.long_lived_s,
            enhanced_route_refresh=True,
            role=self.role,
            is_role_strict=self.is_role_strict,
            send_hold_time_s=self.send_hold_time_s,
            has_password=self.has_password,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerConfig:
    """One named peer.

    Attributes:
        remote_address: canonical text.
        remote_port: TCP port to dial.
        local_address: source of the connection; None = the system chooses.
        options: everything else.
    """

    remote_address: str
    remote_port: int = BGP_PORT
    local_address: str | None = None
    options: SessionOptions

    @property
    def key(self) -> PeerKey:
        """The session's identity."""
        return PeerKey(self.local_address or "", self.remote_address, self.remote_port)


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeConfig:
    """Addresses that may connect without being named one by one; such sessions are passive.

    Attributes:
        prefix: "10.0.0.0/8"; of several ranges the longest that holds the address counts.
        options: as for a peer; `passive` is implied.
    """

    prefix: str
    options: SessionOptions
