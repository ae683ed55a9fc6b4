"""What comes on a watch: batches of whole revisions, however many events one has, and nothing twice."""

import pytest

from tortie.store import WATCH_BATCH_EVENTS_MAX, Entry, Event
from tortie.store.etcd_messages import WATCH
from tortie.store.etcd_watch import batches_of, events_after


def test_what_was_seen_already_is_passed_over() -> None:
    pairs = [{"key": b"/a", "value": b"%d" % n, "create_revision": 3, "mod_revision": n} for n in (3, 4, 5)]
    answer = WATCH.response(events=[{"kv": pair} for pair in pairs])
    deletion = WATCH.response(events=[{"type": 1, "kv": {"key": b"/a", "mod_revision": 6}}])
    assert events_after(4, [*answer.events, *deletion.events]) == [
        Event("/a", Entry("/a", b"5", 3, 5), 5),
        Event("/a", None, 6),
    ]


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
