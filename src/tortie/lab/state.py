"""State directories: which labs there are, whether they live, and what is left of dead ones.

For: finding a lab by name from any command, guarding against a reused pid, one command at a time. Not here: what lies
in a lab's directory (paths.py), raising and taking down (lifecycle.py).

A base directory (mode 0700, the person's own) holds one folder a lab. `LabState` is that folder's state.json; a lab
lives while its `unshare` process does, since the holder dies with it and everything else with the holder.
"""

import asyncio
import fcntl
import os
import shutil
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from tortie.lab.errors import LabError, LabNotRunning
from tortie.lab.namespaces import NamespaceSet
from tortie.lab.paths import LabDirectory
from tortie.lab.topology import Topology
from tortie.lab.wiring import Wiring

__all__ = [
    "LabState",
    "ProcessIdentity",
    "base_directories",
    "base_directory",
    "find_running",
    "identify",
    "is_alive",
    "is_same_folder",
    "locked",
    "read_state",
    "remove_directory",
    "running_labs",
    "try_lock",
    "write_state",
]

FOLDER: Final = "tortie-lab"
MADE_MARK: Final = ".made-for-labs"
"""Stands in a base directory that was made here."""

MODE: Final = 0o700
LOCK_TIMEOUT_S: Final = 150.0
LOCK_POLL_S: Final = 0.05
DEAD_STATES: Final = frozenset("ZXx")
START_TIME_INDEX: Final = 19
"""Of field 22 of /proc/PID/stat, counted behind the command's closing parenthesis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """A process that cannot be mistaken: pid, and start time in clock ticks since boot."""

    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabState:
    """One lab as its state.json says it.

    Attributes:
        name: of the lab.
        topology: as parsed.
        unshare: the process that made the namespaces; the holder dies with it.
        holder: pid 1 of the lab, as the outer pid namespace numbers it; None while the lab is being raised.
        has_user_namespace: the lab is inside a user namespace (it was not raised by root).
        wiring: interfaces and addresses.
        namespaces: host or container → its namespaces, as descriptors of the holder.
        remarks: what the kernel refused that the lab can do without.
    """

    name: str
    topology: Topology
    unshare: ProcessIdentity
    holder: ProcessIdentity | None
    has_user_namespace: bool
    wiring: Wiring
    namespaces: dict[str, NamespaceSet]
    remarks: tuple[str, ...] = ()


_STATE: Final = TypeAdapter(LabState)


def base_directories(environment: Mapping[str, str], user: int) -> list[Path]:
    """Return the places where a person's labs may lie, the preferred one first.

    TORTIE_LAB_DIR alone if set; else $XDG_RUNTIME_DIR, /run for root, and ~/.cache.
    """
    own = environment.get("TORTIE_LAB_DIR")
    if own:
        return [Path(own).absolute()]
    found: list[Path] = []
    runtime = environment.get("XDG_RUNTIME_DIR")
    if runtime and _is_own_folder(Path(runtime), user):
        found.append(Path(runtime) / FOLDER)
    if user == 0:
        found.append(Path("/run") / FOLDER)
    home = environment.get("HOME")
    cache = environment.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else None)
    if cache:
        found.append(Path(cache).absolute() / FOLDER)
    return found


def base_directory(environment: Mapping[str, str], user: int) -> Path:
    """Return the base directory for new labs; it is made if need be.

    Raises:
        LabError: there is no place, or the folder is somebody else's.
    """
    places = base_directories(environment, user)
    if not places:
        raise LabError("no place for the lab's state: set XDG_RUNTIME_DIR, HOME or TORTIE_LAB_DIR")
    base = places[0]
    try:
        base.parent.mkdir(mode=MODE, parents=True, exist_ok=True)
        _make_base(base)
    except OSError as error:
        raise LabError(f"the lab's state directory {base}: {error.strerror}") from error
    if not _is_own_folder(base, user):
        raise LabError(f"the lab's state directory {base} is not a folder of user {user}")
    base.chmod(MODE)
    return base


def _is_own_folder(path: Path, user: int) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user


@contextmanager
def try_lock(base: Path) -> Iterator[bool]:
    """Hold the lock of a base directory if nobody else does; yields whether it is held.

    Commands that raise or take down labs go one at a time. The directory is made if need be.
    """
    _make_base(base)
    descriptor = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _takes_lock(descriptor) and is_same_folder(base, descriptor)
    finally:
        os.close(descriptor)


@asynccontextmanager
async def locked(base: Path) -> AsyncIterator[None]:
    """Hold the lock of a base directory, as soon as nobody else does.

    Raises:
        LabError: somebody does for LOCK_TIMEOUT_S.
    """
    end = asyncio.get_running_loop().time() + LOCK_TIMEOUT_S
    while True:
        with try_lock(base) as is_held:
            if is_held:
                yield
                return
        if asyncio.get_running_loop().time() >= end:
            raise LabError(f"another command works on the labs in {base} for {LOCK_TIMEOUT_S:g} s already")
        await asyncio.sleep(LOCK_POLL_S)


def _takes_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_same_folder(base: Path, descriptor: int) -> bool:
    """Return False if another command took the last lab down, and removed the folder, before we had the lock."""
    try:
        return os.path.samestat(base.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of a live process, None if there is none of that pid (a zombie does not live)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    if fields[0] in DEAD_STATES:
        return None
    return ProcessIdentity(pid=pid, start_ticks=int(fields[START_TIME_INDEX]))


def is_alive(process: ProcessIdentity | None) -> bool:
    """Return True if that very process lives, not one that got its pid later."""
    return process is not None and identify(process.pid) == process


def write_state(directory: LabDirectory, state: LabState) -> None:
    """Write state.json, whole or not at all."""
    draft = directory.state.with_suffix(".new")
    draft.write_bytes(_STATE.dump_json(state, indent=1))
    draft.replace(directory.state)


def read_state(directory: LabDirectory) -> LabState | None:
    """Return what state.json says, None if there is none or it cannot be read."""
    try:
        return _STATE.validate_json(directory.state.read_bytes())
    except (OSError, ValidationError):
        return None


def running_labs(environment: Mapping[str, str], user: int) -> list[tuple[LabDirectory, LabState]]:
    """Return every lab of a person that lives, by name."""
    found: list[tuple[LabDirectory, LabState]] = []
    for base in base_directories(environment, user):
        if not _is_own_folder(base, user):
            continue
        for folder in sorted(base.iterdir()):
            directory = LabDirectory(folder)
            state = read_state(directory)
            if state is not None and is_alive(state.unshare) and is_alive(state.holder):
                found.append((directory, state))
    return found


def find_running(name: str, environment: Mapping[str, str], user: int) -> tuple[LabDirectory, LabState]:
    """Return a lab that lives, by name.

    Raises:
        LabNotRunning: with the labs that do.
    """
    running = running_labs(environment, user)
    for directory, state in running:
        if state.name == name:
            return directory, state
    raise LabNotRunning(name, [state.name for _, state in running])


def remove_directory(directory: LabDirectory) -> None:
    """Remove a dead lab's folder, and our own base directory if that was the last one in it.

    A directory that was there before stays.
    """
    if directory.root.exists():
        shutil.rmtree(directory.root)
    base = directory.root.parent
    if [path.name for path in _entries(base)] == [MADE_MARK]:  # else another lab is still there, or it is not ours
        with suppress(OSError):
            (base / MADE_MARK).unlink()
            base.rmdir()


def _entries(base: Path) -> list[Path]:
    return list(base.iterdir()) if base.is_dir() else []


def _make_base(base: Path) -> None:
    """Make a base directory if there is none, with a mark by which it goes with its last lab."""
    try:
        base.mkdir(mode=MODE, parents=True)
    except FileExistsError:
        return
    (base / MADE_MARK).touch()
