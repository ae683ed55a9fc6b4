"""A folder of manifests as it stands: which files, what is in them, and what is wrong with them.

What it is for: the blocking half of the files driver. A file counts once it has been the same for `SETTLE_S`, so
that one that is being written is not taken for a shorter one; a file that cannot be used keeps its last good content.
What it is not for: revisions and watchers (`files.py`). Not thread-safe.

The structures to know: `FileStamp` (has this file changed?) and `Content` (keys to values, and problems by file).
"""

import json
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tortie.model import ModelError, load_manifests, to_stored
from tortie.store.base import VALUE_BYTES_MAX
from tortie.store.errors import StoreUnavailable

__all__ = ["FILE_BYTES_MAX", "SETTLE_S", "SUFFIXES", "UNREADABLE_PREFIX", "Content", "ManifestFolder"]

SUFFIXES: Final = (".yaml", ".yml", ".json")
UNREADABLE_PREFIX: Final = "/calico/unreadable/"
"""Under this and its file name stands why a file is not in force: ``{"reason": text}``."""
SETTLE_S: Final = 0.05
"""A changed file counts when two looks this far apart see the same."""
SETTLE_LOOKS_MAX: Final = 40
"""After so many looks at a folder that never rests it is taken as it is."""
FILE_BYTES_MAX: Final = 16 << 20
"""Largest file. A larger one is reported and not read."""

FileStamp = tuple[int, int, int, int, int]
"""Device, inode, size, and times of last change of content and of anything, in ns: the same for the same content."""
Stamps = dict[str, FileStamp]
"""File name → stamp, in order of name."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a folder says.

    Attributes:
        changed_us: when anything in it changed last, microseconds of the file system's clock (ctime: it cannot be set).
        values: datastore key → value, the reports of `UNREADABLE_PREFIX` included.
    """

    changed_us: int
    values: dict[str, bytes]


@dataclass(slots=True)
class _File:
    """One file: what it said when it could last be read, and what is wrong with it now."""

    stamp: FileStamp
    values: dict[str, bytes] = field(default_factory=dict)
    problem: str | None = None


class ManifestFolder:
    """Reads a folder; unchanged files are not read again."""

    def __init__(self, folder: Path, pause: Callable[[float], None] = time.sleep) -> None:
        """Keep the path, and how to wait (seconds) between looks; nothing is read yet."""
        self.path = folder
        self._pause = pause
        self._files: dict[str, _File] = {}
        self._loaded: tuple[int, Stamps] | None = None

    def look(self) -> tuple[int, Stamps]:
        """Return when the folder changed last (ns) and the stamps of its manifests. No file is read.

        Raises:
            StoreUnavailable: the folder cannot be read.
        """
        try:
            changed = self.path.stat().st_ctime_ns
            with os.scandir(self.path) as entries:
                names = sorted(entry.name for entry in entries if _is_manifest(entry))
        except OSError as error:
            raise StoreUnavailable(_folder_problem(self.path, error)) from error
        stamps = {name: stamp for name in names if (stamp := _stamp(self.path / name)) is not None}
        return max([changed, *(stamp[-1] for stamp in stamps.values())]), stamps

    def load(self) -> Content | None:
        """Return what the folder says, None when nothing changed since the last call.

        Raises:
            StoreUnavailable: the folder cannot be read.
        """
        seen = self.look()
        if seen == self._loaded:
            return None
        seen = self._settled(seen)
        changed, stamps = seen
        self._files = {name: self._file(name, stamp) for name, stamp in stamps.items()}
        self._loaded = seen
        return Content(changed // 1000, self._values())

    def _settled(self, seen: tuple[int, Stamps]) -> tuple[int, Stamps]:
        for _ in range(SETTLE_LOOKS_MAX):
            self._pause(SETTLE_S)
            now = self.look()
            if now == seen:
                break
            seen = now
        return seen

    def _file(self, name: str, stamp: FileStamp) -> _File:
        known = self._files.get(name)
        if known is not None and known.stamp == stamp:
            return known
        try:
            return _File(stamp, _read(self.path / name))
        except (ModelError, OSError, UnicodeDecodeError, _FileUnusable) as error:
            problem = _file_problem(self.path / name, error)
            return _File(stamp, {} if known is None else known.values, problem)

    def _values(self) -> dict[str, bytes]:
        """Return all values; of a resource that stands in two files the first file's counts."""
        values: dict[str, bytes] = {}
        owners: dict[str, str] = {}
        for name, file in self._files.items():
            problems = [] if file.problem is None else [f"{file.problem}; {_consequence(file)}"]
            for key, value in file.values.items():
                owner = owners.setdefault(key, name)
                if owner == name:
                    values[key] = value
                else:
                    problems.append(f"{self.path / name}: {key} stands in {owner} too, which counts")
            if problems:
                report = json.dumps({"reason": "; ".join(problems)}, ensure_ascii=False)
                values[UNREADABLE_PREFIX + _printable(name)] = report.encode(errors="replace")[:VALUE_BYTES_MAX]
        return values


class _FileUnusable(Exception):
    """A file is too large, or holds one resource twice."""


def _is_manifest(entry: "os.DirEntry[str]") -> bool:
    return entry.name.endswith(SUFFIXES) and not entry.name.startswith(".")


def _stamp(path: Path) -> FileStamp | None:
    """Return the stamp of a file (a link's target); None for one that is no plain file or gone by now."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _read(path: Path) -> dict[str, bytes]:
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise _FileUnusable(f"{size} bytes, at most {FILE_BYTES_MAX} are read")
    values: dict[str, bytes] = {}
    for resource in load_manifests(path.read_text(encoding="utf-8"), str(path)):
        key, value = to_stored(resource)
        if key in values:
            raise _FileUnusable(f"{resource.kind} '{resource.name}' stands in it twice")
        values[key] = value
    return values


def _file_problem(path: Path, error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return f"{path}: not UTF-8 text"
        case OSError():
            return f"{path}: {error.strerror or error}"
        case _FileUnusable():
            return f"{path}: {error}"
    return str(error)  # names the file itself


def _consequence(file: _File) -> str:
    return "what it said before stays in force" if file.values else "nothing of it is in force"


def _folder_problem(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"the folder of manifests {folder} does not exist; create it and put manifests into it"
    if isinstance(error, NotADirectoryError):
        return f"{folder} is no folder: files:// names a folder of manifests"
    return f"the folder of manifests {folder} cannot be read: {error.strerror or error}"


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)
