"""Batches of events: whole revisions, however many events one has."""

import pytest

from tortie.store import WATCH_BATCH_EVENTS_MAX, Event
from tortie.store.etcd_watch import batches_of


@pytest.mark.parametrize(
    ("sizes", "batches"),
    [
        pytest.param([], [], id="none"),
        pytest.param([1, 1, 1], [3], id="all fit"),
        pytest.param([WATCH_BATCH_EVENTS_MAX], [1000], id="at the limit"),
        pytest.param([999, 2], [999, 2], id="the second does not fit"),
        pytest.param([1, WATCH_BATCH_EVENTS_MAX + 1, 1], [1, 1001, 1], id="one revision above the limit stays whole"),
    ],
)
def test_batches(sizes: list[int], batches: list[int]) -> None:
    events = [Event("/k", None, revision) for revision, size in enumerate(sizes, 1) for _ in range(size)]
    found = list(batches_of(events))
    assert [len(batch) for batch in found] == batches
    assert [event for batch in found for event in batch] == events
