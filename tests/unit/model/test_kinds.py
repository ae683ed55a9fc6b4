"""The table of kinds."""

import pytest

from tortie.model import KINDS, UnknownKind, find_kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_of_a_kind_finds_it(kind: str) -> None:
    info = KINDS[kind]
    for name in (kind, kind.lower(), kind.upper(), info.plural, info.message_name, *info.aliases):
        assert find_kind(name) is info
    assert info.kind == kind


def test_no_name_is_taken_twice() -> None:
    names = [name for kind, info in KINDS.items() for name in {kind.lower(), info.plural, *info.aliases}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("nodes", "Node"),
        ("no", "Node"),
        ("bgpPeer", "BGPPeer"),
        ("bgppeers", "BGPPeer"),
        ("bps", "BGPPeer"),
        ("bgpconfig", "BGPConfiguration"),
        ("ipPool", "IPPool"),
        ("pool", "IPPool"),
        ("wep", "WorkloadEndpoint"),
        ("workloadEndpoints", "WorkloadEndpoint"),
        ("rr", "RouteReflector"),
    ],
)
def test_what_people_type(typed: str, kind: str) -> None:
    assert find_kind(typed).kind == kind


def test_spelling_in_messages() -> None:
    assert [KINDS[kind].message_name for kind in ("Node", "BGPPeer", "IPPool", "BGPConfiguration")] == [
        "node",
        "bgpPeer",
        "ipPool",
        "BGPConfiguration",
    ]


def test_unknown_kind() -> None:
    with pytest.raises(UnknownKind, match=r"resource type 'bgppere' is not supported .did you mean 'BGPPeer'"):
        find_kind("bgppere")
