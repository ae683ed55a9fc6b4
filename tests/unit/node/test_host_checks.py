"""What is said of a host, from facts made up here: each check in order, and with what is wrong."""

from dataclasses import replace
from typing import Any

import pytest

from tortie.fabric import NodeIntent
from tortie.fabric.intent import PoolIntent, Quarantined
from tortie.node.host_checks import CHECKS, Finding, Level, check_host
from tortie.node.host_facts import FileFact, HostFacts, HostPlan, InterfaceFact, Listener, Process, RouteFact

ETH0 = InterfaceFact("eth0", 1500, ("10.0.0.1/24", "fd00::1/64"))
ETH1 = InterfaceFact("eth1", 1500, ("10.0.1.1/24",))
GOOD = HostFacts(
    capabilities=1 << 12 | 1 << 10,
    settings={
        "net/ipv4/ip_forward": "1",
        "net/ipv6/conf/all/forwarding": "1",
        "net/ipv4/conf/all/proxy_arp": "0",
        "net/ipv4/neigh/default/gc_thresh3": "16384",
        "net/ipv6/neigh/default/gc_thresh3": None,
    },
    interfaces=(InterfaceFact("lo", 65536, ("127.0.0.1/8",)), ETH0, InterfaceFact("cali1", 1450)),
    is_clock_synchronised=True,
    files=(FileFact("/var/lib/tortie", 0o700, 0, is_directory=True),),
)
INTENT = NodeIntent(
    name="n1", kind="node", router_id="10.0.0.1", local_as=64512, address_v4="10.0.0.1", address_v6="fd00::1",
    pools=(PoolIntent(cidr="192.168.0.0/16"),),
)  # fmt: skip
PLAN = HostPlan(name="n1", datastore="sqlite:///s.db", intent=INTENT)


def wrong(facts: HostFacts, plan: HostPlan = PLAN) -> list[Finding]:
    return [finding for finding in check_host(facts, plan) if finding.level is not Level.OK]


def test_a_good_host() -> None:
    assert wrong(GOOD) == []
    subjects = {finding.subject for finding in check_host(GOOD, PLAN)}
    assert subjects == {
        "rights", "kernel", "forwarding", "neighbours", "rp_filter", "port 179", "conflicts", "clock", "datastore",
        "node", "MTU", "files",
    }  # fmt: skip
    assert len(CHECKS) == 12


ROWS: list[tuple[str, dict[str, Any], Level, str, str]] = [
    ("rights", {"capabilities": 1 << 10}, Level.FAIL, "no CAP_NET_ADMIN: kernel routes", "sudo tortie node check"),
    ("rights", {"capabilities": 1 << 12}, Level.FAIL, "no CAP_NET_BIND_SERVICE: port 179", "sudo tortie node check"),
    ("kernel", {"lacks": {"nftables": "Invalid argument"}}, Level.WARN,
     "no nftables: NAT and policy need it (Invalid argument)", "modprobe nf_tables"),
    ("kernel", {"lacks": {"netlink": "no"}}, Level.FAIL, "no netlink: routes cannot be written (no)", ""),
    ("kernel", {"lacks": {"tcp_md5": "no"}}, Level.WARN,
     "no tcp_md5: sessions with a password need it (CONFIG_TCP_MD5SIG) (no)", ""),
    ("kernel", {"lacks": {"vxlan": "no"}}, Level.WARN, "no vxlan: pools with VXLAN need it (no)", "modprobe vxlan"),
    ("forwarding", {"settings": {**GOOD.settings, "net/ipv4/ip_forward": "0"}}, Level.FAIL,
     "net.ipv4.ip_forward = 0: no packet is forwarded", "sysctl -w net.ipv4.ip_forward=1"),
    ("forwarding", {"settings": {**GOOD.settings, "net/ipv6/conf/all/forwarding": None}}, Level.FAIL,
     "net.ipv6.conf.all.forwarding is not there: the kernel has this family turned off", ""),
    ("proxy ARP", {"settings": {**GOOD.settings, "net/ipv4/conf/all/proxy_arp": "1"}}, Level.WARN,
     "net.ipv4.conf.all.proxy_arp = 1: this host answers for addresses of the LAN that are not its own",
     "sysctl -w net.ipv4.conf.all.proxy_arp=0"),
    ("neighbours", {"settings": {**GOOD.settings, "net/ipv4/neigh/default/gc_thresh3": "1024"}}, Level.WARN,
     "net.ipv4.neigh.default.gc_thresh3 = 1024: containers and next hops beyond that are not reached",
     "sysctl -w net.ipv4.neigh.default.gc_thresh3=16384"),
    ("rp_filter", {"interfaces": (replace(ETH0, rp_filter=1), ETH1)}, Level.WARN,
     "strict on eth0, and there are 2 uplinks: what comes in by another than it would go out by is dropped",
     "sysctl -w net.ipv4.conf.all.rp_filter=2"),
    ("port 179", {"listeners": (Listener("0.0.0.0", 179, Process(9, "bird")),)}, Level.FAIL,
     "bird (pid 9) listens on 0.0.0.0", "kill 9"),
    ("port 179", {"listeners": (Listener("::", 179),)}, Level.FAIL,
     "somebody listens on ::", "ss -ltnp sport = :179"),
    ("conflicts", {"rivals": (Process(8, "calico-node"),)}, Level.WARN,
     "calico-node (pid 8) runs: two programs would write the same routes", "systemctl disable --now calico-node"),
    ("conflicts", {"foreign_routes": tuple(RouteFact(f"192.168.{i}.0/26", 12) for i in range(7))}, Level.WARN,
     "routes of BIRD within the pools: 192.168.0.0/26, 192.168.1.0/26, 192.168.2.0/26, 192.168.3.0/26, "
     "192.168.4.0/26 and 2 more", "ip route show proto 12"),
    ("clock", {"is_clock_synchronised": False}, Level.WARN,
     "nothing keeps it right: certificates and creation times depend on it", "timedatectl set-ntp true"),
    ("node", {"interfaces": (replace(ETH0, addresses=("fd00::1/64",)),)}, Level.FAIL,
     "n1 has 10.0.0.1, which no interface of this host has", "tortie get node n1 -o yaml"),
    ("MTU", {"interfaces": (replace(ETH0, mtu=1279),)}, Level.FAIL,
     "eth0 has 1279, IPv6 needs 1280", "ip link set eth0 mtu 1500"),
    ("files", {"files": (FileFact("/etc/tortie/node.env", 0o644, 0),)}, Level.WARN,
     "/etc/tortie/node.env has mode 0644: others may read or change it", "chmod g-w,o= /etc/tortie/node.env"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "change", "level", "text", "remedy"), ROWS, ids=[f"{row[0]}: {next(iter(row[1]))}" for row in ROWS]
)
def test_what_is_wrong_is_said_with_the_line_to_type(
    subject: str, change: dict[str, Any], level: Level, text: str, remedy: str
) -> None:
    assert wrong(replace(GOOD, **change)) == [Finding(subject, level, text, remedy)]


