"""UPDATEs in Established: dispositions of RFC 7606, first AS, End-of-RIB."""

import pytest

from support.sessions import PEER_AS, bring_to, drain, new_session, notifications, peer_open
from tortie.bgp.errors import Disposition, Problem, RemoteProtocolError
from tortie.bgp.session import Negotiated, Session, SessionCounters, State, outputs, settle_update
from tortie.bgp.wire import (
    AS_SEQUENCE,
    IPV4_UNICAST,
    IPV6_UNICAST,
    KEEPALIVE,
    AttributeTable,
    DecodeContext,
    EncodeContext,
    Segment,
    Update,
    decode_update,
    encode_end_of_rib,
    encode_updates,
    encode_withdrawals,
    prefix_from_text,
)

CONTEXT = EncodeContext(four_octet_as=True)
NLRI = prefix_from_text("10.1.0.0/16")[1]
OTHER_NLRI = prefix_from_text("10.2.0.0/16")[1]


def established(asn: int = PEER_AS, **changes: object) -> Session:
    session = new_session(**{"peer_as": 0, **changes})
    bring_to(State.OPEN_SENT, session)
    session.receive_data(1, peer_open(session.config, asn=asn) + KEEPALIVE, 0.0)
    drain(session)
    assert session.state is State.ESTABLISHED
    return session


def agreed(session: Session) -> Negotiated:
    assert session.negotiated is not None
    return session.negotiated


def announcement(*as_path: int) -> bytes:
    table = AttributeTable()
    segments = (Segment(AS_SEQUENCE, as_path),) if as_path else ()
    attributes = table.intern(as_path=segments, next_hop=bytes((192, 0, 2, 2)), local_pref=None if as_path else 100)
    return b"".join(encode_updates(IPV4_UNICAST, attributes, [NLRI], CONTEXT))


def update_of(session: Session) -> Update:
    taken = drain(session)
    assert len(taken) == 1
    assert isinstance(taken[0], outputs.UpdateReceived)
    return taken[0].update


def test_good_update_is_passed_on() -> None:
    session = established()
    session.receive_data(1, announcement(PEER_AS, 64999), 1.0)
    update = update_of(session)
    assert [(family, nlris) for family, _, nlris in update.announced] == [(IPV4_UNICAST, [NLRI])]
    assert update.announced[0][1].neighbor_as == PEER_AS
    assert update.problems == ()


def test_updates_keep_their_order() -> None:
    session = established()
    data = announcement(PEER_AS) + encode_withdrawals(IPV4_UNICAST, [NLRI], CONTEXT)[0] + announcement(PEER_AS, 7)
    session.receive_data(1, data, 1.0)
    taken = [each.update for each in drain(session) if isinstance(each, outputs.UpdateReceived)]
    assert [bool(update.announced) for update in taken] == [True, False, True]


@pytest.mark.rfc("4724", "2")
def test_end_of_rib_is_passed_on() -> None:
    session = established(families=(IPV4_UNICAST, IPV6_UNICAST))
    for family in (IPV4_UNICAST, IPV6_UNICAST):
        session.receive_data(1, encode_end_of_rib(family), 1.0)
        assert update_of(session).end_of_rib == family


@pytest.mark.rfc("4271", "6.3")
@pytest.mark.parametrize("as_path", [(64999, PEER_AS), ()], ids=["another AS first", "empty path"])
def test_ebgp_path_that_does_not_begin_with_the_peer_is_withdrawn(as_path: tuple[int, ...]) -> None:
    session = established()
    session.receive_data(1, announcement(*as_path), 1.0)
    update = update_of(session)
    assert update.announced == []
    assert update.withdrawn == [(IPV4_UNICAST, [NLRI])]
    assert update.announced_unusable == []
    assert update.problems[-1].subcode == 11
    assert "expected the peer's AS 65001 first" in update.problems[-1].text
    assert session.counters.treated_as_withdraw_count == 1
    assert session.state is State.ESTABLISHED


@pytest.mark.parametrize(
    ("asn", "changes"),
    [(PEER_AS, {"accept_any_first_as": True}), (65000, {})],
    ids=["accept_any_first_as", "iBGP"],
)
def test_first_as_is_not_compared(asn: int, changes: dict[str, object]) -> None:
    session = established(asn, **changes)
    session.receive_data(1, announcement(64999), 1.0)
    assert update_of(session).announced


