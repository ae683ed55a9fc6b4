"""A `LiveFabric` through any changes is what `Fabric.from_resources` makes of the same resources."""

from hypothesis import given
from hypothesis import strategies as st

from support.fabric_strategies import resources
from tortie.fabric import BadRecord, Fabric, LiveFabric
from tortie.model import Resource, key_of
from tortie.store import BadRecord as UnreadableRecord

Found = Resource | UnreadableRecord | None


@st.composite
def stories(draw: st.DrawFn) -> list[dict[str, Found]]:
    """Draw changes to a datastore, some at a time: key → what stands there from then on."""
    items = [*draw(resources()), *draw(resources())]
    changes: list[tuple[str, Found]] = [(key_of(item), item) for item in items]
    for index in draw(st.lists(st.integers(0, max(len(items) - 1, 0)), max_size=6)):
        if items:
            key = key_of(items[index])
            changes.append((key, draw(st.sampled_from([None, UnreadableRecord(key, "not JSON")]))))
    shuffled = draw(st.permutations(changes))
    story: list[dict[str, Found]] = []
    while shuffled:
        size = draw(st.integers(1, len(shuffled)))
        story.append(dict(shuffled[:size]))
        shuffled = shuffled[size:]
    return story


@given(stories())
def test_any_changes_lead_to_the_same_snapshot(story: list[dict[str, Found]]) -> None:
    live = LiveFabric()
    stored: dict[str, Found] = {}
    for changes in story:
        for key, found in changes.items():
            live.put(key, found)
            stored[key] = found
        assert live.fabric() == from_scratch(stored)


def from_scratch(stored: dict[str, Found]) -> Fabric:
    kept = [item for item in stored.values() if isinstance(item, Resource)]
    bad: list[BadRecord] = [item for item in stored.values() if isinstance(item, UnreadableRecord)]
    return Fabric.from_resources(kept, bad)
