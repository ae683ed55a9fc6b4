"""BGPConfiguration: the settings of the whole cluster (`default`) and of single nodes (`node.<name>`).

What it is NOT for: the names of `calicoctl config` (``config_names.py``). RFC 6793 (asNumber), RFC 1997
and RFC 8092 (communities).
"""

import re
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.bgp_peer import BGPPassword
from tortie.model.fields import (
    ASNumber,
    Boolean,
    Duration,
    Expected,
    IPv4AddressText,
    IPv6AddressText,
    NetworkText,
    Text,
    as_text,
    integer_between,
    parse_network,
    word_of,
)
from tortie.model.resource import Resource

DEFAULT_AS_NUMBER: Final = 64512
"""AS of a cluster that sets none."""
DEFAULT_NAME: Final = "default"
"""Name of the cluster-wide BGPConfiguration."""
NODE_NAME_PREFIX: Final = "node."
COMMUNITY_COUNT_MAX: Final = 500
ADVERTISEMENT_COUNT_MAX: Final = 500
COMMUNITIES_PER_ADVERTISEMENT_MAX: Final = 50

_COMMUNITY = re.compile(r"([0-9]{1,5}):([0-9]{1,5})")
_LARGE_COMMUNITY = re.compile(r"([0-9]{1,10}):([0-9]{1,10}):([0-9]{1,10})")
_INTERFACE_GLOB = re.compile(r"[a-zA-Z0-9_.*-]{1,15}")


class LogSeverity(StrEnum):
    """Log levels of BGPConfiguration."""

    TRACE = "Trace"
    DEBUG = "Debug"
    INFO = "Info"
    WARNING = "Warning"
    ERROR = "Error"
    FATAL = "Fatal"
    NONE = "None"


class AggregationMode(StrEnum):
    """Whether LoadBalancer ranges are announced as a whole."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"


class BindMode(StrEnum):
    """Which addresses the BGP port listens on."""

    NONE = "None"
    NODE_IP = "NodeIP"


class ProgramClusterRoutes(StrEnum):
    """Which pools' remote routes BGP writes to the kernel."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    ENABLED_IPIP_ONLY = "EnabledIPIPOnly"
    ENABLED_NO_ENCAP_ONLY = "EnabledNoEncapOnly"


def parse_community(value: object) -> str:
    """Return ``aa:nn`` (16 bits each, RFC 1997) or ``aa:nn:mm`` (32 bits each, RFC 8092)."""
    text = as_text(value)
    for pattern, limit in ((_COMMUNITY, 2**16), (_LARGE_COMMUNITY, 2**32)):
        match = pattern.fullmatch(text)
        if match and all(int(part) < limit for part in match.groups()):
            return ":".join(str(int(part)) for part in match.groups())
    raise Expected("a community aa:nn (each 0-65535) or aa:nn:mm (each 0-4294967295)")


def parse_interface_glob(value: object) -> str:
    """Return a name or glob of interfaces, at most 15 characters, not ``*`` alone."""
    text = as_text(value)
    if text == "*" or not _INTERFACE_GLOB.fullmatch(text):
        raise Expected("the name of an interface or a pattern such as eth*, 1-15 characters, not '*' alone")
    return text


def _network_or_empty(value: object) -> str:
    return "" if value in ("", None) else parse_network(value)


class CIDRBlock(Model):
    """A range of service addresses; an empty one is ignored."""

    cidr: Annotated[str, BeforeValidator(_network_or_empty)] = ""


class Community(Model):
    """A community value with a name."""

    name: Text = Field(description="a name for the community")
    value: Annotated[str, BeforeValidator(parse_community)] = Field(description="a community aa:nn or aa:nn:mm")


class PrefixAdvertisement(Model):
    """Communities that go with the announcement of a range."""

    cidr: NetworkText = Field(description="a network such as 192.168.0.0/16")
    communities: Annotated[tuple[Text, ...], Field(max_length=COMMUNITIES_PER_ADVERTISEMENT_MAX)] = ()


