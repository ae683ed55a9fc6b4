"""Numbered datagrams: their octets, and what is counted of them."""

from collections.abc import Collection

import pytest

from tortie.lab.datagrams import DatagramBook, decode_datagram, encode_header, encode_number
from tortie.lab.pings import LOST_AFTER_S, Pair

PAIRS = [Pair("a", "b", "10.0.0.2", 4), Pair("b", "a", "10.0.0.1", 4)]
RATE_HZ = 1.0


def book(count: int, arriving: Collection[int] = ()) -> DatagramBook:
    """Return a book in which the first pair has sent one a second, from 0 on; some arrived at once."""
    made = DatagramBook(PAIRS, RATE_HZ)
    for number in range(count):
        assert made.next_number(0) == number
        made.sent(0, float(number))
        if number in arriving:
            made.arrived(0, number)
    return made


def test_octets() -> None:
    data = encode_header(7, 55) + encode_number(2**33)
    assert data.hex() == "746f72740000000700000037" + "0000000200000000"
    assert decode_datagram(data, 7) == (55, 2**33)


@pytest.mark.parametrize(
    ("data", "run"),
    [
        (encode_header(7, 55) + encode_number(0), 8),
        (encode_header(7, 55) + encode_number(0)[:-1], 7),
        (encode_header(7, 55) + encode_number(0) + b"x", 7),
        (b"TORT" + (encode_header(7, 55) + encode_number(0))[4:], 7),
        (b"", 7),
    ],
    ids=["other-run", "short", "long", "other-magic", "empty"],
)
def test_what_is_no_datagram_of_this_run(data: bytes, run: int) -> None:
    assert decode_datagram(data, run) is None


def test_each_arrival_counts_once() -> None:
    found = book(3)
    for number in (0, 2, 1, 1, 2):
        found.arrived(0, number)
    counters = found.counters[0]
    assert (counters.sent, counters.received, counters.duplicates, counters.reordered) == (3, 3, 2, 1)
    found.settle(2.0 + LOST_AFTER_S)
    assert (counters.missing, counters.outage_max_s, found.waiting_count) == (0, 0.0, 0)


def test_missing_exactly_at_the_limit_and_late_afterwards() -> None:
    found = book(1)
    found.settle(LOST_AFTER_S - 0.001)
    assert (found.counters[0].missing, found.waiting_count) == (0, 1)
    found.settle(LOST_AFTER_S)
    assert (found.counters[0].missing, found.waiting_count) == (1, 0)
    found.arrived(0, 0)
    assert (found.counters[0].received, found.counters[0].late) == (0, 1)


def test_an_outage_lasts_from_the_first_missing_one_to_the_next_that_arrived() -> None:
    found = book(8, arriving=(0, 3, 5, 6))
    found.settle(7.0 + LOST_AFTER_S)
    counters = found.counters[0]
    assert (counters.missing, counters.first_missing, counters.last_missing) == (4, 1, 7)
    assert counters.outage_max_s == 2.0, "1 and 2 are missing, 3 arrived"


def test_an_outage_that_has_not_ended() -> None:
    found = book(4, arriving=(0,))
    found.settle(3.0 + LOST_AFTER_S)
    assert found.counters[0].outage_max_s == 2.0, "from 1 to 3"


def test_what_no_longer_fits_into_memory_is_settled() -> None:
    """A window of 4 s at one a second: the fifth settles the first, whatever the clock says."""
    found = book(4, arriving=(1,))
    found.sent(0, 4.0)
    found.sent(0, 5.0)
    assert (found.counters[0].missing, found.counters[0].first_missing, found.waiting_count) == (1, 0, 4)
    found.arrived(0, 4)
    assert found.counters[0].received == 2, "the place of 0 is 4's now"
    found.arrived(0, 0)
    assert (found.counters[0].received, found.counters[0].late) == (2, 1)


def test_pairs_do_not_mix() -> None:
    found = book(2)
    found.sent(1, 0.0)
    found.arrived(1, 0)
    assert [counters.received for counters in found.counters] == [0, 1]
    assert [found.has_sent(0, 1), found.has_sent(0, 2), found.has_sent(1, 0), found.has_sent(2, 0)] == [
        True, False, True, False,
    ]  # fmt: skip
