"""How long it takes until everybody has been told: from an input to the last member of an update group.

For: the samples behind the metric of convergence time. Not for: what is sent (sending) or what is done with the
samples (the shell's histogram).

A sample is a batch: begun at the first flush that changes what a group says, dated from the oldest input since the
flush before (bytes received, a connection lost, a timer, a route of our own), closed when every member has been sent
all that the group said then and its socket has taken it. Each group has at most one open sample, so that changes
without end cost no more than one pass over its members a sample; batches that come meanwhile are part of no sample. A
member that leaves is waited for no more. When the group renumbers its versions or members move between groups, an
open sample is given up.

Structures to know: `Propagation`, `Sample`. Price: one set slot (about 32 octets) a member with an open sample.
"""

from collections.abc import Callable, Iterable
from typing import Final

from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib import Member, UpdateGroup

SAMPLES_OPEN_MAX: Final = 256
"""Groups with an open sample; those beyond it are not measured until others close."""


class Sample:
    """One batch that is on its way.

    Attributes:
        since: when the oldest input came.
        base, version: of the group, when the batch was complete.
        waiting: members that have not been sent all of it.
    """

    __slots__ = ("base", "since", "version", "waiting")

    def __init__(self, since: float, group: UpdateGroup) -> None:
        """Everybody in the group is to be told what it says now."""
        self.since = since
        self.base = group.base
        self.version = group.version
        self.waiting: set[Member] = set(group.members.values())


class Propagation:
    """The open samples of one engine; `done` takes the seconds of each that closes, None: nothing is measured."""

    __slots__ = ("_done", "_oldest_input", "_samples")

    def __init__(self, done: Callable[[float], None] | None) -> None:
        """Nothing is on its way."""
        self._done = done
        self._oldest_input: float | None = None
        self._samples: dict[UpdateGroup, Sample] = {}

    def note_input(self, now: float) -> None:
        """Something happened: the next batch dates from the first of what happened since the last."""
        if self._oldest_input is None and self._done is not None:
            self._oldest_input = now

    def note_flushed(self, groups: Iterable[UpdateGroup]) -> None:
        """These groups have something new to say."""
        since, self._oldest_input = self._oldest_input, None
        if since is None:
            return
        for group in groups:
            if group not in self._samples and len(self._samples) < SAMPLES_OPEN_MAX:
                self._samples[group] = Sample(since, group)

    def note_sent(self, peer: Peer, now: float) -> None:
        """All that a peer was handed so far is with its socket."""
        if not self._samples:
            return
        for group, member in peer.memberships.values():
            sample = self._samples.get(group)
            if sample is None:
                continue
            if group.base != sample.base:
                del self._samples[group]
            elif member.cursor >= sample.version and not member.corrections:
                self._tick_off(group, sample, member, now)

    def note_left(self, peer: Peer, now: float) -> None:
        """A session has ended: nobody waits for it."""
        for group, member in peer.memberships.values():
            sample = self._samples.get(group)
            if sample is not None:
                self._tick_off(group, sample, member, now)

    def give_up(self, group: UpdateGroup) -> None:
        """Members move between groups: what they are owed is counted in other versions from now on."""
        self._samples.pop(group, None)

    def _tick_off(self, group: UpdateGroup, sample: Sample, member: Member, now: float) -> None:
        sample.waiting.discard(member)
        if not sample.waiting:
            del self._samples[group]
            assert self._done is not None, "without it no sample is opened"
            self._done(now - sample.since)
