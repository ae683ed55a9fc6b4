"""Both families over one session, and several paths a prefix: switched on in resources, seen in engines."""

from dataclasses import replace
from typing import Any, Final

import pytest

from support.fabric import MESH_OFF, block, configuration, node, peer, pool, reflector
from support.planned_world import PlannedWorld, Scene, names
from tortie.bgp.engine import peer_statuses
from tortie.model import Resource

RR: Final = "10.0.0.8"
FAMILIES: Final = {"tortie/families": "ipv4,ipv6"}
ADDRESSES: Final = (
    pool("pool", "192.168.0.0/16"),
    pool("pool6", "fd00:192::/48"),
    *(block(f"n{number}", f"192.168.{number}.0/26") for number in (1, 2)),
    *(block(f"n{number}", f"fd00:192:0:{number}::/122") for number in (1, 2)),
)
DUAL: Final = (node("n1", "10.0.0.1", "fd00::1"), node("n2", "10.0.0.2", "fd00::2"))
RECORD: Final = reflector(RR, "1.0.0.1")


def mesh(*nodes: Resource) -> Scene:
    return Scene((*ADDRESSES, *nodes, configuration(annotations=FAMILIES)))


def reflected(annotations: dict[str, str], *nodes: Resource) -> Scene:
    to_rr = peer("rr", RR, annotations=annotations)
    return Scene((*ADDRESSES, *nodes, MESH_OFF, RECORD, to_rr), (("rr", (RR,)),))


def next_hops(world: PlannedWorld, name: str) -> dict[str, str]:
    """Prefix → next hop of the best paths that a host has learned."""
    routes = world.ribs()[name]
    return {str(each["prefix"]): str(each["next_hop"]) for each in routes if each["best"] and each["source"] != "local"}


N2_ROUTES: Final = {"192.168.2.0/26": "10.0.0.2", "fd00:192:0:2::/122": "fd00::2"}


def test_each_family_over_its_own_addresses() -> None:
    world = PlannedWorld(Scene((*ADDRESSES, *DUAL)))
    assert names(world.sessions()) == "n1-n2, n1-n2 (IPv6)"
    assert next_hops(world, "n1") == N2_ROUTES


def test_a_mesh_with_one_session_for_both() -> None:
    world = PlannedWorld(mesh(*DUAL))
    assert names(world.sessions()) == "n1-n2"
    assert next_hops(world, "n1") == N2_ROUTES


def test_a_mesh_where_one_has_ipv6_alone() -> None:
    world = PlannedWorld(mesh(DUAL[0], node("n2", None, "fd00::2")))
    assert names(world.sessions()) == "n1-n2 (IPv6)"
    assert next_hops(world, "n1") == {"fd00:192:0:2::/122": "fd00::2"}


def test_a_reflector_without_an_ipv6_address_reflects_ipv6() -> None:
    world = PlannedWorld(reflected(FAMILIES, *DUAL))
    assert names(world.sessions()) == "n1-rr, n2-rr"
    assert next_hops(world, "n1") == N2_ROUTES


def test_a_client_of_one_family_gets_that_one() -> None:
    world = PlannedWorld(reflected(FAMILIES, DUAL[1], node("n1", "10.0.0.1")))
    assert next_hops(world, "n1") == {"192.168.2.0/26": "10.0.0.2"}
    assert next_hops(world, "n2") == {"192.168.1.0/26": "10.0.0.1"}


def test_a_node_that_gets_an_ipv6_address_announces_by_it() -> None:
    world = PlannedWorld(reflected(FAMILIES, DUAL[0], node("n2", "10.0.0.2")))
    assert next_hops(world, "n1") == {"192.168.2.0/26": "10.0.0.2"}
    world.change(reflected(FAMILIES, *DUAL))
    assert next_hops(world, "n1") == N2_ROUTES


