"""Framing, OPEN, NOTIFICATION, ROUTE-REFRESH: read back as written; any bytes give a value or the peer's error."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tortie.bgp.errors import RemoteProtocolError
from tortie.bgp.wire import (
    AddPath,
    Capability,
    EnhancedRouteRefresh,
    ExtendedMessage,
    ExtendedNextHop,
    Family,
    FourOctetAS,
    GracefulRestart,
    MessageReader,
    MessageType,
    Multiprotocol,
    Notification,
    Open,
    RouteRefresh,
    RouteRefreshCapability,
    UnknownCapability,
    decode_capabilities,
    decode_notification,
    decode_open,
    decode_route_refresh,
    encode_capability,
    encode_message,
    encode_notification,
    encode_open,
    encode_route_refresh,
)

KNOWN_CODES = (1, 2, 5, 6, 64, 65, 69, 70)
OCTETS = st.integers(0, 255)
U16 = st.integers(0, 0xFFFF)
FAMILIES = st.builds(Family, U16, OCTETS)
FLAGGED_FAMILIES = st.lists(st.tuples(FAMILIES, st.booleans()), max_size=5).map(tuple)
MODED_FAMILIES = st.lists(st.tuples(FAMILIES, st.integers(1, 3)), max_size=5).map(tuple)
HOPPED_FAMILIES = st.lists(st.tuples(FAMILIES, U16), max_size=5).map(tuple)

CAPABILITIES: st.SearchStrategy[Capability] = st.one_of(
    st.builds(Multiprotocol, FAMILIES),
    st.just(RouteRefreshCapability()),
    st.builds(ExtendedNextHop, HOPPED_FAMILIES),
    st.just(ExtendedMessage()),
    st.builds(GracefulRestart, st.booleans(), st.booleans(), st.integers(0, 4095), FLAGGED_FAMILIES),
    st.builds(AddPath, MODED_FAMILIES),
    st.just(EnhancedRouteRefresh()),
    st.builds(UnknownCapability, OCTETS.filter(lambda code: code not in KNOWN_CODES), st.binary(max_size=255)),
)


@settings(deadline=None)
@given(st.lists(CAPABILITIES, max_size=8))
def test_capabilities_are_read_back(capabilities: list[Capability]) -> None:
    assert decode_capabilities(b"".join(map(encode_capability, capabilities))) == tuple(capabilities)


@settings(deadline=None)
@given(
    st.integers(1, 0xFFFFFFFF),
    st.sampled_from([0, 3, 90, 65535]),
    st.integers(1, 0xFFFFFFFF),
    st.lists(CAPABILITIES, max_size=8),
)
def test_open_is_read_back(asn: int, hold_time_s: int, router_id: int, capabilities: list[Capability]) -> None:
    message = Open(
        asn=asn, hold_time_s=hold_time_s, router_id=router_id, capabilities=(*capabilities, FourOctetAS(asn))
    )
    assert decode_open(encode_open(message)[19:]) == message


@settings(deadline=None)
@given(st.builds(Notification, OCTETS, OCTETS, st.binary(max_size=300)))
def test_notification_is_read_back_and_has_words(notification: Notification) -> None:
    assert decode_notification(encode_notification(notification)[19:]) == notification
    assert notification.text.isprintable()


@given(st.builds(RouteRefresh, FAMILIES, OCTETS))
def test_route_refresh_is_read_back(refresh: RouteRefresh) -> None:
    assert decode_route_refresh(encode_route_refresh(refresh)[19:]) == refresh


@pytest.mark.parametrize("decode", [decode_open, decode_capabilities, decode_notification, decode_route_refresh])
@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda tail: b"\4\xfd\xe9\0\x5a\1\1\1\1" + tail)))
def test_any_bytes(decode: Callable[[bytes], object], data: bytes) -> None:
    try:
        decode(data)
    except RemoteProtocolError as error:
        assert error.code in (1, 2, 7)  # noqa: PT017  the value of the error is the outcome under test


def cut_everywhere(stream: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    return [*pieces, stream]


def outcome(pieces: list[bytes]) -> tuple[list[tuple[MessageType, bytes]], str]:
    """Return the messages read, and the error that ended it if one did."""
    reader = MessageReader()
    messages = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (message := reader.next_message()) is not None:
                messages.append(message)
    except RemoteProtocolError as error:
        return messages, f"{error.code}/{error.subcode} {error.data.hex()} {error}"
    return messages, ""


WHOLE_MESSAGES = st.one_of(
    st.just(encode_message(MessageType.KEEPALIVE, b"")),
    st.binary(min_size=4, max_size=40).map(lambda body: encode_message(MessageType.UPDATE, body)),
    st.binary(min_size=2, max_size=40).map(lambda body: encode_message(MessageType.NOTIFICATION, body)),
    st.binary(max_size=19).map(lambda tail: b"\xff" * 16 + tail),
    st.binary(max_size=40),
)


@settings(deadline=None)
@given(st.lists(WHOLE_MESSAGES, max_size=6).map(b"".join), st.lists(st.integers(0, 30), max_size=12))
def test_a_stream_reads_the_same_in_any_pieces(stream: bytes, sizes: list[int]) -> None:
    whole = outcome([stream])
    assert outcome(cut_everywhere(stream, sizes)) == whole
    assert outcome([stream[index : index + 1] for index in range(len(stream))]) == whole
