"""RouteReflector: a reflector that is not a node, with its cluster id.

In the datastore it is the record that the seed writes with ``curl``: key ``/calico/bgp/v1/rr_v4/<ip>`` (or
``rr_v6``), value ``{"ip": ..., "cluster_id": ...}``; see ``stored.py``. As a resource its name is its
address. What it is NOT for: nodes that reflect (``Node.spec.bgp.routeReflectorClusterID``). RFC 4456 §8.
"""

from typing import Literal

from pydantic import Field, model_validator

from tortie.model.base import Model
from tortie.model.fields import AddressText, ClusterID, Expected
from tortie.model.resource import Metadata, Resource


class RouteReflectorMetadata(Metadata):
    """Metadata whose name is the reflector's address."""

    name: AddressText = Field(description="the address of the reflector")


class RouteReflectorSpec(Model):
    """Address and cluster id (IPv4 notation; "" = none: the reflector takes its router id)."""

    ip: AddressText = Field(description="the address of the reflector")
    cluster_id: ClusterID = Field(default="", alias="clusterID")


class RouteReflector(Resource):
    """A reflector's record."""

    kind: Literal["RouteReflector"] = "RouteReflector"
    metadata: RouteReflectorMetadata
    spec: RouteReflectorSpec

    @property
    def is_ipv6(self) -> bool:
        """The record stands under rr_v6."""
        return ":" in self.spec.ip

    @model_validator(mode="after")
    def _name_is_address(self) -> "RouteReflector":
        if self.metadata.name != self.spec.ip:
            raise Expected(f"the address of the reflector, {self.spec.ip}", field=("metadata", "name"))
        return self
