"""Tests of tortie.bgp.policy.route_filter: each condition and each change, one row a rule."""

from typing import Any

import pytest

from support.rib import nlri
from tortie.bgp.policy import (
    ACCEPT_ALL,
    REJECT_ALL,
    Action,
    Edit,
    PrefixMatch,
    PrefixRuleInvalid,
    RouteFacts,
    RouteFilter,
    RouteRule,
    costly_part,
    edited,
    edited_preference,
    policy_of,
)
from tortie.bgp.wire import (
    AS_SEQUENCE,
    IPV4_UNICAST,
    IPV6_UNICAST,
    AttributeTable,
    Communities,
    Segment,
    communities_from_texts,
)

AS_SET = 1
AS_CONFED_SEQUENCE = 3
TABLE = AttributeTable()


def rule(action: Action = Action.ACCEPT, **conditions: Any) -> RouteRule:  # noqa: ANN401 - the fields of the dataclass
    fields: dict[str, Any] = {"family": IPV4_UNICAST, "action": action}
    return RouteRule(**(fields | conditions))


def facts(*, preference: int = 100, is_learned: bool = True, interface: str = "", **fields: Any) -> RouteFacts:  # noqa: ANN401 - attribute fields
    return RouteFacts(TABLE.intern(**fields), preference, is_learned, interface)


def is_matched(of: RouteRule, route: RouteFacts, prefix: str = "10.0.0.0/24") -> bool:
    only = RouteFilter((of,), REJECT_ALL)
    return only.given(of.family, route).edits_of(of.family, nlri(prefix)) is not None


TEN = "10.0.0.0/8"


@pytest.mark.parametrize(
    ("match", "inside", "outside"),
    [
        pytest.param(PrefixMatch(TEN), [TEN, "10.9.9.9/32"], ["0.0.0.0/0", "11.0.0.0/8"], id="In"),
        pytest.param(PrefixMatch(TEN, is_exact=True), [TEN], ["10.0.0.0/9", "0.0.0.0/0"], id="Equal"),
        pytest.param(PrefixMatch(TEN, is_negated=True), ["11.0.0.0/8", "0.0.0.0/0"], ["10.1.0.0/16"], id="NotIn"),
        pytest.param(
            PrefixMatch(TEN, is_exact=True, is_negated=True), ["10.0.0.0/9", "11.0.0.0/8"], [TEN], id="NotEqual"
        ),
        pytest.param(PrefixMatch(TEN, 16, 24), ["10.1.0.0/16", "10.1.1.0/24"], [TEN, "10.1.1.1/32"], id="length"),
        pytest.param(PrefixMatch(TEN, 4), [TEN], ["0.0.0.0/4"], id="min above the network"),
        pytest.param(PrefixMatch(TEN, None, 16), [TEN, "10.1.0.0/16"], ["10.1.1.0/24"], id="max"),
        pytest.param(PrefixMatch(TEN, None, 4), [], [TEN, "10.0.0.0/16"], id="max below the network"),
        pytest.param(PrefixMatch("0.0.0.0/0"), ["0.0.0.0/0", TEN], [], id="everything"),
    ],
)
def test_prefixes(match: PrefixMatch, inside: list[str], outside: list[str]) -> None:
    for prefix, expected in [(each, True) for each in inside] + [(each, False) for each in outside]:
        assert is_matched(rule(prefix=match), facts(), prefix) is expected, prefix


@pytest.mark.parametrize(
    ("conditions", "met", "unmet"),
    [
        pytest.param({"is_learned": True}, [{}], [{"is_learned": False}], id="source"),
        pytest.param(
            {"interface": "eth*"},
            [{"interface": "eth0"}, {"interface": "eth"}],
            [{"interface": "xeth0"}, {"interface": ""}],
            id="interface",
        ),
        pytest.param({"interface": "*"}, [{"interface": "a"}], [{"interface": ""}], id="any interface, but one"),
        pytest.param({"community": 5}, [{"communities": (1, 5)}], [{}, {"communities": (1,)}], id="community"),
        pytest.param(
            {"large_community": (1, 2, 3)},
            [{"large_communities": ((9, 9, 9), (1, 2, 3))}],
            [{}, {"large_communities": ((3, 2, 1),)}],
            id="large community",
        ),
        pytest.param({"local_pref": 7}, [{"preference": 7}], [{"preference": 100, "local_pref": 7}], id="priority"),
        pytest.param(
            {"as_path": (1, 2)},
            [
                {"as_path": (Segment(AS_SEQUENCE, (1, 2)),)},
                {"as_path": (Segment(AS_SEQUENCE, (1,)), Segment(AS_SEQUENCE, (2, 3)))},
                {"as_path": (Segment(AS_SEQUENCE, (1,)), Segment(AS_SET, (9, 2)))},
                {"as_path": (Segment(AS_CONFED_SEQUENCE, (8,)), Segment(AS_SEQUENCE, (1, 2)))},
            ],
            [
                {},
                {"as_path": (Segment(AS_SEQUENCE, (1,)),)},
                {"as_path": (Segment(AS_SEQUENCE, (2, 1)),)},
                {"as_path": (Segment(AS_SEQUENCE, (0, 1, 2)),)},
                {"as_path": (Segment(AS_SET, (1, 2)),)},
            ],
            id="beginning of the AS path",
        ),
    ],
)
def test_conditions_on_the_path(
    conditions: dict[str, Any], met: list[dict[str, Any]], unmet: list[dict[str, Any]]
) -> None:
    for fields, expected in [(each, True) for each in met] + [(each, False) for each in unmet]:
        assert is_matched(rule(**conditions), facts(**fields)) is expected, fields


