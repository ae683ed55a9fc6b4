"""What is done to a running cluster, or happens to it, and the datagrams that are lost meanwhile: none.

Numbered datagrams go one way between all ordered pairs of containers throughout; in a control run nothing happens. Of
the sessions, only those that must be reset are. The table of the last whole run (`pytest --all`) is written where
TORTIE_ZERO_LOSS_PAGE says (docs/zero-loss.md).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from lab.lab_world import environment, lab_test
from lab.loss_page import Line, write_page
from lab.loss_world import DEADLINE_S, DOWN_COUNT, Status, World
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import down, up
from tortie.lab.pings import LOST_AFTER_S
from tortie.lab.racks import Racks
from tortie.lab.status import agent_routes
from tortie.lab.topology import Host, Topology, load_topology

RATE_HZ: Final = 100
TIME_S: Final = 300.0
CONTROL_COUNT: Final = 300
AFTER_COUNT: Final = 50
"""Datagrams of each pair in the control run, and after each change: what comes late is seen as well."""

OTHER_AS: Final = 65001
OTHER_CLUSTER_ID: Final = "9.0.0.9"


def with_second_reflector(topology: Topology) -> Topology:
    """Return the topology with another reflector beside the first, of the same cluster."""
    first = topology.reflectors[0]
    interface = replace(first.interfaces[0], addresses=("10.10.31.169/24",))
    return replace(topology, hosts=(*topology.hosts, replace(first, name="node2", interfaces=(interface,))))


LABS: Final = {
    "seed": with_second_reflector(load_topology("seed")),
    "seed-dual-stack": load_topology("seed-dual-stack"),
    "racks": load_topology("racks"),
}

Act = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        what: the change or fault.
        act: does it, and returns when it is complete.
        resets: hosts of which all sessions that stay must be reset; those of all others are kept.
        is_core: part of every run of the tests, not only of whole ones.
        lossy: why something from or to the hosts of `resets` cannot but be lost; "" = nothing may be lost.
    """

    what: str
    act: Act
    resets: tuple[str, ...] = ()
    is_core: bool = False
    lossy: str = ""


# ------------------------------------------------------------------------------------------------ seed


async def nothing(world: World) -> None:
    await world.until_sent(CONTROL_COUNT)


async def mesh_to_reflector(world: World) -> None:
    await world.add_reflector(world.topology.reflectors[0])
    world.expected -= world.mesh()
    await world.calicoctl("config", "set", "nodeToNodeMesh", "off")
    await world.until_complete()


async def reflectors_to_mesh(world: World) -> None:
    world.expected |= world.mesh()
    await world.calicoctl("config", "set", "nodeToNodeMesh", "on")
    await world.until_complete()
    for reflector in tuple(world.reflectors):
        await world.remove_reflector(reflector)


async def second_reflector(world: World) -> None:
    await world.add_reflector(world.topology.reflectors[1])


async def first_reflector_goes(world: World) -> None:
    await world.remove_reflector(world.topology.reflectors[0])


async def first_reflector_is_killed(world: World) -> None:
    await world.kill(world.reflectors[0])


async def first_reflector_restarts(world: World) -> None:
    await world.restart(world.reflectors[0])


async def agent_is_killed(world: World) -> None:
    await world.kill(world.nodes[1])


async def agent_restarts(world: World) -> None:
    await world.restart(world.nodes[2])


async def cluster_id_changes(world: World) -> None:
    await world.write_record(world.reflectors[0], OTHER_CLUSTER_ID)
    await world.until(lambda: reflects_as(world, world.nodes[0], OTHER_CLUSTER_ID))


async def reflects_as(world: World, node: Host, cluster_id: str) -> bool:
    """Tell whether all that a node has heard in its rack came by a reflector with this cluster id."""
    learned = [path for path in await agent_routes(world.lab, node.name) if path["source"] == "internal"]
    lists = [path["cluster_list"] for path in learned]
    return bool(lists) and all(isinstance(ids, list) and ids[0] == cluster_id for ids in lists)


async def next_hop_mode_changes(world: World) -> None:
    for mode in ("Keep", "Auto"):
        for peer in await reflector_peers(world):
            await world.edit("bgpPeer", peer, partial(set_next_hop_mode, mode))


