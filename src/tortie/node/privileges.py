"""Giving up the capabilities that an agent does not need, before it opens anything.

For: root, who starts an agent and would keep all of root's rights: what it can be made to do is bounded by what it may.
Not for: who it runs as; files and sockets go by the user as before. capabilities(7), prctl(2).
Structure to know: the sets `NODE_CAPABILITIES` and `REFLECTOR_CAPABILITIES`.

The capabilities of a process are those of its threads: called before the first other thread is made.
"""

import ctypes
import os
from collections.abc import Collection
from typing import Final

__all__ = ["NODE_CAPABILITIES", "REFLECTOR_CAPABILITIES", "PrivilegesKept", "keep_only"]

CAP_NET_BIND_SERVICE: Final = 10
CAP_NET_ADMIN: Final = 12
CAPABILITY_MAX: Final = 63

NODE_CAPABILITIES: Final = frozenset({CAP_NET_BIND_SERVICE, CAP_NET_ADMIN})
"""Port 179, and routes, links and settings of this network namespace."""
REFLECTOR_CAPABILITIES: Final = frozenset({CAP_NET_BIND_SERVICE})
"""Port 179."""

PR_CAPBSET_DROP: Final = 24
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
CAPABILITY_VERSION_3: Final = 0x20080522
BITS_A_WORD: Final = 32


class PrivilegesKept(OSError):
    """The kernel did not let rights go, or give up what only root has."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    """One word of each set; two of them make 64 capabilities."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def keep_only(wanted: Collection[int]) -> None:
    """Give up all capabilities but these, for this process and all that it starts; none is gained.

    Raises:
        PrivilegesKept: the kernel refuses, which it has no reason to.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _call(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for number in range(CAPABILITY_MAX + 1):
        if number not in wanted:
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)  # refused to who may not: it could not gain any either
    header, sets = _Header(CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    _call(libc.capget(ctypes.byref(header), sets))
    masks = [sum(1 << n % BITS_A_WORD for n in wanted if n // BITS_A_WORD == index) for index in range(len(sets))]
    if not any(word.permitted & ~mask for word, mask in zip(sets, masks, strict=True)):
        return  # as where a unit gave no more: capset may be refused there, and there is nothing to give up
    for word, mask in zip(sets, masks, strict=True):
        word.permitted &= mask
        word.effective = word.permitted
        word.inheritable = 0
    _call(libc.capset(ctypes.byref(header), sets))


def _call(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise PrivilegesKept(number, f"cannot give up capabilities: {os.strerror(number)}")
