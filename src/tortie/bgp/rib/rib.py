"""The RIB of one speaker: Adj-RIB-Ins, Loc-RIBs and update groups behind one small interface.

For: taking over what sessions announce and withdraw, judging loops and import filters, and handing changes
to the update groups at flush(). Not for: sessions, bytes on sockets, timers (engine).
RFC sections: 4271 §3.2, §9; 4456 §8; 7606 (what comes in was made usable by the session); 4724 §4.1 (selection is
deferred), §4.2 (stale paths).
Structures to know: `RIB.adj_rib_ins: dict[(source, family), AdjRIBIn]`, `RIB.groups: dict[ExportProfile,
UpdateGroup]`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tortie.bgp.policy import PrefixFilter
from tortie.bgp.rib.adj_rib_in import AdjRIBIn
from tortie.bgp.rib.export import ExportProfile
from tortie.bgp.rib.loc_rib import LocRIB
from tortie.bgp.rib.path import Path, Rejection, Source, SourceKind
from tortie.bgp.rib.reflection import is_reflection_loop
from tortie.bgp.rib.update_group import Member, UpdateGroup
from tortie.bgp.wire import AttributeSet, AttributeTable, Family


class ImportRule:
    """How paths of one source are judged: import filter and the AS number that must not be in AS_PATH."""

    __slots__ = ("import_filter", "local_as")

    def __init__(self, local_as: int, import_filter: PrefixFilter | None = None) -> None:
        """Keep the two values."""
        self.local_as = local_as
        self.import_filter = import_filter


class RIB:
    """All routing tables of one speaker.

    Args:
        router_id, cluster_id: ours, 32-bit unsigned.
        table: the intern table of attribute sets.
        metric: interior cost of a next hop; None = unreachable. A reflector says 0 to everything.

    Attributes:
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
        self._metric = metric
        self._advanced: dict[UpdateGroup, None] = {}

    # ------------------------------------------------------------------ sources

    def add_source(self, source: Source, rule: ImportRule, families: Iterable[Family]) -> None:
        """A session is established (or the speaker itself originates); what was retained of it stays."""
        self.import_rules[source] = rule
        for family in families:
            if (source, family) not in self.adj_rib_ins:
                self.adj_rib_ins[source, family] = AdjRIBIn()
                self.loc_rib(family)

    def remove_source(self, source: Source) -> None:
        """A session ended: withdraw all it announced (RFC 4271 §3.2, §6)."""
        del self.import_rules[source]
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

    def sweep_stale(self, source: Source, family: Family) -> None:
        """Withdraw what a source has not announced again."""
        self.loc_ribs[family].install(self.adj_rib_ins[source, family].remove_stale(), None)

    def stale_count(self, source: Source, family: Family) -> int:
        """Return how many prefixes of a source are stale."""
        return len(self.adj_rib_ins[source, family].stale)

    def loc_rib(self, family: Family) -> LocRIB:
        """Return the Loc-RIB of a family, made at first use."""
        loc_rib = self.loc_ribs.get(family)
        if loc_rib is None:
            loc_rib = self.loc_ribs[family] = LocRIB(self._metric)
        return loc_rib

    # ------------------------------------------------------------------ what comes in

    def announce(self, source: Source, family: Family, attributes: AttributeSet, nlris: Sequence[bytes]) -> None:
        """Take over one message's prefixes: same attributes, same source."""
        adj_rib_in = self.adj_rib_ins[source, family]
        if adj_rib_in.stale:
            adj_rib_in.stale.difference_update(nlris)
        self._judge(source, family, attributes, nlris)

    def _judge(self, source: Source, family: Family, attributes: AttributeSet, nlris: Sequence[bytes]) -> None:
        adj_rib_in = self.adj_rib_ins[source, family]
        rule = self.import_rules[source]
        rejection = self._rejection(attributes, source, rule)
        if rejection is None and rule.import_filter is not None:
            accepts = rule.import_filter.accepts
            refused = [nlri for nlri in nlris if not accepts(family, nlri)]
            if refused:
                self._store(adj_rib_in, family, refused, Path(attributes, source, Rejection.IMPORT_FILTER))
                nlris = [nlri for nlri in nlris if accepts(family, nlri)]
        self._store(adj_rib_in, family, nlris, Path(attributes, source, rejection))

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
            by_attributes: dict[AttributeSet, list[bytes]] = {}
            for nlri, path in adj_rib_in.paths.items():
                by_attributes.setdefault(path.attributes, []).append(nlri)
            for attributes, nlris in by_attributes.items():
                self._judge(source, family, attributes, nlris)

    def _store(self, adj_rib_in: AdjRIBIn, family: Family, nlris: Sequence[bytes], path: Path) -> None:
        self.loc_ribs[family].install(adj_rib_in.replace(nlris, path), path)

    def _rejection(self, attributes: AttributeSet, source: Source, rule: ImportRule) -> str | None:
        if source.kind is SourceKind.LOCAL:
            return None
        if attributes.contains_as(rule.local_as):
            return Rejection.AS_LOOP
        if attributes.next_hop[:16] in self.own_addresses:
            return Rejection.OWN_NEXT_HOP
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
        loc_rib = self.loc_rib(profile.family)
        group.change_profile(profile, {nlri: decision.best for nlri, decision in loc_rib.decisions.items()})
        self._advanced[group] = None

    def leave(self, profile: ExportProfile, source: Source) -> None:
        """Take a peer out of its group; a group without members is forgotten."""
        group = self.groups[profile]
        group.leave(source)
        self._drop_if_empty(group)

    def export_again(self, source: Source) -> None:
        """Offer all best paths of a source to the groups again: whether it is a client changed."""
        for (of_source, family), adj_rib_in in self.adj_rib_ins.items():
            if of_source is not source:
                continue
            decisions = self.loc_ribs[family].decisions
            best = {
                nlri: path
                for nlri, path in adj_rib_in.paths.items()
                if nlri in decisions and decisions[nlri].best is path
            }
            self._advance(family, best)

    def flush(self) -> Iterator[tuple[Family, dict[bytes, Path | None]]]:
        """Hand all changes of best paths to the groups; yield them by family for who writes routes.

        Changes of a deferred family wait until it is one no more.
        """
        for family, loc_rib in self.loc_ribs.items():
            if family in self.deferred:
                continue
            changed = loc_rib.take_changed()
            if not changed:
                continue
            self._advance(family, changed)
            yield family, changed

    @property
    def has_changes(self) -> bool:
        """Say whether `flush` would hand something on."""
        return bool(self._advanced) or any(
            loc_rib.changed and family not in self.deferred for family, loc_rib in self.loc_ribs.items()
        )

    def take_advanced(self) -> list[UpdateGroup]:
        """Return the groups that have something new to say since the last call."""
        advanced, self._advanced = self._advanced, {}
        return list(advanced)

    def _advance(self, family: Family, changes: Mapping[bytes, Path | None]) -> None:
        for group in self.groups.values():
            if group.profile.family == family and group.advance(changes):
                self._advanced[group] = None

    def _group(self, profile: ExportProfile) -> UpdateGroup:
        group = self.groups.get(profile)
        if group is None:
            group = self.groups[profile] = UpdateGroup(profile, self.table)
            loc_rib = self.loc_rib(profile.family)
            group.advance({nlri: decision.best for nlri, decision in loc_rib.decisions.items()})
        return group

    def _drop_if_empty(self, group: UpdateGroup) -> None:
        if not group.members:
            del self.groups[group.profile]

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
