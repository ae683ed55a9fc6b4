"""An update group whose members are sent every usable path of a prefix, not only the best one (ADD-PATH).

For: turning decisions into entries, one a path. Not for: versions, cursors and segments, which are those of any update
group (update_group), nor for path identifiers, which the RIB gives out.
RFC sections: 7911 §2, §3; 4456 §8 (each path is reflected by the same rules as a best one).
Structures to know: `AddPathGroup`; its entries are keyed by path identifier and nlri. An identifier stands for one
source and the identifier that it gave, so the source of an entry never changes.

Price: beside an entry a path, a dictionary slot and a tuple (about 110 octets) a prefix.
"""

from collections.abc import Callable, Mapping

from tortie.bgp.policy import RouteFilter
from tortie.bgp.rib.decision import Decision
from tortie.bgp.rib.export import ExportProfile
from tortie.bgp.rib.judged import JudgedPaths
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
        attributes_of = self._asker()
        for nlri, decision in decisions.items():
            said: list[bytes] = []
            for path in () if decision is None else decision.usable():
                attributes = attributes_of(path, nlri)
                if attributes is not None:
                    key = join_path_id(path_id(path), nlri)
                    said.append(key)
                    self._announce(key, attributes, path.source)
            self._say(nlri, tuple(said))
        self._compact_if_worthwhile()
        return self.version != version_before

    def _asker(self) -> Callable[[Path, bytes], AttributeSet | None]:
        """Return who says what members are sent for a path of a prefix; it remembers the paths it was asked."""
        export_filter, family = self.profile.export_filter, self.profile.family
        judged = JudgedPaths()
        known: dict[Path, AttributeSet | None] = {}

        def judged_attributes(path: Path, nlri: bytes) -> AttributeSet | None:
            assert isinstance(export_filter, RouteFilter), "asked for that only"
            return self._judged_attributes(path, nlri, export_filter, judged)

        def attributes(path: Path, nlri: bytes) -> AttributeSet | None:
            assert not isinstance(export_filter, RouteFilter), "its paths are judged first"
            if export_filter is not None and not export_filter.accepts(family, nlri):
                return None
            if path not in known:
                known[path] = self._exported(path)
            return known[path]

        return judged_attributes if isinstance(export_filter, RouteFilter) else attributes

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
