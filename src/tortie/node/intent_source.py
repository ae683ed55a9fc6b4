"""From the datastore to one speaker's intent, through everything that happens to the datastore.

For: following the datastore, decoding resources, planning. Not for: acting on the intent (agent).
Structures to know: `IntentUpdate` (the intent and the revision it was made from), `StoreStatus`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from tortie.fabric import Fabric, LiveFabric, NodeIntent, NodeNotFound
from tortie.model import DEFAULT_NAME
from tortie.store import Follower, StoreStatus, StoreUpdate, decode_entry
from tortie.store.schema import SCHEMA_KEY, schema_problem

__all__ = ["IntentUpdate", "IntentWithheld", "Planner", "intents"]

Planner = Callable[[Fabric], NodeIntent]
"""The intent of the speaker in question; raises NodeNotFound while there is no record of it."""


@dataclass(frozen=True, slots=True)
class IntentUpdate:
    """What the speaker should do from now on, the datastore's revision that says so, and when that came (loop time)."""

    intent: NodeIntent
    revision: int
    received_at: float


@dataclass(frozen=True, slots=True)
class IntentWithheld:
    """The datastore is there and what it says is not to be acted on: what was in force stays so.

    It has no record of this node (yet), its schema is not one of ours, or the cluster's own settings cannot be used: to
    guess the AS number or whether there is a mesh would tear the network down.
    """

    reason: str
    revision: int
    received_at: float


async def intents(
    follower: Follower, plan: Planner
) -> AsyncGenerator[IntentUpdate | IntentWithheld | StoreStatus, None]:
    """Yield an intent for each state of the datastore, and each change of its status. Endless.

    Cost of a change: what it touches (see `LiveFabric`), and the plan of this one speaker.
    """
    live = LiveFabric()
    async with aclosing(follower.updates()) as updates:
        async for update in updates:
            if isinstance(update, StoreUpdate):
                received_at = asyncio.get_running_loop().time()
                for event in update.changed:
                    live.put(event.key, None if event.entry is None else decode_entry(event.entry))
                if problem := schema_problem(update.entries.get(SCHEMA_KEY)):
                    yield IntentWithheld(problem, update.revision, received_at)
                else:
                    yield _planned(live.fabric(), update.revision, plan, received_at)
            else:
                yield update


def _planned(fabric: Fabric, revision: int, plan: Planner, received_at: float) -> IntentUpdate | IntentWithheld:
    if not fabric.settings.is_default_usable:
        return IntentWithheld(_settings_problem(fabric), revision, received_at)
    try:
        return IntentUpdate(plan(fabric), revision, received_at)
    except NodeNotFound as error:
        return IntentWithheld(str(error), revision, received_at)


def _settings_problem(fabric: Fabric) -> str:
    problems = [item.reason for item in fabric.quarantine if item.name == DEFAULT_NAME]
    return f"BGPConfiguration {DEFAULT_NAME} cannot be used: {'; '.join(problems) or 'see the quarantine'}"
