"""What a lab is made of: hosts, LANs, routers and containers, in real namespaces."""

import asyncio
import json
import stat
from collections.abc import Iterator

import pytest

from lab.lab_world import lab_test, module_lab, on
from tortie.lab.lifecycle import Lab
from tortie.lab.wiring import workload_interface

KNOCK = (
    "import socket, sys\n"
    "try: socket.create_connection((sys.argv[1], 9), 5)\n"
    "except ConnectionRefusedError: print('there')\n"
)
"""Knocks at a port where nobody listens: "refused" is an answer of the host itself."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from module_lab(tmp_path_factory.mktemp("lab"))


@lab_test
def test_hosts_have_names_addresses_routes_and_a_run_of_their_own(lab: Lab) -> None:
    async def work() -> None:
        assert (await on(lab, "a", "hostname")).stdout == "a\n"
        addresses = json.loads((await on(lab, "a", "ip", "-j", "addr", "show", "eth0")).stdout)[0]["addr_info"]
        assert {f"{item['local']}/{item['prefixlen']}" for item in addresses if item["scope"] == "global"} == {
            "10.1.0.2/24",
            "fd00:1::2/64",
        }
        assert "default via 10.1.0.1 dev eth0" in (await on(lab, "a", "ip", "route")).stdout
        assert "default via fd00:1::1 dev eth0" in (await on(lab, "a", "ip", "-6", "route")).stdout
        await on(lab, "a", "touch", "/run/tortie/mine")
        assert (await on(lab, "b", "ls", "/run/tortie")).stdout == "status.sock\n"
        assert (await on(lab, "a", "ls", "/run")).stdout.split() == ["lab", "netns", "tortie"]
        assert (await on(lab, "a", "ls", "/sys/class/net")).stdout.split() == sorted(
            ["eth0", "lo", workload_interface("default", "a1"), workload_interface("default", "a2")]
        )
        assert "10.1.0.3 b" in (await on(lab, "a", "cat", "/etc/hosts")).stdout.splitlines()

    asyncio.run(work())


@lab_test
def test_a_hosts_shell_finds_our_command_under_both_names(lab: Lab) -> None:
    async def work() -> None:
        for name in ("tortie", "calicoctl"):
            assert (await on(lab, "a", "sh", "-c", f"command -v {name}")).stdout == f"/run/lab/bin/{name}\n"
            shown = await on(lab, "a", name, "--help")
            assert (shown.exit_code, shown.stderr) == (0, "")

    asyncio.run(work())


@lab_test
def test_state_and_keys_are_for_nobody_else(lab: Lab) -> None:
    async def work() -> None:
        for path in (lab.directory.root.parent, lab.directory.root, lab.directory.certificates):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert stat.S_IMODE(lab.directory.control_socket.stat().st_mode) & 0o077 == 0
        assert stat.S_IMODE((lab.directory.certificates / "client-key.pem").stat().st_mode) == 0o600

    asyncio.run(work())


@lab_test
def test_hosts_of_a_lan_and_beyond_a_router_reach_one_another(lab: Lab) -> None:
    async def work() -> None:
        for source, address in (("a", "10.1.0.3"), ("a", "fd00:1::3"), ("a", "10.2.0.2"), ("c", "10.1.0.2")):
            output = await on(lab, source, "/usr/bin/env", "python3", "-c", KNOCK, address)
            assert output.stdout == "there\n", (source, address, output)

    asyncio.run(work())


@lab_test
def test_containers_are_wired_as_calico_does_it_and_the_route_is_the_agents(lab: Lab) -> None:
    async def work() -> None:
        host_end = workload_interface("default", "a1")
        link = json.loads((await on(lab, "a", "ip", "-j", "link", "show", host_end)).stdout)[0]
        assert (link["address"], link["operstate"]) == ("ee:ee:ee:ee:ee:ee", "UP")
        settings = {
            f"ipv4/conf/{host_end}/proxy_arp": "1",
            f"ipv4/neigh/{host_end}/proxy_delay": "0",
            f"ipv4/conf/{host_end}/forwarding": "1",
            f"ipv4/conf/{host_end}/route_localnet": "1",
            f"ipv4/conf/{host_end}/rp_filter": "1",
            f"ipv6/conf/{host_end}/proxy_ndp": "1",
            "ipv4/ip_forward": "1",
            "ipv4/conf/eth0/rp_filter": "2",
        }
        for name, value in settings.items():
            assert (await on(lab, "a", "cat", f"/proc/sys/net/{name}")).stdout == f"{value}\n", name
        shown = await on(lab, "a", "ip", "-4", "addr", "show", host_end)
        assert "inet" not in shown.stdout
        assert "192.168.0.1" not in (await on(lab, "a", "ip", "route")).stdout
        assert (await on(lab, "a1", "ip", "route")).stdout.split("\n")[:2] == [
            "default via 169.254.1.1 dev eth0 proto static ",
            "169.254.1.1 dev eth0 proto static scope link ",
        ]
        assert "192.168.0.1/32" in (await on(lab, "a1", "ip", "addr", "show", "eth0")).stdout
        assert "default via fe80::ecee:eeff:feee:eeee dev eth0" in (await on(lab, "a1", "ip", "-6", "route")).stdout
        assert (await on(lab, "a1", "hostname")).stdout == "a1\n"

    asyncio.run(work())


@lab_test
def test_names_of_networks_are_known_to_the_holder(lab: Lab) -> None:
    async def work() -> None:
        assert (await on(lab, "a1", "ls", "/run/netns")).stdout.split() == sorted(lab.state.namespaces)
        assert lab.state.remarks == ()

    asyncio.run(work())


@lab_test
def test_hosts_start_at_the_same_moment_without_meeting(lab: Lab) -> None:
    async def work() -> None:
        outputs = await asyncio.gather(
            *(on(lab, name, "cat", "/proc/sys/kernel/hostname") for name in lab.state.namespaces)
        )
        assert [output.stdout.strip() for output in outputs] == list(lab.state.namespaces)

    asyncio.run(work())
