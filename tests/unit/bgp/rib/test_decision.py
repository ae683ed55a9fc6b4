"""The decision process: one row a step, in step order; MED; order of arrival does not matter."""

from itertools import permutations

import pytest

from support.rib import path, source
from tortie.bgp.rib import STEPS, Path, SourceKind, Step, select_best
from tortie.bgp.wire import AS_SEQUENCE, LLGR_STALE, AttributeTable, Segment

TABLE = AttributeTable()
LOW, HIGH = source("192.0.2.1"), source("192.0.2.2")
EXTERNAL = source("198.51.100.9", SourceKind.EXTERNAL)
LOCAL = source("203.0.113.1", SourceKind.LOCAL)


def near(_next_hop: bytes) -> int:
    return 0


def as_path(*asns: int) -> tuple[Segment, ...]:
    return (Segment(AS_SEQUENCE, asns),)


def far_first(next_hop: bytes) -> int | None:
    return {b"\x0a\x00\x00\x01": 20, b"\x0a\x00\x00\x02": 10, b"\x0a\x00\x00\x03": None}[next_hop]


LONE_EXTERNAL = source("198.51.100.200", SourceKind.EXTERNAL)
TWIN = source("192.0.2.9")
TWIN.router_id = LOW.router_id
AGAIN = source("192.0.2.1")
AGAIN.order = 7

# step, winner, loser: everything later in the list speaks for the loser where it can
TABLE_OF_STEPS = [
    (
        Step.LONG_LIVED_STALE,
        path(TABLE, HIGH, as_path=as_path(1, 2)),
        path(TABLE, LOW, local_pref=900, communities=(LLGR_STALE,)),
    ),
    (Step.LOCAL_ORIGIN, path(TABLE, LOCAL), path(TABLE, LOW, local_pref=900)),
    (
        Step.LOCAL_PREF,
        path(TABLE, HIGH, local_pref=200, as_path=as_path(1, 2)),
        path(TABLE, LOW, local_pref=100),
    ),
    (
        Step.AS_PATH_LENGTH,
        path(TABLE, HIGH, as_path=as_path(1), origin=2),
        path(TABLE, LOW, as_path=as_path(1, 2)),
    ),
    (Step.ORIGIN, path(TABLE, HIGH, origin=0, med=9), path(TABLE, LOW, origin=1)),
    (Step.MED, path(TABLE, HIGH, med=1), path(TABLE, LOW, med=2)),
    (Step.EXTERNAL, path(TABLE, LONE_EXTERNAL, as_path=as_path(7)), path(TABLE, LOW, as_path=as_path(8))),
    (Step.ROUTER_ID, path(TABLE, LOW), path(TABLE, HIGH)),
    (
        Step.CLUSTER_LIST_LENGTH,
        path(TABLE, HIGH, originator_id=5, cluster_list=(1,)),
        path(TABLE, LOW, originator_id=5, cluster_list=(1, 2)),
    ),
    (Step.PEER_ADDRESS, path(TABLE, LOW), path(TABLE, TWIN)),
    (Step.SESSION, path(TABLE, LOW), path(TABLE, AGAIN)),
    (Step.PATH_ID, path(TABLE, LOW, path_id=1), path(TABLE, LOW, path_id=2)),
]


@pytest.mark.rfc("4271", "9.1.2.2")
@pytest.mark.rfc("4456", "9")
@pytest.mark.parametrize(("step", "winner", "loser"), TABLE_OF_STEPS, ids=[row[0].name for row in TABLE_OF_STEPS])
def test_each_step_decides(step: Step, winner: Path, loser: Path) -> None:
    for candidates in permutations((winner, loser)):
        decision = select_best(candidates, near)
        assert decision.best is winner
        assert decision.losers == ((loser, step),)


def test_the_table_covers_every_step() -> None:
    rows = {row[0] for row in TABLE_OF_STEPS} | {Step.INTERIOR_COST}
    assert rows == {step for step, _ in STEPS}


