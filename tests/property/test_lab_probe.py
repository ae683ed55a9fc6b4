"""The prober's packets and counters under any input."""

import socket

from hypothesis import given
from hypothesis import strategies as st

from tortie.lab.icmp import Echo, decode_reply, encode_request
from tortie.lab.pings import LOST_AFTER_S, Pair, PingBook

FAMILIES = st.sampled_from([socket.AF_INET, socket.AF_INET6])
ECHOES = st.builds(Echo, st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))


@given(ECHOES, st.integers(0, 0xFFFF), FAMILIES)
def test_the_reply_to_a_request_is_known_again(echo: Echo, identifier: int, family: socket.AddressFamily) -> None:
    request = encode_request(echo, identifier, family)
    reply = bytes([0 if family == socket.AF_INET else 129]) + request[1:]
    header = b"\x45" + bytes(19) if family == socket.AF_INET else b""
    assert decode_reply(header + reply, identifier, family) == echo


@given(st.binary(max_size=80), st.integers(0, 0xFFFF), FAMILIES)
def test_any_packet_is_a_reply_or_none(data: bytes, identifier: int, family: socket.AddressFamily) -> None:
    found = decode_reply(data, identifier, family)
    assert found is None or b"tort" in data


EVENTS = st.lists(st.tuples(st.sampled_from(["send", "answer", "wait"]), st.integers(0, 40)), max_size=200)


@given(EVENTS)
def test_every_echo_is_answered_lost_or_on_its_way(events: list[tuple[str, int]]) -> None:
    book = PingBook([Pair("a", "b", "10.0.0.2", 4), Pair("b", "a", "10.0.0.1", 4)])
    owners: list[int] = []
    now = 0.0
    for what, number in events:
        if what == "send":
            owners.append(number % 2)
            assert book.sent(number % 2, now) == len(owners) - 1
        elif what == "answer" and number < len(owners):
            book.received(owners[number], number, now)
        else:
            now += number / 20
        book.expire(now)
        counted = [item.received + item.lost for item in book.counters]
        assert sum(item.sent for item in book.counters) == sum(counted) + book.waiting_count
        assert all(item.outage_max_s <= now for item in book.counters)
    book.expire(now + 2 * LOST_AFTER_S)
    assert book.waiting_count == 0
    assert all(item.sent == item.received + item.lost for item in book.counters)
