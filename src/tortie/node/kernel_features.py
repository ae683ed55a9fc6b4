"""Features of the kernel, each tried in a way that leaves nothing behind.

For: `tortie node check`. Not for: using them. `find_lacking` is the whole of it; a feature that cannot be tried for
want of rights counts as there, since the want of rights is told on its own.
"""

import ctypes
import errno
import os
import socket
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final

from tortie.node.errors import NetlinkError
from tortie.node.netlink import RouteSocket

__all__ = ["find_lacking", "is_clock_synchronised"]

NETLINK_NETFILTER: Final = 12
NFT_GET_GENERATION: Final = (10 << 8) | 16
"""NFNL_SUBSYS_NFTABLES and NFT_MSG_GETGEN: a question that changes nothing."""
NLMSG_ERROR: Final = 2
NLM_F_REQUEST: Final = 1
TCP_MD5SIG: Final = 14
TIMEOUT_S: Final = 5.0
TIME_ERROR: Final = 5
TIMEX_BYTES: Final = 512
"""More than struct timex has on any architecture."""

_NETFILTER_REQUEST: Final = Struct("=IHHIIBBH")  # header, then struct nfgenmsg
_ANSWER: Final = Struct("=IHHIIi")  # header, and the errno of an NLMSG_ERROR
_MD5_KEY: Final = Struct("=H2x4s120xBBHi80s")  # struct tcp_md5sig with an IPv4 address


def find_lacking(root: Path = Path("/")) -> dict[str, str]:
    """Return the features that this kernel lacks, each with what it answered.

    Args:
        root: where /sys and /lib/modules are.
    """
    answers = {
        "netlink": _try_netlink(),
        "nftables": _try_nftables(),
        "tcp_md5": _try_tcp_md5(),
        "vxlan": _find_module("vxlan", root),
    }
    return {name: answer for name, answer in answers.items() if answer}


def is_clock_synchronised() -> bool | None:
    """Return whether something keeps the clock right, as adjtimex(2) says; None where it does not."""
    with suppress(OSError, AttributeError):
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
        return None if state < 0 else state != TIME_ERROR
    return None


def _try_netlink() -> str:
    try:
        with RouteSocket(timeout_s=TIMEOUT_S) as routes:
            routes.dump_links()
    except (OSError, NetlinkError) as error:
        return str(error)
    return ""


def _try_nftables() -> str:
    length = _NETFILTER_REQUEST.size
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER) as netfilter:
            netfilter.settimeout(TIMEOUT_S)
            netfilter.send(_NETFILTER_REQUEST.pack(length, NFT_GET_GENERATION, NLM_F_REQUEST, 1, 0, 0, 0, 0))
            answer = netfilter.recv(4096)
    except OSError as error:
        return error.strerror or str(error)
    _, message_type, _, _, _, number = _ANSWER.unpack_from(answer)
    is_refused = message_type == NLMSG_ERROR and number not in (0, -errno.EPERM)
    return os.strerror(-number) if is_refused else ""


def _try_tcp_md5() -> str:
    key = b"tortie"
    value = _MD5_KEY.pack(socket.AF_INET, socket.inet_aton("192.0.2.1"), 0, 0, len(key), 0, key)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, value)
    except OSError as error:
        return "" if error.errno == errno.EPERM else error.strerror or str(error)
    return ""


def _find_module(name: str, root: Path) -> str:
    """Return "" if a module is loaded, built in or there to be loaded; nothing is loaded to find out."""
    if (root / "sys/module" / name).is_dir():
        return ""
    folder = root / "lib/modules" / os.uname().release
    for listing in ("modules.builtin", "modules.dep"):
        with suppress(OSError):
            if f"/{name}.ko" in (folder / listing).read_text(encoding="utf-8", errors="replace"):
                return ""
    return "neither loaded nor built in nor among the modules"
