"""Interfaces, addresses, routes and kernel settings of one network namespace.

For: the builder. The lab's only module that knows pyroute2. Not here: what to make (wiring.py), entering a namespace
(namespaces.py): every function works in the namespace of the calling thread.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from tortie.lab.errors import LabError
from tortie.lab.wiring import (
    HOST_END_LINK_LOCAL,
    HOST_END_MAC,
    PROXY_GATEWAY,
    Bridge,
    ContainerWiring,
    HostWiring,
    Port,
)

__all__ = [
    "add_bridge",
    "add_host_end",
    "add_port",
    "apply_settings",
    "set_up_container",
    "set_up_host",
    "set_up_loopback",
]

LOOPBACK: Final = "lo"
CONTAINER_INTERFACE: Final = "eth0"
SCOPE_LINK: Final = 253
SETTINGS_ROOT: Final = Path("/proc/sys/net")
IPV4: Final = 4


def apply_settings(settings: Mapping[str, str]) -> None:
    """Write kernel settings (file below /proc/sys/net → value); those of a family the kernel lacks are left out."""
    has_ipv6 = (SETTINGS_ROOT / "ipv6").is_dir()
    for name, value in settings.items():
        if name.startswith("ipv6/") and not has_ipv6:
            continue
        try:
            (SETTINGS_ROOT / name).write_text(value, encoding="ascii")
        except OSError as error:
            raise LabError(f"kernel setting net/{name} = {value}: {error.strerror}") from error


def set_up_loopback() -> None:
    """Bring the loopback interface up."""
    with IPRoute() as netlink:
        netlink.link("set", index=_index(netlink, LOOPBACK), state="up")


def add_bridge(bridge: Bridge) -> None:
    """Make a LAN's bridge and bring it up."""
    with IPRoute() as netlink:
        _call(f"bridge {bridge.interface}", netlink, "add", ifname=bridge.interface, kind="bridge")
        index = _index(netlink, bridge.interface)
        for text in bridge.addresses:
            _add_address(netlink, index, text)
        netlink.link("set", index=index, state="up")


def add_port(port: Port, host: int) -> None:
    """Make the veth pair between a bridge (here) and a host (namespace by descriptor)."""
    with IPRoute() as netlink:
        _call(
            f"veth {port.switch_interface}",
            netlink,
            "add",
            ifname=port.switch_interface,
            kind="veth",
            peer={"ifname": port.interface, "net_ns_fd": host},
        )
        bridge = _index(netlink, port.bridge)
        netlink.link("set", index=_index(netlink, port.switch_interface), master=bridge, state="up")


def set_up_host(host: HostWiring) -> None:
    """Give a host's interfaces their addresses, bring them up, add its first routes; works inside the host."""
    with IPRoute() as netlink:
        netlink.link("set", index=_index(netlink, LOOPBACK), state="up")
        for port in host.ports:
            index = _index(netlink, port.interface)
            for text in port.addresses:
                _add_address(netlink, index, text)
            netlink.link("set", index=index, state="up")
        for route in host.routes:
            netlink.route("add", dst=route.prefix, gateway=route.via)


def add_host_end(container: ContainerWiring, network: int) -> None:
    """Make the veth pair between a host (here) and a container (namespace by descriptor).

    The host end gets Calico's MAC and no address; the /32 route to it is the agent's to write.
    """
    with IPRoute() as netlink:
        _call(
            f"veth {container.interface}",
            netlink,
            "add",
            ifname=container.interface,
            kind="veth",
            address=HOST_END_MAC,
            peer={"ifname": CONTAINER_INTERFACE, "net_ns_fd": network},
        )
        netlink.link("set", index=_index(netlink, container.interface), state="up")


def set_up_container(container: ContainerWiring) -> None:
    """Give a container its addresses and its routes through the host end; works inside the container."""
    with IPRoute() as netlink:
        netlink.link("set", index=_index(netlink, LOOPBACK), state="up")
        index = _index(netlink, CONTAINER_INTERFACE)
        netlink.link("set", index=index, state="up")
        for text in container.addresses:
            _add_address(netlink, index, text)
            if ipaddress.ip_interface(text).version == IPV4:
                netlink.route("add", dst=f"{PROXY_GATEWAY}/32", oif=index, scope=SCOPE_LINK)
                netlink.route("add", dst="0.0.0.0/0", gateway=PROXY_GATEWAY, oif=index)
            else:
                netlink.route("add", dst="::/0", gateway=HOST_END_LINK_LOCAL, oif=index)


def _add_address(netlink: IPRoute, index: int, text: str) -> None:
    address, _, length = text.partition("/")
    netlink.addr("add", index=index, address=address, prefixlen=int(length))


def _index(netlink: IPRoute, interface: str) -> int:
    found = netlink.link_lookup(ifname=interface)
    if not found:
        raise LabError(f"interface {interface} is not there after it was made")
    return int(found[0])


def _call(what: str, netlink: IPRoute, command: str, **arguments: object) -> None:
    try:
        netlink.link(command, **arguments)
    except NetlinkError as error:
        raise LabError(f"making {what}: {os.strerror(error.code)}") from error
