"""Route filters at work: what a session takes, what its peer is sent, and what changes in place."""

import pytest

from support.world import LOCAL_AS, add_speaker, best, client_range, mesh, own_prefix, peer, resets
from tortie.bgp.engine import Engine, route_statuses
from tortie.bgp.policy import ACCEPT_ALL, Action, Edit, Policy, PrefixMatch, RouteFilter, RouteRule
from tortie.bgp.rib import Rejection
from tortie.bgp.session import AddPathMode
from tortie.bgp.wire import IPV4_UNICAST, AttributeSet, communities_from_texts, prefix_from_text
from tortie.sim import World

NODES = [f"192.0.2.{index}" for index in (1, 2, 3)]
REFLECTOR = "192.0.2.100"
OTHER_AS = 65001
TAG = communities_from_texts(["65000:1"])


def only(action: Action = Action.ACCEPT, **fields: object) -> RouteFilter:
    """A filter of one rule; what it does not decide is accepted."""
    rule = RouteRule(family=IPV4_UNICAST, action=action, **fields)  # type: ignore[arg-type]  # fields of the dataclass
    return RouteFilter((rule,), ACCEPT_ALL)


def attributes(engine: Engine, prefix: str) -> AttributeSet:
    """What an engine's best path to a prefix has."""
    family, nlri = prefix_from_text(prefix)
    found = engine.rib.loc_rib(family).decisions[nlri].best
    assert found is not None
    return found.attributes


def pair(world: World, *, peer_as: int = LOCAL_AS, **changes: object) -> tuple[Engine, Engine]:
    """Two speakers, the second announces its prefix; `changes` are options of the first's session."""
    first = add_speaker(world, NODES[0], [peer(NODES[0], NODES[1], peer_as=peer_as, **changes)])
    back = peer(NODES[1], NODES[0], local_as=peer_as)
    second = add_speaker(world, NODES[1], [back], prefixes=[own_prefix(NODES[1])], local_as=peer_as)
    return first, second


def test_a_route_is_changed_as_it_comes_in_and_is_as_it_came_once_the_filter_is_gone() -> None:
    world = World()
    changed = only(edit=Edit(TAG, prepend=(65010, 65011), local_pref=7))
    one, _ = pair(world, import_filter=changed)
    prefix = own_prefix(NODES[1])
    world.wait_for(lambda: prefix in best(one))
    found = attributes(one, prefix)
    assert (found.communities, found.as_path_text(), found.local_pref) == (TAG.standard, "65010 65011", 7)
    one.reconfigure([peer(NODES[0], NODES[1])], (), world.now)
    found = attributes(one, prefix)
    assert (found.communities, found.as_path_text(), found.local_pref) == ((), "", 100)
    assert resets(one) == 0


def test_the_priority_that_a_filter_gives_decides_between_peers_of_other_ases() -> None:
    world = World()
    preferred = only(edit=Edit(local_pref=200))
    taker = add_speaker(
        world,
        NODES[0],
        [peer(NODES[0], NODES[1], peer_as=OTHER_AS), peer(NODES[0], NODES[2], peer_as=65002, import_filter=preferred)],
    )
    for node, number in ((NODES[1], OTHER_AS), (NODES[2], 65002)):
        add_speaker(world, node, [peer(node, NODES[0], local_as=number)], prefixes=["10.9.0.0/16"], local_as=number)
    world.wait_for(lambda: len(list(route_statuses(taker, IPV4_UNICAST))) == 2)
    assert attributes(taker, "10.9.0.0/16").neighbor_as == 65002


def test_rejected_routes_say_why_and_prefixes_of_one_message_fare_each_its_own_way() -> None:
    world = World()
    refused = RouteFilter(
        (
            RouteRule(family=IPV4_UNICAST, action=Action.REJECT, prefix=PrefixMatch("10.50.0.0/16")),
            RouteRule(
                family=IPV4_UNICAST, action=Action.ACCEPT, prefix=PrefixMatch("10.51.0.0/16"), edit=Edit(local_pref=9)
            ),
        ),
        ACCEPT_ALL,
    )
    one, two = pair(world, import_filter=refused)
    for prefix in ("10.50.0.0/16", "10.51.0.0/16", "10.52.0.0/16"):
        two.originate(prefix, world.now)
    world.wait_for(lambda: "10.52.0.0/16" in best(one))
    reasons = {route.prefix: route.reason for route in route_statuses(one, IPV4_UNICAST)}
    assert reasons["10.50.0.0/16"] == Rejection.IMPORT_FILTER
    assert (attributes(one, "10.51.0.0/16").local_pref, attributes(one, "10.52.0.0/16").local_pref) == (9, 100)


