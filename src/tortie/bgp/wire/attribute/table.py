"""The path attributes, one row each.

For: what an attribute is called, which flags it must have, how its value is coded, and what RFC 7606 asks
for when something is wrong with it, on external and on internal sessions. Not for: the code itself.
RFC 4271 §5, §6.3; RFC 7606 §3, §7; each module of this package names its own sections.

Structures to know: `ATTRIBUTE_TABLE`, `Reaction`. An attribute without a row is unknown (`unknown`).
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
    local_pref,
    med,
    mp_reach,
    mp_unreach,
    next_hop,
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
        decode: reads the value into a draft; raises MalformedAttributeError. None: the attribute is cut
            out of the block before (MP_REACH_NLRI, MP_UNREACH_NLRI).
        encode: (attributes, four_octet_as) to the value, None when absent. None: written elsewhere.
        ebgp: reactions on a session with another AS.
        ibgp: reactions on a session inside our AS.
        is_opaque: the value is checked and kept in `AttributeSet.unknown`.
    """

    code: int
    name: str
    flags: int
    decode: Decoder | None
    encode: Encoder | None
    ebgp: Reaction
    ibgp: Reaction
    is_opaque: bool = False


def _check_entries(entry_length: int, value: bytes, _context: DecodeContext, _draft: AttributeDraft) -> None:
    opaque.check_entries(value, entry_length)


_check_extended = partial(_check_entries, opaque.EXTENDED_COMMUNITY_LENGTH)
_check_ipv6_extended = partial(_check_entries, opaque.IPV6_EXTENDED_COMMUNITY_LENGTH)
_check_large = partial(_check_entries, opaque.LARGE_COMMUNITY_LENGTH)

_WELL_KNOWN: Final = TRANSITIVE
_OPTIONAL: Final = OPTIONAL
_OPTIONAL_TRANSITIVE: Final = OPTIONAL | TRANSITIVE

_MANDATORY: Final = Reaction(missing=Disposition.TREAT_AS_WITHDRAW)
_WITHDRAW: Final = Reaction()
_DISCARD: Final = Reaction(malformed=Disposition.ATTRIBUTE_DISCARD)
_UNWELCOME: Final = Reaction(present=Disposition.ATTRIBUTE_DISCARD)
_RESET: Final = Reaction(malformed=Disposition.SESSION_RESET)

_ROWS: Final = (
    # code, name, flags, decode, encode, eBGP, iBGP
    AttributeRow(1, "ORIGIN", _WELL_KNOWN, origin.decode, origin.encode, _MANDATORY, _MANDATORY),
    AttributeRow(2, "AS_PATH", _WELL_KNOWN, as_path.decode, as_path.encode, _MANDATORY, _MANDATORY),
    # Mandatory where the UPDATE has NLRI outside MP_REACH_NLRI, ignored where it has not (RFC 4760 §3).
    AttributeRow(3, "NEXT_HOP", _WELL_KNOWN, next_hop.decode, next_hop.encode, _MANDATORY, _MANDATORY),
    AttributeRow(4, "MULTI_EXIT_DISC", _OPTIONAL, med.decode, med.encode, _WITHDRAW, _WITHDRAW),
    AttributeRow(5, "LOCAL_PREF", _WELL_KNOWN, local_pref.decode, local_pref.encode, _UNWELCOME, _WITHDRAW),
    AttributeRow(
        6,
        "ATOMIC_AGGREGATE",
        _WELL_KNOWN,
        atomic_aggregate.decode,
        atomic_aggregate.encode,
        _DISCARD,
        _DISCARD,
    ),
    AttributeRow(7, "AGGREGATOR", _OPTIONAL_TRANSITIVE, aggregator.decode, aggregator.encode, _DISCARD, _DISCARD),
    AttributeRow(8, "COMMUNITIES", _OPTIONAL_TRANSITIVE, communities.decode, communities.encode, _WITHDRAW, _WITHDRAW),
    AttributeRow(9, "ORIGINATOR_ID", _OPTIONAL, originator_id.decode, originator_id.encode, _UNWELCOME, _WITHDRAW),
    AttributeRow(10, "CLUSTER_LIST", _OPTIONAL, cluster_list.decode, cluster_list.encode, _UNWELCOME, _WITHDRAW),
    # Malformed, their prefixes cannot be located (RFC 7606 §3 j, §7.11, §7.12).
    AttributeRow(mp_reach.CODE, "MP_REACH_NLRI", _OPTIONAL, None, None, _RESET, _RESET),
    AttributeRow(mp_unreach.CODE, "MP_UNREACH_NLRI", _OPTIONAL, None, None, _RESET, _RESET),
    AttributeRow(
        16,
        "EXTENDED COMMUNITIES",
        _OPTIONAL_TRANSITIVE,
        _check_extended,
        None,
        _WITHDRAW,
        _WITHDRAW,
        is_opaque=True,
    ),
    AttributeRow(17, "AS4_PATH", _OPTIONAL_TRANSITIVE, as4_path.decode, as4_path.encode, _DISCARD, _DISCARD),
    AttributeRow(
        18,
        "AS4_AGGREGATOR",
        _OPTIONAL_TRANSITIVE,
        as4_aggregator.decode,
        as4_aggregator.encode,
        _DISCARD,
        _DISCARD,
    ),
    AttributeRow(
        25,
        "IPv6 EXTENDED COMMUNITIES",
        _OPTIONAL_TRANSITIVE,
        _check_ipv6_extended,
        None,
        _WITHDRAW,
        _WITHDRAW,
        is_opaque=True,
    ),
    AttributeRow(32, "LARGE_COMMUNITY", _OPTIONAL_TRANSITIVE, _check_large, None, _WITHDRAW, _WITHDRAW, is_opaque=True),
)

ATTRIBUTE_TABLE: Final = {row.code: row for row in _ROWS}
"""Type code to row, by ascending code."""
