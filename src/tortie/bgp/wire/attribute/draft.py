"""Attributes of one block while it is decoded.

For: what the decoders of the attributes write to. Not for: anything that outlives a block.
RFC 4271 §4.3. Structures to know: `AttributeDraft`, `MalformedAttributeError`.
"""

from tortie.bgp.errors import BGPError
from tortie.bgp.wire.attribute_set import ORIGIN_IGP, FieldTuple, UnknownAttribute
from tortie.bgp.wire.community import LargeCommunity
from tortie.bgp.wire.segment import Segment


class MalformedAttributeError(BGPError):
    """A decoder found its attribute's value malformed; `decode_block` turns it into a `Problem`.

    Attributes:
        subcode: of an UPDATE Message Error (RFC 4271 §6.3).
    """

    def __init__(self, subcode: int, text: str) -> None:
        """Keep the subcode; `text` says what was found and expected."""
        super().__init__(text)
        self.subcode = subcode


class AttributeDraft:
    """The fields of an `AttributeSet` to be, and the two attributes that RFC 6793 merges into it."""

    __slots__ = (
        "aggregator",
        "as4_aggregator",
        "as4_path",
        "as_path",
        "atomic_aggregate",
        "cluster_list",
        "communities",
        "extended_communities",
        "large_communities",
        "local_pref",
        "med",
        "next_hop",
        "only_to_customer",
        "origin",
        "originator_id",
        "partial",
        "unknown",
    )

    origin: int
    as_path: tuple[Segment, ...]
    next_hop: bytes
    med: int | None
    local_pref: int | None
    atomic_aggregate: bool
    aggregator: tuple[int, int] | None
    communities: tuple[int, ...]
    originator_id: int | None
    cluster_list: tuple[int, ...]
    extended_communities: tuple[int, ...]
    large_communities: tuple[LargeCommunity, ...]
    only_to_customer: int | None
    unknown: list[UnknownAttribute]
    partial: list[int]
    as4_path: tuple[Segment, ...]
    as4_aggregator: tuple[int, int] | None

    def __init__(self) -> None:
        """Begin with every attribute absent."""
        self.origin = ORIGIN_IGP
        self.as_path = self.as4_path = ()
        self.next_hop = b""
        self.med = self.local_pref = self.originator_id = self.only_to_customer = None
        self.atomic_aggregate = False
        self.aggregator = self.as4_aggregator = None
        self.communities = self.cluster_list = self.extended_communities = ()
        self.large_communities = ()
        self.unknown = []
        self.partial = []

    def fields(self, next_hop: bytes) -> FieldTuple:
        """Return the fields of the set, with this next hop."""
        return (
            self.origin,
            self.as_path,
            next_hop,
            self.med,
            self.local_pref,
            self.atomic_aggregate,
            self.aggregator,
            self.communities,
            self.originator_id,
            self.cluster_list,
            self.extended_communities,
            self.large_communities,
            self.only_to_customer,
            tuple(sorted(self.unknown, key=_code)) if self.unknown else (),
            tuple(sorted(self.partial)) if self.partial else (),
        )


def _code(attribute: UnknownAttribute) -> int:
    return attribute.code
