"""Resources: the kinds of ``projectcalico.org/v3`` and of calicoctl v1, their validation, names and keys.

Pure: text and plain data in, resources out, and back. What it is NOT for: keeping resources (``store``), what
nodes make of them (``fabric``).
"""

from tortie.model.bgp_configuration import (
    DEFAULT_AS_NUMBER,
    DEFAULT_NAME,
    BGPConfiguration,
    BGPConfigurationSpec,
)
from tortie.model.bgp_filter import (
    BGPFilter,
    BGPFilterSpec,
    FilterAction,
    FilterOperation,
    FilterRule,
    MatchOperator,
    MatchSource,
    PeerType,
    local_pref_of_priority,
)
from tortie.model.bgp_peer import (
    BGPPassword,
    BGPPeer,
    BGPPeerSpec,
    NextHopMode,
    ReversePeering,
    SourceAddress,
    split_peer_ip,
)
from tortie.model.block_affinity import AffinityState, AffinityType, BlockAffinity, BlockAffinitySpec
from tortie.model.columns import PLAIN, Table, TableView, table
from tortie.model.config_names import (
    CONFIG_NAMES,
    ConfigName,
    configuration_name,
    find_config_name,
    get_config,
    is_ipip_enabled,
    set_config,
    unset_config,
)
from tortie.model.errors import (
    ConfigInvalid,
    FieldProblem,
    ManifestInvalid,
    ModelError,
    ResourceInvalid,
    SelectorInvalid,
    UnknownColumn,
    UnknownKind,
)
from tortie.model.fields import duration_s
from tortie.model.host_endpoint import HostEndpoint
from tortie.model.ip_pool import EncapsulationMode, IPPool, IPPoolSpec
from tortie.model.ip_reservation import IPReservation
from tortie.model.ipam_block import IPAMBlock, IPAMBlockSpec
from tortie.model.ipam_configuration import IPAM_CONFIGURATION_NAME, IPAMConfiguration
from tortie.model.ipam_handle import IPAMHandle, IPAMHandleSpec
from tortie.model.keys import SECRET_PREFIX, ParsedKey, key_of, kind_prefixes, parse_key, resource_key
from tortie.model.kinds import KINDS, KindInfo, find_kind
from tortie.model.manifest import ManifestItem, load_items, load_manifests
from tortie.model.node import Node, NodeBGPSpec, NodeSpec
from tortie.model.node_status import CalicoNodeStatus
from tortie.model.resource import Metadata, Resource
from tortie.model.route_reflector import RouteReflector, RouteReflectorSpec
from tortie.model.secret import Secret, is_secret_key
from tortie.model.selector import Selector, parse_selector
from tortie.model.stored import from_stored, to_stored
from tortie.model.v1 import V1Identity, from_v1, identity_of, lost_in_v1, merge_v1, to_v1
from tortie.model.workload_endpoint import (
    DEFAULT_NAMESPACE,
    WorkloadEndpoint,
    WorkloadEndpointSpec,
    workload_endpoint_name,
)

__all__ = [
    "CONFIG_NAMES",
    "DEFAULT_AS_NUMBER",
    "DEFAULT_NAME",
    "DEFAULT_NAMESPACE",
    "IPAM_CONFIGURATION_NAME",
    "KINDS",
    "PLAIN",
    "SECRET_PREFIX",
    "AffinityState",
    "AffinityType",
    "BGPConfiguration",
    "BGPConfigurationSpec",
    "BGPFilter",
    "BGPFilterSpec",
    "BGPPassword",
    "BGPPeer",
    "BGPPeerSpec",
    "BlockAffinity",
    "BlockAffinitySpec",
    "CalicoNodeStatus",
    "ConfigInvalid",
    "ConfigName",
    "EncapsulationMode",
    "FieldProblem",
    "FilterAction",
    "FilterOperation",
    "FilterRule",
    "HostEndpoint",
    "IPAMBlock",
    "IPAMBlockSpec",
    "IPAMConfiguration",
    "IPAMHandle",
    "IPAMHandleSpec",
    "IPPool",
    "IPPoolSpec",
    "IPReservation",
    "KindInfo",
    "ManifestInvalid",
    "ManifestItem",
    "MatchOperator",
    "MatchSource",
    "Metadata",
    "ModelError",
    "NextHopMode",
    "Node",
    "NodeBGPSpec",
    "NodeSpec",
    "ParsedKey",
    "PeerType",
    "Resource",
    "ResourceInvalid",
    "ReversePeering",
    "RouteReflector",
    "RouteReflectorSpec",
    "Secret",
    "Selector",
    "SelectorInvalid",
    "SourceAddress",
    "Table",
    "TableView",
    "UnknownColumn",
    "UnknownKind",
    "V1Identity",
    "WorkloadEndpoint",
    "WorkloadEndpointSpec",
    "configuration_name",
    "duration_s",
    "find_config_name",
    "find_kind",
    "from_stored",
    "from_v1",
    "get_config",
    "identity_of",
    "is_ipip_enabled",
    "is_secret_key",
    "key_of",
    "kind_prefixes",
    "load_items",
    "load_manifests",
    "local_pref_of_priority",
    "lost_in_v1",
    "merge_v1",
    "parse_key",
    "parse_selector",
    "resource_key",
    "set_config",
    "split_peer_ip",
    "table",
    "to_stored",
    "to_v1",
    "unset_config",
    "workload_endpoint_name",
]
