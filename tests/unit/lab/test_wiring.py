"""From a topology to interfaces, addresses, routes and kernel settings."""

import hashlib

from tortie.lab.topology import load_topology, parse_topology
from tortie.lab.wiring import (
    ContainerWiring,
    KernelRoute,
    Port,
    container_settings,
    host_end_settings,
    host_settings,
    wire,
    workload_interface,
)

ROUTED = parse_topology(
    """
name: routed
pools: [{cidr: 192.168.0.0/16}]
lans:
  left: {networks: [10.1.0.0/24, 'fd00:1::/64'], gateways: [10.1.0.1, 'fd00:1::1']}
  right: {networks: [10.2.0.0/24], gateways: [10.2.0.254]}
hosts:
  a: {interfaces: {left: [10.1.0.2, 'fd00:1::2']}, containers: {a1: 192.168.0.1, a2: []}}
  r: {role: router, interfaces: {left: [10.1.0.1, 'fd00:1::1'], right: 10.2.0.1}}
  b: {interfaces: {right: 10.2.0.2, left: 10.1.0.3}, routes: [{prefix: 172.16.0.0/12, via: 10.2.0.9}]}
""",
    "routed.yaml",
)


def test_workload_interface_is_calicos() -> None:
    digest = hashlib.sha1(b"default.kube-node1-c1").hexdigest()
    assert workload_interface("default", "kube-node1-c1") == f"cali{digest[:11]}"
    assert len(workload_interface("default", "x")) == 15


def test_bridges_take_the_gateways_that_no_host_owns() -> None:
    bridges = wire(ROUTED, {"a2": ("192.168.0.2/32",)}).bridges
    assert [(item.lan, item.interface, item.addresses) for item in bridges] == [
        ("left", "br0", ()),
        ("right", "br1", ("10.2.0.254/24",)),
    ]


def test_ports_are_numbered_by_host_and_interface() -> None:
    hosts = wire(ROUTED, {"a2": ("192.168.0.2/32",)}).hosts
    assert hosts[1].ports == (
        Port(bridge="br0", switch_interface="p1-0", interface="eth0", addresses=("10.1.0.1/24", "fd00:1::1/64")),
        Port(bridge="br1", switch_interface="p1-1", interface="eth1", addresses=("10.2.0.1/24",)),
    )


def test_default_routes_go_by_the_first_gateway_that_is_not_the_host_itself() -> None:
    hosts = wire(ROUTED, {"a2": ("192.168.0.2/32",)}).hosts
    assert hosts[0].routes == (
        KernelRoute(prefix="0.0.0.0/0", via="10.1.0.1"),
        KernelRoute(prefix="::/0", via="fd00:1::1"),
    )
    assert hosts[1].routes == (KernelRoute(prefix="0.0.0.0/0", via="10.2.0.254"),)
    assert hosts[2].routes == (
        KernelRoute(prefix="0.0.0.0/0", via="10.2.0.254"),
        KernelRoute(prefix="172.16.0.0/12", via="10.2.0.9"),
    )


def test_containers_have_fixed_addresses_or_those_given() -> None:
    containers = wire(ROUTED, {"a2": ("192.168.0.2/32", "fd00::2/128")}).containers
    assert containers == (
        ContainerWiring(
            name="a1", host="a", interface=workload_interface("default", "a1"), addresses=("192.168.0.1/32",)
        ),
        ContainerWiring(
            name="a2",
            host="a",
            interface=workload_interface("default", "a2"),
            addresses=("192.168.0.2/32", "fd00::2/128"),
        ),
    )


def test_interface_names_of_a_large_lab_fit_the_kernel() -> None:
    seed = load_topology("seed")
    wiring = wire(seed, {item.name: ("192.168.0.1/32",) for item in seed.containers})
    names = [port.switch_interface for host in wiring.hosts for port in host.ports]
    names += [item.interface for item in wiring.containers] + [item.interface for item in wiring.bridges]
    assert len(set(names)) == len(names)
    assert max(len(name) for name in names) <= 15


def test_a_host_forwards_and_leaves_reverse_path_checks_to_its_interfaces() -> None:
    settings = host_settings()
    assert settings["ipv4/ip_forward"] == "1"
    assert settings["ipv4/conf/all/rp_filter"] == "0"
    assert settings["ipv4/conf/default/rp_filter"] == "2"


def test_a_host_end_is_set_as_calico_sets_it() -> None:
    settings = host_end_settings("cali0")
    assert settings["ipv4/conf/cali0/proxy_arp"] == "1"
    assert settings["ipv4/neigh/cali0/proxy_delay"] == "0"
    assert settings["ipv4/conf/cali0/forwarding"] == "1"
    assert settings["ipv4/conf/cali0/route_localnet"] == "1"
    assert settings["ipv6/conf/cali0/proxy_ndp"] == "1"
    assert settings["ipv6/conf/cali0/accept_ra"] == "0"


def test_a_container_waits_for_no_duplicate_address_detection() -> None:
    assert container_settings()["ipv6/conf/default/accept_dad"] == "0"
