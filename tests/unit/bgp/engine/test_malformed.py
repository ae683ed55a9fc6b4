"""Every row of the table of malformed input, through an engine with an external and an internal session.

Good routes come first, then what the row says, then good routes again: the session's state, the RIB and what the other
peer holds are looked at after each step. docs/malformed.md shows the rows.
"""

import pytest

from support.malformed import ROWS, Bench, Kind, Reaction, Row, Stage
from support.malformed.words import DISCARD, WITHDRAW
from tortie.bgp.session import State
from tortie.bgp.wire import KEEPALIVE

NAMES = [row.name for row in ROWS]
CASES = [pytest.param(row, kind, row.reaction(kind), id=f"{row.name} ({kind.value})") for row in ROWS for kind in Kind]
FIELD_ABSENT = {
    "cluster_list": (),
    "unknown": (),
    "atomic_aggregate": False,
    "extended_communities": (),
    "large_communities": (),
}


def test_rows_have_names_of_their_own() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 150


@pytest.mark.rfc("4271", "6.1")
@pytest.mark.rfc("4271", "6.2")
@pytest.mark.rfc("4271", "6.3")
@pytest.mark.rfc("6608", "4")
@pytest.mark.rfc("7313", "5")
@pytest.mark.rfc("7606", "2")
@pytest.mark.rfc("7606", "3")
@pytest.mark.rfc("7606", "4")
@pytest.mark.rfc("7606", "5.2")
@pytest.mark.rfc("7606", "5.3")
@pytest.mark.rfc("7606", "7")
@pytest.mark.rfc("7607", "2")
@pytest.mark.rfc("9072", "2")
@pytest.mark.parametrize(("row", "kind", "reaction"), CASES)
def test_row(row: Row, kind: Kind, reaction: Reaction) -> None:
    bench = Bench(kind, four_octet_as=row.four_octet_as, capabilities=row.capabilities, has_any_as=row.has_any_as)
    if row.stage is Stage.ESTABLISHED:
        bench.bring_up()
        bench.announce(1)
        check_good(bench, 1)
    elif row.stage is Stage.OPEN_CONFIRM:
        bench.half_open()
    bench.feed(bench.tested, row.message(bench.side))
    if reaction.notification is not None:
        check_reset(bench, reaction)
        bench.reconnect()
    elif row.stage is Stage.OPEN_SENT:
        bench.feed(bench.tested, KEEPALIVE)
        assert bench.state is State.ESTABLISHED
        if not row.touches:  # too little was agreed on for the good routes
            return
    else:
        check_standing(bench, row, reaction)
    bench.announce(3)
    check_good(bench, 3)


def check_good(bench: Bench, mark: int) -> None:
    """Both routes of the peer under test are there, best, and the other peer was told of them."""
    assert bench.state is State.ESTABLISHED
    for number in "46":
        check_used(bench, number, mark)


def check_used(bench: Bench, number: str, mark: int) -> None:
    path = bench.path(number)
    assert path is not None
    assert path.attributes.med == mark
    assert path.rejection is None
    assert bench.best(number) is bench.kind
    assert bench.is_told(number)


def check_gone(bench: Bench, number: str) -> None:
    """The path is in no table but, where rejected, Adj-RIB-In; the other peer's stands instead."""
    assert bench.best(number) is not bench.kind
    assert not bench.is_told(number)


def check_reset(bench: Bench, reaction: Reaction) -> None:
    notification = bench.tested.notification
    assert notification is not None
    assert (notification.code, notification.subcode) == reaction.notification
    assert reaction.data in (None, notification.data)
    assert bench.tested.is_closed
    assert bench.state < State.OPEN_SENT
    for number in "46":
        assert bench.path(number) is None
        check_gone(bench, number)
    check_other_session(bench)


def check_standing(bench: Bench, row: Row, reaction: Reaction) -> None:
    """The session is up; the route that the row is about is as the reaction says, the other one as before."""
    assert bench.state is State.ESTABLISHED
    assert bench.tested.notification is None
    for number in "46":
        if number not in row.touches or reaction.is_ignored:
            check_used(bench, number, 1)
        elif reaction.is_usable:
            check_used(bench, number, 2)
            check_field(bench, number, reaction)
        else:
            path = bench.path(number)
            assert (path.rejection if path else "") == reaction.rejection
            check_gone(bench, number)
    counters = bench.peer(bench.kind).session.counters
    assert counters.treated_as_withdraw_count == (reaction == WITHDRAW)
    if reaction.words == DISCARD.words and row.name != "unknown.non_transitive":
        assert counters.attribute_discard_count > 0
    check_other_session(bench)


def check_field(bench: Bench, number: str, reaction: Reaction) -> None:
    """An attribute that was discarded has left nothing, a sound one is there."""
    path = bench.path(number)
    assert path is not None
    for field, is_absent in ((reaction.absent, True), (reaction.present, False)):
        if field:
            assert (getattr(path.attributes, field) == FIELD_ABSENT.get(field)) is is_absent


def check_other_session(bench: Bench) -> None:
    assert bench.other.notification is None
    assert not bench.other.is_closed
    assert bench.peer(bench.other.kind).session.state is State.ESTABLISHED
