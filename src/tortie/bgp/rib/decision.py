"""The decision process: which of several paths to one prefix is best, and at which step each other lost.

For: RFC 4271 §9.1.2 with the changes of RFC 4456 §9. Not for: loops and filters (they reject before), nor
for storing the result (loc_rib).
RFC sections: 4271 §9.1.2.1, §9.1.2.2; 4456 §9; 5004 §3 (the incumbent); 7911 §2 (several paths of one peer);
9494 §4.3 (long-lived stale ones).
Structures to know: `STEPS`, the ordered list of named steps, each keeps the paths that survive it;
`Decision`, the outcome, shared by all prefixes that have the same candidates.

MED is compared deterministically: among all survivors of the same neighbour AS at once, so the outcome does
not depend on the order of arrival, unless who calls says which path was best before.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial

from tortie.bgp.rib.path import Path, SourceKind
from tortie.bgp.wire import LLGR_STALE

Metric = Callable[[bytes], int | None]
"""Interior cost of a next hop (packed address); None when it cannot be reached."""


class Step(StrEnum):
    """The step at which a path lost; the value is the text that people read."""

    NEXT_HOP_UNREACHABLE = "next hop unreachable"
    LONG_LIVED_STALE = "kept for long since its peer went"
    LOCAL_ORIGIN = "not locally originated"
    LOCAL_PREF = "lower LOCAL_PREF"
    AS_PATH_LENGTH = "longer AS_PATH"
    ORIGIN = "higher ORIGIN"
    MED = "higher MED"
    EXTERNAL = "internal, an external path exists"
    INTERIOR_COST = "higher interior cost to the next hop"
    INCUMBENT = "the external path that was best is kept"
    ROUTER_ID = "higher router id or ORIGINATOR_ID"
    CLUSTER_LIST_LENGTH = "longer CLUSTER_LIST"
    PEER_ADDRESS = "higher peer address"
    SESSION = "another session with the same router came up before"
    PATH_ID = "higher path identifier"


class Decision:
    """The outcome for one set of candidates.

    Attributes:
        candidates: eligible paths in order of arrival.
        best: the winner, None when no candidate can be used.
        losers: the rest, each with the step at which it lost.
        equals: of the losers those that traffic may take beside the best; mostly none.
    """

    __slots__ = ("best", "candidates", "equals", "losers")

    def __init__(
        self,
        candidates: tuple[Path, ...],
        best: Path | None,
        losers: tuple[tuple[Path, Step], ...],
        equals: tuple[Path, ...] = (),
    ) -> None:
        """Keep the four values."""
        self.candidates = candidates
        self.best = best
        self.losers = losers
        self.equals = equals

    @property
    def ways(self) -> tuple[Path, ...]:
        """The paths that traffic takes, the best first; none where no candidate can be used."""
        return () if self.best is None else (self.best, *self.equals)

    def usable(self) -> list[Path]:
        """Return the candidates whose next hop can be reached, in their order."""
        unreachable = {id(path) for path, step in self.losers if step is Step.NEXT_HOP_UNREACHABLE}
        return [path for path in self.candidates if id(path) not in unreachable]


def select_best(
    candidates: tuple[Path, ...], metric: Metric, incumbent: Path | None = None, paths_max: int = 1
) -> Decision:
    """Return the decision for the candidates of one prefix.

    RFC 4271 §9.1.2.2 with RFC 4456 §9. The outcome does not depend on the order of `candidates`.

    Args:
        candidates: eligible paths, at most one a source and path identifier.
        metric: interior cost to a next hop, None when unreachable (RFC 4271 §9.1.2: then unusable).
        incumbent: the best path until now, where it is to be kept among external ones that are equal but for router id
            and address (RFC 5004 §3); None = it counts for nothing.
        paths_max: how many paths traffic may take that are equal in all that says where it is best sent, the best one
            included.
    Cost: O(steps x candidates) for the paths that are still in the race.
    """
    usable: list[Path] = []
    losers: list[tuple[Path, Step]] = []
    for path in candidates:
        if metric(path.attributes.next_hop) is None:
            losers.append((path, Step.NEXT_HOP_UNREACHABLE))
        else:
            usable.append(path)
    in_the_race: Sequence[Path] = ()
    for step, survivors_of in STEPS if incumbent is None else _steps_with(incumbent):
        if len(usable) <= 1:
            break
        if step in FIRST_TIE_BREAKS and not in_the_race:
            in_the_race = usable
        survivors = survivors_of(usable, metric)
        if len(survivors) < len(usable):
            surviving = {id(path) for path in survivors}
            losers += [(path, step) for path in usable if id(path) not in surviving]
            usable = survivors
    assert len(usable) <= 1, f"{usable} are equal at every step: one path of one source twice"
    best = usable[0] if usable else None
    equals = _equals(best, in_the_race, paths_max) if best is not None and paths_max > 1 else ()
    return Decision(candidates, best, tuple(losers), equals)


def _equals(best: Path, in_the_race: Sequence[Path], paths_max: int) -> tuple[Path, ...]:
    """Return which paths traffic takes beside the best: one a next hop, by next hop, `paths_max` with the best one."""
    if best.source.kind is SourceKind.LOCAL:
        return ()
    by_next_hop: dict[bytes, Path] = {}
    for path in sorted(in_the_race, key=_order_of_ways):
        by_next_hop.setdefault(path.attributes.next_hop, path)
    by_next_hop.pop(best.attributes.next_hop, None)
    return tuple(by_next_hop.values())[: paths_max - 1]


def _order_of_ways(path: Path) -> tuple[bytes, int, int, int]:
    return path.attributes.next_hop, path.source.router_id, path.source.order, path.path_id


def _keep_lowest(paths: Sequence[Path], rank: Callable[[Path], int | bytes]) -> list[Path]:
    ranks = [rank(path) for path in paths]
    lowest = min(ranks)
    return [path for path, its_rank in zip(paths, ranks, strict=True) if its_rank == lowest]


def prefer_fresh(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """What is stale for long, here or with who told us, loses to everything else (RFC 9494 §4.3)."""
    return _keep_lowest(paths, lambda path: LLGR_STALE in path.attributes.communities)


def prefer_local_origin(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """What this speaker originates beats what it learns (local policy, RFC 4271 §9.1.1)."""
    return _keep_lowest(paths, lambda path: path.source.kind is not SourceKind.LOCAL)


def prefer_local_pref(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """Highest degree of preference (RFC 4271 §9.1.2)."""
    return _keep_lowest(paths, lambda path: -path.preference)


def prefer_short_as_path(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """Smallest number of AS numbers, an AS_SET counts one (RFC 4271 §9.1.2.2 a)."""
    return _keep_lowest(paths, lambda path: path.attributes.as_path_length)


def prefer_low_origin(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """Lowest ORIGIN (RFC 4271 §9.1.2.2 b)."""
    return _keep_lowest(paths, lambda path: path.attributes.origin)


def prefer_low_med(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """Lowest MED among paths of the same neighbour AS; no MED counts 0 (RFC 4271 §9.1.2.2 c)."""
    lowest: dict[int | None, int] = {}
    for path in paths:
        neighbor_as, med = path.attributes.neighbor_as, path.attributes.med or 0
        lowest[neighbor_as] = min(med, lowest.get(neighbor_as, med))
    return [path for path in paths if (path.attributes.med or 0) == lowest[path.attributes.neighbor_as]]


def prefer_external(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """EBGP beats iBGP (RFC 4271 §9.1.2.2 d)."""
    return _keep_lowest(paths, lambda path: path.source.kind is not SourceKind.EXTERNAL)


def prefer_near_next_hop(paths: Sequence[Path], metric: Metric) -> list[Path]:
    """Lowest interior cost to the next hop (RFC 4271 §9.1.2.2 e)."""
    return _keep_lowest(paths, lambda path: metric(path.attributes.next_hop) or 0)


def prefer_low_router_id(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """Lowest router id; ORIGINATOR_ID stands for it where present (RFC 4271 §9.1.2.2 f, RFC 4456 §9)."""
    return _keep_lowest(paths, _originating_router_id)


def prefer_short_cluster_list(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """Shorter CLUSTER_LIST; none counts 0 (RFC 4456 §9, between steps f and g)."""
    return _keep_lowest(paths, lambda path: len(path.attributes.cluster_list))


def prefer_low_peer_address(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """Lowest peer address (RFC 4271 §9.1.2.2 g)."""
    return _keep_lowest(paths, lambda path: path.source.address)


def prefer_first_session(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """The session that came up first: a router may have two with us, equal in all that the RFCs compare."""
    return _keep_lowest(paths, lambda path: path.source.order)


def prefer_low_path_id(paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """Lowest path identifier: what one peer sent several of, with ADD-PATH (RFC 7911 leaves the order free)."""
    return _keep_lowest(paths, lambda path: path.path_id)


STEPS: tuple[tuple[Step, Callable[[Sequence[Path], Metric], list[Path]]], ...] = (
    (Step.LONG_LIVED_STALE, prefer_fresh),
    (Step.LOCAL_ORIGIN, prefer_local_origin),
    (Step.LOCAL_PREF, prefer_local_pref),
    (Step.AS_PATH_LENGTH, prefer_short_as_path),
    (Step.ORIGIN, prefer_low_origin),
    (Step.MED, prefer_low_med),
    (Step.EXTERNAL, prefer_external),
    (Step.INTERIOR_COST, prefer_near_next_hop),
    (Step.ROUTER_ID, prefer_low_router_id),
    (Step.CLUSTER_LIST_LENGTH, prefer_short_cluster_list),
    (Step.PEER_ADDRESS, prefer_low_peer_address),
    (Step.SESSION, prefer_first_session),
    (Step.PATH_ID, prefer_low_path_id),
)


def prefer_incumbent(incumbent: Path, paths: Sequence[Path], _metric: Metric) -> list[Path]:
    """The path of the source that was best, if all are external and of other routers (RFC 5004 §3).

    Of one router's own paths the usual steps choose: that never goes back and forth.
    """
    source, path_id = incumbent.source, incumbent.path_id
    kept = [path for path in paths if path.source is source and path.path_id == path_id]
    others = [path for path in paths if path not in kept]
    is_among_strangers = all(path.source.router_id != source.router_id for path in others)
    if kept and is_among_strangers and all(path.source.kind is SourceKind.EXTERNAL for path in paths):
        return kept
    return list(paths)


def _steps_with(incumbent: Path) -> tuple[tuple[Step, Callable[[Sequence[Path], Metric], list[Path]]], ...]:
    position = [step for step, _ in STEPS].index(Step.ROUTER_ID)
    return (*STEPS[:position], (Step.INCUMBENT, partial(prefer_incumbent, incumbent)), *STEPS[position:])


FIRST_TIE_BREAKS = frozenset((Step.INCUMBENT, Step.ROUTER_ID))
"""From here on nothing is asked that makes a way better: what is left is equal."""


def _originating_router_id(path: Path) -> int:
    originator_id = path.attributes.originator_id
    return path.source.router_id if originator_id is None else originator_id
