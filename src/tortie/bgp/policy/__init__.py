"""Compiled policy: what a filter says of a route. Not for: deciding where a filter applies (rib, engine)."""

from tortie.bgp.policy.prefix_filter import ACCEPT_ALL, REJECT_ALL, PrefixFilter, PrefixRule, PrefixRuleInvalid
from tortie.bgp.policy.route_filter import (
    Action,
    Edit,
    Policy,
    PrefixMatch,
    PrefixVerdicts,
    RouteFacts,
    RouteFilter,
    RouteRule,
    costly_part,
    edited,
    edited_preference,
    policy_of,
)

__all__ = [
    "ACCEPT_ALL",
    "REJECT_ALL",
    "Action",
    "Edit",
    "Policy",
    "PrefixFilter",
    "PrefixMatch",
    "PrefixRule",
    "PrefixRuleInvalid",
    "PrefixVerdicts",
    "RouteFacts",
    "RouteFilter",
    "RouteRule",
    "costly_part",
    "edited",
    "edited_preference",
    "policy_of",
]
