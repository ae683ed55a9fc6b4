"""Building the lab: wiring becomes namespaces and interfaces. Runs in the holder, before anything else does.

Not here: what to build (wiring.py), processes (supervisor.py). `build()` returns the namespaces of every host and
container; each host sees a /run of its own, in which

    /run/tortie   is the host's own folder of the lab's state directory (its agents' sockets and files)
    /run/lab      is what all hosts share: commands, certificates, datastore, names

and the lab's names stand in /etc/hosts, everywhere in the lab.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tortie.lab.commands import COMMAND_NAMES, command_wrapper
from tortie.lab.errors import NamespaceError
from tortie.lab.links import (
    add_bridge,
    add_host_end,
    add_port,
    apply_settings,
    set_up_container,
    set_up_host,
    set_up_loopback,
)
from tortie.lab.namespaces import (
    NamespaceSet,
    bind_mount,
    create_namespaces,
    mount_sysfs,
    mount_tmpfs,
    move_mount,
    run_inside,
)
from tortie.lab.paths import HOLDER_STATE, LabDirectory
from tortie.lab.wiring import ContainerWiring, HostWiring, Wiring, container_settings, host_end_settings, host_settings

__all__ = ["Built", "build", "prepare_run"]

STAGE: Final = "/run/stage"
NAMES: Final = "/run/netns"


@dataclass(frozen=True, slots=True)
class Built:
    """What build() made: name of each host and container → its namespaces; and what was left out, as text."""

    namespaces: dict[str, NamespaceSet]
    remarks: tuple[str, ...]


def prepare_run(state: Path) -> LabDirectory:
    """Give the holder a /run of its own, with the lab's state directory at a fixed place in it.

    The state directory may itself lie below /run, so it is opened before the tmpfs covers it.
    """
    descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        mount_tmpfs("/run")
        Path(NAMES).mkdir()
        Path(HOLDER_STATE).mkdir()
        bind_mount(f"/proc/self/fd/{descriptor}", HOLDER_STATE)
    finally:
        os.close(descriptor)
    directory = LabDirectory(Path(HOLDER_STATE))
    bind_mount(str(directory.names), "/etc/hosts")
    _write_commands(directory)
    return directory


def _write_commands(directory: LabDirectory) -> None:
    """Write the scripts that stand first in a host's PATH.

    They lie in a tmpfs of their own: where the state directory is, below /run, running programs may be forbidden.
    """
    mount_tmpfs(str(directory.bin))
    for name in COMMAND_NAMES:
        script = directory.bin / name
        script.write_text(command_wrapper(), encoding="utf-8")
        script.chmod(0o755)


def build(wiring: Wiring, directory: LabDirectory, on_progress: Callable[[str], None]) -> Built:
    """Make every LAN, host and container.

    Hosts come first: a mount namespace keeps alive what it has seen, so that no host may see containers' names.

    Raises:
        LabError: the kernel refused something; what was made goes away with the holder.
    """
    remarks: list[str] = []
    namespaces: dict[str, NamespaceSet] = {}
    Path(STAGE).mkdir()
    set_up_loopback()
    for bridge in wiring.bridges:
        on_progress(f"LAN {bridge.lan}")
        add_bridge(bridge)
    for host in wiring.hosts:
        on_progress(f"host {host.name}")
        namespaces[host.name] = _make_host(host, directory, remarks)
    for container in wiring.containers:
        on_progress(f"container {container.name}")
        namespaces[container.name] = _make_container(container, namespaces[container.host])
    for name, made in namespaces.items():
        _name_network(name, made.network)
    return Built(namespaces, tuple(dict.fromkeys(remarks)))


def _make_host(host: HostWiring, directory: LabDirectory, remarks: list[str]) -> NamespaceSet:
    made = create_namespaces(host.name, has_mounts=True, prepare=lambda: _prepare_mounts(host.name, directory, remarks))
    run_inside(made.network, lambda: apply_settings(host_settings()))
    for port in host.ports:
        add_port(port, made.network)
    run_inside(made.network, lambda: set_up_host(host))
    return made


def _prepare_mounts(host: str, directory: LabDirectory, remarks: list[str]) -> None:
    mount_tmpfs(STAGE)
    for name, source in (("lab", directory.shared), ("tortie", directory.host_run(host))):
        target = Path(STAGE) / name
        target.mkdir()
        bind_mount(str(source), str(target))
    (Path(STAGE) / "netns").mkdir()
    move_mount(STAGE, "/run")
    try:
        mount_sysfs("/sys")
    except NamespaceError as error:
        remarks.append(f"/sys of the hosts shows the holder's interfaces: {error}")


def _make_container(container: ContainerWiring, host: NamespaceSet) -> NamespaceSet:
    made = create_namespaces(container.name, has_mounts=False, prepare=lambda: apply_settings(container_settings()))

    def at_host() -> None:
        add_host_end(container, made.network)
        apply_settings(host_end_settings(container.interface))

    run_inside(host.network, at_host)
    run_inside(made.network, lambda: set_up_container(container))
    return made


def _name_network(name: str, network: int) -> None:
    """Make a network namespace known to `ip netns` in the holder."""
    path = Path(NAMES) / name
    path.touch()
    bind_mount(f"/proc/self/fd/{network}", str(path))
