"""The version of the form in which a datastore is kept, and who may write into it.

What it is for: the record of the version, the rule, and `SchemaGuard`, which holds every writer to it. What it is not
for: bringing a datastore to another version (`schema_upgrade.py`).

The rule: a datastore without the record is of version 0. What reads and writes version N does so with all versions from
`SCHEMA_VERSION_OLDEST` to `SCHEMA_VERSION`, each in its own form; it neither reads nor writes a newer one: it would
take what it does not know for an error, or leave it out when it writes. So software is upgraded first, everywhere,
and the datastore after it.

Structures to know: `Schema` (what the record says) and `SchemaGuard`.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

from tortie.store.base import Compare, Entry, Events, Holder, Listing, Operation, Store
from tortie.store.errors import Conflict, SchemaMismatch, StoreUnavailable

__all__ = [
    "SCHEMA_KEY",
    "SCHEMA_VERSION",
    "SCHEMA_VERSION_OLDEST",
    "HolderGuard",
    "Schema",
    "SchemaGuard",
    "check_schema",
    "guarded",
    "read_schema",
    "schema_problem",
]

SCHEMA_KEY: Final = "/calico/tortie/schema"
"""Below the prefix that agents follow, so that they hear of a change as of any other."""
SCHEMA_VERSION: Final = 1
"""What an upgrade leads to. It grows when software of the version before could no longer use what is written."""
SCHEMA_VERSION_OLDEST: Final = 0
"""What is still read and written."""
CONFLICT_TRIES_MAX: Final = 3
"""Tries of a write whose datastore is upgraded meanwhile."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What the record says.

    Attributes:
        version: of the form; 0 where there is no record.
        upgrading_from: an upgrade from this version has begun and not ended; None = the form is whole.
        mod_revision: of the record, 0 where there is none.
    """

    version: int = 0
    upgrading_from: int | None = None
    mod_revision: int = 0

    def to_value(self) -> bytes:
        """Return the record's value."""
        upgrading = {} if self.upgrading_from is None else {"upgradingFrom": self.upgrading_from}
        return json.dumps({"version": self.version, **upgrading}).encode()


def read_schema(entry: Entry | None) -> Schema:
    """Return what a record says.

    Raises:
        SchemaMismatch: it cannot be read; it is not taken for the absence of one.
    """
    if entry is None:
        return Schema()
    try:
        content = json.loads(entry.value)
    except ValueError:
        content = None
    match content:
        case {"version": int(version), "upgradingFrom": int(before)}:
            return Schema(version, before, entry.mod_revision)
        case {"version": int(version)}:
            return Schema(version, None, entry.mod_revision)
        case _:
            raise SchemaMismatch(
                f'the datastore\'s schema record {SCHEMA_KEY} is {entry.value[:80]!r}: expected {{"version": N}}; '
                "restore it from a backup"
            )


def check_schema(schema: Schema) -> None:
    """Return if this software may use a datastore of this schema.

    Raises:
        SchemaMismatch: it may not; the message says what to do.
    """
    if schema.version > SCHEMA_VERSION:
        raise SchemaMismatch(
            f"the datastore has schema {schema.version}, newer than {SCHEMA_VERSION}, the newest that this tortie "
            "knows: it is neither read nor written; install a newer tortie here"
        )
    if schema.upgrading_from is not None:
        raise SchemaMismatch(
            f"the datastore is between schema {schema.upgrading_from} and {schema.version}: an upgrade runs or broke "
            "off; finish it: tortie datastore upgrade"
        )
    if schema.version < SCHEMA_VERSION_OLDEST:
        raise SchemaMismatch(
            f"the datastore has schema {schema.version}, older than {SCHEMA_VERSION_OLDEST}, the oldest that this "
            "tortie can use: tortie datastore upgrade"
        )


def schema_problem(entry: Entry | None) -> str:
    """Return why this software must leave a datastore with this record alone, or "" if it need not."""
    try:
        check_schema(read_schema(entry))
    except SchemaMismatch as error:
        return str(error)
    return ""


class SchemaGuard:
    """A store that writes only where the schema allows it, whatever the driver (see `base.Store`).

    Each transaction carries a condition on the record as it was last read, so that a write and an upgrade never cross.
    """

    def __init__(self, driver: Store, *, checks_reading: bool = False) -> None:
        """Keep the driver, which is closed with this.

        Args:
            driver: the store.
            checks_reading: `get` and `list` raise SchemaMismatch as well, for commands. Agents read on, and find the
                record among all others.
        """
        self.driver = driver
        self._checks_reading = checks_reading
        self._schema: Schema | None = None

    async def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None."""
        if self._checks_reading:
            await self._checked_schema()
        return await self.driver.get(key)

    async def list(self, prefix: str) -> Listing:
        """Return all entries under `prefix`, at one revision."""
        if self._checks_reading:
            await self._checked_schema()
        return await self.driver.list(prefix)

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations if all compares hold and the schema is one of ours (see `base.Store.transact`).

        The condition on the schema counts among the compares.

        Raises:
            SchemaMismatch: it is not; nothing was changed.
        """
        for _ in range(CONFLICT_TRIES_MAX):
            guard = Compare(SCHEMA_KEY, (await self._checked_schema()).mod_revision)
            try:
                return await self.driver.transact([*compares, guard], operations)
            except Conflict as conflict:
                if conflict.key != SCHEMA_KEY:
                    raise
                self._schema = None
        raise StoreUnavailable(f"the datastore's schema record {SCHEMA_KEY} keeps changing: is an upgrade running?")

    def watch(self, prefix: str, from_revision: int, history: str | None = None) -> AsyncGenerator[Events, None]:
        """Yield events under `prefix` after `from_revision` (see `base.Store.watch`)."""
        return self.driver.watch(prefix, from_revision, history)

    async def close(self) -> None:
        """Close the driver."""
        await self.driver.close()

    async def _checked_schema(self) -> Schema:
        """Return the schema as it was last read; it is read until it is one of ours, and when a write finds another."""
        if self._schema is None:
            schema = read_schema(await self.driver.get(SCHEMA_KEY))
            check_schema(schema)
            self._schema = schema
        return self._schema


class HolderGuard(SchemaGuard):
    """The same for a store with leases (see `base.Holder`)."""

    def __init__(self, driver: Store, *, checks_reading: bool = False) -> None:
        """As `SchemaGuard`."""
        super().__init__(driver, checks_reading=checks_reading)
        assert isinstance(driver, Holder), "made by `guarded`"
        self._holder: Holder = driver

    async def hold(self, key: str, value: bytes, ttl_s: int) -> None:
        """Keep a key in place until cancelled (see `base.Holder.hold`).

        Raises:
            SchemaMismatch: the schema is not one of ours; nothing was written.
        """
        await self._checked_schema()
        await self._holder.hold(key, value, ttl_s)


def guarded(driver: Store, *, checks_reading: bool = False) -> SchemaGuard:
    """Return a guard that can do what the driver can."""
    return (HolderGuard if isinstance(driver, Holder) else SchemaGuard)(driver, checks_reading=checks_reading)
