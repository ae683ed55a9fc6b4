"""What this machine lacks for a lab, each with the line that root types to get it.

For: `up`, before anything is made, and a first look by the CLI. Not here: installing anything.
Commands are looked up; namespaces are tried out in a trial run, since no setting alone says whether they are allowed.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tortie.lab.errors import Requirement, RequirementsMissing
from tortie.lab.etcd_members import ETCD_PACKAGE, ETCD_PROGRAM
from tortie.lab.foreign.speakers import missing_speakers
from tortie.lab.topology_types import Topology

__all__ = [
    "COMMANDS_NEEDED",
    "check_requirements",
    "find_missing",
    "has_user_namespace",
    "missing_commands",
    "missing_etcd",
    "refusal",
    "unshare_command",
]

COMMANDS_NEEDED: Final[Mapping[str, tuple[str, str]]] = {
    "unshare": ("util-linux", "makes the lab's namespaces"),
    "nsenter": ("util-linux", "runs commands on the lab's hosts"),
    "ip": ("iproute2", "shows routes and interfaces of the lab's hosts"),
    "ss": ("iproute2", "shows the hosts' BGP connections"),
    "curl": ("curl", "writes the reflector's record, as the document does"),
    "pgrep": ("procps", "finds the process of a host that is to be killed"),
}
"""command → (Debian package, what for)."""

TUN_DEVICE: Final = Path("/dev/net/tun")
TRIAL_TIMEOUT_S: Final = 20.0
TRIAL: Final = (
    "mount -t tmpfs tmpfs /run && ip link add name t0 type veth peer name t1 && ip link add name t2 type bridge"
)

CAP_NET_ADMIN: Final = 12
CAP_SYS_ADMIN: Final = 21

SETTINGS: Final = (
    ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
    ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
    ("user/max_net_namespaces", "0", "sysctl -w user.max_net_namespaces=15000"),
    ("user/max_mnt_namespaces", "0", "sysctl -w user.max_mnt_namespaces=15000"),
    ("user/max_pid_namespaces", "0", "sysctl -w user.max_pid_namespaces=15000"),
    ("user/max_uts_namespaces", "0", "sysctl -w user.max_uts_namespaces=15000"),
)
"""Kernel settings that forbid namespaces: file below /proc/sys, the value that does, the line that allows them."""


def check_requirements(topology: Topology | None = None) -> None:
    """Return if a lab can be raised here: any, or that of a topology, whose optional hosts are not asked for.

    Raises:
        RequirementsMissing: with everything that is missing and the line to type for each.
    """
    missing = [item for item in find_missing() if item.is_required]
    if topology is not None:
        missing += [*missing_speakers(topology), *missing_etcd(topology, shutil.which)]
    if missing:
        raise RequirementsMissing(missing)


def find_missing() -> list[Requirement]:
    """Return what is missing, the needed things first."""
    found = missing_commands(shutil.which)
    if not found:
        answer = _try_namespaces()
        if answer is not None:
            found.append(refusal(answer, _settings(), is_root=os.geteuid() == 0))
    if not TUN_DEVICE.exists():
        found.append(
            Requirement(
                name=str(TUN_DEVICE),
                reason="tunnels in user space need it; labs without them do not",
                remedy="mkdir -p /dev/net && mknod -m 0666 /dev/net/tun c 10 200",
                is_required=False,
            )
        )
    return found


def missing_commands(find: Callable[[str], str | None]) -> list[Requirement]:
    """Return the commands that are not installed, as `find` (a shutil.which) sees it; one requirement a package."""
    packages: dict[str, list[str]] = {}
    for command, (package, _) in COMMANDS_NEEDED.items():
        if find(command) is None:
            packages.setdefault(package, []).append(command)
    return [
        Requirement(
            name=", ".join(commands),
            reason="; ".join(COMMANDS_NEEDED[command][1] for command in commands),
            remedy=f"apt-get install -y {package}",
        )
        for package, commands in packages.items()
    ]


def missing_etcd(topology: Topology, find: Callable[[str], str | None]) -> list[Requirement]:
    """Return etcd if a topology's datastore is to be etcd and it is not installed."""
    if not topology.etcd_hosts or find(ETCD_PROGRAM):
        return []
    return [Requirement(name=ETCD_PROGRAM, reason="the lab's datastore", remedy=f"apt-get install -y {ETCD_PACKAGE}")]


def has_user_namespace() -> bool:
    """Return True if the lab needs a user namespace: this process may not administer namespaces as it is."""
    text = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    effective = next((line.split()[1] for line in text.splitlines() if line.startswith("CapEff:")), "0")
    needed = (1 << CAP_SYS_ADMIN) | (1 << CAP_NET_ADMIN)
    return int(effective, 16) & needed != needed


def unshare_command() -> list[str]:
    """Return the start of a command line that runs what follows as pid 1 of namespaces of its own."""
    user = ["--user", "--map-root-user"] if has_user_namespace() else []
    return ["unshare", *user, "--mount", "--uts", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]


def _try_namespaces() -> str | None:
    """Return None if namespaces can be made and used as the lab does, else what the first that failed said."""
    try:
        trial = subprocess.run(
            [*unshare_command(), "sh", "-c", TRIAL],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TRIAL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {TRIAL_TIMEOUT_S:g} s"
    if trial.returncode == 0:
        return None
    return " ".join(trial.stderr.split()) or f"exit code {trial.returncode}"


def _settings() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, _, _ in SETTINGS:
        path = Path("/proc/sys") / name
        if path.exists():
            found[name] = path.read_text(encoding="ascii", errors="replace").strip()
    return found


def refusal(answer: str, settings: Mapping[str, str], *, is_root: bool) -> Requirement:
    """Return what to do about namespaces that the kernel refuses.

    Args:
        answer: what the trial run said.
        settings: file below /proc/sys → value.
        is_root: the person is root (of this container, perhaps) already.
    """
    for name, forbidding, remedy in SETTINGS:
        if settings.get(name) == forbidding and not (is_root and name.startswith("kernel/")):
            setting = name.replace("/", ".")
            return Requirement(name="namespaces", reason=f"{setting} = {forbidding} forbids them", remedy=remedy)
    if "Unknown device type" in answer or "not supported" in answer.lower():
        return Requirement(name="veth and bridge interfaces", reason=answer, remedy="modprobe -a veth bridge")
    if is_root:
        remedy = "run outside of this container, or in one that was started with --privileged"
        return Requirement(name="namespaces", reason=answer, remedy=remedy)
    return Requirement(name="namespaces for an ordinary user", reason=answer, remedy="tortie lab up (as root)")
