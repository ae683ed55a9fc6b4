"""Builders of resources for tests of the fabric, and what tests ask of an intent."""

import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tortie.fabric import Fabric, FilterIntent, NodeIntent, SessionIntent
from tortie.model import (
    BGPConfiguration,
    BGPFilter,
    BGPPeer,
    BlockAffinity,
    IPPool,
    Node,
    Resource,
    RouteReflector,
    WorkloadEndpoint,
)

SEED_NODES = {
    "kube-master": "10.10.31.190",
    "kube-node1": "10.10.31.193",
    "kube-node2": "10.10.31.194",
    "node3": "10.10.31.196",
}
"""The seed's hosts: its table, and the fourth that stands in its generated file only."""
SEED_REFLECTOR = "10.10.31.168"


def _resource(kind: str, meta: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": meta, "spec": spec}


def metadata(
    name: str,
    created: str | None = None,
    uid: str | None = None,
    **more: Any,  # noqa: ANN401 - as in a manifest
) -> dict[str, Any]:
    """Metadata of a resource."""
    fields = {"name": name, "creationTimestamp": created, "uid": uid, **more}
    return {key: value for key, value in fields.items() if value is not None}


def node(name: str, v4: str | None = None, v6: str | None = None, **more: Any) -> Node:  # noqa: ANN401 - as in a manifest
    """A node; `v4` and `v6` may leave out the length (/24, /64).

    More: as_number, cluster_id, labels, created, uid.
    """
    bgp = {
        "ipv4Address": _with_length(v4, 24),
        "ipv6Address": _with_length(v6, 64),
        "asNumber": more.get("as_number"),
        "routeReflectorClusterID": more.get("cluster_id"),
    }
    bgp = {key: value for key, value in bgp.items() if value is not None}
    spec = {"bgp": bgp} if bgp else {}
    return Node.from_data(
        _resource("Node", metadata(name, more.get("created"), more.get("uid"), labels=more.get("labels")), spec),
    )


def _with_length(address: str | None, length: int) -> str | None:
    return address if address is None or "/" in address else f"{address}/{length}"


def peer(name: str, peer_ip: str | None = None, *, node: str | None = None, **spec: Any) -> BGPPeer:  # noqa: ANN401 - as in a manifest
    """A BGPPeer; without node and nodeSelector it is global, without peer_ip it needs a peerSelector.

    `created`, `uid` and `annotations` go to metadata, the rest is spec as in JSON.
    """
    more = {"annotations": spec.pop("annotations", None)}
    meta = metadata(name, spec.pop("created", None), spec.pop("uid", None), **more)
    number = 64512 if peer_ip is not None else None
    fields = {"peerIP": peer_ip, "node": node, "asNumber": number} | spec
    return BGPPeer.from_data(
        _resource("BGPPeer", meta, {key: value for key, value in fields.items() if value is not None})
    )


def bgp_filter(name: str, **spec: Any) -> BGPFilter:  # noqa: ANN401 - as in a manifest
    """A BGPFilter with a spec as in JSON."""
    return BGPFilter.from_data(_resource("BGPFilter", metadata(name), spec))


def reflector(ip: str, cluster_id: str = "") -> RouteReflector:
    """A reflector's record."""
    return RouteReflector.from_data(_resource("RouteReflector", metadata(ip), {"ip": ip, "clusterID": cluster_id}))


def configuration(name: str = "default", **spec: Any) -> BGPConfiguration:  # noqa: ANN401 - as in a manifest
    """A BGPConfiguration with a spec as in JSON; `annotations` go to metadata."""
    meta = metadata(name, annotations=spec.pop("annotations", None))
    return BGPConfiguration.from_data(_resource("BGPConfiguration", meta, spec))


MESH_OFF = configuration(nodeToNodeMeshEnabled=False)


def pool(name: str, cidr: str, **spec: Any) -> IPPool:  # noqa: ANN401 - as in a manifest
    """An IPPool with a spec as in JSON; `created` goes to metadata."""
    created = spec.pop("created", None)
    return IPPool.from_data(_resource("IPPool", metadata(name, created), {"cidr": cidr} | spec))


def block(node: str, cidr: str, state: str = "confirmed", **spec: Any) -> BlockAffinity:  # noqa: ANN401 - as in a manifest
    """A BlockAffinity with the name that its key gives it."""
    name = f"{node}-{cidr.replace('.', '-').replace(':', '-').replace('/', '-')}"
    fields = {"node": node, "cidr": cidr, "state": state} | spec
    return BlockAffinity.from_data(_resource("BlockAffinity", metadata(name), fields))


def endpoint(
    name: str,
    node: str,
    *addresses: str,
    interface: str | None = "cali0",
    created: str | None = None,
    namespace: str = "default",
    labels: dict[str, str] | None = None,
) -> WorkloadEndpoint:
    """A WorkloadEndpoint."""
    spec = {"node": node, "ipNetworks": list(addresses)} | ({"interfaceName": interface} if interface else {})
    meta = metadata(name, created, namespace=namespace, labels=labels)
    return WorkloadEndpoint.from_data(_resource("WorkloadEndpoint", meta, spec))


def seed_nodes() -> list[Resource]:
    """The seed's nodes."""
    return [node(name, address) for name, address in SEED_NODES.items()]


def seed_reflection() -> list[Resource]:
    """The seed after its last command: reflector record, mesh off, global peer."""
    return [
        *seed_nodes(),
        MESH_OFF,
        reflector(SEED_REFLECTOR, "1.0.0.1"),
        peer("10-10-31-168", SEED_REFLECTOR),
    ]


def fabric(*resources: Resource) -> Fabric:
    """The snapshot of some resources."""
    return Fabric.from_resources(resources)


def able_fabric(*resources: Resource) -> Fabric:
    """The snapshot for speakers and agents that can do all that planning knows."""
    return Fabric.from_resources(resources, unsupported=())


# ---------------------------------------------------------------- asking


def remotes(intent: NodeIntent) -> list[str]:
    """Remote addresses of all sessions, in order."""
    return [session.remote_address for session in intent.sessions]


def session_with(intent: NodeIntent, remote: str) -> SessionIntent:
    """The one session with a remote address."""
    (session,) = [item for item in intent.sessions if item.remote_address == remote]
    return session


def reasons(of: NodeIntent | Fabric) -> dict[tuple[str, str], str]:
    """(kind, name) → reason of everything set aside; fails when one record has two reasons."""
    found = {(item.kind, item.name): item.reason for item in of.quarantine}
    assert len(found) == len(of.quarantine)
    return found


def without_quarantine(intent: NodeIntent) -> NodeIntent:
    """What the intent says to do, without the report of what was set aside."""
    return replace(intent, quarantine=())


def accepts(policy: FilterIntent, prefix: str) -> bool:
    """Decide by a filter, the plain way: first rule that covers the prefix."""
    network = ipaddress.ip_network(prefix)
    for rule in policy.rules:
        within = ipaddress.ip_network(rule.prefix)
        le = network.max_prefixlen if rule.le is None else rule.le
        if network.version == within.version and network.prefixlen <= le and _covers(within, network):
            return rule.accept
    return policy.default_accept


def _covers(outer: Any, inner: Any) -> bool:  # noqa: ANN401 - networks of the same version
    return bool(inner.subnet_of(outer))


def names(items: Iterable[tuple[str, str]]) -> list[str]:
    """Names of (kind, name) pairs, sorted."""
    return sorted(name for _, name in items)
