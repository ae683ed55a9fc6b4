"""The other end of BGPPeers: the sessions of a speaker with the nodes that dial it.

A BGPPeer names an address. When that address is a reflector's, each node that the record is for
becomes its client (reference B, rules 2 and 3); when it is a node's, that node gets the session in
return (reference E3, reverse pass), so one record is enough for both ends.

What it is NOT for: the dialling side (``peers.py``). RFC 4456 §4 (clients).
"""

from collections.abc import Iterable, Iterator

from tortie.fabric.intent import Quarantined, SessionIntent
from tortie.fabric.quarantine import RecordUnusable
from tortie.fabric.reading import check_reflector_as
from tortie.fabric.records import NodeRecord, PeerRecord
from tortie.fabric.resources import Fabric
from tortie.fabric.speaker import LocalSpeaker


def client_sessions(fabric: Fabric, speaker: LocalSpeaker) -> Iterator[SessionIntent | Quarantined]:
    """Yield a reflector's sessions with the nodes that dial it, and what had to be left out.

    The reflector waits, the nodes dial (a named deviation: upstream dials from both ends). A node that
    global and node-specific records bring both is yielded twice, for merging.

    Cost: O(nodes) for each record that names one of our addresses.
    """
    for family, address in speaker.addresses.items():
        for peer in fabric.peers_by_address.get(address, ()):
            try:
                check_reflector_as(peer, speaker.as_number)
            except RecordUnusable as problem:
                yield Quarantined("BGPPeer", peer.name, str(problem))
                continue
            for node in _callers(fabric, peer):
                remote = node.address(family)
                if remote is not None and remote != address:
                    yield client_refusal(node, address, speaker.as_number) or _client(
                        fabric, speaker, peer, node, remote
                    )


def client_refusal(node: NodeRecord, reflector_address: str, as_number: int) -> Quarantined | None:
    """Return why a node cannot be a client of a reflector, or None; both ends ask, and leave the session out.

    RFC 4456 reflects between internal peers: a node of another AS is none (bird#28: there it takes the whole
    configuration down).
    """
    if node.as_number == as_number:
        return None
    return Quarantined(
        "Node",
        node.name,
        f"spec.bgp.asNumber: {node.as_number}: expected {as_number}: only an internal peer can be a client "
        f"of reflector {reflector_address}",
    )


def return_sessions(fabric: Fabric, node: NodeRecord, speaker: LocalSpeaker) -> Iterator[SessionIntent]:
    """Yield a node's sessions with the nodes that records bid to peer with it.

    Not for records that say reversePeering: Manual, nor where they name a port or an AS number that is
    not this node's.
    """
    for family, address in speaker.addresses.items():
        for peer in fabric.peers_by_address.get(address, ()):
            named = (peer.port, peer.as_number)
            if not peer.is_reversed or named != (node.listen_port, node.as_number):
                continue
            for caller in _callers(fabric, peer):
                remote = caller.address(family)
                if remote is not None and remote != address:
                    yield speaker.session(
                        remote_address=remote,
                        port=caller.listen_port,
                        peer_as=caller.as_number,
                        role=peer.role,
                        description=_description(peer, caller),
                        is_client=speaker.is_client(remote, caller.as_number, fabric.speakers),
                    )


def _callers(fabric: Fabric, peer: PeerRecord) -> Iterable[NodeRecord]:
    """Return the nodes that a record is for."""
    if peer.node is None:
        return fabric.nodes.values()
    node = fabric.nodes.get(peer.node)
    return () if node is None else (node,)


def _client(fabric: Fabric, speaker: LocalSpeaker, peer: PeerRecord, node: NodeRecord, remote: str) -> SessionIntent:
    return speaker.session(
        remote_address=remote,
        port=node.listen_port,
        peer_as=node.as_number,
        role=peer.role,
        description=_description(peer, node),
        passive=True,
        is_client=speaker.is_client(remote, node.as_number, fabric.speakers),
    )


def _description(peer: PeerRecord, node: NodeRecord) -> str:
    return f"{peer.role} peer {peer.name} of node {node.name}"
