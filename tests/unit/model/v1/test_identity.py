"""Which stored resource a v1 command means."""

import pytest

from tortie.model import BGPPeer, IPPool, Node, Resource, ResourceInvalid
from tortie.model.v1 import V1Identity, identity_of
from tortie.model.v1.bgp_peer import Scope


def peer(name: str, **spec: object) -> BGPPeer:
    return BGPPeer.from_data({"metadata": {"name": name}, "spec": {"asNumber": 64512} | spec})


GLOBAL = peer("rr1", peerIP="10.10.31.168")
OF_N1 = peer("n1.10-10-31-168", peerIP="10.10.31.168", node="n1")
OF_N2 = peer("n2.10-10-31-168", peerIP="10.10.31.168", node="n2")
V6 = peer("v6", peerIP="fd00::1")
BY_SELECTOR = peer("sel", peerIP="10.10.31.168", nodeSelector="has(rack)")
NODE = Node.from_data({"metadata": {"name": "n1"}})
POOL = IPPool.from_data({"metadata": {"name": "my-pool"}, "spec": {"cidr": "192.168.0.0/16"}})
ALL: list[Resource] = [GLOBAL, OF_N1, OF_N2, V6, BY_SELECTOR, NODE, POOL]


@pytest.mark.parametrize(
    ("kind", "name", "scope", "node", "meant"),
    [
        ("bgpPeer", "10.10.31.168", "global", None, [GLOBAL]),
        ("bgppeers", "10.10.31.168", "node", "n1", [OF_N1]),
        ("bgpPeer", "10.10.31.168", "node", "N1", [OF_N1]),
        ("bgpPeer", "10.10.31.168", "node", None, [OF_N1, OF_N2, BY_SELECTOR]),
        ("bgpPeer", "10.10.31.168", None, None, [GLOBAL, OF_N1, OF_N2, BY_SELECTOR]),
        ("bgpPeer", None, None, None, [GLOBAL, OF_N1, OF_N2, V6, BY_SELECTOR]),
        ("bgpPeer", "FD00:0::1", "global", None, [V6]),
        ("bgpPeer", "10.0.0.9", "global", None, []),
        ("node", "N1", None, None, [NODE]),
        ("ipPool", "192.168.0.0/16", None, None, [POOL]),
        ("ipPool", None, None, None, [POOL]),
    ],
)
def test_what_is_meant(kind: str, name: str | None, scope: str | None, node: str | None, meant: list[Resource]) -> None:
    identity = V1Identity.from_arguments(kind, name, scope=scope, node=node)
    assert [resource for resource in ALL if identity.matches(resource)] == meant


@pytest.mark.parametrize("resource", [GLOBAL, OF_N1, V6, NODE, POOL])
def test_a_resource_is_what_its_identity_means(resource: Resource) -> None:
    identity = identity_of(resource)
    identity.check_complete()
    assert [other for other in ALL if identity.matches(other)] == [resource]


def test_identity_of_peers() -> None:
    assert identity_of(GLOBAL) == V1Identity("BGPPeer", "10.10.31.168", Scope.GLOBAL)
    assert identity_of(OF_N1) == V1Identity("BGPPeer", "10.10.31.168", Scope.NODE, "n1")
    assert identity_of(
        BGPPeer.from_data({"metadata": {"name": "p"}, "spec": {"peerSelector": "has(rr)"}})
    ) == V1Identity("BGPPeer", "has(rr)", Scope.GLOBAL)


@pytest.mark.parametrize(
    ("kind", "name", "scope", "node", "message"),
    [
        ("bgpPeer", "10.0.0.1", None, None, "bgpPeer '10.0.0.1': --scope: missing, expected global or node"),
        ("bgpPeer", "10.0.0.1", "node", None, "--node: missing, expected the name of a node where --scope is node"),
        ("bgpPeer", "10.0.0.1", "global", "n", "--node: 'n': expected nothing where --scope is global"),
        ("node", None, None, None, "node '': name: missing, expected what identifies the resource"),
    ],
)
def test_what_delete_needs(kind: str, name: str | None, scope: str | None, node: str | None, message: str) -> None:
    identity = V1Identity.from_arguments(kind, name, scope=scope, node=node)
    with pytest.raises(ResourceInvalid) as caught:
        identity.check_complete()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "name", "scope", "message"),
    [
        ("bgpPeer", "rr1", "global", "bgpPeer 'rr1': name: 'rr1': expected an IP address"),
        ("ipPool", "10.0.0.1/8", None, "ipPool '10.0.0.1/8': name: '10.0.0.1/8': expected a network without host bits"),
        ("bgpPeer", "10.0.0.1", "rack", "bgpPeer '10.0.0.1': --scope: 'rack': expected global or node"),
    ],
)
def test_arguments_of_the_wrong_form(kind: str, name: str, scope: str | None, message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        V1Identity.from_arguments(kind, name, scope=scope)
    assert message in str(caught.value)
