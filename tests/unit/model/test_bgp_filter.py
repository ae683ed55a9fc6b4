"""BGPFilter: one row per rule of a rule."""

from typing import Any

import pytest

from tortie.model import BGPFilter, ResourceInvalid, from_stored, load_manifests, local_pref_of_priority, to_stored
from tortie.model.bgp_filter import OPERATION_COUNT_MAX, PREPEND_COUNT_MAX, PRIORITY_MAX

ADD = {"addCommunity": {"value": "65000:1"}}
ACCEPT = {"action": "Accept"}


def make(rule: dict[str, Any], where: str = "importV4") -> BGPFilter:
    return BGPFilter.from_data({"metadata": {"name": "f"}, "spec": {where: [rule]}})


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        (ACCEPT, "exportV6"),
        ({"action": "reject"}, "importV4"),
        (ACCEPT | {"cidr": "10.0.0.0/8", "matchOperator": "In", "prefixLength": {"min": 0, "max": 32}}, "exportV4"),
        (ACCEPT | {"cidr": "fd00::/8", "matchOperator": "NotIn", "prefixLength": {"max": 128}}, "importV6"),
        (ACCEPT | {"source": "RemotePeers", "interface": "*", "peerType": "eBGP"}, "importV4"),
        (ACCEPT | {"communities": {"values": ["1:2:4294967295"]}, "asPathPrefix": ["1.10", 4294967295]}, "importV4"),
        (ACCEPT | {"priority": PRIORITY_MAX, "operations": [{"setPriority": {"value": 1}}]}, "importV4"),
        (ACCEPT | {"operations": [{"prependASPath": {"prefix": [1] * PREPEND_COUNT_MAX}}]}, "exportV4"),
        (ACCEPT | {"operations": [ADD] * OPERATION_COUNT_MAX}, "exportV4"),
        (ACCEPT | {"interface": "a" * 15}, "exportV4"),
    ],
)
def test_good_rules_come_back_from_the_datastore(rule: dict[str, Any], where: str) -> None:
    resource = make(rule, where)
    assert from_stored(*to_stored(resource)) == resource


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "action: missing, expected Accept or Reject"),
        ({"action": "Acept"}, "action: 'Acept': expected one of Accept, Reject (did you mean 'Accept'?)"),
        (ACCEPT | {"cidr": "10.0.0.0/8"}, "matchOperator: missing, expected one of Equal, NotEqual, In, NotIn where"),
        (ACCEPT | {"matchOperator": "In"}, "cidr: missing, expected a network where matchOperator"),
        (ACCEPT | {"cidr": "fd00::/8", "matchOperator": "In"}, "cidr: 'fd00::/8': expected an IPv4 network"),
        (ACCEPT | {"cidr": "10.0.0.1/8", "matchOperator": "In"}, "expected a network without host bits"),
        (ACCEPT | {"prefixLength": {"min": 8}}, "prefixLength: a mapping: expected nothing without cidr"),
        (
            ACCEPT | {"cidr": "10.0.0.0/8", "matchOperator": "In", "prefixLength": {"max": 33}},
            "prefixLength.max: 33: expected a whole number from 0 to 32",
        ),
        (
            ACCEPT | {"cidr": "10.0.0.0/8", "matchOperator": "In", "prefixLength": {"min": 9, "max": 8}},
            "prefixLength.max: 8: expected a length not below min",
        ),
        (ACCEPT | {"source": "Remote"}, "source: 'Remote': expected one of RemotePeers"),
        (ACCEPT | {"interface": "a" * 16}, "expected the name of an interface"),
        (ACCEPT | {"interface": ""}, "expected the name of an interface"),
        (ACCEPT | {"peerType": "bgp"}, "peerType: 'bgp': expected one of eBGP, iBGP"),
        (ACCEPT | {"communities": {"values": []}}, "communities.values: a list: expected a list of exactly one entry"),
        (ACCEPT | {"communities": {"values": ["1:2", "1:3"]}}, "expected a list of exactly one entry"),
        (ACCEPT | {"communities": {"values": ["65536:1"]}}, "communities.values[0]: '65536:1': expected a community"),
        (ACCEPT | {"asPathPrefix": []}, "asPathPrefix: a list: expected a list of at least 1 entry"),
        (ACCEPT | {"asPathPrefix": [0]}, "asPathPrefix[0]: 0: expected an AS number"),
        (ACCEPT | {"priority": 0}, "priority: 0: expected a whole number from 1 to 2147483646"),
        (ACCEPT | {"priority": PRIORITY_MAX + 1}, "expected a whole number from 1 to 2147483646"),
        ({"action": "Reject", "operations": [ADD]}, "operations: a list: expected nothing where action is Reject"),
        (ACCEPT | {"operations": []}, "operations: a list: expected a list of 1 to 10 entries"),
        (ACCEPT | {"operations": [ADD] * (OPERATION_COUNT_MAX + 1)}, "expected a list of 1 to 10 entries"),
        (ACCEPT | {"operations": [{}]}, "operations[0]: a mapping: expected exactly one of addCommunity"),
        (ACCEPT | {"operations": [ADD | {"setPriority": {"value": 1}}]}, "expected exactly one of addCommunity"),
        (
            ACCEPT | {"operations": [{"prependASPath": {"prefix": [1] * (PREPEND_COUNT_MAX + 1)}}]},
            "prependASPath.prefix: ",
        ),
        (ACCEPT | {"operations": [{"prependASPath": {"prefix": []}}]}, "expected a list of 1 to 10 entries"),
        (ACCEPT | {"matchoperator": "In"}, "did you mean 'matchOperator'?"),
    ],
)
def test_rules(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        make(rule)
    assert "spec.importV4[0]" in str(caught.value)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


def test_lengths_of_ipv6_go_to_128() -> None:
    rule = ACCEPT | {"cidr": "fd00::/8", "matchOperator": "In", "prefixLength": {"max": 129}}
    with pytest.raises(ResourceInvalid, match="129: expected a whole number from 0 to 128"):
        make(rule, "exportV6")
    with pytest.raises(ResourceInvalid, match="expected an IPv6 network"):
        make(ACCEPT | {"cidr": "10.0.0.0/8", "matchOperator": "In"}, "exportV6")


def test_scalars_that_yaml_would_read_otherwise() -> None:
    text = """
apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: f}
spec:
  importV4:
  - {action: Accept, communities: {values: [100:5]}, asPathPrefix: [1.10], operations: [{addCommunity: {value: 20:30}}]}
"""
    (resource,) = load_manifests(text, "f.yaml")
    assert isinstance(resource, BGPFilter)
    (rule,) = resource.import_rules(4)
    assert rule.communities is not None
    assert rule.communities.values == ("100:5",)
    assert rule.as_path_prefix == (65546,)
    assert rule.operations is not None
    assert rule.operations[0].add_community is not None
    assert rule.operations[0].add_community.value == "20:30"


def test_rules_by_direction_and_family() -> None:
    spec = {
        name: [{"action": "Accept", "interface": name}] for name in ("importV4", "importV6", "exportV4", "exportV6")
    }
    resource = BGPFilter.from_data({"metadata": {"name": "f"}, "spec": spec})
    assert [
        rules[0].interface
        for rules in (
            resource.import_rules(4),
            resource.import_rules(6),
            resource.export_rules(4),
            resource.export_rules(6),
        )
    ] == ["importV4", "importV6", "exportV4", "exportV6"]
    assert BGPFilter.from_data({"metadata": {"name": "f"}}).import_rules(4) == ()


def test_the_lower_the_priority_the_greater_the_local_pref() -> None:
    assert local_pref_of_priority(1) == 2147483646
    assert local_pref_of_priority(PRIORITY_MAX) == 1