@pytest.mark.parametrize("peer_as", [LOCAL_AS, OTHER_AS], ids=["iBGP", "eBGP"])
def test_a_route_is_changed_as_it_goes_out(peer_as: int) -> None:
    world = World()
    one, two = pair(world, peer_as=peer_as)
    one.originate("10.50.0.0/16", world.now)
    changed = only(prefix=PrefixMatch("10.50.0.0/16"), edit=Edit(TAG, prepend=(65010,), local_pref=7))
    one.reconfigure([peer(NODES[0], NODES[1], peer_as=peer_as, export_filter=changed)], (), world.now)
    world.wait_for(lambda: "10.50.0.0/16" in best(two) and attributes(two, "10.50.0.0/16").communities == TAG.standard)
    found = attributes(two, "10.50.0.0/16")
    if peer_as == LOCAL_AS:
        assert (found.as_path_text(), found.local_pref) == ("65010", 7)
    else:
        assert (found.as_path_text(), found.local_pref) == (f"{LOCAL_AS} 65010", None)
    one.reconfigure([peer(NODES[0], NODES[1], peer_as=peer_as)], (), world.now)
    world.wait_for(lambda: not attributes(two, "10.50.0.0/16").communities)
    assert resets(one) + resets(two) == 0


def test_a_route_that_leads_to_an_interface_is_known_by_it() -> None:
    world = World()
    one, two = mesh(world, NODES[:2]).values()
    one.originate("10.50.0.1/32", world.now, interface="cali0")
    one.originate("10.50.0.2/32", world.now, interface="eth0")
    one.originate("10.50.0.3/32", world.now)
    kept_in = only(Action.REJECT, interface="cali*")
    one.reconfigure([peer(NODES[0], NODES[1], export_filter=kept_in)], (), world.now)
    world.wait_for(lambda: set(best(two)) >= {"10.50.0.2/32", "10.50.0.3/32"})
    assert "10.50.0.1/32" not in best(two)


@pytest.mark.parametrize("add_path", [AddPathMode.OFF, AddPathMode.BOTH])
def test_a_reflector_tells_a_client_what_the_filter_lets_by(add_path: AddPathMode) -> None:
    world = World()
    tagged = RouteRule(family=IPV4_UNICAST, action=Action.REJECT, community=TAG.standard[0])
    marked = RouteRule(family=IPV4_UNICAST, action=Action.NEXT, is_learned=True, edit=Edit(prepend=(65010,)))
    policy: Policy = RouteFilter((tagged, marked), ACCEPT_ALL)
    reflector = add_speaker(
        world, REFLECTOR, ranges=[client_range("192.0.2.0/24", export_filter=policy, add_path=add_path)]
    )
    one, two = (
        add_speaker(world, node, [peer(node, REFLECTOR, add_path=add_path)], prefixes=[own_prefix(node)])
        for node in NODES[:2]
    )
    one.originate("10.50.0.0/16", world.now, communities=TAG)
    one.originate("10.51.0.0/16", world.now)
    world.wait_for(lambda: {"10.50.0.0/16", "10.51.0.0/16"} <= set(best(reflector)) and "10.51.0.0/16" in best(two))
    assert "10.50.0.0/16" not in best(two)
    assert attributes(two, "10.51.0.0/16").as_path_text() == "65010"
    one.originate("10.51.0.0/16", world.now, communities=TAG)
    world.wait_for(lambda: "10.51.0.0/16" not in best(two))


@pytest.mark.rfc("4271", "9.1.2")
def test_our_own_as_may_stand_in_a_path_as_often_as_was_said() -> None:
    world = World()
    one, two = pair(world, peer_as=OTHER_AS)
    back = only(edit=Edit(prepend=(LOCAL_AS, LOCAL_AS)))
    two.reconfigure([peer(NODES[1], NODES[0], local_as=OTHER_AS, peer_as=LOCAL_AS, export_filter=back)], (), world.now)

    def reason() -> str | None:
        found = {route.prefix: route.reason for route in route_statuses(one, IPV4_UNICAST)}
        return found.get(own_prefix(NODES[1]))

    world.wait_for(lambda: reason() == Rejection.AS_LOOP)
    for count, is_taken in ((1, False), (2, True), (0, False)):
        options = {"peer_as": OTHER_AS, "allowed_local_as_count": count}
        one.reconfigure([peer(NODES[0], NODES[1], **options)], (), world.now)
        assert (reason() != Rejection.AS_LOOP) is is_taken
    assert resets(one) == 0
