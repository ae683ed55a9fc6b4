"""An update group whose members are sent every usable path of a prefix, not only the best one (ADD-PATH).

For: turning decisions into entries, one a path. Not for: versions, cursors and segments, which are those of any update
group (update_group), nor for path identifiers, which the RIB gives out.
RFC sections: 7911 §2, §3; 4456 §8 (each path is reflected by the same rules as a best one).
Structures to know: `AddPathGroup`; its entries are keyed by path identifier and nlri. An identifier stands for one
source and the identifier that it gave, so the source of an entry never changes.

Price: beside an entry a path, a dictionary slot and a tuple (about 110 octets) a prefix.
"""

from collections.abc import Callable, Mapping

from tortie.bgp.rib.decision import Decision
from tortie.bgp.rib.export import ExportProfile
from tortie.bgp.rib.path import Path
from tortie.bgp.rib.segment import SEGMENT_SIZE_BYTES
from tortie.bgp.rib.update_group import TOMBSTONES_MAX, UpdateGroup
from tortie.bgp.wire import AttributeSet, AttributeTable, join_path_id


class AddPathGroup(UpdateGroup):
    """The Adj-RIB-Out of all peers with one export profile that has ADD-PATH; see UpdateGroup for the arguments.

    Attributes:
        keys: nlri → keys that the group announces for it now.
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
        super().__init__(profile, table, segment_size_bytes=segment_size_bytes, tombstones_max=tombstones_max)
        self.keys: dict[bytes, tuple[bytes, ...]] = {}

    def advance_paths(self, decisions: Mapping[bytes, Decision | None], path_id: Callable[[Path], int]) -> bool:
        """Take over new candidates (None = no path left); say whether that changed what the group says.

        Args:
            decisions: nlri → decision.
            path_id: gives the identifier to send for a path, always the same for the same source and identifier.
        Cost: O(candidates of the nlris).
        """
        version_before = self.version
        export_filter, family = self.profile.export_filter, self.profile.family
        known: dict[Path, AttributeSet | None] = {}
        for nlri, decision in decisions.items():
            is_refused = export_filter is not None and not export_filter.accepts(family, nlri)
            usable = [] if decision is None or is_refused else decision.usable()
            said: list[bytes] = []
            for path in usable:
                if path not in known:
                    known[path] = self._exported(path)
                attributes = known[path]
                if attributes is not None:
                    key = join_path_id(path_id(path), nlri)
                    said.append(key)
                    self._announce(key, attributes, path.source)
            self._say(nlri, tuple(said))
        self._compact_if_worthwhile()
        return self.version != version_before

    def _say(self, nlri: bytes, keys: tuple[bytes, ...]) -> None:
        """Withdraw what is said no more of a prefix."""
        former = self.keys.get(nlri, ())
        for key in former:
            if key not in keys:
                self._withdraw(key)
        if keys:
            self.keys[nlri] = keys
        elif former:
            del self.keys[nlri]
