"""Links and addresses mirrored."""

from tortie.bgp.wire.nlri import prefix_from_text
from tortie.node.interface import Link
from tortie.node.interface_table import InterfaceTable
from tortie.node.learned import Prefix
from unit.node.fake_kernel import address

LINKS = [Link(1, "lo", is_up=True), Link(2, "eth0", is_up=True), Link(3, "eth1", is_up=False)]


def test_interface_table_follows_links_by_name() -> None:
    table = InterfaceTable()
    assert table.load_links(LINKS) == {link.name for link in LINKS}
    assert table.load_links(LINKS) == set()
    assert table.set_link(Link(2, "wan0", is_up=True), is_gone=False) == {"eth0", "wan0"}
    assert "eth0" not in table.by_name
    assert table.by_name["wan0"].index == 2
    assert table.set_link(Link(2, "wan0", is_up=True), is_gone=True) == {"wan0"}
    assert table.set_link(Link(2, "wan0", is_up=True), is_gone=True) == set()
    assert not table.is_up(2)
    assert table.load_links(LINKS[:1]) == {link.name for link in LINKS[2:]}
    assert table.names() == {1: "lo"}


def test_a_name_that_moved_to_another_interface_stays_with_it() -> None:
    table = InterfaceTable()
    table.set_link(Link(2, "eth0", is_up=True), is_gone=False)
    table.set_link(Link(7, "eth0", is_up=True), is_gone=False)
    table.set_link(Link(2, "eth0", is_up=True), is_gone=True)
    assert table.by_name["eth0"].index == 7


def test_interface_table_leaves_link_local_addresses_out() -> None:
    table = InterfaceTable()
    table.load_links(LINKS)
    ten, local = address("10.0.0.1/24", 2), address("fe80::1/64", 2)
    assert table.load_addresses([ten, local])
    assert not table.load_addresses([ten])
    assert not table.set_address(local, is_gone=False)
    assert not table.set_address(ten, is_gone=False)
    assert table.own_addresses() == {b"\x0a\x00\x00\x01"}
    assert table.direct_prefixes(()) == {Prefix(*prefix_from_text("10.0.0.0/24"))}
    assert table.set_address(ten, is_gone=True)
    assert not table.set_address(ten, is_gone=True)
    assert table.own_addresses() == frozenset()