def set_next_hop_mode(mode: str, peer: Status) -> None:
    peer["spec"]["nextHopMode"] = mode


async def timers_change(world: World) -> None:
    """The hold time stands in OPEN: every session that it is for must be reset."""
    for peer in await reflector_peers(world):
        await world.edit("bgpPeer", peer, lambda found: found["spec"].update(keepaliveTime="20s"))
        await world.until_complete()
        await world.edit("bgpPeer", peer, lambda found: found["spec"].pop("keepaliveTime"))
        await world.until_complete()


async def reflector_peers(world: World) -> list[str]:
    found = [await world.peers(reflector.address(4) or "") for reflector in world.reflectors]
    return [peer["metadata"]["name"] for peers in found for peer in peers]


async def filters_change(world: World) -> None:
    await world.create("IPPool", "not-told", {"cidr": "10.99.0.0/16", "disableBGPExport": True})
    await world.edit("ipPool", "not-told", lambda pool: pool["spec"].update(disableBGPExport=False))
    await world.calicoctl("delete", "ipPool", "not-told")


async def labels_change(world: World) -> None:
    for node in world.nodes:
        await world.edit("node", node.name, lambda found: found["metadata"].update(labels={"reflected": "yes"}))


async def peer_is_replaced(world: World) -> None:
    """From a global BGPPeer to one with a nodeSelector: the new one first."""
    [former] = await reflector_peers(world)
    address = world.reflectors[0].address(4)
    await world.create("BGPPeer", "selected", {
        "peerIP": address, "nodeSelector": "reflected == 'yes'", "asNumber": 64512,
    })  # fmt: skip
    await world.calicoctl("delete", "bgpPeer", former)
    await world.until_complete()


async def speak_as_before(world: World) -> None:
    """Have all sessions with the reflectors go on in the cluster's AS, whatever becomes of a node's own."""
    for peer in await reflector_peers(world):
        await world.edit("bgpPeer", peer, lambda found: found["spec"].update(localASNumber=world.topology.as_number))


async def set_as_number(world: World, number: int) -> None:
    await world.edit("node", world.nodes[3].name, lambda node: node["spec"]["bgp"].update(asNumber=number))
    await world.until_complete()


async def as_number_changes_behind_reflector(world: World) -> None:
    """First both ends are told to go on speaking as the cluster, then the node gets its own AS number."""
    await speak_as_before(world)
    await set_as_number(world, OTHER_AS)
    await world.until_sent(AFTER_COUNT)
    await set_as_number(world, world.topology.as_number)
    for peer in await reflector_peers(world):
        await world.edit("bgpPeer", peer, lambda found: found["spec"].pop("localASNumber"))
    await world.until_complete()


async def as_number_changes_beside_reflector(world: World) -> None:
    """Sessions with the mesh must be reset; those with the reflector carry what they carried."""
    await world.add_reflector(world.topology.reflectors[0])
    await speak_as_before(world)
    await set_as_number(world, OTHER_AS)
    await world.remove_reflector(world.topology.reflectors[0])


async def as_number_changes_in_mesh(world: World) -> None:
    await set_as_number(world, world.topology.as_number)


IN_MESH_ALONE: Final = """\
In a mesh alone the AS number of a node cannot change without a loss: both ends say theirs in OPEN, once a session (RFC
4271 §4.2), so every session of this node ends and is made anew, as one with another peer, and there is no second way
by which its routes could be known meanwhile. Lost are only datagrams from and to its own containers. The row above it
is the same change with a reflector that stands by until the sessions of the mesh are back, and loses nothing."""


