"""Wiring: a topology as interfaces, addresses, routes and kernel settings. Pure.

For: deciding every name and number that the holder then makes true (builder.py). Not here: netlink, files, processes.
The structure to know is `Wiring`; it is JSON in the lab's state directory, so that the holder needs nothing else.

A LAN is a bridge in the holder's own network namespace; each host has a veth pair into it:

    holder:  br0 ─┬─ p0-0 ══ eth0  host 0 ── caliXXXXXXXXXXX ══ eth0  container
                  └─ p1-0 ══ eth0  host 1

Containers are wired as Calico does it: a veth whose host end has no address and the MAC ee:ee:ee:ee:ee:ee, a /32 (or
/128) in the container and a default route through 169.254.1.1 (or the host end's link-local address), for which the
host end answers by proxy ARP. The host's own /32 route to the container is the agent's to write, not the lab's.
"""

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tortie.lab.topology import LAN, Container, Host, Topology

__all__ = [
    "CONTAINER_NAMESPACE",
    "HOST_END_LINK_LOCAL",
    "HOST_END_MAC",
    "PROXY_GATEWAY",
    "Bridge",
    "ContainerWiring",
    "HostWiring",
    "KernelRoute",
    "Port",
    "Wiring",
    "container_settings",
    "host_end_settings",
    "host_settings",
    "wire",
    "workload_interface",
]

CONTAINER_NAMESPACE: Final = "default"
"""The namespace of the lab's WorkloadEndpoints."""

HOST_END_MAC: Final = "ee:ee:ee:ee:ee:ee"
HOST_END_LINK_LOCAL: Final = "fe80::ecee:eeff:feee:eeee"
PROXY_GATEWAY: Final = "169.254.1.1"

