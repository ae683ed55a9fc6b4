"""Tests of tortie.change.importing: what a plan says of what is stored, and that exactly that is written."""

import asyncio
from datetime import UTC, datetime

import pytest

from support.fabric import node, peer
from tortie.change.importing import Existing, ImportStep, Intention, carry_out, plan_import
from tortie.model import Resource
from tortie.store import BadRecord, ResourceStore, Snapshot
from tortie.store.memory import MemoryStore

STORED = node("n1", "10.0.0.1", created="2026-01-01T00:00:00Z", uid="u")
NOTHING = Snapshot(0, [], [])
THERE = Snapshot(1, [STORED], [])


@pytest.mark.parametrize(
    ("snapshot", "resource", "existing", "intention"),
    [
        pytest.param(NOTHING, node("n1", "10.0.0.1"), Existing.REFUSE, Intention.CREATE, id="new"),
        pytest.param(
            THERE, node("n1", "10.0.0.1"), Existing.REFUSE, Intention.SAME, id="bookkeeping is not content"
        ),
        pytest.param(THERE, node("n1", "10.0.0.2"), Existing.REFUSE, Intention.CONFLICT, id="differs"),
        pytest.param(THERE, node("n1", "10.0.0.2"), Existing.KEEP, Intention.KEEP, id="is to be kept"),
        pytest.param(
            THERE, node("n1", "10.0.0.2"), Existing.REPLACE, Intention.REPLACE, id="is to be replaced"
        ),
        pytest.param(
            Snapshot(1, [], [BadRecord("/calico/resources/v3/projectcalico.org/nodes/n1", "not JSON")]),
            node("n1", "10.0.0.1"),
            Existing.REFUSE,
            Intention.CONFLICT,
            id="a record that cannot be read is one that differs",
        ),
    ],
)  # fmt: skip
def test_what_is_to_be_done(snapshot: Snapshot, resource: Resource, existing: Existing, intention: Intention) -> None:
    assert plan_import(snapshot, [resource], existing) == (ImportStep(resource, intention),)


def test_exactly_what_the_plan_says_is_written() -> None:
    async def work() -> None:
        store = ResourceStore(MemoryStore(), lambda: datetime(2026, 1, 1, tzinfo=UTC))
        await store.create(node("old", "10.0.0.1"))
        await store.create(node("kept", "10.0.0.2"))
        steps = (
            ImportStep(peer("p", "10.0.0.9"), Intention.CREATE),
            ImportStep(node("old", "10.0.0.3"), Intention.REPLACE),
            ImportStep(node("kept", "10.0.0.4"), Intention.KEEP),
            ImportStep(node("same", "10.0.0.5"), Intention.SAME),
        )
        written: list[None] = []
        await carry_out(store, steps, lambda: written.append(None))
        assert len(written) == sum(step.is_write for step in steps)
        nodes = {item.name: item.without_defaults()["spec"]["bgp"] for item in await store.list("Node")}
        assert nodes == {"kept": {"ipv4Address": "10.0.0.2/24"}, "old": {"ipv4Address": "10.0.0.3/24"}}
        assert [item.name for item in await store.list("BGPPeer")] == ["p"]

    asyncio.run(work())
