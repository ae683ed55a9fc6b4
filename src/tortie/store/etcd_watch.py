"""Watching etcd: one stream at a time, resumed at the next member, in whole revisions.

What it is for: events of a prefix in order, none lost and none twice, over members that die, freeze or lose their
leader. What it is not for: listing again when events are gone (`follow.py` does, told by Compacted).

A stream is alive as long as something comes: the member is asked for a sign of progress every few seconds. Its
answer is a sign of life only, never a position: some releases of etcd send it ahead of events that belong before it
(etcd#15220). A member that has lost its leader ends the stream by itself (`hasleader`). Events that were seen already
are passed over: a member that lags behind may tell old ones to who asks for later ones (etcd#20221).

The structure to know: `_Cursor`, where a watch stands.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tortie.store.base import WATCH_BATCH_EVENTS_MAX, Event, Events
from tortie.store.errors import Compacted, HistoryReplaced, StoreUnavailable
from tortie.store.etcd_channel import Connection, MemberFailed
from tortie.store.etcd_client import EtcdClient
from tortie.store.etcd_messages import WATCH, Message
from tortie.store.etcd_range import entry_of, key_text, look, prefix_range, standing_of

__all__ = ["PROGRESS_INTERVAL_S", "SILENCE_MAX_S", "batches_of", "events_after", "watch_prefix"]

PROGRESS_INTERVAL_S: Final = 2.0
"""Pause between two questions for a sign of progress."""
SILENCE_MAX_S: Final = 5.0
"""A stream on which nothing came for so long is given up: its member is frozen, or the way to it is cut."""
STREAM_FAILURES_MAX: Final = 5
"""Streams in a row that may fail before anything came on them, although the cluster answers."""
_DELETE: Final = 1


@dataclass(slots=True)
class _Cursor:
    """Where a watch stands: the last revision handed over, and the history it counts in (None: not seen yet)."""

    prefix: str
    revision: int
    history: str | None


async def watch_prefix(
    client: EtcdClient, prefix: str, from_revision: int, history: str | None
) -> AsyncGenerator[Events, None]:
    """Yield batches of whole revisions after `from_revision` (see `base.Store.watch`)."""
    cursor = _Cursor(prefix, from_revision, history)
    failure_count = 0
    while True:
        await _check_history(client, cursor)
        try:
            async with client.connection() as connection, aclosing(_stream(connection, cursor)) as batches:
                async for batch in batches:
                    failure_count = 0
                    yield batch
        except MemberFailed as failure:
            failure_count += 1
            if failure_count > STREAM_FAILURES_MAX:
                raise StoreUnavailable(f"etcd answers, but does not let us watch: {failure}") from failure


async def _check_history(client: EtcdClient, cursor: _Cursor) -> None:
    """Raise HistoryReplaced unless the cluster goes on where we stand; wait for a member that answers."""
    history, revision = await look(client, cursor.prefix)
    cursor.history = cursor.history or history
    if history != cursor.history or revision < cursor.revision:
        raise HistoryReplaced(cursor.revision, revision)


async def _stream(connection: Connection, cursor: _Cursor) -> AsyncGenerator[Events, None]:
    """Yield batches of one stream, and keep the cursor. Ends only by an error."""
    key, end = prefix_range(cursor.prefix)
    create = {"key": key, "range_end": end, "start_revision": cursor.revision + 1, "fragment": True}
    async with connection.stream(WATCH, _Requests(WATCH.request(create_request=create))) as stream:
        parts: list[Message] = []
        while True:
            answer = await stream.read(SILENCE_MAX_S)
            _check_answer(answer, connection, cursor)
            parts.extend(answer.events)
            if answer.fragment:
                continue
            for batch in batches_of(events_after(cursor.revision, parts)):
                cursor.revision = batch[-1].revision
                yield batch
            parts.clear()


class _Requests:
    """What goes up a stream: what to watch, then now and then a question for a sign of life."""

    def __init__(self, create: Message) -> None:
        self._create: Message | None = create

    def __aiter__(self) -> "_Requests":
        return self

    async def __anext__(self) -> Message:
        create, self._create = self._create, None
        if create is not None:
            return create
        await asyncio.sleep(PROGRESS_INTERVAL_S)
        return WATCH.request(progress_request={})


def _check_answer(answer: Message, connection: Connection, cursor: _Cursor) -> None:
    """Raise what an answer says beyond events."""
    history, revision = standing_of(answer)
    if history != cursor.history:
        raise HistoryReplaced(cursor.revision, revision)
    if answer.compact_revision:
        raise Compacted(cursor.revision, answer.compact_revision - 1)
    if answer.canceled and "permission denied" in answer.cancel_reason.lower():
        raise StoreUnavailable(f"etcd does not let us watch what is under {cursor.prefix!r}: give us a role that may")
    if answer.canceled:
        raise MemberFailed(connection.endpoint, f"it ended the watch: {answer.cancel_reason}", was_sent=True)


def events_after(revision: int, parts: Sequence[Message]) -> Events:
    """Return etcd's events as ours, without those up to `revision`."""
    return [_event(part) for part in parts if part.kv.mod_revision > revision]


def _event(part: Message) -> Event:
    entry = None if part.type == _DELETE else entry_of(part.kv)
    return Event(key_text(part.kv.key), entry, part.kv.mod_revision)


def batches_of(events: Sequence[Event]) -> Iterator[Events]:
    """Yield batches of whole revisions, at most WATCH_BATCH_EVENTS_MAX events each.

    A single revision may have more: whoever deletes a prefix at once makes as many events as there were keys.
    """
    batch: Events = []
    for _, group in groupby(events, lambda event: event.revision):
        revision = list(group)
        if batch and len(batch) + len(revision) > WATCH_BATCH_EVENTS_MAX:
            yield batch
            batch = []
        batch = batch + revision if batch else revision
    if batch:
        yield batch
