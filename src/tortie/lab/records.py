"""The topology as resources of the datastore. Pure.

For: what stands in the datastore before the first agent starts. Not here: writing it (datastore.py), the resources' own
rules (model), what the person does later with calicoctl and curl.

A reflector that the person starts by hand (`start: manual`) has no record: writing it is the person's work too. Nor has
one with `cluster_id: none`, for which nobody ever writes any.
"""

from typing import Final

from tortie.lab.topology import Host, Peer, Pool, Topology
from tortie.lab.wiring import CONTAINER_NAMESPACE, PROXY_GATEWAY, ContainerWiring
from tortie.model import (
    DEFAULT_NAME,
    BGPConfiguration,
    BGPPeer,
    IPPool,
    Node,
    Resource,
    RouteReflector,
    WorkloadEndpoint,
    WorkloadEndpointSpec,
    workload_endpoint_name,
)
from tortie.model.v1 import peer_name, pool_name

__all__ = ["ORCHESTRATOR", "endpoint_resource", "topology_resources"]

ORCHESTRATOR: Final = "lab"
"""The orchestrator of the lab's WorkloadEndpoints; it stands in their names."""

ENDPOINT: Final = "eth0"


def topology_resources(topology: Topology) -> list[Resource]:
    """Return the resources that a topology starts with: settings, pools, nodes, reflectors' records, peers.

    Raises:
        ModelError: a value that the topology allows and the resource does not.
    """
    reflectors = (host for host in topology.reflectors if not host.is_manual and host.cluster_id is not None)
    return [
        _configuration(topology),
        *(_pool(pool) for pool in topology.pools),
        *(_node(host) for host in topology.nodes),
        *(record for host in reflectors for record in _reflector(host)),
        *(_peer(peer) for peer in topology.peers),
    ]


def endpoint_resource(container: ContainerWiring) -> WorkloadEndpoint:
    """Return the WorkloadEndpoint of a container; by it the agent of its host finds address and interface."""
    spec = {
        "orchestrator": ORCHESTRATOR,
        "workload": container.name,
        "node": container.host,
        "endpoint": ENDPOINT,
        "ipNetworks": list(container.addresses),
        "interfaceName": container.interface,
    }
    if any("." in text for text in container.addresses):
        spec["ipv4Gateway"] = PROXY_GATEWAY
    name = workload_endpoint_name(WorkloadEndpointSpec.model_validate(spec))
    return WorkloadEndpoint.from_data({"metadata": {"name": name, "namespace": CONTAINER_NAMESPACE}, "spec": spec})


def _configuration(topology: Topology) -> BGPConfiguration:
    spec = {"asNumber": topology.as_number, "nodeToNodeMeshEnabled": topology.has_node_mesh}
    return BGPConfiguration.from_data({"metadata": {"name": DEFAULT_NAME}, "spec": spec})


def _pool(pool: Pool) -> IPPool:
    spec: dict[str, object] = {"cidr": pool.cidr}
    if pool.block_size is not None:
        spec["blockSize"] = pool.block_size
    return IPPool.from_data({"metadata": {"name": pool_name(pool.cidr)}, "spec": spec})


def _node(host: Host) -> Node:
    bgp = {
        "asNumber": host.as_number,
        "ipv4Address": host.network_address(4),
        "ipv6Address": host.network_address(6),
        "routeReflectorClusterID": host.cluster_id,
    }
    given = {name: value for name, value in bgp.items() if value is not None}
    return Node.from_data({"metadata": {"name": host.name}, "spec": {"bgp": given}})


def _reflector(host: Host) -> list[RouteReflector]:
    addresses = [text for text in (host.address(4), host.address(6)) if text is not None]
    return [
        RouteReflector.from_data({"metadata": {"name": text}, "spec": {"ip": text, "clusterID": host.cluster_id}})
        for text in addresses
    ]


def _peer(peer: Peer) -> BGPPeer:
    spec: dict[str, object] = {"peerIP": peer.peer_ip, "asNumber": peer.as_number}
    if peer.node is not None:
        spec["node"] = peer.node
    return BGPPeer.from_data({"metadata": {"name": peer_name(peer.peer_ip, peer.node)}, "spec": spec})
