"""Reading and comparing what commands and agents say, for the walk. Pure.

Not here: running commands. Each function takes text or data that a command gave and returns plain values; what cannot
be read is left out, and the check then misses with what was seen.
"""

import base64
import ipaddress
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tortie.lab.status import HostStatus, LabStatus

__all__ = [
    "BGP_PORT",
    "TCPConnection",
    "attributes_text",
    "block_of",
    "count_established",
    "ends_of",
    "find_best",
    "find_paths",
    "gateway_of",
    "gateway_value",
    "kernel_ways",
    "mesh_session_count",
    "parse_json",
    "parse_ss",
    "problems_text",
    "reflected_sessions",
    "side_by_side",
]

BGP_PORT: Final = 179
SS_FIELDS_MIN: Final = 5
EXAMPLE_NODES: Final = 100


@dataclass(frozen=True, slots=True)
class TCPConnection:
    """One line of `ss -tn`: state and both ends ("10.10.31.168", 179)."""

    state: str
    local: tuple[str, int]
    peer: tuple[str, int]


def parse_ss(text: str) -> list[TCPConnection]:
    """Return the connections that `ss -tn` shows; other lines are left out."""
    found: list[TCPConnection] = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < SS_FIELDS_MIN:
            continue
        local, peer = _end(fields[3]), _end(fields[4])
        if local is not None and peer is not None:
            found.append(TCPConnection(fields[0], local, peer))
    return found


def _end(text: str) -> tuple[str, int] | None:
    address, _, port = text.rpartition(":")
    return (address.strip("[]"), int(port)) if address and port.isdigit() else None


def parse_json(text: str) -> object:
    """Return what a JSON text says, None if it is none."""
    try:
        found: object = json.loads(text)
    except ValueError:
        return None
    return found


def gateway_value(text: str) -> str:
    """Return the value that etcd's v3 JSON gateway answers with, decoded; "" if it found not just one key."""
    answer = parse_json(text)
    found = answer.get("kvs") if isinstance(answer, dict) else None
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict):
        return ""
    try:
        return base64.b64decode(str(found[0].get("value")), validate=True).decode()
    except ValueError:
        return ""


def mesh_session_count(nodes: int) -> int:
    """Return the sessions of a full mesh: n(n-1)/2."""
    return nodes * (nodes - 1) // 2


def count_established(hosts: Sequence[HostStatus], names: Sequence[str]) -> int:
    """Return how many session ends of the named hosts are in state Established; a session has two ends."""
    return sum(
        session.is_established
        for host in hosts
        if host.name in names and host.sessions is not None
        for session in host.sessions
    )


def block_of(address: str, block_size: int) -> str:
    """Return the block that an address ("192.168.0.1/32") lies in, as a prefix."""
    return str(ipaddress.ip_network(f"{address.partition('/')[0]}/{block_size}", strict=False))


def find_best(paths: object, prefix: str) -> Mapping[str, object] | None:
    """Return the best path of a prefix among an agent's paths (`node routes -o json`), None if there is none."""
    return next((path for path in find_paths(paths, prefix) if path.get("best") is True), None)


def find_paths(paths: object, prefix: str) -> list[Mapping[str, object]]:
    """Return the paths of a prefix among an agent's paths (`node routes -o json`), used or not."""
    if not isinstance(paths, list):
        return []
    return [path for path in paths if isinstance(path, dict) and path.get("prefix") == prefix]


def gateway_of(text: str) -> str | None:
    """Return the gateway that `ip route get` names, None if the destination is on a link or has no way."""
    words = text.split()
    return words[words.index("via") + 1] if "via" in words[:-1] else None


def kernel_ways(text: str) -> dict[str, str | None]:
    """Return the prefixes in the output of `ip route`, and the gateway of each, None for a blackhole, "" for neither.

    Routes of single addresses are left out: they lead to a host's own containers.
    """
    found: dict[str, str | None] = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["blackhole"] and "/" in words[1]:
            found[words[1]] = None
        elif words and "/" in words[0]:
            found[words[0]] = gateway_of(line) or ""
    return found


def reflected_sessions(status: LabStatus, nodes: Sequence[str], addresses: Collection[str]) -> tuple[int, int]:
    """Return (ends that are as they should be, ends there are or should be).

    Each node should have one with each address of the reflector, and no other.
    """
    ends = [session for host in status.hosts if host.name in nodes for session in host.sessions or ()]
    right = [session for session in ends if session.is_established and session.remote_address in addresses]
    return len(right), max(len(nodes) * len(addresses), len(ends))


def ends_of(status: LabStatus, name: str) -> int:
    """Return how many established session ends a host has."""
    return count_established(status.hosts, [name])


def problems_text(status: LabStatus) -> str:
    """Return why sessions are missing, as far as the hosts say it."""
    found = [host.problem for host in status.hosts if host.problem]
    found.extend(f"{host.name}: {item}" for host in status.hosts for item in host.quarantine)
    for host in status.hosts:
        waiting = [item for item in host.sessions or () if not item.is_established]
        found.extend(f"{host.name} with {item.remote_address}: {item.state}" for item in waiting)
    return "; ".join(found[:4]) or "no agent says why"


def attributes_text(values: Mapping[str, object]) -> str:
    """Return next hop, ORIGINATOR_ID and CLUSTER_LIST of a path as text."""
    names = {"next_hop": "next hop", "originator_id": "ORIGINATOR_ID", "cluster_list": "CLUSTER_LIST"}
    parts = []
    for name, value in values.items():
        text = " ".join(str(item) for item in value) if isinstance(value, list) else str(value)
        parts.append(f"{names[name]} {text}")
    return ", ".join(parts)


def side_by_side(ends: Mapping[str, tuple[int, int]], before: int, after: int, families: int = 1) -> str:
    """Return the table of sessions before and after, and what they would be with many nodes.

    Args:
        ends: host → established session ends before and after.
        before, after: sessions.
        families: IP versions, each with sessions of its own.
    """
    example = mesh_session_count(EXAMPLE_NODES) * families
    rows = [
        ("", "full mesh", "route reflection"),
        ("sessions", str(before), str(after)),
        *((f"  at {name}", str(mesh), str(reflected)) for name, (mesh, reflected) in ends.items()),
        (f"with {EXAMPLE_NODES} nodes", str(example), str(EXAMPLE_NODES * families)),
    ]
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{name:<{width}}  {mesh:>9}  {reflected:>16}" for name, mesh, reflected in rows)
