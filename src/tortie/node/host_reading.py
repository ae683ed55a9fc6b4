"""Reading what is so on this host; every part that cannot be read is left out, never an error.

For: `tortie node check`. Not for: judging (`host_checks`), features of the kernel (`kernel_features`).
All is of the calling thread's network namespace.

Structure to know: `HostFacts`.
"""

import os
import socket
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final

from tortie.bgp.wire import prefix_to_text
from tortie.bgp.wire.family import IPV4_UNICAST, IPV6_UNICAST
from tortie.bgp.wire.nlri import address_to_text
from tortie.fabric import NodeIntent
from tortie.node import status_client
from tortie.node.errors import AgentRefused, AgentUnreachable, KernelSettingFailed, NetlinkError
from tortie.node.host_facts import FileFact, HostFacts, InterfaceFact, Listener, Process, RouteFact
from tortie.node.interface import InterfaceAddress
from tortie.node.kernel_features import find_lacking, is_clock_synchronised
from tortie.node.netlink import RouteSocket
from tortie.node.route import PROTOCOL_KERNEL, ROUTE_PROTOCOL
from tortie.node.sysctl import read_setting

__all__ = ["RIVALS", "SETTINGS", "read_host_facts"]

SETTINGS: Final = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv4/conf/all/proxy_arp",
    "net/ipv4/neigh/default/gc_thresh3",
    "net/ipv6/neigh/default/gc_thresh3",
)
"""Settings that are read."""

RIVALS: Final = frozenset({
    "bird", "bird6", "bgpd", "gobgpd", "exabgp", "calico-node", "calico-felix", "calico-bgp-daem", "confd",
})  # fmt: skip
"""Names (comm, at most 15 letters) of programs that speak BGP or write the same routes."""

LISTEN_STATE: Final = "0A"
PROC: Final = Path("/proc")
AGENT_TIMEOUT_S: Final = 2.0


def read_host_facts(intent: NodeIntent | None, port: int, status_socket: Path, private: Iterable[Path]) -> HostFacts:
    """Return what is so here.

    Args:
        intent: what this node should do, None if that is not known: then there are no pools to look at.
        port: where BGP is listened for.
        status_socket: where our agent would answer.
        private: files and directories that others are not to read; those that are not there are passed over.
    """
    return HostFacts(
        capabilities=_capabilities(),
        lacks=find_lacking(),
        settings={path: _setting(path) for path in SETTINGS},
        interfaces=tuple(_interfaces()),
        listeners=tuple(_listeners(port)),
        rivals=tuple(process for process in _processes() if process.name in RIVALS),
        agent=_agent(status_socket),
        is_clock_synchronised=is_clock_synchronised(),
        foreign_routes=tuple(_foreign_routes([] if intent is None else [pool.cidr for pool in intent.pools])),
        files=tuple(fact for path in private if (fact := _file(path)) is not None),
    )


def _capabilities() -> int:
    for line in (PROC / "thread-self/status").read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            return int(value, 16)
    return 0


def _setting(path: str) -> str | None:
    with suppress(KernelSettingFailed):
        return read_setting(path)
    return None


def _agent(status_socket: Path) -> str:
    with suppress(AgentUnreachable, AgentRefused):
        return str(status_client.request(status_socket, "status", timeout_s=AGENT_TIMEOUT_S).get("name", ""))
    return ""


def _file(path: Path) -> FileFact | None:
    with suppress(OSError):
        found = path.stat()
        return FileFact(str(path), stat.S_IMODE(found.st_mode), found.st_uid, stat.S_ISDIR(found.st_mode))
    return None


# ---------------------------------------------------------------- netlink


def _interfaces() -> Iterator[InterfaceFact]:
    with suppress(NetlinkError, OSError), RouteSocket() as routes:
        addresses = routes.dump_addresses()
        for link in routes.dump_links():
            if link.is_up:
                own = tuple(_with_length(item) for item in addresses if item.interface_index == link.index)
                yield InterfaceFact(link.name, link.mtu, own, _rp_filter(link.name))


def _with_length(item: InterfaceAddress) -> str:
    return f"{address_to_text(item.address)}/{item.nlri[0]}"


def _rp_filter(name: str) -> int:
    """Return the value in force: the kernel takes the greater one."""
    values = (_setting(f"net/ipv4/conf/{place}/rp_filter") for place in ("all", name))
    return max(int(value) if value and value.isdigit() else 0 for value in values)


def _foreign_routes(pools: list[str]) -> Iterator[RouteFact]:
    networks = [ip_network(pool) for pool in pools]
    if not networks:
        return
    with suppress(NetlinkError, OSError), RouteSocket() as routes:
        for family in (IPV4_UNICAST, IPV6_UNICAST):
            for part in routes.dump_routes(family):
                for key, route in part:
                    prefix = prefix_to_text(key.nlri, family)
                    is_foreign = route.protocol not in (ROUTE_PROTOCOL, PROTOCOL_KERNEL)
                    if is_foreign and _is_within(prefix, networks):
                        yield RouteFact(prefix, route.protocol)


def _is_within(prefix: str, pools: Sequence[IPv4Network | IPv6Network]) -> bool:
    network = ip_network(prefix)
    return any(
        pool.version == network.version and pool.prefixlen <= network.prefixlen and network.network_address in pool
        for pool in pools
    )


# ---------------------------------------------------------------- /proc


def _listeners(port: int) -> Iterator[Listener]:
    found = [*_listening("tcp", port), *_listening("tcp6", port)]
    owners = _owners({inode for _, inode in found}) if found else {}
    for address, inode in found:
        yield Listener(address, port, owners.get(inode))


def _listening(table: str, port: int) -> Iterator[tuple[str, str]]:
    """Yield (address, inode) of the sockets that listen on a port, proc_net_tcp(5)."""
    with suppress(OSError):
        for line in (PROC / "thread-self/net" / table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            address, _, number = fields[1].partition(":")
            if fields[3] == LISTEN_STATE and int(number, 16) == port:
                yield _address(address), fields[9]


def _address(digits: str) -> str:
    """Return an address as text from its words in the machine's order."""
    words = (bytes.fromhex(digits[start : start + 8]) for start in range(0, len(digits), 8))
    return str(ip_address(b"".join(int.from_bytes(word, "big").to_bytes(4, _ORDER) for word in words)))


_ORDER: Final = "little" if socket.htons(1) != 1 else "big"


def _processes() -> Iterator[Process]:
    """Yield the processes of our network namespace, as far as we may see them."""
    own = os.readlink(PROC / "thread-self/ns/net")
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if os.readlink(folder / "ns/net") == own:
                    yield Process(int(folder.name), (folder / "comm").read_text(errors="replace").strip())


def _owners(inodes: set[str]) -> dict[str, Process]:
    """Return inode → the process that has the socket."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[str, Process] = {}
    for process in _processes():
        with suppress(OSError):
            for descriptor in (PROC / str(process.pid) / "fd").iterdir():
                with suppress(OSError):
                    target = os.readlink(descriptor)
                    if target in wanted:
                        found.setdefault(wanted[target], process)
    return found
