"""Tests of tortie.fabric.topology: the seed's topology, and one row for each error."""

from copy import deepcopy
from typing import Any

import pytest

from tortie.fabric import Container, DocumentInvalid, Interface, Lan, topology_from_dict

SEED: dict[str, Any] = {
    "name": "seed",
    "description": "four hosts and a reflector on one LAN",
    "as": 64512,
    "pool": {"cidr": "192.168.0.0/16", "block_size": 26},
    "api_host": "kube-master",
    "lans": [{"name": "lan", "subnet": "10.10.31.0/24", "subnet_v6": "fd00::/64"}],
    "hosts": [
        {
            "name": "kube-master",
            "interfaces": [{"lan": "lan", "address": "10.10.31.190", "address_v6": "FD00::190"}],
            "containers": 2,
            "reflectors": ["node1"],
        },
        {
            "name": "kube-node1",
            "interfaces": [{"lan": "lan", "address": "10.10.31.193"}],
            "containers": ["web"],
            "is_router": True,
            "gateway": "10.10.31.1",
        },
    ],
    "reflectors": [
        {"name": "node1", "cluster_id": "1.0.0.1", "interfaces": [{"lan": "lan", "address": "10.10.31.168"}]}
    ],
}


def test_what_is_read() -> None:
    topology = topology_from_dict(SEED, "seed.yaml")
    assert (topology.name, topology.as_number, topology.api_host) == ("seed", 64512, "kube-master")
    assert (topology.pool, topology.block_size) == ("192.168.0.0/16", 26)
    assert topology.lan("lan") == Lan("lan", "10.10.31.0/24", "fd00::/64")
    master, other = topology.hosts
    assert master.interfaces == (Interface("lan", "10.10.31.190", "fd00::190"),)
    assert (master.address, master.address_v6, master.reflectors) == ("10.10.31.190", "fd00::190", ("node1",))
    assert (other.is_router, other.gateway, other.address_v6) == (True, "10.10.31.1", None)
    assert topology.containers == (
        Container("kube-master-c1", "kube-master"),
        Container("kube-master-c2", "kube-master"),
        Container("web", "kube-node1"),
    )
    (reflector,) = topology.reflectors
    assert (reflector.name, reflector.cluster_id, reflector.containers) == ("node1", "1.0.0.1", ())


def test_defaults() -> None:
    topology = topology_from_dict(
        {
            "name": "small",
            "pool": {"cidr": "10.244.0.0/16"},
            "lans": [{"name": "lan", "subnet": "10.0.0.0/24"}],
            "hosts": [{"name": "n1", "interfaces": [{"lan": "lan", "address": "10.0.0.1"}]}],
        }
    )
    assert (topology.as_number, topology.block_size, topology.api_host) == (64512, 26, None)
    assert (topology.reflectors, topology.containers, topology.description) == ((), (), "")


def changed(path: str, value: object) -> dict[str, Any]:
    """The seed's document with one value changed; a path is names and numbers with dots between."""
    content = deepcopy(SEED)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = content
    for step in steps:
        place = place[step]
    place[last] = value
    return content


