"""Values of the datastore: the forms that the seed, calicoctl and Calico's IPAM write."""

import json

import pytest

from tortie.model import (
    BGPPeer,
    BlockAffinity,
    IPAMBlock,
    IPAMHandle,
    Node,
    Resource,
    ResourceInvalid,
    RouteReflector,
    from_stored,
    to_stored,
)

V3 = "/calico/resources/v3/projectcalico.org"


def test_seed_record_of_a_reflector() -> None:
    key, value = "/calico/bgp/v1/rr_v4/10.10.31.168", b'{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'
    reflector = from_stored(key, value)
    assert isinstance(reflector, RouteReflector)
    assert (reflector.name, reflector.spec.ip, reflector.spec.cluster_id) == ("10.10.31.168", "10.10.31.168", "1.0.0.1")
    assert not reflector.is_ipv6
    assert to_stored(reflector) == (key, value)


def test_ipv6_reflector_may_be_written_in_any_form() -> None:
    reflector = from_stored("/calico/bgp/v1/rr_v6/FD00:0::1", b'{"ip":"fd00::0:1","cluster_id":""}')
    assert isinstance(reflector, RouteReflector)
    assert (reflector.name, reflector.spec.cluster_id, reflector.is_ipv6) == ("fd00::1", "", True)
    assert to_stored(reflector)[0] == "/calico/bgp/v1/rr_v6/fd00::1"


def test_reflector_without_cluster_id() -> None:
    reflector = from_stored("/calico/bgp/v1/rr_v4/10.0.0.1", b'{"ip":"10.0.0.1"}')
    assert to_stored(reflector)[1] == b'{"ip":"10.0.0.1","cluster_id":""}'


def test_affinity_as_calico_writes_it() -> None:
    key, value = (
        "/calico/ipam/v2/host/kube-master/ipv4/block/192.168.221.64-26",
        b'{"state":"confirmed","deleted":false}',
    )
    affinity = from_stored(key, value)
    assert isinstance(affinity, BlockAffinity)
    assert (affinity.name, affinity.spec.node, affinity.spec.cidr, affinity.is_own) == (
        "kube-master-192-168-221-64-26",
        "kube-master",
        "192.168.221.64/26",
        True,
    )
    assert to_stored(affinity) == (key, value)


@pytest.mark.parametrize(
    ("value", "is_own"),
    [
        ({}, True),
        ({"state": ""}, True),
        ({"state": "confirmed"}, True),
        ({"state": "pending"}, False),
        ({"state": "pendingDeletion"}, False),
        ({"state": "confirmed", "deleted": True}, False),
        ({"state": "confirmed", "deleted": "true"}, False),
        ({"state": "confirmed", "deleted": "false"}, True),
    ],
)
def test_whose_block_it_is(value: dict[str, object], is_own: bool) -> None:
    affinity = from_stored("/calico/ipam/v2/host/n/ipv4/block/10.0.0.0-26", json.dumps(value).encode())
    assert isinstance(affinity, BlockAffinity)
    assert affinity.is_own is is_own


def test_block_as_calico_writes_it() -> None:
    value = {
        "cidr": "10.0.0.0/30",
        "affinity": "host:n",
        "allocations": [0, None, None, 1],
        "unallocated": [2, 1],
        "attributes": [
            {"handle_id": "h", "secondary": {"node": "n", "type": "ipipTunnelAddress"}},
            {"handle_id": "g"},
        ],
        "sequenceNumber": 9223372036854775000,
        "sequenceNumberForAllocation": {"0": 9223372036854774999},
        "deleted": False,
    }
    key = "/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-30"
    block = from_stored(key, json.dumps(value).encode())
    assert isinstance(block, IPAMBlock)
    assert block.spec.allocations == (0, None, None, 1)
    stored_key, stored = to_stored(block)
    assert (stored_key, json.loads(stored)) == (key, value)


def test_handle_as_calico_writes_it() -> None:
    key, value = (
        "/calico/ipam/v2/handle/k8s.Pod_1",
        b'{"handleID":"k8s.Pod_1","block":{"10.0.0.0/30":2},"deleted":false}',
    )
    handle = from_stored(key, value)
    assert isinstance(handle, IPAMHandle)
    assert handle.spec.block == {"10.0.0.0/30": 2}
    assert to_stored(handle) == (key, value)


def test_v3_resources_are_kept_as_their_json_without_the_revision() -> None:
    node = Node.from_data({"metadata": {"name": "n", "labels": {"rack": "r1"}, "resourceVersion": "7", "uid": "u"}})
    key, value = to_stored(node)
    assert key == f"{V3}/nodes/n"
    assert json.loads(value) == {
        "apiVersion": "projectcalico.org/v3",
        "kind": "Node",
        "metadata": {"name": "n", "labels": {"rack": "r1"}, "uid": "u"},
        "spec": {},
    }
    assert from_stored(key, value) == node.with_metadata(resource_version=None)


