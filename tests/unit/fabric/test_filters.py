"""Tests of tortie.fabric.filters: from BGPFilters to the rules of sessions."""

from typing import Any

import pytest

from support.fabric import MESH_OFF, able_fabric, bgp_filter, node, peer, pool, session_with
from tortie.fabric import NodeIntent, RouteRule, SessionIntent, node_intent

PEER = "192.0.2.1"
ACCEPT: dict[str, Any] = {"action": "Accept"}
REJECT: dict[str, Any] = {"action": "Reject"}


def session(*filters: Any, as_number: int = 65000, **spec: Any) -> SessionIntent:  # noqa: ANN401 - resources, as in a manifest
    """The session of n1 with a router that has some filters."""
    names = [each.name for each in filters]
    edge = peer("edge", PEER, asNumber=as_number, filters=names, **spec)
    whole = able_fabric(node("n1", "10.0.0.1", "fd00::1"), MESH_OFF, pool("p", "192.168.0.0/16"), edge, *filters)
    return session_with(node_intent(whole, "n1"), PEER)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(ACCEPT, {"action": "accept"}, id="everything"),
        pytest.param(
            REJECT | {"cidr": "10.0.0.0/8", "matchOperator": "NotIn"},
            {"action": "reject", "prefix": "10.0.0.0/8", "operator": "NotIn"},
            id="prefix",
        ),
        pytest.param(
            ACCEPT | {"cidr": "10.0.0.0/8", "matchOperator": "Equal", "prefixLength": {"min": 9, "max": 24}},
            {"action": "accept", "prefix": "10.0.0.0/8", "operator": "Equal", "length_min": 9, "length_max": 24},
            id="length",
        ),
        pytest.param(ACCEPT | {"source": "RemotePeers"}, {"action": "accept", "is_learned": True}, id="source"),
        pytest.param(REJECT | {"interface": "eth*"}, {"action": "reject", "interface": "eth*"}, id="interface"),
        pytest.param(
            REJECT | {"communities": {"values": ["65000:1:2"]}},
            {"action": "reject", "community": "65000:1:2"},
            id="community",
        ),
        pytest.param(REJECT | {"asPathPrefix": [1, "2"]}, {"action": "reject", "as_path": (1, 2)}, id="AS path"),
        pytest.param(REJECT | {"priority": 7}, {"action": "reject", "priority": 7}, id="priority"),
        pytest.param(
            ACCEPT
            | {
                "operations": [
                    {"addCommunity": {"value": "65000:1"}},
                    {"prependASPath": {"prefix": [1, 2]}},
                    {"setPriority": {"value": 5}},
                    {"addCommunity": {"value": "65000:1:2"}},
                    {"prependASPath": {"prefix": [3]}},
                    {"setPriority": {"value": 6}},
                ]
            },
            {
                "action": "accept",
                "add_communities": ("65000:1", "65000:1:2"),
                "prepend": (3, 1, 2),
                "set_priority": 6,
            },
            id="operations in their order",
        ),
    ],
)
def test_a_rule(rule: dict[str, Any], expected: dict[str, Any]) -> None:
    found = session(bgp_filter("f", importV4=[rule]))
    assert found.import_filter.route_rules == (RouteRule(family="ipv4", **expected),)
    assert found.export_filter.is_plain


def test_filters_stand_in_the_order_of_the_record_before_what_the_node_does_anyway() -> None:
    one = bgp_filter("one", exportV4=[REJECT | {"priority": 1}], exportV6=[REJECT])
    two = bgp_filter("two", exportV4=[REJECT | {"priority": 2}])
    plain = session()
    for filters, priorities in (((one, two), [1, 2]), ((two, one), [2, 1])):
        found = session(*filters)
        assert [rule.priority for rule in found.export_filter.route_rules] == priorities
        assert found.export_filter.rules == plain.export_filter.rules
        assert found.import_filter == plain.import_filter


def test_a_session_has_the_rules_of_the_families_that_it_carries() -> None:
    both = bgp_filter("f", importV4=[REJECT], importV6=[ACCEPT])
    assert [rule.family for rule in session(both).import_filter.route_rules] == ["ipv4"]
    carried = session(both, annotations={"tortie/families": "ipv4,ipv6"})
    assert [rule.family for rule in carried.import_filter.route_rules] == ["ipv4", "ipv6"]


@pytest.mark.parametrize(
    ("as_number", "spec", "kept"),
    [(64512, {}, "iBGP"), (65000, {}, "eBGP"), (64512, {"localASNumber": 65001}, "eBGP")],
)
def test_rules_for_the_other_kind_of_session_are_left_out(as_number: int, spec: dict[str, Any], kept: str) -> None:
    """What counts is the AS number that the session speaks as."""
    priorities = {"iBGP": 1, "eBGP": 2}
    rules = [REJECT | {"peerType": kind, "priority": number} for kind, number in priorities.items()]
    found = session(bgp_filter("f", importV4=[*rules, ACCEPT]), as_number=as_number, **spec)
    assert [rule.priority for rule in found.import_filter.route_rules] == [priorities[kept], None]


def test_an_intent_with_filters_comes_back_the_same() -> None:
    rule = ACCEPT | {"asPathPrefix": [1], "operations": [{"prependASPath": {"prefix": [4200000000]}}]}
    edge = peer("edge", PEER, asNumber=65000, filters=["f"])
    length = {"cidr": "10.0.0.0/8", "matchOperator": "NotEqual", "prefixLength": {"max": 0}}
    whole = able_fabric(
        node("n1", "10.0.0.1"), MESH_OFF, edge, bgp_filter("f", importV4=[rule, REJECT | length], exportV4=[rule])
    )
    intent = node_intent(whole, "n1")
    assert NodeIntent.from_json(intent.to_json()) == intent
