"""Where things of the lab lie: in its state directory outside, and inside hosts.

Not here: making, finding or removing state directories (state.py). The structure to know is `LabDirectory`: the same
tree is seen by commands (below the base directory) and by the holder (at HOLDER_STATE).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "BIN_INSIDE",
    "CERTIFICATES_INSIDE",
    "DATASTORE_INSIDE",
    "ETCD_INSIDE",
    "HOLDER_STATE",
    "RUN_DIR_INSIDE",
    "SHARED_INSIDE",
    "LabDirectory",
    "datastore_url",
]

HOLDER_STATE: Final = "/run/state"
"""The state directory, in the holder."""

SHARED_INSIDE: Final = "/run/lab"
"""What all hosts share, in every host."""

BIN_INSIDE: Final = f"{SHARED_INSIDE}/bin"
CERTIFICATES_INSIDE: Final = f"{SHARED_INSIDE}/pki"
RUN_DIR_INSIDE: Final = "/run/tortie"

DATASTORE_FILE: Final = "tortie.db"
DATASTORE_INSIDE: Final = f"{SHARED_INSIDE}/store/{DATASTORE_FILE}"

ETCD_INSIDE: Final = Path(SHARED_INSIDE) / "etcd"
"""Data and certificates of the lab's etcd cluster, where it has one."""


@dataclass(frozen=True, slots=True)
class LabDirectory:
    """One lab's state directory."""

    root: Path

    @property
    def is_a_labs(self) -> bool:
        """A lab was raised here, or was about to be; anything else there is somebody's own."""
        if self.root.is_symlink() or not self.root.is_dir():
            return False
        return not any(self.root.iterdir()) or any(
            path.exists() for path in (self.state, self.plan, self.shared, self.holder_log)
        )

    @property
    def state(self) -> Path:
        """What runs: see state.LabState."""
        return self.root / "state.json"

    @property
    def plan(self) -> Path:
        """What the holder is to make: see plan.HolderPlan."""
        return self.root / "plan.json"

    @property
    def probe_targets(self) -> Path:
        """Whom the prober pings; written by the holder."""
        return self.root / "probe.json"

    @property
    def control_socket(self) -> Path:
        """The holder's unix socket."""
        return self.root / "control.sock"

    @property
    def probe_socket(self) -> Path:
        """The prober's unix socket."""
        return self.root / "probe.sock"

    @property
    def holder_log(self) -> Path:
        """Standard output and error of the holder."""
        return self.root / "holder.log"

    @property
    def prober_log(self) -> Path:
        """Standard output and error of the prober."""
        return self.root / "prober.log"

    @property
    def shared(self) -> Path:
        """What all hosts see at SHARED_INSIDE."""
        return self.root / "shared"

    @property
    def bin(self) -> Path:
        """The commands that come first in a host's PATH."""
        return self.shared / "bin"

    @property
    def certificates(self) -> Path:
        """Certificates and keys."""
        return self.shared / "pki"

    @property
    def names(self) -> Path:
        """What hosts see as /etc/hosts."""
        return self.shared / "hosts"

    @property
    def datastore(self) -> Path:
        """The sqlite file of the datastore; its folder holds the journal files as well."""
        return self.shared / "store" / DATASTORE_FILE

    @property
    def etcd(self) -> Path:
        """What hosts see at ETCD_INSIDE."""
        return self.shared / ETCD_INSIDE.name

    def host_run(self, host: str) -> Path:
        """Return what a host sees as /run/tortie."""
        return self.root / "hosts" / host / "run"

    def host_log(self, host: str, process: str) -> Path:
        """Return the log file of a process of a host."""
        return self.root / "hosts" / host / "log" / f"{process}.log"

    def folders(self, hosts: tuple[str, ...]) -> tuple[Path, ...]:
        """Return every folder of the tree, parents first."""
        per_host = (
            path
            for host in hosts
            for path in (self.root / "hosts" / host, self.host_run(host), self.root / "hosts" / host / "log")
        )
        return (self.shared, self.bin, self.certificates, self.datastore.parent, self.root / "hosts", *per_host)


def datastore_url(file: Path | str) -> str:
    """Return the datastore URL of an sqlite file; its path is absolute."""
    return f"sqlite://{file}"
