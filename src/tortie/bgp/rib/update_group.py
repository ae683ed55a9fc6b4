"""An update group: a versioned Adj-RIB-Out shared by all peers that are to be sent the same.

For: remembering once what a thousand peers hold, and encoding each change once.
Not for: sockets, timers or who is a member (engine); what may be sent with which attributes (export).
RFC sections: 4271 §3.2 (Adj-RIB-Out), §9.2; 4724 §2 (End-of-RIB); 2918, 7313 §4 (refresh). With ADD-PATH (RFC 7911,
add_path_group) each nlri below is a path identifier and an nlri.

Structures to know:
- `entries: dict[nlri, Entry]` and the append-only `log` of nlris. Every change takes the next version and is
  appended; the slot of a version is `version - base - 1`, and the former slot of that prefix dies (None).
  At half dead the log is compacted and versions are renumbered.
- `Member`: a cursor, the version it has been sent. Nothing else is kept per peer.
- `Segment`: versions (start, end] encoded once, shared by every member whose cursor stands at its start.

Invariant: for each member, the prefixes it holds after applying all it was sent are exactly the live entries
with version <= cursor whose source is not the member itself (`held_by`).

A member is never sent what it announced. If it is the source of an entry that it may hold from somebody else
it gets a withdrawal, unless the entry was born (entered the group, tombstones included) after its cursor or it
has been the only source since. A withdrawal too many is legal, one too few is not.

Price: about 150 octets an entry a group (dictionary slot 42, Entry 72, version 32, log slot 8), independent of
the number of members; a member costs about 150 octets.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from tortie.bgp.policy import Edit, RouteFilter
from tortie.bgp.rib.export import ExportProfile, exported_attributes
from tortie.bgp.rib.judged import JudgedPath, JudgedPaths
from tortie.bgp.rib.path import Path, Source
from tortie.bgp.rib.segment import SEGMENT_SIZE_BYTES, Segment, SegmentContent
from tortie.bgp.wire import AttributeSet, AttributeTable, attribute_block, is_encodable

SEGMENTS_KEPT_MAX: Final = 64
"""Encoded segments a group keeps for members that are still to come: at most about 4 MiB."""

TOMBSTONES_MAX: Final = 262_144
"""Withdrawn prefixes remembered for slow members; beyond it the slowest member is resynchronised."""

COMPACTION_DEAD_MIN: Final = 1024
"""A log with fewer dead slots than this is left alone."""

MESSAGE_OVERHEAD_BYTES: Final = 23
"""Header and the two length fields of an UPDATE, counted once an attribute set when sizing a segment."""


class Entry:
    """What the group says of one prefix.

    Attributes:
        version: of its last change.
        attributes: as sent; None is a tombstone (withdrawn, kept until every member was told).
        source: who the path came from; for a tombstone the last one.
        born: version at which the prefix entered the group.
        sole_source: the only source since birth, None when there were several.
    """

    __slots__ = ("attributes", "born", "sole_source", "source", "version")

    def __init__(self, version: int, attributes: AttributeSet, source: Source) -> None:
        """A prefix enters the group at `version`."""
        self.version = version
        self.attributes: AttributeSet | None = attributes
        self.source = source
        self.born = version
        self.sole_source: Source | None = source


class Member:
    """One peer's place in a group.

    Attributes:
        source: the peer as a source of paths, so that it is not sent its own.
        cursor: the version it has been sent.
        joined: the version the group had when it joined; End-of-RIB goes when the cursor gets there.
        owes_end_of_rib: End-of-RIB was not sent yet.
        corrections: prefixes to be sent one by one first, since the member came from another group.
        refresh: (position, target) of a second walk asked for by ROUTE-REFRESH, None when there is none.
        is_enhanced: a second walk is to be marked by its beginning and end (RFC 7313).
        is_refresh_wanted: one was asked for and begins when End-of-RIB has gone (RFC 7313 §4).
        owes_beginning: the beginning was not sent yet.
        refresh_end: the version at which the end is due, None unless the walk is over. What changed meanwhile is not in
            the walk and must have gone before, else the far end would drop it.
    """

    __slots__ = (
        "corrections",
        "cursor",
        "is_enhanced",
        "is_refresh_wanted",
        "joined",
        "owes_beginning",
        "owes_end_of_rib",
        "refresh",
        "refresh_end",
        "source",
    )

    def __init__(self, source: Source, cursor: int, joined: int) -> None:
        """Place a member at `cursor`."""
        self.source = source
        self.cursor = cursor
        self.joined = joined
        self.owes_end_of_rib = True
        self.corrections: deque[bytes] = deque()
        self.refresh: tuple[int, int] | None = None
        self.is_enhanced = self.is_refresh_wanted = self.owes_beginning = False
        self.refresh_end: int | None = None


class UpdateGroup:
    """The Adj-RIB-Out of all peers with one export profile.

    `unsendable_count` counts paths that no message of this profile can carry: too many attributes, or a next hop of a
    family that the session has not. They are not sent, as if an export filter had refused them.
    """

    def __init__(
        self,
        profile: ExportProfile,
        table: AttributeTable,
        *,
        segment_size_bytes: int = SEGMENT_SIZE_BYTES,
        tombstones_max: int = TOMBSTONES_MAX,
    ) -> None:
        """Start empty; the caller advances it over the whole Loc-RIB before a member joins."""
        self.profile = profile
        self.entries: dict[bytes, Entry] = {}
        self.log: list[bytes | None] = []
        self.base = 0
        self.dead_count = 0
        self.unsendable_count = 0
        self.members: dict[Source, Member] = {}
        self._table = table
        self._segment_size_bytes = segment_size_bytes
        self._tombstones_max = tombstones_max
        self._tombstones: deque[tuple[int, bytes]] = deque()
        self._segments: dict[int, Segment] = {}

    @property
    def version(self) -> int:
        """The version of the last change."""
        return self.base + len(self.log)

    # ------------------------------------------------------------------ what the group says

    def advance(self, changes: Mapping[bytes, Path | None]) -> bool:
        """Take over new best paths (None = no path left); say whether that changed what the group says."""
        version_before = self.version
        if isinstance(self.profile.export_filter, RouteFilter):
            self._advance_judged(changes, self.profile.export_filter)
        else:
            self._advance_by_prefix(changes)
        self._compact_if_worthwhile()
        return self.version != version_before

    def _advance_by_prefix(self, changes: Mapping[bytes, Path | None]) -> None:
        """Advance where no filter, or a list of prefixes, says what goes."""
        export_filter, family = self.profile.export_filter, self.profile.family
        assert not isinstance(export_filter, RouteFilter), "its paths are judged first"
        known_path: Path | None = None
        known: AttributeSet | None = None
        for nlri, path in changes.items():
            if path is not known_path:
                known_path = path
                known = None if path is None else self._exported(path)
            is_refused = export_filter is not None and not export_filter.accepts(family, nlri)
            if path is None or known is None or is_refused:
                self._withdraw(nlri)
            else:
                self._announce(nlri, known, path.source)

    def _advance_judged(self, changes: Mapping[bytes, Path | None], export_filter: RouteFilter) -> None:
        """Advance where rules look at the whole route: each path is judged once."""
        judged = JudgedPaths()
        for nlri, path in changes.items():
            attributes = None if path is None else self._judged_attributes(path, nlri, export_filter, judged)
            if path is None or attributes is None:
                self._withdraw(nlri)
            else:
                self._announce(nlri, attributes, path.source)

    def _judged_attributes(
        self, path: Path, nlri: bytes, export_filter: RouteFilter, judged: JudgedPaths
    ) -> AttributeSet | None:
        """Return what members are sent for a prefix; `judged` remembers the paths of one call."""
        of_path = judged.get(path)
        if of_path is None:
            of_path = judged[path] = JudgedPath(path, self.profile.family, export_filter, self._exported)
        return of_path.attributes(nlri, self._exported)

    def change_profile(self, profile: ExportProfile) -> None:
        """Take another profile of the same family; the caller advances over the whole Loc-RIB again."""
        self.profile = profile
        self._segments.clear()

    def _exported(self, path: Path, edits: tuple[Edit, ...] = ()) -> AttributeSet | None:
        """Return what members are sent for a path, None when it may not go to them or cannot be told to them."""
        attributes = exported_attributes(path, self.profile, self._table, edits)
        if attributes is None or is_encodable(self.profile.family, attributes, self.profile.encoding):
            return attributes
        attributes = self._table.replace(attributes, atomic_aggregate=False, aggregator=None)
        if is_encodable(self.profile.family, attributes, self.profile.encoding):
            return attributes  # without what RFC 7606 lets a receiver discard (RFC 8654 §4)
        self.unsendable_count += 1
        return None

    def _announce(self, nlri: bytes, attributes: AttributeSet, source: Source) -> None:
        entry = self.entries.get(nlri)
        if entry is None:
            self.log.append(nlri)
            self.entries[nlri] = Entry(self.version, attributes, source)
            return
        if entry.attributes is attributes and entry.source is source:
            return
        self._renew(nlri, entry)
        entry.attributes = attributes
        entry.source = source
        if entry.sole_source is not source:
            entry.sole_source = None

    def _withdraw(self, nlri: bytes) -> None:
        entry = self.entries.get(nlri)
        if entry is None or entry.attributes is None:
            return
        self._renew(nlri, entry)
        entry.attributes = None
        self._tombstones.append((entry.version, nlri))

    def _renew(self, nlri: bytes, entry: Entry) -> None:
        """Give an entry the next version; its former slot dies."""
        self._kill_slot(entry.version)
        self.log.append(nlri)
        entry.version = self.version

    def _kill_slot(self, version: int) -> None:
        self.log[version - self.base - 1] = None
        self.dead_count += 1
        if self._segments:
            stale = [start for start, segment in self._segments.items() if start < version <= segment.end]
            for start in stale:
                del self._segments[start]

    # ------------------------------------------------------------------ members

    def join(self, source: Source) -> Member:
        """Add a peer that holds nothing: it starts at the first version."""
        member = Member(source, self.base, self.version)
        self.members[source] = member
        return member

    def join_from(self, source: Source, former: "UpdateGroup") -> Member:
        """Move a peer here from another group of its family; its session stays.

        It is owed the difference between what it holds and what this group says.
        """
        leaving = former.members.pop(source)
        member = Member(source, self.version, self.version)
        member.owes_end_of_rib = leaving.owes_end_of_rib
        member.corrections.extend(self._difference(leaving, former))
        member.is_enhanced = leaving.is_enhanced
        if leaving.refresh is not None or leaving.refresh_end is not None or leaving.is_refresh_wanted:
            self.start_refresh(member)
        self.members[source] = member
        return member

    def _difference(self, leaving: Member, former: "UpdateGroup") -> Iterator[bytes]:
        open_corrections = set(leaving.corrections)
        for nlri, was in former.entries.items():
            if was.born > leaving.cursor and nlri not in open_corrections:
                continue
            is_known = was.version <= leaving.cursor and nlri not in open_corrections
            held = was.attributes if is_known and was.source is not leaving.source else None
            entry = self.entries.get(nlri)
            said = None if entry is None or entry.source is leaving.source else entry.attributes
            if not is_known or held is not said:
                yield nlri
        yield from (nlri for nlri in leaving.corrections if nlri not in former.entries)
        for nlri, entry in self.entries.items():
            was_entry = former.entries.get(nlri)
            is_new = was_entry is None or was_entry.born > leaving.cursor
            is_sent = entry.attributes is not None and entry.source is not leaving.source
            if is_new and is_sent and nlri not in open_corrections:
                yield nlri

    def leave(self, source: Source) -> None:
        """Forget a peer; nothing is owed to it any more."""
        self.members.pop(source, None)

    def start_refresh(self, member: Member) -> None:
        """Send everything again (RFC 2918), beside what is still to come: a second walk, not cursor = 0.

        Marked by its beginning and end it comes after End-of-RIB (RFC 7313 §4).
        """
        if member.is_enhanced and member.owes_end_of_rib:
            member.is_refresh_wanted = True
            return
        member.refresh = (self.base, member.cursor)
        member.refresh_end = None
        member.owes_beginning = member.is_enhanced

    def is_behind(self, member: Member) -> bool:
        """Say whether something is to be sent to the member."""
        return (
            member.cursor < self.version
            or bool(member.corrections)
            or member.refresh is not None
            or member.refresh_end is not None
            or member.owes_end_of_rib
        )

    def held_by(self, member: Member) -> dict[bytes, AttributeSet]:
        """Return nlri → attributes the group believes the member holds; needs a member with nothing owed.

        For status and for the checkers of the invariant. Cost: O(entries).
        """
        assert not member.corrections, "a member with open corrections holds what two groups said"
        return {
            nlri: entry.attributes
            for nlri, entry in self.entries.items()
            if entry.attributes is not None and entry.version <= member.cursor and entry.source is not member.source
        }

    # ------------------------------------------------------------------ what goes out

    def next_segment(self, member: Member) -> Segment | None:
        """Return the next thing to send and move the member past it; None when it has everything.

        The caller sends `segment.buffers_for(member.source)` and, where the segment replaced something the
        member may hold, the withdrawals of `segment.replaced[member.source]`.
        """
        if member.corrections:
            return self._correction_segment(member)
        if member.refresh is not None:
            return self._refresh_segment(member)
        if member.cursor >= self.version:
            return None
        segment = self._segment_at(member.cursor)
        member.cursor = segment.end
        return segment

    def owes_end_of_rib_now(self, member: Member) -> bool:
        """Say whether End-of-RIB is due: all that stood when the member joined has been sent."""
        return member.owes_end_of_rib and not member.corrections and member.cursor >= member.joined

    def owes_end_of_refresh_now(self, member: Member) -> bool:
        """Say whether the end of a refresh is due: the walk is over, and what changed meanwhile has been sent."""
        return member.refresh_end is not None and not member.corrections and member.cursor >= member.refresh_end

    def _segment_at(self, start: int) -> Segment:
        segment = self._segments.get(start)
        if segment is None:
            segment = self._build_segment(start, self.version)
            if len(self._segments) >= SEGMENTS_KEPT_MAX:
                del self._segments[next(iter(self._segments))]
            self._segments[start] = segment
        return segment

    def _refresh_segment(self, member: Member) -> Segment:
        assert member.refresh is not None, "the caller looked"
        position, target = member.refresh
        cached = self._segments.get(position)
        segment = cached if cached and cached.end <= target else self._build_segment(position, target)
        if segment.end < target:
            member.refresh = (segment.end, target)
        else:
            member.refresh = None
            member.refresh_end = self.version if member.is_enhanced else None
        return segment

    def _build_segment(self, start: int, limit: int) -> Segment:
        """Encode what changed after `start`, at most up to version `limit`, and stop at the size bound."""
        content = SegmentContent()
        size = 0
        end = start
        for slot in range(start - self.base, limit - self.base):
            end = self.base + slot + 1
            nlri = self.log[slot]
            if nlri is None:
                continue
            size += self._collect(content, nlri, self.entries[nlri], start)
            if size >= self._segment_size_bytes:
                break
        return Segment(start, end, content, self.profile)

    def _collect(self, content: SegmentContent, nlri: bytes, entry: Entry, start: int) -> int:
        """Put one entry into a segment for members at `start`; return about how many bytes that adds."""
        attributes, source = entry.attributes, entry.source
        if attributes is None:
            if entry.born > start:
                return 0
            content.withdrawn.setdefault(entry.sole_source, []).append(nlri)
            return len(nlri)
        if entry.sole_source is None and entry.born <= start:
            content.replaced.setdefault(source, []).append(nlri)
        of_source = content.announced.get(source)
        if of_source is None:
            of_source = content.announced[source] = {}
        nlris = of_source.get(attributes)
        if nlris is not None:
            nlris.append(nlri)
            return len(nlri)
        of_source[attributes] = [nlri]
        block = attribute_block(attributes, self.profile.family, self.profile.encoding)
        return len(nlri) + len(block) + MESSAGE_OVERHEAD_BYTES

    def _correction_segment(self, member: Member) -> Segment:
        """Encode the next of what a member is owed that came from another group."""
        content = SegmentContent()
        size = 0
        while member.corrections and size < self._segment_size_bytes:
            nlri = member.corrections.popleft()
            entry = self.entries.get(nlri)
            is_to_be_announced = (
                entry is not None
                and entry.attributes is not None
                and entry.source is not member.source
                and entry.born <= member.cursor
            )
            if entry is not None and is_to_be_announced:
                size += self._collect(content, nlri, entry, entry.born - 1)
            else:
                content.withdrawn.setdefault(None, []).append(nlri)
                size += len(nlri)
        return Segment(member.cursor, member.cursor, content, self.profile)

    # ------------------------------------------------------------------ upkeep

    def trim(self) -> Member | None:
        """Forget tombstones that every member was told of; return a member that must be resynchronised.

        That is the slowest one, when more than `tombstones_max` are left; None otherwise.
        """
        if not self._tombstones:
            return None
        slowest = min(self.members.values(), key=lambda member: member.cursor, default=None)
        told = self.version if slowest is None else slowest.cursor
        while self._tombstones and self._tombstones[0][0] <= told:
            version, nlri = self._tombstones.popleft()
            entry = self.entries.get(nlri)
            if entry is not None and entry.attributes is None and entry.version == version:
                del self.entries[nlri]
                self._kill_slot(version)
        self._compact_if_worthwhile()
        return slowest if len(self._tombstones) > self._tombstones_max else None

    def _compact_if_worthwhile(self) -> None:
        if self.dead_count < COMPACTION_DEAD_MIN or self.dead_count * 2 < len(self.log):
            return
        self._compact()

    def _compact(self) -> None:
        """Drop dead slots and renumber upwards, so that no version is ever used twice.

        The new version of v is the new base + the number of live versions <= v: order is kept, and a birth may
        only seem earlier than it was, which is the safe side.
        """
        live = [self.base + slot + 1 for slot, nlri in enumerate(self.log) if nlri is not None]
        base = self.version

        def renumbered(version: int) -> int:
            return base + bisect_right(live, version)

        kept = [nlri for nlri in self.log if nlri is not None]
        for slot, nlri in enumerate(kept):
            entry = self.entries[nlri]
            is_same = entry.born == entry.version
            entry.version = base + slot + 1
            entry.born = entry.version if is_same else renumbered(entry.born)
        self.base = base
        self.log = list(kept)
        self._renumber_members(renumbered)
        self._tombstones = deque(self._live_tombstones(renumbered))
        self._segments.clear()
        self.dead_count = 0

    def _renumber_members(self, renumbered: Callable[[int], int]) -> None:
        for member in self.members.values():
            member.cursor = renumbered(member.cursor)
            member.joined = renumbered(member.joined)
            if member.refresh_end is not None:
                member.refresh_end = renumbered(member.refresh_end)
            if member.refresh is not None:
                position, target = (renumbered(version) for version in member.refresh)
                member.refresh = (position, target)

    def _live_tombstones(self, renumbered: Callable[[int], int]) -> Iterable[tuple[int, bytes]]:
        for version, nlri in self._tombstones:
            entry = self.entries.get(nlri)
            new_version = renumbered(version)
            if entry is not None and entry.attributes is None and entry.version == new_version:
                yield new_version, nlri
