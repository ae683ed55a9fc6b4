"""Global and node-specific peers, from the side of the node that dials.

A BGPPeer without a node is for every node ("global"); with one it is for that node. The session that
the named speaker has in return is made in ``callers.py``. What it is NOT for: reading BGPPeers
(``reading.py``). Reference B, E3, E4.
"""

from collections.abc import Iterator, Mapping

from tortie.fabric.addresses import family_of
from tortie.fabric.callers import client_refusal
from tortie.fabric.intent import Quarantined, SessionIntent
from tortie.fabric.records import NodeRecord, PeerRecord
from tortie.fabric.resources import Fabric
from tortie.fabric.speaker import LocalSpeaker


def peer_sessions(
    fabric: Fabric, node: NodeRecord, speaker: LocalSpeaker, known_as: Mapping[tuple[str, int], int]
) -> Iterator[SessionIntent | Quarantined]:
    """Yield a node's sessions with its global and own peers, and what had to be left out.

    A peer of a family that the node has no address of, or with the node's own address, is passed over:
    a global record is for many nodes, and not every one can have every peer.

    Where records give one address two AS numbers, one stands on this node and the others are reported:
    the Node record's, if there is a session with that node anyway; else the older BGPPeer's.

    Args:
        fabric: the snapshot.
        node: the node.
        speaker: its end.
        known_as: (remote address, port) → AS number, of the sessions that Node records make by themselves.
    """
    incumbents: dict[tuple[str, int], PeerRecord] = {}
    records = [*fabric.global_peers, *fabric.node_peers.get(node.name, ())]
    for peer in sorted(records, key=lambda record: record.seniority):
        if speaker.addresses.get(family_of(peer.address)) in (None, peer.address):
            continue
        incumbent = incumbents.setdefault((peer.address, peer.port), peer)
        number = known_as.get((peer.address, peer.port))
        refusal = (
            _client_refusal(fabric, node, peer)
            or _contradicts_node(fabric, node, peer, number)
            or (_contradicts_peer(node, peer, incumbent) if number is None else None)
        )
        yield refusal or _session(fabric, speaker, peer)


def _client_refusal(fabric: Fabric, node: NodeRecord, peer: PeerRecord) -> Quarantined | None:
    if peer.address not in fabric.reflectors:
        return None
    return client_refusal(node, peer.address, peer.as_number)


def _contradicts_node(fabric: Fabric, node: NodeRecord, peer: PeerRecord, as_number: int | None) -> Quarantined | None:
    if as_number in (None, peer.as_number):
        return None
    owner = fabric.speakers.nodes_by_address[peer.address]
    return _contradiction(node, peer, f"{as_number}, the AS number of node '{owner.name}'")


def _contradicts_peer(node: NodeRecord, peer: PeerRecord, incumbent: PeerRecord) -> Quarantined | None:
    if peer.as_number == incumbent.as_number:
        return None
    because = f"BGPPeer '{incumbent.name}' names {peer.address} too and is older"
    return _contradiction(node, peer, f"{incumbent.as_number}: {because}")


def _contradiction(node: NodeRecord, peer: PeerRecord, expected: str) -> Quarantined:
    reason = f"spec.asNumber: {peer.as_number}: on node '{node.name}' expected {expected}"
    return Quarantined("BGPPeer", peer.name, reason)


def _session(fabric: Fabric, speaker: LocalSpeaker, peer: PeerRecord) -> SessionIntent:
    mode = peer.next_hop_mode
    if mode is None and peer.is_next_hop_kept_outside and peer.as_number != speaker.as_number:
        mode = "keep"
    return speaker.session(
        remote_address=peer.address,
        port=peer.port,
        peer_as=peer.as_number,
        role=peer.role,
        description=f"{peer.role} peer {peer.name}",
        is_client=speaker.is_client(peer.address, peer.as_number, fabric.speakers),
        next_hop_mode=mode,
    )
