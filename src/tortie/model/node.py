"""Node: a host of the network, its BGP addresses, AS number and reflector role.

What it is NOT for: reflectors that are no nodes (``route_reflector.py``), and what a node should do
with its peers (``fabric``). RFC 4456 (routeReflectorClusterID), RFC 6793 (asNumber).
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.fields import (
    AddressOrInterfaceText,
    ASNumber,
    ClusterID,
    Expected,
    IPv4AddressText,
    IPv4InterfaceText,
    IPv6AddressText,
    IPv6InterfaceText,
    MACText,
    Text,
    word_of,
)
from tortie.model.resource import Resource


class NodeBGPSpec(Model):
    """BGP side of a node. Addresses are ``address/length`` with host bits kept.

    `as_number` None means the cluster's. A non-empty `route_reflector_cluster_id` makes the node a reflector.
    """

    as_number: ASNumber | None = None
    ipv4_address: IPv4InterfaceText | None = Field(default=None, alias="ipv4Address")
    ipv6_address: IPv6InterfaceText | None = Field(default=None, alias="ipv6Address")
    ipv4_ipip_tunnel_address: IPv4AddressText | None = Field(default=None, alias="ipv4IPIPTunnelAddr")
    route_reflector_cluster_id: ClusterID | None = Field(default=None, alias="routeReflectorClusterID")

    @model_validator(mode="after")
    def _is_not_empty(self) -> "NodeBGPSpec":
        if all(value is None for value in dict(self).values()):
            raise Expected("at least one of asNumber, ipv4Address, ipv6Address, routeReflectorClusterID")
        return self


class OrchRef(Model):
    """The name that an orchestrator gives the node."""

    node_name: Text | None = None
    orchestrator: Text = Field(description="name of the orchestrator, such as k8s")


class NodeWireguardSpec(Model):
    """WireGuard addresses of a node."""

    interface_ipv4_address: IPv4AddressText | None = Field(default=None, alias="interfaceIPv4Address")
    interface_ipv6_address: IPv6AddressText | None = Field(default=None, alias="interfaceIPv6Address")


class NodeAddressType(StrEnum):
    """Where an address of a node comes from."""

    CALICO_NODE_IP = "CalicoNodeIP"
    INTERNAL_IP = "InternalIP"
    EXTERNAL_IP = "ExternalIP"


class NodeAddress(Model):
    """One address of a node."""

    address: AddressOrInterfaceText = Field(description="an IP address")
    type: Annotated[NodeAddressType, BeforeValidator(word_of(NodeAddressType))] | None = None


class NodeInterface(Model):
    """One interface of a node with its addresses."""

    name: Text = Field(description="the name of an interface")
    addresses: tuple[AddressOrInterfaceText, ...] | None = None


class NodeSpec(Model):
    """What a node is."""

    bgp: NodeBGPSpec | None = None
    ipv4_vxlan_tunnel_address: IPv4AddressText | None = Field(default=None, alias="ipv4VXLANTunnelAddr")
    vxlan_tunnel_mac_address: MACText | None = Field(default=None, alias="vxlanTunnelMACAddr")
    ipv6_vxlan_tunnel_address: IPv6AddressText | None = Field(default=None, alias="ipv6VXLANTunnelAddr")
    vxlan_tunnel_mac_address_v6: MACText | None = Field(default=None, alias="vxlanTunnelMACAddrV6")
    orch_refs: tuple[OrchRef, ...] | None = None
    wireguard: NodeWireguardSpec | None = None
    addresses: tuple[NodeAddress, ...] | None = None
    interfaces: tuple[NodeInterface, ...] | None = None


class NodeStatus(Model):
    """What agents report on a node."""

    wireguard_public_key: Text | None = None
    wireguard_public_key_v6: Text | None = None
    pod_cidrs: tuple[Text, ...] | None = Field(default=None, alias="podCIDRs")


class Node(Resource):
    """A host of the network."""

    kind: Literal["Node"] = "Node"
    spec: NodeSpec = Field(default_factory=NodeSpec)
    status: NodeStatus | None = None

    @property
    def address_v4(self) -> str | None:
        """The node's IPv4 address without length, or None."""
        return _without_length(self.spec.bgp.ipv4_address) if self.spec.bgp else None

    @property
    def address_v6(self) -> str | None:
        """The node's IPv6 address without length, or None."""
        return _without_length(self.spec.bgp.ipv6_address) if self.spec.bgp else None

    @property
    def as_number(self) -> int | None:
        """The node's own AS number; None where it takes the cluster's."""
        return self.spec.bgp.as_number if self.spec.bgp else None

    @property
    def cluster_id(self) -> str | None:
        """The cluster id in IPv4 notation where the node is a reflector, else None."""
        return (self.spec.bgp.route_reflector_cluster_id or None) if self.spec.bgp else None


def _without_length(address: str | None) -> str | None:
    return address.split("/", 1)[0] if address else None
