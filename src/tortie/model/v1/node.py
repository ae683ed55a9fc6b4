"""v1 node ⇄ v3 Node. What it is NOT for: anything but the form."""

from typing import Any, Literal

from pydantic import Field

from tortie.model.base import Model
from tortie.model.fields import ASNumber, IPv4InterfaceText, IPv6InterfaceText
from tortie.model.node import Node, OrchRef
from tortie.model.v1.names import V1NodeName, node_name


class V1NodeMetadata(Model):
    """The name of a node, in v1 any text."""

    name: V1NodeName = Field(description="the name of the node")


class V1NodeBGPSpec(Model):
    """BGP side of a node."""

    as_number: ASNumber | None = None
    ipv4_address: IPv4InterfaceText | None = Field(default=None, alias="ipv4Address")
    ipv6_address: IPv6InterfaceText | None = Field(default=None, alias="ipv6Address")


class V1NodeSpec(Model):
    """What v1 knows of a node."""

    bgp: V1NodeBGPSpec | None = None
    orch_refs: tuple[OrchRef, ...] | None = None


class V1Node(Model):
    """A v1 manifest of kind node."""

    api_version: Literal["v1"]
    kind: str
    metadata: V1NodeMetadata = Field(description="a mapping with name")
    spec: V1NodeSpec = Field(default_factory=V1NodeSpec)


def node_to_v3(manifest: V1Node) -> dict[str, Any]:
    """Return the v3 resource as plain data."""
    spec = manifest.spec.json_data()
    return {"metadata": {"name": node_name(manifest.metadata.name)}, "spec": spec}


def node_to_v1(node: Node) -> dict[str, Any]:
    """Return metadata and spec of the v1 manifest."""
    data = node.to_data()["spec"]
    bgp = {name: data.get("bgp", {}).get(name) for name in ("asNumber", "ipv4Address", "ipv6Address")}
    spec: dict[str, Any] = {"bgp": {name: value for name, value in bgp.items() if value is not None}}
    if data.get("orchRefs"):
        spec["orchRefs"] = data["orchRefs"]
    return {"metadata": {"name": node.name}, "spec": {name: part for name, part in spec.items() if part}}