def test_accept_any_first_as_holds_from_the_next_update() -> None:
    session = established()
    session.reconfigure(new_session(peer_as=0, accept_any_first_as=True).config, 1.0)
    drain(session)
    session.receive_data(1, announcement(64999), 2.0)
    assert update_of(session).announced


@pytest.mark.rfc("4271", "6.3")
def test_update_that_cannot_be_parsed_resets() -> None:
    session = established()
    session.receive_data(1, bytes.fromhex("ff" * 16 + "0018 02 0000 0000 21".replace(" ", "")), 1.0)
    taken = drain(session)
    assert [(each.code, each.subcode) for each in notifications(taken)] == [(3, 10)]
    assert isinstance(taken[-1], outputs.SessionDown)


def problem(disposition: Disposition) -> Problem:
    return Problem(3, 5, b"data", disposition, "what is wrong")


@pytest.mark.rfc("7606", "2")
def test_attribute_discard_is_counted_and_announces() -> None:
    session = established()
    session.receive_data(1, announcement(PEER_AS), 1.0)
    update = update_of(session)
    update.problems = (problem(Disposition.ATTRIBUTE_DISCARD),) * 2
    counters = SessionCounters()
    settle_update(update, agreed(session), counters, accept_any_first_as=False)
    assert update.announced
    assert counters.attribute_discard_count == 2
    assert counters.treated_as_withdraw_count == 0


@pytest.mark.rfc("7606", "2")
def test_treat_as_withdraw_moves_prefixes_behind_what_is_withdrawn() -> None:
    update = Update()
    update.withdrawn = [(IPV4_UNICAST, [OTHER_NLRI])]
    update.announced_unusable = [(IPV4_UNICAST, [NLRI])]
    update.problems = (problem(Disposition.TREAT_AS_WITHDRAW),)
    counters = SessionCounters()
    settle_update(update, agreed(established()), counters, accept_any_first_as=False)
    assert update.withdrawn == [(IPV4_UNICAST, [OTHER_NLRI]), (IPV4_UNICAST, [NLRI])]
    assert update.announced_unusable == []
    assert counters.treated_as_withdraw_count == 1


@pytest.mark.rfc("7606", "2")
def test_session_reset_wins_over_weaker_dispositions() -> None:
    update = Update()
    update.problems = (problem(Disposition.TREAT_AS_WITHDRAW), problem(Disposition.SESSION_RESET))
    with pytest.raises(RemoteProtocolError, match="what is wrong") as caught:
        settle_update(update, agreed(established()), SessionCounters(), accept_any_first_as=False)
    assert (caught.value.code, caught.value.subcode, caught.value.data) == (3, 5, b"data")


@pytest.mark.rfc("8950", "4")
@pytest.mark.parametrize("times", [1, 2], ids=["never seen", "attributes seen before"])
@pytest.mark.parametrize("is_agreed", [True, False])
def test_ipv6_next_hop_of_ipv4_routes_needs_agreement(*, is_agreed: bool, times: int) -> None:
    """Held against the table of an engine in which another session has agreed on it."""
    table = AttributeTable()
    attributes = table.intern(next_hop=bytes.fromhex("fd00" + "00" * 13 + "01"))
    context = EncodeContext(four_octet_as=True, extended_next_hop=True)
    [message] = encode_updates(IPV4_UNICAST, attributes, (b"\x08\x0a",), context)
    families = frozenset({IPV4_UNICAST})
    for _ in range(times - 1):
        decode_update(message[19:], DecodeContext(is_internal=True, four_octet_as=True, families=families), table)
    reading = DecodeContext(is_internal=True, four_octet_as=True, families=families, extended_next_hop=is_agreed)
    update = decode_update(message[19:], reading, table)
    assert bool(update.announced) is is_agreed
    assert update.announced_unusable == ([] if is_agreed else [(IPV4_UNICAST, [b"\x08\x0a"])])
    assert [problem.disposition for problem in update.problems] == (
        [] if is_agreed else [Disposition.TREAT_AS_WITHDRAW]
    )
