"""Import and export policies as plain data with one JSON form, part of an intent.

What it is NOT for: evaluating them (``tortie.bgp.policy``), or deciding which session has which (``policy.py``,
``filters.py``). Reference C3, E6. Structures to know: `FilterIntent`; `RouteRule` and `FilterRule`, of
which it is made.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

from tortie.fabric.document import Document

PREFIX_BITS_MAX: Final = 128
AS_NUMBER_MAX: Final = 2**32 - 1
PRIORITY_MAX: Final = 2**31 - 2

ACTIONS: Final = ("accept", "reject", "next")
"""What a `RouteRule` does with what it matches; "next": change it and go on with the rules behind."""

OPERATORS: Final = ("In", "NotIn", "Equal", "NotEqual")


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One rule of a prefix filter.

    Attributes:
        prefix: the rule covers this prefix and what lies beneath it, e.g. ``192.168.0.0/16``.
        le: longest prefix length covered, in bits; None = as long as the family allows. Equal to the
            prefix's own length it covers that prefix alone.
        accept: accept or reject what is covered.
    """

    prefix: str
    le: int | None
    accept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """One rule that may look at the whole route: all conditions that it names must hold.

    Attributes:
        family: "ipv4" or "ipv6"; routes of the other are passed over.
        action: one of `ACTIONS`.
        prefix: compared by `operator`; None = any.
        operator: one of `OPERATORS`.
        length_min, length_max: narrow `prefix`; None = no bound of their own.
        is_learned: only what came from a peer.
        interface: name or glob of the interface that the route leads to.
        community: `aa:nn` or `aa:nn:mm` that it carries.
        as_path: its path begins with these AS numbers.
        priority: of the route, 1 to 2147483646; LOCAL_PREF is 2147483647 less it.
        add_communities: added, in this order, unless they are there.
        prepend: AS numbers put before its path, nearest first.
        set_priority: its priority from now on.
    """

    family: str
    action: str
    prefix: str | None = None
    operator: str = "In"
    length_min: int | None = None
    length_max: int | None = None
    is_learned: bool = False
    interface: str | None = None
    community: str | None = None
    as_path: tuple[int, ...] = ()
    priority: int | None = None
    add_communities: tuple[str, ...] = ()
    prepend: tuple[int, ...] = ()
    set_priority: int | None = None


@dataclass(frozen=True, slots=True)
class FilterIntent:
    """An import or export policy: the first rule that accepts or rejects a route decides.

    RFC 8212: every session has one each way, explicitly, even where it accepts everything.

    Attributes:
        rules: lists of prefixes, asked where no route rule has decided, in the order of evaluation.
        default_accept: the decision when no rule covers a prefix.
        route_rules: asked first, in the order of evaluation (with `rules` the tuples of an intent that are not sorted).
    """

    rules: tuple[FilterRule, ...]
    default_accept: bool
    route_rules: tuple[RouteRule, ...] = ()

    @property
    def is_plain(self) -> bool:
        """It is a list of prefixes, and changes nothing."""
        return not self.route_rules


ACCEPT_ALL: Final = FilterIntent(rules=(), default_accept=True)


def distinct_filters(filters: Iterable[FilterIntent]) -> dict[FilterIntent, int]:
    """Return filter → index, in order of first use."""
    found: dict[FilterIntent, int] = {}
    for item in filters:
        found.setdefault(item, len(found))
    return found


def filter_to_dict(item: FilterIntent) -> dict[str, object]:
    """Return a filter as plain lists, dicts and scalars; of a route rule only what is said."""
    content: dict[str, object] = {
        "rules": [asdict(rule) for rule in item.rules],
        "default_accept": item.default_accept,
    }
    if item.route_rules:
        content["route_rules"] = [_route_rule_to_dict(rule) for rule in item.route_rules]
    return content


def _route_rule_to_dict(rule: RouteRule) -> dict[str, object]:
    said = {name: value for name, value in asdict(rule).items() if value is not None and value is not False}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value != ()}


def read_filter(document: Document) -> FilterIntent:
    """Read what `filter_to_dict` made. Raises DocumentInvalid."""
    rules = tuple(
        FilterRule(item.text("prefix"), item.number_or_none("le", 0, PREFIX_BITS_MAX), item.flag("accept"))
        for item in document.documents("rules")
    )
    route_rules = tuple(_read_route_rule(item) for item in document.documents("route_rules"))
    return FilterIntent(rules, document.flag("default_accept"), route_rules)


def _read_route_rule(document: Document) -> RouteRule:
    return RouteRule(
        family=document.word("family", ("ipv4", "ipv6")),
        action=document.word("action", ACTIONS),
        prefix=document.text_or_none("prefix"),
        operator=document.word("operator", OPERATORS, "In"),
        length_min=document.number_or_none("length_min", 0, PREFIX_BITS_MAX),
        length_max=document.number_or_none("length_max", 0, PREFIX_BITS_MAX),
        is_learned=document.flag("is_learned", default=False),
        interface=document.text_or_none("interface"),
        community=document.text_or_none("community"),
        as_path=document.numbers("as_path", 1, AS_NUMBER_MAX),
        priority=document.number_or_none("priority", 1, PRIORITY_MAX),
        add_communities=document.texts("add_communities"),
        prepend=document.numbers("prepend", 1, AS_NUMBER_MAX),
        set_priority=document.number_or_none("set_priority", 1, PRIORITY_MAX),
    )