def test_text_is_kept_as_utf8() -> None:
    node = Node.from_data({"metadata": {"name": "n", "annotations": {"a": "é"}}})
    assert "é".encode() in to_stored(node)[1]


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        (f"{V3}/bgppeers/p", {"metadata": {"name": "p"}, "spec": {"peerIP": "10.0.0.1", "bfd": {"x": 1}}}, "bfd"),
        ("/calico/bgp/v1/rr_v4/10.0.0.1", {"ip": "10.0.0.1", "cluster_id": "", "weight": 5}, "weight"),
        ("/calico/ipam/v2/host/n/ipv4/block/10.0.0.0-26", {"state": "", "deleted": False, "x": "y"}, "x"),
    ],
)
def test_what_a_newer_program_wrote_is_neither_refused_nor_lost(key: str, value: dict[str, object], path: str) -> None:
    resource = from_stored(key, json.dumps(value).encode())
    assert path in to_stored(resource)[1].decode()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("/calico/bgp/v1/global/as_num", b"64512", "record '/calico/bgp/v1/global/as_num': .key.: "),
        (f"{V3}/nodes/n", b"{", "Node 'n': .value.: .*expected JSON"),
        (f"{V3}/nodes/n", b"\xff", "Node 'n': .value.: .*expected JSON"),
        (f"{V3}/nodes/n", b"[" * 100_000, "Node 'n': .value.: .*expected JSON"),
        (f"{V3}/nodes/n", b"[]", "Node 'n': .value.: a list: expected a JSON object"),
        (f"{V3}/nodes/n", b"{}", "Node '.unnamed.': metadata: missing"),
        (f"{V3}/nodes/n", b'{"metadata":{"name":"m"}}', f"Node 'm': .key.: '{V3}/nodes/n': expected {V3}/nodes/m"),
        (f"{V3}/nodes/n", b'{"kind":"BGPPeer","metadata":{"name":"n"}}', "Node 'n': kind: 'BGPPeer': expected 'Node'"),
        (
            "/calico/bgp/v1/rr_v4/10.0.0.1",
            b'{"ip":"10.0.0.2","cluster_id":""}',
            "expected the address of the reflector",
        ),
        ("/calico/bgp/v1/rr_v4/10.0.0.1", b'{"ip":"","cluster_id":""}', "spec.ip: '': expected an IP address"),
        (
            "/calico/bgp/v1/rr_v4/10.0.0.1",
            b'{"ip":"10.0.0.1","cluster_id":"1"}',
            "spec.clusterID: '1': expected a clus",
        ),
        ("/calico/bgp/v1/rr_v4/fd00::1", b'{"ip":"fd00::1"}', "'fd00::1': .key.: .*expected /calico/bgp/v1/rr_v6/fd00"),
        ("/calico/bgp/v1/rr_v4/x", b"{}", "RouteReflector 'x': metadata.name: 'x': expected an IP address"),
        ("/calico/ipam/v2/host/N_1/ipv4/block/10.0.0.0-26", b"{}", "spec.node: 'N_1': expected a name"),
    ],
)
def test_what_cannot_be_used_says_why(key: str, value: bytes, message: str) -> None:
    with pytest.raises(ResourceInvalid, match=message):
        from_stored(key, value)


def test_reflector_must_be_named_by_its_address() -> None:
    with pytest.raises(ResourceInvalid, match=r"metadata.name: '10.0.0.2': expected the address of the reflector"):
        RouteReflector.from_data({"metadata": {"name": "10.0.0.2"}, "spec": {"ip": "10.0.0.1"}})


def test_every_kind_returns_as_it_was() -> None:
    resources: list[Resource] = [
        BGPPeer.from_data({"metadata": {"name": "p"}, "spec": {"peerIP": "[fd00::1]:179", "asNumber": 1}}),
        BlockAffinity.from_data({"metadata": {"name": "n-10-0-0-0-26"}, "spec": {"node": "n", "cidr": "10.0.0.0/26"}}),
        RouteReflector.from_data({"metadata": {"name": "fd00::1"}, "spec": {"ip": "fd00::1", "clusterID": "1.0.0.1"}}),
    ]
    for resource in resources:
        assert from_stored(*to_stored(resource)) == resource


@pytest.mark.parametrize("name", ["", "a/b", "x" * 1025])
def test_handle_ids_that_cannot_be(name: str) -> None:
    with pytest.raises(ResourceInvalid, match="expected a handle id"):
        IPAMHandle.from_data({"metadata": {"name": name}, "spec": {"handleID": "h"}})
    assert IPAMHandle.from_data({"metadata": {"name": "x" * 1024}, "spec": {"handleID": "h"}})
