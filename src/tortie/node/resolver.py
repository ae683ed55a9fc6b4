"""BGP next hops to next hops on a link. Pure.

For: the routes by which next hops are reached, and the longest match among them. Not for: the kernel (`netlink`,
`RouteSocket.lookup` asks it), or which routes are fed in (`kernel_sync`). RFC 4271 §5.1.3 and §9.1.2.1.

The choice, after BIRD's `gateway recursive`: a next hop is resolved by the longest match in the main table, the default
route included (a node in another subnet is reached by it); where the match is a connected or device route the next hop
is itself the gateway on that link, where it has a gateway, that one is taken over, and a match that drops packets
resolves nothing. No route that BGP brought takes part: BIRD calls the next hop unreachable where such a route is the
longest match; we look past it, because what we write must not change what we resolve (a node that announces its own
address as a /32 would otherwise unresolve itself, be withdrawn, resolve again, and so on for ever).
An unresolved route is not written; BIRD writes it as `unreachable`.

Structures to know: `ResolvingRoutes`, prefix length → prefix → metric → route, and `Resolution`.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from tortie.bgp.wire.family import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.node.route import NextHop, Route, RouteKey, RouteKind

__all__ = ["NEXT_HOPS_MAX", "Resolution", "ResolvingRoutes", "is_link_local", "merge_resolutions"]

NEXT_HOPS_MAX: Final = 64
"""Ways of one route in the kernel; the rest, in sorted order, is left out."""

_IPV6_LENGTH: Final = 16
_FAMILY_BY_LENGTH: Final = {4: IPV4_UNICAST, _IPV6_LENGTH: IPV6_UNICAST}
_LINK_LOCAL_FIRST_OCTET: Final = 0xFE
_LINK_LOCAL_SECOND_OCTET: Final = 0x80
_LINK_LOCAL_SECOND_MASK: Final = 0xC0


class Resolution(NamedTuple):
    """How a next hop is reached.

    Attributes:
        next_hops: on a link each; never empty.
        metric: of the route that resolved it (BGP's interior cost, RFC 4271 §9.1.2.2 e).
    """

    next_hops: tuple[NextHop, ...]
    metric: int


class ResolvingRoutes:
    """The routes by which next hops may be reached: all but those that BGP brought."""

    __slots__ = ("_by_length", "_own_addresses")

    def __init__(self) -> None:
        """Start with none."""
        self._by_length: dict[Family, dict[int, dict[bytes, dict[int, Route]]]] = {IPV4_UNICAST: {}, IPV6_UNICAST: {}}
        self._own_addresses: frozenset[bytes] = frozenset()

    def set_own_addresses(self, addresses: frozenset[bytes]) -> bool:
        """Say which addresses are this host's: as next hops they resolve to nothing. Return whether that is new."""
        is_changed = addresses != self._own_addresses
        self._own_addresses = addresses
        return is_changed

    def replace(self, key: RouteKey, route: Route) -> None:
        """Add a route, or put it in the place of the one with the same key."""
        by_length = self._by_length[key.family]
        by_length.setdefault(key.nlri[0], {}).setdefault(key.nlri, {})[key.metric] = route

    def remove(self, key: RouteKey) -> None:
        """Remove a route, if it is there."""
        by_length = self._by_length[key.family]
        by_prefix = by_length.get(key.nlri[0], {})
        by_metric = by_prefix.get(key.nlri, {})
        by_metric.pop(key.metric, None)
        if not by_metric:
            by_prefix.pop(key.nlri, None)
        if not by_prefix:
            by_length.pop(key.nlri[0], None)

    def resolve(self, address: bytes) -> Resolution | None:
        """Return how an address (4 or 16 octets; another length is reached by nothing) is reached, or None.

        Link-local addresses are not resolved: they mean nothing without an interface. Nor are our own (RFC 4271
        §5.1.3: a speaker must not install a route with itself as the next hop).
        As in the kernel, a unicast route without a living next hop is passed over for the next shorter one.

        Cost: one dictionary step for each prefix length present, a few µs.
        """
        family = _FAMILY_BY_LENGTH.get(len(address))
        if family is None or is_link_local(address) or address in self._own_addresses:
            return None
        by_length = self._by_length[family]
        number = int.from_bytes(address)
        bits_max = len(address) * 8
        for bits in sorted(by_length, reverse=True):
            masked = (number >> (bits_max - bits) << (bits_max - bits)).to_bytes(len(address))
            by_metric = by_length[bits].get(bytes((bits,)) + masked[: (bits + 7) // 8])
            if by_metric is None:
                continue
            for metric in sorted(by_metric):
                route = by_metric[metric]
                if route.kind != RouteKind.UNICAST:
                    return None
                if route.next_hops:
                    return Resolution(_ways_to(address, route), metric)
        return None


def _ways_to(address: bytes, route: Route) -> tuple[NextHop, ...]:
    return tuple(hop if hop.gateway else hop._replace(gateway=address) for hop in route.next_hops)


def is_link_local(address: bytes) -> bool:
    """Tell whether an address is of fe80::/10 (IPv4 link-local addresses are routed like any other)."""
    return (
        len(address) == _IPV6_LENGTH
        and address[0] == _LINK_LOCAL_FIRST_OCTET
        and address[1] & _LINK_LOCAL_SECOND_MASK == _LINK_LOCAL_SECOND_OCTET
    )


def merge_resolutions(resolutions: Iterable[Resolution | None]) -> tuple[NextHop, ...]:
    """Return the ways of several next hops together: each once, sorted, at most `NEXT_HOPS_MAX`; empty if none."""
    ways = dict.fromkeys(hop for resolution in resolutions if resolution for hop in resolution.next_hops)
    if len(ways) == 1:
        (only,) = ways
        return (only._replace(weight=1),)
    return tuple(sorted(ways)[:NEXT_HOPS_MAX])
