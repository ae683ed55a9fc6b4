"""A filter that is asked in two parts, once a path and once a prefix, says what one does that is read rule by rule."""

import ipaddress
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from tortie.bgp.policy import (
    Action,
    Edit,
    PrefixFilter,
    PrefixMatch,
    PrefixRule,
    RouteFacts,
    RouteFilter,
    RouteRule,
)
from tortie.bgp.wire import AS_SEQUENCE, IPV4_UNICAST, AttributeTable, Segment, prefix_from_text

TABLE = AttributeTable()
PREFIXES = ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "192.0.2.0/24")
LENGTHS = st.none() | st.integers(0, 32)

matches = st.builds(
    PrefixMatch, st.sampled_from(PREFIXES), LENGTHS, LENGTHS, is_exact=st.booleans(), is_negated=st.booleans()
)
rules = st.builds(
    RouteRule,
    family=st.just(IPV4_UNICAST),
    action=st.sampled_from(Action),
    prefix=st.none() | matches,
    is_learned=st.booleans(),
    interface=st.sampled_from((None, None, "cali*", "*")),
    community=st.sampled_from((None, None, 1, 2)),
    large_community=st.sampled_from((None, None, (1, 2, 3))),
    as_path=st.sampled_from(((), (), (1,), (1, 2))),
    local_pref=st.sampled_from((None, None, 100, 7)),
    edit=st.none() | st.builds(Edit, local_pref=st.integers(1, 3)),
)
facts = st.builds(
    RouteFacts,
    st.builds(
        lambda communities, large, path: TABLE.intern(
            communities=communities, large_communities=large, as_path=(Segment(AS_SEQUENCE, path),) if path else ()
        ),
        st.sampled_from(((), (1,), (1, 2))),
        st.sampled_from(((), ((1, 2, 3),))),
        st.sampled_from(((), (1,), (1, 2, 3), (2,))),
    ),
    st.sampled_from((100, 7)),
    st.booleans(),
    st.sampled_from(("", "cali1", "eth0")),
)
REST = PrefixFilter((PrefixRule("10.0.0.0/8", accept=True),), default_accept=False)


def is_met(rule: RouteRule, route: RouteFacts, net: ipaddress.IPv4Network) -> bool:
    """The plain reading of a rule."""
    path = tuple(asn for segment in route.attributes.as_path for asn in segment.asns)
    return (
        (rule.prefix is None or is_among(rule.prefix, net))
        and (route.is_learned or not rule.is_learned)
        and (rule.interface is None or (route.interface != "" and fnmatchcase(route.interface, rule.interface)))
        and (rule.community is None or rule.community in route.attributes.communities)
        and (rule.large_community is None or rule.large_community in route.attributes.large_communities)
        and (rule.local_pref is None or rule.local_pref == route.preference)
        and path[: len(rule.as_path)] == rule.as_path
    )


def is_among(match: PrefixMatch, net: ipaddress.IPv4Network) -> bool:
    outer = ipaddress.IPv4Network(match.prefix)
    is_inside = net == outer if match.is_exact else net.subnet_of(outer)
    low, high = match.length_min or 0, 32 if match.length_max is None else match.length_max
    return (is_inside and low <= net.prefixlen <= high) is not match.is_negated


@given(st.lists(rules, max_size=5), facts, st.sampled_from(PREFIXES))
def test_in_two_parts_as_in_one(listed: list[RouteRule], route: RouteFacts, prefix: str) -> None:
    family, nlri = prefix_from_text(prefix)
    expected: tuple[Edit, ...] | None = ()
    for rule in listed:
        if not is_met(rule, route, ipaddress.IPv4Network(prefix)):
            continue
        if rule.action is Action.REJECT:
            expected = None
            break
        assert expected is not None
        expected = expected if rule.edit is None else (*expected, rule.edit)
        if rule.action is Action.ACCEPT:
            break
    else:
        expected = expected if REST.accepts(family, nlri) else None
    assert RouteFilter(tuple(listed), REST).given(family, route).edits_of(family, nlri) == expected
