"""The change log: positions, compaction, whole revisions. What drivers do with it: test_contract.py."""

import pytest

from tortie.store import Compacted, Event, HistoryReplaced
from tortie.store.change_log import ChangeLog


def event(key: str, revision: int) -> Event:
    return Event(key, None, revision)


def test_events_after_a_revision() -> None:
    log = ChangeLog(10, compacted=5)
    log.append([event("/a", 6), event("/b", 6)])
    log.append([event("/a", 9)])
    assert log.after(5, 9, "") == ([event("/a", 6), event("/b", 6), event("/a", 9)], 9)
    assert log.after(6, 9, "/a") == ([event("/a", 9)], 9)
    assert log.after(7, 9, "/b") == ([], 9)
    assert log.after(9, 9, "") == ([], 9)


@pytest.mark.parametrize(("cursor", "error"), [(4, Compacted), (10, HistoryReplaced)])
def test_what_it_does_not_know(cursor: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        ChangeLog(10, compacted=5).after(cursor, 9, "")


def test_whole_revisions_are_compacted() -> None:
    log = ChangeLog(2)
    log.append([event("/a", 1), event("/b", 1)])
    assert log.compacted == 0, "at the limit"
    log.append([event("/c", 2)])
    assert log.compacted == 1
    assert log.after(1, 2, "") == ([event("/c", 2)], 2)
