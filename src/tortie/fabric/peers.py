"""Peers of a node by its own BGPPeers: the end that a record is written for.

A BGPPeer without node and nodeSelector is for every node ("global"); else for those it names or selects.
The session that the named speaker has in return is made in ``callers.py``. What it is NOT for: reading
BGPPeers (``reading.py``). Reference B, E3, E4.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tortie.fabric.addresses import family_of
from tortie.fabric.callers import client_refusal, is_with_node
from tortie.fabric.dialling import waits
from tortie.fabric.intent import Quarantined
from tortie.fabric.merge import Asked
from tortie.fabric.options import PeerOptions
from tortie.fabric.reading import BGP_PORT
from tortie.fabric.records import NodeRecord, PeerRecord
from tortie.fabric.resources import Fabric
from tortie.fabric.speaker import LocalSpeaker
from tortie.model import Selector


def peer_sessions(fabric: Fabric, node: NodeRecord, speaker: LocalSpeaker) -> Iterator[Asked | Quarantined]:
    """Yield a node's sessions with its global and own peers, and what had to be left out.

    A peer of a family that the node has no address of, or with the node's own address, is passed over:
    one record is for many nodes, and not every one can have every peer.

    Cost: O(own records), and O(nodes selected) for each with a peerSelector.
    """
    for peer in (*fabric.global_peers, *fabric.node_peers.get(node.name, ())):
        if peer.workload_selector is not None:
            yield from _workloads(fabric, node, speaker, peer, peer.workload_selector)
        elif peer.address is None:
            yield from _selected(fabric, node, speaker, peer)
        elif speaker.addresses.get(family_of(peer.address)) not in (None, peer.address):
            yield _client_refusal(fabric, node, peer) or _addressed(fabric, speaker, peer, peer.address)


def _selected(fabric: Fabric, node: NodeRecord, speaker: LocalSpeaker, peer: PeerRecord) -> Iterator[Asked]:
    """Yield the sessions with the nodes that a peerSelector matches, in each family that both have.

    Where the record is for the other node too and selects this one, both speak as it says.
    """
    for other in fabric.selected[peer.name].values():
        for family in speaker.meeting_families(other, peer.options.families):
            remote = other.address(family)
            if remote is not None and other.name != node.name:
                is_mutual = fabric.is_for(peer, other, node)
                number = peer.local_as if is_mutual and peer.local_as is not None else other.as_number
                end = _End(remote, other.listen_port, number, other)
                yield _asked(speaker, peer, end, is_one_sided=not (is_mutual or peer.is_reversed))


def _workloads(
    fabric: Fabric, node: NodeRecord, speaker: LocalSpeaker, peer: PeerRecord, selector: Selector
) -> Iterator[Asked]:
    """Yield the sessions with the node's own workloads that a localWorkloadSelector matches.

    With the first address of each family; the workload dials, whichever address of the node it knows.
    """
    options = peer.options.filled_from(PeerOptions(is_source_chosen_by_system=True))
    for endpoint in fabric.endpoints.get(node.name, ()):
        if not selector.matches(endpoint.labels):
            continue
        addresses = [prefix.partition("/")[0] for prefix in endpoint.prefixes]
        for family in speaker.addresses:
            remote = next((address for address in addresses if family_of(address) == family), None)
            if remote is not None:
                session = speaker.session(
                    remote_address=remote,
                    port=BGP_PORT,
                    peer_as=peer.as_number,
                    role="local-workload",
                    description=f"{peer.role} peer {peer.name} with workload {endpoint.interface}",
                    local_as=peer.local_as,
                    passive=True,
                )
                yield Asked(session=session, options=options, record=peer.name, is_one_sided=True)


def _addressed(fabric: Fabric, speaker: LocalSpeaker, peer: PeerRecord, address: str) -> Asked:
    owner = fabric.speakers.nodes_by_address.get(address)
    other = owner if owner is not None and is_with_node(peer, owner) else None
    end = _End(address, peer.port, peer.as_number, other)
    return _asked(speaker, peer, end, is_one_sided=other is None or not peer.is_reversed)


def _client_refusal(fabric: Fabric, node: NodeRecord, peer: PeerRecord) -> Quarantined | None:
    if peer.address is None or peer.address not in fabric.reflectors:
        return None
    return client_refusal(node, peer, peer.address, peer.as_number)


class _End(NamedTuple):
    """The far end of a session; `node` is None where it is no node of ours."""

    address: str
    port: int
    as_number: int
    node: NodeRecord | None


def _asked(speaker: LocalSpeaker, peer: PeerRecord, end: _End, *, is_one_sided: bool) -> Asked:
    is_peer_reflector = end.node is not None and end.node.cluster_id is not None
    passive = waits(is_reflector=speaker.cluster_id is not None, is_peer_reflector=is_peer_reflector)
    title = f" with node {end.node.name}" if end.node is not None and peer.address is None else ""
    session = speaker.session(
        remote_address=end.address,
        port=end.port,
        peer_as=end.as_number,
        role=peer.role,
        description=f"{peer.role} peer {peer.name}{title}",
        local_as=peer.local_as,
        passive=passive and not is_one_sided,
    )
    return Asked(session=session, options=peer.options, record=peer.name, is_one_sided=is_one_sided)
