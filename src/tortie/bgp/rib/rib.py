"""The RIB of one speaker: Adj-RIB-Ins, Loc-RIBs and update groups behind one small interface.

For: taking over what sessions announce and withdraw, judging loops and import filters, and handing changes
to the update groups at flush(). Not for: sessions, bytes on sockets, timers (engine).
RFC sections: 4271 §3.2, §9; 4456 §8; 7606 (what comes in was made usable by the session); 4724 §4.1 (selection is
deferred), §4.2 (stale paths); 7911 (path identifiers in and out); 9494 §4.2 (long-lived stale paths).
Structures to know: `RIB.adj_rib_ins: dict[(source, family), AdjRIBIn]`, `RIB.groups: dict[ExportProfile,
UpdateGroup]`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from tortie.bgp.policy import Edit, RouteFilter, edited, edited_preference
from tortie.bgp.rib.add_path_group import AddPathGroup
from tortie.bgp.rib.adj_rib_in import AddPathAdjRIBIn, AdjRIBIn
from tortie.bgp.rib.decision import Decision
from tortie.bgp.rib.export import ExportProfile
from tortie.bgp.rib.import_rule import PREFERENCE_OF_LEAVING, ImportRule, degree_of_preference, is_as_loop
from tortie.bgp.rib.judged import route_facts
from tortie.bgp.rib.loc_rib import LocRIB
from tortie.bgp.rib.path import Path, Rejection, Source, SourceKind
from tortie.bgp.rib.reflection import is_reflection_loop
from tortie.bgp.rib.roles import is_leak, received_attributes
from tortie.bgp.rib.update_group import Member, UpdateGroup
from tortie.bgp.wire import LLGR_STALE, NO_LLGR, AttributeSet, AttributeTable, Family, split_path_id

PATH_ID_MAX: Final = 0xFFFF_FFFF


class RIB:
    """All routing tables of one speaker.

    Args:
        router_id, cluster_id: ours, 32-bit unsigned.
        table: the intern table of attribute sets.
        metric: interior cost of a next hop; None = unreachable. A reflector says 0 to everything.

    Attributes:
        keeps_external, paths_max: see `set_selection`.
        deferred: families of which nothing is handed on yet (RFC 4724 §4.1); nobody may join a group of these.
    """

    def __init__(
        self, router_id: int, cluster_id: int, table: AttributeTable, metric: Callable[[bytes], int | None]
    ) -> None:
        """Start with no source, no path, no group."""
        self.router_id = router_id
        self.cluster_id = cluster_id
        self.table = table
        self.own_addresses: frozenset[bytes] = frozenset()
        self.adj_rib_ins: dict[tuple[Source, Family], AdjRIBIn] = {}
        self.loc_ribs: dict[Family, LocRIB] = {}
        self.groups: dict[ExportProfile, UpdateGroup] = {}
        self.import_rules: dict[Source, ImportRule] = {}
        self.deferred: frozenset[Family] = frozenset()
        self.keeps_external, self.paths_max = False, 1
        self._metric = metric
        self._path_ids: dict[Source, dict[int, int]] = {}
        self._last_path_id = 0
        self._advanced: dict[UpdateGroup, None] = {}

    # ------------------------------------------------------------------ sources

    def add_source(
        self,
        source: Source,
        rule: ImportRule,
        families: Iterable[Family],
        add_path: frozenset[Family] = frozenset(),
    ) -> None:
        """A session is established (or the speaker itself originates).

        Args:
            source: who announces from now on; what was retained of it stays.
            rule: how that is judged.
            families: negotiated.
            add_path: of these, where it sends path identifiers. What was retained with them and comes without, or
                the other way round, cannot be matched and goes.
        """
        self.import_rules[source] = rule
        for family in families:
            kind = AddPathAdjRIBIn if family in add_path else AdjRIBIn
            retained = self.adj_rib_ins.get((source, family))
            if retained is not None and type(retained) is not kind:
                self.drop_family(source, family)
                retained = None
            if retained is None:
                self.adj_rib_ins[source, family] = kind()
                self.loc_rib(family)

    def remove_source(self, source: Source) -> None:
        """A session ended: withdraw all it announced (RFC 4271 §3.2, §6)."""
        del self.import_rules[source]
        self._path_ids.pop(source, None)
        for family in self._families_of(source):
            self.drop_family(source, family)

    def _families_of(self, source: Source) -> list[Family]:
        return [family for of_source, family in self.adj_rib_ins if of_source is source]

    def drop_family(self, source: Source, family: Family) -> None:
        """Withdraw all that a source announced in one family."""
        adj_rib_in = self.adj_rib_ins.pop((source, family))
        self.loc_ribs[family].install(adj_rib_in.clear(), None)

    # ------------------------------------------------------------------ stale paths

    def retain_source(self, source: Source, families: Iterable[Family]) -> None:
        """A session ended and may come back: keep the paths of these families as stale, withdraw the others.

        They take part in the decision as before (RFC 4724 §4.2). What was stale already goes: two restarts in a row
        do not keep a path for ever.
        """
        kept = frozenset(families)
        for family in self._families_of(source):
            if family in kept:
                self.sweep_stale(source, family)
                adj_rib_in = self.adj_rib_ins[source, family]
                adj_rib_in.stale = set(adj_rib_in.paths)
            else:
                self.drop_family(source, family)

    def mark_stale(self, source: Source, family: Family) -> None:
        """All that a source has announced is to be announced again, or goes at the next sweep (RFC 7313 §4)."""
        adj_rib_in = self.adj_rib_ins[source, family]
        adj_rib_in.stale = set(adj_rib_in.paths)

    def unmark_stale(self, source: Source, family: Family) -> None:
        """Nothing of a source need be announced again."""
        self.adj_rib_ins[source, family].stale.clear()

    def sweep_stale(self, source: Source, family: Family) -> None:
        """Withdraw what a source has not announced again."""
        self.loc_ribs[family].install(self.adj_rib_ins[source, family].remove_stale(), None)

    def keep_for_long(self, source: Source, family: Family) -> None:
        """What is stale of a source stays as a last resort and says so; what must not be kept for long goes.

        RFC 9494 §4.2, §4.3. The mark is the community itself, so that all who are told see it.
        """
        adj_rib_in = self.adj_rib_ins[source, family]
        gone: list[bytes] = []
        alike: dict[tuple[AttributeSet, int], list[bytes]] = {}
        for key, path in adj_rib_in.paths.items():
            if key not in adj_rib_in.stale:
                continue
            if NO_LLGR in path.received.communities:
                gone.append(key)
            else:
                alike.setdefault((path.received, path.path_id), []).append(key)
        self.withdraw(source, family, gone)
        for (attributes, path_id), keys in alike.items():
            communities = attributes.communities
            if LLGR_STALE not in communities:
                marked = self.table.replace(attributes, communities=(*communities, LLGR_STALE))
                self._judge(adj_rib_in, family, Path(marked, source, path_id=path_id), keys)

    def announced_count(self, source: Source, family: Family) -> int:
        """Return how many paths a source has announced in this session, rejected ones included."""
        adj_rib_in = self.adj_rib_ins[source, family]
        return len(adj_rib_in) - len(adj_rib_in.stale)

    def stale_count(self, source: Source, family: Family) -> int:
        """Return how many prefixes of a source are stale."""
        return len(self.adj_rib_ins[source, family].stale)

    def loc_rib(self, family: Family) -> LocRIB:
        """Return the Loc-RIB of a family, made at first use."""
        loc_rib = self.loc_ribs.get(family)
        if loc_rib is None:
            loc_rib = self.loc_ribs[family] = LocRIB(
                self._metric, keeps_external=self.keeps_external, paths_max=self.paths_max
            )
        return loc_rib

    def set_selection(self, *, keeps_external: bool, paths_max: int) -> None:
        """Say how is chosen from now on; `next_hop_changed` has all chosen again.

        Args:
            keeps_external: an external best path is kept among equal ones (RFC 5004).
            paths_max: how many equal paths traffic may take, 1 or more.
        """
        self.keeps_external, self.paths_max = keeps_external, paths_max
        for loc_rib in self.loc_ribs.values():
            loc_rib.keeps_external, loc_rib.paths_max = keeps_external, paths_max

    # ------------------------------------------------------------------ what comes in

    def announce(
        self,
        source: Source,
        family: Family,
        attributes: AttributeSet,
        nlris: Sequence[bytes],
        *,
        interface: str = "",
    ) -> None:
        """Take over one message's prefixes: same attributes, same source; with path identifiers where it sends them.

        Args:
            source: who says so.
            family: of the prefixes.
            attributes: as received.
            nlris: the prefixes.
            interface: where a route of our own leads to, "" = unknown.
        """
        adj_rib_in = self.adj_rib_ins[source, family]
        if adj_rib_in.stale:
            adj_rib_in.stale.difference_update(nlris)
        if adj_rib_in.id_length:
            by_path_id: dict[int, list[bytes]] = {}
            for key in nlris:
                by_path_id.setdefault(split_path_id(key)[0], []).append(key)
            for path_id, keys in by_path_id.items():
                self._judge(adj_rib_in, family, Path(attributes, source, path_id=path_id), keys)
        else:
            self._judge(adj_rib_in, family, Path(attributes, source, interface=interface), nlris)

    def _judge(self, adj_rib_in: AdjRIBIn, family: Family, path: Path, keys: Sequence[bytes]) -> None:
        """Store a path as received, after giving it its verdict and all that import changes of it."""
        source, rule = path.source, self.import_rules[path.source]
        if rule.role is not None:
            path.attributes = received_attributes(path.received, rule.role, rule.peer_as, self.table)
        path.rejection = self._rejection(path.attributes, source, rule)
        path.preference = degree_of_preference(path.attributes, source, rule)
        import_filter = rule.import_filter
        if path.rejection is None and isinstance(import_filter, RouteFilter):
            self._filter(adj_rib_in, family, path, keys, import_filter)
            return
        if path.rejection is None and import_filter is not None:
            assert not isinstance(import_filter, RouteFilter), "seen to before"
            accepts, id_length = import_filter.accepts, adj_rib_in.id_length
            refused = [key for key in keys if not accepts(family, key[id_length:])]
            if refused:
                self._store(adj_rib_in, family, refused, path.rejected(Rejection.IMPORT_FILTER))
                keys = [key for key in keys if accepts(family, key[id_length:])]
        self._store(adj_rib_in, family, keys, path)

    def _filter(
        self, adj_rib_in: AdjRIBIn, family: Family, path: Path, keys: Sequence[bytes], import_filter: RouteFilter
    ) -> None:
        """Store a path as a filter that looks at the whole route has it: prefixes that it treats alike share one."""
        verdicts, id_length = import_filter.given(family, route_facts(path)), adj_rib_in.id_length
        by_edits: dict[tuple[Edit, ...] | None, list[bytes]] = {}
        for key in keys:
            by_edits.setdefault(verdicts.edits_of(family, key[id_length:]), []).append(key)
        for edits, alike in by_edits.items():
            if edits is None:
                self._store(adj_rib_in, family, alike, path.rejected(Rejection.IMPORT_FILTER))
            else:
                self._store(adj_rib_in, family, alike, self._edited(path, edits))

    def _edited(self, path: Path, edits: tuple[Edit, ...]) -> Path:
        if not edits:
            return path
        preference = edited_preference(path.preference, edits)
        if self.import_rules[path.source].is_draining and path.preference == PREFERENCE_OF_LEAVING:
            preference = PREFERENCE_OF_LEAVING  # RFC 8326 §4.1: whoever has another path takes that
        attributes = edited(path.attributes, edits, self.table)
        return Path(attributes, path.source, None, path.path_id, preference, received=path.received)

    def withdraw(self, source: Source, family: Family, nlris: Sequence[bytes]) -> None:
        """Forget a source's paths for these prefixes."""
        adj_rib_in = self.adj_rib_ins[source, family]
        if adj_rib_in.stale:
            adj_rib_in.stale.difference_update(nlris)
        self.loc_ribs[family].install(adj_rib_in.remove(nlris), None)

    def judge_again(self, source: Source) -> None:
        """Judge all paths of a source once more: its filter, our router id or our cluster id changed."""
        for (of_source, family), adj_rib_in in self.adj_rib_ins.items():
            if of_source is not source:
                continue
            alike: dict[tuple[AttributeSet, int, str], list[bytes]] = {}
            for key, path in adj_rib_in.paths.items():
                alike.setdefault((path.received, path.path_id, path.interface), []).append(key)
            for (received, path_id, interface), keys in alike.items():
                path = Path(received, source, path_id=path_id, interface=interface)
                self._judge(adj_rib_in, family, path, keys)

    def _store(self, adj_rib_in: AdjRIBIn, family: Family, keys: Sequence[bytes], path: Path) -> None:
        self.loc_ribs[family].install(adj_rib_in.replace(keys, path), path)

    def _rejection(self, attributes: AttributeSet, source: Source, rule: ImportRule) -> str | None:
        if source.kind is SourceKind.LOCAL:
            return None
        if not rule.has_policy:
            return Rejection.NO_POLICY
        if is_as_loop(attributes, rule):
            return Rejection.AS_LOOP
        if attributes.next_hop[:16] in self.own_addresses:
            return Rejection.OWN_NEXT_HOP
        if rule.role is not None and is_leak(attributes, rule.role, rule.peer_as):
            return Rejection.ROUTE_LEAK
        return is_reflection_loop(attributes, source, self.router_id, self.cluster_id)

    # ------------------------------------------------------------------ what goes out

    def join(self, profile: ExportProfile, source: Source) -> Member:
        """Place a newly established peer in the group of its profile."""
        return self._group(profile).join(source)

    def move(self, source: Source, former: ExportProfile, profile: ExportProfile) -> Member:
        """Move a peer whose profile changed; it is sent the difference, its session stays."""
        former_group = self.groups[former]
        member = self._group(profile).join_from(source, former_group)
        self._drop_if_empty(former_group)
        return member

    def change_profile(self, group: UpdateGroup, profile: ExportProfile) -> None:
        """Give a group another profile, for all its members at once; they are sent what that changes."""
        del self.groups[group.profile]
        self.groups[profile] = group
        group.change_profile(profile)
        self._advance_over_all(group)
        self._advanced[group] = None

    def leave(self, profile: ExportProfile, source: Source) -> None:
        """Take a peer out of its group; a group without members is forgotten."""
        group = self.groups[profile]
        group.leave(source)
        self._drop_if_empty(group)

    def export_again(self, source: Source) -> None:
        """Offer all paths of a source to the groups again: whether it is a client changed."""
        for (of_source, family), adj_rib_in in self.adj_rib_ins.items():
            if of_source is not source:
                continue
            loc_rib = self.loc_ribs[family]
            decisions = loc_rib.decisions
            best = {
                nlri: path
                for nlri, path in adj_rib_in.by_prefix()
                if nlri in decisions and decisions[nlri].best is path
            }
            is_noted = loc_rib.touched is not None
            touched = {nlri: decisions.get(nlri) for nlri, _ in adj_rib_in.by_prefix()} if is_noted else {}
            self._advance(family, best, touched)

    def flush(self) -> Iterator[tuple[Family, dict[bytes, Path | None]]]:
        """Hand all changes of best paths to the groups; yield them by family for who writes routes.

        Changes of a deferred family wait until it is one no more.
        """
        for family, loc_rib in self.loc_ribs.items():
            if family in self.deferred:
                continue
            changed, touched = loc_rib.take_changed(), loc_rib.take_touched()
            if changed or touched:
                self._advance(family, changed, touched)
            if changed:
                yield family, changed

    @property
    def has_changes(self) -> bool:
        """Say whether `flush` would hand something on."""
        return bool(self._advanced) or any(
            (loc_rib.changed or loc_rib.touched) and family not in self.deferred
            for family, loc_rib in self.loc_ribs.items()
        )

    def take_advanced(self) -> list[UpdateGroup]:
        """Return the groups that have something new to say since the last call."""
        advanced, self._advanced = self._advanced, {}
        return list(advanced)

    def _advance(
        self, family: Family, changes: Mapping[bytes, Path | None], touched: Mapping[bytes, Decision | None]
    ) -> None:
        for group in self.groups.values():
            if group.profile.family == family and self._has_advanced(group, changes, touched):
                self._advanced[group] = None

    def _has_advanced(
        self, group: UpdateGroup, changes: Mapping[bytes, Path | None], touched: Mapping[bytes, Decision | None]
    ) -> bool:
        if isinstance(group, AddPathGroup):
            return group.advance_paths(touched, self.path_id)
        return group.advance(changes)

    def path_id(self, path: Path) -> int:
        """Return the identifier under which a path is sent where ADD-PATH is spoken (RFC 7911 §3).

        The same for the same source and received identifier as long as the source lives, and never given twice: an
        identifier of a source that is gone stands for nobody else.
        """
        of_source = self._path_ids.setdefault(path.source, {})
        found = of_source.get(path.path_id)
        if found is None:
            self._last_path_id += 1
            assert self._last_path_id <= PATH_ID_MAX, "four octets of path identifiers are used up"
            found = of_source[path.path_id] = self._last_path_id
        return found

    def _group(self, profile: ExportProfile) -> UpdateGroup:
        group = self.groups.get(profile)
        if group is None:
            is_add_path = profile.encoding.add_path
            group = AddPathGroup(profile, self.table) if is_add_path else UpdateGroup(profile, self.table)
            self.groups[profile] = group
            self._advance_over_all(group)
            loc_rib = self.loc_rib(profile.family)
            if is_add_path and loc_rib.touched is None:
                loc_rib.touched = {}
        return group

    def _advance_over_all(self, group: UpdateGroup) -> None:
        """Have a group say the whole Loc-RIB."""
        decisions = self.loc_rib(group.profile.family).decisions
        best = {nlri: decision.best for nlri, decision in decisions.items()}
        self._has_advanced(group, best, decisions)

    def _drop_if_empty(self, group: UpdateGroup) -> None:
        if group.members:
            return
        del self.groups[group.profile]
        family = group.profile.family
        if not any(each.profile.family == family and each.profile.encoding.add_path for each in self.groups.values()):
            self.loc_rib(family).touched = None

    # ------------------------------------------------------------------ next hops

    def next_hop_changed(self, next_hop: bytes | None = None) -> None:
        """Decide again where a candidate uses this next hop (None: everywhere)."""
        for loc_rib in self.loc_ribs.values():
            loc_rib.decide_again(next_hop)

    def next_hops_in_use(self) -> set[bytes]:
        """Return the next hops of all paths. Cost: O(paths)."""
        return {
            path.attributes.next_hop for adj_rib_in in self.adj_rib_ins.values() for path in adj_rib_in.paths.values()
        }
