"""CalicoNodeStatus and the status of pools: what people ask, what agents and controllers answer."""

from typing import Any

import pytest

from tortie.model import CalicoNodeStatus, IPPool, ResourceInvalid

SPEC = {"node": "n", "classes": ["BGP"], "updatePeriodSeconds": 10}
STATUS = {
    "lastUpdated": "2026-01-31T12:00:00Z",
    "agent": {"birdV4": {"state": "Ready", "version": "v1.6.8", "routerID": "10.0.0.1", "lastBootTime": "x"}},
    "bgp": {
        "numberEstablishedV4": 1,
        "numberNotEstablishedV4": 0,
        "numberEstablishedV6": 0,
        "numberNotEstablishedV6": 0,
        "peersV4": [{"peerIP": "10.0.0.2", "type": "NodeMesh", "state": "Established", "since": "12:00:00"}],
    },
    "routes": {
        "routesV4": [
            {
                "type": "FIB",
                "destination": "10.1.0.0/26",
                "gateway": "10.0.0.2",
                "interface": "eth0",
                "learnedFrom": {"sourceType": "NodeMesh", "peerIP": "10.0.0.2"},
            }
        ]
    },
}


def make(spec: dict[str, Any], status: dict[str, Any] | None = None) -> CalicoNodeStatus:
    return CalicoNodeStatus.from_data({"metadata": {"name": "n"}, "spec": spec, "status": status})


def test_a_whole_status_comes_back() -> None:
    assert make(SPEC, STATUS).to_data()["status"] == STATUS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"node": None}, "spec.node: missing"),
        ({"classes": []}, "spec.classes: a list: expected a list of one or more of Agent, BGP, Routes, each once"),
        ({"classes": ["BGP", "bgp"]}, "each once"),
        ({"classes": ["Route"]}, "did you mean 'Routes'?"),
        ({"updatePeriodSeconds": 86401}, "expected a whole number from 0 to 86400"),
        ({"updatePeriodSeconds": -1}, "expected a whole number from 0 to 86400"),
        ({"updatePeriodSeconds": None}, "spec.updatePeriodSeconds: missing"),
    ],
)
def test_rules(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        make(SPEC | change)
    assert message in str(caught.value)


def test_the_period_may_be_at_its_limits() -> None:
    assert [make(SPEC | {"updatePeriodSeconds": s}).spec.update_period_seconds for s in (0, 86400)] == [0, 86400]


def test_a_pool_as_a_controller_left_it_can_be_read() -> None:
    status = {"conditions": [{"type": "Allocatable", "status": "True", "reason": "OK", "message": ""}]}
    pool = IPPool.from_data({"metadata": {"name": "p"}, "spec": {"cidr": "10.0.0.0/16"}, "status": status})
    assert pool.to_data()["status"] == status
