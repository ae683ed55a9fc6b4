"""Topology files: the shipped one, what else they can say, and every way to get one wrong."""

from pathlib import Path

import pytest

from tortie.lab.errors import NoDualStack, TopologyInvalid, TopologyMalformed, UnknownLab
from tortie.lab.topology import known_topologies, load_topology, parse_topology

SMALL = """
name: small
pools: [{cidr: 192.168.0.0/16}]
lans:
  lan: {networks: [10.0.0.0/24], gateways: [10.0.0.1]}
hosts:
  a: {interfaces: {lan: 10.0.0.2}, containers: 1}
  b: {interfaces: {lan: 10.0.0.3}, containers: {one: 192.168.7.1, two: []}}
"""


def test_seed_is_the_documents_cluster() -> None:
    seed = load_topology("seed")
    assert [(host.name, host.role, host.network_address(4)) for host in seed.hosts] == [
        ("kube-master", "node", "10.10.31.190/24"),
        ("kube-node1", "node", "10.10.31.193/24"),
        ("kube-node2", "node", "10.10.31.194/24"),
        ("kube-node3", "node", "10.10.31.196/24"),
        ("node1", "reflector", "10.10.31.168/24"),
    ]
    assert [len(host.containers) for host in seed.hosts] == [2, 2, 2, 2, 0]
    assert seed.host("kube-master").api_port == 2379
    assert (seed.as_number, seed.has_node_mesh, [pool.cidr for pool in seed.pools]) == (64512, True, ["192.168.0.0/16"])
    assert (seed.host("node1").cluster_id, seed.host("node1").is_manual) == ("1.0.0.1", True)


def test_every_shipped_topology_parses_and_has_its_files_name() -> None:
    assert "seed" in known_topologies()
    assert [load_topology(name).name for name in known_topologies()] == list(known_topologies())


def test_a_path_to_a_file_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL)
    topology = load_topology(str(path))
    assert topology.name == "small"
    assert [item.name for item in topology.containers] == ["a-c1", "one", "two"]
    assert [item.addresses for item in topology.containers] == [(), ("192.168.7.1/32",), ()]


def test_unknown_lab_lists_the_known_ones() -> None:
    with pytest.raises(UnknownLab, match=r"unknown lab 'sead': known are .*seed"):
        load_topology("sead")


def test_unreadable_file_is_named() -> None:
    with pytest.raises(TopologyInvalid, match=r"nowhere/x\.yaml: found 'No such file or directory'"):
        load_topology("nowhere/x.yaml")


def test_racks_with_routers_reflectors_peers_and_both_families() -> None:
    topology = parse_topology(
        """
name: two-racks
as_number: 4200000000
node_to_node_mesh: false
pools: [{cidr: 192.168.0.0/16, block_size: 28}, {cidr: 'fd00:10::/48'}]
lans:
  rack1: {networks: [10.1.0.0/24, 'fd00:1::/64'], gateways: [10.1.0.1, 'fd00:1::1']}
  rack2: {networks: [10.2.0.0/24], gateways: [10.2.0.1]}
hosts:
  n1: {interfaces: {rack1: [10.1.0.11, 'fd00:1::11']}, containers: 1, as_number: 65001}
  rr1: {role: reflector, interfaces: {rack1: 10.1.0.2}, cluster_id: 1.0.0.1}
  n4: {interfaces: {rack2: 10.2.0.11}, cluster_id: 1.0.0.2}
  r: {role: router, agent: tortie, interfaces: {rack1: [10.1.0.1, 'fd00:1::1'], rack2: 10.2.0.1}}
  old: {role: plain, interfaces: {rack2: 10.2.0.99}, routes: [{prefix: 10.1.0.0/24, via: 10.2.0.1}]}
peers:
  - {peer_ip: 10.1.0.2, node: n1}
  - {peer_ip: 'fd00:1::9', as_number: 65009}
""",
        "two-racks.yaml",
    )
    assert [host.name for host in topology.nodes] == ["n1", "n4", "r"]
    assert [host.name for host in topology.reflectors] == ["rr1"]
    assert topology.host("n1").network_address(6) == "fd00:1::11/64"
    assert (topology.host("n1").as_number, topology.host("n4").cluster_id) == (65001, "1.0.0.2")
    assert topology.host("old").agent == "none"
    assert [(peer.peer_ip, peer.as_number, peer.node) for peer in topology.peers] == [
        ("10.1.0.2", 4200000000, "n1"),
        ("fd00:1::9", 65009, None),
    ]
    assert not topology.has_node_mesh


