"""Saying in the datastore that this agent runs, where the datastore can forget who does not.

For: who looks for agents that are gone: `/tortie/agents/<role>/<name>` is there while the agent runs, and goes away
within AGENT_TTL_S after its death. Not for: what the agent does (its status socket says that). Nothing depends on it:
where it is not permitted, or cannot be done, the log says so and all else goes on.
"""

import asyncio
import json
from datetime import datetime
from typing import Final

from tortie import __version__
from tortie.node.log import Log
from tortie.store import Holder, SchemaMismatch, Store, StoreUnavailable

__all__ = ["AGENTS_PREFIX", "AGENT_TTL_S", "announce"]

AGENTS_PREFIX: Final = "/tortie/agents/"
AGENT_TTL_S: Final = 30
"""Seconds after which an agent that died is forgotten."""
RETRY_S: Final = 5.0


async def announce(store: Store, role: str, name: str, started: datetime, log: Log) -> None:
    """Hold this agent's key until cancelled; return at once where the datastore has no leases.

    Args:
        store: the datastore.
        role: "node" or "reflector".
        name: of the agent.
        started: when it was started.
        log: told once for each reason why it cannot be said.
    """
    if not isinstance(store, Holder):
        return
    value = json.dumps({"role": role, "name": name, "version": __version__, "started": started.isoformat()})
    reason = ""
    while True:
        try:
            await store.hold(f"{AGENTS_PREFIX}{role}/{name}", value.encode(), AGENT_TTL_S)
        except (StoreUnavailable, SchemaMismatch) as error:
            if str(error) != reason:
                reason = str(error)
                log.info("cannot say in the datastore that this agent runs", object="datastore", reason=reason)
            await asyncio.sleep(RETRY_S)
