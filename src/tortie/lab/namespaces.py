"""Linux namespaces: make them, enter them, open sockets in them.

For: the holder (makes one set for each host and container) and the prober (opens sockets inside). Not here: interfaces
and routes (links.py); joining from outside, which is nsenter's work (execute.py).

A namespace belongs to a *thread*, so all work inside one is done by a short-lived thread that ends there. Namespaces
are kept alive by open file descriptors, which others reach as /proc/PID/fd/N. They are not bound to files: Linux 6.18
refuses to bind a mount namespace at random (it compares ids which it hands out by CPU, to rule out a loop).

Structure to know: `NamespaceSet`, the descriptors of one host or container.
"""

import ctypes
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tortie.lab.errors import NamespaceError

__all__ = [
    "CLONE_NEWNET",
    "CLONE_NEWNS",
    "CLONE_NEWUTS",
    "NamespaceSet",
    "bind_mount",
    "create_namespaces",
    "mount_sysfs",
    "mount_tmpfs",
    "move_mount",
    "run_inside",
    "socket_inside",
]

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWNET: Final = 0x40000000

MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_BIND: Final = 0x1000
MS_MOVE: Final = 0x2000
MS_REC: Final = 0x4000

TMPFS_OPTIONS: Final = "mode=0755,size=64m"

T = TypeVar("T")

_libc: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class NamespaceSet:
    """Descriptors of one set of namespaces, in the process that made them.

    Attributes:
        network: descriptor of the network namespace.
        host_name: descriptor of the UTS namespace.
        mount: descriptor of the mount namespace, None where it is the holder's own.
    """

    network: int
    host_name: int
    mount: int | None

    def close(self) -> None:
        """Let go of the descriptors; the kernel removes what nobody else uses."""
        for descriptor in (self.network, self.host_name, self.mount):
            if descriptor is not None:
                os.close(descriptor)


def create_namespaces(name: str, *, has_mounts: bool, prepare: Callable[[], None]) -> NamespaceSet:
    """Make a network and a UTS namespace, and a mount namespace if asked.

    Args:
        name: host name inside.
        has_mounts: make a mount namespace as well.
        prepare: runs inside the new namespaces, in their thread.

    Raises:
        NamespaceError: the kernel refused; also whatever `prepare` raises.
    """
    flags = CLONE_NEWNET | CLONE_NEWUTS | (CLONE_NEWNS if has_mounts else 0)

    def inside() -> NamespaceSet:
        _check(_libc.unshare(flags), f"unshare namespaces of {name}")
        socket.sethostname(name)
        prepare()
        base = f"/proc/self/task/{threading.get_native_id()}/ns"
        return NamespaceSet(
            network=_open(f"{base}/net"),
            host_name=_open(f"{base}/uts"),
            mount=_open(f"{base}/mnt") if has_mounts else None,
        )

    return _in_thread(inside)


def run_inside(network: int, function: Callable[[], T]) -> T:
    """Return what a function returns when it runs in a network namespace, given by descriptor.

    /proc/sys/net and new sockets are those of the namespace. Blocks until the function ends.
    """

    def inside() -> T:
        _check(_libc.setns(network, CLONE_NEWNET), f"setns to descriptor {network}")
        return function()

    return _in_thread(inside)


def socket_inside(path: str, family: int, kind: int, protocol: int) -> socket.socket:
    """Return a socket that lives in the network namespace of a path, as /proc/1/fd/7.

    Raises:
        NamespaceError: no such namespace, or no right to enter it.
        OSError: the socket was refused.
    """
    network = _open(path)
    try:
        return run_inside(network, lambda: socket.socket(family, kind, protocol))
    finally:
        os.close(network)


def mount_tmpfs(target: str) -> None:
    """Mount an empty tmpfs on a directory."""
    _mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, TMPFS_OPTIONS)


def mount_sysfs(target: str) -> None:
    """Mount a sysfs that shows the network interfaces of the caller's namespace."""
    _mount("sysfs", target, "sysfs", MS_NOSUID | MS_NODEV, "")


def bind_mount(source: str, target: str) -> None:
    """Make a file, or a directory with what is mounted in it, visible at a second place."""
    _mount(source, target, "", MS_BIND | MS_REC, "")


def move_mount(source: str, target: str) -> None:
    """Move a mount on top of another directory."""
    _mount(source, target, "", MS_MOVE, "")


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    answer = _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _check(answer, f"mount {source} on {target}")


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NamespaceError(f"open {path}", error.errno or 0, error.strerror or "failed") from error


def _check(answer: int, call: str) -> None:
    if answer != 0:
        errno = ctypes.get_errno()
        raise NamespaceError(call, errno, os.strerror(errno))


def _in_thread(function: Callable[[], T]) -> T:
    """Return what a function returns in a thread of its own, which ends with it; its error is raised here."""
    results: list[T] = []
    errors: list[BaseException] = []

    def body() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001  # carried to the caller's thread and raised there
            errors.append(error)

    thread = threading.Thread(target=body, name="namespace")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
