"""The one table of resource kinds: model, names and aliases of each.

`KINDS` maps the kind as it stands in manifests to its `KindInfo`; `find_kind` accepts what a person types.
What it is NOT for: keys (``keys.py``) and columns (``columns.py``), which go by the same kinds.
"""

from dataclasses import dataclass
from typing import Final

from tortie.model.bgp_configuration import BGPConfiguration
from tortie.model.bgp_filter import BGPFilter
from tortie.model.bgp_peer import BGPPeer
from tortie.model.block_affinity import BlockAffinity
from tortie.model.errors import UnknownKind
from tortie.model.host_endpoint import HostEndpoint
from tortie.model.ip_pool import IPPool
from tortie.model.ip_reservation import IPReservation
from tortie.model.ipam_block import IPAMBlock
from tortie.model.ipam_configuration import IPAMConfiguration
from tortie.model.ipam_handle import IPAMHandle
from tortie.model.node import Node
from tortie.model.node_status import CalicoNodeStatus
from tortie.model.resource import Resource
from tortie.model.route_reflector import RouteReflector
from tortie.model.secret import Secret
from tortie.model.workload_endpoint import WorkloadEndpoint


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind.

    Attributes:
        model: its class.
        plural: as in keys and URLs, lower case.
        aliases: further names that may be typed, lower case.
        v1_name: calicoctl v1's spelling, e.g. ``bgpPeer``; None where it has no manifests of this kind here.
    """

    model: type[Resource]
    plural: str
    aliases: tuple[str, ...]
    v1_name: str | None = None

    @property
    def kind(self) -> str:
        """The kind as it stands in manifests."""
        return self.model.kind_name()

    @property
    def message_name(self) -> str:
        """The kind as calicoctl v1's messages spell it, ``bgpPeer``; as in manifests where v1 has none."""
        return self.v1_name or self.kind

    @property
    def is_namespaced(self) -> bool:
        """Resources of this kind live in namespaces."""
        return self.model.IS_NAMESPACED


KINDS: Final[dict[str, KindInfo]] = {
    "Node": KindInfo(Node, "nodes", ("no", "nos"), "node"),
    "BGPPeer": KindInfo(BGPPeer, "bgppeers", ("bgpp", "bgpps", "bp", "bps"), "bgpPeer"),
    "BGPConfiguration": KindInfo(BGPConfiguration, "bgpconfigurations", ("bgpconfig", "bgpconfigs")),
    "BGPFilter": KindInfo(BGPFilter, "bgpfilters", ("bgpf", "bgpfs", "bf", "bfs")),
    "IPPool": KindInfo(IPPool, "ippools", ("ipp", "ipps", "pool", "pools"), "ipPool"),
    "IPReservation": KindInfo(IPReservation, "ipreservations", ("ipr", "iprs")),
    "WorkloadEndpoint": KindInfo(WorkloadEndpoint, "workloadendpoints", ("wep", "weps")),
    "HostEndpoint": KindInfo(HostEndpoint, "hostendpoints", ("hep", "heps")),
    "BlockAffinity": KindInfo(BlockAffinity, "blockaffinities", ("blockaffinitys",)),
    "IPAMConfiguration": KindInfo(IPAMConfiguration, "ipamconfigurations", ("ipamconfig", "ipamconfigs")),
    "IPAMBlock": KindInfo(IPAMBlock, "ipamblocks", ()),
    "IPAMHandle": KindInfo(IPAMHandle, "ipamhandles", ()),
    "CalicoNodeStatus": KindInfo(CalicoNodeStatus, "caliconodestatuses", ("nodestatus", "nodestatuses")),
    "RouteReflector": KindInfo(RouteReflector, "routereflectors", ("rr", "rrs")),
    "Secret": KindInfo(Secret, "secrets", ()),
}

_BY_NAME: Final[dict[str, KindInfo]] = {
    name: info for kind, info in KINDS.items() for name in (kind.lower(), info.plural, *info.aliases)
}


def find_kind(name: str) -> KindInfo:
    """Return the kind that a person means: any case, singular, plural or alias.

    Raises:
        UnknownKind: naming the most similar kind.
    """
    info = _BY_NAME.get(name.lower())
    if info is None:
        raise UnknownKind(name, list(KINDS))
    return info
