"""Path attributes as values: one object a distinct set.

For: what routes share. Most routes have the attributes of many others, so a set is kept once
(interned), compared by identity, and a block of bytes seen before is not parsed again. Not for: how one
attribute is coded (`attribute/`), nor for changing attributes: a change is another set.
RFC 4271 §5, RFC 1997, RFC 4360, RFC 4456 §8, RFC 8092.

Structures to know: `AttributeSet`, and `AttributeTable`, of which an engine has one.
Price: 0.3 KB a distinct set, and what its AS path, communities and encoded block take.
"""

from functools import partial
from typing import Final, NamedTuple, TypedDict, Unpack
from weakref import WeakValueDictionary, ref

from tortie.bgp.errors import LocalProtocolError, Problem
from tortie.bgp.wire.community import LargeCommunity
from tortie.bgp.wire.segment import Segment, first_as, path_length, path_to_text

ORIGIN_IGP: Final = 0
ORIGIN_EGP: Final = 1
ORIGIN_INCOMPLETE: Final = 2

SEEN_BLOCKS_MAX: Final = 8_192
"""Entries of one generation of a cache of seen blocks; two are kept, the older is dropped whole.

Price: about 0.3 KB an entry beside its set, so at most 5 MB a form in use.
"""

SEEN_OCTETS_MAX: Final = 1_048_576
"""Octets of blocks in one generation: who sends an attribute list of 4 KB in every UPDATE fills it with 256.

Price: a set takes up to ten times its block (AS numbers become integers), so at most 20 MB a form in use.
"""

DECODE_FORM_COUNT: Final = 4
"""Ways to read a block of attributes: internal or external, 4- or 2-octet AS numbers."""


class UnknownAttribute(NamedTuple):
    """An attribute that is carried and not interpreted.

    Attributes:
        flags: Optional, Transitive and Partial bits; Extended Length and the unused bits are zero.
        code: attribute type code, 0 to 255.
        value: the attribute's value.
    """

    flags: int
    code: int
    value: bytes


class AttributeFields(TypedDict, total=False):
    """The fields of an attribute set; all may be left out, see `AttributeTable.intern` for defaults."""

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
    unknown: tuple[UnknownAttribute, ...]
    partial: tuple[int, ...]


FieldTuple = tuple[
    int,
    tuple[Segment, ...],
    bytes,
    int | None,
    int | None,
    bool,
    tuple[int, int] | None,
    tuple[int, ...],
    int | None,
    tuple[int, ...],
    tuple[int, ...],
    tuple[LargeCommunity, ...],
    int | None,
    tuple[UnknownAttribute, ...],
    tuple[int, ...],
]
"""The fields of `AttributeFields` in its order."""

BlockKey = bytes | tuple[bytes, bytes]
"""A block of attributes without MP_REACH and MP_UNREACH, and the next hop of MP_REACH if that counts."""

SeenBlock = tuple["AttributeSet | None", tuple[Problem, ...]]
"""What a block of attributes came to: the set (None: not usable) and the problems found in it."""


