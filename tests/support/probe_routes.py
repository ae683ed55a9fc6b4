"""Filters compared by behaviour: the same probe routes through upstream's text and through our compiled policies.

The probes are made from what the text mentions: prefixes and what lies just inside and outside of them, communities,
AS paths, priorities, interfaces. What it is NOT for: the rest of a case (`conformance.py`).
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from typing import Any, Final

from support.bird_language import Program, Route
from tortie.bgp.policy import Edit, Policy, PrefixFilter, RouteFacts, edited, edited_preference
from tortie.bgp.wire import AS_SEQUENCE, AttributeTable, Segment, family_from_name, prefix_from_text
from tortie.fabric import NodeIntent
from tortie.node.intent_policy import Policies

LOCAL_PREF_OF_PRIORITY_ZERO: Final = 2147483647
TUNNEL_INTERFACES: Final = ("*.cali", "*.calico", "tunl0", "bpf*.cali")
"""Upstream keeps routes over these from its peers; ours has no such routes: deviation `tunnel-interfaces`."""


@dataclass(frozen=True)
class Probe:
    """A route; `interface` is None for what came from a peer."""

    net: str
    is_learned: bool
    local_pref: int
    interface: str | None = None
    communities: tuple[tuple[int, ...], ...] = ()
    as_path: tuple[int, ...] = ()


def check_filters(intent: NodeIntent, golden: dict[str, Any]) -> None:
    """Raise AssertionError where a filter of a session treats a probe otherwise than upstream's."""
    policies = Policies()
    for family, number in (("v4", "4"), ("v6", "6")):
        for item in (golden[family] or {}).get("sessions", ()):
            (session,) = [
                one
                for one in intent.sessions
                if (one.remote_address, one.port) == (item["neighbor"], item["port"] or 179)
            ]
            functions = _functions(golden, family, number)
            for way, ours in (("import", session.import_filter), ("export", session.export_filter)):
                texts = (tuple(item[way]), functions)
                differences = _differences(texts, policies.compiled(ours), f"ip{family}", way == "import")
                assert not differences, f"{way} of {item['name']}: {differences[0]}"


