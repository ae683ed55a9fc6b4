"""v1 bgpPeer ⇄ v3 BGPPeer.

In v1 a peer is `scope` global or node, `peerIP` of either family, and for scope node the `node`. What it is
NOT for: anything but the form.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.bgp_peer import BGPPeer
from tortie.model.errors import FieldProblem, ResourceInvalid
from tortie.model.fields import AddressText, ASNumber, Expected, word_of
from tortie.model.v1.names import V1NodeName, node_name, peer_name


class Scope(StrEnum):
    """Who peers with it: every node, or one."""

    GLOBAL = "global"
    NODE = "node"


class V1BGPPeerMetadata(Model):
    """The identity of a peer."""

    peer_ip: AddressText = Field(alias="peerIP", description="the address of the peer")
    scope: Annotated[Scope, BeforeValidator(word_of(Scope))] = Field(description="global or node")
    node: V1NodeName | None = None

    @model_validator(mode="after")
    def _scope_and_node(self) -> "V1BGPPeerMetadata":
        if self.scope is Scope.GLOBAL and self.node:
            raise Expected("nothing where scope is global", field=("node",))
        if self.scope is Scope.NODE and not self.node:
            raise Expected("the name of a node where scope is node", field=("node",))
        return self


class V1BGPPeerSpec(Model):
    """The peer's AS number."""

    as_number: ASNumber = Field(description="the peer's AS number")


class V1BGPPeer(Model):
    """A v1 manifest of kind bgpPeer."""

    api_version: Literal["v1"]
    kind: str
    metadata: V1BGPPeerMetadata = Field(description="a mapping with peerIP and scope")
    spec: V1BGPPeerSpec = Field(description="a mapping with asNumber")


def bgp_peer_to_v3(manifest: V1BGPPeer) -> dict[str, Any]:
    """Return the v3 resource as plain data."""
    metadata = manifest.metadata
    node = node_name(metadata.node) if metadata.node else None
    spec = {"peerIP": metadata.peer_ip, "asNumber": manifest.spec.as_number}
    if node:
        spec["node"] = node
    return {"metadata": {"name": peer_name(metadata.peer_ip, node)}, "spec": spec}


def bgp_peer_to_v1(peer: BGPPeer) -> dict[str, Any]:
    """Return metadata and spec of the v1 manifest.

    Raises:
        ResourceInvalid: v1 cannot say which nodes or whom: selectors, a port, or the cluster's AS number.
    """
    spec = peer.spec
    hindrances = [
        FieldProblem(f"spec.{field}", value, "what calicoctl v1 has a field for")
        for field, value in (
            ("nodeSelector", spec.node_selector),
            ("peerSelector", spec.peer_selector),
            ("localWorkloadSelector", spec.local_workload_selector),
            ("peerIP", spec.peer_ip if peer.peer_port else None),
        )
        if value
    ]
    if spec.as_number is None and not hindrances:
        hindrances = [FieldProblem("spec.asNumber", None, "an AS number, which calicoctl v1 needs")]
    if hindrances:
        raise ResourceInvalid("bgpPeer", peer.name, hindrances)
    metadata: dict[str, Any] = {"peerIP": spec.peer_ip, "scope": Scope.NODE if spec.node else Scope.GLOBAL}
    if spec.node:
        metadata["node"] = spec.node
    metadata["scope"] = str(metadata["scope"])
    return {"metadata": metadata, "spec": {"asNumber": spec.as_number}}
