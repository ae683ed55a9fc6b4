"""The intent of one node: one deterministic function of the snapshot.

Same resources, same intent: on every machine, in any order of input. What it is NOT for: reflectors
that are no nodes (``plan_reflector.py``). Reference E1 (header), E2 to E6; RFC 6286 (router id).
"""

import hashlib
import ipaddress

from tortie.fabric.addresses import FAMILIES
from tortie.fabric.callers import return_sessions
from tortie.fabric.errors import NodeNotFound
from tortie.fabric.intent import NodeIntent
from tortie.fabric.merge import PlannedSessions, planned_sessions
from tortie.fabric.mesh import mesh_sessions
from tortie.fabric.peers import peer_sessions
from tortie.fabric.policy import export_filter
from tortie.fabric.records import NodeRecord
from tortie.fabric.resources import Fabric
from tortie.fabric.speaker import LocalSpeaker
from tortie.fabric.workloads import LocalRoutes, local_routes

FIRST_OCTET_MAX = 223
"""Greatest first octet of a router id made from a name: beyond it lie multicast and reserved addresses."""


def node_intent(fabric: Fabric, node_name: str) -> NodeIntent:
    """Return what a node should do.

    A node whose own record was set aside keeps its workloads' routes and has no session.

    Raises:
        NodeNotFound: no record has this name, usable or not.
    Cost: O(own peers, blocks, workloads and pools), and O(nodes) where the mesh is on or a global record
        names this node.
    """
    routes = local_routes(fabric.blocks.get(node_name, ()), fabric.endpoints.get(node_name, ()))
    node = fabric.nodes.get(node_name)
    if node is None:
        if node_name not in fabric.nodes_set_aside:
            raise NodeNotFound(node_name)
        return _intent(fabric, node_name, None, routes, PlannedSessions())
    speaker = _speaker(fabric, node, routes)
    asked = (
        *mesh_sessions(fabric, node, speaker),
        *return_sessions(fabric, node, speaker),
        *peer_sessions(fabric, node, speaker),
    )
    return _intent(fabric, node_name, node, routes, planned_sessions(speaker, asked))


def _speaker(fabric: Fabric, node: NodeRecord, routes: LocalRoutes) -> LocalSpeaker:
    settings = fabric.settings.of_node(node.name)
    addresses = {family: address for family in FAMILIES if (address := node.address(family)) is not None}
    return LocalSpeaker(
        title=f"node '{node.name}'",
        as_number=node.as_number,
        cluster_id=node.cluster_id,
        addresses=addresses,
        export_filters={
            family: export_filter(family, routes.blocks, fabric.pools, settings.advertisements) for family in addresses
        },
        next_hop_mode="self" if node.cluster_id is None else "auto",
        families=settings.families,
        add_path=settings.add_path,
        speakers=fabric.speakers,
        filters=fabric.filters,
    )


def _intent(
    fabric: Fabric,
    name: str,
    node: NodeRecord | None,
    routes: LocalRoutes,
    planned: PlannedSessions,
) -> NodeIntent:
    settings = fabric.settings.of_node(name)
    return NodeIntent(
        name=name,
        kind="node",
        router_id=(node.address_v4 if node else None) or router_id_of_name(name),
        local_as=node.as_number if node else settings.as_number,
        cluster_id=node.cluster_id if node else None,
        address_v4=node.address_v4 if node else None,
        network_v4=node.network_v4 if node else None,
        address_v6=node.address_v6 if node else None,
        network_v6=node.network_v6 if node else None,
        listen_port=settings.listen_port,
        bind_mode=settings.bind_mode,
        sessions=planned.sessions,
        originated=routes.originated,
        blackholes=routes.blackholes,
        workloads=routes.workloads,
        static_routes=planned.static_routes,
        pools=fabric.pools,
        ignored_interfaces=settings.ignored_interfaces,
        log_level=settings.log_level,
        quarantine=tuple(sorted(planned.refused.union(fabric.quarantine))),
    )


def router_id_of_name(name: str) -> str:
    """Return a router id for a speaker without IPv4 address: from the SHA-256 of its name (reference E1)."""
    octets = bytearray(hashlib.sha256(name.encode()).digest()[:4])
    if octets[0] > FIRST_OCTET_MAX:
        octets[0] -= 32
    number = int.from_bytes(octets, "big") or 1
    return str(ipaddress.IPv4Address(number))
