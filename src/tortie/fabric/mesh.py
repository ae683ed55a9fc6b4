"""Node-to-node mesh: every node peers with every other.

What it is NOT for: the mesh of reflectors (``reflector_mesh.py``). Reference E2.
"""

from collections.abc import Iterator

from tortie.fabric.merge import Asked
from tortie.fabric.options import PeerOptions
from tortie.fabric.records import NodeRecord
from tortie.fabric.resources import Fabric
from tortie.fabric.speaker import LocalSpeaker


def mesh_sessions(fabric: Fabric, node: NodeRecord, speaker: LocalSpeaker) -> Iterator[Asked]:
    """Yield the mesh sessions of a node, none where the mesh is off.

    A node that is a reflector is no part of the mesh, on either side. The neighbour's AS number is its
    own, else the cluster's, never the local node's (a fault of upstream that is not copied). Both ends
    dial (``dialling.py``: neither reflects).

    Cost: O(nodes).
    """
    cluster = fabric.settings.cluster
    if not cluster.is_mesh_enabled or node.cluster_id is not None:
        return
    options = PeerOptions(password=cluster.mesh_password, restart_time_s=cluster.mesh_restart_time_s)
    for other in fabric.nodes.values():
        if other.name == node.name or other.cluster_id is not None:
            continue
        for family in speaker.meeting_families(other, None):
            remote = other.address(family)
            if remote is not None:
                session = speaker.session(
                    remote_address=remote,
                    port=other.listen_port,
                    peer_as=other.as_number,
                    role="mesh",
                    description=f"mesh with node {other.name}",
                )
                yield Asked(session=session, options=options)
