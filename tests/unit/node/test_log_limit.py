"""The limit on log lines: at it and one more, by object and by event, windows that end."""

from tortie.node.log_limit import EVENT_LINES_MAX, OBJECT_LINES_MAX, WINDOW_S, LogLimit


def test_of_one_object() -> None:
    limit = LogLimit()
    assert [limit.admit("down", "a", 1.0) for _ in range(OBJECT_LINES_MAX + 1)] == [True] * OBJECT_LINES_MAX + [False]
    assert limit.admit("down", "b", 1.0), "another object"
    assert limit.admit("up", "a", 1.0), "another event"


def test_of_one_event() -> None:
    limit = LogLimit()
    assert all(limit.admit("down", str(number), 1.0) for number in range(EVENT_LINES_MAX))
    assert not limit.admit("down", "one more", 1.0)
    assert limit.admit("up", "one more", 1.0)


def test_without_an_object_only_the_limit_on_the_event_holds() -> None:
    limit = LogLimit()
    assert all(limit.admit("step", None, 1.0) for _ in range(EVENT_LINES_MAX))
    assert not limit.admit("step", None, 1.0)


def test_what_was_held_back_is_told_once_when_the_window_has_ended() -> None:
    limit = LogLimit()
    for _ in range(OBJECT_LINES_MAX + 3):
        limit.admit("down", "a", 1.0)
    assert limit.take_suppressed(1.0 + WINDOW_S - 0.001) == {}
    assert limit.ends_at == 1.0 + WINDOW_S
    assert limit.take_suppressed(1.0 + WINDOW_S) == {"down": 3}
    assert limit.take_suppressed(1.0 + WINDOW_S) == {}
    assert limit.admit("down", "a", 1.0 + WINDOW_S), "a new window"


def test_windows_begin_with_their_first_line() -> None:
    limit = LogLimit()
    assert limit.admit("down", "a", 100.0)
    assert limit.ends_at == 100.0 + WINDOW_S
