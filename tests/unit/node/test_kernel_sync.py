"""Every decision of the kernel synchronisation, against a kernel in memory."""

import errno

import pytest

from tortie.bgp.wire import IPV6_UNICAST
from tortie.bgp.wire.nlri import address_from_text, prefix_from_text
from tortie.node.interface import Link
from tortie.node.kernel_event import ResyncNeeded, RouteChanged
from tortie.node.kernel_state import STATUS_ENTRIES_MAX, KernelSyncConfig
from tortie.node.learned import Prefix
from tortie.node.resolver import Resolution
from tortie.node.route import NextHop, RouteKey, blackhole_route, route_key, unicast_route
from tortie.node.route_change import RouteOperation, RouteRequest
from unit.node.fake_kernel import CALI1, CONNECTED, CONNECTED_KEY, ETH0, FakeKernel, Host, address, way

DEFAULT = route_key("0.0.0.0/0")


def prefix(text: str) -> Prefix:
    return Prefix(*prefix_from_text(text))


# ---------------------------------------------------------------- what is asked for


def test_a_best_path_is_written_with_the_resolved_next_hop() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    assert host.take_requests() == [RouteRequest(RouteOperation.CREATE, key, way("10.0.0.9"))]
    assert host.sync.is_in_sync
    assert host.sync.status().installed == 1


def test_nothing_is_written_before_the_first_scan() -> None:
    host = Host()
    host.bgp("10.1.2.0/26", "10.0.0.9")
    assert host.sync.next_requests(10) == []
    assert not host.sync.is_in_sync
    assert host.sync.scan_reason == "start"


def test_an_equal_next_hop_is_no_message() -> None:
    host = Host()
    host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.take_requests()
    host.bgp("10.1.2.0/26", "10.0.0.9")
    assert not host.sync.has_work
    host.settle()
    assert host.take_requests() == []


def test_a_changed_next_hop_is_a_replace() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.take_requests()
    host.bgp("10.1.2.0/26", "10.0.0.8")
    host.settle()
    assert host.take_requests() == [RouteRequest(RouteOperation.REPLACE, key, way("10.0.0.8"))]


def test_a_withdrawal_deletes() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.bgp("10.1.2.0/26")
    host.settle()
    assert key not in host.kernel.routes
    assert host.sync.status().installed == 0
    host.bgp("10.1.2.0/26")
    assert not host.sync.has_work


def test_several_next_hops_are_one_route_with_several_ways() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9", "10.0.0.8")
    host.settle()
    ways = (NextHop(address_from_text("10.0.0.8"), 3), NextHop(address_from_text("10.0.0.9"), 3))
    assert host.kernel.routes[key] == unicast_route(*ways)


@pytest.mark.rfc("2545", "3")
def test_a_next_hop_of_32_octets_counts_by_its_global_address() -> None:
    host = Host()
    host.kernel.put(route_key("fd00::/64"), unicast_route(NextHop(b"", 3), protocol=2))
    key = route_key("fd01::/64")
    both = address_from_text("fd00::9") + address_from_text("fe80::9")
    host.sync.set_bgp_routes(IPV6_UNICAST, [(key.nlri, (both,))])
    host.settle()
    assert host.kernel.routes[key] == way("fd00::9")
    assert host.sync.resolution(both) == Resolution(way("fd00::9").next_hops, 1024)


def test_blackholes_and_workloads() -> None:
    host = Host()
    host.kernel.links[8] = CALI1
    host.sync.set_blackholes(["10.1.2.0/26", "10.1.2.7/32"])
    host.sync.set_workloads([("10.1.2.7/32", "cali1")])
    host.settle()
    assert host.kernel.own() == {
        route_key("10.1.2.0/26"): blackhole_route(),
        route_key("10.1.2.7/32"): unicast_route(NextHop(b"", 8)),
    }
    host.sync.set_workloads([])
    host.sync.set_blackholes(["10.1.2.7/32"])
    host.settle()
    assert host.kernel.own() == {route_key("10.1.2.7/32"): blackhole_route()}


