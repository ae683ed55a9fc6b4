"""IPPool: one row per rule."""

import pytest

from tortie.model import IPPool, IPPoolSpec, ResourceInvalid


def make(**spec: object) -> IPPool:
    return IPPool.from_data({"metadata": {"name": "p"}, "spec": {"cidr": "192.168.0.0/16"} | spec})


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        ({}, 26),
        ({"blockSize": None}, 26),
        ({"blockSize": 0}, 26),
        ({"blockSize": 20}, 20),
        ({"blockSize": 32}, 32),
        ({"cidr": "fd00::/64"}, 122),
        ({"cidr": "fd00::/64", "blockSize": 116}, 116),
        ({"cidr": "fd00::/64", "blockSize": 128}, 128),
    ],
)
def test_block_size(spec: dict[str, object], size: int) -> None:
    assert make(**spec).spec.block_size == size


def test_block_size_is_filled_in_for_our_own_constructor_too() -> None:
    assert IPPoolSpec(cidr="fd00::/64").block_size == 122
    assert IPPoolSpec(cidr="10.0.0.0/16", block_size=24).block_size == 24


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"cidr": "192.168.0.1/16"}, "spec.cidr: '192.168.0.1/16': expected a network without host bits"),
        ({"cidr": None}, "spec.cidr: missing, expected a network such as 192.168.0.0/16"),
        ({"blockSize": 19}, "spec.blockSize: 19: expected a block size from 20 to 32 (IPv4)"),
        ({"blockSize": 33}, "spec.blockSize: 33: expected a block size from 20 to 32 (IPv4)"),
        ({"cidr": "fd00::/64", "blockSize": 115}, "spec.blockSize: 115: expected a block size from 116 to 128 (IPv6)"),
        ({"cidr": "10.0.0.0/27"}, "spec.cidr: '10.0.0.0/27': expected a pool of at least one block (/26)"),
        ({"cidr": "169.254.0.0/16"}, "spec.cidr: '169.254.0.0/16': expected a network that is not link-local"),
        ({"cidr": "fe80::/64"}, "expected a network that is not link-local"),
        ({"ipipMode": "Always", "vxlanMode": "CrossSubnet"}, "spec.vxlanMode: 'CrossSubnet': expected Never where"),
        ({"cidr": "fd00::/64", "ipipMode": "Always"}, "spec.ipipMode: 'Always': expected Never (IPIP carries no IPv6)"),
        ({"ipipMode": "cross-subnet"}, "expected one of Never, Always, CrossSubnet (did you mean 'CrossSubnet'?)"),
        ({"allowedUses": ["LoadBalancer", "Workload"]}, "spec.allowedUses: a list: expected LoadBalancer alone"),
        ({"allowedUses": ["LoadBalancer"], "ipipMode": "Always"}, "spec.ipipMode: 'Always': expected Never where"),
        ({"allowedUses": ["LoadBalancer"], "vxlanMode": "Always"}, "spec.vxlanMode: 'Always': expected Never where"),
        ({"allowedUses": ["LoadBalancer"], "disableBGPExport": True}, "spec.disableBGPExport: true: expected false"),
        ({"allowedUses": ["LoadBalancer"], "nodeSelector": "has(a)"}, "spec.nodeSelector: 'has(a)': expected all()"),
        ({"nodeSelector": "has("}, "spec.nodeSelector: 'has(': expected a selector"),
        ({"natOutgoing": "true"}, "spec.natOutgoing: 'true': expected true or false"),
    ],
)
def test_rules(spec: dict[str, object], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        make(**spec)
    assert message in str(caught.value)


def test_a_disabled_pool_may_be_smaller_than_a_block() -> None:
    assert make(cidr="10.0.0.0/27", disabled=True).spec.disabled


def test_a_pool_of_one_block() -> None:
    assert make(cidr="10.0.0.0/26").spec.cidr == "10.0.0.0/26"


def test_modes_count_in_any_case_and_empty_is_never() -> None:
    assert make(ipipMode="crosssubnet", vxlanMode="").spec.ipip_mode == "CrossSubnet"


def test_what_is_written_shows_the_defaults() -> None:
    assert make().to_data()["spec"] == {
        "cidr": "192.168.0.0/16",
        "ipipMode": "Never",
        "vxlanMode": "Never",
        "natOutgoing": False,
        "disabled": False,
        "disableBGPExport": False,
        "blockSize": 26,
        "nodeSelector": "all()",
        "allowedUses": ["Workload", "Tunnel"],
        "assignmentMode": "Automatic",
    }
    assert not make().is_ipv6
    assert make(cidr="fd00::/64").is_ipv6
