"""Pieces of text that both generations of BIRD share: words, filters, protocols of the host.

What it is NOT for: sessions (`sessions.py`), and what differs between the generations (`bird1.py`, `bird2.py`).
Lines are indented by two spaces a level; a block is a tuple of lines.
"""

from dataclasses import replace
from typing import Final

from tortie.fabric.addresses import family_of, prefix_length
from tortie.fabric.bird.route_rules import route_rule_line
from tortie.fabric.filter_intent import FilterIntent, FilterRule
from tortie.fabric.intent import NodeIntent

Lines = tuple[str, ...]

HEAD: Final = "# Made by tortie from the datastore: what is changed here by hand is overwritten."
WORKLOAD_INTERFACES: Final = "cali*"
KERNEL_FILTER: Final = "to_kernel"
SCAN_TIME_S: Final = 2
"""How often interfaces and the kernel's table are read again; BIRD hears of most changes at once."""

DEBUG_WORDS: Final = {"none": "off", "debug": "all", "trace": "all"}
"""Log level, lower case → what BIRD's protocols tell; states for every other."""


def quoted(text: str) -> str:
    """Return a text in BIRD's quotes; what BIRD cannot have between them becomes an underscore."""
    return '"' + "".join(char if is_quotable(char) else "_" for char in text) + '"'


def is_quotable(text: str) -> bool:
    """Return whether a text can stand in BIRD's quotes as it is: they know no escapes."""
    return text.isprintable() and '"' not in text


def block(head: str, lines: Lines) -> Lines:
    """Return lines in braces, indented."""
    return (f"{head} {{", *(f"  {line}" for line in lines), "}")


def general_lines(intent: NodeIntent) -> Lines:
    """Return what stands first: who the speaker is and what it tells."""
    debug = DEBUG_WORDS.get(intent.log_level.lower(), "{ states }")
    return (HEAD, f"router id {intent.router_id};", "log stderr all;", f"debug protocols {debug};")


def host_filter() -> Lines:
    """Return the filter of what goes to the kernel: what BGP brought and what stands here, and not the host's own."""
    return block(f"filter {KERNEL_FILTER}", ("if source = RTS_BGP || source = RTS_STATIC then accept;", "reject;"))


def device_lines() -> Lines:
    """Return the protocol that sees interfaces."""
    return block("protocol device", (f"scan time {SCAN_TIME_S};",))


def direct_interfaces(intent: NodeIntent) -> str:
    """Return the interfaces whose connected routes are known: all but workloads' and those that are ignored."""
    left_out = [*intent.ignored_interfaces, WORKLOAD_INTERFACES]
    return f"interface {', '.join(f'-{quoted(name)}' for name in left_out)}, {quoted('*')};"


def static_routes(intent: NodeIntent, family: str) -> Lines:
    """Return own blocks, so that an address nobody has loops nowhere, and ways to peers; a workload's route goes first.

    Args:
        intent: of a node.
        family: "ipv4" or "ipv6".
    """
    workloads = {each.prefix for each in intent.workloads}
    blocks = [prefix for prefix in intent.blackholes if family_of(prefix) == family and prefix not in workloads]
    ways = [route for route in intent.static_routes if family_of(route.prefix) == family]
    return (
        *(f"route {prefix} blackhole;" for prefix in blocks),
        *(f"route {route.prefix} via {route.via};" for route in ways),
    )


def filter_names(intent: NodeIntent) -> dict[FilterIntent, str]:
    """Return a name for each filter of a session and family that has rules, in order of first use."""
    names: dict[FilterIntent, str] = {}
    for session in intent.sessions:
        for family in session.families:
            for policy in (of_family(session.import_filter, family), of_family(session.export_filter, family)):
                if (policy.rules or policy.route_rules) and policy not in names:
                    names[policy] = f"policy_{len(names) + 1}"
    return names


def of_family(policy: FilterIntent, family: str) -> FilterIntent:
    """Return a policy as it is for one family: the rules about the other's prefixes are left out."""
    return replace(
        policy,
        rules=tuple(rule for rule in policy.rules if family_of(rule.prefix) == family),
        route_rules=tuple(rule for rule in policy.route_rules if rule.family == family),
    )


def filter_lines(name: str, policy: FilterIntent) -> Lines:
    """Return a filter: the first rule that accepts or rejects decides."""
    verdict = "accept" if policy.default_accept else "reject"
    lines = (*map(route_rule_line, policy.route_rules), *map(_rule, policy.rules), f"{verdict};")
    return block(f"filter {name}", lines)


def filter_word(policy: FilterIntent, names: dict[FilterIntent, str]) -> str:
    """Return how a session names its policy."""
    if policy.rules or policy.route_rules:
        return f"filter {names[policy]}"
    return "all" if policy.default_accept else "none"


def _rule(rule: FilterRule) -> str:
    length = prefix_length(rule.prefix)
    reach = "+" if rule.le is None else "" if rule.le == length else f"{{{length},{rule.le}}}"
    return f"if net ~ [ {rule.prefix}{reach} ] then {'accept' if rule.accept else 'reject'};"
