"""Collision detection: one row a rule."""

import pytest

from tortie.bgp.session import Contender, Identity, State, Verdict, judge
from tortie.bgp.session.collision import HOLD_OPEN_S, may_be_replaced
from tortie.bgp.wire import IPV4_UNICAST, GracefulRestart

LOW, HIGH = Identity(1, 65000), Identity(2, 65000)
HIGH_UNSIGNED = Identity(0xFFFF_FFFF, 65000)
SAME_ID_LOW_AS, SAME_ID_HIGH_AS = Identity(7, 64512), Identity(7, 65000)

OUT, IN = True, False
SENT, CONFIRM, UP = State.OPEN_SENT, State.OPEN_CONFIRM, State.ESTABLISHED

ROWS = [
    # local, peer, new is outgoing, existing (is outgoing, state, is connected), verdict
    ("an idle one is none", LOW, HIGH, OUT, (IN, State.IDLE, False), Verdict.PROCEED),
    ("established wins, out", HIGH, LOW, OUT, (IN, UP, True), Verdict.CLOSE_NEW),
    ("established wins, in", LOW, HIGH, IN, (OUT, UP, True), Verdict.CLOSE_NEW),
    ("established wins in the same direction", LOW, HIGH, IN, (IN, UP, True), Verdict.CLOSE_NEW),
    ("established may be replaced", HIGH, LOW, IN, (OUT, UP, True, True), Verdict.REPLACE_ESTABLISHED),
    ("only an established one is replaced", LOW, HIGH, OUT, (IN, CONFIRM, True, True), Verdict.CLOSE_NEW),
    ("a dial under way goes", HIGH, LOW, IN, (OUT, State.CONNECT, False), Verdict.CLOSE_EXISTING),
    ("a dial to come goes", HIGH, LOW, IN, (OUT, State.ACTIVE, False), Verdict.CLOSE_EXISTING),
    ("newer in the same direction", LOW, HIGH, IN, (IN, CONFIRM, True), Verdict.CLOSE_EXISTING),
    ("both confirmed, local higher, new out", HIGH, LOW, OUT, (IN, CONFIRM, True), Verdict.CLOSE_EXISTING),
    ("both confirmed, local higher, new in", HIGH, LOW, IN, (OUT, CONFIRM, True), Verdict.CLOSE_NEW),
    ("both confirmed, local lower, new out", LOW, HIGH, OUT, (IN, CONFIRM, True), Verdict.CLOSE_NEW),
    ("both confirmed, local lower, new in", LOW, HIGH, IN, (OUT, CONFIRM, True), Verdict.CLOSE_EXISTING),
    ("identifiers are unsigned", HIGH_UNSIGNED, LOW, IN, (OUT, CONFIRM, True), Verdict.CLOSE_NEW),
    ("same identifier, higher AS", SAME_ID_HIGH_AS, SAME_ID_LOW_AS, IN, (OUT, CONFIRM, True), Verdict.CLOSE_NEW),
    (
        "same identifier, lower AS",
        SAME_ID_LOW_AS,
        SAME_ID_HIGH_AS,
        IN,
        (OUT, CONFIRM, True),
        Verdict.CLOSE_EXISTING,
    ),
    ("unanswered, local higher, new out", HIGH, LOW, OUT, (IN, SENT, True), Verdict.CLOSE_EXISTING),
    ("unanswered, local higher, new in: hold", HIGH, LOW, IN, (OUT, SENT, True), Verdict.HOLD_NEW),
    ("unanswered, local lower, new in", LOW, HIGH, IN, (OUT, SENT, True), Verdict.CLOSE_EXISTING),
    ("unanswered, local lower, new out: go on", LOW, HIGH, OUT, (IN, SENT, True), Verdict.PROCEED),
    ("open delayed, local higher, new in", HIGH, LOW, IN, (OUT, State.CONNECT, True), Verdict.CLOSE_EXISTING),
    ("open delayed, local lower, new out", LOW, HIGH, OUT, (IN, State.ACTIVE, True), Verdict.PROCEED),
]


@pytest.mark.rfc("4271", "6.8")
@pytest.mark.rfc("6286", "2.3")
@pytest.mark.parametrize(
    ("local", "peer", "is_new_outgoing", "existing", "verdict"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_judge(
    local: Identity,
    peer: Identity,
    is_new_outgoing: bool,
    existing: tuple[bool, State, bool, bool],
    verdict: Verdict,
) -> None:
    found = judge(local=local, peer=peer, is_new_outgoing=is_new_outgoing, existing=Contender(*existing))
    assert found is verdict


FAMILIES = ((IPV4_UNICAST, True),)
RESTARTABLE = GracefulRestart(False, True, 120, FAMILIES)
RESTARTED = GracefulRestart(True, True, 120, FAMILIES)
WITHOUT_FAMILIES = GracefulRestart(False, True, 120, ())


@pytest.mark.rfc("4724", "5")
@pytest.mark.parametrize(
    ("established", "for_s", "new", "expected"),
    [
        (None, 100.0, RESTARTED, False),
        (WITHOUT_FAMILIES, 100.0, RESTARTED, False),
        (RESTARTABLE, 0.0, RESTARTED, True),
        (RESTARTABLE, HOLD_OPEN_S - 0.001, RESTARTABLE, False),
        (RESTARTABLE, HOLD_OPEN_S, RESTARTABLE, True),
        (RESTARTABLE, HOLD_OPEN_S, None, True),
        (RESTARTABLE, 0.0, None, False),
    ],
    ids=[
        "no graceful restart",
        "graceful restart for no family",
        "it says that it has restarted",
        "just established: a collision under way",
        "established long enough",
        "back without graceful restart",
        "just established, back without graceful restart",
    ],
)
def test_may_be_replaced(
    established: GracefulRestart | None, for_s: float, new: GracefulRestart | None, expected: bool
) -> None:
    assert may_be_replaced(established, for_s, new) is expected


@pytest.mark.rfc("4271", "6.8")
@pytest.mark.parametrize("state", [CONFIRM], ids=["both confirmed"])
def test_both_ends_keep_the_same_connection(state: State) -> None:
    """What one end calls outgoing is incoming at the other."""
    for is_new_outgoing in (True, False):
        here = judge(
            local=LOW, peer=HIGH, is_new_outgoing=is_new_outgoing, existing=Contender(not is_new_outgoing, state, True)
        )
        there = judge(
            local=HIGH, peer=LOW, is_new_outgoing=not is_new_outgoing, existing=Contender(is_new_outgoing, state, True)
        )
        assert here is there
