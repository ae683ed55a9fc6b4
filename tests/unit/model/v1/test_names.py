"""v3 names of what v1 names otherwise."""

import pytest

from tortie.model.v1 import node_name, peer_name, pool_name


@pytest.mark.parametrize(
    ("v1_name", "name"),
    [
        ("kube-node1", "kube-node1"),
        ("Kube-Node1", "kube-node1"),
        ("rack/host", "rack.host"),
        ("host_1", "host-1"),
        ("host  1", "host-1"),
        ("a.-b", "a.b"),
        ("a...b", "a.b"),
        ("-a-", "a"),
        (".a.", "a"),
        ("a--b", "a--b"),
        ("é", ""),
    ],
)
def test_node_name(v1_name: str, name: str) -> None:
    assert node_name(v1_name) == name


@pytest.mark.parametrize(
    ("address", "node", "name"),
    [
        ("10.10.31.168", None, "10-10-31-168"),
        ("10.10.31.168", "kube-node1", "kube-node1.10-10-31-168"),
        ("fd00::1", None, "fd00-0000-0000-0000-0000-0000-0000-0001"),
        ("fd00::1", "n", "n.fd00-0000-0000-0000-0000-0000-0000-0001"),
    ],
)
def test_peer_name(address: str, node: str | None, name: str) -> None:
    assert peer_name(address, node) == name


@pytest.mark.parametrize(
    ("cidr", "name"),
    [
        ("192.168.0.0/16", "192-168-0-0-16"),
        ("fd00::/64", "fd00---64"),
        ("::/64", "0000-0000-0000-0000-0000-0000-0000-0000-64"),
    ],
)
def test_pool_name(cidr: str, name: str) -> None:
    assert pool_name(cidr) == name
