"""What a peer is sent next: one segment of one family, its own announcements cut out.

For: walking a peer through the update groups it stands in. Not for: when that is done (engine.flush) or what a segment
holds (rib/update_group).
RFC sections: 4271 §9.2; 4724 §2 (End-of-RIB); 7313 §4 (a refresh is marked).
"""

from typing import Final

from tortie.bgp.engine.peer import Membership, Peer
from tortie.bgp.rib import Segment
from tortie.bgp.wire import Family, RouteRefresh, encode_end_of_rib, encode_route_refresh, encode_withdrawals

__all__ = ["Buffers", "next_updates"]

BEGINNING: Final = 1
END: Final = 2
"""Of a refresh (RFC 7313 §3.2)."""

Buffers = tuple[bytes | memoryview, ...]


def next_updates(peer: Peer) -> tuple[Buffers, int]:
    """Move a peer on by one segment; return its bytes and how many messages they are, empty when it has everything.

    Families take turns, so that constant change in one does not starve the other.
    """
    for family, membership in list(peer.memberships.items()):
        buffers, message_count = _next_of_family(peer, family, membership)
        if buffers:
            peer.memberships[family] = peer.memberships.pop(family)
            return tuple(buffers), message_count
    return (), 0


def _next_of_family(peer: Peer, family: Family, membership: Membership) -> tuple[list[bytes | memoryview], int]:
    group, member = membership
    buffers: list[bytes | memoryview] = []
    message_count = 0
    if member.owes_beginning:
        buffers_before: list[bytes | memoryview] = [encode_route_refresh(RouteRefresh(family, BEGINNING))]
        member.owes_beginning = False
    else:
        buffers_before = []
    while not buffers and (segment := group.next_segment(member)) is not None:
        replaced = segment.replaced.get(member.source, ())
        withdrawals = encode_withdrawals(family, replaced, group.profile.encoding)
        buffers += withdrawals
        buffers += segment.buffers_for(member.source)
        message_count += segment.message_count + len(withdrawals)
        _count(peer, segment, len(replaced))
    if group.owes_end_of_rib_now(member):
        buffers.append(encode_end_of_rib(family))
        message_count += 1
        member.owes_end_of_rib = False
        if member.is_refresh_wanted:
            member.is_refresh_wanted = False
            group.start_refresh(member)
    if group.owes_end_of_refresh_now(member):
        buffers.append(encode_route_refresh(RouteRefresh(family, END)))
        member.refresh_end = None
    return buffers_before + buffers, message_count


def _count(peer: Peer, segment: Segment, replaced_count: int) -> None:
    assert peer.source is not None, "only an established peer is sent routes"
    peer.announced_count += segment.announced_to(peer.source)
    peer.withdrawn_count += segment.withdrawn_count + replaced_count