@pytest.mark.parametrize(
    "change",
    [
        {"interfaces": (replace(ETH0, rp_filter=1),)},
        {"interfaces": (replace(ETH0, rp_filter=2), ETH1)},
        {"interfaces": (replace(ETH0, mtu=1280),)},
        {"is_clock_synchronised": None},
        {"agent": "n1", "listeners": (Listener("10.0.0.1", 179),)},
        {"files": (FileFact("/etc/tortie/node.env", 0o640, 0),)},
        {"settings": {**GOOD.settings, "net/ipv4/neigh/default/gc_thresh3": "1025"}},
    ],
)
def test_what_is_not_wrong(change: dict[str, Any]) -> None:
    assert wrong(replace(GOOD, **change)) == []


def test_ipv6_matters_only_to_a_node_that_has_it() -> None:
    facts = replace(GOOD, settings={**GOOD.settings, "net/ipv6/conf/all/forwarding": "0"})
    assert [finding.subject for finding in wrong(facts)] == ["forwarding"]
    assert wrong(facts, replace(PLAN, intent=replace(INTENT, address_v6=None))) == []


def test_another_port_needs_no_right_to_it() -> None:
    plan = replace(PLAN, intent=replace(INTENT, listen_port=1790))
    assert wrong(replace(GOOD, capabilities=1 << 12), plan) == []
    assert "port 1790" in {finding.subject for finding in check_host(GOOD, plan)}


@pytest.mark.parametrize(
    ("modes", "mtu"),
    [(("Never", "Never"), 1500), (("CrossSubnet", "Never"), 1480), (("Never", "Always"), 1450)],
)
def test_mtu_that_is_left_to_containers(modes: tuple[str, str], mtu: int) -> None:
    pool = PoolIntent(cidr="192.168.0.0/16", ipip_mode=modes[0], vxlan_mode=modes[1])
    plan = replace(PLAN, intent=replace(INTENT, pools=(pool,)))
    [found] = [finding for finding in check_host(GOOD, plan) if finding.subject == "MTU"]
    assert found.text == f"eth0 has 1500, containers at most {mtu}"


def test_datastore_and_node() -> None:
    [gone] = wrong(GOOD, HostPlan(name="n1", datastore="x", problem="not there"))
    assert (gone.subject, gone.level, gone.text) == ("datastore", Level.FAIL, "not there")
    [newer] = wrong(GOOD, HostPlan(name="n1", datastore="x", schema_problem="newer"))
    assert (newer.subject, newer.level, newer.remedy) == ("datastore", Level.FAIL, "tortie datastore version")
    [unknown] = wrong(GOOD, HostPlan(name="n1", datastore="x", intent_problem="no node n1"))
    assert (unknown.subject, unknown.text) == ("node", "no node n1")
    assert unknown.remedy.startswith("echo '{apiVersion: v1, kind: node, metadata: {name: n1}")
    assert "ipv4Address: 10.0.0.1/24" in unknown.remedy
    [without] = wrong(GOOD, replace(PLAN, intent=replace(INTENT, address_v4=None, address_v6=None)))
    assert without.text == "n1 has no address that can be used: no session"
    aside = Quarantined(kind="BGPPeer", name="p", reason="no AS")
    [found] = wrong(GOOD, replace(PLAN, intent=replace(INTENT, quarantine=(aside,))))
    assert (found.level, found.text) == (Level.WARN, "BGPPeer p is set aside: no AS")
