"""Events of the real kernel."""

import pytest

from lab.kernel_namespace import in_namespace, ip, ip_batch
from tortie.bgp.wire import IPV4_UNICAST
from tortie.bgp.wire.nlri import address_from_text
from tortie.node.interface import InterfaceAddress, Link
from tortie.node.kernel_event import AddressChanged, LinkChanged, ResyncNeeded, RouteChanged
from tortie.node.netlink import RouteSocket
from tortie.node.netlink_monitor import RouteMonitor
from tortie.node.resolver import is_link_local
from tortie.node.route import TABLE_MAIN, NextHop, RouteKey, blackhole_route, route_key, unicast_route
from tortie.node.route_change import RouteOperation, RouteRequest


def main_table(monitor: RouteMonitor) -> list[RouteChanged]:
    """The events of the main table, without the link-local routes that come when an interface has found its feet."""
    changes = [event for event in monitor.read() if isinstance(event, RouteChanged)]
    return [each for each in changes if each.key.table == TABLE_MAIN and not is_link_local(each.key.nlri[1:].ljust(16))]


@in_namespace
def test_routes_of_both_families_come_change_and_go() -> None:
    with RouteSocket() as socket, RouteMonitor() as monitor:
        index = next(link.index for link in socket.dump_links() if link.name == "v0")
        ip_batch("""
            route add 10.1.2.0/26 via 10.0.0.9 proto 77
            route replace 10.1.2.0/26 via 10.0.0.8 proto 77
            route del 10.1.2.0/26
            route add blackhole fd01::/64 proto 77
        """)
        key = route_key("10.1.2.0/26")
        first, second = (unicast_route(NextHop(address_from_text(text), index)) for text in ("10.0.0.9", "10.0.0.8"))
        assert main_table(monitor) == [
            RouteChanged(key, first, is_gone=False),
            RouteChanged(key, second, is_gone=False),
            RouteChanged(key, second, is_gone=True),
            RouteChanged(route_key("fd01::/64"), blackhole_route(), is_gone=False),
        ]
        assert main_table(monitor) == []


@in_namespace
def test_links_and_addresses() -> None:
    with RouteSocket() as socket, RouteMonitor() as monitor:
        index = next(link.index for link in socket.dump_links() if link.name == "v0")
        ip_batch("""
            addr add 10.5.0.1/24 dev v0
            addr del 10.5.0.1/24 dev v0
            link set v0 down
            link del v0
        """)
        events = monitor.read()
        added = InterfaceAddress(index, IPV4_UNICAST, address_from_text("10.5.0.1"), route_key("10.5.0.0/24").nlri)
        assert AddressChanged(added, is_gone=False) in events
        assert AddressChanged(added, is_gone=True) in events
        down = Link(index, "v0", is_up=False, mtu=1500)
        assert LinkChanged(down, is_gone=False) in events
        assert LinkChanged(down, is_gone=True) in events


@in_namespace
def test_what_an_ignored_socket_causes_is_not_reported() -> None:
    with RouteSocket() as ours, RouteSocket() as other, RouteMonitor(ignored_port_ids=[ours.port_id]) as monitor:
        requests = [
            RouteRequest(RouteOperation.CREATE, RouteKey(IPV4_UNICAST, bytes((32, 10, 1, 2, index))), blackhole_route())
            for index in range(200)
        ]
        assert ours.apply(requests) == []
        assert main_table(monitor) == []
        deletion = requests[0]._replace(operation=RouteOperation.DELETE)
        assert other.apply([deletion]) == []
        assert main_table(monitor) == [RouteChanged(deletion.key, blackhole_route(), is_gone=True)]


@in_namespace
def test_an_overrun_is_an_event_and_the_monitor_lives_on() -> None:
    with RouteSocket() as socket, RouteMonitor(buffer_bytes=10_000) as monitor:
        requests = [
            RouteRequest(RouteOperation.CREATE, RouteKey(IPV4_UNICAST, bytes((32, 10, 1, 2, index))), blackhole_route())
            for index in range(200)
        ]
        assert socket.apply(requests) == []
        events = monitor.read()
        assert any(isinstance(event, ResyncNeeded) for event in events)
        assert len(events) < len(requests)
        ip("route add blackhole 10.9.0.0/16")
        assert main_table(monitor) == [RouteChanged(route_key("10.9.0.0/16"), blackhole_route(3), is_gone=False)]


@pytest.mark.parametrize("datagrams", [1, 3])
@in_namespace
def test_one_look_takes_a_bounded_number(datagrams: int) -> None:
    with RouteMonitor() as monitor:
        ip_batch("\n".join(f"route add blackhole 10.{index}.0.0/16" for index in range(1, 5)))
        first = monitor.read(datagrams)
        assert len(first) == datagrams
        rest = monitor.read()
        keys = [event.key for event in (*first, *rest) if isinstance(event, RouteChanged)]
        assert [key for key in keys if key.family == IPV4_UNICAST] == [
            route_key(f"10.{index}.0.0/16") for index in range(1, 5)
        ]