def test_bgp_does_not_draw_away_an_own_block() -> None:
    host = Host()
    host.sync.set_blackholes(["10.1.2.0/26"])
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    assert host.kernel.routes[key] == blackhole_route()
    host.sync.set_blackholes([])
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.9")


def test_a_workload_waits_for_its_interface() -> None:
    host = Host()
    host.sync.set_workloads([("10.1.2.7/32", "cali1")])
    host.settle()
    assert host.sync.status().waiting == 1
    host.kernel.put_link(Link(8, "cali1", is_up=False))
    host.settle()
    assert host.kernel.own() == {}
    host.kernel.put_link(CALI1)
    host.settle()
    assert host.kernel.own() == {route_key("10.1.2.7/32"): unicast_route(NextHop(b"", 8))}
    host.kernel.remove_link(8)
    host.settle()
    host.kernel.put_link(Link(9, "cali1", is_up=True))
    host.settle()
    assert host.kernel.own() == {route_key("10.1.2.7/32"): unicast_route(NextHop(b"", 9))}


# ---------------------------------------------------------------- next hops


def test_next_hops_follow_the_foreign_routes() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "192.0.2.9")
    host.settle()
    assert host.sync.status().unreachable_next_hops == ("192.0.2.9",)
    host.kernel.put(DEFAULT, way("10.0.0.254", protocol=16))
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.254")
    host.kernel.put(route_key("192.0.2.0/24"), way("10.0.0.3", protocol=3))
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.3")
    host.take_requests()
    host.kernel.remove(route_key("192.0.2.0/24"))
    host.settle()
    assert host.take_requests() == [RouteRequest(RouteOperation.REPLACE, key, way("10.0.0.254"))]
    host.kernel.remove(DEFAULT)
    host.settle()
    assert key not in host.kernel.routes
    assert host.sync.status().waiting == 1


def test_changes_of_next_hops_are_reported_but_not_their_first_answer() -> None:
    host = Host()
    host.bgp("10.1.2.0/26", "192.0.2.9")
    host.settle()
    assert host.sync.take_next_hop_changes() == []
    host.kernel.put(DEFAULT, way("10.0.0.254", protocol=16))
    host.settle()
    resolution = Resolution(way("10.0.0.254").next_hops, 0)
    assert host.sync.take_next_hop_changes() == [(address_from_text("192.0.2.9"), resolution)]
    assert host.sync.take_next_hop_changes() == []
    assert host.sync.resolution(address_from_text("192.0.2.9")) == resolution


def test_a_route_that_bgp_brought_resolves_no_next_hop() -> None:
    """A node that announces its own address as a /32 must not unresolve itself."""
    host = Host()
    own_address = host.bgp("10.0.0.9/32", "10.0.0.9")
    block = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    assert host.kernel.own() == {own_address: way("10.0.0.9"), block: way("10.0.0.9")}
    host.kernel.put(route_key("192.0.2.0/24"), way("10.0.0.3", protocol=3))  # everything is resolved again
    host.settle()
    assert host.kernel.own() == {own_address: way("10.0.0.9"), block: way("10.0.0.9")}


def test_a_workload_is_a_next_hop_and_an_own_block_is_none() -> None:
    host = Host()
    host.kernel.links[8] = CALI1
    host.sync.set_blackholes(["10.1.2.0/26"])
    host.sync.set_workloads([("10.1.2.7/32", "cali1")])
    behind_workload = host.bgp("198.51.100.0/24", "10.1.2.7")
    behind_block = host.bgp("203.0.113.0/24", "10.1.2.8")
    host.settle()
    assert host.kernel.routes[behind_workload] == way("10.1.2.7", 8)
    assert behind_block not in host.kernel.routes


@pytest.mark.rfc("4271", "5.1.3")
def test_an_own_address_is_no_next_hop() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.1")
    host.settle()
    assert key not in host.kernel.routes
    host.kernel.remove_address(address("10.0.0.1/24"))
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.1")
    host.kernel.put_address(address("10.0.0.1/24"))
    host.settle()
    assert key not in host.kernel.routes


