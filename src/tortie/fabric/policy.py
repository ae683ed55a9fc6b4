"""What a node may announce, as prefix filter data.

An explicit policy goes with every session in both directions (RFC 8212), so nothing leaks for want of
one. Import is accept-all: a node trusts its mesh and its reflectors, as upstream does. What it is NOT
for: evaluating filters (``tortie.bgp.policy``). Reference E6: 1, 4, 5, 8 and the final reject.
"""

from collections.abc import Iterable

from tortie.fabric.addresses import family_of, is_host_prefix, prefix_length
from tortie.fabric.filter_intent import FilterIntent, FilterRule, RouteRule
from tortie.fabric.intent import PoolIntent

Advertisements = tuple[tuple[str, tuple[str, ...]], ...]
"""Network → communities that go with what lies in it."""


def export_filter(
    family: str, blocks: Iterable[str], pools: Iterable[PoolIntent], advertisements: Advertisements = ()
) -> FilterIntent:
    """Return what a node's peers may be sent.

    In this order: nothing from pools with disableBGPExport; own blocks as a whole and nothing beneath
    them; what lies within enabled pools (addresses borrowed from another node's block, routes that were
    learned); nothing else.

    Args:
        family: "ipv4" or "ipv6"; prefixes of the other are passed over.
        blocks: own confirmed blocks, sorted.
        pools: all pools, sorted.
        advertisements: communities to add, whatever then becomes of the route.
    """
    rules: list[FilterRule] = []
    own_pools = [pool for pool in pools if family_of(pool.cidr) == family]
    rules.extend(_within(pool.cidr, accept=False) for pool in own_pools if pool.disable_bgp_export)
    for block in blocks:
        if family_of(block) == family:
            rules.append(FilterRule(block, le=prefix_length(block), accept=True))
            if not is_host_prefix(block):
                rules.append(_within(block, accept=False))
    rules.extend(
        _within(pool.cidr, accept=True) for pool in own_pools if not (pool.disabled or pool.disable_bgp_export)
    )
    tagged = tuple(
        RouteRule(family=family, action="next", prefix=network, add_communities=communities)
        for network, communities in advertisements
        if family_of(network) == family and communities
    )
    return FilterIntent(tuple(rules), default_accept=False, route_rules=tagged)


def _within(prefix: str, *, accept: bool) -> FilterRule:
    """Return the rule for a prefix and everything beneath it."""
    return FilterRule(prefix, le=None, accept=accept)