def _functions(golden: dict[str, Any], family: str, number: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return the functions that a session's filters call: name, parameter, statements."""
    local = 'if (defined(ifname)) then { if (ifname ~ "bpf*.cali") then { reject; } }'
    found = [
        ("calico_export_to_bgp_peers", "internal_peer", tuple(golden[f"ipam{number}"]["export"])),
        ("calico_aggr", "", tuple(golden[f"aggr{number}"]["aggr"])),
        ("apply_communities", "", tuple(golden[family]["communities"])),
        ("reject_local_routes", "", (local,)),
    ]
    for head, lines in (golden[family].get("filter_functions") or {}).items():
        found.append((head.partition("(")[0], "is_same_as", tuple(lines)))
    return tuple(found)


Texts = tuple[tuple[str, ...], tuple[tuple[str, str, tuple[str, ...]], ...]]


@cache
def _differences(texts: Texts, policy: Policy, family: str, is_import: bool) -> tuple[str, ...]:
    lines, functions = texts
    program = Program(list(lines), {name: (argument, list(body)) for name, argument, body in functions})
    text = " ".join((*lines, *(line for _, _, body in functions for line in body)))
    found = []
    for probe in _probes(text, family, is_import):
        expected, got = _upstream(program, probe), _ours(policy, family, probe)
        if expected != got and not _is_intended(text, probe):
            found.append(f"{probe}: expected {expected}, got {got}")
    return tuple(found)


def _is_intended(text: str, probe: Probe) -> bool:
    """Return whether a named deviation says that a probe fares otherwise here."""
    if probe.interface is not None and any(fnmatchcase(probe.interface, each) for each in TUNNEL_INTERFACES):
        return True  # tunnel-interfaces
    net = ipaddress.ip_network(probe.net)
    blocks = [ipaddress.ip_network(each) for each in re.findall(r"net ~ (\S+) && krt_metric <", text)]
    is_elevated = probe.is_learned and probe.local_pref > LOCAL_PREF_OF_PRIORITY_ZERO - _normal_priority(text)
    beneath = (net.version == each.version and net != each and net.overlaps(each) for each in blocks)
    return is_elevated and any(beneath)  # live-migration


def _normal_priority(text: str) -> int:
    found = re.search(r"\{ krt_metric = (\d+); \}", text)
    return int(found[1]) if found else 1024


def _probes(text: str, family: str, is_import: bool) -> Iterator[Probe]:
    nets = _nets(text, family)
    learned = product(nets, _local_prefs(text), _communities(text), _as_paths(text))
    for net, local_pref, communities, as_path in learned:
        yield Probe(net, is_learned=True, local_pref=local_pref, communities=communities, as_path=as_path)
    if not is_import:
        own = LOCAL_PREF_OF_PRIORITY_ZERO - _normal_priority(text)
        for net, interface in product(nets, _interfaces(text)):
            yield Probe(net, is_learned=False, local_pref=own, interface=interface)


def _nets(text: str, family: str) -> list[str]:
    """Return the prefixes that a text mentions, and of each an address, a half and the prefix around it."""
    nets = {"203.0.113.0/24": None, "0.0.0.0/0": None} if family == "ipv4" else {"2001:db8:7::/48": None, "::/0": None}
    for found in re.findall(r"[0-9a-f:.]+/\d+", text):
        net = ipaddress.ip_network(found, strict=False)
        if f"ipv{net.version}" != family:
            continue
        halves = [] if net.prefixlen == net.max_prefixlen else [next(net.subnets(1))]
        around = [net.supernet(1)] if net.prefixlen else []
        address = ipaddress.ip_network((int(net.network_address) | 1, net.max_prefixlen))
        nets |= dict.fromkeys(map(str, (net, address, *halves, *around)))
    return list(nets)


def _local_prefs(text: str) -> list[int]:
    return sorted({100, *map(int, re.findall(r"bgp_local_pref = (\d{5,})", text))} - {LOCAL_PREF_OF_PRIORITY_ZERO})


def _communities(text: str) -> list[tuple[tuple[int, ...], ...]]:
    found = re.findall(r"\((\d+(?:, \d+)+)\) ~ bgp_(?:large_)?community", text)
    named = [tuple(int(part) for part in each.split(", ")) for each in dict.fromkeys(found)]
    return [(), *((each,) for each in named), tuple((*each[:-1], 1) for each in named)] if named else [()]


def _as_paths(text: str) -> list[tuple[int, ...]]:
    found = [tuple(map(int, each.split())) for each in re.findall(r"\[= ([\d ]+) \* =\]", text)]
    return [(), *dict.fromkeys(path for each in found for path in (each, (*each, 7), (7, *each), each[:-1]))]


def _interfaces(text: str) -> list[str | None]:
    named = [each.replace("*", "x") for each in re.findall(r'ifname ~ "([^"]+)"', text)]
    return [None, *dict.fromkeys((*named, "cali1", "eth0"))]


Outcome = tuple[int, frozenset[tuple[int, ...]], tuple[int, ...]] | None
"""LOCAL_PREF, communities of both sizes and AS path of an accepted route."""


def _upstream(program: Program, probe: Probe) -> Outcome:
    route = Route(
        net=probe.net,
        source="RTS_BGP" if probe.is_learned else "RTS_INHERIT",
        ifname=probe.interface,
        bgp_local_pref=probe.local_pref if probe.is_learned else None,
        bgp_path=list(probe.as_path),
        bgp_community=[each for each in probe.communities if len(each) == 2],
        bgp_large_community=[each for each in probe.communities if len(each) == 3],
    )
    if not program.accepts(route):
        return None
    assert route.bgp_local_pref is not None
    return route.bgp_local_pref, frozenset((*route.bgp_community, *route.bgp_large_community)), tuple(route.bgp_path)


def _ours(policy: Policy, family: str, probe: Probe) -> Outcome:
    table = AttributeTable()
    attributes = table.intern(
        as_path=(Segment(AS_SEQUENCE, probe.as_path),) if probe.as_path else (),
        communities=tuple(each[0] << 16 | each[1] for each in probe.communities if len(each) == 2),
        large_communities=tuple((each[0], each[1], each[2]) for each in probe.communities if len(each) == 3),
    )
    family_number, nlri = family_from_name(family), prefix_from_text(probe.net)[1]
    edits: tuple[Edit, ...] | None
    if isinstance(policy, PrefixFilter):
        edits = () if policy.accepts(family_number, nlri) else None
    else:
        facts = RouteFacts(attributes, probe.local_pref, probe.is_learned, probe.interface or "")
        edits = policy.given(family_number, facts).edits_of(family_number, nlri)
    if edits is None:
        return None
    changed = edited(attributes, edits, table)
    communities = frozenset((each >> 16, each & 0xFFFF) for each in changed.communities)
    return (
        edited_preference(probe.local_pref, edits),
        communities | frozenset(changed.large_communities),
        tuple(asn for segment in changed.as_path for asn in segment.asns),
    )
