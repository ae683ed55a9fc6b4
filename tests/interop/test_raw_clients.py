"""200 raw clients on `tortie reflector run --client-range`: real sockets, a codec that is not ours."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.raw_bgp import RawClients

CLIENT_COUNT = 200
AS = 64512
REFLECTOR = "127.0.0.1"
CLUSTER_ID = "1.0.0.1"
ADDRESSES = [f"127.60.{index // 200}.{index % 200 + 1}" for index in range(CLIENT_COUNT)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((REFLECTOR, 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[RawClients]:
    port = free_port()
    command = [sys.executable, "-m", "tortie", "reflector", "run"]
    command += ["--listen", REFLECTOR, "--port", str(port), "--as", str(AS), "--router-id", "192.0.2.1"]
    command += ["--cluster-id", CLUSTER_ID, "--client-range", "127.60.0.0/16"]
    command += ["--status-socket", str(tmp_path / "run" / "reflector.sock")]
    reflector = subprocess.Popen(command, stderr=subprocess.PIPE)
    raw = RawClients(REFLECTOR, port, AS)
    try:
        wait_until_listening(reflector, port)
        yield raw
    finally:
        raw.close()
        reflector.send_signal(signal.SIGTERM)
        _, errors = reflector.communicate(timeout=20)
    assert reflector.returncode == 0, errors.decode()


def wait_until_listening(reflector: "subprocess.Popen[bytes]", port: int) -> None:
    """Dial until somebody answers; the reflector refuses our address, which is no client."""
    for _ in range(2000):
        assert reflector.poll() is None, "the reflector ended at once"
        with socket.socket() as probe:
            probe.settimeout(0.01)
            if probe.connect_ex((REFLECTOR, port)) == 0:
                return
        select_pause()
    raise AssertionError("the reflector does not listen")


def select_pause() -> None:
    """Let the other process run for 10 ms: there is no event to wait for before a port is open."""
    left, right = socket.socketpair()
    with left, right:
        left.settimeout(0.01)
        with pytest.raises(TimeoutError):
            left.recv(1)


def own_prefixes(index: int) -> list[str]:
    return [f"10.{index}.{block}.0/26" for block in range(4)]


@pytest.mark.rfc("4456", "6")
@pytest.mark.rfc("4456", "8")
def test_200_clients_learn_all_but_their_own_and_follow_the_best_path(clients: RawClients) -> None:
    for address in ADDRESSES:
        clients.add(address)
    everyone = list(clients.clients.values())
    clients.wait_for(lambda: all(each.has_end_of_rib for each in everyone), "End-of-RIB for everyone")
    for index, client in enumerate(everyone):
        client.announce(*own_prefixes(index))
    expected = (CLIENT_COUNT - 1) * 4
    clients.wait_for(lambda: all(len(each.routes) == expected for each in everyone), "all routes of all others")
    for client in everyone:
        assert not client.own_seen, f"{client.address} was sent its own {client.own_seen}"
        assert not client.own & client.routes.keys()
        for route in client.routes.values():
            assert route.originator_id == route.next_hop
            assert route.cluster_list == (CLUSTER_ID,)

    first, second, *watchers = everyone
    shared = "10.250.0.0/16"
    first.announce(shared, local_pref=200)
    clients.wait_for(
        lambda: all(shared in each.routes for each in everyone if each is not first),
        "the shared prefix everywhere",
    )
    for _ in range(5):
        second.announce(shared, local_pref=300)
        clients.wait_for(
            lambda: (
                all(
                    each.routes[shared].next_hop == second.address
                    for each in (first, *watchers)
                    if shared in each.routes
                )
                and shared in first.routes
            ),
            "the better path everywhere",
        )
        clients.wait_for(lambda: shared not in second.routes, "the better source holds nothing stale")
        second.withdraw(shared)
        clients.wait_for(
            lambda: all(
                shared in each.routes and each.routes[shared].next_hop == first.address for each in (second, *watchers)
            ),
            "the former path everywhere again",
        )
        clients.wait_for(lambda: shared not in first.routes, "the source holds nothing stale")
    first.withdraw(shared)
    clients.wait_for(lambda: not any(shared in each.routes for each in everyone), "gone everywhere")
    assert not any(each.own_seen or each.notification for each in everyone)

    leaver = everyone[-1]
    clients.drop(leaver.address)
    stayed = everyone[:-1]
    clients.wait_for(
        lambda: all(not leaver.own & each.routes.keys() for each in stayed),
        "routes of the one that went are gone",
    )
    assert all(len(each.routes) == expected - 4 for each in stayed)
