"""KernelRoutes against the real kernel: every wait is for an event, with a deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from lab.kernel_namespace import in_namespace, ip, ip_batch, routes
from tortie.bgp.wire.nlri import address_from_text
from tortie.node.errors import DumpInterrupted, NetlinkTimeout
from tortie.node.interface import InterfaceAddress, Link
from tortie.node.kernel_event import RouteChanged
from tortie.node.kernel_routes import KernelRoutes, KernelRoutesConfig
from tortie.node.learned import Prefix
from tortie.node.netlink import RouteSocket
from tortie.node.netlink_monitor import RouteMonitor
from tortie.node.route import route_key
from tortie.node.route_change import RouteFailure, RouteRequest

DEADLINE_S = 10.0

Scenario = Callable[[], Coroutine[Any, Any, None]]


def run(scenario: Scenario) -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await scenario()

    asyncio.run(main())


@asynccontextmanager
async def running(kernel: KernelRoutes, *, persist: bool = True) -> AsyncIterator[KernelRoutes]:
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(kernel.run())
            await kernel.wait_scanned()
            await kernel.wait_settled()
            try:
                yield kernel
            finally:
                task.cancel()
    finally:
        kernel.close(persist=persist)


def set_bgp(kernel: KernelRoutes, prefix: str, *next_hops: str) -> None:
    key = route_key(prefix)
    kernel.set_bgp_routes(key.family, [(key.nlri, tuple(address_from_text(hop) for hop in next_hops))])


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; the caller's deadline ends it."""
    while not condition():  # noqa: ASYNC110 - what is waited for happens in the kernel, which sets no asyncio.Event
        await asyncio.sleep(0.002)


@in_namespace
def test_bgp_blackholes_and_workloads_are_written_and_persist() -> None:
    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig())) as kernel:
            kernel.sweep()
            set_bgp(kernel, "10.1.2.0/26", "10.0.0.9")
            set_bgp(kernel, "10.1.4.0/26", "10.0.0.9", "10.0.0.8")
            set_bgp(kernel, "fd01::/64", "fd00::9")
            kernel.set_blackholes(["10.1.3.0/26", "fd02::/64"])
            kernel.set_workloads([("10.1.3.7/32", "v1"), ("fd02::7/128", "v1")])
            await kernel.wait_settled()
            assert kernel.status().is_in_sync
            assert kernel.status().installed == 7

    run(scenario)
    assert routes() == [
        "10.1.2.0/26 via 10.0.0.9 dev v0",
        "blackhole 10.1.3.0/26",
        "10.1.3.7 dev v1 scope link",
        "10.1.4.0/26 nexthop via 10.0.0.8 dev v0 weight 1 nexthop via 10.0.0.9 dev v0 weight 1",
    ]
    assert sorted(line.split(" metric")[0] for line in routes(6)) == [
        "blackhole fd02::/64 dev lo",
        "fd01::/64 via fd00::9 dev v0",
        "fd02::7 dev v1",
    ]


@in_namespace
def test_each_batch_is_timed_and_nothing_lags_when_all_is_written() -> None:
    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig())) as kernel:
            before = kernel.write_times.count
            kernel.set_blackholes([f"10.{number >> 8}.{number & 255}.0/24" for number in range(2000)])
            kernel.set_blackholes([f"10.{number >> 8}.{number & 255}.0/24" for number in range(2001)])
            assert kernel.lag_s() >= 0
            await asyncio.sleep(0)
            await until(lambda: kernel.lag_s() > 0)  # some slices are written, the rest waits
            await kernel.wait_settled()
            assert kernel.lag_s() == 0
            assert kernel.write_times.count == before + 2, "two batches of two thousand: two observations"
            kernel.set_ignored_interfaces(["nothing-*"])
            await kernel.wait_settled()
            assert kernel.write_times.count == before + 2, "what leads to no write is no batch"

    run(scenario)


@in_namespace
def test_without_persist_only_our_routes_go() -> None:
    ip("route add blackhole 10.9.0.0/16 proto static")

    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig(persist=False)), persist=False) as kernel:
            kernel.set_blackholes(["10.1.3.0/26", "fd02::/64"])
            await kernel.wait_settled()
            assert len(routes()) == 1

    run(scenario)
    assert routes() == routes(6) == []
    assert routes(protocol="static") == ["blackhole 10.9.0.0/16"]


