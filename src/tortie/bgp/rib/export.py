"""What a peer is sent of a best path: the export profile and the attributes it leads to.

For: the key of an update group and the one function that turns a path into what its members get.
Not for: reflection's own rules (reflection.py), nor for keeping what was sent (update_group.py).
RFC sections: 4271 §5.1.2 (AS_PATH), §5.1.3 (NEXT_HOP), §5.1.4 (MED), §5.1.5 (LOCAL_PREF); 4456 §8, §10;
1997 (well-known communities); 8212 (an explicit policy comes with every session).
Structures to know: `ExportProfile`.
"""

from dataclasses import dataclass
from enum import StrEnum

from tortie.bgp.policy import PrefixFilter
from tortie.bgp.rib.decision import LOCAL_PREF_DEFAULT
from tortie.bgp.rib.path import Path, SourceKind
from tortie.bgp.rib.reflection import ClusterListFull, PeerKind, may_reflect, reflected_attributes
from tortie.bgp.wire import AttributeSet, AttributeTable, EncodeContext, Family, prepended, without_confederation

NO_EXPORT = 0xFFFFFF01
NO_ADVERTISE = 0xFFFFFF02
NO_EXPORT_SUBCONFED = 0xFFFFFF03


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
    """

    family: Family
    peer_kind: PeerKind
    local_as: int
    peer_as: int
    encoding: EncodeContext
    next_hop_mode: NextHopMode
    local_next_hop: bytes
    cluster_id: int
    export_filter: PrefixFilter | None = None


def exported_attributes(path: Path, profile: ExportProfile, table: AttributeTable) -> AttributeSet | None:
    """Return what members of `profile` are sent for `path`, None when it may not go to them.

    Prefix-dependent filters are not looked at here. Cost: once per (path, profile), never per peer.
    """
    if not may_reflect(path.source, profile.peer_kind) or _is_held_back(path.attributes, profile.peer_kind):
        return None
    of_kind = _external_attributes if profile.peer_kind is PeerKind.EXTERNAL else _internal_attributes
    attributes = of_kind(path, profile, table)
    if attributes is None or not _is_self(path, profile):
        return attributes
    return table.replace(attributes, next_hop=profile.local_next_hop) if profile.local_next_hop else None


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
    return table.replace(
        path.attributes,
        as_path=prepended(without_confederation(path.attributes.as_path), profile.local_as),  # RFC 5065 §4 b
        med=path.attributes.med if is_local else None,
        local_pref=None,
        originator_id=None,
        cluster_list=(),
    )


def _internal_attributes(path: Path, profile: ExportProfile, table: AttributeTable) -> AttributeSet | None:
    if path.source.kind is SourceKind.INTERNAL:
        try:
            return reflected_attributes(path, profile.cluster_id, table)
        except ClusterListFull:
            return None
    local_pref = path.attributes.local_pref
    if local_pref is None or path.source.kind is SourceKind.EXTERNAL:
        local_pref = LOCAL_PREF_DEFAULT
    return table.replace(path.attributes, local_pref=local_pref)
