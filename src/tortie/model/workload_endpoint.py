"""WorkloadEndpoint: one interface of one container or machine on a node.

What it is NOT for: wiring it (``lab``, ``node``). Its addresses are single ones: /32 and /128.
"""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.endpoint_port import Port, parse_port_name, parse_protocol
from tortie.model.fields import (
    AddressText,
    Expected,
    HostNetworkText,
    IPv4AddressText,
    IPv6AddressText,
    MACText,
    Name,
    NetworkText,
    Text,
    integer_between,
)
from tortie.model.resource import Metadata, Resource

DEFAULT_NAMESPACE: Final = "default"


class WorkloadMetadata(Metadata):
    """Metadata of a namespaced resource."""

    namespace: Name = DEFAULT_NAMESPACE


class IPNAT(Model):
    """One-to-one NAT of an address of the workload."""

    internal_ip: AddressText = Field(alias="internalIP", description="an IP address of the workload")
    external_ip: AddressText = Field(alias="externalIP", description="an IP address")
    source: Text | None = None


def _port_name_or_empty(value: object) -> str:
    return "" if value == "" else parse_port_name(value)


def _protocol_or_empty(value: object) -> str:
    return "" if value == "" else parse_protocol(value)


class WorkloadEndpointPort(Model):
    """A named port."""

    name: Annotated[str, BeforeValidator(_port_name_or_empty)] | None = None
    protocol: Annotated[str, BeforeValidator(_protocol_or_empty)] | None = None
    port: Port = Field(description="a port from 1 to 65535")
    host_port: Annotated[int, BeforeValidator(integer_between(0, 65535))] | None = None
    host_ip: Text | None = Field(default=None, alias="hostIP")


class WorkloadEndpointSpec(Model):
    """An interface of a workload; `ip_networks` holds /32 and /128 texts."""

    orchestrator: Text | None = None
    workload: Text | None = None
    node: Name = Field(description="the name of a node")
    container_id: Text | None = Field(default=None, alias="containerID")
    pod: Text | None = None
    endpoint: Text | None = None
    service_account_name: Text | None = None
    ip_networks: tuple[HostNetworkText, ...] = ()
    ip_nats: tuple[IPNAT, ...] | None = Field(default=None, alias="ipNATs")
    ipv4_gateway: IPv4AddressText | None = Field(default=None, alias="ipv4Gateway")
    ipv6_gateway: IPv6AddressText | None = Field(default=None, alias="ipv6Gateway")
    profiles: tuple[Text, ...] | None = None
    interface_name: Text | None = None
    mac: MACText | None = None
    ports: tuple[WorkloadEndpointPort, ...] | None = None
    allow_spoofed_source_prefixes: tuple[NetworkText, ...] | None = None
    qos_controls: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _nats_are_of_own_addresses(self) -> "WorkloadEndpointSpec":
        own = {network.split("/")[0] for network in self.ip_networks}
        for index, nat in enumerate(self.ip_nats or ()):
            if nat.internal_ip not in own:
                raise Expected("an address of ipNetworks", field=("ipNATs", index, "internalIP"))
        return self


class WorkloadEndpoint(Resource):
    """One interface of one workload."""

    IS_NAMESPACED: ClassVar[bool] = True

    kind: Literal["WorkloadEndpoint"] = "WorkloadEndpoint"
    metadata: WorkloadMetadata
    spec: WorkloadEndpointSpec


def workload_endpoint_name(spec: WorkloadEndpointSpec) -> str:
    """Return the name that Calico gives an endpoint: ``<node>-<orchestrator>-<workload>-<endpoint>``.

    Dashes inside a part are doubled, so that the parts can be told apart. The workload is the pod's name for
    k8s, the container id for cni, the word ``libnetwork`` for libnetwork, else `workload`.
    """
    orchestrator = spec.orchestrator or ""
    workload = {"k8s": spec.pod, "cni": spec.container_id, "libnetwork": "libnetwork"}.get(orchestrator, spec.workload)
    parts = (spec.node, orchestrator, workload or "", spec.endpoint or "")
    return "-".join(part.replace("-", "--") for part in parts)
