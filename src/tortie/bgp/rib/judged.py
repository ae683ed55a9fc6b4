"""One path and what an export filter makes of it, prefix by prefix.

For: asking a route filter once a path in an update group, and making each set of attributes once. Not for: the rules
themselves (policy), nor for who may be told of a path (export).
RFC sections: 4271 §9.1.3 (route dissemination).
Structures to know: `JudgedPath`; it lives as long as one advance of a group.
"""

from collections.abc import Callable

from tortie.bgp.policy import Edit, RouteFacts, RouteFilter
from tortie.bgp.rib.path import Path, SourceKind
from tortie.bgp.wire import AttributeSet, Family

Exported = Callable[[Path, tuple[Edit, ...]], AttributeSet | None]
"""Returns what peers are sent for a path with some edits, None when it does not go to them."""


def route_facts(path: Path) -> RouteFacts:
    """Return what rules may ask of a path."""
    is_learned = path.source.kind is not SourceKind.LOCAL
    return RouteFacts(path.attributes, path.preference, is_learned, path.interface)


class JudgedPath:
    """What is left to be asked of the prefixes of one path, and the attributes that came of it so far."""

    __slots__ = ("_by_edits", "_family", "_path", "_verdicts")

    def __init__(self, path: Path, family: Family, export_filter: RouteFilter, exported: Exported) -> None:
        """Judge a path as far as its prefixes do not matter; the filter is not asked of one that goes to nobody."""
        self._path = path
        self._family = family
        plain = exported(path, ())
        self._by_edits: dict[tuple[Edit, ...], AttributeSet | None] = {(): plain}
        self._verdicts = None if plain is None else export_filter.given(family, route_facts(path))

    def attributes(self, nlri: bytes, exported: Exported) -> AttributeSet | None:
        """Return what is sent for a prefix, None when it is not."""
        edits = None if self._verdicts is None else self._verdicts.edits_of(self._family, nlri)
        if edits is None:
            return None
        if edits not in self._by_edits:
            self._by_edits[edits] = exported(self._path, edits)
        return self._by_edits[edits]


JudgedPaths = dict[Path, JudgedPath]
"""The paths that were judged during one advance."""
