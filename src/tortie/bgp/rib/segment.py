"""A segment: a contiguous range of an update group's versions, encoded once for all who stand at its start.

For: packing the entries of a range into UPDATE messages and cutting out, without a copy, what one member
itself announced. Not for: deciding which entries (update_group).
RFC sections: 4271 §4.3, §9.2; 4456 §6 (a route is not sent back to who announced it).
Structures to know: `Segment`. Price: its wire bytes, at most about SEGMENT_SIZE_BYTES, shared by all members.
"""

from collections.abc import Sequence
from typing import Final

from tortie.bgp.rib.export import ExportProfile
from tortie.bgp.rib.path import Source
from tortie.bgp.wire import AttributeSet, encode_updates, encode_withdrawals

SEGMENT_SIZE_BYTES: Final = 65536
"""Wire bytes at which a segment under construction is closed."""


class SegmentContent:
    """Entries collected for one segment, in order of first appearance.

    Attributes:
        announced: source → attribute set → nlris.
        withdrawn: sole source of the former path (None: several) → nlris.
        replaced: source → nlris which it now provides and may hold from somebody else: it gets a withdrawal.
    """

    __slots__ = ("announced", "replaced", "withdrawn")

    def __init__(self) -> None:
        """Start empty."""
        self.announced: dict[Source, dict[AttributeSet, list[bytes]]] = {}
        self.withdrawn: dict[Source | None, list[bytes]] = {}
        self.replaced: dict[Source, list[bytes]] = {}


class Segment:
    """Versions (start, end] of one group as wire bytes.

    Attributes:
        start, end: the cursor before and after.
        data: all UPDATE messages, joined.
        spans: source → (first, last) offsets of the messages that came from it alone; contiguous.
        replaced: as in SegmentContent.
        announced_count, withdrawn_count, message_count: what is inside, for counters.
    """

    __slots__ = (
        "_own_counts",
        "announced_count",
        "data",
        "end",
        "message_count",
        "replaced",
        "spans",
        "start",
        "withdrawn_count",
    )

    def __init__(self, start: int, end: int, content: SegmentContent, profile: ExportProfile) -> None:
        """Encode the content; messages never mix sources."""
        self.start = start
        self.end = end
        self.replaced = content.replaced
        self.spans: dict[Source, tuple[int, int]] = {}
        self._own_counts = {source: sum(map(len, sets.values())) for source, sets in content.announced.items()}
        self.announced_count = sum(self._own_counts.values())
        self.withdrawn_count = sum(map(len, content.withdrawn.values()))
        messages: list[bytes] = []
        offset = 0
        sources: dict[Source | None, None] = dict.fromkeys(content.withdrawn)
        sources.update(dict.fromkeys(content.announced))
        for source in sources:
            own = self._encode_source(source, content, profile)
            size = sum(map(len, own))
            if source is not None:
                self.spans[source] = (offset, offset + size)
            offset += size
            messages += own
        self.message_count = len(messages)
        self.data = b"".join(messages)

    def _encode_source(self, source: Source | None, content: SegmentContent, profile: ExportProfile) -> list[bytes]:
        withdrawn = content.withdrawn.get(source)
        messages: list[bytes] = []
        if withdrawn:
            messages += encode_withdrawals(profile.family, withdrawn, profile.encoding)
        if source is not None:
            for attributes, nlris in content.announced.get(source, {}).items():
                messages += encode_updates(profile.family, attributes, nlris, profile.encoding)
        return messages

    def announced_to(self, source: Source) -> int:
        """Return how many prefixes a member that is `source` is sent."""
        return self.announced_count - self._own_counts.get(source, 0)

    def buffers_for(self, source: Source | None) -> Sequence[bytes | memoryview]:
        """Return what a member that is `source` is sent of this segment; slices, no copy."""
        span = None if source is None else self.spans.get(source)
        if span is None:
            return (self.data,) if self.data else ()
        whole = memoryview(self.data)
        first, last = span
        return tuple(part for part in (whole[:first], whole[last:]) if part)
