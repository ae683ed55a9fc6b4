"""The matrix of pairs and what is counted of their echoes."""

from tortie.lab.pings import LOST_AFTER_S, Pair, PingBook, full_matrix

PAIRS = [Pair("a", "b", "10.0.0.2", 4), Pair("b", "a", "10.0.0.1", 4)]


def test_matrix_has_every_ordered_pair_once_a_common_version() -> None:
    found = full_matrix([("a", ["10.0.0.1", "fd00::1"]), ("b", ["10.0.0.2"]), ("c", ["fd00::3"])])
    assert found == [
        Pair("a", "b", "10.0.0.2", 4),
        Pair("a", "c", "fd00::3", 6),
        Pair("b", "a", "10.0.0.1", 4),
        Pair("c", "a", "fd00::1", 6),
    ]


def test_matrix_of_one_is_empty() -> None:
    assert full_matrix([("a", ["10.0.0.1"])]) == []


def test_an_answer_counts_with_its_round_trip_time() -> None:
    book = PingBook(PAIRS)
    first, second = book.sent(0, 1.0), book.sent(0, 2.0)
    assert book.received(0, first, 1.25) == 0.25
    assert book.received(0, second, 2.5) == 0.5
    counters = book.counters[0]
    assert (counters.sent, counters.received, counters.lost) == (2, 2, 0)
    assert (counters.rtt_last_s, counters.rtt_max_s, counters.rtt_sum_s) == (0.5, 0.5, 0.75)
    assert book.waiting_count == 0
    assert book.silent() == [1]


def test_an_echo_is_lost_exactly_at_the_limit() -> None:
    book = PingBook(PAIRS)
    book.sent(0, 1.0)
    assert book.expire(1.0 + LOST_AFTER_S - 0.001) == 0
    assert book.expire(1.0 + LOST_AFTER_S) == 1
    assert (book.counters[0].lost, book.waiting_count) == (1, 0)


def test_an_answer_after_the_loss_or_a_second_one_is_late() -> None:
    book = PingBook(PAIRS)
    number = book.sent(0, 1.0)
    book.expire(9.0)
    assert book.received(0, number, 9.0) is None
    again = book.sent(0, 10.0)
    book.received(0, again, 10.1)
    assert book.received(0, again, 10.2) is None
    assert (book.counters[0].late, book.counters[0].received) == (2, 1)


def test_an_answer_to_what_was_never_sent_counts_nowhere() -> None:
    book = PingBook(PAIRS)
    assert book.received(0, 99, 1.0) is None
    assert book.received(5, 0, 1.0) is None
    assert book.counters[0].late == 0


def test_an_outage_lasts_from_the_first_lost_echo_to_the_next_answered_one() -> None:
    book = PingBook(PAIRS)
    times = [0.0, 0.1, 0.2, 0.3, 0.4]
    numbers = [book.sent(0, at) for at in times]
    for index in (0, 3, 4):
        book.received(0, numbers[index], times[index] + 0.01)
    book.expire(0.5)
    assert book.counters[0].outage_max_s == 0.0, "nothing is lost yet"
    book.expire(5.0)
    assert book.counters[0].lost == 2
    assert round(book.counters[0].outage_max_s, 6) == 0.2


def test_an_outage_that_goes_on_is_counted_to_its_last_lost_echo() -> None:
    book = PingBook(PAIRS)
    for at in (0.0, 1.0, 2.5):
        book.sent(1, at)
    book.expire(10.0)
    assert book.counters[1].outage_max_s == 2.5


def test_the_longest_outage_stays() -> None:
    book = PingBook(PAIRS)
    lost = [book.sent(0, at) for at in (0.0, 1.0)]
    book.received(0, book.sent(0, 2.0), 2.1)
    lost.append(book.sent(0, 3.0))
    book.received(0, book.sent(0, 3.5), 3.6)
    book.expire(20.0)
    assert len(lost) == book.counters[0].lost
    assert book.counters[0].outage_max_s == 2.0
