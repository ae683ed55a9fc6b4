"""MRT files read by others: mrtparse, and the framing of records on its own."""

import gzip
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from struct import unpack, unpack_from
from typing import Any

import mrtparse

# mrtparse has set it so that a write to a closed socket ends the process; this is what Python has.
signal.signal(signal.SIGPIPE, signal.SIG_IGN)

BGP4MP, BGP4MP_ET = 16, 17
MESSAGE, MESSAGE_AS4 = 1, 4


@dataclass(frozen=True)
class RawMessage:
    """One BGP message of a collector's file, not looked into."""

    when: int
    peer: str
    peer_as: int
    local: str
    local_as: int
    is_four_octet: bool
    message: bytes


def raw_messages(path: Path) -> Iterator[RawMessage]:
    """The BGP messages of a (compressed) file; only the record's own fields are read."""
    data = gzip.decompress(path.read_bytes())
    start = 0
    while start < len(data):
        when, kind, subtype, length = unpack_from(">IHHI", data, start)
        body = data[start + 12 : start + 12 + length]
        start += 12 + length
        if kind != BGP4MP or subtype not in (MESSAGE, MESSAGE_AS4):
            continue
        is_four_octet = subtype == MESSAGE_AS4
        as_length = 4 if is_four_octet else 2
        peer_as, local_as = unpack(">II" if is_four_octet else ">HH", body[: 2 * as_length])
        _, afi = unpack(">HH", body[2 * as_length : 2 * as_length + 4])
        address_length = 4 if afi == 1 else 16
        rest = body[2 * as_length + 4 :]
        peer, local = rest[:address_length], rest[address_length : 2 * address_length]
        ends = str(ip_address(peer)), peer_as, str(ip_address(local)), local_as
        yield RawMessage(when, *ends, is_four_octet, rest[2 * address_length :])


def parsed(path: Path) -> list[dict[str, Any]]:
    """Every record as mrtparse reads it; one that it cannot read fails the test."""
    records = []
    for entry in mrtparse.Reader(str(path)):
        assert entry.err is None, f"{entry.err}: {entry.err_msg}"
        records.append(entry.data)
    return records


def code(enumerated: dict[int, str]) -> int:
    """The number of a field that mrtparse gives with its name."""
    return next(iter(enumerated))


def attributes_of(values: list[dict[str, Any]]) -> dict[int, Any]:
    """Attribute code → value as mrtparse has it."""
    return {code(each["type"]): each["value"] for each in values}


def prefixes_of(values: list[dict[str, Any]]) -> list[str]:
    """Prefixes as text."""
    return [f"{each['prefix']}/{each['length']}" for each in values]
