"""From the datastore to one speaker's intent, through everything that happens to the datastore.

For: following the datastore, decoding resources, planning. Not for: acting on the intent (agent).
Structures to know: `IntentUpdate` (the intent and the revision it was made from), `StoreStatus`.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from tortie.fabric import Fabric, NodeIntent, NodeNotFound
from tortie.model import DEFAULT_NAME
from tortie.store import Follower, StoreStatus, StoreUpdate
from tortie.store.resources import decode_entries
from tortie.store.schema import SCHEMA_KEY, schema_problem

__all__ = ["IntentUpdate", "IntentWithheld", "Planner", "intents"]

Planner = Callable[[Fabric], NodeIntent]
"""The intent of the speaker in question; raises NodeNotFound while there is no record of it."""


@dataclass(frozen=True, slots=True)
class IntentUpdate:
    """What the speaker should do from now on, and the datastore's revision that says so."""

    intent: NodeIntent
    revision: int


@dataclass(frozen=True, slots=True)
class IntentWithheld:
    """The datastore is there and what it says is not to be acted on: what was in force stays so.

    It has no record of this node (yet), its schema is not one of ours, or the cluster's own settings cannot be used: to
    guess the AS number or whether there is a mesh would tear the network down.
    """

    reason: str
    revision: int


async def intents(
    follower: Follower, plan: Planner
) -> AsyncGenerator[IntentUpdate | IntentWithheld | StoreStatus, None]:
    """Yield an intent for each state of the datastore, and each change of its status. Endless."""
    async with aclosing(follower.updates()) as updates:
        async for update in updates:
            if isinstance(update, StoreUpdate):
                yield _planned(update, plan)
            else:
                yield update


def _planned(update: StoreUpdate, plan: Planner) -> IntentUpdate | IntentWithheld:
    if problem := schema_problem(update.entries.get(SCHEMA_KEY)):
        return IntentWithheld(problem, update.revision)
    decoded = decode_entries(update.entries.values())
    fabric = Fabric.from_resources(decoded.resources, decoded.bad_records)
    if not fabric.settings.is_default_usable:
        return IntentWithheld(_settings_problem(fabric), update.revision)
    try:
        return IntentUpdate(plan(fabric), update.revision)
    except NodeNotFound as error:
        return IntentWithheld(str(error), update.revision)


def _settings_problem(fabric: Fabric) -> str:
    problems = [item.reason for item in fabric.quarantine if item.name == DEFAULT_NAME]
    return f"BGPConfiguration {DEFAULT_NAME} cannot be used: {'; '.join(problems) or 'see the quarantine'}"