@pytest.mark.parametrize(
    "damage",
    [
        "route flush proto 77",
        "-6 route flush proto 77",
        "route replace 10.1.2.0/26 via 10.0.0.66 proto 77",
        "-6 route append fd01::/64 via fd00::66 proto 77",
        "-6 route del fd01::/64 via fd00::8",
        "route add 10.66.0.0/16 via 10.0.0.66 proto 77",
        "-6 route replace blackhole fd01::/64 proto 77",
    ],
    ids=["flush", "flush-v6", "change", "append-v6", "one-way-v6", "forged", "change-v6"],
)
@in_namespace
def test_what_others_do_is_repaired(damage: str) -> None:
    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig(scan_interval_s=3600.0))) as kernel:
            kernel.sweep()
            set_bgp(kernel, "10.1.2.0/26", "10.0.0.9")
            set_bgp(kernel, "fd01::/64", "fd00::9", "fd00::8")
            await kernel.wait_settled()
            before = routes(), routes(6)
            ip(damage)
            await until(lambda: kernel.status().repaired > 0 and kernel.status().is_in_sync)
            await until(lambda: (routes(), routes(6)) == before)

    run(scenario)


@in_namespace
def test_routes_behind_ours_go_with_it() -> None:
    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig(scan_interval_s=3600.0))) as kernel:
            kernel.sweep()
            set_bgp(kernel, "10.1.2.0/26", "10.0.0.9")
            await kernel.wait_settled()
            scans = kernel.status().scans
            ip("route append 10.1.2.0/26 via 10.0.0.66 proto 77")
            await until(lambda: kernel.status().scans > scans)
            set_bgp(kernel, "10.1.2.0/26")
            await until(lambda: routes() == [] and kernel.status().is_in_sync)

    run(scenario)


@in_namespace
def test_a_foreign_route_is_a_conflict_until_it_goes() -> None:
    ip("route add 10.1.2.0/26 via 10.0.0.5")

    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig())) as kernel:
            set_bgp(kernel, "10.1.2.0/26", "10.0.0.9")
            set_bgp(kernel, "10.0.0.0/24", "10.0.0.9")  # connected: the kernel's own
            await kernel.wait_settled()
            assert kernel.status().conflicts == (
                "10.1.2.0/26 via 10.0.0.5 dev v0 proto 3",
                "10.0.0.0/24 dev v0 proto 2 src 10.0.0.1",
            )
            assert routes() == []
            ip("route del 10.1.2.0/26 via 10.0.0.5")
            await until(lambda: kernel.status().conflict_count == 1)
            await kernel.wait_settled()
            assert routes() == ["10.1.2.0/26 via 10.0.0.9 dev v0"]

    run(scenario)


@in_namespace
def test_a_foreign_route_that_came_a_moment_ago_is_not_overwritten() -> None:
    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig())) as kernel:
            ip("route add 10.1.2.0/26 via 10.0.0.5")
            set_bgp(kernel, "10.1.2.0/26", "10.0.0.9")  # its event is not read yet
            await kernel.wait_settled()
            assert kernel.status().conflict_count == 1
            assert routes(protocol="boot") == ["10.1.2.0/26 via 10.0.0.5 dev v0"]

    run(scenario)


@in_namespace
def test_stale_routes_wait_for_the_sweep() -> None:
    ip_batch("""
        route add 10.1.2.0/26 via 10.0.0.9 proto 77
        route add 10.1.3.0/26 via 10.0.0.9 proto 77
        route add fd01::/64 via fd00::9 proto 77
    """)

    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig())) as kernel:
            with RouteMonitor() as monitor:
                assert kernel.status().stale == 3
                set_bgp(kernel, "10.1.2.0/26", "10.0.0.9")
                await kernel.wait_settled()
                touched = [event.key for event in monitor.read() if isinstance(event, RouteChanged)]
                assert not {route_key("10.1.2.0/26"), route_key("10.1.3.0/26"), route_key("fd01::/64")} & set(touched)
            assert len(routes()) == 2
            kernel.sweep()
            await kernel.wait_settled()
            assert routes() == ["10.1.2.0/26 via 10.0.0.9 dev v0"]
            assert routes(6) == []

    run(scenario)


