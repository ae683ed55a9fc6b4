"""Tests of tortie.node.intent_policy: each field of a rule, as the engine is told."""

from dataclasses import replace

import pytest

from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.policy import ACCEPT_ALL, Action, Edit, PrefixFilter, PrefixMatch, RouteFilter
from tortie.bgp.policy import RouteRule as EngineRule
from tortie.bgp.wire import IPV4_UNICAST, Communities
from tortie.fabric import FilterIntent, FilterRule, RouteRule
from tortie.node.intent_policy import Policies

RULE = RouteRule(
    family="ipv4",
    action="accept",
    prefix="10.0.0.0/8",
    operator="NotEqual",
    length_min=9,
    length_max=24,
    is_learned=True,
    interface="eth*",
    community="65000:1",
    as_path=(1, 2),
    priority=100,
    add_communities=("0:7", "1:2:3"),
    prepend=(8, 9),
    set_priority=5,
)


def test_each_field() -> None:
    policy = Policies().compiled(FilterIntent((), default_accept=True, route_rules=(RULE,)))
    expected = EngineRule(
        family=IPV4_UNICAST,
        action=Action.ACCEPT,
        prefix=PrefixMatch("10.0.0.0/8", 9, 24, is_exact=True, is_negated=True),
        is_learned=True,
        interface="eth*",
        community=65000 << 16 | 1,
        as_path=(1, 2),
        local_pref=2147483547,
        edit=Edit(Communities((7,), (), ((1, 2, 3),)), (8, 9), 2147483642),
    )
    assert policy == RouteFilter((expected,), ACCEPT_ALL)


def test_a_large_community_and_a_rule_that_changes_nothing() -> None:
    rule = RouteRule(family="ipv4", action="next", community="1:2:3")
    policy = Policies().compiled(FilterIntent((), default_accept=True, route_rules=(rule,)))
    assert isinstance(policy, RouteFilter)
    (found,) = policy.rules
    assert (found.large_community, found.community, found.edit, found.action) == ((1, 2, 3), None, None, Action.NEXT)


def test_lists_of_prefixes_stay_lists_and_equal_ones_are_one_object() -> None:
    policies = Policies()
    listed = FilterIntent((FilterRule("10.0.0.0/8", None, accept=True),), default_accept=False)
    assert isinstance(policies.compiled(listed), PrefixFilter)
    assert policies.compiled(listed) is policies.compiled(replace(listed))


@pytest.mark.parametrize("changes", [{"prefix": "10.0.0.1/8"}, {"community": "x"}, {"add_communities": ("1:99999",)}])
def test_what_cannot_be_used_is_named(changes: dict[str, object]) -> None:
    bad = replace(RULE, **changes)  # type: ignore[arg-type]  # fields of the dataclass
    with pytest.raises(LocalProtocolError, match=r"10\.0\.0\.1/8|'x'|1:99999"):
        Policies().compiled(FilterIntent((), default_accept=True, route_rules=(bad,)))
