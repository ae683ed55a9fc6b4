"""What the kernel dropped because of TCP-MD5: the only trace that a wrong password leaves.

For: the counters of this network namespace, for status. Not for: whose segments they were; the kernel's own log may
say that (dmesg). RFC 2385 §2.
"""

from pathlib import Path
from typing import Final

__all__ = ["md5_drops"]

NETSTAT: Final = Path("/proc/thread-self/net/netstat")
COUNTERS: Final = {"missing": "TCPMD5NotFound", "unexpected": "TCPMD5Unexpected", "wrong": "TCPMD5Failure"}
"""In status → in the kernel: segments without a password where one was expected, the reverse, and with another one."""


def md5_drops(netstat: Path = NETSTAT) -> dict[str, int]:
    """Return how many segments were dropped since the namespace began; empty where the kernel does not say."""
    try:
        shown = netstat.read_text(encoding="ascii").splitlines()
        names, values = [line.split() for line in shown if line.startswith("TcpExt:")]
        counted = dict(zip(names[1:], map(int, values[1:]), strict=True))
    except (OSError, ValueError):
        return {}
    return {name: counted[counter] for name, counter in COUNTERS.items() if counter in counted}