@pytest.mark.rfc("4271", "9.1.2.2")
def test_nearer_next_hop_wins() -> None:
    far, close = path(TABLE, LOW, "10.0.0.1"), path(TABLE, HIGH, "10.0.0.2")
    decision = select_best((far, close), far_first)
    assert decision.best is close
    assert decision.losers == ((far, Step.INTERIOR_COST),)


@pytest.mark.rfc("4271", "9.1.2")
def test_unreachable_next_hop_is_never_best() -> None:
    gone = path(TABLE, LOW, "10.0.0.3", local_pref=900)
    assert select_best((gone,), far_first).best is None
    decision = select_best((gone, other := path(TABLE, HIGH, "10.0.0.1")), far_first)
    assert decision.best is other
    assert decision.losers == ((gone, Step.NEXT_HOP_UNREACHABLE),)


@pytest.mark.rfc("4271", "9.1.2.2")
def test_med_is_compared_within_a_neighbor_as_only_and_deterministically() -> None:
    """The classic: pairwise comparison in order of arrival would give three answers."""
    one = path(TABLE, source("192.0.2.3"), as_path=as_path(1), med=10)
    two = path(TABLE, source("192.0.2.1"), as_path=as_path(2), med=1)
    three = path(TABLE, source("192.0.2.2"), as_path=as_path(1), med=5)
    for candidates in permutations((one, two, three)):
        decision = select_best(candidates, near)
        assert decision.best is two
        assert dict(decision.losers) == {one: Step.MED, three: Step.ROUTER_ID}


@pytest.mark.rfc("4456", "9")
def test_originator_id_stands_for_the_router_id() -> None:
    reflected = path(TABLE, HIGH, originator_id=1, cluster_list=(9,))
    direct = path(TABLE, LOW)
    assert select_best((direct, reflected), near).best is reflected


@pytest.mark.rfc("4271", "5.1.5")
def test_local_pref_of_an_external_peer_does_not_count() -> None:
    external = path(TABLE, EXTERNAL, local_pref=900, as_path=as_path(7))
    internal = path(TABLE, LOW, local_pref=101, as_path=as_path(7))
    assert select_best((external, internal), near).best is internal


# ---------------------------------------------------------------- RFC 5004

NEAR_ROUTER = source("198.51.100.1", SourceKind.EXTERNAL)
OTHER_ROUTER = source("198.51.100.7", SourceKind.EXTERNAL)
SAME_ROUTER = source("198.51.100.8", SourceKind.EXTERNAL)
SAME_ROUTER.router_id = OTHER_ROUTER.router_id


def stays(incumbent: Path, *others: Path) -> bool:
    """Whether the incumbent wins, in any order of candidates."""
    winners = {id(select_best(each, near, incumbent).best) for each in permutations((incumbent, *others))}
    assert len(winners) == 1
    return winners == {id(incumbent)}


@pytest.mark.rfc("5004", "3")
@pytest.mark.parametrize(
    ("incumbent", "other", "expected"),
    [
        pytest.param(path(TABLE, OTHER_ROUTER), path(TABLE, NEAR_ROUTER), True, id="lower router id comes"),
        pytest.param(path(TABLE, OTHER_ROUTER, med=1), path(TABLE, NEAR_ROUTER), False, id="a better MED comes"),
        pytest.param(path(TABLE, OTHER_ROUTER, origin=1), path(TABLE, NEAR_ROUTER), False, id="a better ORIGIN comes"),
        pytest.param(path(TABLE, HIGH), path(TABLE, LOW), False, id="internal paths"),
        pytest.param(path(TABLE, HIGH), path(TABLE, NEAR_ROUTER), False, id="external beats internal"),
        pytest.param(path(TABLE, SAME_ROUTER), path(TABLE, OTHER_ROUTER), False, id="the same router's other session"),
    ],
)
def test_the_external_path_that_was_best_stays(incumbent: Path, other: Path, expected: bool) -> None:
    assert stays(incumbent, other) is expected


