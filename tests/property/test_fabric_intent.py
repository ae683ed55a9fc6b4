"""Properties of intents over random fabrics: pure, total, one result in any order; quarantine touches nobody else."""

import ipaddress
import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from support.fabric import able_fabric, accepts, fabric, without_quarantine
from support.fabric_strategies import BLOCKS, HOSTS, POOLS, V4, V6, newcomers, resources
from tortie.fabric import Fabric, NodeIntent, SessionIntent, node_intent, reflector_intent
from tortie.fabric.addresses import address_key
from tortie.model import BGPPeer, Resource, ReversePeering

STANDALONE_V4 = "198.51.100.1"
"""IPv4 address for reflectors of which only the IPv6 record counts."""


def all_intents(whole: Fabric) -> dict[str, NodeIntent]:
    """Intent of each node, set aside or not, and of each reflector, by name."""
    intents = {name: node_intent(whole, name) for name in sorted({*whole.nodes, *whole.nodes_set_aside})}
    for address in whole.reflectors:
        intents[f"rr {address}"] = reflector_of(whole, address)
    return intents


def reflector_of(whole: Fabric, address: str) -> NodeIntent:
    return reflector_intent(whole, STANDALONE_V4, address) if ":" in address else reflector_intent(whole, address)


@given(resources().flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_order_of_input_never_matters(orders: tuple[list[Resource], list[Resource]]) -> None:
    one, other = (fabric(*items) for items in orders)
    assert one == other
    texts = [{name: intent.to_json() for name, intent in all_intents(whole).items()} for whole in (one, other)]
    assert texts[0] == texts[1]


@given(resources())
def test_stored_intents_come_back_the_same(items: list[Resource]) -> None:
    for intent in all_intents(fabric(*items)).values():
        assert NodeIntent.from_json(intent.to_json()) == intent


@given(resources(), newcomers())
def test_a_record_that_is_set_aside_changes_nobody(items: list[Resource], newcomer: Resource) -> None:
    before, after = fabric(*items), fabric(*items, newcomer)
    name = newcomer.name if newcomer.namespace is None else f"{newcomer.namespace}/{newcomer.name}"
    if (newcomer.kind, name) not in {(item.kind, item.name) for item in after.quarantine}:
        return
    intents = {name: without_quarantine(intent) for name, intent in all_intents(after).items()}
    intents.pop(newcomer.name, None)
    assert intents == {name: without_quarantine(intent) for name, intent in all_intents(before).items()}
    assert set(before.quarantine) < set(after.quarantine)


@given(resources())
def test_what_is_set_aside_may_as_well_not_be_there(items: list[Resource]) -> None:
    """Without the records that were set aside nothing else is set aside, and every intent is the same."""
    unique = list({(item.kind, item.namespace, item.name): item for item in items}.values())
    whole = fabric(*unique)
    aside = {(item.kind, item.name.split("/")[-1]) for item in whole.quarantine}
    rest = [item for item in unique if (item.kind, item.name) not in aside or item.kind == "BGPConfiguration"]
    sound = fabric(*rest)
    assert {item.kind for item in sound.quarantine} <= {"BGPConfiguration"}
    kept = all_intents(sound)
    assert {name: without_quarantine(all_intents(whole)[name]) for name in kept} == {
        name: without_quarantine(intent) for name, intent in kept.items()
    }


@given(resources())
def test_sessions_are_sound(items: list[Resource]) -> None:
    for intent in all_intents(fabric(*items)).values():
        own = {intent.address_v4, intent.address_v6}
        identities = [(item.local_address, item.remote_address, item.port) for item in intent.sessions]
        assert len(identities) == len(set(identities))
        keys = [(*address_key(item.remote_address), item.port) for item in intent.sessions]
        assert keys == sorted(keys)
        for session in intent.sessions:
            assert session.local_address in {*own, None}
            assert session.remote_address not in own
            assert session.families == (("ipv6",) if ":" in session.remote_address else ("ipv4",))
            if session.local_address is not None:
                assert (":" in session.local_address) == (":" in session.remote_address)
            assert session.local_as == intent.local_as or session.local_as in (64512, 65001), "of localASNumber"
            assert session.local_as != 23456
            assert session.roles == tuple(sorted(set(session.roles)))
            assert session.description
            if session.is_client:
                assert session.peer_as == session.local_as


def is_manual(item: Resource) -> bool:
    return isinstance(item, BGPPeer) and item.spec.reverse_peering is ReversePeering.MANUAL


@settings(max_examples=300)
@given(resources())
def test_every_session_between_known_speakers_has_its_other_end(items: list[Resource]) -> None:
    """Except where a record says of a node an AS number or a port that the node does not have, or Manual.

    Both ends agree on the AS numbers, at least one of them dials, and who waits is a reflector or waits for a workload;
    and if one end has a password the other has one.
    """
    whole = able_fabric(*(item for item in items if not is_manual(item)))
    intents = all_intents(whole)
    for intent in intents.values():
        for session in intent.sessions:
            assert not session.passive or is_reflector(intent) or session.roles == ("local-workload",), (
                "nobody else waits"
            )
            other = speaker_at(whole, intents, session.remote_address)
            if other is None:
                continue
            if session.peer_as != other.local_as and not re.search("(of|with) node ", session.description):
                continue
            if other.kind == "node" and session.port != other.listen_port:
                continue
            other_ends = [
                item
                for item in other.sessions
                if item.remote_address == own_address(intent, session) and is_end_of(item, intent, whole)
            ]
            assert len(other_ends) == 1 or (other_ends and intent.kind == "reflector"), "named with several ports"
            for mirrored in other_ends:
                assert (mirrored.local_as, mirrored.peer_as) == (session.peer_as, session.local_as)
                assert not (mirrored.passive and session.passive), "somebody dials"
            assert any(item.password is not None for item in other_ends) == (session.password is not None)


@settings(max_examples=200)
@given(resources())
def test_a_session_that_is_one_sided_is_dialled(items: list[Resource]) -> None:
    """Whoever waits has a peer that is planned to dial it."""
    whole = able_fabric(*items)
    intents = all_intents(whole)
    for intent in intents.values():
        for session in intent.sessions:
            if session.passive:
                other = speaker_at(whole, intents, session.remote_address)
                assert other is not None
                dialling = [item for item in other.sessions if item.remote_address == own_address(intent, session)]
                assert any(not item.passive for item in dialling)


def is_reflector(intent: NodeIntent) -> bool:
    return intent.kind == "reflector" or intent.cluster_id is not None


def own_address(intent: NodeIntent, session: SessionIntent) -> str | None:
    return intent.address_v6 if ":" in session.remote_address else intent.address_v4


def speaker_at(whole: Fabric, intents: dict[str, NodeIntent], address: str) -> NodeIntent | None:
    node = whole.speakers.nodes_by_address.get(address)
    if node is not None:
        return intents[node.name]
    return intents.get(f"rr {address}")


def is_end_of(session: SessionIntent, intent: NodeIntent, whole: Fabric) -> bool:
    """Return whether a session is with that speaker itself, not with another one on its machine."""
    return session.remote_address in whole.reflectors or session.port == intent.listen_port


@given(resources(), st.sampled_from([*V4, STANDALONE_V4]), st.sampled_from([*V6, None]))
def test_a_reflector_may_have_any_address(items: list[Resource], ip4: str, ip6: str | None) -> None:
    whole = fabric(*items)
    intent = reflector_intent(whole, ip4, ip6)
    alone = not {ip4, ip6} & set(whole.reflectors)
    assert intent.local_as == whole.settings.cluster.as_number
    assert not (alone and any("reflector-mesh" in session.roles for session in intent.sessions))
    assert all(session.passive for session in intent.sessions if session.is_client)
    assert not {session.remote_address for session in intent.sessions} & {ip4, ip6}


@given(resources())
def test_a_mesh_joins_every_pair(items: list[Resource]) -> None:
    whole = fabric(*items)
    members = [node for node in whole.nodes.values() if node.cluster_id is None]
    for node in members:
        meshed = {
            session.remote_address for session in node_intent(whole, node.name).sessions if "mesh" in session.roles
        }
        expected = {
            address
            for other in members
            for family in ("ipv4", "ipv6")
            if other != node and node.address(family) and (address := other.address(family))
        }
        assert meshed == (expected if whole.settings.cluster.is_mesh_enabled else set())


@given(resources())
def test_every_reflectors_client_is_a_node_that_dials_it(items: list[Resource]) -> None:
    whole = fabric(*items)
    for address in whole.reflectors:
        dialling = {
            own_address(intent, session)
            for name in whole.nodes
            for intent in [node_intent(whole, name)]
            for session in intent.sessions
            if session.remote_address == address
        }
        intent = reflector_of(whole, address)
        waiting = {item.remote_address for item in intent.sessions if item.passive and item.local_address == address}
        assert waiting == dialling


prefixes = st.one_of(
    st.sampled_from([*BLOCKS, *POOLS]),
    st.sampled_from(HOSTS).map(lambda host: str(ipaddress.ip_network(host))),
    st.integers(0, 32).map(lambda length: str(ipaddress.ip_network(("192.168.0.65", length), strict=False))),
)


@given(resources(), prefixes)
def test_the_export_filter_decides_as_the_rules_say(items: list[Resource], prefix: str) -> None:
    whole = fabric(*items)
    for name in whole.nodes:
        intent = node_intent(whole, name)
        for session in intent.sessions:
            if (":" in prefix) == (session.families == ("ipv6",)):
                assert accepts(session.export_filter, prefix) is may_leave(whole, name, prefix)


def may_leave(whole: Fabric, name: str, prefix: str) -> bool:
    """The rules in words: not from hidden pools; own blocks whole, nothing beneath; else within enabled pools."""
    if any(covers(pool.cidr, prefix) for pool in whole.pools if pool.disable_bgp_export):
        return False
    own = [block.cidr for block in whole.blocks.get(name, ()) if block.is_confirmed]
    if prefix in own:
        return True
    if any(covers(block, prefix) for block in own):
        return False
    return any(covers(pool.cidr, prefix) for pool in whole.pools if not pool.disabled)


def covers(outer: str, inner: str) -> bool:
    one, other = ipaddress.ip_network(outer), ipaddress.ip_network(inner)
    return one.version == other.version and other.prefixlen >= one.prefixlen and other.network_address in one


@given(resources())
def test_routes_are_sorted_and_local(items: list[Resource]) -> None:
    whole = fabric(*items)
    for name in whole.nodes:
        intent = node_intent(whole, name)
        own = {block.cidr for block in whole.blocks.get(name, ())}
        assert set(intent.blackholes) <= own
        for prefixes_of in (intent.originated, intent.blackholes, tuple(route.prefix for route in intent.workloads)):
            networks = [ipaddress.ip_network(prefix) for prefix in prefixes_of]
            keys = [(network.version, int(network.network_address), network.prefixlen) for network in networks]
            assert all(one < other for one, other in pairwise(keys))
        confirmed = [block.cidr for block in whole.blocks.get(name, ()) if block.is_confirmed]
        for route in intent.workloads:
            inside = any(covers(cidr, route.prefix) for cidr in confirmed)
            assert (route.prefix in intent.originated) is (not inside or route.prefix in confirmed)
