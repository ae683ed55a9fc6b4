"""Settings of the kernel's network that a host of workloads needs, under /proc/sys.

For: writing the few settings without which no packet is forwarded or no proxy ARP answered. Not for: interfaces
themselves (`links`), or settings that are only a matter of taste. The files are those of the calling thread's network
namespace. Reference: the wiring of a workload, host side.

Structures to know: `HOST_SETTINGS` and `WORKLOAD_SETTINGS`, path → value; `{name}` is the interface.
"""

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tortie.node.errors import KernelSettingFailed

__all__ = [
    "HOST_SETTINGS",
    "PROC_SYS",
    "WORKLOAD_SETTINGS",
    "enable_forwarding",
    "prepare_workload_interface",
    "read_setting",
    "write_setting",
]

PROC_SYS: Final = Path("/proc/sys")

HOST_SETTINGS: Final[Mapping[str, str]] = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
}
"""A host forwards for its workloads. (`net/ipv6` is not there where IPv6 is turned off.)"""

WORKLOAD_SETTINGS: Final[Mapping[str, str]] = {
    "net/ipv4/conf/{name}/forwarding": "1",
    "net/ipv4/conf/{name}/proxy_arp": "1",  # answers for 169.254.1.1
    "net/ipv4/conf/{name}/route_localnet": "1",
    "net/ipv4/neigh/{name}/proxy_delay": "0",  # answer at once
    "net/ipv6/conf/{name}/accept_ra": "0",
    "net/ipv6/conf/{name}/forwarding": "1",
    "net/ipv6/conf/{name}/proxy_ndp": "1",
}
"""The host's end of a workload's veth pair."""

_IPV6: Final = "net/ipv6"
_NOT_PERMITTED: Final = frozenset({errno.EPERM, errno.EACCES, errno.EROFS})
_SEPARATORS: Final = ("/", "\0")


def enable_forwarding(root: Path = PROC_SYS) -> None:
    """Make the host a router for both families.

    Raises:
        KernelSettingFailed: for want of rights, mostly.
    """
    _write_all(HOST_SETTINGS, "", root)


def prepare_workload_interface(name: str, root: Path = PROC_SYS) -> None:
    """Set what the host's end of a workload needs.

    Raises:
        KernelSettingFailed: no such interface, or want of rights.
    """
    if not name or name in (".", "..") or any(separator in name for separator in _SEPARATORS):
        raise KernelSettingFailed(f"interface name {name!r}: expected a name without a slash")
    _write_all(WORKLOAD_SETTINGS, name, root)


def _write_all(settings: Mapping[str, str], name: str, root: Path) -> None:
    has_ipv6 = (root / _IPV6).is_dir()
    for path, value in settings.items():
        if has_ipv6 or not path.startswith(_IPV6):
            write_setting(path.format(name=name), value, root)


def read_setting(path: str, root: Path = PROC_SYS) -> str:
    """Return a setting without its line end; `path` is relative: `net/ipv4/ip_forward`.

    Raises:
        KernelSettingFailed: it cannot be read.
    """
    try:
        return (root / path).read_text().strip()
    except OSError as error:
        raise KernelSettingFailed(f"{root / path}: {error.strerror}") from error


def write_setting(path: str, value: str, root: Path = PROC_SYS) -> None:
    """Write a setting unless it has the value already (writing some anew has effects, and needs rights).

    Raises:
        KernelSettingFailed: it cannot be read or written.
    """
    if read_setting(path, root) == value:
        return
    try:
        (root / path).write_text(value)
    except OSError as error:
        hint = " (root is needed)" if error.errno in _NOT_PERMITTED else ""
        raise KernelSettingFailed(f"{root / path} = {value}: {error.strerror}{hint}") from error