@in_namespace
def test_next_hops_follow_routes_and_links() -> None:
    changes: list[tuple[bytes, object]] = []

    async def scenario() -> None:
        config = KernelRoutesConfig(scan_interval_s=3600.0)
        async with running(KernelRoutes(config, on_next_hops=changes.extend)) as kernel:
            set_bgp(kernel, "10.1.2.0/26", "192.0.2.9")
            await kernel.wait_settled()
            assert kernel.status().unreachable_next_hops == ("192.0.2.9",)
            ip("route add default via 10.0.0.254")
            await until(lambda: routes() == ["10.1.2.0/26 via 10.0.0.254 dev v0"])
            ip("route add 192.0.2.0/24 via 10.0.0.3")
            await until(lambda: routes() == ["10.1.2.0/26 via 10.0.0.3 dev v0"])
            ip("link set v0 down")  # IPv4 routes vanish without an event
            await until(lambda: kernel.status().installed == 0 and kernel.status().is_in_sync)
            ip("link set v0 up")
            ip("route add default via 10.0.0.254")
            await until(lambda: routes() == ["10.1.2.0/26 via 10.0.0.254 dev v0"])
            assert kernel.status().is_in_sync

    run(scenario)
    assert [resolution is not None for _, resolution in changes] == [True, True, False, True]


@in_namespace
def test_a_workload_interface_that_comes_later_and_is_made_anew() -> None:
    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig(scan_interval_s=3600.0))) as kernel:
            kernel.set_workloads([("10.1.3.7/32", "cali1")])
            await kernel.wait_settled()
            assert kernel.status().waiting == 1
            for _ in range(2):
                ip("link add cali1 type veth peer name c1")
                ip("link set cali1 up")
                await until(lambda: routes() == ["10.1.3.7 dev cali1 scope link linkdown"])
                ip("link del cali1")
                await until(lambda: routes() == [] and kernel.status().installed == 0)
            assert kernel.status().failures == 0

    run(scenario)


@in_namespace
def test_learned_prefixes_follow_the_host() -> None:
    told: list[tuple[set[str], set[str]]] = []

    def note(added: tuple[Prefix, ...], removed: tuple[Prefix, ...]) -> None:
        told.append(({prefix.text for prefix in added}, {prefix.text for prefix in removed}))

    async def scenario() -> None:
        ip("route add 10.5.0.0/16 via 10.0.0.5 proto static")
        async with running(KernelRoutes(KernelRoutesConfig(), on_learned=note)) as kernel:
            assert told == [({"10.5.0.0/16", "10.0.0.0/24", "fd00::/64"}, set())]
            told.clear()
            ip("route del 10.5.0.0/16")
            await until(lambda: told == [(set(), {"10.5.0.0/16"})])
            told.clear()
            ip("addr add 192.0.2.1/32 dev lo")
            await until(lambda: told == [({"192.0.2.1/32"}, set())])
            told.clear()
            kernel.set_ignored_interfaces(["v*"])
            await until(lambda: told == [(set(), {"10.0.0.0/24", "fd00::/64"})])
            assert {prefix.text for prefix in kernel.learned()} == {"192.0.2.1/32"}

    run(scenario)


@in_namespace
def test_a_refused_route_is_reported_with_the_kernels_words_and_tried_again() -> None:
    async def scenario() -> None:
        async with running(KernelRoutes(KernelRoutesConfig())) as kernel:
            set_bgp(kernel, "10.1.2.0/26", "10.0.0.255")  # covered by 10.0.0.0/24, but its broadcast address
            set_bgp(kernel, "10.1.3.0/26", "10.0.0.9")
            await kernel.wait_settled()
            status = kernel.status()
            assert not status.is_in_sync
            assert status.failed[0].startswith("create 10.1.2.0/26 via 10.0.0.255 dev v0 proto 77: E")
            assert status.failed[0].endswith("Nexthop has invalid gateway")
            assert status.last_error == status.failed[0]
            assert routes() == ["10.1.3.0/26 via 10.0.0.9 dev v0"]
            ip("addr del 10.0.0.1/24 dev v0")
            ip("addr add 10.0.0.1/16 dev v0")  # now it is an address like any other
            await until(lambda: kernel.status().is_in_sync and kernel.status().installed == 2)
            assert "10.1.2.0/26 via 10.0.0.255 dev v0" in routes()

    run(scenario)