SEED_ROWS: Final = (
    Row("nothing (control)", nothing, is_core=True),
    Row("full mesh to reflector: the reflector first, then mesh off", mesh_to_reflector, is_core=True),
    Row("the reflector's cluster id changes", cluster_id_changes),
    Row("next-hop mode of a BGPPeer changes, and back", next_hop_mode_changes),
    Row("timers of the only reflector's BGPPeer change, and back (`keepaliveTime`)", timers_change, resets=("node1",)),
    Row("export filters change: a pool with `disableBGPExport` comes, is exported, goes", filters_change),
    Row("the labels of all nodes change", labels_change),
    Row("a global BGPPeer is replaced by one with `nodeSelector`: the new one first", peer_is_replaced),
    Row("AS number of a node behind a reflector, and back: `localASNumber` first", as_number_changes_behind_reflector),
    Row("kill -9 of the only reflector, then its restart", first_reflector_is_killed, resets=("node1",)),
    Row("`reflector stop --for-restart` of the only one, then its start", first_reflector_restarts, resets=("node1",)),
    Row("a second reflector comes", second_reflector, is_core=True),
    Row(
        "kill -9 of one of two reflectors, then its restart", first_reflector_is_killed, resets=("node1",), is_core=True
    ),
    Row("kill -9 of a node's agent, then its restart", agent_is_killed, resets=("kube-node1",), is_core=True),
    Row("`node stop --for-restart`, then its start", agent_restarts, resets=("kube-node2",)),
    Row("the first of two reflectors goes: its BGPPeers, its record, its process", first_reflector_goes),
    Row("reflectors to full mesh: the mesh first, then the BGPPeers go", reflectors_to_mesh, is_core=True),
    Row(
        "AS number of a node in the mesh, with a reflector that stands by meanwhile (`localASNumber`)",
        as_number_changes_beside_reflector,
        resets=("kube-node3",),
    ),
    Row("AS number of a node in the mesh alone", as_number_changes_in_mesh, ("kube-node3",), lossy=IN_MESH_ALONE),
)

DUAL_STACK_ROWS: Final = (
    Row("nothing (control)", nothing),
    Row("full mesh to reflector: the reflector first, then mesh off", mesh_to_reflector),
    Row("kill -9 of a node's agent, then its restart", agent_is_killed, resets=("kube-node1",)),
    Row("reflector to full mesh: the mesh first, then the BGPPeers go", reflectors_to_mesh),
)


# ------------------------------------------------------------------------------------------------ racks


async def rack_reflector_is_killed(world: World) -> None:
    await world.kill(world.topology.host("rr1"))


async def rack_agent_is_killed(world: World) -> None:
    await world.kill(world.topology.host("n1"))


async def router_restarts(world: World) -> None:
    await world.restart(world.topology.host("router1"))


async def rack_cluster_id_changes(world: World) -> None:
    """One reflector after the other."""
    for name in ("rr1", "rr2"):
        address = world.topology.host(name).address(4) or ""
        await world.edit("routeReflector", address, lambda record: record["spec"].update(clusterID=OTHER_CLUSTER_ID))
    await world.until(lambda: reflects_as(world, world.topology.host("n1"), OTHER_CLUSTER_ID))


async def rack_reflector_goes(world: World) -> None:
    reflector = world.topology.host("rr2")
    address = reflector.address(4) or ""
    world.expected -= world.of("rr2")
    for peer in await world.peers(address):
        await world.calicoctl("delete", "bgpPeer", peer["metadata"]["name"])
    await world.calicoctl("delete", "routeReflector", address)
    await world.until_complete()
    await world.lab.stop_process("rr2/reflector")


async def rack_reflector_comes(world: World) -> None:
    reflector = world.topology.host("rr2")
    address = reflector.address(4) or ""
    await world.lab.start_process("rr2/reflector")
    await world.create("RouteReflector", address, {"ip": address, "clusterID": OTHER_CLUSTER_ID})
    for client in Racks(world.topology).clients(reflector):
        spec = {"node": client.name, "peerIP": address, "asNumber": 64512}
        await world.create("BGPPeer", f"{client.name}.rr2", spec)
    world.expected = racks_sessions(world)
    await world.until_complete()


RACKS_ROWS: Final = (
    Row("nothing (control)", nothing),
    Row("kill -9 of one of a rack's two reflectors, then its restart", rack_reflector_is_killed, resets=("rr1",)),
    Row("kill -9 of a node's agent, then its restart", rack_agent_is_killed, resets=("n1",)),
    Row("`node stop --for-restart` on a rack's router, then its start", router_restarts, resets=("router1",)),
    Row("a rack's cluster id changes, one reflector after the other", rack_cluster_id_changes),
    Row("one of a rack's two reflectors goes: its BGPPeers, its record, its process", rack_reflector_goes),
    Row("it comes: its process, its record, its BGPPeers", rack_reflector_comes),
)


