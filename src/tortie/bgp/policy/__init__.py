"""Compiled policy: what a filter says of one prefix. Not for: deciding where a filter applies (rib, engine)."""

from tortie.bgp.policy.prefix_filter import (
    ACCEPT_ALL,
    REJECT_ALL,
    PrefixFilter,
    PrefixRule,
    PrefixRuleInvalid,
    costly_part,
)

__all__ = ["ACCEPT_ALL", "REJECT_ALL", "PrefixFilter", "PrefixRule", "PrefixRuleInvalid", "costly_part"]
