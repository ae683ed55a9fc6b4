"""The prober: who reaches whom, and what is lost meanwhile."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from lab.lab_world import lab_test, on, run_lab_test
from tortie.lab.control import ask
from tortie.lab.errors import ControlFailed
from tortie.lab.lifecycle import Lab
from tortie.lab.plan import PROBER
from tortie.lab.probe import Probe
from tortie.lab.wiring import workload_interface


async def route(lab: Lab, host: str, *words: str) -> None:
    output = await on(lab, host, "ip", *words)
    assert output.exit_code == 0, output


async def connect_containers(lab: Lab) -> None:
    """Write the routes that the agents would."""
    for item in lab.state.wiring.containers:
        for text in item.addresses:
            family = "-6" if ":" in text else "-4"
            await route(lab, item.host, family, "route", "add", text, "dev", workload_interface("default", item.name))
    for host, prefix, via in (
        ("a", "192.168.1.0/24", "10.1.0.3"),
        ("a", "192.168.2.0/24", "10.1.0.1"),
        ("b", "192.168.0.0/24", "10.1.0.2"),
        ("b", "192.168.2.0/24", "10.1.0.1"),
        ("r", "192.168.0.0/24", "10.1.0.2"),
        ("r", "192.168.1.0/24", "10.1.0.3"),
        ("r", "192.168.2.0/24", "10.2.0.2"),
        ("a", "fd00:10::2/128", "fd00:1::3"),
        ("b", "fd00:10::1/128", "fd00:1::2"),
    ):
        await route(lab, host, "route", "add", prefix, "via", via)


@lab_test
def test_nobody_answers_before_there_are_routes_and_everybody_after(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        probe = Probe(lab)
        before = await probe.round(0.2)
        assert (before.pairs, len(before.silent)) == (14, 14), "12 pairs by IPv4, 2 by IPv6"
        told: list[int] = []
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(probe.wait_reached(20, lambda reach: told.append(reach.answered)))
            await connect_containers(lab)
        assert waiting.result().silent == ()
        again = await probe.round()
        assert again.answered == 14
        assert again.rtt_max_s < 0.9

    run_lab_test(tmp_path, work)


@lab_test
def test_a_deadline_ends_the_waiting_and_names_who_is_silent(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await connect_containers(lab)
        probe = Probe(lab)
        await probe.wait_reached(20)
        await route(lab, "b", "link", "set", workload_interface("default", "b1"), "down")
        reach = await probe.wait_reached(0.5)
        assert {(pair.source, pair.destination) for pair in reach.silent} == {
            (source, destination) for source in ("a1", "a2", "c1", "b1") for destination in ("a1", "a2", "c1", "b1")
            if source != destination and "b1" in (source, destination)
        }  # fmt: skip

    run_lab_test(tmp_path, work)


@lab_test
def test_losses_in_the_background_are_counted_by_pair(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await connect_containers(lab)
        probe = Probe(lab)
        await probe.wait_reached(20)
        with pytest.raises(ControlFailed, match="`start` comes first"):
            await probe.counters()
        await probe.start(0.02)
        await route(lab, "c", "link", "set", "eth0", "down")
        await asyncio.sleep(0.3)
        await route(lab, "c", "link", "set", "eth0", "up")
        await route(lab, "c", "route", "add", "default", "via", "10.2.0.1")
        await probe.wait_reached(20)
        report = await probe.stop()
        by_pair = {(pair.source, pair.destination, pair.version): pair for pair in report.pairs}
        assert by_pair["a1", "b1", 4].lost == 0
        assert by_pair["a1", "b1", 6].lost == 0
        assert by_pair["a1", "c1", 4].lost > 0
        assert by_pair["c1", "b1", 4].lost > 0
        assert report.sent == report.received + report.lost
        assert 0.2 < report.outage_max_s < 10
        await probe.start(0.02)
        await probe.wait_reached(5)
        fresh = await probe.stop()
        assert (fresh.lost, fresh.sent > 0) == (0, True), "counters begin anew"

    run_lab_test(tmp_path, work)


@lab_test
def test_the_prober_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    wrong: list[tuple[str, dict[str, object], str]] = [
        ("round", {}, "argument 'wait_s'"),
        ("round", {"wait_s": 61}, "a number from 0 to 60"),
        ("start", {"interval_s": 0}, r"a number from 0\.01 to 60"),
        ("send", {"rate_hz": 0, "time_s": 1}, r"a number from 0\.1 to 1000"),
        ("send", {"rate_hz": 10, "time_s": 0.05}, r"'time_s': found 0\.05, expected a number from 0\.1 to 3600"),
        ("arrivals", {}, "`send` comes first"),
        ("stop_sending", {}, "`send` comes first"),
        ("dance", {}, "unknown operation"),
    ]

    async def work(lab: Lab) -> None:
        await Probe(lab).round(0.05)
        for operation, arguments, message in wrong:
            with pytest.raises(ControlFailed, match=message):
                await ask(lab.directory.probe_socket, operation, 5.0, **arguments)

    run_lab_test(tmp_path, work)


@lab_test
def test_datagrams_that_are_lost_are_counted_by_pair_and_number(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await connect_containers(lab)
        probe = Probe(lab)
        await probe.wait_reached(20)
        clean = await probe.send_for(100, 0.2)
        assert [(pair.sent, pair.received, pair.missing) for pair in clean.pairs] == [(20, 20, 0)] * 14
        assert (clean.lost, clean.overflowed, clean.strays, clean.refused, clean.outage_max_s) == (0, 0, 0, 0, 0.0)
        await probe.send(100, 60)
        with pytest.raises(ControlFailed, match="one run at a time"):
            await probe.send(100, 60)
        await until_each_is_sent(probe, 20)
        await route(lab, "a", "link", "set", workload_interface("default", "a2"), "down")
        cut_at = (await probe.arrivals()).pairs[0].sent
        await until_each_is_sent(probe, cut_at + 30)
        report = await probe.stop_sending()
        for pair in report.pairs:
            if "a2" in (pair.source, pair.destination):
                assert pair.first_missing is not None
                assert 0 < pair.first_missing <= cut_at + 1
                assert (pair.last_missing, pair.missing) == (pair.sent - 1, pair.sent - pair.first_missing)
                assert pair.outage_max_s > 0.2
            else:
                assert (pair.missing, pair.first_missing, pair.outage_max_s) == (0, None, 0.0)
            assert pair.sent == pair.received + pair.missing
        assert report.lost == sum(pair.missing for pair in report.pairs)
        assert (await probe.stop_sending()) == report, "it has ended, and can be asked again"

    run_lab_test(tmp_path, work)


async def until_each_is_sent(probe: Probe, count: int) -> None:
    async with asyncio.timeout(20):
        while any(pair.sent < count for pair in (await probe.arrivals()).pairs):  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.02)


FLOOD = (
    "import socket, sys\n"
    "ports = [int(line.split()[1].rpartition(':')[2], 16) for line in open('/proc/net/udp').readlines()[1:]]\n"
    "sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    "for _ in range(20000): sender.sendto(b'x', ('127.0.0.1', ports[0]))\n"
)


@lab_test
def test_what_the_probers_own_sockets_drop_is_not_the_networks_loss(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await connect_containers(lab)
        probe = Probe(lab)
        await probe.wait_reached(20)
        await probe.send(100, 60)
        await until_each_is_sent(probe, 10)
        await lab.signal_process(PROBER, signal.SIGSTOP)
        flooded = await on(lab, "c1", sys.executable, "-c", FLOOD)
        await lab.signal_process(PROBER, signal.SIGCONT)
        assert flooded.exit_code == 0, flooded
        await until_each_is_sent(probe, 20)
        report = await probe.stop_sending()
        assert report.overflowed > 0
        assert report.strays > 0
        assert report.skipped > 0, "what was due while it stood still"
        assert report.lost == 0
        assert "the prober's own receive buffers overflowed" in report.doubts[0]

    run_lab_test(tmp_path, work)
