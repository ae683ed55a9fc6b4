"""BGPFilter: ordered rules that accept, reject or change routes on the sessions of a BGPPeer.

Four lists, by direction and family. In a list the first rule whose match fields all agree ends it; a route that no
rule matches goes on to the next filter of the peer. What it is NOT for: turning rules into a policy (``fabric``).
RFC 1997 and RFC 8092 (communities), RFC 4271 §5.1.2 (AS_PATH) and §5.1.5 (LOCAL_PREF, which carries the priority).
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.bgp_configuration import parse_community
from tortie.model.fields import (
    IPV4,
    IPV6,
    ASNumber,
    EntriesBetween,
    Expected,
    as_text,
    integer_between,
    parse_network_of,
    word_of,
)
from tortie.model.resource import Resource

PRIORITY_MAX: Final = 2147483646
LOCAL_PREF_OF_PRIORITY_ZERO: Final = 2147483647
OPERATION_COUNT_MAX: Final = 10
PREPEND_COUNT_MAX: Final = 10
COMMUNITY_COUNT: Final = 1
"""Communities that a rule may ask for: Calico has a list that holds exactly one."""

_INTERFACE = re.compile(r"[a-zA-Z0-9_.*-]{1,15}")


def local_pref_of_priority(priority: int) -> int:
    """Return the LOCAL_PREF that carries a priority; the lower the priority, the better the route."""
    return LOCAL_PREF_OF_PRIORITY_ZERO - priority


class FilterAction(StrEnum):
    """What becomes of a route that a rule matches."""

    ACCEPT = "Accept"
    REJECT = "Reject"


class MatchOperator(StrEnum):
    """How the prefix of a route compares with the rule's network."""

    EQUAL = "Equal"
    NOT_EQUAL = "NotEqual"
    IN = "In"
    NOT_IN = "NotIn"


class MatchSource(StrEnum):
    """Where a route comes from."""

    REMOTE_PEERS = "RemotePeers"


class PeerType(StrEnum):
    """The kind of session that the route goes over."""

    EBGP = "eBGP"
    IBGP = "iBGP"


def parse_interface_pattern(value: object) -> str:
    """Return the name of an interface or a pattern of at most 15 characters; ``*`` is any."""
    text = as_text(value)
    if not _INTERFACE.fullmatch(text):
        raise Expected("the name of an interface or a pattern such as eth*, 1-15 characters")
    return text


Priority = Annotated[int, BeforeValidator(integer_between(1, PRIORITY_MAX))]
CommunityText = Annotated[str, BeforeValidator(parse_community)]
ASPath = Annotated[tuple[ASNumber, ...], AfterValidator(EntriesBetween(1))]


class CommunityMatch(Model):
    """The community that a route must carry."""

    values: Annotated[tuple[CommunityText, ...], AfterValidator(EntriesBetween(COMMUNITY_COUNT, COMMUNITY_COUNT))] = (
        Field(description="a list of one community aa:nn or aa:nn:mm")
    )


class AddCommunity(Model):
    """Add a community to the route."""

    value: CommunityText = Field(description="a community aa:nn or aa:nn:mm")


class PrependASPath(Model):
    """Put AS numbers in front of the path, the first of them leftmost."""

    prefix: Annotated[tuple[ASNumber, ...], AfterValidator(EntriesBetween(1, PREPEND_COUNT_MAX))] = Field(
        description=f"a list of 1 to {PREPEND_COUNT_MAX} AS numbers"
    )


class SetPriority(Model):
    """Set the route's priority; see `local_pref_of_priority`."""

    value: Priority = Field(description=f"a priority from 1 to {PRIORITY_MAX}")


class FilterOperation(Model):
    """One change of an accepted route: exactly one of the three."""

    add_community: AddCommunity | None = None
    prepend_as_path: PrependASPath | None = Field(default=None, alias="prependASPath")
    set_priority: SetPriority | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "FilterOperation":
        if sum(part is not None for part in (self.add_community, self.prepend_as_path, self.set_priority)) != 1:
            raise Expected("exactly one of addCommunity, prependASPath, setPriority")
        return self


def _length(bits: int) -> BeforeValidator:
    return BeforeValidator(integer_between(0, bits))


class PrefixLengthV4(Model):
    """Bounds of the prefix length, both included; None means no bound on that side."""

    min: Annotated[int, _length(32)] | None = None
    max: Annotated[int, _length(32)] | None = None


