"""Messages of more than 4,096 octets among engines: who has them shares long ones, who has not is left out."""

import pytest

from support.world import LOCAL_AS, add_speaker, best, client_range, established, peer
from tortie.bgp.engine import Engine, route_statuses
from tortie.bgp.wire import (
    IPV4_UNICAST,
    MESSAGE_LENGTH_MAX,
    MESSAGE_LENGTH_MAX_EXTENDED,
    AttributeFields,
    address_from_text,
    prefix_from_text,
)
from tortie.sim import World

REFLECTOR = "192.0.2.100"
ANNOUNCER = "192.0.2.1"
WITH, WITHOUT = "192.0.2.2", "192.0.2.3"
LONG = tuple(LOCAL_AS << 16 | value for value in range(2000))
"""Communities of 8,000 octets."""


def announce(engine: Engine, prefix: str, now: float, **fields: object) -> None:
    family, nlri = prefix_from_text(prefix)
    packed: AttributeFields = {"next_hop": address_from_text(ANNOUNCER), **fields}  # type: ignore[typeddict-item]
    engine.rib.announce(engine.local, family, engine.table.intern(**packed), (nlri,))
    engine.flush(now)


def reflected(world: World) -> dict[str, Engine]:
    add_speaker(world, REFLECTOR, ranges=[client_range("192.0.2.0/24")], cluster_id="1.0.0.1")
    clients = {
        name: add_speaker(world, name, [peer(name, REFLECTOR, extended_messages=name != WITHOUT)])
        for name in (ANNOUNCER, WITH, WITHOUT)
    }
    world.wait_for(lambda: len(established(world.hosts[REFLECTOR].engine)) == 3)
    return clients


def sizes(engine: Engine) -> list[int]:
    return sorted(group.profile.encoding.message_size_bytes_max for group in engine.rib.groups.values())


@pytest.mark.rfc("8654", "4")
def test_who_has_them_is_a_group_of_its_own() -> None:
    world = World()
    reflected(world)
    assert sizes(world.hosts[REFLECTOR].engine) == [MESSAGE_LENGTH_MAX, MESSAGE_LENGTH_MAX_EXTENDED]


@pytest.mark.rfc("8654", "4")
def test_a_route_too_long_for_one_peer_goes_to_the_others() -> None:
    world = World()
    clients = reflected(world)
    announce(clients[ANNOUNCER], "10.1.0.0/16", world.now)
    announce(clients[ANNOUNCER], "10.2.0.0/16", world.now, communities=LONG)
    world.wait_for(lambda: len(best(clients[WITH])) == 2)
    world.run(1)
    assert list(best(clients[WITHOUT])) == ["10.1.0.0/16"]
    assert len(best(clients[WITH])["10.2.0.0/16"].communities) == len(LONG)
    [group] = [
        each
        for each in world.hosts[REFLECTOR].engine.rib.groups.values()
        if each.profile.encoding.message_size_bytes_max == MESSAGE_LENGTH_MAX
    ]
    assert group.unsendable_count == 1


@pytest.mark.rfc("8654", "4")
def test_a_route_that_grows_too_long_is_withdrawn_and_comes_back() -> None:
    world = World()
    clients = reflected(world)
    announce(clients[ANNOUNCER], "10.1.0.0/16", world.now)
    world.wait_for(lambda: len(best(clients[WITHOUT])) == 1)
    announce(clients[ANNOUNCER], "10.1.0.0/16", world.now, communities=LONG)
    world.wait_for(lambda: not best(clients[WITHOUT]))
    assert len(best(clients[WITH])) == 1
    announce(clients[ANNOUNCER], "10.1.0.0/16", world.now, communities=LONG[:9])
    world.wait_for(lambda: len(best(clients[WITHOUT])) == 1)


@pytest.mark.rfc("8654", "4")
def test_many_prefixes_go_in_few_messages() -> None:
    world = World()
    clients = reflected(world)
    for index in range(10_000):
        family, nlri = prefix_from_text(f"10.{index >> 8}.{index & 255}.0/24")
        attributes = clients[ANNOUNCER].table.intern(next_hop=address_from_text(ANNOUNCER))
        clients[ANNOUNCER].rib.announce(clients[ANNOUNCER].local, family, attributes, (nlri,))
    world.wait_for(lambda: all(len(best(clients[name])) == 10_000 for name in (WITH, WITHOUT)))
    received = {
        name: [each.session.counters.as_dict()["update_received"] for each in clients[name].peers.values()]
        for name in (WITH, WITHOUT)
    }
    # 40,000 octets of NLRI, and End-of-RIB; the long way 1,018 prefixes fit a message.
    assert received == {WITH: [2], WITHOUT: [11]}
    assert sum(route.best for route in route_statuses(clients[WITH], IPV4_UNICAST)) == 10_000
