"""The thread that looks for changes."""

import threading

from tortie.store.poller import Poller

INTERVAL_S = 0.001
DEADLINE_S = 5


def test_it_tells_of_a_change_and_ends_on_request() -> None:
    token = [0]
    told = threading.Event()
    finished = threading.Event()

    def notify() -> bool:
        if token[0]:
            told.set()
        return True

    poller = Poller(lambda: token[0], finished.set, notify, INTERVAL_S)
    poller.start()
    poller.start()  # a second start is nothing
    token[0] = 1
    assert told.wait(DEADLINE_S)
    assert not finished.is_set()
    poller.stop(DEADLINE_S)
    assert finished.is_set()


def test_it_wakes_readers_once_at_the_start() -> None:
    told = threading.Event()

    def notify() -> bool:
        told.set()
        return True

    poller = Poller(lambda: 0, lambda: None, notify, INTERVAL_S)
    poller.start()
    assert told.wait(DEADLINE_S)
    poller.stop(DEADLINE_S)


def test_it_ends_by_itself_when_nobody_is_left() -> None:
    finished = threading.Event()
    count = [0]

    def look() -> int:
        count[0] += 1
        return count[0]

    poller = Poller(look, finished.set, lambda: False, INTERVAL_S)
    poller.start()
    assert finished.wait(DEADLINE_S)
    poller.stop(DEADLINE_S)


def test_stopping_one_that_never_ran_is_harmless() -> None:
    Poller(lambda: 0, lambda: None, lambda: True, INTERVAL_S).stop(DEADLINE_S)
