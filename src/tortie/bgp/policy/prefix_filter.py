"""Prefix filters: an ordered list of prefix rules, compiled once, asked once a prefix.

For: the export rule of a node (its pools and blocks, nothing beneath a block) and import prefix lists.
Not for: path attributes (a filter here sees the prefix only).
RFC sections: 4271 §9.1.1 (local policy); 8212 §2 (a policy that accepts everything is one; none at all is not).
Structures to know: `PrefixRule` (what a person wrote), `PrefixFilter` (hashable, so that it may be part of
an update group's key).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tortie.bgp.errors import AddressTextError, LocalProtocolError
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family, prefix_from_text

ADDRESS_BITS: Final = {IPV4_UNICAST: 32, IPV6_UNICAST: 128}


class PrefixRuleInvalid(LocalProtocolError):
    """A rule cannot be compiled: our caller gave a bad prefix or a bad length range."""


@dataclass(frozen=True, slots=True)
class PrefixRule:
    """One rule: prefixes inside `prefix` with `ge` <= length <= `le` are accepted or rejected.

    Args:
        prefix: canonical text, "10.0.0.0/8".
        accept: the verdict for what matches.
        ge: shortest length that matches; None = the prefix's own length.
        le: longest length that matches; None = every longer length of the family.
    """

    prefix: str
    accept: bool
    ge: int | None = None
    le: int | None = None


@dataclass(frozen=True, slots=True)
class _CompiledRule:
    network: int
    shift: int
    ge: int
    le: int
    accept: bool

    def matches(self, address: int, length: int) -> bool:
        return self.ge <= length <= self.le and address >> self.shift == self.network


@dataclass(frozen=True, slots=True)
class PrefixFilter:
    """An ordered list of rules, first match ends; `default_accept` where none matches.

    Two filters with the same rules are equal and hash alike. `accepts_all`: no prefix is rejected.
    """

    rules: tuple[PrefixRule, ...] = ()
    default_accept: bool = False
    accepts_all: bool = field(init=False, repr=False, compare=False, hash=False)
    _compiled: dict[Family, tuple[_CompiledRule, ...]] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        """Compile the rules; raises PrefixRuleInvalid naming the rule that cannot be used."""
        object.__setattr__(self, "_compiled", _compile(self.rules))
        object.__setattr__(self, "accepts_all", self.default_accept and all(rule.accept for rule in self.rules))

    def accepts(self, family: Family, nlri: bytes) -> bool:
        """Return the verdict for one prefix given in its wire form (length octet, prefix octets)."""
        length = nlri[0]
        octet_count = len(nlri) - 1
        address = int.from_bytes(nlri[1:], "big") << (ADDRESS_BITS[family] - 8 * octet_count)
        for rule in self._compiled[family]:
            if rule.matches(address, length):
                return rule.accept
        return self.default_accept


def _compile(rules: Sequence[PrefixRule]) -> dict[Family, tuple[_CompiledRule, ...]]:
    compiled: dict[Family, list[_CompiledRule]] = {family: [] for family in ADDRESS_BITS}
    for rule in rules:
        family, nlri = _parsed(rule)
        bits = ADDRESS_BITS[family]
        length = nlri[0]
        ge = length if rule.ge is None else rule.ge
        le = bits if rule.le is None else rule.le
        if not length <= ge <= le <= bits:
            raise PrefixRuleInvalid(f"rule {rule.prefix} ge {ge} le {le}: expected {length} <= ge <= le <= {bits}")
        shift = bits - length
        octets = nlri[1:]
        network = int.from_bytes(octets, "big") >> (8 * len(octets) - length) if length else 0
        compiled[family].append(_CompiledRule(network, shift, ge, le, rule.accept))
    return {family: tuple(of_family) for family, of_family in compiled.items()}


def _parsed(rule: PrefixRule) -> tuple[Family, bytes]:
    try:
        return prefix_from_text(rule.prefix)
    except AddressTextError as error:
        raise PrefixRuleInvalid(f"rule {rule.prefix!r}: expected an IPv4 or IPv6 prefix ({error})") from error


ACCEPT_ALL: Final = PrefixFilter(default_accept=True)
"""Somebody has said: everything (RFC 8212 asks that it be said)."""

REJECT_ALL: Final = PrefixFilter(default_accept=False)