@pytest.mark.rfc("5004", "3")
def test_an_incumbent_that_says_something_new_is_still_the_incumbent() -> None:
    before, after = path(TABLE, OTHER_ROUTER), path(TABLE, OTHER_ROUTER, communities=(1,))
    decision = select_best((path(TABLE, NEAR_ROUTER), after), near, before)
    assert decision.best is after
    assert [step for _, step in decision.losers] == [Step.INCUMBENT]


@pytest.mark.rfc("5004", "3")
def test_an_incumbent_that_is_gone_counts_for_nothing() -> None:
    other = path(TABLE, NEAR_ROUTER)
    assert select_best((other, path(TABLE, EXTERNAL)), near, path(TABLE, OTHER_ROUTER)).best is other


# ---------------------------------------------------------------- several equal paths

NEXT_HOPS = ("10.0.0.3", "10.0.0.1", "10.0.0.2")


def ways(*candidates: Path, paths_max: int = 8) -> list[str]:
    """The next hops that traffic takes, whatever the order of candidates."""
    found = {
        tuple(".".join(map(str, each.attributes.next_hop)) for each in select_best(order, near, None, paths_max).ways)
        for order in permutations(candidates)
    }
    assert len(found) == 1, found
    return list(found.pop())


def three() -> list[Path]:
    """Paths by three next hops of three routers; the first by router id is not the first by next hop."""
    return [path(TABLE, source(f"192.0.2.{10 + i}"), next_hop) for i, next_hop in enumerate(NEXT_HOPS)]


@pytest.mark.parametrize(
    ("paths_max", "expected"),
    [
        (1, ["10.0.0.3"]),
        (2, ["10.0.0.3", "10.0.0.1"]),
        (3, ["10.0.0.3", "10.0.0.1", "10.0.0.2"]),
        (64, ["10.0.0.3", "10.0.0.1", "10.0.0.2"]),
    ],
)
def test_the_best_path_and_its_equals_by_next_hop(paths_max: int, expected: list[str]) -> None:
    assert ways(*three(), paths_max=paths_max) == expected


def test_one_way_a_next_hop() -> None:
    twice = path(TABLE, source("192.0.2.99"), "10.0.0.1")
    of_best = path(TABLE, source("192.0.2.98"), "10.0.0.3")
    assert ways(*three(), twice, of_best) == ["10.0.0.3", "10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(
    "worse",
    [
        path(TABLE, LOW, "10.0.0.9", local_pref=50),
        path(TABLE, LOW, "10.0.0.9", as_path=as_path(1)),
        path(TABLE, LOW, "10.0.0.9", origin=1),
        path(TABLE, LOW, "10.0.0.9", med=1),
    ],
    ids=["LOCAL_PREF", "AS_PATH", "ORIGIN", "MED"],
)
def test_what_is_worse_is_no_equal(worse: Path) -> None:
    assert ways(*three(), worse) == ["10.0.0.3", "10.0.0.1", "10.0.0.2"]


def test_external_and_internal_are_no_equals_and_other_ases_are() -> None:
    one = path(TABLE, EXTERNAL, "10.0.0.1", as_path=as_path(1))
    other = path(TABLE, LONE_EXTERNAL, "10.0.0.2", as_path=as_path(2))
    inner = path(TABLE, LOW, "10.0.0.3", as_path=as_path(3))
    assert ways(one, other, inner) == ["10.0.0.1", "10.0.0.2"]


def test_a_next_hop_that_is_further_away_is_no_equal() -> None:
    one, other, unreachable = (path(TABLE, source(f"192.0.2.{i}"), f"10.0.0.{i}") for i in (1, 2, 3))
    assert select_best((one, other, unreachable), far_first, None, 8).ways == (other,)


def test_our_own_route_has_no_equal() -> None:
    assert select_best((path(TABLE, LOCAL, ""), path(TABLE, LOW)), near, None, 8).equals == ()


def test_the_incumbent_is_best_and_the_others_are_its_equals() -> None:
    incumbent, other = path(TABLE, OTHER_ROUTER, "10.0.0.2"), path(TABLE, NEAR_ROUTER, "10.0.0.1")
    assert select_best((other, incumbent), near, incumbent, 8).ways == (incumbent, other)
