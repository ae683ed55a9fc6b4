"""What a kernel route is, as a value.

For: the values that the netlink codec, the reconciler and the kernel synchronisation share, and their text.
Not for: bytes (`netlink_route`), sockets (`netlink`), or BGP's own idea of a route (`tortie.bgp.rib`).

Structures to know: `RouteKey`, what makes a kernel route the same route, and `Route`, where it leads. A table of
routes is `dict[RouteKey, Route]`. Price: about 110 bytes a slot and 120 a key; the `Route` is shared by all that lead
the same way (a few hundred in a cluster of as many nodes).
"""

import socket
from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from tortie.bgp.wire.family import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.bgp.wire.nlri import address_to_text, prefix_from_text, prefix_to_text

__all__ = [
    "ADDRESS_FAMILY",
    "FAMILY_BY_ADDRESS_FAMILY",
    "IPV6_METRIC_DEFAULT",
    "PROTOCOL_KERNEL",
    "PROTOCOL_REDIRECT",
    "PROTOCOL_UNSPECIFIED",
    "ROUTE_PROTOCOL",
    "TABLE_MAIN",
    "InterfaceNames",
    "NextHop",
    "Route",
    "RouteKey",
    "RouteKind",
    "blackhole_route",
    "route_key",
    "route_key_to_text",
    "route_to_text",
    "unicast_route",
]

ROUTE_PROTOCOL: Final = 77
"""The number by which our routes are known in the kernel (`ip route show proto 77`)."""

PROTOCOL_UNSPECIFIED: Final = 0
PROTOCOL_REDIRECT: Final = 1
PROTOCOL_KERNEL: Final = 2

TABLE_MAIN: Final = 254
IPV6_METRIC_DEFAULT: Final = 1024
"""IPv6 knows no metric 0: the kernel takes it as this one."""

ADDRESS_FAMILY: Final[Mapping[Family, int]] = {
    IPV4_UNICAST: int(socket.AF_INET),
    IPV6_UNICAST: int(socket.AF_INET6),
}
FAMILY_BY_ADDRESS_FAMILY: Final[Mapping[int, Family]] = {
    int(socket.AF_INET): IPV4_UNICAST,
    int(socket.AF_INET6): IPV6_UNICAST,
}

InterfaceNames = Mapping[int, str]
"""Interface index → name, for texts."""


class RouteKind(IntEnum):
    """What the kernel does with a packet (RTN_*, rtnetlink(7))."""

    UNSPECIFIED = 0
    UNICAST = 1
    LOCAL = 2
    BROADCAST = 3
    ANYCAST = 4
    MULTICAST = 5
    BLACKHOLE = 6
    UNREACHABLE = 7
    PROHIBIT = 8
    THROW = 9
    NAT = 10
    RESOLVER = 11


class RouteKey(NamedTuple):
    """What identifies a route in the kernel: two routes with equal keys displace each other.

    Attributes:
        family: IPV4_UNICAST or IPV6_UNICAST.
        nlri: the prefix in BGP's wire form, length octet and prefix octets (`tortie.bgp.wire.nlri`).
        table: routing table, 32-bit unsigned; `TABLE_MAIN` is 254.
        metric: RTA_PRIORITY, 32-bit unsigned; lower wins; never 0 with IPv6.
    """

    family: Family
    nlri: bytes
    table: int = TABLE_MAIN
    metric: int = 0


class NextHop(NamedTuple):
    """One way out.

    Attributes:
        gateway: 4 or 16 octets; empty: the destination itself is on the link. A 16-octet gateway on an
            IPv4 route is sent as RTA_VIA (RFC 8950 §4).
        interface_index: 0 leaves the choice to the kernel (it answers with the one it chose).
        weight: 1 to 256, the share among several.
        is_onlink: the gateway is taken to be on the link although no connected route covers it.
    """

    gateway: bytes
    interface_index: int
    weight: int = 1
    is_onlink: bool = False


class Route(NamedTuple):
    """Where a route leads, and whose it is.

    Attributes:
        kind: only UNICAST has next hops.
        protocol: RTPROT number, 0 to 255; ours is `ROUTE_PROTOCOL`.
        next_hops: sorted, without those that the kernel calls dead.
        source: preferred source address, 4 or 16 octets, or empty.
    """

    kind: RouteKind
    protocol: int
    next_hops: tuple[NextHop, ...] = ()
    source: bytes = b""


def route_key(prefix: str, *, table: int = TABLE_MAIN, metric: int = 0) -> RouteKey:
    """Return the key of a prefix in text form; an IPv6 metric of 0 becomes what the kernel makes of it.

    Raises:
        AddressTextError: `prefix` is no prefix, or has bits set beyond its length.
    """
    family, nlri = prefix_from_text(prefix)
    if family == IPV6_UNICAST and metric == 0:
        metric = IPV6_METRIC_DEFAULT
    return RouteKey(family, nlri, table, metric)


def unicast_route(*next_hops: NextHop, protocol: int = ROUTE_PROTOCOL) -> Route:
    """Return a unicast route, next hops in the order that comparison expects."""
    return Route(RouteKind.UNICAST, protocol, tuple(sorted(next_hops)))


def blackhole_route(protocol: int = ROUTE_PROTOCOL) -> Route:
    """Return a route that drops what it matches."""
    return Route(RouteKind.BLACKHOLE, protocol)


def route_key_to_text(key: RouteKey) -> str:
    """Return the prefix, and table and metric where they are not the usual ones: `10.0.0.0/8 metric 5`."""
    words = [prefix_to_text(key.nlri, key.family)]
    if key.metric not in (0, IPV6_METRIC_DEFAULT):
        words.append(f"metric {key.metric}")
    if key.table != TABLE_MAIN:
        words.append(f"table {key.table}")
    return " ".join(words)


def route_to_text(key: RouteKey, route: Route, names: InterfaceNames | None = None) -> str:
    """Return a route in the words of `ip route`: `10.1.2.0/26 via 10.0.0.9 dev eth0 proto 77`.

    Args:
        key: what it is.
        route: where it leads.
        names: interface names; an index that is not in it is printed as `if3`.
    """
    words = [] if route.kind == RouteKind.UNICAST else [route.kind.name.lower()]
    words.append(prefix_to_text(key.nlri, key.family))
    is_multipath = len(route.next_hops) > 1
    words.extend(_next_hop_to_text(hop, names or {}, is_multipath=is_multipath) for hop in route.next_hops)
    words.append(f"proto {route.protocol}")
    if route.source:
        words.append(f"src {address_to_text(route.source)}")
    if key.metric not in (0, IPV6_METRIC_DEFAULT):
        words.append(f"metric {key.metric}")
    if key.table != TABLE_MAIN:
        words.append(f"table {key.table}")
    return " ".join(words)


def _next_hop_to_text(hop: NextHop, names: InterfaceNames, *, is_multipath: bool) -> str:
    words = ["nexthop"] if is_multipath else []
    if hop.gateway:
        words.append(f"via {address_to_text(hop.gateway)}")
    if hop.interface_index:
        words.append(f"dev {names.get(hop.interface_index, f'if{hop.interface_index}')}")
    if is_multipath and hop.weight != 1:
        words.append(f"weight {hop.weight}")
    if hop.is_onlink:
        words.append("onlink")
    return " ".join(words)
