"""What `status` prints of engines in memory. Written anew by: UPDATE_GOLDEN=1 pytest tests/golden/cli."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from support.fabric import block, node, peer, pool
from support.planned_world import PlannedWorld, Scene
from support.world import add_speaker
from support.world import peer as neighbour
from tortie.bgp.engine import PeerDown, PeerUp
from tortie.cli.sessions import status_text
from tortie.fabric import Fabric, node_intent
from tortie.node.events import EventLog
from tortie.node.views import engine_view, session_views
from tortie.sim import World
from tortie.sim.world import Host

HERE: Final = Path(__file__).parent / "status"
NOW: Final = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
PLAIN: Final[dict[str, Any]] = {
    "withheld": "", "intent_from": "datastore", "listen_errors": {}, "kernel": None, "datastore": None,
    "quarantine": [],
}  # fmt: skip


def status(host: Host, now: float, role: str, events: EventLog, **more: object) -> dict[str, Any]:
    """Return what an agent with this engine would answer."""
    for time, output in host.log:
        match output:
            case PeerUp(peer=key):
                events.session_up(key, time)
            case PeerDown():
                events.session_down(output, time)
    speaker = engine_view(host.engine, [])
    sessions = session_views(host.engine, now, {})
    return {**PLAIN, "name": host.name, "role": role, "speaker": speaker, "sessions": sessions,
            "events": events.view(now), **more}  # fmt: skip


def a_node() -> dict[str, Any]:
    """A mesh of two families in which one node is stopped with a word, and a record is set aside."""
    nodes = [node(f"n{number}", f"10.0.0.{number}", f"fd00::{number}") for number in (1, 2)]
    away = peer("gone", "10.0.0.77", asNumber=65077)
    bad = peer("bad", "10.0.0.3", asNumber=23456)
    resources = (*nodes, away, bad, pool("pool", "192.168.0.0/16"), block("n1", "192.168.1.0/26"),
                 block("n2", "192.168.2.0/26"))  # fmt: skip
    planned = PlannedWorld(Scene(resources))
    world = planned.world
    told = world.hosts["n2"].engine
    for key, each in told.peers.items():
        if key.remote_address == "10.0.0.1":
            each.session.stop(
                world.now, message="maintenance until six, then all is as it was before; ask the night shift"
            )
            told._pump(each, world.now)
    world.run(100)
    events = EventLog()
    quarantine = Fabric.from_resources(resources).quarantine
    events.quarantine((), quarantine, 0.5)
    shown = [{"kind": item.kind, "name": item.name, "reason": item.reason} for item in quarantine]
    assert node_intent(Fabric.from_resources(resources), "n1").quarantine == quarantine
    return status(world.hosts["n1"], world.now, "node", events, quarantine=shown)


def a_reflector(clients: int) -> dict[str, Any]:
    """A reflector with many clients, of which two are gone."""
    world = World()
    named = [f"10.1.{number // 250}.{number % 250 + 1}" for number in range(clients)]
    own = "10.10.31.168"
    add_speaker(
        world, own, [neighbour(own, each, passive=True, is_client=True) for each in named], cluster_id="1.0.0.1"
    )
    for each in named:
        add_speaker(world, each, [neighbour(each, own)], prefixes=[each + "/32"])
    world.run(10)
    for each in named[3:5]:
        world.kill(each)
    world.run(7 * 60)
    return status(world.hosts[own], world.now, "reflector", EventLog())


CASES: Final[dict[str, tuple[Callable[[], dict[str, Any]], dict[str, Any]]]] = {
    "node": (a_node, {}),
    "node-events-3": (a_node, {"events_max": 3}),
    "reflector-40": (lambda: a_reflector(40), {"events_max": 4}),
    "reflector-8-all-events": (lambda: a_reflector(8), {"events_max": None}),
    "reflector-32-all": (lambda: a_reflector(32), {"events_max": 0, "shows_all": True}),
}


@pytest.mark.parametrize("name", CASES)
def test_status_text(name: str) -> None:
    make, options = CASES[name]
    text = status_text(make(), NOW, **options)
    path = HERE / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
