"""The path attributes, one row each.

For: what an attribute is called, which flags and lengths it must have, how its value is coded, and what RFC 7606
asks for when something is wrong with it, on external and on internal sessions. Not for: the code itself; an attribute's
module reads its value, checks its length while it does, and a test holds it to the row.
RFC 4271 §5, §6.3; RFC 7606 §3, §7; RFC 7607 §2; each module of this package names its own sections.

Structures to know: `ATTRIBUTE_TABLE`, `Lengths`, `Reaction`. An attribute without a row is unknown (`unknown`).
docs/malformed.md shows the table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from tortie.bgp.errors import Disposition
from tortie.bgp.wire.attribute import (
    aggregator,
    as4_aggregator,
    as4_path,
    as_path,
    atomic_aggregate,
    cluster_list,
    communities,
    extended_communities,
    large_communities,
    local_pref,
    med,
    mp_reach,
    mp_unreach,
    next_hop,
    only_to_customer,
    opaque,
    origin,
    originator_id,
)
from tortie.bgp.wire.attribute.draft import AttributeDraft
from tortie.bgp.wire.attribute.subcode import OPTIONAL, TRANSITIVE
from tortie.bgp.wire.attribute_set import AttributeSet
from tortie.bgp.wire.context import DecodeContext

Decoder = Callable[[bytes, DecodeContext, AttributeDraft], None]
Encoder = Callable[[AttributeSet, bool], bytes | None]


@dataclass(frozen=True, slots=True)
class Lengths:
    """Which lengths a value may have, in octets.

    Attributes:
        least: the shortest.
        step: the others are this much, twice this much, ... longer; 0: there are no others.
        least_two_octet_as: the shortest between speakers of 2-octet AS numbers, where it is another.
        words: for people, where the figures do not say it.
    """

    least: int
    step: int = 0
    least_two_octet_as: int | None = None
    words: str = ""

    def may_be(self, length: int, *, four_octet_as: bool = True) -> bool:
        """Say whether a value of this length can be well-formed."""
        least = self.least if four_octet_as or self.least_two_octet_as is None else self.least_two_octet_as
        return length == least or (self.step > 0 and length > least and (length - least) % self.step == 0)

    def __str__(self) -> str:
        """Return the rule in words: `4`, `4, 8, 12, ...`."""
        if self.words:
            return self.words
        return (
            str(self.least) if not self.step else ", ".join(str(self.least + i * self.step) for i in range(3)) + ", ..."
        )


@dataclass(frozen=True, slots=True)
class Reaction:
    """What RFC 7606 asks for when something is wrong with an attribute.

    Attributes:
        flags: its Optional or Transitive bit is not as specified (§3 c).
        malformed: its length or value is not as specified (§7).
        missing: it is absent from an UPDATE that announces (§3 d); None: it may be.
        present: it is there at all; None: it may be.
    """

    flags: Disposition = Disposition.TREAT_AS_WITHDRAW
    malformed: Disposition = Disposition.TREAT_AS_WITHDRAW
    missing: Disposition | None = None
    present: Disposition | None = None


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One path attribute.

    Attributes:
        code: type code.
        name: as the RFCs write it.
        flags: the Optional and Transitive bits it must have.
        lengths: what its value may have.
        decode: reads the value into a draft; raises MalformedAttributeError. None: the attribute is cut
            out of the block before (MP_REACH_NLRI, MP_UNREACH_NLRI).
        encode: (attributes, four_octet_as) to the value, None when absent. None: written elsewhere.
        ebgp: reactions on a session with another AS.
        ibgp: reactions on a session inside our AS.
        rfc: where the reactions stand.
        is_opaque: the value is checked and kept in `AttributeSet.unknown`.
    """

    code: int
    name: str
    flags: int
    lengths: Lengths
    decode: Decoder | None
    encode: Encoder | None
    ebgp: Reaction
    ibgp: Reaction
    rfc: str
    is_opaque: bool = False


def _check_entries(entry_length: int, value: bytes, _context: DecodeContext, _draft: AttributeDraft) -> None:
    opaque.check_entries(value, entry_length)


_check_ipv6_extended = partial(_check_entries, opaque.IPV6_EXTENDED_COMMUNITY_LENGTH)

_WELL_KNOWN: Final = TRANSITIVE
_OPTIONAL: Final = OPTIONAL
_OPTIONAL_TRANSITIVE: Final = OPTIONAL | TRANSITIVE

_MANDATORY: Final = Reaction(missing=Disposition.TREAT_AS_WITHDRAW)
_WITHDRAW: Final = Reaction()
_DISCARD: Final = Reaction(malformed=Disposition.ATTRIBUTE_DISCARD)
_UNWELCOME: Final = Reaction(present=Disposition.ATTRIBUTE_DISCARD)
_RESET: Final = Reaction(malformed=Disposition.SESSION_RESET)

