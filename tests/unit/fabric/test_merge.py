"""Tests of tortie.fabric.merge: one session for each peer address and port, whoever asks for it."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from tortie.fabric import Quarantined, SecretReference, SessionIntent, StaticRoute
from tortie.fabric.filter_intent import ACCEPT_ALL
from tortie.fabric.merge import Asked, PlannedSessions, planned_sessions
from tortie.fabric.options import PeerOptions
from tortie.fabric.reading import Speakers
from tortie.fabric.speaker import LocalSpeaker

SPEAKER = LocalSpeaker(
    title="node 'n1'",
    as_number=64512,
    cluster_id=None,
    addresses={"ipv4": "10.0.0.1", "ipv6": "fd00::1"},
    export_filters={"ipv4": ACCEPT_ALL, "ipv6": ACCEPT_ALL},
    next_hop_mode="self",
    speakers=Speakers({}, {}, {}),
)
ONE, TWO = SecretReference("s", "one"), SecretReference("s", "two")


def asked(
    role: str,
    name: str | None = None,
    *,
    is_returned: bool = False,
    is_one_sided: bool = False,
    options: PeerOptions | None = None,
    **changes: Any,  # noqa: ANN401 - any field of a session
) -> Asked:
    """A reason for a session with 10.0.0.2; the record is named after its role unless it is a mesh."""
    base = SessionIntent(
        remote_address="10.0.0.2",
        local_address="10.0.0.1",
        local_as=64512,
        peer_as=64512,
        families=("ipv4",),
        next_hop_mode="self",
        roles=(role,),
        description=name or role,
    )
    return Asked(
        session=replace(base, **changes),
        options=options or PeerOptions(),
        record=None if "mesh" in role else name or role,
        is_returned=is_returned,
        is_one_sided=is_one_sided,
    )


def plan(*items: Asked | Quarantined) -> PlannedSessions:
    return planned_sessions(SPEAKER, items)


def only(planned: PlannedSessions) -> SessionIntent:
    (session,) = planned.sessions
    return session


def refused(planned: PlannedSessions) -> dict[str, str]:
    return {item.name: item.reason for item in planned.refused}


def test_roles_add_up() -> None:
    merged = only(plan(asked("mesh"), asked("global"), asked("node")))
    assert merged.roles == ("global", "mesh", "node")
    assert merged.description == "global; node; mesh"


@pytest.mark.parametrize(
    "other",
    [pytest.param({"remote_address": "10.0.0.3"}, id="remote address"), pytest.param({"port": 1790}, id="port")],
)
def test_identity(other: dict[str, Any]) -> None:
    assert len(plan(asked("mesh"), asked("global", **other)).sessions) == 2


@pytest.mark.parametrize(
    ("one", "other", "expected"), [(True, True, True), (True, False, False), (False, False, False)]
)
def test_it_waits_only_if_all_would(one: bool, other: bool, expected: bool) -> None:
    assert only(plan(asked("global", passive=one), asked("node", passive=other))).passive is expected


def test_it_is_a_client_if_it_is_one_by_any() -> None:
    assert only(plan(asked("global"), asked("node", is_client=True))).is_client


KEEP, SELF, AUTO = (PeerOptions(next_hop_mode=mode) for mode in ("keep", "self", "auto"))


@pytest.mark.parametrize(
    ("items", "mode", "set_aside"),
    [
        pytest.param([asked("mesh"), asked("node", options=KEEP)], "keep", [], id="a record before the mesh"),
        pytest.param([asked("global", options=AUTO), asked("node", options=KEEP)], "auto", ["node"], id="global first"),
        pytest.param([asked("node", "b", options=AUTO), asked("node", "a", options=KEEP)], "keep", ["b"], id="by name"),
        pytest.param([asked("node", "b", options=AUTO), asked("node", "a")], "auto", [], id="open is filled"),
        pytest.param([asked("node", "b", options=KEEP), asked("node", "a", options=KEEP)], "keep", [], id="agreed"),
        pytest.param(
            [asked("global", "a", options=AUTO, is_returned=True), asked("node", "z", options=KEEP)],
            "keep",
            [],
            id="own records before those of the other end",
        ),
        pytest.param(
            [asked("node", "a", options=AUTO, is_returned=True), asked("node", "b", options=KEEP, is_returned=True)],
            "auto",
            ["b"],
            id="two of the other end, by name",
        ),
    ],
)
def test_whose_options_count(items: list[Asked], mode: str, set_aside: list[str]) -> None:
    for order in permutations(items):
        planned = plan(*order)
        assert only(planned).next_hop_mode == mode
        assert list(refused(planned)) == set_aside


def test_who_was_set_aside_leaves_nothing() -> None:
    planned = plan(asked("global", "g", options=AUTO), asked("node", "n", options=KEEP))
    assert only(planned).roles == ("global",)
    assert refused(planned) == {
        "n": "spec.nextHopMode: Keep: on node 'n1' expected Auto for 10.0.0.2: BGPPeer 'g' comes first"
    }


@pytest.mark.parametrize(
    "items",
    [
        pytest.param([asked("mesh", options=PeerOptions(password=ONE)), asked("global")], id="of the mesh"),
        pytest.param([asked("global", "a"), asked("node", options=PeerOptions(password=ONE))], id="of one record"),
        pytest.param(
            [asked("global", "a"), asked("node", options=PeerOptions(password=ONE), is_returned=True)],
            id="of the other end's record",
        ),
    ],
)
def test_a_password_that_anybody_asks_for_is_never_lost(items: list[Asked]) -> None:
    assert only(plan(*items)).password == ONE


def test_two_passwords_are_a_contradiction_and_neither_is_shown() -> None:
    planned = plan(
        asked("node", "a", options=PeerOptions(password=ONE)), asked("node", "b", options=PeerOptions(password=TWO))
    )
    assert only(planned).password == ONE
    assert refused(planned) == {
        "b": "spec.password.secretKeyRef: set: on node 'n1' expected the same secret for 10.0.0.2: "
        "BGPPeer 'a' comes first"
    }


@pytest.mark.parametrize(
    ("items", "numbers", "set_aside"),
    [
        pytest.param([asked("mesh"), asked("global", "a", local_as=1)], (64512, 64512), ["a"], id="Node records first"),
        pytest.param(
            [asked("node", "b", local_as=1), asked("global", "z")], (64512, 64512), ["b"], id="global before node"
        ),
        pytest.param([asked("node", "b", local_as=1), asked("node", "a", local_as=2)], (2, 64512), ["b"], id="by name"),
        pytest.param(
            [asked("node", "a", local_as=1), asked("node", "b", peer_as=2, is_returned=True)],
            (1, 64512),
            ["b"],
            id="by name in either direction, so that both ends decide alike",
        ),
        pytest.param(
            [asked("node", "a", peer_as=2, is_one_sided=True), asked("node", "b", is_returned=True)],
            (64512, 64512),
            ["a"],
            id="records with two ends before those with one",
        ),
    ],
)
def test_whose_as_numbers_count(items: list[Asked], numbers: tuple[int, int], set_aside: list[str]) -> None:
    for order in permutations(items):
        planned = plan(*order)
        assert (only(planned).local_as, only(planned).peer_as) == numbers
        assert list(refused(planned)) == set_aside


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        pytest.param(
            asked("node", "p", local_as=1),
            "spec.localASNumber: 1: on node 'n1' expected 64512 for 10.0.0.2: the mesh comes first",
            id="own AS number",
        ),
        pytest.param(
            asked("node", "p", peer_as=1),
            "spec.asNumber: 1: on node 'n1' expected 64512 for 10.0.0.2: the mesh comes first",
            id="the peer's",
        ),
        pytest.param(
            asked("node", "p", peer_as=1, is_returned=True),
            "spec.localASNumber: 1: on node 'n1' expected 64512 for 10.0.0.2: the mesh comes first",
            id="the peer's as the other end's record says",
        ),
    ],
)
def test_as_reasons(item: Asked, reason: str) -> None:
    assert refused(plan(item, asked("mesh"))) == {"p": reason}


def test_order_never_matters() -> None:
    items = [asked("mesh"), asked("global", passive=True), asked("node", options=KEEP), asked("node", "x", local_as=9)]
    assert len({plan(*order) for order in permutations(items)}) == 1


def test_the_same_session_twice_is_said_once() -> None:
    assert plan(asked("mesh"), asked("mesh")) == plan(asked("mesh"))


def test_sorted_by_family_address_port() -> None:
    planned = plan(
        asked("mesh", remote_address="fd00::2", local_address="fd00::1"),
        asked("mesh", remote_address="10.0.0.10"),
        asked("mesh", remote_address="10.0.0.9", port=1790),
        asked("mesh", remote_address="10.0.0.9"),
    )
    assert [(item.remote_address, item.port) for item in planned.sessions] == [
        ("10.0.0.9", 179),
        ("10.0.0.9", 1790),
        ("10.0.0.10", 179),
        ("fd00::2", 179),
    ]


def test_routers_to_peers() -> None:
    via = PeerOptions(reachable_by="10.0.0.254")
    planned = plan(asked("node", options=via), asked("node", options=via, port=1790))
    assert planned.static_routes == (StaticRoute("10.0.0.2/32", "10.0.0.254"),)


def test_what_was_left_out_before_is_passed_on() -> None:
    item = Quarantined("Node", "n9", "why")
    assert plan(item).refused == {item}


def test_node_records_never_contradict_one_another() -> None:
    with pytest.raises(AssertionError, match=r"disagree on the AS numbers of \('10\.0\.0\.2', 179\)"):
        plan(asked("mesh"), asked("mesh", peer_as=65001))
