"""Tests of tortie.fabric.workloads: what a node announces, blackholes and routes."""

import pytest

from support.fabric import block, endpoint, fabric, node
from tortie.fabric import NodeIntent, WorkloadRoute, node_intent
from tortie.model import Resource


def intent_of(*resources: Resource) -> NodeIntent:
    return node_intent(fabric(node("n1", "10.0.0.1"), *resources), "n1")


@pytest.mark.parametrize(
    ("resources", "originated", "blackholes"),
    [
        pytest.param([], (), (), id="nothing"),
        pytest.param([block("n1", "192.168.1.0/26")], ("192.168.1.0/26",), ("192.168.1.0/26",), id="own block"),
        pytest.param([block("n1", "192.168.1.0/26", "")], ("192.168.1.0/26",), ("192.168.1.0/26",), id="no state"),
        pytest.param([block("n2", "192.168.1.0/26")], (), (), id="another node's block"),
        pytest.param([block("n1", "192.168.1.0/26", "pending")], (), (), id="pending"),
        pytest.param(
            [block("n1", "192.168.1.0/26", "pendingDeletion")], (), ("192.168.1.0/26",), id="pending deletion"
        ),
        pytest.param([block("n1", "192.168.1.0/26", deleted=True)], (), (), id="deleted"),
        pytest.param([block("n1", "192.168.1.0/26", type="virtual")], (), (), id="virtual"),
        pytest.param([block("n1", "192.168.1.1/32")], ("192.168.1.1/32",), (), id="block of one address"),
        pytest.param([block("n1", "fd10::1/128")], ("fd10::1/128",), (), id="IPv6 block of one address"),
        pytest.param(
            [block("n1", "192.168.1.0/26"), endpoint("p", "n1", "192.168.1.5")],
            ("192.168.1.0/26",),
            ("192.168.1.0/26",),
            id="workload in an own block",
        ),
        pytest.param(
            [block("n1", "192.168.1.0/26"), endpoint("p", "n1", "192.168.2.5")],
            ("192.168.1.0/26", "192.168.2.5/32"),
            ("192.168.1.0/26",),
            id="workload with a borrowed address",
        ),
        pytest.param(
            [block("n1", "192.168.1.0/26", "pendingDeletion"), endpoint("p", "n1", "192.168.1.5")],
            ("192.168.1.5/32",),
            ("192.168.1.0/26",),
            id="workload in a block on its way out",
        ),
        pytest.param(
            [block("n1", "192.168.1.1/32"), endpoint("p", "n1", "192.168.1.1")],
            ("192.168.1.1/32",),
            (),
            id="workload that is the whole block",
        ),
        pytest.param(
            [block("n1", "192.168.10.0/26"), block("n1", "192.168.9.0/26"), block("n1", "fd10::/122")],
            ("192.168.9.0/26", "192.168.10.0/26", "fd10::/122"),
            ("192.168.9.0/26", "192.168.10.0/26", "fd10::/122"),
            id="sorted by number, IPv4 first",
        ),
    ],
)
def test_announced_and_blackholed(
    resources: list[Resource], originated: tuple[str, ...], blackholes: tuple[str, ...]
) -> None:
    intent = intent_of(*resources)
    assert (intent.originated, intent.blackholes) == (originated, blackholes)


def test_kernel_routes_of_workloads() -> None:
    intent = intent_of(
        endpoint("b", "n1", "192.168.1.10", interface="cali1"),
        endpoint("a", "n1", "192.168.1.9/32", "fd10::9/128", interface="cali2"),
        endpoint("c", "n2", "192.168.1.11", interface="cali3"),
    )
    assert intent.workloads == (
        WorkloadRoute("192.168.1.9/32", "cali2"),
        WorkloadRoute("192.168.1.10/32", "cali1"),
        WorkloadRoute("fd10::9/128", "cali2"),
    )


def test_of_two_workloads_with_one_address_the_older_keeps_it() -> None:
    intent = intent_of(
        endpoint("new", "n1", "192.168.1.9", interface="cali1", created="2026-01-02T00:00:00Z"),
        endpoint("old", "n1", "192.168.1.9", interface="cali2", created="2026-01-01T00:00:00Z"),
    )
    assert intent.workloads == (WorkloadRoute("192.168.1.9/32", "cali2"),)
    assert [entry.name for entry in intent.quarantine] == ["default/new"]