IPV4: Final = 4
IPV6: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A LAN's bridge in the holder's namespace; `addresses` are the gateways that no host owns, with prefix length."""

    lan: str
    interface: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A host's veth: its end at the bridge, its end in the host, and the host end's addresses with prefix length."""

    bridge: str
    switch_interface: str
    interface: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRoute:
    """A route of a host: destination prefix and gateway."""

    prefix: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostWiring:
    """One host: its ports and the routes it starts with."""

    name: str
    ports: tuple[Port, ...]
    routes: tuple[KernelRoute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerWiring:
    """One container: its host, the host end's name, and its addresses ("192.168.0.1/32")."""

    name: str
    host: str
    interface: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """All that the holder builds."""

    bridges: tuple[Bridge, ...]
    hosts: tuple[HostWiring, ...]
    containers: tuple[ContainerWiring, ...]


def workload_interface(namespace: str, pod: str) -> str:
    """Return the name of a workload's host end: "cali" and 11 hex digits of SHA-1 of "namespace.pod"."""
    digest = hashlib.sha1(f"{namespace}.{pod}".encode(), usedforsecurity=False).hexdigest()
    return f"cali{digest[:11]}"


def wire(topology: Topology, addresses: Mapping[str, tuple[str, ...]]) -> Wiring:
    """Return the wiring of a topology.

    Args:
        topology: a parsed topology.
        addresses: container name → its addresses with prefix length, for each container without fixed ones.
    """
    owned = {text.partition("/")[0] for host in topology.hosts for item in host.interfaces for text in item.addresses}
    bridges = tuple(_wire_bridge(index, lan, owned) for index, lan in enumerate(topology.lans))
    interfaces = {bridge.lan: bridge.interface for bridge in bridges}
    gateways = {lan.name: lan.gateways for lan in topology.lans}
    return Wiring(
        bridges=bridges,
        hosts=tuple(_wire_host(index, host, interfaces, gateways) for index, host in enumerate(topology.hosts)),
        containers=tuple(_wire_container(item, addresses) for item in topology.containers),
    )


def _wire_bridge(index: int, lan: LAN, owned: set[str]) -> Bridge:
    networks = [ipaddress.ip_network(text) for text in lan.networks]
    free = [ipaddress.ip_address(text) for text in lan.gateways if text not in owned]
    return Bridge(
        lan=lan.name,
        interface=f"br{index}",
        addresses=tuple(
            f"{address}/{network.prefixlen}"
            for address in free
            for network in networks
            if network.version == address.version
        ),
    )


def _wire_host(
    index: int, host: Host, bridges: Mapping[str, str], gateways: Mapping[str, tuple[str, ...]]
) -> HostWiring:
    ports = tuple(
        Port(
            bridge=bridges[item.lan],
            switch_interface=f"p{index}-{number}",
            interface=f"eth{number}",
            addresses=item.addresses,
        )
        for number, item in enumerate(host.interfaces)
    )
    static = tuple(KernelRoute(prefix=route.prefix, via=route.via) for route in host.routes)
    return HostWiring(name=host.name, ports=ports, routes=(*_default_routes(host, gateways), *static))


def _default_routes(host: Host, gateways: Mapping[str, tuple[str, ...]]) -> tuple[KernelRoute, ...]:
    """Return a default route a family, by the first LAN that has a gateway which is not this host.

    Without any default route the kernel finds no way to 169.254.1.1, and proxy ARP stays silent.
    """
    own = {text.partition("/")[0] for item in host.interfaces for text in item.addresses}
    found: dict[int, KernelRoute] = {}
    for item in host.interfaces:
        families = {ipaddress.ip_interface(text).version for text in item.addresses}
        for text in gateways[item.lan]:
            version = ipaddress.ip_address(text).version
            if text not in own and version in families and version not in found:
                prefix = "0.0.0.0/0" if version == IPV4 else "::/0"
                found[version] = KernelRoute(prefix=prefix, via=text)
    return tuple(found[version] for version in sorted(found))


def _wire_container(container: Container, addresses: Mapping[str, tuple[str, ...]]) -> ContainerWiring:
    return ContainerWiring(
        name=container.name,
        host=container.host,
        interface=workload_interface(CONTAINER_NAMESPACE, container.name),
        addresses=container.addresses or addresses[container.name],
    )


# Kernel settings: file below /proc/sys/net → value. Those of "all" and "default" come before any interface exists.


def host_settings() -> dict[str, str]:
    """Return the settings of a host's namespace: it forwards, and does not judge by the reverse path on its LANs.

    The kernel takes the stricter of "all" and the interface's own rp_filter, so "all" is 0 here and each interface
    decides: 2 (loose) on LANs, where routes may be asymmetric, 1 (strict) on workloads' host ends.
    """
    return {
        "ipv4/ip_forward": "1",
        "ipv4/conf/all/rp_filter": "0",
        "ipv4/conf/default/rp_filter": "2",
        "ipv4/conf/all/send_redirects": "0",
        "ipv4/conf/default/send_redirects": "0",
        "ipv4/conf/all/accept_redirects": "0",
        "ipv6/conf/all/forwarding": "1",
        "ipv6/conf/default/accept_dad": "0",
        "ipv6/conf/all/accept_dad": "0",
        "ipv6/conf/default/accept_ra": "0",
    }


def host_end_settings(interface: str) -> dict[str, str]:
    """Return the settings of a workload's host end, as Calico's CNI plugin makes them."""
    return {
        f"ipv4/conf/{interface}/proxy_arp": "1",
        f"ipv4/neigh/{interface}/proxy_delay": "0",
        f"ipv4/conf/{interface}/forwarding": "1",
        f"ipv4/conf/{interface}/route_localnet": "1",
        f"ipv4/conf/{interface}/rp_filter": "1",
        f"ipv6/conf/{interface}/proxy_ndp": "1",
        f"ipv6/conf/{interface}/forwarding": "1",
        f"ipv6/conf/{interface}/accept_ra": "0",
    }


def container_settings() -> dict[str, str]:
    """Return the settings of a container's namespace: no duplicate address detection, no router advertisements."""
    return {
        "ipv6/conf/all/accept_dad": "0",
        "ipv6/conf/default/accept_dad": "0",
        "ipv6/conf/default/accept_ra": "0",
    }
