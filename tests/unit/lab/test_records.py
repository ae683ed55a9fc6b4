"""A topology as resources of the datastore."""

from tortie.lab.records import endpoint_resource, topology_resources
from tortie.lab.topology import load_topology, parse_topology
from tortie.lab.wiring import ContainerWiring
from tortie.model import key_of


def test_seed_has_settings_a_pool_and_four_nodes_and_no_record_of_its_reflector() -> None:
    found = topology_resources(load_topology("seed"))
    assert [key_of(item).removeprefix("/calico/resources/v3/projectcalico.org/") for item in found] == [
        "bgpconfigurations/default",
        "ippools/192-168-0-0-16",
        "nodes/kube-master",
        "nodes/kube-node1",
        "nodes/kube-node2",
        "nodes/kube-node3",
    ]
    data = {item.name: item.to_data()["spec"] for item in found}
    assert data["default"] == {"asNumber": 64512, "nodeToNodeMeshEnabled": True}
    assert data["kube-node1"]["bgp"] == {"ipv4Address": "10.10.31.193/24"}


def test_reflectors_peers_and_reflecting_nodes() -> None:
    topology = parse_topology(
        """
name: x
pools: [{cidr: 192.168.0.0/16, block_size: 28}]
lans: {lan: {networks: [10.0.0.0/24, 'fd00::/64']}}
hosts:
  r: {role: reflector, cluster_id: 1.0.0.1, interfaces: {lan: [10.0.0.1, 'fd00::1']}}
  s: {role: reflector, cluster_id: none, interfaces: {lan: 10.0.0.3}}
  n: {cluster_id: 1.0.0.2, as_number: 65001, interfaces: {lan: [10.0.0.2, 'fd00::2']}}
peers: [{peer_ip: 10.0.0.1}, {peer_ip: 10.0.0.9, node: n, as_number: 65009}]
""",
        "x.yaml",
    )
    found = {
        key_of(item).rpartition("v3/projectcalico.org/")[2]: item.to_data() for item in topology_resources(topology)
    }
    assert found["nodes/n"]["spec"]["bgp"] == {
        "asNumber": 65001,
        "ipv4Address": "10.0.0.2/24",
        "ipv6Address": "fd00::2/64",
        "routeReflectorClusterID": "1.0.0.2",
    }
    assert found["/calico/bgp/v1/rr_v4/10.0.0.1"]["spec"] == {"ip": "10.0.0.1", "clusterID": "1.0.0.1"}
    assert found["/calico/bgp/v1/rr_v6/fd00::1"]["spec"] == {"ip": "fd00::1", "clusterID": "1.0.0.1"}
    assert "/calico/bgp/v1/rr_v4/10.0.0.3" not in found
    assert found["bgppeers/10-0-0-1"]["spec"]["asNumber"] == 64512
    assert found["bgppeers/n.10-0-0-9"]["spec"]["node"] == "n"
    assert found["ippools/192-168-0-0-16"]["spec"]["blockSize"] == 28


def test_an_endpoint_tells_the_agent_address_and_interface() -> None:
    container = ContainerWiring(
        name="kube-node1-c1",
        host="kube-node1",
        interface="cali0deeebbf04c",
        addresses=("192.168.0.1/32", "fd00::1/128"),
    )
    found = endpoint_resource(container).to_data()
    assert found["metadata"] == {"name": "kube--node1-lab-kube--node1--c1-eth0", "namespace": "default"}
    assert found["spec"] == {
        "orchestrator": "lab",
        "workload": "kube-node1-c1",
        "node": "kube-node1",
        "endpoint": "eth0",
        "ipNetworks": ["192.168.0.1/32", "fd00::1/128"],
        "ipv4Gateway": "169.254.1.1",
        "interfaceName": "cali0deeebbf04c",
    }
