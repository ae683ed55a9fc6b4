"""A session to another AS that flaps moves no best path away from one that is as good, where that is asked for."""

import pytest

from support.world import add_speaker, best, established, peer
from tortie.bgp.engine import Engine, RouteStatus, SpeakerConfig, route_statuses
from tortie.bgp.rib import Step
from tortie.bgp.wire import IPV4_UNICAST
from tortie.sim import World

NEAR, FAR, US, INSIDE = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
OUTSIDE_AS = 65001
PREFIX = "10.9.0.0/16"


def two_outside(world: World, *, keeps_external: bool) -> Engine:
    """Two routers of one AS with the same prefix, of which NEAR has the lower router id and comes second."""
    us = add_speaker(
        world,
        US,
        [*(peer(US, each, peer_as=OUTSIDE_AS, restart_time_s=0) for each in (NEAR, FAR)), peer(US, INSIDE)],
        keeps_external=keeps_external,
    )
    add_speaker(world, INSIDE, [peer(INSIDE, US)])
    for address in (FAR, NEAR):
        options = {"local_as": OUTSIDE_AS, "restart_time_s": 0}
        add_speaker(world, address, [peer(address, US, **options)], prefixes=[PREFIX], local_as=OUTSIDE_AS)
        world.wait_for(lambda address=address: address in established(us))  # type: ignore[misc]  # bound at once
        world.run(1)
    return us


def announced_to(engine: Engine, address: str) -> int:
    return next(each.announced_count for key, each in engine.peers.items() if key.remote_address == address)


def reasons(engine: Engine) -> dict[str, str | None]:
    routes: list[RouteStatus] = [each for each in route_statuses(engine, IPV4_UNICAST) if each.prefix == PREFIX]
    return {route.peer: route.reason for route in routes}


@pytest.mark.rfc("5004", "3")
def test_who_was_best_stays_while_the_other_flaps() -> None:
    world = World()
    us = two_outside(world, keeps_external=True)
    assert reasons(us) == {FAR: None, NEAR: Step.INCUMBENT}
    before = best(world.hosts[INSIDE].engine)
    told = announced_to(us, INSIDE)
    for _ in range(3):
        world.cut(US, NEAR)
        world.run(1)
        world.mend(US, NEAR)
        world.wait_for(lambda: NEAR in established(us))
        world.run(1)
    assert reasons(us) == {FAR: None, NEAR: Step.INCUMBENT}
    assert best(world.hosts[INSIDE].engine) == before
    assert announced_to(us, INSIDE) == told == 1


@pytest.mark.rfc("5004", "3")
def test_when_it_goes_the_other_takes_its_place_and_keeps_it() -> None:
    world = World()
    us = two_outside(world, keeps_external=True)
    world.cut(US, FAR)
    world.wait_for(lambda: reasons(us) == {NEAR: None})
    world.mend(US, FAR)
    world.wait_for(lambda: FAR in established(us))
    world.run(1)
    assert reasons(us) == {NEAR: None, FAR: Step.INCUMBENT}


def test_unless_asked_for_the_choice_does_not_depend_on_who_came_first() -> None:
    world = World()
    us = two_outside(world, keeps_external=False)
    assert reasons(us) == {NEAR: None, FAR: Step.ROUTER_ID}


@pytest.mark.rfc("5004", "3")
def test_it_is_turned_off_in_place() -> None:
    world = World()
    us = two_outside(world, keeps_external=True)
    peers = [peer(US, each, peer_as=OUTSIDE_AS, restart_time_s=0) for each in (NEAR, FAR)] + [peer(US, INSIDE)]
    config = SpeakerConfig(local_as=us.config.local_as, router_id=us.config.router_id)
    us.reconfigure(peers, (), world.now, config)
    world.run(1)
    assert reasons(us) == {NEAR: None, FAR: Step.ROUTER_ID}
    assert us.session_end_count == 0