@in_namespace
def test_an_overrun_ends_in_sync() -> None:
    async def scenario() -> None:
        kernel = KernelRoutes(KernelRoutesConfig(scan_interval_s=3600.0))
        kernel._monitor.close()
        kernel._monitor = RouteMonitor(ignored_port_ids=(kernel._socket.port_id,), buffer_bytes=5_000)
        async with running(kernel):
            kernel.set_blackholes([f"10.1.{index}.0/24" for index in range(250)])
            await kernel.wait_settled()
            resyncs = kernel.status().resyncs
            ip("route flush proto 77")
            await until(lambda: kernel.status().resyncs > resyncs)
            await until(lambda: len(routes()) == 250 and kernel.status().is_in_sync)

    run(scenario)


@in_namespace
def test_cancelling_in_the_middle_leaves_no_socket_in_disorder() -> None:
    async def scenario() -> None:
        kernel = KernelRoutes(KernelRoutesConfig())
        waiting: Awaitable[None]
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(kernel.run())
            waiting = tasks.create_task(kernel.wait_scanned())
            kernel.set_blackholes([f"10.1.{index}.0/24" for index in range(250)])
            await waiting
            task.cancel()
        kernel.close(persist=False)
        kernel.close(persist=True)

    run(scenario)
    assert routes() == []


class Faulty(RouteSocket):
    """A socket whose dumps or writes fail a few times, as a kernel under change or load makes them."""

    def __init__(self, *, interrupted: int = 0, unanswered_dumps: int = 0, unanswered_writes: int = 0) -> None:
        super().__init__()
        self.interrupted = interrupted
        self.unanswered_dumps = unanswered_dumps
        self.unanswered_writes = unanswered_writes

    def dump_links(self) -> list[Link]:
        if self.unanswered_dumps:
            self.unanswered_dumps -= 1
            raise NetlinkTimeout("no answer in 10 s")
        return super().dump_links()

    def dump_addresses(self) -> list[InterfaceAddress]:
        found = super().dump_addresses()
        if self.interrupted:
            self.interrupted -= 1
            raise DumpInterrupted("the table changed while it was read")
        return found

    def apply(self, requests: Sequence[RouteRequest]) -> list[RouteFailure]:
        failures = super().apply(requests)
        if requests and self.unanswered_writes:
            self.unanswered_writes -= 1
            raise NetlinkTimeout("no answer in 10 s")
        return failures


@pytest.mark.parametrize(
    ("faults", "scans", "last_error"),
    [
        ({"interrupted": 2}, 1, ""),
        ({"interrupted": 3}, 2, "scan: the table changed each time it was read"),
        ({"unanswered_dumps": 2}, 1, "scan: no answer in 10 s"),
        ({"unanswered_writes": 1}, 2, "write: no answer in 10 s"),
    ],
    ids=["interrupted", "interrupted-every-time", "scan-without-answer", "write-without-answer"],
)
@in_namespace
def test_faults_of_the_socket_end_in_sync(faults: dict[str, int], scans: int, last_error: str) -> None:
    async def scenario() -> None:
        kernel = KernelRoutes(KernelRoutesConfig(scan_interval_s=3600.0))
        kernel._socket.close()
        kernel._socket = Faulty(**faults)
        kernel.set_blackholes(["10.1.3.0/26"])
        async with running(kernel):
            status = kernel.status()
            assert (status.is_in_sync, status.installed, status.repaired) == (True, 1, 0)
            assert (status.scans, status.last_error) == (scans, last_error)
            assert routes() == ["blackhole 10.1.3.0/26"]

    run(scenario)