def test_a_next_hop_nobody_uses_is_forgotten() -> None:
    host = Host()
    host.bgp("10.1.2.0/26", "192.0.2.9")
    host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    assert host.sync.status().unreachable_next_hops == ()
    assert host.sync.resolution(address_from_text("192.0.2.9")) is None


# ---------------------------------------------------------------- repair


def test_what_others_delete_or_change_is_repaired() -> None:
    host = Host()
    deleted, changed = host.bgp("10.1.2.0/26", "10.0.0.9"), host.bgp("10.1.3.0/26", "10.0.0.9")
    host.settle()
    host.kernel.remove(deleted)
    host.kernel.put(changed, way("10.0.0.66"))
    host.settle()
    assert host.kernel.own() == {deleted: way("10.0.0.9"), changed: way("10.0.0.9")}
    assert host.sync.status().repaired == 2


def test_a_route_of_our_protocol_that_nobody_asked_for_is_deleted() -> None:
    host = Host()
    host.settle()
    host.kernel.put(route_key("10.66.0.0/16"), way("10.0.0.66"))
    host.settle()
    assert host.kernel.own() == {}
    assert host.sync.status().repaired == 1


def test_what_a_scan_finds_is_repaired_without_any_event() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    del host.kernel.routes[key]
    host.sync.apply(ResyncNeeded("lost"))
    assert not host.sync.is_in_sync
    assert host.settle() == 1
    assert host.kernel.own() == {key: way("10.0.0.9")}
    status = host.sync.status()
    assert (status.repaired, status.resyncs, status.scans) == (1, 1, 2)


def test_an_interface_that_goes_down_is_followed_by_a_scan() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.kernel.put_link(Link(3, "eth0", is_up=False, mtu=1500))
    assert host.settle() == 1
    assert host.kernel.own() == {}
    host.kernel.put_link(ETH0)
    host.kernel.put(CONNECTED_KEY, CONNECTED)
    assert host.settle() == 0
    assert host.kernel.own() == {key: way("10.0.0.9")}


def test_an_appended_route_is_looked_at_by_a_scan() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.sync.apply(RouteChanged(key, way("10.0.0.5", protocol=3), is_gone=False, is_appended=True))
    assert host.settle() == 1
    assert host.kernel.own() == {key: way("10.0.0.9")}


def test_a_deletion_that_does_not_fit_the_mirror_is_looked_at_by_a_scan() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.sync.apply(RouteChanged(key, way("10.0.0.5"), is_gone=True))
    assert host.settle() == 1
    host.sync.apply(RouteChanged(route_key("10.9.0.0/16"), way("10.0.0.5"), is_gone=True))
    assert host.settle() == 0


def test_behind_a_foreign_route_that_went_another_may_stand() -> None:
    host = Host()
    key = route_key("10.1.2.0/26")
    host.kernel.put(key, way("10.0.0.5", protocol=3))
    host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.kernel.remove(key)
    host.kernel.routes[key] = way("10.0.0.6", protocol=4)  # it stood behind; its coming to the front is no event
    assert host.settle() == 1
    assert host.take_requests() == []
    assert host.sync.status().conflicts == ("10.1.2.0/26 via 10.0.0.6 dev eth0 proto 4",)


@pytest.mark.parametrize(
    "key",
    [route_key("10.1.2.0/26", table=500), route_key("fe80::/64"), route_key("ff00::/8"), route_key("fe80::/10")],
    ids=["other-table", "link-local", "multicast", "all-link-local"],
)
def test_routes_that_cannot_matter_are_not_followed(key: RouteKey) -> None:
    host = Host()
    host.settle()
    host.kernel.put(key, way("10.0.0.66"))
    host.settle()
    assert host.take_requests() == []


@pytest.mark.parametrize("prefix_text", ["fe00::/9", "fe00::/7", "::/0"])
def test_routes_that_only_contain_link_local_are_followed(prefix_text: str) -> None:
    host = Host()
    host.settle()
    host.kernel.put(route_key(prefix_text), way("10.0.0.66"))
    host.settle()
    assert len(host.take_requests()) == 1


