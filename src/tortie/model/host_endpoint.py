"""HostEndpoint: an interface of a node itself, to which policy may apply.

What it is NOT for: policy, which this program does not carry out: the resource is kept for those who do.
"""

import re
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.endpoint_port import EndpointPort
from tortie.model.fields import AddressText, Expected, Name, Text, as_text
from tortie.model.resource import Resource

ANY_INTERFACE: Final = "*"
_INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")


def parse_interface_or_any(value: object) -> str:
    """Return the name of an interface, ``*`` for all of a node, or empty text."""
    text = as_text(value)
    if text not in ("", ANY_INTERFACE) and not _INTERFACE.fullmatch(text):
        raise Expected("the name of an interface, 1-15 characters, or * for all of the node")
    return text


class HostEndpointSpec(Model):
    """Which interface: by name, or by the addresses that are expected there."""

    node: Name = Field(description="the name of a node")
    interface_name: Annotated[str, BeforeValidator(parse_interface_or_any)] | None = None
    expected_ips: tuple[AddressText, ...] | None = Field(default=None, alias="expectedIPs")
    profiles: tuple[Text, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None

    @model_validator(mode="after")
    def _names_an_interface(self) -> "HostEndpointSpec":
        if not self.interface_name and not self.expected_ips:
            raise Expected("the name of an interface, or expectedIPs", field=("interfaceName",))
        return self


class HostEndpoint(Resource):
    """An interface of a node."""

    kind: Literal["HostEndpoint"] = "HostEndpoint"
    spec: HostEndpointSpec
