"""The filter that drops what our own sockets caused, run by a small interpreter of its instructions."""

import struct

import pytest

from tortie.node.netlink_message import HEADER_STRUCT
from tortie.node.netlink_monitor import port_filter


def run_filter(program: bytes, packet: bytes) -> int:
    """Run classic BPF: the four instructions that the filter uses."""
    instructions = [struct.unpack_from("=HBBI", program, start) for start in range(0, len(program), 8)]
    counter, accumulator = 0, 0
    while True:
        code, jump_true, jump_false, value = instructions[counter]
        counter += 1
        if code == 0x20:
            accumulator = int.from_bytes(packet[value : value + 4])
        elif code == 0x15:
            counter += jump_true if accumulator == value else jump_false
        else:
            assert code == 0x06
            return int(value)


@pytest.mark.parametrize(
    ("ports", "port", "is_accepted"),
    [
        ((4711,), 4711, False),
        ((4711,), 4712, True),
        ((4711,), 0, True),
        ((1, 2, 0xFFFF_F001), 1, False),
        ((1, 2, 0xFFFF_F001), 2, False),
        ((1, 2, 0xFFFF_F001), 0xFFFF_F001, False),
        ((1, 2, 0xFFFF_F001), 3, True),
    ],
)
def test_port_filter(ports: tuple[int, ...], port: int, is_accepted: bool) -> None:
    packet = HEADER_STRUCT.pack(16, 24, 0, 9, port)
    assert run_filter(port_filter(ports), packet) == (0xFFFFFFFF if is_accepted else 0)
