"""Resources in the datastore: typed reading and writing on top of any driver.

What it is for: create, replace, apply, delete and list resources with calicoctl's rules (names are unique,
a given resourceVersion must match), and one consistent snapshot of everything for planning. What it is not
for: the form in which a resource is kept and its key (`tortie.model`), rules between resources (`fabric`),
outages (`follow.py`).

The structures to know: `ResourceStore` and `BadRecord` (a record that cannot be used; all others can).
"""

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tortie.model import (
    KINDS,
    Resource,
    ResourceInvalid,
    find_kind,
    from_stored,
    key_of,
    kind_prefixes,
    resource_key,
    to_stored,
)
from tortie.store.base import Compare, Delete, Entry, Operation, Put, Store
from tortie.store.errors import AlreadyExists, Conflict, NotFound, StoreUnavailable
from tortie.store.manifest_folder import UNREADABLE_PREFIX

__all__ = ["ROOT_PREFIX", "BadRecord", "Decoded", "ResourceStore", "Snapshot", "decode_entries", "decode_entry"]

ROOT_PREFIX: Final = "/calico/"
"""Every resource's key begins with this, but those of secrets."""
WRITE_TRIES_MAX: Final = 100
"""Tries of a write that others overtake; then StoreUnavailable."""

_KIND_PREFIXES: Final = tuple(prefix for kind in KINDS for prefix in kind_prefixes(kind))


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record under a resource's key that cannot be used, and why. It takes out itself only."""

    key: str
    reason: str


class Decoded(NamedTuple):
    """What entries hold: resources in key order, and what is wrong with the others."""

    resources: list[Resource]
    bad_records: list[BadRecord]


class Snapshot(NamedTuple):
    """All resources at one revision: (revision, resources in key order, records that cannot be used)."""

    revision: int
    resources: list[Resource]
    bad_records: list[BadRecord]


def decode_entry(entry: Entry) -> Resource | BadRecord | None:
    """Return the resource that an entry holds, or why it cannot be used; None for an entry that is no resource's.

    A resource has its entry's `mod_revision` as resourceVersion.
    """
    if entry.key.startswith(UNREADABLE_PREFIX):
        return _unreadable(entry)
    if not entry.key.startswith(_KIND_PREFIXES):
        return None
    try:
        return _decode(entry)
    except ResourceInvalid as error:
        return BadRecord(entry.key, str(error))


def decode_entries(entries: Iterable[Entry]) -> Decoded:
    """Return the resources that entries hold; entries under other keys than resources' are passed over."""
    decoded = Decoded([], [])
    for entry in sorted(entries, key=lambda entry: entry.key):
        found = decode_entry(entry)
        if isinstance(found, BadRecord):
            decoded.bad_records.append(found)
        elif found is not None:
            decoded.resources.append(found)
    return decoded