IDENTIFIER = "lower case letters, digits and '-', at most 63 characters"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("name", "Seed lab", f"name: 'Seed lab', expected {IDENTIFIER}"),
        ("name", None, "name: missing, expected text"),
        ("hosts.0.name", "a" * 64, f"hosts[0].name: '{'a' * 64}', expected {IDENTIFIER}"),
        ("as", 0, "as: 0, expected a whole number from 1 to 4294967295"),
        ("as", 4294967296, "as: 4294967296, expected a whole number from 1 to 4294967295"),
        ("pool", "192.168.0.0/16", "pool: '192.168.0.0/16', expected a mapping"),
        (
            "pool.cidr",
            "192.168.0.1/16",
            "pool.cidr: '192.168.0.1/16', expected an IPv4 network without host bits, with its prefix length",
        ),
        ("pool.cidr", "192.168.0.0/27", "pool.cidr: '192.168.0.0/27', expected a pool of at least one block (/26)"),
        ("pool.block_size", 33, "pool.block_size: 33, expected a whole number from 20 to 32"),
        ("pool.block_size", 19, "pool.block_size: 19, expected a whole number from 20 to 32"),
        ("api_host", "node1", "api_host: 'node1', expected one of the hosts kube-master, kube-node1"),
        ("lans", [], "lans: a list, expected at least one LAN"),
        (
            "lans.0.subnet",
            "fd00::/64",
            "lans[0].subnet: 'fd00::/64', expected an IPv4 network without host bits, with its prefix length",
        ),
        (
            "lans.0.subnet_v6",
            "10.0.0.0/8",
            "lans[0].subnet_v6: '10.0.0.0/8', expected an IPv6 network without host bits, with its prefix length",
        ),
        ("hosts.0.interfaces", [], "hosts[0].interfaces: a list, expected at least one interface"),
        ("hosts.0.interfaces.0.lan", "wan", "hosts[0].interfaces[0].lan: 'wan', expected one of the LANs lan"),
        (
            "hosts.0.interfaces.0.address",
            "10.10.32.1",
            "hosts[0].interfaces[0].address: '10.10.32.1', expected an address in 10.10.31.0/24",
        ),
        (
            "hosts.0.interfaces.0.address",
            "none",
            "hosts[0].interfaces[0].address: 'none', expected an address in 10.10.31.0/24",
        ),
        (
            "hosts.0.interfaces.0.address_v6",
            "fd01::1",
            "hosts[0].interfaces[0].address_v6: 'fd01::1', expected an address in fd00::/64",
        ),
        ("hosts.0.gateway", "10.10.31", "hosts[0].gateway: '10.10.31', expected an IPv4 address"),
        ("hosts.0.containers", -1, "hosts[0].containers: -1, expected a whole number from 0 to 1000"),
        ("hosts.0.containers", 1001, "hosts[0].containers: 1001, expected a whole number from 0 to 1000"),
        ("hosts.0.containers", [1], "hosts[0].containers[0]: 1, expected text"),
        ("hosts.0.is_router", "yes", "hosts[0].is_router: 'yes', expected true or false"),
        (
            "hosts.0.reflectors",
            ["node1", "rr2"],
            "hosts[0].reflectors[1]: 'rr2', expected one of the reflectors node1",
        ),
        (
            "hosts.0.cluster_id",
            "1.0.0.1",
            "hosts[0].cluster_id: '1.0.0.1', expected no such field "
            "(known here: name, interfaces, gateway, is_router, containers, reflectors)",
        ),
        (
            "reflectors.0.cluster_id",
            "1",
            "reflectors[0].cluster_id: '1', expected a cluster id in IPv4 notation, such as 1.0.0.1",
        ),
        ("reflectors.0.cluster_id", "0.0.0.0", "reflectors[0].cluster_id: '0.0.0.0', expected a cluster id other"),
        (
            "reflectors.0.containers",
            1,
            "reflectors[0].containers: 1, expected no such field (known here: name, interfaces, gateway, cluster_id)",
        ),
        (
            "hosts.1.name",
            "node1",
            "hosts and reflectors: 'node1', expected a name that no other has",
        ),
        (
            "hosts.1.interfaces.0.address",
            "10.10.31.168",
            "interfaces: '10.10.31.168', expected an address that no other has",
        ),
        ("hosts.1.containers", ["a", "a"], "containers: 'a', expected a name that no other has"),
        ("lans", [SEED["lans"][0], SEED["lans"][0]], "lans[1].name: 'lan', expected a name that no other LAN has"),
        ("lan", [], "lan: a list, expected no such field (known here: name, description,"),
    ],
)
def test_errors_name_field_value_and_expectation(path: str, value: object, message: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        topology_from_dict(changed(path, value), "seed.yaml")
    assert str(caught.value).startswith(f"seed.yaml: {message}")


def test_an_ipv6_address_needs_a_lan_with_an_ipv6_subnet() -> None:
    content = changed("lans.0.subnet_v6", None)
    with pytest.raises(DocumentInvalid, match="expected no such field, LAN lan has no subnet_v6"):
        topology_from_dict(content)


@pytest.mark.parametrize("content", [None, [], "seed"], ids=repr)
def test_a_document_that_is_none(content: object) -> None:
    with pytest.raises(DocumentInvalid, match=r"^topology: .*expected a mapping$"):
        topology_from_dict(content)
