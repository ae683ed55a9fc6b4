"""What a route costs, beside `ip`: the limits are wide, they catch a change of order, not a busy machine.

The figures are kept as properties of the test (`pytest --junitxml`), in routes a second and seconds.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.kernel_namespace import in_namespace
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.node.kernel_routes import KernelRoutes, KernelRoutesConfig
from tortie.node.netlink import RouteSocket
from tortie.node.route import IPV6_METRIC_DEFAULT, NextHop, Route, RouteKey, route_to_text, unicast_route
from tortie.node.route_change import RouteOperation, RouteRequest

pytestmark = pytest.mark.all

ROUTES = 20_000
ROUTES_A_SECOND_MIN = 40_000
DUMP_S_MAX = 0.3
GATEWAYS = 198

Record = Callable[[str, object], None]


def nlri(family: Family, index: int) -> bytes:
    low = index.to_bytes(2)
    return b"\x20\x14\x00" + low if family == IPV4_UNICAST else b"\x80\xfd\x01" + bytes(12) + low


def gateway(family: Family, index: int) -> bytes:
    low = bytes((2 + index % GATEWAYS,))
    return b"\x0a\x00\x00" + low if family == IPV4_UNICAST else b"\xfd" + bytes(14) + low


def table(family: Family, index: int) -> list[tuple[RouteKey, Route]]:
    metric = 0 if family == IPV4_UNICAST else IPV6_METRIC_DEFAULT
    ways = [unicast_route(NextHop(gateway(family, number), index)) for number in range(GATEWAYS)]
    return [(RouteKey(family, nlri(family, n), 254, metric), ways[n % GATEWAYS]) for n in range(ROUTES)]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.mark.parametrize("family", [IPV4_UNICAST, IPV6_UNICAST], ids=["ipv4", "ipv6"])
@in_namespace
def test_writing_and_reading_beside_ip(family: Family, tmp_path: Path, record_property: Record) -> None:
    with RouteSocket() as socket:
        index = next(link.index for link in socket.dump_links() if link.name == "v0")
        routes = table(family, index)
        requests = [RouteRequest(RouteOperation.REPLACE, key, route) for key, route in routes]
        deletions = [request._replace(operation=RouteOperation.DELETE) for request in requests]
        batch = tmp_path / "batch"
        batch.write_text(
            "".join(f"route replace {route_to_text(key, route, {index: 'v0'})}\n" for key, route in routes)
        )

        def show() -> object:
            return subprocess.run(
                ["ip", "-6" if family == IPV6_UNICAST else "-4", "route"], check=True, capture_output=True
            )

        measured = {
            "replace, new": ROUTES / seconds(lambda: socket.apply(requests)),
            "replace, unchanged": ROUTES / seconds(lambda: socket.apply(requests)),
            "dump": seconds(lambda: [len(part) for part in socket.dump_routes(family)]),
            "ip route show": seconds(show),
            "delete": ROUTES / seconds(lambda: socket.apply(deletions)),
            "ip -batch, new": ROUTES / seconds(lambda: subprocess.run(["ip", "-batch", batch], check=True)),
        }
    for name, value in measured.items():
        record_property(name, value)
    text = ", ".join(f"{name} {value:.6g}" for name, value in measured.items())
    os.write(1, f"\n{text}\n".encode())
    assert measured["replace, new"] >= ROUTES_A_SECOND_MIN, text
    assert measured["dump"] <= DUMP_S_MAX, text


@in_namespace
def test_from_best_paths_to_the_kernel(record_property: Record) -> None:
    changes = [(nlri(IPV4_UNICAST, n), (gateway(IPV4_UNICAST, n),)) for n in range(ROUTES)]

    async def main() -> float:
        kernel = KernelRoutes(KernelRoutesConfig())
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(kernel.run())
            await kernel.wait_scanned()
            start = time.perf_counter()
            kernel.set_bgp_routes(IPV4_UNICAST, changes)
            await kernel.wait_settled()
            taken_s = time.perf_counter() - start
            task.cancel()
        assert kernel.status().installed == ROUTES
        kernel.close()
        return ROUTES / taken_s

    rate = asyncio.run(main())
    record_property("best path to kernel", rate)
    os.write(1, f"\nbest path to kernel {rate:.6g}\n".encode())
    assert rate >= ROUTES_A_SECOND_MIN / 2
