"""etcd v2's tree of directories and keys, on top of flat keys: what a request reads, writes and answers.

What it is for: pure functions of the entries there are and a `KeyRequest`: the event to reply with, the
transaction to make, or the error. What it is not for: HTTP (`keys.py`), parsing (`key_request.py`), what a
value means (`reflector_record.py`).

The structures to know: `KeyTree` (entries at one revision) and `Change` (one transaction and how to reply
to it). A directory is there as long as a key is in it; its indexes are those of its oldest key. Deviates from etcd v2:
`createdIndex` survives a plain PUT over a key; an emptied directory is gone; a 404 in a store without any key
names the key, not "/calico".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tortie.store import OPERATIONS_COUNT_MAX, Compare, Delete, Entry, Operation, Put
from tortie.web.errors import KeysError
from tortie.web.key_request import KeyRequest
from tortie.web.reflector_record import DIRECTORIES, key_problem, value_problem

__all__ = ["Change", "Event", "KeyTree", "deletion", "read", "write"]

Event = dict[str, Any]
"""A reply as etcd makes it: action, node and, after a change, prevNode."""

_WRITABLE: Final = " and ".join(f"{directory}/<{kind[3:]}>" for directory, kind in DIRECTORIES.items())
_PARENTS: Final = {
    directory[:end] for directory in DIRECTORIES for end in range(len(directory)) if end and directory[end] == "/"
}
"""The directories above those that are served: /calico, /calico/bgp, /calico/bgp/v1."""


class KeyTree:
    """The keys that are served, at one revision."""

    def __init__(self, entries: Sequence[Entry], revision: int) -> None:
        """Keep the entries below DIRECTORIES; others are not seen."""
        self.revision = revision
        self.entries: Mapping[str, Entry] = {
            entry.key: entry
            for entry in sorted(entries, key=lambda entry: entry.key)
            if entry.key.startswith(tuple(f"{directory}/" for directory in DIRECTORIES))
        }

    def below(self, key: str) -> list[Entry]:
        """Return the entries in a directory, at any depth."""
        prefix = key.rstrip("/") + "/"
        return [entry for entry in self.entries.values() if entry.key.startswith(prefix)]

    def is_directory(self, key: str) -> bool:
        """Whether the key is a directory; the root always is."""
        return key == "/" or bool(self.below(key))

    def missing(self, key: str) -> KeysError:
        """Return the error for a key that is not there: it names the first step of the path that is missing.

        The directories that are served count as there, even while they are empty: the key's own name says more.
        """
        steps = key.split("/")
        for count in range(2, len(steps) + 1):
            part = "/".join(steps[:count])
            if part in self.entries and part != key:
                return self.error(104, part)
            is_there = part in self.entries or self.is_directory(part) or part in _PARENTS or part in DIRECTORIES
            if not is_there:
                return self.error(100, part)
        return self.error(100, key)

    def error(self, code: int, cause: str) -> KeysError:
        """Return an error that carries this tree's revision."""
        return KeysError(code, cause, self.revision)

    def node(self, key: str, *, is_recursive: bool) -> Event:
        """Return a key or directory as etcd shows it, with what is in it."""
        entry = self.entries.get(key)
        if entry is not None:
            return _file_node(entry)
        node = self.bare_directory(key)
        children = {self._child(key, entry.key) for entry in self.below(key)}
        nodes = [
            self.node(child, is_recursive=True) if is_recursive or child in self.entries else self.bare_directory(child)
            for child in sorted(children)
        ]
        indexes = {name: node.pop(name) for name in ("modifiedIndex", "createdIndex") if name in node}
        return node | ({"nodes": nodes} if nodes else {}) | indexes

    def bare_directory(self, key: str) -> Event:
        """Return a directory as etcd shows it, without what is in it."""
        if key == "/":
            return {"dir": True}
        created = min(entry.create_revision for entry in self.below(key))
        return {"key": key, "dir": True, "modifiedIndex": created, "createdIndex": created}

    @staticmethod
    def _child(directory: str, key: str) -> str:
        prefix = directory.rstrip("/") + "/"
        return prefix + key.removeprefix(prefix).partition("/")[0]


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction, and what to reply once its revision is known.

    Attributes:
        action: etcd's word for it: set, create, update, compareAndSwap, delete, compareAndDelete.
        compares: what the decision rests on; if one does not hold any more, decide again.
        operations: what is written.
        node: the changed node, without its indexes.
        created_index: index of its creation; None = this very change.
        previous: the node as it was; None if it is new.
    """

    action: str
    compares: Sequence[Compare]
    operations: Sequence[Operation]
    node: Event
    created_index: int | None
    previous: Event | None

    @property
    def is_new(self) -> bool:
        """A key came into being: the reply's status is 201."""
        return self.action in ("set", "create") and self.previous is None

    def event(self, revision: int) -> Event:
        """Return the reply after the change was made at a revision."""
        created = revision if self.created_index is None else self.created_index
        event: Event = {
            "action": self.action,
            "node": self.node | {"modifiedIndex": revision, "createdIndex": created},
        }
        return event | ({"prevNode": self.previous} if self.previous else {})


