"""Route filters: ordered rules over a whole route, split into what is asked once a path and what once a prefix.

For: BGPFilters, and communities that go with prefixes. A filter is compiled once; `RouteFilter.given` asks of a path
what its rules want to know besides the prefix and leaves a `PrefixVerdicts`, which is asked prefix by prefix. Not for:
lists of prefixes alone (prefix_filter), which cost a path nothing; nor for carrying a verdict out (rib).
RFC sections: 4271 §9.1.1 (local policy), §5.1.2 and §9.1.2.2 (prepending).
Structures to know: `RouteRule` (what a person wrote), `RouteFilter` (hashable, so that it may be part of an update
group's key), `Edit` (what becomes of an accepted route).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import NamedTuple

from tortie.bgp.errors import AddressTextError
from tortie.bgp.policy.prefix_filter import ADDRESS_BITS, PrefixFilter, PrefixRuleInvalid
from tortie.bgp.wire import (
    AS_SEQUENCE,
    NO_COMMUNITIES,
    AttributeSet,
    AttributeTable,
    Communities,
    Family,
    prefix_from_text,
    prepended,
    without_confederation,
)
from tortie.bgp.wire.community import LargeCommunity


class Action(Enum):
    """What a rule does with a route that it matches. NEXT: change it and go on with the rules behind."""

    ACCEPT = "accept"
    REJECT = "reject"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class PrefixMatch:
    """Which prefixes a rule is about.

    Attributes:
        prefix: canonical text, "10.0.0.0/8".
        length_min, length_max: shortest and longest prefix inside it; None = no limit of their own.
        is_exact: the prefix alone, nothing beneath it.
        is_negated: all other prefixes instead.
    """

    prefix: str
    length_min: int | None = None
    length_max: int | None = None
    is_exact: bool = False
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """What is changed of a route.

    Attributes:
        communities: added, each unless it is there.
        prepend: AS numbers put before the path, nearest first.
        local_pref: degree of preference from now on, 32-bit unsigned; None = as it was.
    """

    communities: Communities = NO_COMMUNITIES
    prepend: tuple[int, ...] = ()
    local_pref: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """One rule: all conditions that it names must hold.

    Attributes:
        family: routes of the other family are passed over.
        action: what becomes of a route.
        prefix: see `PrefixMatch`; None = any.
        is_learned: it came from a peer; False = it may be our own too.
        interface: name or glob of the interface that our own route leads to; a route without one does not match.
        community, large_community: it has this one.
        as_path: its path begins with these AS numbers.
        local_pref: its degree of preference.
        edit: what is changed of it, unless it is rejected.
    """

    family: Family
    action: Action
    prefix: PrefixMatch | None = None
    is_learned: bool = False
    interface: str | None = None
    community: int | None = None
    large_community: LargeCommunity | None = None
    as_path: tuple[int, ...] = ()
    local_pref: int | None = None
    edit: Edit | None = None

    @property
    def asks_path(self) -> bool:
        """It wants to know more than the prefix."""
        plain = RouteRule(family=self.family, action=self.action, prefix=self.prefix, edit=self.edit)
        return self != plain


class RouteFacts(NamedTuple):
    """What rules ask of a path besides its prefix.

    Attributes:
        attributes: its attributes.
        preference: its degree of preference.
        is_learned: it came from a peer.
        interface: where our own route leads to, "" = unknown.
    """

    attributes: AttributeSet
    preference: int
    is_learned: bool
    interface: str = ""


class _Prefixes(NamedTuple):
    """A compiled `PrefixMatch`."""

    network: int
    shift: int
    low: int
    high: int
    is_negated: bool

    def match(self, address: int, length: int) -> bool:
        is_inside = self.low <= length <= self.high and address >> self.shift == self.network
        return is_inside is not self.is_negated


class _Compiled(NamedTuple):
    """A rule, and its prefixes ready to be asked."""

    rule: RouteRule
    prefixes: _Prefixes | None
    asks_path: bool


class PrefixVerdicts:
    """What is left of a filter for one path: rules that ask for the prefix only."""

    __slots__ = ("_bits", "_filter", "_rules")

    def __init__(self, rules: Sequence[_Compiled], rest: PrefixFilter, family: Family) -> None:
        """Keep the rules that the path meets, and the list of prefixes that stands behind them."""
        self._rules = tuple(rules)
        self._filter = rest
        self._bits = ADDRESS_BITS[family]

    def edits_of(self, family: Family, nlri: bytes) -> tuple[Edit, ...] | None:
        """Return the edits of the route to a prefix in its wire form, in their order; None = it is rejected."""
        length = nlri[0]
        address = int.from_bytes(nlri[1:], "big") << (self._bits - 8 * (len(nlri) - 1))
        edits: tuple[Edit, ...] = ()
        for rule, prefixes, _ in self._rules:
            if prefixes is not None and not prefixes.match(address, length):
                continue
            if rule.action is Action.REJECT:
                return None
            if rule.edit is not None:
                edits = (*edits, rule.edit)
            if rule.action is Action.ACCEPT:
                return edits
        return edits if self._filter.accepts(family, nlri) else None


@dataclass(frozen=True, slots=True)
class RouteFilter:
    """An ordered list of rules, the first that accepts or rejects ends; then a list of prefixes decides.

    Two filters with the same rules are equal and hash alike.

    Attributes:
        rules: in the order of evaluation.
        rest: asked where no rule has decided.
    """

    rules: tuple[RouteRule, ...]
    rest: PrefixFilter
    _hash: int = field(init=False, repr=False, compare=False, hash=False)
    _compiled: dict[Family, tuple[_Compiled, ...]] = field(init=False, repr=False, compare=False, hash=False)
    _for_all: dict[Family, PrefixVerdicts] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        """Compile the rules; raises PrefixRuleInvalid naming the rule that cannot be used."""
        compiled = {
            family: tuple(_compiled(rule) for rule in self.rules if rule.family == family) for family in ADDRESS_BITS
        }
        object.__setattr__(self, "_compiled", compiled)
        object.__setattr__(self, "_hash", hash((self.rules, self.rest)))
        for_all = {
            family: PrefixVerdicts(rules, self.rest, family)
            for family, rules in compiled.items()
            if not any(each.asks_path for each in rules)
        }
        object.__setattr__(self, "_for_all", for_all)

    def __hash__(self) -> int:
        """Return the hash taken when it was compiled: a group's key is hashed often."""
        return self._hash

    def given(self, family: Family, facts: RouteFacts) -> PrefixVerdicts:
        """Return what is to be asked of the prefixes of one path. Cost: O(rules), once a path."""
        known = self._for_all.get(family)
        if known is not None:
            return known
        met = [each for each in self._compiled[family] if not each.asks_path or _holds(each.rule, facts)]
        return PrefixVerdicts(met, self.rest, family)