# ---------------------------------------------------------------- conflicts and refusals


def test_a_foreign_route_is_not_overwritten_and_reported() -> None:
    host = Host()
    key = route_key("10.1.2.0/26")
    host.kernel.put(key, way("10.0.0.5", protocol=3))
    host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    assert host.take_requests() == []
    status = host.sync.status()
    assert status.conflicts == ("10.1.2.0/26 via 10.0.0.5 dev eth0 proto 3",)
    assert (status.conflict_count, status.is_in_sync) == (1, True)
    host.kernel.remove(key)
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.9")
    assert host.sync.status().conflicts == ()


def test_a_foreign_route_that_takes_the_place_of_ours_is_a_conflict() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.kernel.put(key, way("10.0.0.5", protocol=3))
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.5", protocol=3)
    assert host.sync.status().conflict_count == 1
    host.bgp("10.1.2.0/26")
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.5", protocol=3)
    assert host.sync.status().conflict_count == 0


def test_a_route_that_came_unseen_is_found_by_a_scan_and_not_overwritten() -> None:
    host = Host()
    host.settle()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.kernel.routes[key] = way("10.0.0.5", protocol=3)  # no event yet
    assert host.settle() == 1
    assert host.kernel.routes[key] == way("10.0.0.5", protocol=3)
    assert host.sync.status().conflict_count == 1
    assert host.sync.is_in_sync


def test_a_creation_that_keeps_failing_is_a_failure_and_not_an_endless_scan() -> None:
    host = Host()
    host.settle()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.kernel.refused[key] = errno.EEXIST
    assert host.settle() == 1
    status = host.sync.status()
    assert (status.failed_count, status.is_in_sync) == (1, False)
    host.kernel.refused.clear()
    host.sync.load(host.kernel.snapshot())
    host.settle()
    assert host.sync.is_in_sync


def test_a_refused_route_is_reported_and_tried_again_after_a_scan() -> None:
    host = Host()
    bad, good = host.bgp("10.1.2.0/26", "10.0.0.9"), host.bgp("10.1.3.0/26", "10.0.0.9")
    host.kernel.refused[bad] = errno.ENETUNREACH
    host.settle()
    status = host.sync.status()
    text = "create 10.1.2.0/26 via 10.0.0.9 dev eth0 proto 77: ENETUNREACH (Network is unreachable)"
    assert (status.failed, status.last_error, status.failures) == ((text,), text, 1)
    assert not status.is_in_sync
    assert host.kernel.own() == {good: way("10.0.0.9")}
    host.sync.load(host.kernel.snapshot())
    host.settle()
    assert host.sync.status().failures == 2
    host.kernel.refused.clear()
    host.kernel.put_link(Link(3, "eth0", is_up=True, mtu=9000))
    host.settle()
    assert host.sync.is_in_sync
    assert host.sync.status().failed == ()


def test_a_refused_route_that_is_withdrawn_is_no_failure_any_more() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.kernel.refused[key] = errno.EINVAL
    host.settle()
    host.bgp("10.1.2.0/26")
    host.settle()
    assert host.sync.is_in_sync


def test_a_deletion_of_what_is_gone_is_no_failure() -> None:
    host = Host()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    del host.kernel.routes[key]
    host.bgp("10.1.2.0/26")
    host.settle()
    status = host.sync.status()
    assert (status.failures, status.installed, status.is_in_sync) == (0, 0, True)


@pytest.mark.parametrize("was_written", [False, True], ids=["not-written", "written"])
def test_after_unanswered_requests_a_scan_tells(was_written: bool) -> None:
    host = Host()
    host.settle()
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    requests = host.sync.next_requests(10)
    if was_written:
        host.kernel.apply(requests)
    host.sync.unanswered(requests, "write: no answer")
    assert not host.sync.is_in_sync
    assert host.settle() == 1
    assert host.kernel.own() == {key: way("10.0.0.9")}
    assert host.sync.is_in_sync
    assert host.sync.status().last_error == "write: no answer"


