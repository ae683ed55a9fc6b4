"""Tests of tortie.fabric.merge: one session for each pair of endpoints."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from tortie.fabric import SessionIntent
from tortie.fabric.merge import merge_sessions


def session(role: str, **changes: Any) -> SessionIntent:  # noqa: ANN401 - any field
    base = SessionIntent(
        remote_address="10.0.0.2",
        local_address="10.0.0.1",
        local_as=64512,
        peer_as=64512,
        families=("ipv4",),
        roles=(role,),
        description=role,
    )
    return replace(base, **changes)


def test_roles_add_up() -> None:
    (merged,) = merge_sessions([session("mesh"), session("global"), session("node")])
    assert merged.roles == ("global", "mesh", "node")
    assert merged.description == "global; node; mesh"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"remote_address": "10.0.0.3"}, id="remote address"),
        pytest.param({"local_address": "10.0.0.9"}, id="local address"),
        pytest.param({"port": 1790}, id="port"),
    ],
)
def test_identity(other: dict[str, object]) -> None:
    assert len(merge_sessions([session("mesh"), session("global", **other)])) == 2


@pytest.mark.parametrize(
    ("one", "other", "expected"), [(True, True, True), (True, False, False), (False, False, False)]
)
def test_it_waits_only_if_all_would(one: bool, other: bool, expected: bool) -> None:
    (merged,) = merge_sessions([session("global", passive=one), session("node", passive=other)])
    assert merged.passive is expected


def test_it_is_a_client_if_it_is_one_by_any() -> None:
    (merged,) = merge_sessions([session("global"), session("node", is_client=True)])
    assert merged.is_client


def test_the_most_deliberate_records_next_hop_mode_counts() -> None:
    sessions = [
        session("mesh", next_hop_mode="self"),
        session("node", next_hop_mode="keep"),
        session("global", next_hop_mode="auto"),
    ]
    assert merge_sessions(sessions)[0].next_hop_mode == "auto"
    assert merge_sessions(sessions[:2])[0].next_hop_mode == "keep"


def test_order_never_matters() -> None:
    sessions = [session("mesh"), session("global", passive=True), session("node", next_hop_mode="keep")]
    assert len({merge_sessions(order) for order in permutations(sessions)}) == 1


def test_the_same_session_twice_is_said_once() -> None:
    assert merge_sessions([session("mesh"), session("mesh")]) == (session("mesh"),)


def test_sorted_by_family_address_port() -> None:
    sessions = [
        session("mesh", remote_address="fd00::2", local_address="fd00::1"),
        session("mesh", remote_address="10.0.0.10"),
        session("mesh", remote_address="10.0.0.9", port=1790),
        session("mesh", remote_address="10.0.0.9"),
    ]
    assert [(item.remote_address, item.port) for item in merge_sessions(sessions)] == [
        ("10.0.0.9", 179),
        ("10.0.0.9", 1790),
        ("10.0.0.10", 179),
        ("fd00::2", 179),
    ]


def test_contradictions_are_set_aside_before() -> None:
    with pytest.raises(AssertionError, match=r"disagree on the AS numbers of 10\.0\.0\.2"):
        merge_sessions([session("mesh"), session("global", peer_as=65001)])
