"""Route reflection: is it a loop, may it go there, with which attributes. All of RFC 4456 §8 that acts.

For: the three questions, as pure functions that everything uses. Not for: choosing between paths (decision),
nor for encoding.
RFC sections: 4456 §6, §7, §8; 4271 §9.1.2 (AS loop), §9.2 (an iBGP route does not go to iBGP peers).
Structures to know: `PeerKind`, what the far end is to us; `Path`.
"""

from enum import IntEnum
from typing import Final

from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.rib.path import Path, Rejection, Source, SourceKind
from tortie.bgp.wire import AttributeSet, AttributeTable

CLUSTER_LIST_LENGTH_MAX: Final = 255
"""Reflections a route may go through before we call it a loop nobody noticed."""


class PeerKind(IntEnum):
    """What a peer is to this speaker when something is to be sent to it."""

    NON_CLIENT = 0
    CLIENT = 1
    EXTERNAL = 2


class ClusterListFull(LocalProtocolError):
    """The CLUSTER_LIST is at CLUSTER_LIST_LENGTH_MAX: an operating error, the caller withdraws the prefix."""


def is_reflection_loop(attributes: AttributeSet, source: Source, router_id: int, cluster_id: int) -> str | None:
    """Return why a received path is a reflection loop, None if it is not.

    RFC 4456 §8. Judged on every iBGP session. Deviates from BIRD, which asks for the cluster id on client
    sessions only: a route that came back to its cluster is of no use on any session.
    """
    if source.kind is not SourceKind.INTERNAL:
        return None
    if attributes.originator_id == router_id:
        return Rejection.ORIGINATOR_LOOP
    if cluster_id in attributes.cluster_list:
        return Rejection.CLUSTER_LOOP
    return None


def may_reflect(source: Source, to: PeerKind) -> bool:
    """Say whether a best path from `source` may be sent to a peer of kind `to`.

    RFC 4271 §9.2 and RFC 4456 §6: what came by iBGP goes to eBGP peers and clients; to non-clients only if it
    came from a client. Does not know who announced the path: a peer never hears its own (update_group).
    """
    if source.kind is not SourceKind.INTERNAL or to is PeerKind.EXTERNAL:
        return True
    return source.is_client or to is PeerKind.CLIENT


def reflected_attributes(path: Path, cluster_id: int, table: AttributeTable) -> AttributeSet:
    """Return the attributes a reflector sends for an iBGP path to an iBGP peer.

    RFC 4456 §8. Does not decide *whether* to send; see may_reflect().

    Args:
        path: eligible path learned from an iBGP peer; not modified.
        cluster_id: this speaker's cluster id, 32-bit unsigned.
        table: where the result is interned.
    Returns:
        Interned set. ORIGINATOR_ID kept or set to the source's router id; CLUSTER_LIST is
        (cluster_id, *old), at most CLUSTER_LIST_LENGTH_MAX long.
    Raises:
        ClusterListFull: operating error, the caller withdraws the prefix.
    Cost: O(len(CLUSTER_LIST)), once per path and update group.
    """
    attributes = path.attributes
    if len(attributes.cluster_list) >= CLUSTER_LIST_LENGTH_MAX:
        raise ClusterListFull(
            f"path from {path.source.name}: CLUSTER_LIST has {len(attributes.cluster_list)} entries, "
            f"expected fewer than {CLUSTER_LIST_LENGTH_MAX}"
        )
    originator_id = attributes.originator_id
    return table.replace(
        attributes,
        originator_id=path.source.router_id if originator_id is None else originator_id,
        cluster_list=(cluster_id, *attributes.cluster_list),
    )