def test_a_failed_scan_is_asked_for_again() -> None:
    host = Host()
    host.settle()
    host.sync.scan_failed("scan: no answer")
    assert host.sync.scan_reason == "scan: no answer"
    assert not host.sync.is_in_sync
    host.settle()
    assert host.sync.is_in_sync


# ---------------------------------------------------------------- start and stop


def stale_host() -> tuple[Host, FakeKernel]:
    host = Host(is_swept=False)
    host.kernel.routes[route_key("10.1.2.0/26")] = way("10.0.0.9")
    host.kernel.routes[route_key("10.1.3.0/26")] = way("10.0.0.9")
    host.settle()
    return host, host.kernel


@pytest.mark.rfc("4724", "4.1")
def test_stale_routes_stay_until_the_sweep() -> None:
    host, kernel = stale_host()
    assert host.sync.status().stale == 2
    wanted = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    assert host.take_requests() == []
    assert host.sync.status().stale == 1
    host.sync.sweep()
    host.settle()
    assert kernel.own() == {wanted: way("10.0.0.9")}
    assert host.sync.status().stale == 0


def test_a_stale_route_that_bgp_brought_and_withdrew_goes_at_once() -> None:
    host, kernel = stale_host()
    host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    host.bgp("10.1.2.0/26")
    host.settle()
    assert set(kernel.own()) == {route_key("10.1.3.0/26")}


def test_a_stale_route_with_another_way_is_replaced() -> None:
    host, _ = stale_host()
    key = host.bgp("10.1.2.0/26", "10.0.0.8")
    host.settle()
    assert host.take_requests() == [RouteRequest(RouteOperation.REPLACE, key, way("10.0.0.8"))]


def test_a_stale_route_whose_next_hop_is_not_reachable_yet_stays() -> None:
    host, kernel = stale_host()
    key = host.bgp("10.1.2.0/26", "192.0.2.9")
    host.settle()
    assert key in kernel.routes
    host.sync.sweep()
    host.settle()
    assert kernel.own() == {}


def test_a_stale_route_that_somebody_deletes_is_not_kept() -> None:
    host, kernel = stale_host()
    kernel.remove(route_key("10.1.2.0/26"))
    host.settle()
    assert host.sync.status().stale == 1


def test_a_sweep_before_the_first_scan_counts() -> None:
    host = Host(is_swept=True)
    host.kernel.routes[route_key("10.1.2.0/26")] = way("10.0.0.9")
    host.settle()
    assert host.kernel.own() == {}


def test_all_deletions_are_of_our_routes_only() -> None:
    host = Host()
    host.kernel.put(DEFAULT, way("10.0.0.254", protocol=16))
    key = host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    assert host.sync.all_deletions() == [RouteRequest(RouteOperation.DELETE, key, way("10.0.0.9"))]


# ---------------------------------------------------------------- what the host offers


def test_learned_are_foreign_routes_and_connected_prefixes() -> None:
    host = Host()
    host.kernel.put(route_key("10.5.0.0/16"), way("10.0.0.5", protocol=3))
    host.bgp("10.1.2.0/26", "10.0.0.9")
    host.settle()
    assert host.sync.learned() == {prefix("10.5.0.0/16"), prefix("10.0.0.0/24")}
    assert host.sync.take_learned_changes() == ((prefix("10.5.0.0/16"), prefix("10.0.0.0/24")), ())
    host.kernel.remove(route_key("10.5.0.0/16"))
    host.sync.set_ignored_interfaces(["eth*"])
    host.settle()
    assert host.sync.take_learned_changes() == ((), (prefix("10.5.0.0/16"), prefix("10.0.0.0/24")))
    assert host.sync.status().learned == 0


