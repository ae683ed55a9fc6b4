"""podman for tests: a storage of its own in a folder, runc, and limits that small virtual machines allow."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["podman_environment"]

STORAGE = """
[storage]
driver = "overlay"
graphroot = "{folder}/graph"
runroot = "{folder}/run"
"""

CONTAINERS = """
[containers]
pids_limit = 0
default_ulimits = ["nproc=1024:4096", "nofile=1024:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/tmp"
volume_path = "{folder}/volumes"
[network]
network_backend = "cni"
network_config_dir = "{folder}/networks"
"""


@contextmanager
def podman_environment(folder: Path) -> Iterator[Mapping[str, str]]:
    """Yield the environment of podman with everything in a folder; all its containers and images go at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("storage.conf", STORAGE), ("containers.conf", CONTAINERS)):
        (folder / name).write_text(text.format(folder=folder), encoding="utf-8")
    environment = {
        **os.environ,
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINERS_CONF": str(folder / "containers.conf"),
    }
    try:
        yield environment
    finally:
        for words in (["rm", "--all", "--force", "--time", "5"], ["system", "reset", "--force"]):
            subprocess.run(["podman", *words], env=environment, capture_output=True, timeout=120, check=True)
