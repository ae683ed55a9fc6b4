"""Batches in a queue: which are done, how old the oldest is."""

from tortie.node.write_lag import MARKS_MAX, WriteLag


def test_batches_are_done_when_all_of_them_is() -> None:
    lag = WriteLag()
    lag.note(10, 1.0)
    lag.note(15, 2.0)
    assert lag.take_done(9, 3.0) == []
    assert lag.seconds(3.0) == 2.0
    assert lag.take_done(14, 4.0) == [3.0]
    assert lag.take_done(15, 5.0) == [3.0]
    assert (lag.take_done(99, 6.0), lag.seconds(6.0)) == ([], 0.0)


def test_what_adds_nothing_to_the_queue_is_no_batch() -> None:
    lag = WriteLag()
    lag.note(10, 1.0)
    lag.note(10, 2.0)
    lag.note(9, 3.0)
    assert lag.take_done(10, 4.0) == [3.0]


def test_more_batches_than_are_told_apart_become_one_with_the_last_under_its_older_time() -> None:
    lag = WriteLag()
    for number in range(1, MARKS_MAX + 1):
        lag.note(number, float(number))
    lag.note(MARKS_MAX + 5, MARKS_MAX + 5.0)
    assert len(lag.take_done(MARKS_MAX + 4, 0.0)) == MARKS_MAX - 1
    assert lag.take_done(MARKS_MAX + 5, 2.0 * MARKS_MAX) == [float(MARKS_MAX)]
