"""A `LiveFabric` through any changes is what `Fabric.from_resources` makes of the same resources."""

from hypothesis import given
from hypothesis import strategies as st

from support.fabric_strategies import resources
from tortie.fabric import BadRecord, Fabric, LiveFabric, ReflectorPlanner, reflector_intent
from tortie.model import Resource, RouteReflector, key_of
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


@given(stories())
def test_a_reflectors_intent_is_the_one_that_is_planned_from_scratch(story: list[dict[str, Found]]) -> None:
    live = LiveFabric()
    addresses = {address for changes in story for found in changes.values() for address in reflector_addresses(found)}
    planners = {address: ReflectorPlanner(address) for address in sorted(addresses)}
    for changes in story:
        for key, found in changes.items():
            live.put(key, found)
        fabric = live.fabric()
        for address, plan in planners.items():
            assert plan(fabric) == reflector_intent(fabric, address)
            assert plan(live.fabric()) is plan(fabric), "nothing has changed"


def reflector_addresses(found: Found) -> list[str]:
    """Return where a resource says that a reflector is, where that is IPv4."""
    return [found.spec.ip] if isinstance(found, RouteReflector) and "." in found.spec.ip else []


def from_scratch(stored: dict[str, Found]) -> Fabric:
    kept = [item for item in stored.values() if isinstance(item, Resource)]
    bad: list[BadRecord] = [item for item in stored.values() if isinstance(item, UnreadableRecord)]
    return Fabric.from_resources(kept, bad)