HOST_A = "a: {interfaces: {lan: 10.0.0.2}, containers: 1}"
HOST_B = "b: {interfaces: {lan: 10.0.0.3}, containers: {one: 192.168.7.1, two: []}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("name: a\nname: a\n", "lab.yaml:2: malformed YAML: the key 'name' stands twice", id="key twice"),
        pytest.param("name: a\nlans: [\n", "lab.yaml:2: malformed YAML: ", id="malformed"),
        pytest.param("name: \x07", "lab.yaml: malformed YAML: ", id="unprintable"),
    ],
)
def test_what_is_no_yaml_is_said_with_its_line(text: str, expected: str) -> None:
    with pytest.raises(TopologyMalformed) as caught:
        parse_topology(text, "lab.yaml")
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("old", "new", "field", "expected"),
    [
        pytest.param("name: small", "", "name", "a text", id="no name"),
        pytest.param("name: small", "name: Small", "Small", "a name of lower-case letters", id="bad name"),
        pytest.param("name: small", "name: small\nas_number: 0", "as_number", "from 1 to 4294967295", id="AS 0"),
        pytest.param(
            "name: small", "name: small\nas_number: 4294967296", "as_number", "from 1 to 4294967295", id="AS too large"
        ),
        pytest.param("name: small", "name: small\nas_number: true", "as_number", "a whole number", id="AS no number"),
        pytest.param(
            "name: small", "name: small\nnode_to_node_mesh: maybe", "node_to_node_mesh", "true or false", id="mesh"
        ),
        pytest.param("name: small", "name: small\nowner: me", "owner", "one of the fields name", id="unknown field"),
        pytest.param("192.168.0.0/16", "192.168.1.0/16", "pools[0].cidr", "without host bits", id="pool host bits"),
        pytest.param(
            "{cidr: 192.168.0.0/16}", "{cidr: 192.168.0.0/16, block_size: 33}", "block_size", "20 to 32", id="block"
        ),
        pytest.param("[{cidr: 192.168.0.0/16}]", "[]", "pools", "a pool, for the address of a-c1", id="no pool"),
        pytest.param("[{cidr: 192.168.0.0/16}]", "{}", "pools", "a list", id="pools no list"),
        pytest.param("networks: [10.0.0.0/24]", "networks: [10.0.0.1/24]", "networks", "without host bits", id="lan"),
        pytest.param("networks: [10.0.0.0/24]", "networks: []", "lans.lan.networks", "at least one", id="lan empty"),
        pytest.param(
            "networks: [10.0.0.0/24]",
            "networks: [10.0.0.0/24, 10.0.1.0/24]",
            "networks",
            "one prefix of each IP family",
            id="lan with two of a family",
        ),
        pytest.param("gateways: [10.0.0.1]", "gateways: [10.9.0.1]", "gateways", "inside 10.0.0.0/24", id="gateway"),
        pytest.param(HOST_A, "A: {}", "hosts.A", "a name of lower-case", id="host name"),
        pytest.param(HOST_A, "a: 7", "hosts.a", "a mapping", id="host no mapping"),
        pytest.param(HOST_A, "a: {}", "hosts.a.interfaces", "one LAN or more", id="no interface"),
        pytest.param("lan: 10.0.0.2", "wan: 10.0.0.2", "hosts.a.interfaces.wan", "one of the LANs lan", id="LAN"),
        pytest.param("lan: 10.0.0.2", "lan: 10.0.1.2", "interfaces.lan", "inside 10.0.0.0/24", id="outside LAN"),
        pytest.param("lan: 10.0.0.2", "lan: 10.0.0.255", "interfaces.lan", "a host's address", id="broadcast"),
        pytest.param("lan: 10.0.0.2", "lan: 10.0.0.0", "interfaces.lan", "a host's address", id="network address"),
        pytest.param("lan: 10.0.0.2", "lan: []", "interfaces.lan", "an address inside", id="no address"),
        pytest.param("lan: 10.0.0.2", "lan: 10.0.0.3", "hosts.b.interfaces.lan", "that is not hosts.a", id="twice"),
        pytest.param("containers: 1", "containers: -1", "hosts.a.containers", "a count from 0 to 1000", id="count"),
        pytest.param("containers: 1", "containers: 1001", "hosts.a.containers", "from 0 to 1000", id="count too high"),
        pytest.param("containers: 1", "containers: many", "hosts.a.containers", "a count, or a mapping", id="word"),
        pytest.param("containers: 1", "containers: {b: []}", "hosts", "no other host or container", id="name taken"),
        pytest.param("192.168.7.1", "192.168.7.1/24", "containers.one", "without prefix length", id="with length"),
        pytest.param("192.168.7.1", "172.16.0.1", "containers.one", "inside 192.168.0.0/16", id="outside pool"),
        pytest.param(
            HOST_A, "a: {role: plain, interfaces: {lan: 10.0.0.2}, containers: 1}", "containers", "none: a plain",
            id="containers on a plain host",
        ),
        pytest.param(HOST_A, "a: {role: king, interfaces: {lan: 10.0.0.2}}", "role", "one of node, ", id="role"),
        pytest.param(HOST_A, "a: {agent: x, interfaces: {lan: 10.0.0.2}}", "agent", "one of tortie, bird", id="agent"),
        pytest.param(HOST_A, "a: {start: x, interfaces: {lan: 10.0.0.2}}", "start", "automatic, manual", id="start"),
        pytest.param(
            HOST_A, "a: {role: reflector, interfaces: {lan: 10.0.0.2}}", "cluster_id", "in IPv4 notation", id="cluster"
        ),
        pytest.param(
            HOST_A, "a: {cluster_id: none, interfaces: {lan: 10.0.0.2}}", "cluster_id", "as 1.0.0.1", id="none: a node"
        ),
        pytest.param(
            HOST_A, "a: {cluster_id: 1, interfaces: {lan: 10.0.0.2}}", "cluster_id", "in IPv4 notation", id="number"
        ),
        pytest.param(
            HOST_A, "a: {api: {port: 0}, interfaces: {lan: 10.0.0.2}}", "hosts.a.api.port", "1 to 65535", id="port"
        ),
        pytest.param(
            HOST_A,
            "a: {routes: [{prefix: 10.1.0.0/16, via: 'fd00::1'}], interfaces: {lan: 10.0.0.2}}",
            "hosts.a.routes[0].via",
            "an IPv4 address",
            id="route",
        ),
        pytest.param(HOST_B, HOST_B + "\npeers: [{peer_ip: x}]", "peers[0].peer_ip", "an IPv4 or IPv6", id="peer"),
        pytest.param(
            HOST_B, HOST_B + "\npeers: [{peer_ip: 10.0.0.9, node: c}]", "peers[0].node", "one of the nodes a, b",
            id="node",
        ),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_field_value_and_what_was_expected(
    old: str, new: str, field: str, expected: str
) -> None:
    assert old in SMALL
    with pytest.raises(TopologyInvalid) as caught:
        parse_topology(SMALL.replace(old, new), "small.yaml")
    assert caught.value.source == "small.yaml"
    assert field in caught.value.field
    assert expected in caught.value.expected
    assert str(caught.value).startswith("small.yaml")


@pytest.mark.parametrize("text", ["", "7", "- a", "null"], ids=["empty", "number", "list", "null"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(TopologyInvalid, match="a mapping with `name`, `lans` and `hosts`"):
        parse_topology(text, "x.yaml")


def test_no_hosts_is_refused() -> None:
    with pytest.raises(TopologyInvalid, match="hosts: found 'nothing', expected one host or more"):
        parse_topology("name: x", "x.yaml")


def test_a_reflector_that_nobody_wrote_a_record_for() -> None:
    topology = parse_topology(
        "{name: x, lans: {lan: {networks: [10.0.0.0/24]}},"
        " hosts: {r: {role: reflector, cluster_id: none, interfaces: {lan: 10.0.0.1}}}}",
        "x.yaml",
    )
    assert topology.host("r").cluster_id is None


def test_peers_of_a_node_are_its_own_and_the_global_ones() -> None:
    racks = load_topology("racks")
    assert racks.peers_of("n4") == ("10.2.0.11", "10.2.0.12")
    assert racks.peers_of("rr1") == ()


@pytest.mark.parametrize("name", ["seed", "seed-dual-stack"])
def test_the_form_with_both_families(name: str) -> None:
    assert load_topology(name, is_dual_stack=True) == load_topology("seed-dual-stack")


@pytest.mark.parametrize("name", ["racks", "sead", "./own.yaml"])
def test_a_topology_without_a_form_with_both_families(name: str) -> None:
    with pytest.raises(NoDualStack, match=f"lab '{name}': .*--dual-stack is for seed"):
        load_topology(name, is_dual_stack=True)
