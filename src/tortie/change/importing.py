"""Importing: resources that came from elsewhere, compared with what is stored, then written.

What it is for: `plan_import` says what would be written without writing, `carry_out` does exactly that. What it is NOT
for: where the resources come from (``model.v1.etcd2``), asking the person (``cli``). Structure to know: `ImportStep`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tortie.model import Resource, key_of
from tortie.store import ResourceStore, Snapshot

__all__ = ["Existing", "ImportStep", "Intention", "carry_out", "plan_import"]


class Intention(StrEnum):
    """What is to be done with one resource."""

    CREATE = "create"
    REPLACE = "replace"
    KEEP = "keep"
    """What is stored stays, though it is another."""
    SAME = "same"
    """It is stored as it is."""
    CONFLICT = "conflict"
    """It is stored and differs, and nobody said which one counts."""


class Existing(StrEnum):
    """What becomes of resources that are stored and differ."""

    REFUSE = "refuse"
    KEEP = "keep"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class ImportStep:
    """One resource and what is to be done with it."""

    resource: Resource
    intention: Intention

    @property
    def is_write(self) -> bool:
        """Whether it changes the datastore."""
        return self.intention in (Intention.CREATE, Intention.REPLACE)


_OF_EXISTING = {
    Existing.REFUSE: Intention.CONFLICT,
    Existing.KEEP: Intention.KEEP,
    Existing.REPLACE: Intention.REPLACE,
}


def plan_import(snapshot: Snapshot, resources: Sequence[Resource], existing: Existing) -> tuple[ImportStep, ...]:
    """Return what to do with each resource, in the order given.

    Args:
        snapshot: what is there.
        resources: what should be there.
        existing: for those that are stored and differ. A stored record that cannot be used counts as one.
    """
    stored: dict[str, Resource | None] = {key_of(item): item for item in snapshot.resources}
    stored |= dict.fromkeys(record.key for record in snapshot.bad_records)
    steps: list[ImportStep] = []
    for resource in resources:
        key = key_of(resource)
        if key not in stored:
            intention = Intention.CREATE
        elif (there := stored[key]) is not None and _content(there) == _content(resource):
            intention = Intention.SAME
        else:
            intention = _OF_EXISTING[existing]
        steps.append(ImportStep(resource, intention))
    return tuple(steps)


async def carry_out(store: ResourceStore, steps: Sequence[ImportStep], on_step: Callable[[], None]) -> None:
    """Write what the steps say; `on_step` is called after each write.

    Raises:
        StoreError: at the first write that is refused; those before it stand. A plan made again goes on from there.
    """
    for step in steps:
        if step.intention is Intention.CREATE:
            await store.create(step.resource)
            on_step()
        elif step.intention is Intention.REPLACE:
            await store.replace(step.resource)
            on_step()


def _content(resource: Resource) -> object:
    """Return what a person set: no bookkeeping."""
    metadata = resource.metadata
    return resource.spec, metadata.labels, metadata.annotations
