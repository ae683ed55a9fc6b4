"""From a filter of an intent to the policy that the engine is told.

For: the one place where fabric's texts of filters become the engine's values; equal filters become one object. Not for:
deciding which session has which filter (`fabric`), or what a rule means (`bgp.policy`).
Structures to know: `FilterIntent` in, `Policy` out. RFC 4271 §5.1.5 (LOCAL_PREF carries the priority of a route).
"""

from tortie.bgp.policy import Action, Edit, Policy, PrefixFilter, PrefixMatch, PrefixRule, RouteRule, policy_of
from tortie.bgp.wire import NO_COMMUNITIES, communities_from_texts, family_from_name
from tortie.fabric import FilterIntent
from tortie.fabric import RouteRule as IntentRule
from tortie.model import local_pref_of_priority

__all__ = ["Policies"]


class Policies:
    """The policies of one intent, each compiled once."""

    def __init__(self) -> None:
        """Start with none."""
        self._known: dict[FilterIntent, Policy] = {}

    def compiled(self, policy: FilterIntent) -> Policy:
        """Return the policy; a session of an intent always has one, so that RFC 8212 is satisfied.

        Raises:
            LocalProtocolError: a rule cannot be used; names it.
        """
        if policy not in self._known:
            rules = tuple(PrefixRule(rule.prefix, accept=rule.accept, le=rule.le) for rule in policy.rules)
            rest = PrefixFilter(rules, policy.default_accept)
            self._known[policy] = policy_of(tuple(_route_rule(rule) for rule in policy.route_rules), rest)
        return self._known[policy]


def _route_rule(rule: IntentRule) -> RouteRule:
    wanted = communities_from_texts([] if rule.community is None else [rule.community])
    return RouteRule(
        family=family_from_name(rule.family),
        action=Action(rule.action),
        prefix=_prefix_match(rule),
        is_learned=rule.is_learned,
        interface=rule.interface,
        community=next(iter(wanted.standard), None),
        large_community=next(iter(wanted.large), None),
        as_path=rule.as_path,
        local_pref=None if rule.priority is None else local_pref_of_priority(rule.priority),
        edit=_edit(rule),
    )


def _prefix_match(rule: IntentRule) -> PrefixMatch | None:
    if rule.prefix is None:
        return None
    return PrefixMatch(
        rule.prefix,
        rule.length_min,
        rule.length_max,
        is_exact=rule.operator in ("Equal", "NotEqual"),
        is_negated=rule.operator in ("NotEqual", "NotIn"),
    )


def _edit(rule: IntentRule) -> Edit | None:
    edit = Edit(
        communities=communities_from_texts(list(rule.add_communities)),
        prepend=rule.prepend,
        local_pref=None if rule.set_priority is None else local_pref_of_priority(rule.set_priority),
    )
    return None if edit == Edit(NO_COMMUNITIES) else edit
