"""The sqlite driver does what the memory driver, the reference, does: same results, same events."""

import asyncio
import tempfile
from contextlib import aclosing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tortie.store import Compacted, Compare, Conflict, Delete, Event, Listing, Operation, Put, Store
from tortie.store.memory import MemoryStore
from tortie.store.sqlite_store import SQLiteStore

KEYS = st.sampled_from(["/a", "/a/b", "/a/c", "/é", "/z"])
OPERATIONS = st.lists(
    st.one_of(st.builds(Put, KEYS, st.binary(max_size=4)), st.builds(Delete, KEYS)),
    max_size=4,
    unique_by=lambda operation: operation.key,
)
COMPARES = st.lists(st.builds(Compare, KEYS, st.integers(0, 6)), max_size=2)
LOG_EVENTS_MAX = 5

Outcome = int | tuple[str, int, int] | Listing | list[Event] | str


async def transact(store: Store, compares: list[Compare], operations: list[Operation]) -> Outcome:
    try:
        return await store.transact(compares, operations)
    except Conflict as conflict:
        return conflict.key, conflict.expected, conflict.found


async def events_after(store: Store, revision: int, last: int) -> Outcome:
    """Return all events under /a after a revision, up to and including the last one."""
    events: list[Event] = []
    await store.transact([], [Put("/a/end", b"")])
    try:
        async with aclosing(store.watch("/a", revision)) as batches:
            async for batch in batches:
                events += batch
                if batch[-1].revision > last:
                    return events
    except Compacted as error:
        return f"compacted {error.compacted_revision}"
    return events


async def play(store: Store, steps: list[tuple[list[Compare], list[Operation]]], after: int) -> list[Outcome]:
    outcomes = [await transact(store, compares, operations) for compares, operations in steps]
    listing = await store.list("/a")
    outcomes.append(Listing(listing.revision, listing.entries, history=""))
    outcomes.append(await events_after(store, min(after, listing.revision), listing.revision))
    await store.close()
    return outcomes


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(COMPARES, OPERATIONS), max_size=10), st.integers(0, 10))
def test_same_results_and_events(steps: list[tuple[list[Compare], list[Operation]]], after: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        memory = MemoryStore(change_log_events_max=LOG_EVENTS_MAX)
        sqlite = SQLiteStore(Path(directory) / "s.db", change_log_events_max=LOG_EVENTS_MAX)
        assert asyncio.run(play(memory, steps, after)) == asyncio.run(play(sqlite, steps, after))