def test_all_conditions_must_hold() -> None:
    both = rule(prefix=PrefixMatch(TEN), community=5)
    assert is_matched(both, facts(communities=(5,)))
    assert not is_matched(both, facts())
    assert not is_matched(both, facts(communities=(5,)), "11.0.0.0/8")


def test_the_first_rule_that_decides_ends_and_the_list_of_prefixes_stands_behind() -> None:
    rules = (
        rule(Action.NEXT, edit=Edit(prepend=(1,))),
        rule(Action.REJECT, community=5),
        rule(Action.ACCEPT, prefix=PrefixMatch(TEN), edit=Edit(local_pref=3)),
        rule(Action.REJECT, prefix=PrefixMatch(TEN)),
    )
    for rest, behind in ((ACCEPT_ALL, (Edit(prepend=(1,)),)), (REJECT_ALL, None)):
        whole = RouteFilter(rules, rest)
        verdicts = whole.given(IPV4_UNICAST, facts())
        assert verdicts.edits_of(IPV4_UNICAST, nlri("10.1.0.0/16")) == (Edit(prepend=(1,)), Edit(local_pref=3))
        assert verdicts.edits_of(IPV4_UNICAST, nlri("11.0.0.0/8")) == behind
        tagged = whole.given(IPV4_UNICAST, facts(communities=(5,)))
        assert tagged.edits_of(IPV4_UNICAST, nlri("10.1.0.0/16")) is None


def test_rules_of_the_other_family_are_passed_over() -> None:
    whole = RouteFilter((rule(Action.REJECT), rule(family=IPV6_UNICAST)), REJECT_ALL)
    assert whole.given(IPV4_UNICAST, facts()).edits_of(IPV4_UNICAST, nlri(TEN)) is None
    assert whole.given(IPV6_UNICAST, facts()).edits_of(IPV6_UNICAST, nlri("fd00::/8")) == ()


def test_a_filter_that_asks_for_prefixes_only_is_the_same_for_every_path() -> None:
    whole = RouteFilter((rule(Action.REJECT, prefix=PrefixMatch(TEN)),), ACCEPT_ALL)
    assert whole.given(IPV4_UNICAST, facts(communities=(1,))) is whole.given(IPV4_UNICAST, facts(is_learned=False))


def test_equal_filters_are_one_key_and_a_list_of_prefixes_stays_one() -> None:
    one, other = (RouteFilter((rule(community=5),), REJECT_ALL) for _ in range(2))
    assert (one, hash(one)) == (other, hash(other))
    assert one != RouteFilter((rule(community=5),), ACCEPT_ALL)
    assert policy_of((), REJECT_ALL) is REJECT_ALL
    assert costly_part(policy_of((), ACCEPT_ALL)) is None
    assert costly_part(one) is one


@pytest.mark.parametrize("prefix", ["nonsense", "fd00::/8", "10.0.0.1/8"])
def test_a_prefix_that_cannot_be_used_is_named(prefix: str) -> None:
    with pytest.raises(PrefixRuleInvalid, match=prefix):
        RouteFilter((rule(prefix=PrefixMatch(prefix)),), REJECT_ALL)


@pytest.mark.rfc("4271", "5.1.2")
def test_edits() -> None:
    before = TABLE.intern(as_path=(Segment(AS_SEQUENCE, (9,)),), communities=(1, 2), local_pref=100)
    texts = communities_from_texts(["0:2", "0:3", "1:2:3", "rt:1:2"])
    after = edited(before, (Edit(texts, prepend=(5, 6)), Edit(prepend=(7,), local_pref=4)), TABLE)
    assert after.communities == (1, 2, 3)
    assert after.large_communities == ((1, 2, 3),)
    assert after.extended_communities == texts.extended
    assert after.as_path == (Segment(AS_SEQUENCE, (7, 5, 6, 9)),)
    assert after.local_pref == 4
    assert edited(before, (Edit(Communities((1,))),), TABLE) is before
    assert edited_preference(100, (Edit(local_pref=3), Edit(local_pref=4), Edit())) == 4
    assert edited_preference(100, (Edit(),)) == 100