Policy = PrefixFilter | RouteFilter
"""What may come or go: a list of prefixes, or rules that look at the whole route."""


def costly_part(policy: Policy | None) -> Policy | None:
    """Return a policy as far as it must be asked: None where it accepts every prefix as it is."""
    return None if policy is None or (isinstance(policy, PrefixFilter) and policy.accepts_all) else policy


def policy_of(rules: tuple[RouteRule, ...], rest: PrefixFilter) -> Policy:
    """Return the cheapest policy that says the same."""
    return RouteFilter(rules, rest) if rules else rest


def edited(attributes: AttributeSet, edits: Sequence[Edit], table: AttributeTable) -> AttributeSet:
    """Return the set that edits, carried out in their order, make of `attributes`, itself not modified."""
    communities = dict.fromkeys(attributes.communities)
    extended = dict.fromkeys(attributes.extended_communities)
    large = dict.fromkeys(attributes.large_communities)
    as_path, local_pref = attributes.as_path, attributes.local_pref
    for edit in edits:
        communities |= dict.fromkeys(edit.communities.standard)
        extended |= dict.fromkeys(edit.communities.extended)
        large |= dict.fromkeys(edit.communities.large)
        for asn in reversed(edit.prepend):
            as_path = prepended(as_path, asn)
        local_pref = local_pref if edit.local_pref is None else edit.local_pref
    return table.replace(
        attributes,
        communities=tuple(communities),
        extended_communities=tuple(extended),
        large_communities=tuple(large),
        as_path=as_path,
        local_pref=local_pref,
    )


def edited_preference(preference: int, edits: Sequence[Edit]) -> int:
    """Return the degree of preference after some edits."""
    return next((edit.local_pref for edit in reversed(edits) if edit.local_pref is not None), preference)


def _compiled(rule: RouteRule) -> _Compiled:
    prefixes = None if rule.prefix is None else _prefixes(rule.prefix, rule.family)
    return _Compiled(rule, prefixes, rule.asks_path)


def _prefixes(match: PrefixMatch, expected: Family) -> _Prefixes:
    try:
        family, nlri = prefix_from_text(match.prefix)
    except AddressTextError as error:
        raise PrefixRuleInvalid(f"rule {match.prefix!r}: expected a prefix of {expected.name} ({error})") from error
    if family != expected:
        raise PrefixRuleInvalid(f"rule {match.prefix!r}: expected a prefix of {expected.name}")
    bits, length, octets = ADDRESS_BITS[family], nlri[0], nlri[1:]
    low = max(length, match.length_min or 0)
    high = bits if match.length_max is None else min(bits, match.length_max)
    if match.is_exact:
        high = min(high, length)
    network = int.from_bytes(octets, "big") >> (8 * len(octets) - length) if length else 0
    return _Prefixes(network, bits - length, low, high, match.is_negated)


def _holds(rule: RouteRule, facts: RouteFacts) -> bool:
    """Say whether all that a rule asks of a path besides its prefix is so."""
    attributes = facts.attributes
    if rule.is_learned and not facts.is_learned:
        return False
    if rule.interface is not None and not (facts.interface and fnmatchcase(facts.interface, rule.interface)):
        return False
    if rule.community is not None and rule.community not in attributes.communities:
        return False
    if rule.large_community is not None and rule.large_community not in attributes.large_communities:
        return False
    if rule.local_pref is not None and rule.local_pref != facts.preference:
        return False
    return not rule.as_path or _begins_with(attributes, rule.as_path)


def _begins_with(attributes: AttributeSet, asns: tuple[int, ...]) -> bool:
    """Say whether an AS path begins with these; a set stands for any of its members, confederations are passed over."""
    places: list[tuple[int, ...]] = []
    for kind, members in without_confederation(attributes.as_path):
        places.extend(((each,) for each in members) if kind == AS_SEQUENCE else (members,))
    return len(asns) <= len(places) and all(asn in place for asn, place in zip(asns, places, strict=False))
