"""The netlink codec under any input."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.node.errors import NetlinkMessageInvalid
from tortie.node.kernel_event import ResyncNeeded
from tortie.node.netlink_event import EventDecoder
from tortie.node.netlink_message import (
    HEADER_LENGTH,
    attribute,
    attributes,
    decode_acknowledgement,
    encode_message,
    headers,
)
from tortie.node.netlink_route import RouteDecoder, decode_route, encode_route
from tortie.node.route import NextHop, Route, RouteKey, RouteKind

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="netlink is in host byte order")

DROPPING = [RouteKind.BLACKHOLE, RouteKind.UNREACHABLE, RouteKind.PROHIBIT, RouteKind.THROW]


@st.composite
def keys(draw: st.DrawFn, family: Family) -> RouteKey:
    bits = draw(st.integers(0, family.prefix_bits_max))
    size = family.prefix_bits_max // 8
    address = draw(st.integers(0, 2**family.prefix_bits_max - 1))
    host_bits = family.prefix_bits_max - bits
    packed = (address >> host_bits << host_bits).to_bytes(size)
    nlri = bytes((bits,)) + packed[: (bits + 7) // 8]
    return RouteKey(family, nlri, draw(st.integers(1, 2**32 - 1)), draw(st.integers(0, 2**32 - 1)))


@st.composite
def next_hops(draw: st.DrawFn, family: Family, *, is_only: bool) -> NextHop:
    sizes = [0, 16] if family == IPV6_UNICAST else [0, 4, 16]
    gateway = draw(st.sampled_from(sizes).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
    weight = 1 if is_only else draw(st.integers(1, 256))
    return NextHop(gateway, draw(st.integers(1, 2**31 - 1)), weight, draw(st.booleans()))


@st.composite
def routes(draw: st.DrawFn) -> tuple[RouteKey, Route]:
    family = draw(st.sampled_from([IPV4_UNICAST, IPV6_UNICAST]))
    size = family.prefix_bits_max // 8
    source = draw(st.just(b"") | st.binary(min_size=size, max_size=size))
    protocol = draw(st.integers(0, 255))
    kind = draw(st.sampled_from([RouteKind.UNICAST, RouteKind.UNICAST, *DROPPING]))
    if kind != RouteKind.UNICAST:
        return draw(keys(family)), Route(kind, protocol, (), source)
    count = draw(st.integers(1, 5))
    hops = [draw(next_hops(family, is_only=count == 1)) for _ in range(count)]
    return draw(keys(family)), Route(kind, protocol, tuple(sorted(hops)), source)


@given(routes())
def test_decoding_undoes_encoding(row: tuple[RouteKey, Route]) -> None:
    payload = encode_route(*row)
    assert len(payload) % 4 == 0
    assert decode_route(payload, 0, len(payload)) == row


def as_the_kernel_writes(key: RouteKey, route: Route) -> bytes:
    """The same route with RTA_TABLE first, as a dump has it."""
    payload = encode_route(key, route)
    return payload[:12] + attribute(15, key.table.to_bytes(4, "little")) + payload[12:]


@given(st.lists(routes(), min_size=1, max_size=8), st.data())
def test_the_fast_decoder_says_what_the_plain_one_says(rows: list[tuple[RouteKey, Route]], data: st.DataObject) -> None:
    decoder = RouteDecoder()
    for key, route in [*rows, *rows]:
        other = data.draw(keys(key.family))._replace(table=key.table, metric=key.metric)
        for each in (key, other):
            payload = as_the_kernel_writes(each, route)
            assert decoder.decode(payload, 0, len(payload)) == decode_route(payload, 0, len(payload)) == (each, route)


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_the_fast_decoder_says_what_the_plain_one_says_of_garbage(payloads: list[bytes]) -> None:
    decoder = RouteDecoder()
    for payload in [*payloads, *payloads]:
        try:
            expected = decode_route(payload, 0, len(payload))
        except NetlinkMessageInvalid:
            with pytest.raises(NetlinkMessageInvalid):
                decoder.decode(payload, 0, len(payload))
        else:
            assert decoder.decode(payload, 0, len(payload)) == expected


@given(routes(), st.data())
def test_a_route_with_broken_octets_is_decoded_or_invalid_the_same_twice(
    row: tuple[RouteKey, Route], data: st.DataObject
) -> None:
    payload = bytearray(as_the_kernel_writes(*row))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    decoder = RouteDecoder()
    found = []
    for _ in range(2):
        try:
            found.append(decoder.decode(bytes(payload), 0, len(payload)))
        except NetlinkMessageInvalid:
            found.append(None)
    try:
        plain = decode_route(bytes(payload), 0, len(payload))
    except NetlinkMessageInvalid:
        plain = None
    assert found == [plain, plain]


@given(st.binary(max_size=200))
def test_any_datagram_gives_events_or_a_resync(data: bytes) -> None:
    EventDecoder().decode(data)


@given(st.sampled_from([16, 17, 20, 21, 24, 25]), st.binary(max_size=100))
def test_any_payload_of_a_known_type_gives_events_or_a_resync(message_type: int, payload: bytes) -> None:
    payload = payload[: len(payload) & ~3]
    events = EventDecoder().decode(encode_message(message_type, 0, 0, payload))
    assert len(events) <= 1 or isinstance(events[-1], ResyncNeeded)


@given(st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=40), max_size=8))
def test_attributes_come_back(expected: dict[int, bytes]) -> None:
    data = b"".join(attribute(number, value) for number, value in expected.items())
    assert attributes(data, 0, len(data)) == expected


@given(
    st.lists(
        st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.binary(max_size=30))
    )
)
def test_messages_come_back(expected: list[tuple[int, int, int, bytes]]) -> None:
    data = b"".join(encode_message(*row[:3], row[3] + bytes(-len(row[3]) % 4)) for row in expected)
    found = list(headers(data))
    assert [(each.type, each.flags, each.sequence) for each in found] == [row[:3] for row in expected]
    assert all(data[each.start : each.end].startswith(row[3]) for each, row in zip(found, expected, strict=True))


@given(st.integers(0, 0xFFFF), st.binary(max_size=80))
def test_any_acknowledgement_is_decoded_or_invalid(flags: int, payload: bytes) -> None:
    data = encode_message(2, flags, 1, payload)
    try:
        (header,) = headers(data)
        decode_acknowledgement(data, header)
    except NetlinkMessageInvalid:
        assert len(data) >= HEADER_LENGTH
