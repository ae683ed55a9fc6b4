"""tshark, as a judge of bytes: no packet is captured, it reads a file that is made of them."""

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

MAGIC, LINKTYPE_RAW = 0xA1B2C3D4, 101
SEGMENT_OCTETS = 1400
ACK_PUSH = 0x18
CLIENT_PORT = 40000


def dissected(stream: bytes, port: int, protocol: str, file: Path) -> list[dict[str, Any]]:
    """Return what tshark makes of one direction of a TCP connection: the layers of each packet.

    Args:
        stream: the bytes, from the client to the server.
        port: the server's.
        protocol: what tshark calls it.
        file: to be made, a capture.
    """
    program = shutil.which("tshark")
    if program is None:
        assert not os.environ.get("CI"), "no tshark; scripts/test --all installs it"
        pytest.skip("no tshark; scripts/test --all installs it")
    file.write_bytes(capture(stream, port))
    decode_as = f"tcp.port=={port},{protocol}"
    # -2: whole messages only, however they are cut into segments; no name is looked up
    arguments = ["-n", "-2", "-r", str(file), "-d", decode_as, "-Y", protocol, "-T", "json", "--no-duplicate-keys"]
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=True)
    return [packet["_source"]["layers"] for packet in json.loads(done.stdout)]


def capture(stream: bytes, port: int) -> bytes:
    """Return a capture file of raw IPv4 packets that carry the stream."""
    packets = [struct.pack("<IHHiIII", MAGIC, 2, 4, 0, 0, 65535, LINKTYPE_RAW)]
    for start in range(0, len(stream), SEGMENT_OCTETS):
        segment = stream[start : start + SEGMENT_OCTETS]
        tcp = struct.pack(">HHIIBBHHH", CLIENT_PORT, port, 1 + start, 1, 0x50, ACK_PUSH, 65535, 0, 0)
        length = 20 + len(tcp) + len(segment)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\2")
        packets.append(struct.pack("<IIII", start, 0, length, length) + ip + tcp + segment)
    return b"".join(packets)


def values(layers: object, name: str) -> list[str]:
    """Return every value of a field, wherever it stands, in order."""
    found: list[str] = []
    if isinstance(layers, dict):
        for key, value in layers.items():
            if key == name:
                found += value if isinstance(value, list) else [value]
            elif isinstance(value, dict | list):
                found += values(value, name)
    elif isinstance(layers, list):
        for each in layers:
            found += values(each, name)
    return found
