"""Reading what commands print, for the walk's checks. Pure.

Not here: running commands. Each function takes text or data that a command gave and returns plain values; what cannot
be read is left out, and the check then misses with what was seen.
"""

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tortie.lab.status import HostStatus

__all__ = [
    "BGP_PORT",
    "TCPConnection",
    "block_of",
    "count_established",
    "find_best",
    "mesh_session_count",
    "parse_json",
    "parse_ss",
]

BGP_PORT: Final = 179
SS_FIELDS_MIN: Final = 5


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
    if not isinstance(paths, list):
        return None
    for path in paths:
        if isinstance(path, dict) and path.get("prefix") == prefix and path.get("best") is True:
            return path
    return None
