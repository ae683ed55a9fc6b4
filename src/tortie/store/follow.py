"""Following a prefix of the datastore through everything that happens to it.

What it is for: an agent wants the whole state under a prefix, each change of it, and to hear when the
datastore is gone; and it must not tear the network down because somebody put an empty file in the
datastore's place. `Follower` lists, watches, lists again when the change log does not reach back, tries
again with bounded back-off when the store is unavailable, and *holds* what it knows when the store says
something incredible. What it is not for: making sense of values (`resources.py`), or keeping the last state
on disk (`node`).

The structures to know: `StoreUpdate` (the whole state and what changed) and `StoreStatus` (connected, held,
why).

What is not obeyed without confirmation: another history, a lower revision than one seen, a list that contradicts
what was read before (a store that went back and was written on), and an empty list where there were entries, unless
the change log shows the deletions one by one. `Follower.confirm` is the confirmation; a store that becomes credible
again needs none.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from types import MappingProxyType

from tortie.store.base import Entry, Event, Events, Listing, Store
from tortie.store.errors import Compacted, HistoryReplaced, StoreUnavailable

__all__ = [
    "FollowTimers",
    "Follower",
    "Known",
    "StoreStatus",
    "StoreUpdate",
    "follow",
]


@dataclass(frozen=True, slots=True)
class FollowTimers:
    """Pauses of a follower, all in seconds.

    Attributes:
        retry_first_s: after the first failure; it doubles with each further one.
        retry_max_s: at most.
        held_recheck_s: between two looks at a store that is not believed; a confirmation ends it at once.
    """

    retry_first_s: float = 0.1
    retry_max_s: float = 5.0
    held_recheck_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Known:
    """What was last obeyed; kept with the last good intent, it makes a restarted agent as careful as before.

    Attributes:
        history: the store's history (see `base.Listing`).
        revision: last revision obeyed.
        entry_count: entries under the prefix then.
    """

    history: str
    revision: int
    entry_count: int


@dataclass(frozen=True, slots=True)
class StoreUpdate:
    """The state under the prefix after a change.

    Attributes:
        revision: up to which revision this is.
        entries: the whole state, key to entry, sorted by key; a copy, read-only.
        changed: what is different from the update before, each key once or more, in order. After a list the
            events are computed: their revision is the list's.
    """

    revision: int
    entries: Mapping[str, Entry]
    changed: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """Whether the datastore is there and believed.

    Attributes:
        is_connected: it answers.
        is_held: it answers, but with something that is not obeyed until confirmed.
        text: why, in words for a person; "" when all is well.
        revision: last revision obeyed; 0 = none.
    """

    is_connected: bool
    is_held: bool
    text: str
    revision: int


class Follower:
    """Follows one prefix of one store. `updates()` is used once, by one task of one event loop."""

    def __init__(
        self,
        store: Store,
        prefix: str,
        *,
        known: Known | None = None,
        jitter: Callable[[], float] = lambda: 1.0,
        timers: FollowTimers = FollowTimers(),
    ) -> None:
        """Keep what to follow.

        Args:
            store: the datastore.
            prefix: plain text that the keys begin with.
            known: what was obeyed before a restart; None = nothing, the first list is obeyed whatever it
                says.
            jitter: factor for every pause, 0.75 to 1.0, so that many agents do not come back at the same
                moment.
            timers: pauses between tries.
        """
        self._store = store
        self._prefix = prefix
        self._known = known
        self._jitter = jitter
        self._timers = timers
        self._entries: dict[str, Entry] = {}
        self._is_started = False
        self._is_log_lost = False
        self._held: Listing | None = None
        self._confirmed: Listing | None = None
        self._confirmation = asyncio.Event()
        self._status: StoreStatus | None = None
        self._failure_count = 0

    @property
    def known(self) -> Known | None:
        """What was last obeyed, to be kept over a restart; None before the first list."""
        return self._known

    @property
    def status(self) -> StoreStatus | None:
        """The last status reported; None before the first."""
        return self._status

    def confirm(self) -> bool:
        """Obey what is held now, and what the same history says later; return whether anything was held."""
        if self._held is None:
            return False
        self._confirmed = self._held
        self._confirmation.set()
        return True

    async def updates(self) -> AsyncGenerator[StoreUpdate | StoreStatus, None]:
        """Yield the state after each change, and each change of status. Endless: close it or cancel.

        The first update comes after the first list that is obeyed, even if it is empty. Statuses come
        first: an update follows a status that says connected.

        Raises:
            InvalidRequest: the store was closed by its owner.
        """
        while True:
            try:
                async with aclosing(self._connected()) as outputs:
                    async for output in outputs:
                        yield output
            except (Compacted, HistoryReplaced):
                self._is_log_lost = True
                await asyncio.sleep(0)  # a store that answers without waiting must not keep others from running
            except StoreUnavailable as error:
                if status := self._changed_status(is_connected=False, is_held=False, text=str(error)):
                    yield status
                await asyncio.sleep(self._back_off())

    async def _connected(self) -> AsyncGenerator[StoreUpdate | StoreStatus, None]:
        """One list, then its watch; ends (to be called again) when what was listed is not obeyed."""
        listing = await self._store.list(self._prefix)
        self._failure_count = 0
        doubt = self._doubt(listing)
        if doubt is not None and not self._may_resume(listing):
            self._held = listing
            if status := self._changed_status(is_connected=True, is_held=True, text=doubt):
                yield status
            await self._wait_for_confirmation()
            return
        self._held = self._confirmed = None
        if status := self._changed_status(is_connected=True, is_held=False, text=""):
            yield status
        if doubt is None and (update := self._obey(listing)):
            yield update
        assert self._known is not None, "a listing was obeyed now or before"
        watch = self._store.watch(self._prefix, self._known.revision, listing.history)
        async with aclosing(watch) as batches:
            async for events in batches:
                yield self._apply(events, listing.history)

    def _doubt(self, listing: Listing) -> str | None:
        """Return why a listing is not to be obeyed, or None if it is."""
        known, confirmed = self._known, self._confirmed
        if known is None or (confirmed and _continues(confirmed, listing)):
            return None
        if listing.history != known.history:
            return self._doubt_text(f"another datastore stands in its place (revision {listing.revision})")
        if listing.revision < known.revision:
            return self._doubt_text(f"its revision went back to {listing.revision}")
        if not self._is_continued_by(listing):
            return self._doubt_text(f"it went back and was written on (revision {listing.revision})")
        if known.entry_count and not listing.entries:
            return self._doubt_text(f"it lists nothing under {self._prefix} any more")
        return None

    def _is_continued_by(self, listing: Listing) -> bool:
        """Whether all that was written up to the known revision stands in the list as it was read then.

        A store of the same history can have more revisions than were seen and yet be another one: an etcd that was
        wiped and made anew has the same cluster id.
        """
        assert self._known is not None, "without a known state there is nothing to continue"
        revision = self._known.revision
        return not self._is_started or all(
            entry == self._entries.get(entry.key) for entry in listing.entries if entry.mod_revision <= revision
        )

    def _doubt_text(self, reason: str) -> str:
        known = self._known
        assert known is not None, "without a known state there is no doubt"
        return (
            f"the datastore is not obeyed: {reason}; the last good state (revision {known.revision}, "
            f"{known.entry_count} entries) stays in force until the datastore is put right, "
            "or the change is confirmed"
        )

    def _may_resume(self, listing: Listing) -> bool:
        """Whether the change log may show how the doubtful list came about."""
        known = self._known
        return (
            known is not None
            and not self._is_log_lost
            and listing.history == known.history
            and listing.revision >= known.revision
            and self._is_continued_by(listing)
        )

    async def _wait_for_confirmation(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timers.held_recheck_s):
                await self._confirmation.wait()
        self._confirmation.clear()

    def _obey(self, listing: Listing) -> StoreUpdate | None:
        """Take over a listing; return the update, None when nothing changed by it."""
        changed = _difference(self._entries, listing)
        self._entries = {entry.key: entry for entry in listing.entries}
        self._known = Known(listing.history, listing.revision, len(self._entries))
        self._is_log_lost = False
        is_first, self._is_started = not self._is_started, True
        return self._update(changed) if changed or is_first else None

    def _apply(self, events: Events, history: str) -> StoreUpdate:
        for event in events:
            if event.entry is None:
                self._entries.pop(event.key, None)
            else:
                self._entries[event.key] = event.entry
        self._known = Known(history, events[-1].revision, len(self._entries))
        self._is_started = True
        return self._update(tuple(events))

    def _update(self, changed: tuple[Event, ...]) -> StoreUpdate:
        assert self._known is not None, "an update follows something known"
        entries = {key: self._entries[key] for key in sorted(self._entries)}
        return StoreUpdate(self._known.revision, MappingProxyType(entries), changed)

    def _changed_status(self, *, is_connected: bool, is_held: bool, text: str) -> StoreStatus | None:
        """Remember the status; return it if it says something new."""
        revision = self._known.revision if self._known else 0
        status = StoreStatus(is_connected, is_held, text, revision)
        old, self._status = self._status, status
        is_news = old is None or (old.is_connected, old.is_held, old.text) != (is_connected, is_held, text)
        return status if is_news else None

    def _back_off(self) -> float:
        pause = min(self._timers.retry_max_s, self._timers.retry_first_s * 2.0 ** min(self._failure_count, 16))
        self._failure_count += 1
        return pause * self._jitter()


def follow(store: Store, prefix: str) -> AsyncGenerator[StoreUpdate | StoreStatus, None]:
    """Return the updates of a `Follower` that nobody needs to confirm anything to."""
    return Follower(store, prefix).updates()


def _continues(confirmed: Listing, listing: Listing) -> bool:
    return listing.history == confirmed.history and listing.revision >= confirmed.revision


def _difference(old: Mapping[str, Entry], listing: Listing) -> tuple[Event, ...]:
    """Return the events that lead from the old entries to the listed ones, sorted by key."""
    new = {entry.key: entry for entry in listing.entries}
    return tuple(
        Event(key, new.get(key), listing.revision)
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )
