"""Compiled policy: what a filter says of one prefix. Not for: deciding where a filter applies (rib, engine)."""

from tortie.bgp.policy.prefix_filter import PrefixFilter, PrefixRule, PrefixRuleInvalid

__all__ = ["PrefixFilter", "PrefixRule", "PrefixRuleInvalid"]
