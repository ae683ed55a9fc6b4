"""A process of its own gives up its rights, and looks at what the kernel says of it."""

import os
import subprocess
import sys

import pytest

from tortie.node.privileges import NODE_CAPABILITIES, REFLECTOR_CAPABILITIES

LOOK = """
import socket, sys
from tortie.node.privileges import keep_only
keep_only([int(word) for word in sys.argv[1:]])
print(open("/proc/self/status").read())
"""


def status_of(*wanted: int) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *map(str, wanted)], capture_output=True, text=True, check=True, timeout=60
    )
    return dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)


@pytest.mark.parametrize("wanted", [NODE_CAPABILITIES, REFLECTOR_CAPABILITIES, frozenset[int]()])
def test_what_is_left(wanted: frozenset[int]) -> None:
    status = status_of(*wanted)
    mask = sum(1 << number for number in wanted)
    assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    if os.geteuid() == 0:
        assert [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")] == [mask] * 3
    else:
        assert int(status["CapEff"], 16) & ~mask == 0
