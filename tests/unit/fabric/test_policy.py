"""Tests of tortie.fabric.policy: what a node may announce, one row a decision."""

import pytest

from support.fabric import accepts, block, configuration, fabric, node, pool
from tortie.fabric import FilterRule, RouteRule, node_intent
from tortie.fabric.policy import export_filter

RESOURCES = [
    node("n1", "10.0.0.1", "fd00::1"),
    node("n2", "10.0.0.2", "fd00::2"),
    pool("pool", "192.168.0.0/16"),
    pool("off", "172.16.0.0/16", disabled=True),
    pool("hidden", "172.17.0.0/16", disableBGPExport=True),
    pool("pool6", "fd10::/64"),
    block("n1", "192.168.1.0/26"),
    block("n1", "192.168.2.1/32"),
    block("n1", "172.16.1.0/26"),
    block("n1", "172.17.1.0/26"),
    block("n1", "10.99.0.0/26"),
    block("n1", "fd10::40/122"),
    block("n1", "192.168.3.0/26", "pendingDeletion"),
]


@pytest.mark.rfc("8212", "2.2")
@pytest.mark.parametrize(
    ("prefix", "is_accepted"),
    [
        pytest.param("192.168.1.0/26", True, id="own block"),
        pytest.param("192.168.1.5/32", False, id="beneath an own block"),
        pytest.param("192.168.1.0/27", False, id="half an own block"),
        pytest.param("192.168.2.1/32", True, id="own block of one address"),
        pytest.param("192.168.7.7/32", True, id="address of another's block, in a pool"),
        pytest.param("192.168.8.0/26", True, id="another's block, learned"),
        pytest.param("192.168.3.0/26", True, id="block on its way out, still in a pool"),
        pytest.param("192.168.0.0/16", True, id="the pool itself"),
        pytest.param("192.0.0.0/8", False, id="more than the pool"),
        pytest.param("172.16.1.0/26", True, id="own block in a disabled pool"),
        pytest.param("172.16.9.9/32", False, id="disabled pool"),
        pytest.param("172.17.1.0/26", False, id="own block in a pool that is not announced"),
        pytest.param("172.17.9.9/32", False, id="pool that is not announced"),
        pytest.param("10.99.0.0/26", True, id="own block outside every pool"),
        pytest.param("10.0.0.0/24", False, id="the hosts' LAN"),
        pytest.param("0.0.0.0/0", False, id="the default route"),
    ],
)
def test_export_over_ipv4(prefix: str, is_accepted: bool) -> None:
    session = node_intent(fabric(*RESOURCES), "n1").sessions[0]
    assert accepts(session.export_filter, prefix) is is_accepted


@pytest.mark.parametrize(
    ("prefix", "is_accepted"),
    [("fd10::40/122", True), ("fd10::41/128", False), ("fd10::99/128", True), ("fd11::/64", False), ("::/0", False)],
)
def test_export_over_ipv6(prefix: str, is_accepted: bool) -> None:
    session = node_intent(fabric(*RESOURCES), "n1").sessions[1]
    assert accepts(session.export_filter, prefix) is is_accepted


def test_import_takes_everything() -> None:
    for session in node_intent(fabric(*RESOURCES), "n1").sessions:
        assert (session.import_filter.rules, session.import_filter.default_accept) == ((), True)


def test_a_session_has_rules_of_its_family_only() -> None:
    over_v4, over_v6 = node_intent(fabric(*RESOURCES), "n1").sessions
    assert not any(":" in rule.prefix for rule in over_v4.export_filter.rules)
    assert all(":" in rule.prefix for rule in over_v6.export_filter.rules)


def test_the_rules_themselves() -> None:
    pools = fabric(*RESOURCES).pools
    assert export_filter("ipv4", ("192.168.1.0/26", "192.168.2.1/32"), pools).rules == (
        FilterRule("172.17.0.0/16", None, accept=False),
        FilterRule("192.168.1.0/26", 26, accept=True),
        FilterRule("192.168.1.0/26", None, accept=False),
        FilterRule("192.168.2.1/32", 32, accept=True),
        FilterRule("192.168.0.0/16", None, accept=True),
    )


def test_without_pools_and_blocks_nothing_leaves() -> None:
    policy = export_filter("ipv4", (), ())
    assert (policy.rules, policy.default_accept) == ((), False)


def test_communities_go_with_prefixes_whatever_becomes_of_them() -> None:
    settings = configuration(
        communities=[{"name": "blue", "value": "65000:7"}],
        prefixAdvertisements=[
            {"cidr": "192.168.0.0/16", "communities": ["blue", "65000:1:2", "65000:7"]},
            {"cidr": "fd10::/64", "communities": ["65000:9"]},
        ],
    )
    own = configuration("node.n2", prefixAdvertisements=[{"cidr": "10.0.0.0/8", "communities": ["65000:8"]}])
    whole = fabric(*RESOURCES, settings, own)
    tagged = {name: node_intent(whole, name).sessions[0].export_filter.route_rules for name in ("n1", "n2")}
    assert tagged["n1"] == (
        RouteRule(family="ipv4", action="next", prefix="192.168.0.0/16", add_communities=("65000:1:2", "65000:7")),
    )
    assert tagged["n2"] == (RouteRule(family="ipv4", action="next", prefix="10.0.0.0/8", add_communities=("65000:8",)),)