class PrefixLengthV6(Model):
    """Bounds of the prefix length, both included; None means no bound on that side."""

    min: Annotated[int, _length(128)] | None = None
    max: Annotated[int, _length(128)] | None = None


class FilterRule(Model):
    """A rule: match fields, all of which must agree and each of which may be absent; an action; changes.

    The order of checks in a manifest does not matter. `prefix_length` narrows `cidr` and its operator; without it
    the length is not looked at.
    """

    action: Annotated[FilterAction, BeforeValidator(word_of(FilterAction))] = Field(description="Accept or Reject")
    cidr: str | None = None
    match_operator: Annotated[MatchOperator, BeforeValidator(word_of(MatchOperator))] | None = None
    prefix_length: PrefixLengthV4 | PrefixLengthV6 | None = None
    source: Annotated[MatchSource, BeforeValidator(word_of(MatchSource))] | None = None
    interface: Annotated[str, BeforeValidator(parse_interface_pattern)] | None = None
    peer_type: Annotated[PeerType, BeforeValidator(word_of(PeerType))] | None = None
    communities: CommunityMatch | None = None
    as_path_prefix: ASPath | None = Field(default=None, alias="asPathPrefix")
    priority: Priority | None = None
    operations: (
        Annotated[tuple[FilterOperation, ...], AfterValidator(EntriesBetween(1, OPERATION_COUNT_MAX))] | None
    ) = None

    @model_validator(mode="after")
    def _rules(self) -> "FilterRule":
        for is_broken, field, expected in _rule_failures(self):
            if is_broken:
                raise Expected(expected, field=field)
        return self


def _rule_failures(rule: FilterRule) -> Iterator[tuple[bool, tuple[str, ...], str]]:
    """Yield each rule between fields: is it broken, the field at fault, what was expected."""
    has_cidr, has_operator = rule.cidr is not None, rule.match_operator is not None
    operators = "one of " + ", ".join(MatchOperator)
    yield has_cidr and not has_operator, ("matchOperator",), f"{operators} where cidr is set"
    yield has_operator and not has_cidr, ("cidr",), "a network where matchOperator is set"
    length = rule.prefix_length
    yield length is not None and not has_cidr, ("prefixLength",), "nothing without cidr"
    yield _is_empty_range(length), ("prefixLength", "max"), "a length not below min"
    is_rejected = rule.action is FilterAction.REJECT
    yield is_rejected and rule.operations is not None, ("operations",), "nothing where action is Reject"


def _is_empty_range(length: PrefixLengthV4 | PrefixLengthV6 | None) -> bool:
    return length is not None and length.min is not None and length.max is not None and length.max < length.min


class FilterRuleV4(FilterRule):
    """A rule about IPv4 routes."""

    cidr: Annotated[str, BeforeValidator(parse_network_of(IPV4))] | None = None
    prefix_length: PrefixLengthV4 | None = None


class FilterRuleV6(FilterRule):
    """A rule about IPv6 routes."""

    cidr: Annotated[str, BeforeValidator(parse_network_of(IPV6))] | None = None
    prefix_length: PrefixLengthV6 | None = None


class BGPFilterSpec(Model):
    """Rules by direction and family; None and an empty list both say nothing about those routes."""

    export_v4: tuple[FilterRuleV4, ...] | None = Field(default=None, alias="exportV4")
    import_v4: tuple[FilterRuleV4, ...] | None = Field(default=None, alias="importV4")
    export_v6: tuple[FilterRuleV6, ...] | None = Field(default=None, alias="exportV6")
    import_v6: tuple[FilterRuleV6, ...] | None = Field(default=None, alias="importV6")


class BGPFilter(Resource):
    """Rules about routes, which a BGPPeer names in `filters`."""

    kind: Literal["BGPFilter"] = "BGPFilter"
    spec: BGPFilterSpec = Field(default_factory=BGPFilterSpec)

    def import_rules(self, version: int) -> tuple[FilterRule, ...]:
        """Return the rules for received routes of IP version 4 or 6, in order."""
        return (self.spec.import_v4 if version == IPV4 else self.spec.import_v6) or ()

    def export_rules(self, version: int) -> tuple[FilterRule, ...]:
        """Return the rules for announced routes of IP version 4 or 6, in order."""
        return (self.spec.export_v4 if version == IPV4 else self.spec.export_v6) or ()