class AttributeSet:
    """The path attributes that routes share. Never changed; interned sets are equal when they are the same.

    Attributes:
        origin: 0 IGP, 1 EGP, 2 INCOMPLETE.
        as_path: segments, nearest first; empty for a route of this AS.
        next_hop: 4 octets, 16 octets, or 32 (IPv6 global and link-local); b"" when there is none.
        med: MULTI_EXIT_DISC, 32-bit unsigned, None when absent.
        local_pref: 32-bit unsigned, None when absent.
        atomic_aggregate: the attribute is present.
        aggregator: (AS number, IPv4 address), both 32-bit unsigned, None when absent.
        communities: 32-bit unsigned each, in order of receipt.
        originator_id: 32-bit unsigned, None when absent.
        cluster_list: cluster ids, 32-bit unsigned, nearest first.
        extended_communities: 64-bit unsigned each, in order of receipt.
        large_communities: three 32-bit unsigned each, in order of receipt, each once.
        only_to_customer: AS number of who first sent it down or sideways (RFC 9234), None when absent.
        unknown: attributes carried as they are, by ascending code.
        partial: codes of the other attributes that came with the Partial bit (RFC 4271 §5: it stays set).
        as_path_length: AS numbers as counted by the decision.
        neighbor_as: first AS of the path, None when it is empty or begins with a set.
        encoded_form: how `encoded_block` was written, see `attribute.encode`; -1 before the first time.
        encoded_block: the last encoding of the set, kept by the codec.
    """

    __slots__ = (
        "__weakref__",
        "aggregator",
        "as_path",
        "as_path_length",
        "atomic_aggregate",
        "cluster_list",
        "communities",
        "encoded_block",
        "encoded_form",
        "extended_communities",
        "large_communities",
        "local_pref",
        "med",
        "neighbor_as",
        "next_hop",
        "only_to_customer",
        "origin",
        "originator_id",
        "partial",
        "unknown",
    )

    def __init__(self, fields: FieldTuple) -> None:
        """Set the fields, in the order of `AttributeFields`. Call `AttributeTable.intern` instead."""
        (
            self.origin,
            self.as_path,
            self.next_hop,
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
            self.unknown,
            self.partial,
        ) = fields
        self.as_path_length = path_length(self.as_path)
        self.neighbor_as = first_as(self.as_path)
        self.encoded_form = -1
        self.encoded_block = b""

    def fields(self) -> FieldTuple:
        """Return the fields in the order of `AttributeFields`."""
        return (
            self.origin,
            self.as_path,
            self.next_hop,
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
            self.unknown,
            self.partial,
        )

    def contains_as(self, asn: int) -> bool:
        """Say whether `asn` stands anywhere in the AS path, sets and confederation segments included."""
        return any(asn in segment.asns for segment in self.as_path)

    def as_path_text(self) -> str:
        """Return the AS path as people write it: `64512 65001 {1,2}`."""
        return path_to_text(self.as_path)

    def __repr__(self) -> str:
        """Name the fields that are set."""
        pairs = zip(FIELD_NAMES, self.fields(), strict=True)
        return f"AttributeSet({', '.join(f'{name}={value!r}' for name, value in pairs if value)})"


FIELD_NAMES: Final = tuple(AttributeFields.__annotations__)


class SeenBlocks:
    """What the blocks of attributes lately seen came to: a cache in two generations.

    When the young generation has SEEN_BLOCKS_MAX entries or SEEN_OCTETS_MAX octets it becomes the old one, and the
    old one is dropped; a block found in the old generation moves to the young. A hit on the young one, the rule,
    costs one dictionary look-up: `seen.young.get(key)`.

    Attributes:
        young: block of attributes without MP_REACH and MP_UNREACH, or (block, next hop) where the next hop
            comes from MP_REACH, to what it came to.
    """

    __slots__ = ("_octet_count", "_old", "young")

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.young: dict[BlockKey, SeenBlock] = {}
        self._octet_count = 0
        self._old: dict[BlockKey, SeenBlock] = {}

    def find(self, key: BlockKey) -> SeenBlock | None:
        """Return what a block came to when it was last decoded, None if it is not known."""
        found = self.young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.remember(key, found)
        return found

    def remember(self, key: BlockKey, seen: SeenBlock) -> None:
        """Keep what a block came to."""
        self._octet_count += len(key if isinstance(key, bytes) else key[0])
        if len(self.young) >= SEEN_BLOCKS_MAX or self._octet_count > SEEN_OCTETS_MAX:
            self._old = self.young
            self.young = {}
            self._octet_count = 0
        self.young[key] = seen