def test_another_ipv6_address_changes_next_hops_in_place() -> None:
    world = PlannedWorld(reflected(FAMILIES, *DUAL))
    happened = world.change(reflected(FAMILIES, DUAL[0], node("n2", "10.0.0.2", "fd00::22")))
    assert not happened.reset
    assert next_hops(world, "n1") == {**N2_ROUTES, "fd00:192:0:2::/122": "fd00::22"}


# ---------------------------------------------------------------- ADD-PATH


def add_paths(world: PlannedWorld, name: str, remote: str) -> list[str]:
    """Return what was agreed, a family."""
    host = world.world.hosts[name]
    (found,) = [each for each in peer_statuses(host.engine, 0.0) if each.remote_address == remote]
    return [family.add_path for family in found.families]


def scene(*settings: Resource, **to_rr: Any) -> Scene:  # noqa: ANN401 - as in a manifest
    nodes = (node("n1", "10.0.0.1"), node("n2", "10.0.0.2"))
    off = [] if any(each.kind == "BGPConfiguration" and each.name == "default" for each in settings) else [MESH_OFF]
    return Scene((*ADDRESSES, *nodes, *off, *settings, RECORD, peer("rr", RR, **to_rr)), (("rr", (RR,)),))


def said(mode: str) -> dict[str, str]:
    return {"tortie/add-path": mode}


@pytest.mark.rfc("7911", "4")
@pytest.mark.parametrize(
    ("planned", "of_n1", "of_rr"),
    [
        pytest.param(scene(), "off", "off", id="off where nobody asks"),
        pytest.param(scene(annotations=said("receive")), "receive", "send", id="one record is enough for both ends"),
        pytest.param(scene(annotations=said("send")), "send", "receive", id="and the other way"),
        pytest.param(scene(annotations=said("both")), "both", "both", id="both ways"),
        pytest.param(
            scene(configuration(nodeToNodeMeshEnabled=False, annotations=said("both"))), "both", "both", id="by default"
        ),
        pytest.param(
            scene(
                configuration(nodeToNodeMeshEnabled=False, annotations=said("both")),
                configuration("node.n1", annotations=said("receive")),
            ),
            "receive",
            "send",
            id="one node's end",
        ),
        pytest.param(
            scene(configuration("node.n1", annotations=said("off")), annotations=said("receive")),
            "receive",
            "send",
            id="a BGPPeer before a node",
        ),
        pytest.param(scene(configuration("node.n1", annotations=said("receive"))), "off", "off", id="one end alone"),
    ],
)
def test_who_sends_several_paths(planned: Scene, of_n1: str, of_rr: str) -> None:
    world = PlannedWorld(planned)
    assert add_paths(world, "n1", RR) == [of_n1]
    assert add_paths(world, "rr", "10.0.0.1") == [of_rr]


@pytest.mark.rfc("7911", "4")
def test_a_reflectors_own_end() -> None:
    """`tortie reflector run --add-path send`, with a node that receives."""
    planned = scene(configuration("node.n1", annotations=said("receive")))
    world = PlannedWorld(replace(planned, reflectors=(("rr", (RR, None, "send")),)))
    assert add_paths(world, "n1", RR) == ["receive"]
    assert add_paths(world, "rr", "10.0.0.2") == ["off"]


@pytest.mark.rfc("7911", "2")
def test_a_watcher_hears_of_every_path() -> None:
    """Both nodes announce the same address; with one path a prefix the reflector hides the second."""
    watcher = node("n3", "10.0.0.3")

    def paths(annotations: dict[str, str]) -> list[str]:
        planned = scene(watcher, annotations=annotations)
        planned = replace(planned, resources=(*planned.resources, block("n1", "192.168.77.1/32")))
        world = PlannedWorld(planned)
        world.world.hosts["n2"].engine.originate("192.168.77.1/32", world.world.now)
        world.world.run(5)
        return sorted(str(each["next_hop"]) for each in world.ribs()["n3"] if each["prefix"] == "192.168.77.1/32")

    assert paths({}) == ["10.0.0.1"]
    assert paths(said("receive")) == ["10.0.0.1", "10.0.0.2"]
