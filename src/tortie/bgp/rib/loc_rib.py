"""Loc-RIB: for each prefix the eligible paths of all peers and the decision between them.

For: keeping the decision up to date and telling which prefixes have another best path since last asked.
Not for: Adj-RIB-In bookkeeping, nor for what is sent to whom (update_group).
RFC sections: 4271 §3.2, §9.1.2; 5004; 7911 (`touched`).
Structures to know: `LocRIB.decisions: dict[nlri, Decision]` (a Decision is shared by prefixes that have the
same candidates: about 42 octets a prefix), `LocRIB.changed: dict[nlri, Path | None]`.
"""

from collections.abc import Iterable, Iterator, Mapping

from tortie.bgp.rib.decision import Decision, Metric, select_best
from tortie.bgp.rib.path import Path


class LocRIB:
    """The chosen paths of one family.

    Attributes:
        decisions: nlri → decision.
        changed: nlri → best path now (None = gone), where that, or what traffic takes beside it, is another one than
            when last asked.
        touched: nlris whose candidates changed since last asked; None while nobody is sent more than the best path.
        metric: interior cost of a next hop.
        keeps_external: an external best path is kept among equal ones (RFC 5004).
        paths_max: how many equal paths traffic may take.
    """

    __slots__ = ("changed", "decisions", "keeps_external", "metric", "paths_max", "touched")

    def __init__(self, metric: Metric, *, keeps_external: bool = False, paths_max: int = 1) -> None:
        """Start empty; `metric` gives the interior cost of a next hop, None when unreachable."""
        self.decisions: dict[bytes, Decision] = {}
        self.changed: dict[bytes, Path | None] = {}
        self.touched: dict[bytes, None] | None = None
        self.metric = metric
        self.keeps_external = keeps_external
        self.paths_max = paths_max

    def best(self, nlri: bytes) -> Path | None:
        """Return the best path of a prefix, None when there is none."""
        decision = self.decisions.get(nlri)
        return None if decision is None else decision.best

    def install(self, changes: Iterable[tuple[bytes, Path | None]], path: Path | None) -> None:
        """Replace one source's path by `path` (None = withdrawn) for each (nlri, former path).

        Prefixes of one message mostly share their candidates, so the decision is taken once for each run of
        prefixes with the same former state.
        """
        if self.touched is not None:
            changes = self._noted(changes, self.touched)
        decisions, changed, is_multipath = self.decisions, self.changed, self.paths_max > 1
        known_before: Decision | None = None
        known_former: Path | None = None
        after: Decision | None = None
        has_known = False
        for nlri, former in changes:
            before = decisions.get(nlri)
            if not has_known or before is not known_before or former is not known_former:
                after = self._decide(before, former, path)
                known_before, known_former, has_known = before, former, True
            if after is None:
                if before is None:
                    continue
                del decisions[nlri]
                best = None
            else:
                decisions[nlri] = after
                best = after.best
            if before is None or before.best is not best or (is_multipath and _has_other_equals(before, after)):
                changed[nlri] = best

    @staticmethod
    def _noted(
        changes: Iterable[tuple[bytes, Path | None]], touched: dict[bytes, None]
    ) -> Iterator[tuple[bytes, Path | None]]:
        for nlri, former in changes:
            touched[nlri] = None
            yield nlri, former

    def decide_again(self, next_hop: bytes | None = None) -> None:
        """Take every decision again that has a candidate by `next_hop` (None: every decision at all).

        For a change of next-hop reachability or router id. Cost: O(prefixes).
        """
        renewed: dict[int, Decision] = {}
        for nlri, before in self.decisions.items():
            after = renewed.get(id(before))
            if after is None:
                is_concerned = next_hop is None or any(
                    path.attributes.next_hop.startswith(next_hop) for path in before.candidates
                )
                after = self._select(before.candidates, before) if is_concerned else before
                renewed[id(before)] = after
            if after is before:
                continue
            self.decisions[nlri] = after
            if self.touched is not None:
                self.touched[nlri] = None
            if after.best is not before.best or after.equals != before.equals:
                self.changed[nlri] = after.best

    def take_changed(self) -> dict[bytes, Path | None]:
        """Return nlri → best path now (None = gone) of what changed since the last call."""
        changed, self.changed = self.changed, {}
        return changed

    def ways(self, changed: Mapping[bytes, Path | None]) -> tuple[tuple[bytes, tuple[Path, ...]], ...]:
        """Return (nlri, the paths that traffic takes, the best first) of what has changed."""
        decisions = self.decisions
        return tuple((nlri, () if best is None else decisions[nlri].ways) for nlri, best in changed.items())

    def take_touched(self) -> dict[bytes, Decision | None]:
        """Return nlri → decision now (None = no candidate) of what was touched since the last call."""
        if not self.touched:
            return {}
        touched, self.touched = self.touched, {}
        return {nlri: self.decisions.get(nlri) for nlri in touched}

    def _decide(self, before: Decision | None, former: Path | None, path: Path | None) -> Decision | None:
        candidates = () if before is None else before.candidates
        if former is not None and former.rejection is None:
            candidates = tuple(candidate for candidate in candidates if candidate is not former)
        if path is not None and path.rejection is None:
            candidates = (*candidates, path)
        return self._select(candidates, before) if candidates else None

    def _select(self, candidates: tuple[Path, ...], before: Decision | None) -> Decision:
        incumbent = before.best if before is not None and self.keeps_external else None
        return select_best(candidates, self.metric, incumbent, self.paths_max)


def _has_other_equals(before: Decision, after: Decision | None) -> bool:
    return after is not None and before.equals != after.equals