class AttributeTable:
    """The attribute sets of one engine, each kept once, and the blocks of bytes lately seen.

    Sets live while somebody holds them; the table holds them weakly, but for those of the blocks seen.

    Attributes:
        seen: the blocks lately seen, one cache for each `DecodeContext.form`.
    """

    __slots__ = ("_by_hash", "_collided", "_forget", "seen")

    def __init__(self) -> None:
        """Make an empty table."""
        # Keyed by the hash of the fields, not the fields: they would be kept twice, 170 octets a set.
        # A second set of the same hash is rare and goes where the fields are the key.
        by_hash: dict[int, _SetReference] = {}
        self._by_hash = by_hash
        self._collided: WeakValueDictionary[FieldTuple, AttributeSet] = WeakValueDictionary()
        self._forget = partial(_forget, by_hash)
        self.seen = tuple(SeenBlocks() for _ in range(DECODE_FORM_COUNT))

    def __len__(self) -> int:
        """Count the sets that are alive."""
        return len(self._by_hash) + len(self._collided)

    def intern(self, **fields: Unpack[AttributeFields]) -> AttributeSet:
        """Return the set with these fields; what is left out is absent (origin: IGP, path: empty).

        Raises:
            LocalProtocolError: an unknown field is named.
        """
        return self.replace(_NOTHING, **fields)

    def replace(self, attributes: AttributeSet, **changes: Unpack[AttributeFields]) -> AttributeSet:
        """Return the set with `changes` made to `attributes`, itself not modified.

        Raises:
            LocalProtocolError: an unknown field is named.
        """
        fields: FieldTuple = (
            changes.get("origin", attributes.origin),
            changes.get("as_path", attributes.as_path),
            changes.get("next_hop", attributes.next_hop),
            changes.get("med", attributes.med),
            changes.get("local_pref", attributes.local_pref),
            changes.get("atomic_aggregate", attributes.atomic_aggregate),
            changes.get("aggregator", attributes.aggregator),
            changes.get("communities", attributes.communities),
            changes.get("originator_id", attributes.originator_id),
            changes.get("cluster_list", attributes.cluster_list),
            changes.get("extended_communities", attributes.extended_communities),
            changes.get("large_communities", attributes.large_communities),
            changes.get("only_to_customer", attributes.only_to_customer),
            changes.get("unknown", attributes.unknown),
            changes.get("partial", attributes.partial),
        )
        if not _KNOWN_FIELDS.issuperset(changes):
            raise LocalProtocolError(
                f"attribute fields {sorted(set(changes) - _KNOWN_FIELDS)}: expected {', '.join(FIELD_NAMES)}"
            )
        return self.intern_fields(fields)

    def intern_fields(self, fields: FieldTuple) -> AttributeSet:
        """Return the set with these fields, all of them, in the order of `AttributeFields`."""
        fields_hash = hash(fields)
        reference = self._by_hash.get(fields_hash)
        found = None if reference is None else reference()
        if found is not None and found.fields() == fields:
            return found
        if self._collided and (collided := self._collided.get(fields)) is not None:
            return collided
        attributes = AttributeSet(fields)
        if found is None:
            reference = _SetReference(attributes, self._forget)
            reference.fields_hash = fields_hash
            self._by_hash[fields_hash] = reference
        else:
            self._collided[fields] = attributes
        return attributes


class _SetReference(ref[AttributeSet]):
    """A weak reference that knows the key it is kept under."""

    __slots__ = ("fields_hash",)

    fields_hash: int


def _forget(by_hash: dict[int, _SetReference], reference: ref[AttributeSet]) -> None:
    """Drop a reference whose set is no more, unless a new set of that hash has taken its place."""
    if isinstance(reference, _SetReference) and by_hash.get(reference.fields_hash) is reference:
        del by_hash[reference.fields_hash]


_KNOWN_FIELDS: Final = frozenset(FIELD_NAMES)
_NOTHING: Final = AttributeSet((ORIGIN_IGP, (), b"", None, None, False, None, (), None, (), (), (), None, (), ()))