class ResourceStore:
    """Resources kept in a store. Has no state of its own: make as many as you like."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        new_uid: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """Keep the store, the clock (creationTimestamp; any time zone) and the source of uids."""
        self._store = store
        self._clock = clock
        self._new_uid = new_uid

    async def get(self, kind: str, name: str, namespace: str | None = None) -> Resource:
        """Return one resource.

        Raises:
            NotFound: there is none.
            ResourceInvalid: its record cannot be used.
            UnknownKind: no such kind.
        """
        entry = await self._store.get(resource_key(kind, name, namespace))
        if entry is None:
            raise _not_found(kind, name, namespace)
        return _decode(entry)

    async def list(self, kind: str) -> Sequence[Resource]:
        """Return all usable resources of a kind, by key; `snapshot` also tells of the others."""
        return (await self.snapshot(kind)).resources

    async def snapshot(self, kind: str | None = None) -> Snapshot:
        """Return all resources but secrets (or all of a kind) as they stand at one revision, and the unusable records.

        A file of manifests that cannot be read is among the unusable ones of every kind: who knows what it holds.
        """
        prefixes = kind_prefixes(kind) if kind is not None else _KIND_PREFIXES
        listing = await self._store.list(prefixes[0] if len(prefixes) == 1 else ROOT_PREFIX)
        entries = [entry for entry in listing.entries if entry.key.startswith(prefixes)]
        decoded = decode_entries([*entries, *(await self._store.list(UNREADABLE_PREFIX)).entries])
        return Snapshot(listing.revision, decoded.resources, decoded.bad_records)

    async def create(self, resource: Resource) -> Resource:
        """Write a new resource; it gets a uid and its creation time here, whatever it came with.

        Returns:
            The resource as stored.

        Raises:
            AlreadyExists: a resource of this kind and name is there.
        """
        stored = self._stamped(resource, None)
        key, value = to_stored(stored)
        try:
            revision = await self._store.transact([Compare(key, 0)], [Put(key, value)])
        except Conflict:
            raise AlreadyExists(f"resource already exists: {_identifier(resource)}") from None
        return stored.with_metadata(resource_version=str(revision))

    async def replace(self, resource: Resource) -> Resource:
        """Write over a resource; uid and creation time stay those of the old one.

        With `metadata.resourceVersion` set it must be the stored one; without, the last writer wins.

        Raises:
            NotFound: there is none.
            Conflict: its resourceVersion is not the stored one.
        """
        key = key_of(resource)
        for _ in range(WRITE_TRIES_MAX):
            entry = await self._existing(key, resource.kind, resource.name, resource.namespace)
            _check_version(resource.metadata.resource_version, entry)
            stored = self._stamped(resource, entry)
            revision = await self._swap(entry, Put(key, to_stored(stored)[1]))
            if revision is not None:
                return stored.with_metadata(resource_version=str(revision))
        raise _overtaken(key)

    async def apply(self, resource: Resource) -> Resource:
        """Replace the resource if it is there, else create it. Raises Conflict as `replace` does."""
        for _ in range(WRITE_TRIES_MAX):
            try:
                return await self.replace(resource)
            except NotFound:
                pass
            try:
                return await self.create(resource)
            except AlreadyExists:
                continue
        raise _overtaken(key_of(resource))

    async def delete(
        self, kind: str, name: str, namespace: str | None = None, resource_version: str | None = None
    ) -> None:
        """Remove a resource, usable or not.

        Raises:
            NotFound: there is none.
            Conflict: `resource_version` is given and not the stored one.
        """
        key = resource_key(kind, name, namespace)
        for _ in range(WRITE_TRIES_MAX):
            entry = await self._existing(key, kind, name, namespace)
            _check_version(resource_version, entry)
            if await self._swap(entry, Delete(key)) is not None:
                return
        raise _overtaken(key)

    async def _existing(self, key: str, kind: str, name: str, namespace: str | None) -> Entry:
        entry = await self._store.get(key)
        if entry is None:
            raise _not_found(kind, name, namespace)
        return entry

    async def _swap(self, old: Entry, operation: Operation) -> int | None:
        """Write over exactly this entry; return the revision, None when somebody else was faster."""
        try:
            return await self._store.transact([Compare(old.key, old.mod_revision)], [operation])
        except Conflict:
            return None

    def _stamped(self, resource: Resource, old: Entry | None) -> Resource:
        """Return the resource with the bookkeeping of the stored one, or new one where there is none."""
        metadata = None
        if old is not None:
            try:
                metadata = _decode(old).metadata
            except ResourceInvalid:
                metadata = None  # the record that is replaced cannot be read: this one repairs it
        now = self._clock().astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
        return resource.with_metadata(
            resource_version=None,
            uid=(metadata and metadata.uid) or self._new_uid(),
            creation_timestamp=(metadata and metadata.creation_timestamp) or now,
        )


def _decode(entry: Entry) -> Resource:
    return from_stored(entry.key, entry.value, str(entry.mod_revision))


def _unreadable(entry: Entry) -> BadRecord:
    """Return why a file of manifests is not in force (`manifest_folder`), under its name."""
    return BadRecord(entry.key.removeprefix(UNREADABLE_PREFIX), str(json.loads(entry.value)["reason"]))


def _check_version(wanted: str | None, entry: Entry) -> None:
    if wanted is not None and wanted != str(entry.mod_revision):
        raise Conflict(entry.key, int(wanted) if wanted.isdigit() else 0, entry.mod_revision)


def _identifier(resource: Resource) -> str:
    return _identifier_text(resource.kind, resource.name, resource.namespace)


def _identifier_text(kind: str, name: str, namespace: str | None) -> str:
    return f"{kind}({namespace}/{name})" if namespace else f"{kind}({name})"


def _not_found(kind: str, name: str, namespace: str | None) -> NotFound:
    return NotFound(f"resource does not exist: {_identifier_text(find_kind(kind).kind, name, namespace)}")


def _overtaken(key: str) -> StoreUnavailable:
    return StoreUnavailable(f"{key} was overtaken by other writers {WRITE_TRIES_MAX} times: try again")