def read(tree: KeyTree, request: KeyRequest) -> Event:
    """Return the reply to a GET.

    Raises:
        KeysError: no such key.
    """
    if request.key not in tree.entries and not tree.is_directory(request.key):
        raise tree.missing(request.key)
    return {"action": "get", "node": tree.node(request.key, is_recursive=request.is_recursive)}


def write(tree: KeyTree, request: KeyRequest) -> Change:
    """Return what a PUT changes.

    Raises:
        KeysError: the key is not one that is written here, the value is no record, or a condition does not
            hold.
    """
    _check_writable(tree, request.key)
    if request.is_directory:
        raise tree.error(209, '"dir" is not served: a directory is there as long as a key is in it')
    problem = key_problem(request.key) or value_problem(request.key, request.value)
    if problem is not None:
        raise tree.error(209, problem)
    entry = tree.entries.get(request.key)
    if request.must_exist is False:  # conditions on the old value have no meaning, as in etcd
        if entry is not None:
            raise tree.error(105, request.key)
    elif entry is not None:
        _check_condition(tree, request, entry)
    elif request.must_exist or _has_condition(request):
        raise tree.missing(request.key)
    return Change(
        action=_write_action(request),
        compares=[Compare(request.key, entry.mod_revision if entry else 0)],
        operations=[Put(request.key, request.value.encode())],
        node={"key": request.key, "value": request.value},
        created_index=entry.create_revision if entry else None,
        previous=_file_node(entry) if entry else None,
    )


def deletion(tree: KeyTree, request: KeyRequest) -> Change:
    """Return what a DELETE changes.

    Raises:
        KeysError: no such key, a directory that may not go, or a condition that does not hold.
    """
    entry = tree.entries.get(request.key)
    if entry is None:
        return _directory_deletion(tree, request)
    _check_condition(tree, request, entry)
    return Change(
        action="compareAndDelete" if _has_condition(request) else "delete",
        compares=[Compare(request.key, entry.mod_revision)],
        operations=[Delete(request.key)],
        node={"key": request.key},
        created_index=entry.create_revision,
        previous=_file_node(entry),
    )


def _directory_deletion(tree: KeyTree, request: KeyRequest) -> Change:
    if request.key == "/":
        raise tree.error(107, "/")
    if not tree.is_directory(request.key):
        raise tree.missing(request.key)
    if _has_condition(request) or not (request.is_recursive or request.is_directory):
        raise tree.error(102, request.key)
    if not request.is_recursive:
        raise tree.error(108, request.key)
    entries = tree.below(request.key)
    if request.key not in DIRECTORIES:
        raise tree.error(107, f"{request.key}: only {' and '.join(DIRECTORIES)} are deleted as a whole")
    if len(entries) > OPERATIONS_COUNT_MAX:
        raise tree.error(209, f"{request.key}: more than {OPERATIONS_COUNT_MAX} keys: delete them one by one")
    directory = tree.bare_directory(request.key)
    return Change(
        action="delete",
        compares=[Compare(entry.key, entry.mod_revision) for entry in entries],
        operations=[Delete(entry.key) for entry in entries],
        node={"key": request.key, "dir": True},
        created_index=directory["createdIndex"],
        previous=directory,
    )


def _check_writable(tree: KeyTree, key: str) -> None:
    if key == "/":
        raise tree.error(107, "/")
    if key in DIRECTORIES or key in _PARENTS:
        raise tree.error(102, key)
    for other in tree.entries:
        if key.startswith(other + "/"):
            raise tree.error(104, other)
    if key.rpartition("/")[0] not in DIRECTORIES:
        raise tree.error(107, f"{key}: only {_WRITABLE} are written here")


def _has_condition(request: KeyRequest) -> bool:
    return bool(request.previous_index or request.previous_value)


def _check_condition(tree: KeyTree, request: KeyRequest, entry: Entry) -> None:
    """Raise unless the key holds what the request compares with."""
    value, index = _text(entry), entry.mod_revision
    failed = []
    if request.previous_value and request.previous_value != value:
        failed.append(f"[{request.previous_value} != {value}]")
    if request.previous_index and request.previous_index != index:
        failed.append(f"[{request.previous_index} != {index}]")
    if failed:
        raise tree.error(101, " ".join(failed))


def _write_action(request: KeyRequest) -> str:
    if request.must_exist is False:
        return "create"
    if _has_condition(request):
        return "compareAndSwap"
    return "update" if request.must_exist else "set"


def _file_node(entry: Entry) -> Event:
    return {
        "key": entry.key,
        "value": _text(entry),
        "modifiedIndex": entry.mod_revision,
        "createdIndex": entry.create_revision,
    }


def _text(entry: Entry) -> str:
    return entry.value.decode(errors="replace")
