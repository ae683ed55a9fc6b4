"""The other end of BGPPeers: the sessions of a speaker with the nodes that dial it.

A BGPPeer names an address or selects nodes. When the address is a reflector's, each node that the record is
for becomes its client (reference B, rules 2 and 3); when a node is meant, that node gets the session in
return (reference E3, reverse pass), so one record is enough for both ends.

What it is NOT for: the end that the record is written for (``peers.py``). RFC 4456 §4 (clients).
"""

from collections.abc import Iterator

from tortie.fabric.dialling import waits
from tortie.fabric.intent import Quarantined
from tortie.fabric.merge import Asked
from tortie.fabric.quarantine import RecordUnusable
from tortie.fabric.reading import check_reflector_as
from tortie.fabric.records import NodeRecord, PeerRecord
from tortie.fabric.resources import Fabric
from tortie.fabric.speaker import LocalSpeaker


def client_sessions(fabric: Fabric, speaker: LocalSpeaker) -> Iterator[Asked | Quarantined]:
    """Yield a reflector's sessions with the nodes that dial it, and what had to be left out.

    The reflector waits, the nodes dial (a named deviation: upstream dials from both ends). It has no way of its own
    to be told of its clients, so `reversePeering: Manual` changes nothing here. A node that global and
    node-specific records bring both is yielded twice, for merging.

    Cost: O(nodes) for each record that names one of our addresses.
    """
    for family, address in speaker.addresses.items():
        for peer in fabric.peers_by_address.get(address, ()):
            try:
                check_reflector_as(peer, speaker.as_number)
            except RecordUnusable as problem:
                yield Quarantined("BGPPeer", peer.name, str(problem))
                continue
            for node in fabric.nodes_of[peer.name].values():
                remote = node.address(family)
                if remote is not None and remote != address:
                    refusal = client_refusal(node, peer, address, speaker.as_number)
                    yield refusal or _returned(speaker, peer, node, remote, passive=True)


def client_refusal(node: NodeRecord, peer: PeerRecord, reflector_address: str, as_number: int) -> Quarantined | None:
    """Return why a node cannot be a client of a reflector, or None; both ends ask, and leave the session out.

    RFC 4456 reflects between internal peers: a node of another AS is none (bird#28: there it takes the whole
    configuration down).
    """
    because = f"only an internal peer can be a client of reflector {reflector_address}"
    if peer.local_as is not None:
        if peer.local_as == as_number:
            return None
        reason = f"spec.localASNumber: {peer.local_as}: expected {as_number}: {because}"
        return Quarantined("BGPPeer", peer.name, reason)
    if node.as_number == as_number:
        return None
    return Quarantined("Node", node.name, f"spec.bgp.asNumber: {node.as_number}: expected {as_number}: {because}")


def return_sessions(fabric: Fabric, node: NodeRecord, speaker: LocalSpeaker) -> Iterator[Asked]:
    """Yield a node's sessions with the nodes whose records mean it.

    Not for records that say reversePeering: Manual, nor where they name a port or an AS number that is
    not this node's; nor where the record is for both and the other end is there without this.

    Cost: O(nodes) for each record that means this node.
    """
    by_address = {
        family: [peer for peer in fabric.peers_by_address.get(address, ()) if is_with_node(peer, node)]
        for family, address in speaker.addresses.items()
    }
    by_selector = fabric.selected_peers.get(node.name, ())
    for family in speaker.addresses:
        for peer in (*by_address[family], *by_selector):
            if not peer.is_reversed:
                continue
            for caller in fabric.nodes_of[peer.name].values():
                meeting = (family,) if peer.address else speaker.meeting_families(caller, peer.options.families)
                remote = caller.address(family) if family in meeting else None
                if remote is not None and caller.name != node.name and not fabric.is_for(peer, node, caller):
                    passive = waits(
                        is_reflector=speaker.cluster_id is not None, is_peer_reflector=caller.cluster_id is not None
                    )
                    yield _returned(speaker, peer, caller, remote, passive=passive)


def is_with_node(peer: PeerRecord, node: NodeRecord) -> bool:
    """Return whether a record that names a node's address means its speaker: same port, same AS number."""
    return (peer.port, peer.as_number) == (node.listen_port, node.as_number)


def _returned(speaker: LocalSpeaker, peer: PeerRecord, caller: NodeRecord, remote: str, *, passive: bool) -> Asked:
    """Return the other end of a record's session with one node; it speaks as the record says it does there."""
    session = speaker.session(
        remote_address=remote,
        port=caller.listen_port,
        peer_as=caller.as_number if peer.local_as is None else peer.local_as,
        role=peer.role,
        description=f"{peer.role} peer {peer.name} of node {caller.name}",
        passive=passive,
    )
    return Asked(session=session, options=peer.options.of_other_end(), record=peer.name, is_returned=True)
