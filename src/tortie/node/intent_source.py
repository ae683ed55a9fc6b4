"""From the datastore to one speaker's intent, through everything that happens to the datastore.

For: following the datastore, decoding resources, planning. Not for: acting on the intent (agent).
Structures to know: `IntentUpdate` (the intent and the revision it was made from), `StoreStatus`.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from tortie.fabric import Fabric, NodeIntent, NodeNotFound
from tortie.store import Follower, StoreStatus, StoreUpdate
from tortie.store.resources import decode_entries

__all__ = ["IntentMissing", "IntentUpdate", "Planner", "intents"]

Planner = Callable[[Fabric], NodeIntent]
"""The intent of the speaker in question; raises NodeNotFound while there is no record of it."""


@dataclass(frozen=True, slots=True)
class IntentUpdate:
    """What the speaker should do from now on, and the datastore's revision that says so."""

    intent: NodeIntent
    revision: int


@dataclass(frozen=True, slots=True)
class IntentMissing:
    """The datastore is there and has no record of this node (yet)."""

    reason: str
    revision: int


async def intents(
    follower: Follower, plan: Planner
) -> AsyncGenerator[IntentUpdate | IntentMissing | StoreStatus, None]:
    """Yield an intent for each state of the datastore, and each change of its status. Endless."""
    async with aclosing(follower.updates()) as updates:
        async for update in updates:
            if isinstance(update, StoreUpdate):
                yield _planned(update, plan)
            else:
                yield update


def _planned(update: StoreUpdate, plan: Planner) -> IntentUpdate | IntentMissing:
    decoded = decode_entries(update.entries.values())
    fabric = Fabric.from_resources(decoded.resources, decoded.bad_records)
    try:
        return IntentUpdate(plan(fabric), update.revision)
    except NodeNotFound as error:
        return IntentMissing(str(error), update.revision)
