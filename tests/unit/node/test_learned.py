"""What the host offers to BGP."""

import pytest

from tortie.bgp.wire.nlri import address_from_text, prefix_from_text
from tortie.node.interface import SCOPE_HOST, SCOPE_LINK, SCOPE_UNIVERSE, InterfaceAddress, Link
from tortie.node.learned import LearnedPrefixes, Prefix, direct_prefixes, is_ignored_interface, is_learnable
from tortie.node.route import ROUTE_PROTOCOL, NextHop, Route, RouteKind, blackhole_route, unicast_route


def prefix(text: str) -> Prefix:
    return Prefix(*prefix_from_text(text))


def address(index: int, own: str, connected: str, scope: int = SCOPE_UNIVERSE) -> InterfaceAddress:
    family, nlri = prefix_from_text(connected)
    return InterfaceAddress(index, family, address_from_text(own), nlri, scope)


WAY = NextHop(b"\x0a\x00\x00\x09", 3)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (unicast_route(WAY, protocol=3), True),
        (unicast_route(WAY, protocol=4), True),
        (unicast_route(WAY, protocol=186), True),
        (blackhole_route(protocol=3), True),
        (unicast_route(WAY, protocol=2), False),
        (unicast_route(WAY, protocol=1), False),
        (unicast_route(WAY, protocol=0), False),
        (unicast_route(WAY, protocol=ROUTE_PROTOCOL), False),
        (Route(RouteKind.LOCAL, 3), False),
        (Route(RouteKind.THROW, 3), False),
    ],
    ids=[
        "boot", "static", "other-daemon", "blackhole", "kernel", "redirect", "unspecified", "own", "local", "throw",
    ],
)  # fmt: skip
def test_is_learnable(route: Route, expected: bool) -> None:
    assert is_learnable(route) is expected


@pytest.mark.parametrize(
    ("name", "ignored", "expected"),
    [
        ("eth0", (), False),
        ("cali0123456789a", (), True),
        ("kube-ipvs0", (), True),
        ("docker0", ("docker0",), True),
        ("docker01", ("docker0",), False),
        ("veth12", ("docker0", "veth*"), True),
        ("Eth0", ("eth*",), False),
    ],
    ids=["usual", "cali-always", "ipvs-always", "name", "whole-name", "glob", "case-counts"],
)
def test_is_ignored_interface(name: str, ignored: tuple[str, ...], expected: bool) -> None:
    assert is_ignored_interface(name, ignored) is expected


LINKS = [
    Link(1, "lo", is_up=True),
    Link(2, "eth0", is_up=True),
    Link(3, "eth1", is_up=False),
    Link(4, "cali1", is_up=True),
    Link(5, "docker0", is_up=True),
]


def test_direct_prefixes() -> None:
    addresses = [
        address(1, "127.0.0.1", "127.0.0.0/8", SCOPE_HOST),
        address(1, "192.0.2.1", "192.0.2.1/32"),
        address(2, "10.0.0.1", "10.0.0.0/24"),
        address(2, "10.7.0.1", "10.8.0.1/32"),
        address(2, "fd00::1", "fd00::/64"),
        address(2, "fe80::1", "fe80::/64", SCOPE_LINK),
        address(3, "10.1.0.1", "10.1.0.0/24"),
        address(4, "10.2.0.1", "10.2.0.0/24"),
        address(5, "172.17.0.1", "172.17.0.0/16"),
        address(9, "10.3.0.1", "10.3.0.0/24"),
    ]
    expected = {prefix(text) for text in ("192.0.2.1/32", "10.0.0.0/24", "10.8.0.1/32", "fd00::/64")}
    assert direct_prefixes(LINKS, addresses, ("docker*",)) == expected


def test_a_prefix_is_offered_as_long_as_anything_brings_it() -> None:
    learned = LearnedPrefixes()
    ten = prefix("10.0.0.0/24")
    learned.add(ten)
    learned.set_direct(frozenset({ten}))
    assert learned.take_changes() == ((ten,), ())
    learned.discard(ten)
    assert learned.take_changes() == ((), ())
    assert learned.prefixes == {ten}
    learned.set_direct(frozenset())
    assert learned.take_changes() == ((), (ten,))
    assert len(learned) == 0


def test_what_came_and_went_between_two_looks_is_no_change() -> None:
    learned = LearnedPrefixes()
    ten, eleven = prefix("10.0.0.0/24"), prefix("11.0.0.0/24")
    learned.add(ten)
    learned.discard(ten)
    assert learned.take_changes() == ((), ())
    learned.add(eleven)
    learned.take_changes()
    learned.discard(eleven)
    learned.add(eleven)
    assert learned.take_changes() == ((), ())


def test_discarding_what_is_not_there_does_nothing() -> None:
    learned = LearnedPrefixes()
    learned.discard(prefix("10.0.0.0/24"))
    assert learned.take_changes() == ((), ())


def test_prefix_text() -> None:
    assert prefix("fd00::/64").text == "fd00::/64"
