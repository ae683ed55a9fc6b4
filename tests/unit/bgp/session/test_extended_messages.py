"""Messages of more than 4,096 octets on one session: taken where both have said so, refused where not."""

import pytest

from support.sessions import bring_to, connect, drain, new_session, notifications, peer_open, state_of
from tortie.bgp.session import Session, State, outputs
from tortie.bgp.wire import (
    AS_SEQUENCE,
    IPV4_UNICAST,
    KEEPALIVE,
    AttributeTable,
    EncodeContext,
    ExtendedMessage,
    FourOctetAS,
    MessageType,
    Multiprotocol,
    Notification,
    Segment,
    encode_message,
    encode_updates,
    prefix_from_text,
)

CAPABILITIES = (Multiprotocol(IPV4_UNICAST), ExtendedMessage(), FourOctetAS(65001))


def established(*, theirs: bool) -> Session:
    session = new_session(extended_messages=True)
    if not theirs:
        bring_to(State.ESTABLISHED, session)
        return session
    session.start(0.0)
    connect(session)
    session.receive_data(1, peer_open(session.config, capabilities=CAPABILITIES) + KEEPALIVE, 0.0)
    drain(session)
    assert state_of(session) is State.ESTABLISHED
    return session


def update_of(octets: int) -> bytes:
    """One UPDATE of exactly so many octets, with prefixes of three and of four."""
    attributes = AttributeTable().intern(next_hop=bytes((192, 0, 2, 9)), as_path=(Segment(AS_SEQUENCE, (65001,)),))
    context = EncodeContext(four_octet_as=True, message_size_bytes_max=65535)
    fixed = len(encode_updates(IPV4_UNICAST, attributes, (b"\x08\x0a",), context)[0]) - 2
    nlris = [prefix_from_text(f"10.{i >> 8}.{i & 255}.0/24")[1] for i in range((octets - fixed) // 4)]
    rest = {0: b"", 1: b"\0", 2: b"\x08\x0b", 3: b"\x10\x0b\x00"}[(octets - fixed) % 4]
    [message] = encode_updates(IPV4_UNICAST, attributes, [*nlris, rest] if rest else nlris, context)
    assert len(message) == octets
    return message


@pytest.mark.rfc("8654", "4")
@pytest.mark.parametrize("octets", [4096, 4097, 65535])
def test_long_update_is_read_where_both_have_them(octets: int) -> None:
    session = established(theirs=True)
    session.receive_data(1, update_of(octets), 1.0)
    [received] = drain(session)
    assert isinstance(received, outputs.UpdateReceived)
    assert not received.update.problems
    assert sum(len(nlri) for _, _, nlris in received.update.announced for nlri in nlris) > octets - 100


@pytest.mark.rfc("8654", "5")
def test_long_update_of_a_peer_that_has_not_said_so_is_refused() -> None:
    session = established(theirs=False)
    session.receive_data(1, update_of(4097), 1.0)
    assert notifications(drain(session)) == [Notification(1, 2, (4097).to_bytes(2))]


@pytest.mark.rfc("8654", "4")
def test_open_and_keepalive_stay_short() -> None:
    session = established(theirs=True)
    session.receive_data(1, b"\xff" * 16 + (4097).to_bytes(2) + bytes((MessageType.OPEN,)), 1.0)
    assert notifications(drain(session)) == [Notification(1, 2, (4097).to_bytes(2))]


@pytest.mark.rfc("8654", "4")
@pytest.mark.parametrize(("theirs", "expected"), [(True, 65535), (False, 4096)])
def test_notification_is_cut_to_what_the_peer_can_read(*, theirs: bool, expected: int) -> None:
    session = established(theirs=theirs)
    session.reset(1.0, 3, 1, bytes(70_000))
    [data] = [each.data for each in drain(session) if isinstance(each, outputs.SendBytes)]
    assert len(data) == expected


@pytest.mark.rfc("8654", "4")
def test_the_limit_is_that_of_each_connection() -> None:
    session = established(theirs=True)
    session.connection_lost(1, "reset", 1.0)
    session.handle_timer(60.0)
    connect(session, 2, 60.0)
    session.receive_data(2, encode_message(MessageType.UPDATE, bytes(5000)), 60.0)
    assert Notification(1, 2, (5019).to_bytes(2)) in notifications(drain(session))