_ONE: Final = Lengths(4)
_LIST: Final = Lengths(4, step=4)
_PATH: Final = Lengths(0, step=1, words="whole segments, none of them empty")
_PATH_NOT_EMPTY: Final = Lengths(1, step=1, words="whole segments, at least one, none of them empty")
_AGGREGATOR: Final = Lengths(8, least_two_octet_as=6, words="8; 6 between speakers of 2-octet AS numbers")
_REACH: Final = Lengths(5, step=1, words="5 and more; next hop 16 or 32 (IPv4: 4 as well)")
_UNREACH: Final = Lengths(3, step=1, words="3 and more")

# fmt: off
_ROWS: Final = (
    # code, name, flags, lengths, decode, encode, eBGP, iBGP, RFC
    AttributeRow(1, "ORIGIN", _WELL_KNOWN, Lengths(1), origin.decode, origin.encode,
                 _MANDATORY, _MANDATORY, "7606 §7.1"),
    AttributeRow(2, "AS_PATH", _WELL_KNOWN, _PATH, as_path.decode, as_path.encode,
                 _MANDATORY, _MANDATORY, "7606 §7.2, 7607 §2"),
    # Mandatory where the UPDATE has NLRI outside MP_REACH_NLRI, ignored where it has not (RFC 4760 §3).
    AttributeRow(3, "NEXT_HOP", _WELL_KNOWN, _ONE, next_hop.decode, next_hop.encode,
                 _MANDATORY, _MANDATORY, "7606 §7.3"),
    AttributeRow(4, "MULTI_EXIT_DISC", _OPTIONAL, _ONE, med.decode, med.encode,
                 _WITHDRAW, _WITHDRAW, "7606 §7.4"),
    AttributeRow(5, "LOCAL_PREF", _WELL_KNOWN, _ONE, local_pref.decode, local_pref.encode,
                 _UNWELCOME, _WITHDRAW, "7606 §7.5"),
    AttributeRow(6, "ATOMIC_AGGREGATE", _WELL_KNOWN, Lengths(0), atomic_aggregate.decode, atomic_aggregate.encode,
                 _DISCARD, _DISCARD, "7606 §7.6"),
    AttributeRow(7, "AGGREGATOR", _OPTIONAL_TRANSITIVE, _AGGREGATOR, aggregator.decode, aggregator.encode,
                 _DISCARD, _DISCARD, "7606 §7.7, 7607 §2"),
    AttributeRow(8, "COMMUNITIES", _OPTIONAL_TRANSITIVE, _LIST, communities.decode, communities.encode,
                 _WITHDRAW, _WITHDRAW, "7606 §7.8"),
    AttributeRow(9, "ORIGINATOR_ID", _OPTIONAL, _ONE, originator_id.decode, originator_id.encode,
                 _UNWELCOME, _WITHDRAW, "7606 §7.9"),
    AttributeRow(10, "CLUSTER_LIST", _OPTIONAL, _LIST, cluster_list.decode, cluster_list.encode,
                 _UNWELCOME, _WITHDRAW, "7606 §7.10"),
    # Malformed, their prefixes cannot be located (RFC 7606 §3 j).
    AttributeRow(mp_reach.CODE, "MP_REACH_NLRI", _OPTIONAL, _REACH, None, None, _RESET, _RESET, "7606 §7.11"),
    AttributeRow(mp_unreach.CODE, "MP_UNREACH_NLRI", _OPTIONAL, _UNREACH, None, None, _RESET, _RESET, "7606 §7.12"),
    AttributeRow(16, "EXTENDED COMMUNITIES", _OPTIONAL_TRANSITIVE, Lengths(8, step=8), extended_communities.decode,
                 extended_communities.encode, _WITHDRAW, _WITHDRAW, "7606 §7.14"),
    AttributeRow(17, "AS4_PATH", _OPTIONAL_TRANSITIVE, _PATH_NOT_EMPTY, as4_path.decode, as4_path.encode,
                 _DISCARD, _DISCARD, "6793 §4.1, §6"),
    AttributeRow(18, "AS4_AGGREGATOR", _OPTIONAL_TRANSITIVE, Lengths(8), as4_aggregator.decode, as4_aggregator.encode,
                 _DISCARD, _DISCARD, "6793 §4.1, §6"),
    AttributeRow(25, "IPv6 EXTENDED COMMUNITIES", _OPTIONAL_TRANSITIVE, Lengths(20, step=20), _check_ipv6_extended,
                 None, _WITHDRAW, _WITHDRAW, "7606 §7.15", is_opaque=True),
    AttributeRow(32, "LARGE_COMMUNITY", _OPTIONAL_TRANSITIVE, Lengths(12, step=12), large_communities.decode,
                 large_communities.encode, _WITHDRAW, _WITHDRAW, "8092 §6"),
    AttributeRow(35, "ONLY_TO_CUSTOMER", _OPTIONAL_TRANSITIVE, _ONE, only_to_customer.decode, only_to_customer.encode,
                 _WITHDRAW, _WITHDRAW, "9234 §5"),
)
# fmt: on

ATTRIBUTE_TABLE: Final = {row.code: row for row in _ROWS}
"""Type code to row, by ascending code."""
