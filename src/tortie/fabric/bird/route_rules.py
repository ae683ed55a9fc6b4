"""Rules that look at the whole route, as lines of a filter of BIRD.

Both generations of BIRD take the same text. What it is NOT for: filters as a whole (`blocks.py`). Reference C3.
"""

from typing import Final

from tortie.fabric.addresses import family_of, prefix_length
from tortie.fabric.filter_intent import RouteRule
from tortie.model import local_pref_of_priority

OPERATORS: Final = {"In": "~", "NotIn": "!~", "Equal": "=", "NotEqual": "!="}
BITS: Final = {"ipv4": 32, "ipv6": 128}


def route_rule_line(rule: RouteRule) -> str:
    """Return one rule: a condition, what is changed, and the verdict."""
    changes = " ".join((*_changes(rule), *(() if rule.action == "next" else (f"{rule.action};",))))
    conditions = _conditions(rule)
    if not conditions:
        return changes
    return f"if {' && '.join(f'({each})' for each in conditions)} then {{ {changes} }}"


def _conditions(rule: RouteRule) -> list[str]:
    found = [] if rule.prefix is None else [_of_prefix(rule, rule.prefix)]
    if rule.is_learned:
        found.append("source = RTS_BGP")
    if rule.interface is not None:
        found.append(f'defined(ifname) && ifname ~ "{rule.interface}"')
    if rule.community is not None:
        found.append(f"({_numbers(rule.community)}) ~ {_attribute(rule.community)}")
    if rule.as_path:
        found.append(f"bgp_path ~ [= {' '.join(map(str, rule.as_path))} * =]")
    if rule.priority is not None:
        found.append(f"defined(bgp_local_pref) && bgp_local_pref = {local_pref_of_priority(rule.priority)}")
    return found


def _of_prefix(rule: RouteRule, prefix: str) -> str:
    """Return the condition on the prefix; one that no prefix meets where the bounds exclude each other."""
    if rule.length_min is None and rule.length_max is None:
        return f"net {OPERATORS[rule.operator]} {prefix}"
    length, bits = prefix_length(prefix), BITS[family_of(prefix)]
    low = max(length, rule.length_min or 0)
    high = bits if rule.length_max is None else min(bits, rule.length_max)
    if rule.operator in ("Equal", "NotEqual"):
        high = min(high, length)
    is_negated = rule.operator in ("NotIn", "NotEqual")
    if low > high:
        return "true" if is_negated else "false"
    return f"net {'!~' if is_negated else '~'} [ {prefix}{{{low},{high}}} ]"


def _changes(rule: RouteRule) -> list[str]:
    found = [f"{_attribute(each)}.add(({_numbers(each)}));" for each in rule.add_communities]
    found += [f"bgp_path.prepend({asn});" for asn in reversed(rule.prepend)]
    if rule.set_priority is not None:
        found.append(f"bgp_local_pref = {local_pref_of_priority(rule.set_priority)};")
    return found


def _numbers(community: str) -> str:
    return ", ".join(community.split(":"))


def _attribute(community: str) -> str:
    return "bgp_community" if community.count(":") == 1 else "bgp_large_community"
