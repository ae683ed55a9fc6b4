"""What is missing on this host for an agent to do its work, each with the line to type. Pure.

For: judging `HostFacts` and a `HostPlan`. Not for: reading them (`host_reading`, `host_plan`), printing (``cli``).
`CHECKS` is the literal table: one function a subject, in the order in which they are told.

Structure to know: `Finding`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_interface
from typing import Final

from tortie.node.host_facts import HostFacts, HostPlan, InterfaceFact

__all__ = ["CHECKS", "Finding", "Level", "check_host"]

CAPABILITIES: Final = {"CAP_NET_ADMIN": (12, "kernel routes"), "CAP_NET_BIND_SERVICE": (10, "port 179")}
PORT_FIRST_UNPRIVILEGED: Final = 1024
MTU_MIN: Final = 1280
"""What IPv6 needs on every link."""
VXLAN_OVERHEAD_BYTES: Final = 50
IPIP_OVERHEAD_BYTES: Final = 20
NEIGHBOUR_LIMIT_DEFAULT: Final = 1024
STRICT: Final = 1
MODE_OTHERS: Final = 0o007
MODE_GROUP_WRITE: Final = 0o020
LISTED_MAX: Final = 5

FEATURES: Final = {
    "netlink": (True, "routes cannot be written", ""),
    "nftables": (False, "NAT and policy need it", "modprobe nf_tables"),
    "tcp_md5": (False, "sessions with a password need it (CONFIG_TCP_MD5SIG)", ""),
    "vxlan": (False, "pools with VXLAN need it", "modprobe vxlan"),
}
"""Feature → whether nothing works without it, what for, the line that brings it."""

PROTOCOL_NAMES: Final = {
    3: "boot", 4: "static", 11: "zebra", 12: "BIRD", 16: "DHCP", 80: "Calico", 186: "BGP (FRR)", 188: "OSPF (FRR)",
}  # fmt: skip


class Level(StrEnum):
    """How grave a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        subject: what was looked at, a word or two.
        level: FAIL means that the agent cannot do its work.
        text: what was found.
        remedy: what to type, or "" where there is nothing to type.
    """

    subject: str
    level: Level
    text: str
    remedy: str = ""


Check = Callable[[HostFacts, HostPlan], Iterator[Finding]]


def check_host(facts: HostFacts, plan: HostPlan) -> list[Finding]:
    """Return what was found, in the order of `CHECKS`."""
    return [finding for check in CHECKS for finding in check(facts, plan)]


def _rights(facts: HostFacts, plan: HostPlan) -> Iterator[Finding]:
    port = plan.intent.listen_port if plan.intent else 0
    for name, (bit, purpose) in CAPABILITIES.items():
        if facts.capabilities & 1 << bit:
            yield Finding("rights", Level.OK, name)
        elif name == "CAP_NET_ADMIN" or port < PORT_FIRST_UNPRIVILEGED:
            yield Finding("rights", Level.FAIL, f"no {name}: {purpose}", "sudo tortie node check")


def _kernel(facts: HostFacts, _plan: HostPlan) -> Iterator[Finding]:
    for name, (is_needed, purpose, remedy) in FEATURES.items():
        answer = facts.lacks.get(name)
        if answer is None:
            yield Finding("kernel", Level.OK, name)
        else:
            level = Level.FAIL if is_needed else Level.WARN
            yield Finding("kernel", level, f"no {name}: {purpose} ({answer})", remedy)


def _forwarding(facts: HostFacts, plan: HostPlan) -> Iterator[Finding]:
    has_ipv6 = plan.intent is not None and plan.intent.address_v6 is not None
    for path, is_needed in (("net/ipv4/ip_forward", True), ("net/ipv6/conf/all/forwarding", has_ipv6)):
        value, name = facts.settings.get(path), path.replace("/", ".")
        if value is not None and value != "0":
            yield Finding("forwarding", Level.OK, f"{name} = {value}")
        elif is_needed and value is None:
            yield Finding("forwarding", Level.FAIL, f"{name} is not there: the kernel has this family turned off")
        elif is_needed:
            yield Finding("forwarding", Level.FAIL, f"{name} = {value}: no packet is forwarded", f"sysctl -w {name}=1")


def _sysctls(facts: HostFacts, _plan: HostPlan) -> Iterator[Finding]:
    if facts.settings.get("net/ipv4/conf/all/proxy_arp") == "1":
        yield Finding(
            "proxy ARP",
            Level.WARN,
            "net.ipv4.conf.all.proxy_arp = 1: this host answers for addresses of the LAN that are not its own",
            "sysctl -w net.ipv4.conf.all.proxy_arp=0",
        )
    for family in ("ipv4", "ipv6"):
        value = facts.settings.get(f"net/{family}/neigh/default/gc_thresh3")
        if value is None or not value.isdigit():
            continue
        name = f"net.{family}.neigh.default.gc_thresh3"
        if int(value) > NEIGHBOUR_LIMIT_DEFAULT:
            yield Finding("neighbours", Level.OK, f"{name} = {value}")
        else:
            text = f"{name} = {value}: containers and next hops beyond that are not reached"
            yield Finding("neighbours", Level.WARN, text, f"sysctl -w {name}=16384")


def _reverse_path(facts: HostFacts, _plan: HostPlan) -> Iterator[Finding]:
    uplinks = [item for item in facts.interfaces if _is_uplink(item)]
    strict = [item.name for item in uplinks if item.rp_filter == STRICT]
    if strict and len(uplinks) > 1:
        yield Finding(
            "rp_filter",
            Level.WARN,
            f"strict on {', '.join(strict)}, and there are {len(uplinks)} uplinks: what comes in by another than it "
            "would go out by is dropped",
            "sysctl -w net.ipv4.conf.all.rp_filter=2",
        )
    elif uplinks:
        yield Finding("rp_filter", Level.OK, "drops nothing that comes by another uplink")


def _is_uplink(interface: InterfaceFact) -> bool:
    is_own = interface.name.startswith("cali") or interface.name == "lo"
    return not is_own and any(":" not in address for address in interface.addresses)


def _bgp_port(facts: HostFacts, plan: HostPlan) -> Iterator[Finding]:
    port = plan.intent.listen_port if plan.intent else 179
    subject = f"port {port}"
    if facts.agent:
        yield Finding(subject, Level.OK, f"our agent runs ({facts.agent})")
    elif not facts.listeners:
        yield Finding(subject, Level.OK, "free")
    for listener in () if facts.agent else facts.listeners:
        who, remedy = "somebody", f"ss -ltnp sport = :{port}"
        if listener.process is not None:
            who, remedy = f"{listener.process.name} (pid {listener.process.pid})", f"kill {listener.process.pid}"
        yield Finding(subject, Level.FAIL, f"{who} listens on {listener.address}", remedy)


def _rivals(facts: HostFacts, _plan: HostPlan) -> Iterator[Finding]:
    for process in facts.rivals:
        text = f"{process.name} (pid {process.pid}) runs: two programs would write the same routes"
        yield Finding("conflicts", Level.WARN, text, f"systemctl disable --now {process.name}")
    by_protocol: dict[int, list[str]] = {}
    for route in facts.foreign_routes:
        by_protocol.setdefault(route.protocol, []).append(route.prefix)
    for protocol, prefixes in sorted(by_protocol.items()):
        name = PROTOCOL_NAMES.get(protocol, f"protocol {protocol}")
        more = f" and {len(prefixes) - LISTED_MAX} more" if len(prefixes) > LISTED_MAX else ""
        text = f"routes of {name} within the pools: {', '.join(prefixes[:LISTED_MAX])}{more}"
        family = "-6 " if ":" in prefixes[0] else ""
        yield Finding("conflicts", Level.WARN, text, f"ip {family}route show proto {protocol}")
    if not facts.rivals and not facts.foreign_routes:
        yield Finding("conflicts", Level.OK, "nobody else speaks BGP or has routes within the pools")


def _clock(facts: HostFacts, _plan: HostPlan) -> Iterator[Finding]:
    if facts.is_clock_synchronised is False:
        text = "nothing keeps it right: certificates and creation times depend on it"
        yield Finding("clock", Level.WARN, text, "timedatectl set-ntp true")
    elif facts.is_clock_synchronised:
        yield Finding("clock", Level.OK, "synchronised")


def _datastore(_facts: HostFacts, plan: HostPlan) -> Iterator[Finding]:
    if plan.problem:
        yield Finding("datastore", Level.FAIL, plan.problem, "tortie get nodes")
    elif plan.schema_problem:
        yield Finding("datastore", Level.FAIL, plan.schema_problem, "tortie datastore version")
    else:
        yield Finding("datastore", Level.OK, plan.datastore)


def _node(facts: HostFacts, plan: HostPlan) -> Iterator[Finding]:
    if plan.intent_problem:
        address = next((item for face in facts.interfaces if _is_uplink(face) for item in face.addresses), None)
        yield Finding("node", Level.FAIL, plan.intent_problem, _manifest_line(plan.name, address or "ADDRESS/LENGTH"))
    if plan.intent is None:
        return
    own = {str(ip_interface(item).ip): face for face in facts.interfaces for item in face.addresses}
    wanted = [item for item in (plan.intent.address_v4, plan.intent.address_v6) if item is not None]
    for address in wanted:
        if address in own:
            yield Finding("node", Level.OK, f"{plan.name}, {address} on {own[address].name}")
        else:
            text = f"{plan.name} has {address}, which no interface of this host has"
            yield Finding("node", Level.FAIL, text, f"tortie get node {plan.name} -o yaml")
    if not wanted:
        text = f"{plan.name} has no address that can be used: no session"
        yield Finding("node", Level.FAIL, text, f"tortie get node {plan.name} -o yaml")
    for item in plan.intent.quarantine:
        yield Finding("node", Level.WARN, f"{item.kind} {item.name} is set aside: {item.reason}")


def _manifest_line(name: str, address: str) -> str:
    manifest = (
        f"{{apiVersion: v1, kind: node, metadata: {{name: {name}}},\n  spec: {{bgp: {{ipv4Address: {address}}}}}}}"
    )
    return f"echo '{manifest}' | tortie create -f -"


def _mtu(facts: HostFacts, plan: HostPlan) -> Iterator[Finding]:
    if plan.intent is None:
        return
    own = {plan.intent.address_v4, plan.intent.address_v6}
    for face in facts.interfaces:
        if not own & {str(ip_interface(item).ip) for item in face.addresses}:
            continue
        if face.mtu < MTU_MIN:
            text = f"{face.name} has {face.mtu}, IPv6 needs {MTU_MIN}"
            yield Finding("MTU", Level.FAIL, text, f"ip link set {face.name} mtu 1500")
        else:
            yield Finding(
                "MTU", Level.OK, f"{face.name} has {face.mtu}, containers at most {face.mtu - _overhead(plan)}"
            )


def _overhead(plan: HostPlan) -> int:
    """Return the octets that the pools' encapsulation takes from every packet."""
    pools = () if plan.intent is None else plan.intent.pools
    if any(pool.vxlan_mode != "Never" for pool in pools):
        return VXLAN_OVERHEAD_BYTES
    return IPIP_OVERHEAD_BYTES if any(pool.ipip_mode != "Never" for pool in pools) else 0


def _files(facts: HostFacts, _plan: HostPlan) -> Iterator[Finding]:
    open_files = [item for item in facts.files if item.mode & (MODE_OTHERS | MODE_GROUP_WRITE)]
    for item in open_files:
        text = f"{item.path} has mode {item.mode:04o}: others may read or change it"
        yield Finding("files", Level.WARN, text, f"chmod g-w,o= {item.path}")
    if facts.files and not open_files:
        yield Finding("files", Level.OK, "others may neither read nor change them")


CHECKS: Final[tuple[Check, ...]] = (
    _rights, _kernel, _forwarding, _sysctls, _reverse_path, _bgp_port, _rivals, _clock, _datastore, _node, _mtu, _files,
)  # fmt: skip
"""All there are."""
