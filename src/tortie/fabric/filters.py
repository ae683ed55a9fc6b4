"""BGPFilters: from the resource to the rules of one session.

A BGPPeer names filters; their rules stand one after another, before what a node does anyway, and the first that accepts
or rejects a route decides. Rules for the other kind of session (peerType) are left out here, so that an engine never
asks. What it is NOT for: evaluating rules (``tortie.bgp.policy``). Reference C3, E4, E6. RFC 4271 §9.1.1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tortie.fabric.addresses import IPV4, IPV6
from tortie.fabric.filter_intent import RouteRule
from tortie.fabric.quarantine import Claim
from tortie.model import BGPFilter, FilterAction, FilterOperation, PeerType
from tortie.model import FilterRule as ModelRule

_VERSIONS: Final = ((IPV4, 4), (IPV6, 6))


@dataclass(frozen=True, slots=True)
class SessionRule:
    """A rule, and the kind of session that it is for.

    Attributes:
        rule: what it says.
        is_internal: for sessions inside one AS, or between two; None = both.
    """

    rule: RouteRule
    is_internal: bool | None

    def is_for(self, *, is_internal: bool, families: Sequence[str]) -> bool:
        """Return whether a session of this kind that carries these families has the rule."""
        return self.rule.family in families and self.is_internal in (None, is_internal)


@dataclass(frozen=True, slots=True)
class FilterRecord:
    """A BGPFilter.

    Attributes:
        name: the resource's name.
        imports, exports: rules in their order, IPv4 before IPv6.
    """

    name: str
    imports: tuple[SessionRule, ...]
    exports: tuple[SessionRule, ...]


Filters = Mapping[str, FilterRecord]
"""BGPFilters by name."""

Rules = tuple[RouteRule, ...]


def read_filter_resource(resource: BGPFilter) -> tuple[FilterRecord, Sequence[Claim]]:
    """Read a BGPFilter; nothing that the model takes is unusable here."""
    imports = (_rule(family, rule) for family, version in _VERSIONS for rule in resource.import_rules(version))
    exports = (_rule(family, rule) for family, version in _VERSIONS for rule in resource.export_rules(version))
    return FilterRecord(resource.name, tuple(imports), tuple(exports)), []


def import_rules(names: Iterable[str], filters: Filters, families: Sequence[str], *, is_internal: bool) -> Rules:
    """Return the rules by which a session takes routes; every name must be a filter's."""
    found = (each for name in names for each in filters[name].imports)
    return tuple(each.rule for each in found if each.is_for(is_internal=is_internal, families=families))


def export_rules(names: Iterable[str], filters: Filters, families: Sequence[str], *, is_internal: bool) -> Rules:
    """Return the rules by which a session sends routes, before what the node does anyway."""
    found = (each for name in names for each in filters[name].exports)
    return tuple(each.rule for each in found if each.is_for(is_internal=is_internal, families=families))


def _rule(family: str, rule: ModelRule) -> SessionRule:
    length = rule.prefix_length
    operations = rule.operations or ()
    found = RouteRule(
        family=family,
        action="accept" if rule.action is FilterAction.ACCEPT else "reject",
        prefix=rule.cidr,
        operator=rule.match_operator.value if rule.match_operator else "In",
        length_min=length.min if length else None,
        length_max=length.max if length else None,
        is_learned=rule.source is not None,
        interface=rule.interface,
        community=rule.communities.values[0] if rule.communities else None,
        as_path=rule.as_path_prefix or (),
        priority=rule.priority,
        add_communities=tuple(each.add_community.value for each in operations if each.add_community),
        prepend=_prepended(operations),
        set_priority=next((each.set_priority.value for each in reversed(operations) if each.set_priority), None),
    )
    return SessionRule(found, None if rule.peer_type is None else rule.peer_type is PeerType.IBGP)


def _prepended(operations: Iterable[FilterOperation]) -> tuple[int, ...]:
    """Return what several prepends come to: the last stands nearest."""
    found: tuple[int, ...] = ()
    for each in operations:
        if each.prepend_as_path:
            found = (*each.prepend_as_path.prefix, *found)
    return found
