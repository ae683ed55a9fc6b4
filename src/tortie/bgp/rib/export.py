"""What a peer is sent of a best path: the export profile and the attributes it leads to.

For: the key of an update group and the one function that turns a path into what its members get.
Not for: reflection's own rules (reflection.py), nor for keeping what was sent (update_group.py).
RFC sections: 4271 §5.1.2 (AS_PATH), §5.1.3 (NEXT_HOP), §5.1.4 (MED), §5.1.5 (LOCAL_PREF); 4456 §8, §10;
1997 (well-known communities); 4360 §6 and 5701 §2 (extended communities that do not cross the border); 8326 §4.1 (we go
away); 9234 §5 (roles); 9494 §4.3, §4.6 (stale for long).
Structures to know: `ExportProfile`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tortie.bgp.policy import Edit, Policy, edited, edited_preference
from tortie.bgp.rib.import_rule import PREFERENCE_OF_LEAVING
from tortie.bgp.rib.path import Path, SourceKind
from tortie.bgp.rib.reflection import ClusterListFull, PeerKind, may_reflect, reflected_attributes
from tortie.bgp.rib.roles import may_send, sent_mark
from tortie.bgp.wire import (
    GRACEFUL_SHUTDOWN,
    LLGR_STALE,
    NO_ADVERTISE,
    NO_EXPORT,
    NO_EXPORT_SUBCONFED,
    AttributeSet,
    AttributeTable,
    EncodeContext,
    Family,
    Role,
    UnknownAttribute,
    is_transitive,
    prepended,
    without_confederation,
)

IPV6_EXTENDED_COMMUNITIES: Final = 25
IPV6_EXTENDED_COMMUNITY_LENGTH: Final = 20
NON_TRANSITIVE: Final = 0x40


class StaleMode(StrEnum):
    """Whether a peer is told of routes that are stale for long (RFC 9494 §4.3, §4.6).

    NO: it has no long-lived graceful restart. AS_LAST_RESORT: neither, but it is in our AS and is told, with LOCAL_PREF
    0 and NO_EXPORT. YES: it has it.
    """

    NO = "no"
    AS_LAST_RESORT = "as_last_resort"
    YES = "yes"


class NextHopMode(StrEnum):
    """Which next hop a peer is told. AUTO: ourselves to eBGP and for our own routes, else unchanged."""

    AUTO = "auto"
    SELF = "self"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportProfile:
    """Exactly the fields that change what a peer is sent: peers with equal profiles share an update group.

    Attributes:
        family: the address family; a session has one profile a family.
        peer_kind: client, non-client or external.
        local_as, peer_as: AS numbers of the session.
        encoding: 2- or 4-octet AS, message size, ADD-PATH, extended next hop.
        next_hop_mode: see NextHopMode.
        local_next_hop: packed address that "self" means on this session, 4 or 16 octets; empty when we have
            none of the family: what needs it is not sent.
        cluster_id: ours, 32-bit unsigned.
        export_filter: None accepts everything.
        is_draining: we go away: routes are a last resort for whoever has others (RFC 8326 §4.1). What came by iBGP is
            reflected as it is.
        role: ours towards an eBGP peer (RFC 9234), None = unknown.
        stale_mode: see StaleMode.
    """

    family: Family
    peer_kind: PeerKind
    local_as: int
    peer_as: int
    encoding: EncodeContext
    next_hop_mode: NextHopMode
    local_next_hop: bytes
    cluster_id: int
    export_filter: Policy | None = None
    is_draining: bool = False
    role: Role | None = None
    stale_mode: StaleMode = StaleMode.YES


def exported_attributes(
    path: Path, profile: ExportProfile, table: AttributeTable, edits: Sequence[Edit] = ()
) -> AttributeSet | None:
    """Return what members of `profile` are sent for `path`, None when it may not go to them.

    Filters are not looked at here. Cost: once per (path, profile, edits), never per peer.

    Args:
        path: not modified.
        profile: whom it is for.
        table: where the result is interned.
        edits: what the export filter changes. A community that it adds is for the peer and does not hold the route
            back here; an AS number that it prepends stands behind our own.
    """
    if not may_reflect(path.source, profile.peer_kind) or _is_held_back(path.attributes, profile.peer_kind):
        return None
    if edits:
        preference = edited_preference(path.preference, edits)
        path = Path(edited(path.attributes, edits, table), path.source, preference=preference)
    of_kind = _external_attributes if profile.peer_kind is PeerKind.EXTERNAL else _internal_attributes
    attributes = of_kind(path, profile, table)
    if attributes is not None and LLGR_STALE in attributes.communities:
        attributes = _stale_attributes(attributes, profile.stale_mode, table)
    if attributes is None or not _is_self(path, profile):
        return attributes
    return table.replace(attributes, next_hop=profile.local_next_hop) if profile.local_next_hop else None


def _stale_attributes(attributes: AttributeSet, mode: StaleMode, table: AttributeTable) -> AttributeSet | None:
    """Return what is told of a route that is stale for long, None = nothing."""
    if mode is not StaleMode.AS_LAST_RESORT:
        return attributes if mode is StaleMode.YES else None
    communities = attributes.communities
    if NO_EXPORT not in communities:
        communities = (*communities, NO_EXPORT)
    return table.replace(attributes, communities=communities, local_pref=0)


def _is_held_back(attributes: AttributeSet, to: PeerKind) -> bool:
    communities = attributes.communities
    if not communities:
        return False
    if NO_ADVERTISE in communities:
        return True
    return to is PeerKind.EXTERNAL and (NO_EXPORT in communities or NO_EXPORT_SUBCONFED in communities)


def _is_self(path: Path, profile: ExportProfile) -> bool:
    if not path.attributes.next_hop or profile.next_hop_mode is NextHopMode.SELF:
        return True
    return profile.next_hop_mode is NextHopMode.AUTO and profile.peer_kind is PeerKind.EXTERNAL


def _external_attributes(path: Path, profile: ExportProfile, table: AttributeTable) -> AttributeSet | None:
    is_local = path.source.kind is SourceKind.LOCAL
    mark = path.attributes.only_to_customer
    if profile.role is not None:
        if not may_send(path.attributes, profile.role):
            return None
        mark = sent_mark(path.attributes, profile.role, profile.local_as)
    communities = path.attributes.communities
    if profile.is_draining and GRACEFUL_SHUTDOWN not in communities:
        communities = (*communities, GRACEFUL_SHUTDOWN)
    return table.replace(
        path.attributes,
        communities=communities,
        as_path=prepended(without_confederation(path.attributes.as_path), profile.local_as),  # RFC 5065 §4 b
        med=path.attributes.med if is_local else None,
        local_pref=None,
        originator_id=None,
        cluster_list=(),
        only_to_customer=mark,
        extended_communities=tuple(filter(is_transitive, path.attributes.extended_communities)),
        unknown=tuple(filter(None, map(_across_border, path.attributes.unknown))),
    )


def _across_border(attribute: UnknownAttribute) -> UnknownAttribute | None:
    """Return an attribute as another AS may have it: of IPv6 extended communities the transitive ones (RFC 5701 §2)."""
    if attribute.code != IPV6_EXTENDED_COMMUNITIES:
        return attribute
    value, step = attribute.value, IPV6_EXTENDED_COMMUNITY_LENGTH
    entries = (value[start : start + step] for start in range(0, len(value), step))
    kept = b"".join(entry for entry in entries if not entry[0] & NON_TRANSITIVE)
    return attribute._replace(value=kept) if kept else None


def _internal_attributes(path: Path, profile: ExportProfile, table: AttributeTable) -> AttributeSet | None:
    if path.source.kind is SourceKind.INTERNAL:
        try:
            return reflected_attributes(path, profile.cluster_id, table)
        except ClusterListFull:
            return None
    is_leaving = profile.is_draining and path.source.kind is SourceKind.LOCAL
    return table.replace(path.attributes, local_pref=PREFERENCE_OF_LEAVING if is_leaving else path.preference)
