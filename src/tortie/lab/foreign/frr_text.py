"""The intent of one speaker as a configuration of FRR's bgpd. Pure.

What it is NOT for: running FRR (`frr.py`). Blackholes of own blocks and routes to workloads are not in it: the lab's
process writes them, zebra sees them. Every session has a prefix list each way (RFC 8212). A session with a password or
a BGPFilter is left out (`sessions.py`). Graceful restart is as FRR has it by default: it helps others to restart.
"""

import hashlib
from typing import Final

from tortie.fabric import FilterIntent, NodeIntent, SessionIntent
from tortie.fabric.bird.blocks import of_family
from tortie.lab.foreign.sessions import is_usable

__all__ = ["render_frr"]

FAMILIES: Final = ("ipv4", "ipv6")
LIST_WORDS: Final = {"ipv4": "ip", "ipv6": "ipv6"}
BITS: Final = {"ipv4": 32, "ipv6": 128}
PREFER_GLOBAL: Final = "prefer-global"
"""Route map of IPv6 imports: of the two next hops that a neighbour on the link sends, the global one is used."""

HEAD: Final = ("! Made by tortie from the datastore: what is changed here by hand is overwritten.", "log stdout")
NAME_DIGITS: Final = 8
PORT_DEFAULT: Final = 179
CONNECT_RETRY_S: Final = 5
KEEPALIVES_PER_HOLD_TIME: Final = 3
MULTIHOP_MAX: Final = 255


def render_frr(intent: NodeIntent) -> str:
    """Return the whole file of bgpd, in the order and spelling of `show running-config`; the same for equal intents."""
    usable = [session for session in intent.sessions if is_usable(session)]
    names = _policy_names(usable)
    lines = [*HEAD, "!"]
    for (family, policy), name in names.items():
        lines += _prefix_list(family, policy, name)
    lines += ["!", f"router bgp {intent.local_as}", f" bgp router-id {intent.router_id}"]
    lines += [" no bgp default ipv4-unicast", f" bgp cluster-id {intent.cluster_id or intent.router_id}"]
    lines.append(" no bgp network import-check")
    for session in usable:
        lines += _neighbor(intent, session)
    for family in FAMILIES:
        lines += _address_family(intent, family, [item for item in usable if family in item.families], names)
    lines += ["exit", "!", f"route-map {PREFER_GLOBAL} permit 10", " set ipv6 next-hop prefer-global", "exit", "!"]
    return "\n".join(lines) + "\n"


_PolicyNames = dict[tuple[str, FilterIntent], str]


def _policy_names(sessions: list[SessionIntent]) -> _PolicyNames:
    names: _PolicyNames = {}
    for session in sessions:
        for family in session.families:
            for policy in (of_family(session.import_filter, family), of_family(session.export_filter, family)):
                names.setdefault((family, policy), _policy_name(family, policy))
    return names


def _policy_name(family: str, policy: FilterIntent) -> str:
    """Return a name that says what stands in the list, so that a list never changes."""
    digest = hashlib.sha256("\n".join(_prefix_list(family, policy, "")).encode()).hexdigest()
    return f"policy-{digest[:NAME_DIGITS]}"


def _prefix_list(family: str, policy: FilterIntent, name: str) -> list[str]:
    head = f"{LIST_WORDS[family]} prefix-list {name} seq"
    lines = []
    for number, rule in enumerate(policy.rules, start=1):
        length, longest = int(rule.prefix.rpartition("/")[2]), BITS[family] if rule.le is None else rule.le
        reach = f" le {longest}" if longest > length else ""
        lines.append(f"{head} {5 * number} {'permit' if rule.accept else 'deny'} {rule.prefix}{reach}")
    lines.append(f"{head} {5 * (len(policy.rules) + 1)} {'permit' if policy.default_accept else 'deny'} any")
    return lines


def _neighbor(intent: NodeIntent, session: SessionIntent) -> list[str]:
    head = f" neighbor {session.remote_address}"
    lines = [f"{head} remote-as {session.peer_as}"]
    if session.local_as != intent.local_as:
        lines.append(f"{head} local-as {session.local_as} no-prepend replace-as")
    if session.port != PORT_DEFAULT:
        lines.append(f"{head} port {session.port}")
    if session.passive:
        lines.append(f"{head} passive")
    if session.ttl_security_hops is not None:
        lines.append(f"{head} ttl-security hops {session.ttl_security_hops}")
    elif session.peer_as != session.local_as:
        lines.append(f"{head} ebgp-multihop {MULTIHOP_MAX}")
    if session.local_address is not None:
        lines.append(f"{head} update-source {session.local_address}")
    if session.keepalive_time_s is not None:
        hold = KEEPALIVES_PER_HOLD_TIME * session.keepalive_time_s
        lines.append(f"{head} timers {session.keepalive_time_s} {hold}")
    lines.append(f"{head} timers connect {CONNECT_RETRY_S}")
    return lines


def _address_family(intent: NodeIntent, family: str, sessions: list[SessionIntent], names: _PolicyNames) -> list[str]:
    mark = ":" if family == "ipv6" else "."
    networks = [f"  network {prefix}" for prefix in intent.originated if mark in prefix]
    if not networks and not sessions:
        return []
    lines = [" !", f" address-family {family} unicast", *networks]
    for session in sessions:
        head = f"  neighbor {session.remote_address}"
        lines.append(f"{head} activate")
        if session.next_hop_mode == "self":
            lines.append(f"{head} next-hop-self")
        if session.is_client:
            lines.append(f"{head} route-reflector-client")
        if session.allowed_local_as_count:
            lines.append(f"{head} allowas-in {session.allowed_local_as_count}")
        lines.append(f"{head} prefix-list {names[family, of_family(session.import_filter, family)]} in")
        lines.append(f"{head} prefix-list {names[family, of_family(session.export_filter, family)]} out")
        if family == "ipv6":
            lines.append(f"{head} route-map {PREFER_GLOBAL} in")
        if session.add_path in ("send", "both"):
            lines.append(f"{head} addpath-tx-all-paths")
        if session.next_hop_mode == "keep":
            lines.append(f"{head} attribute-unchanged next-hop")
    return [*lines, " exit-address-family"]