class BGPConfigurationSpec(Model):
    """Settings; None means unset, the defaults stand in the properties of `BGPConfiguration`."""

    log_severity_screen: Annotated[LogSeverity, BeforeValidator(word_of(LogSeverity))] | None = None
    node_to_node_mesh_enabled: Boolean | None = None
    as_number: ASNumber | None = None
    service_cluster_ips: tuple[CIDRBlock, ...] | None = Field(default=None, alias="serviceClusterIPs")
    service_external_ips: tuple[CIDRBlock, ...] | None = Field(default=None, alias="serviceExternalIPs")
    service_load_balancer_ips: tuple[CIDRBlock, ...] | None = Field(default=None, alias="serviceLoadBalancerIPs")
    service_load_balancer_aggregation: Annotated[AggregationMode, BeforeValidator(word_of(AggregationMode))] | None = (
        None
    )
    communities: Annotated[tuple[Community, ...], Field(max_length=COMMUNITY_COUNT_MAX)] | None = None
    prefix_advertisements: (
        Annotated[tuple[PrefixAdvertisement, ...], Field(max_length=ADVERTISEMENT_COUNT_MAX)] | None
    ) = None
    listen_port: Annotated[int, BeforeValidator(integer_between(1, 65535))] | None = None
    node_mesh_password: BGPPassword | None = None
    node_mesh_max_restart_time: Duration | None = None
    bind_mode: Annotated[BindMode, BeforeValidator(word_of(BindMode))] | None = None
    ignored_interfaces: tuple[Annotated[str, BeforeValidator(parse_interface_glob)], ...] | None = None
    local_workload_peering_ip_v4: IPv4AddressText | None = Field(default=None, alias="localWorkloadPeeringIPV4")
    local_workload_peering_ip_v6: IPv6AddressText | None = Field(default=None, alias="localWorkloadPeeringIPV6")
    program_cluster_routes: Annotated[ProgramClusterRoutes, BeforeValidator(word_of(ProgramClusterRoutes))] | None = (
        None
    )
    ipv4_normal_route_priority: Annotated[int, BeforeValidator(integer_between(1, 2147483646))] | None = Field(
        default=None, alias="ipv4NormalRoutePriority"
    )
    ipv6_normal_route_priority: Annotated[int, BeforeValidator(integer_between(1, 2147483646))] | None = Field(
        default=None, alias="ipv6NormalRoutePriority"
    )


def _community_problem(spec: BGPConfigurationSpec) -> tuple[tuple[str, ...], str] | None:
    """Return the field and the expectation of the first community rule that is broken, or None."""
    names = {community.name for community in spec.communities or ()}
    if names and not spec.prefix_advertisements:
        return ("prefixAdvertisements",), "an entry that uses the communities, where communities are defined"
    for advertisement in spec.prefix_advertisements or ():
        for community in advertisement.communities:
            if community not in names and ":" not in community:
                return ("prefixAdvertisements",), f"communities that are defined (there is no '{community}')"
    return None


_DEFAULT_ONLY: Final = (
    "nodeToNodeMeshEnabled",
    "asNumber",
    "serviceClusterIPs",
    "serviceExternalIPs",
    "serviceLoadBalancerIPs",
    "nodeMeshPassword",
    "nodeMeshMaxRestartTime",
)
"""Fields of the cluster's BGPConfiguration that a node's may not have."""


class BGPConfiguration(Resource):
    """Settings of the cluster or of one node."""

    kind: Literal["BGPConfiguration"] = "BGPConfiguration"
    spec: BGPConfigurationSpec = Field(default_factory=BGPConfigurationSpec)

    @model_validator(mode="after")
    def _rules(self) -> "BGPConfiguration":
        if not self.is_default:
            self._check_node_resource()
        if self.spec.node_to_node_mesh_enabled is False:
            for field in ("nodeMeshPassword", "nodeMeshMaxRestartTime"):
                if _is_set(self.spec, field):
                    raise Expected("nothing where nodeToNodeMeshEnabled is false", field=("spec", field))
        problem = _community_problem(self.spec)
        if problem:
            raise Expected(problem[1], field=("spec", *problem[0]))
        return self

    def _check_node_resource(self) -> None:
        if not self.node_name:
            raise Expected("default, or node.<name of a node>", field=("metadata", "name"))
        for field in _DEFAULT_ONLY:
            if _is_set(self.spec, field):
                raise Expected("nothing: only the configuration named default may set it", field=("spec", field))

    @property
    def is_default(self) -> bool:
        """It is the cluster's, not one node's."""
        return self.metadata.name == DEFAULT_NAME

    @property
    def node_name(self) -> str | None:
        """The node whose settings these are; None for the cluster's."""
        name = self.metadata.name
        return name.removeprefix(NODE_NAME_PREFIX) if name.startswith(NODE_NAME_PREFIX) else None

    @property
    def as_number(self) -> int:
        """The cluster's AS number, 64512 where unset."""
        return DEFAULT_AS_NUMBER if self.spec.as_number is None else self.spec.as_number

    @property
    def is_mesh_enabled(self) -> bool:
        """Every node peers with every other; true where unset."""
        return self.spec.node_to_node_mesh_enabled is not False


def _is_set(spec: BGPConfigurationSpec, field: str) -> bool:
    """Return whether the field with this JSON name has a value."""
    names = {info.alias: name for name, info in BGPConfigurationSpec.model_fields.items()}
    return getattr(spec, names[field]) is not None