def test_the_same_prefix_at_two_metrics_is_learned_once_and_until_both_are_gone() -> None:
    host = Host(KernelSyncConfig(direct=False))
    first, second = route_key("10.5.0.0/16"), route_key("10.5.0.0/16", metric=7)
    host.kernel.put(first, way("10.0.0.5", protocol=3))
    host.kernel.put(second, way("10.0.0.6", protocol=3))
    host.settle()
    assert host.sync.take_learned_changes() == ((prefix("10.5.0.0/16"),), ())
    host.kernel.put(first, way("10.0.0.7", protocol=3))
    host.kernel.remove(second)
    host.settle()
    assert host.sync.take_learned_changes() == ((), ())
    assert host.sync.learned() == {prefix("10.5.0.0/16")}


def test_neither_learn_nor_direct() -> None:
    host = Host(KernelSyncConfig(learn=False, direct=False))
    host.kernel.put(route_key("10.5.0.0/16"), way("10.0.0.5", protocol=3))
    host.settle()
    assert host.sync.learned() == frozenset()


@pytest.mark.parametrize("count", [STATUS_ENTRIES_MAX, STATUS_ENTRIES_MAX + 1], ids=["at-the-limit", "beyond"])
def test_lists_in_a_status_are_bounded_and_counts_are_not(count: int) -> None:
    host = Host()
    for index in range(count):
        key = host.bgp(f"10.1.{index}.0/24", "10.0.0.9")
        host.kernel.routes[key] = way("10.0.0.5", protocol=3)
    host.settle()
    status = host.sync.status()
    assert (status.conflict_count, len(status.conflicts)) == (count, STATUS_ENTRIES_MAX)


def test_a_metric_and_a_table_of_our_own() -> None:
    host = Host(KernelSyncConfig(metric_v4=50, table=500))
    host.sync.set_blackholes(["10.1.2.0/26"])
    host.settle()
    assert host.kernel.own() == {route_key("10.1.2.0/26", metric=50, table=500): blackhole_route()}


# ---------------------------------------------------------------- peers behind a router


def test_a_peer_behind_a_router_is_reached_by_it_and_so_is_what_it_announces() -> None:
    host = Host()
    host.sync.set_statics([("192.0.2.1/32", "10.0.0.254")])
    learned = host.bgp("203.0.113.0/24", "192.0.2.1")
    host.settle()
    key = route_key("192.0.2.1/32")
    assert host.kernel.routes[key] == way("10.0.0.254")
    assert host.kernel.routes[learned] == way("10.0.0.254")
    host.sync.set_statics([("192.0.2.1/32", "10.0.0.253")])
    host.settle()
    assert host.kernel.routes[key] == host.kernel.routes[learned] == way("10.0.0.253")
    host.sync.set_statics([])
    host.settle()
    assert key not in host.kernel.routes
    assert learned not in host.kernel.routes


def test_the_way_to_a_peer_is_never_by_bgp() -> None:
    host = Host()
    key = host.bgp("192.0.2.1/32", "10.0.0.9")
    host.sync.set_statics([("192.0.2.1/32", "10.0.0.254")])
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.254")
    host.sync.set_statics([])
    host.settle()
    assert host.kernel.routes[key] == way("10.0.0.9")
    host.bgp("192.0.2.1/32")
    host.settle()
    assert key not in host.kernel.routes


def test_a_router_that_nobody_reaches_is_no_way() -> None:
    host = Host()
    host.sync.set_statics([("192.0.2.1/32", "198.51.100.1")])
    host.settle()
    assert route_key("192.0.2.1/32") not in host.kernel.routes
    host.kernel.put(route_key("198.51.100.0/24"), way("10.0.0.7", protocol=3))
    host.settle()
    assert host.kernel.routes[route_key("192.0.2.1/32")] == way("10.0.0.7")


def test_two_peers_behind_one_another_come_to_rest() -> None:
    host = Host()
    host.sync.set_statics([("10.0.0.7/32", "10.0.0.8"), ("10.0.0.8/32", "10.0.0.7")])
    host.settle()
    assert not host.sync.has_work
    assert set(host.kernel.routes) == {CONNECTED_KEY}