# ------------------------------------------------------------------------------------------------ the run

ROWS: Final = {"seed": SEED_ROWS, "seed-dual-stack": DUAL_STACK_ROWS, "racks": RACKS_ROWS}
CASES: Final = [
    pytest.param(name, row, id=f"{name}-{row.act.__name__}-{number}", marks=() if row.is_core else pytest.mark.all)
    for name, rows in ROWS.items()
    for number, row in enumerate(rows)
]


def racks_sessions(world: World) -> set[tuple[str, str, int]]:
    """Return the sessions that a topology of racks should have."""
    owners = {host.address(4): host for host in world.topology.hosts}
    racks = Racks(world.topology)
    hosts = (*world.nodes, *world.topology.reflectors)
    return world.between((host, owners[address]) for host in hosts for address in racks.peers(host))


@pytest.fixture(scope="module")
def lines() -> Iterator[list[Line]]:
    """Yield the measured lines; write the page if they are all there."""
    found: list[Line] = []
    yield found
    page = os.environ.get("TORTIE_ZERO_LOSS_PAGE")
    if page is not None and len(found) == len(CASES):
        notes = [row.lossy for rows in ROWS.values() for row in rows if row.lossy]
        write_page(Path(page), found, notes, rate=RATE_HZ, after=AFTER_COUNT, down=DOWN_COUNT, lost_after=LOST_AFTER_S)


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield a lab in which everybody reaches everybody."""
    topology = LABS[request.param]
    where = environment(tmp_path_factory.mktemp("loss"))
    lab = asyncio.run(up(topology, environment=where))
    before = footprint(lab)
    made = World(lab)
    made.expected = made.mesh() if topology.has_node_mesh else racks_sessions(made)
    try:
        asyncio.run(begin(made))
        yield made
    finally:
        asyncio.run(down(topology.name, where))
    assert leftovers(before) == []


async def begin(world: World) -> None:
    await world.until_complete()
    assert (await world.probe.wait_reached(DEADLINE_S)).silent == ()


@lab_test
@pytest.mark.parametrize(("world", "row"), CASES, indirect=["world"], scope="module")
def test_nothing_is_lost(world: World, row: Row, lines: list[Line]) -> None:
    asyncio.run(measure(world, row, lines))


async def measure(world: World, row: Row, lines: list[Line]) -> None:
    """Do what the row says under datagrams, note its line, and judge it."""
    clock = asyncio.get_running_loop().time
    before, begin_at = await world.sessions(), clock()
    assert set(before) == world.expected
    await world.probe.send(RATE_HZ, TIME_S)
    sending_at = clock()
    try:
        await world.until_sent(1)
        await row.act(world)
        await world.until_sent(AFTER_COUNT)
    finally:
        seconds = clock() - sending_at
        report = await world.probe.stop_sending()
    after, elapsed = await world.sessions(), clock() - begin_at
    kept = {session for session in before if after.get(session, 0.0) >= elapsed}
    reset = (set(before) & set(after)) - kept
    lines.append(
        Line(
            what=row.what, lab=world.lab.name, pairs=len(report.pairs), seconds=seconds, sent=report.sent,
            lost=report.lost, outage_s=report.outage_max_s, reset=len(reset), kept=len(kept),
            new=len(set(after) - set(before)), ended=len(set(before) - set(after)), resetting=row.resets,
        )
    )  # fmt: skip
    assert not report.overflowed, f"the prober could not keep up, this says nothing of the network: {report.doubts}"
    assert report.sent > 0
    assert set(after) == world.expected
    assert reset == world.of(*row.resets) & set(before)
    may_miss = {item.name for item in world.topology.containers if row.lossy and item.host in row.resets}
    missing = [pair for pair in report.pairs if pair.missing and may_miss.isdisjoint((pair.source, pair.destination))]
    assert not missing, f"{report.lost} of {report.sent} lost {report.doubts}: {missing}"
