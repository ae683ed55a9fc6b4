"""From one version of the datastore's form to the next.

What it is for: the table of steps, and carrying them out on a datastore that others use meanwhile. What it is not for:
the rule who may use which version (`schema.py`).

An upgrade first writes down that it has begun, after which nobody else writes and agents stay with what they do; then
it rewrites records, each only as it was read; then it writes down that it is done. One that broke off is begun again:
a step leaves alone what has its new form already.

Structures to know: `Step` and `Upgrade`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tortie.store.base import OPERATIONS_COUNT_MAX, Compare, Delete, Entry, Operation, Put, Store
from tortie.store.errors import SchemaMismatch
from tortie.store.schema import SCHEMA_KEY, SCHEMA_VERSION, Schema, read_schema

__all__ = ["STEPS", "Step", "Upgrade", "describe", "plan_upgrade", "run_upgrade"]

PREFIX: Final = "/calico/"
BATCH_COUNT_MAX: Final = OPERATIONS_COUNT_MAX - 1
"""Records rewritten by one transaction; one condition more is the schema's."""


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from one version to the next.

    Attributes:
        version: it leads to this one, from the one before.
        text: what it does, for a person.
        rewrite: entries → what is to be done with them, at most one operation a key; nothing for what has the new form.
    """

    version: int
    text: str
    rewrite: Callable[[Sequence[Entry]], Sequence[Operation]]


STEPS: Final[tuple[Step, ...]] = (Step(1, "records the version; no other record changes", lambda _: ()),)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What is to be done.

    Attributes:
        found: the schema that was found.
        target: the version that it leads to.
        steps: in order; empty where nothing is to be done.
        changes: operations that the first step makes as things stand (later ones depend on it).
    """

    found: Schema
    target: int
    steps: tuple[Step, ...]
    changes: tuple[Operation, ...]


async def plan_upgrade(store: Store, steps: Sequence[Step] = STEPS, target: int = SCHEMA_VERSION) -> Upgrade:
    """Return what an upgrade would do; changes nothing.

    Args:
        store: the driver itself: a guard would refuse the writes of an upgrade.
        steps: all there are, by version.
        target: version to lead to.

    Raises:
        SchemaMismatch: the datastore is of a newer version: there is no way back but a backup.
    """
    assert all(second.version == first.version + 1 for first, second in pairwise(steps)), "a version was left out"
    found = read_schema(await store.get(SCHEMA_KEY))
    if found.version > target:
        raise SchemaMismatch(
            f"the datastore has schema {found.version}, newer than {target}, the newest that this tortie knows; there "
            "is no downgrade: restore a backup, or install a newer tortie here"
        )
    start = found.version if found.upgrading_from is None else found.upgrading_from
    wanted = tuple(step for step in steps if start < step.version <= target)
    changes = tuple(wanted[0].rewrite(await _entries(store))) if wanted else ()
    return Upgrade(found, target, wanted, changes)


async def run_upgrade(store: Store, upgrade: Upgrade) -> int:
    """Carry it out and return how many records were rewritten.

    Raises:
        Conflict: somebody wrote meanwhile, in a form that is no more; run it again.
    """
    if not upgrade.steps:
        return 0
    found = upgrade.found
    start = found.version if found.upgrading_from is None else found.upgrading_from
    marker = Schema(upgrade.target, start).to_value()
    revision = await store.transact([Compare(SCHEMA_KEY, found.mod_revision)], [Put(SCHEMA_KEY, marker)])
    count = 0
    for step in upgrade.steps:
        count += await _take(store, step, Compare(SCHEMA_KEY, revision))
    done = Schema(upgrade.target).to_value()
    await store.transact([Compare(SCHEMA_KEY, revision)], [Put(SCHEMA_KEY, done)])
    return count


async def _take(store: Store, step: Step, guard: Compare) -> int:
    entries = await _entries(store)
    revisions = {entry.key: entry.mod_revision for entry in entries}
    operations = step.rewrite(entries)
    for batch in _batches(operations):
        compares = [Compare(operation.key, revisions.get(operation.key, 0)) for operation in batch]
        await store.transact([*compares, guard], batch)
    return len(operations)


def _batches(operations: Sequence[Operation]) -> Iterator[Sequence[Operation]]:
    for start in range(0, len(operations), BATCH_COUNT_MAX):
        yield operations[start : start + BATCH_COUNT_MAX]


async def _entries(store: Store) -> tuple[Entry, ...]:
    """Return everything but the record of the version itself."""
    return tuple(entry for entry in (await store.list(PREFIX)).entries if entry.key != SCHEMA_KEY)


def describe(operation: Operation) -> str:
    """Return an operation in a word and a key."""
    return f"{'delete' if isinstance(operation, Delete) else 'write'} {operation.key}"
