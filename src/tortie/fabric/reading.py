"""From resources to records, one function a kind: what is legal in a resource and still unusable.

The model has checked each field by itself before; here stands what needs more: AS numbers that no
session can have (RFC 6793: AS_TRANS 23456), peers that contradict the node or reflector they name, and
fields whose meaning this version cannot carry out.
Each function returns record and claims, or raises `RecordUnusable`; none looks at other resources except
through its arguments.

What it is NOT for: choosing between claimants (``quarantine.py``), or what follows from a record.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from tortie.fabric.addresses import (
    FAMILY_TITLES,
    covering_prefixes,
    family_of,
)
from tortie.fabric.annotations import read_add_path, read_families
from tortie.fabric.filters import Filters
from tortie.fabric.intent import KEEPALIVE_TIME_S_MAX, RESTART_TIME_S_MAX, PoolIntent, SecretReference
from tortie.fabric.options import PeerOptions
from tortie.fabric.quarantine import UNSUPPORTED, Claim, unusable
from tortie.fabric.records import (
    BlockRecord,
    EndpointRecord,
    NodeRecord,
    PeerRecord,
    ReflectorRecord,
    Settings,
)
from tortie.model import (
    AffinityState,
    AffinityType,
    BGPPassword,
    BGPPeer,
    BlockAffinity,
    IPPool,
    Node,
    ReversePeering,
    RouteReflector,
    SourceAddress,
    WorkloadEndpoint,
    duration_s,
    parse_selector,
)

AS_TRANS: Final = 23456
"""RFC 6793 §9: stands for AS numbers that do not fit in 16 bits; no speaker has it."""

INTERFACE_NAME_LENGTH_MAX: Final = 15
BGP_PORT: Final = 179


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A field that is planned for and that this version cannot carry out.

    Attributes:
        field: its name in the model.
        path: its name in manifests, below ``spec``.
        reason: what is missing.
    """

    field: str
    path: str
    reason: str


OWN_ADDRESSES_COUNT_MAX: Final = 16384
"""Node addresses that are remembered taken apart: every node is read again when the cluster's settings change."""

IP_VERSION_4: Final = 4
NETWORK_LENGTH_ALL_HOSTS: Final = 31
"""RFC 3021: from here on every IPv4 address of a subnet is a host's."""

UNSUPPORTED_PEER_FIELDS: Final[tuple[Unsupported, ...]] = ()
"""Fields of a BGPPeer that this version cannot carry out. The record is set aside, never half obeyed.

None is left: who carries out intents and cannot do something has a list of its own.
"""


@dataclass(frozen=True, slots=True)
class Speakers:
    """The usable speakers, by name and by address; what peers are checked against.

    Attributes:
        nodes: name → node.
        nodes_by_address: address of either family → node.
        reflectors: address → reflector that is no node.
    """

    nodes: Mapping[str, NodeRecord]
    nodes_by_address: Mapping[str, NodeRecord]
    reflectors: Mapping[str, ReflectorRecord]

    def cluster_id(self, address: str) -> str | None:
        """Return the cluster id of the speaker at an address; None if it has none or is unknown."""
        speaker = self.nodes_by_address.get(address) or self.reflectors.get(address)
        return speaker.cluster_id if speaker else None


def check_as_number(path: str, number: int) -> int:
    """Return an AS number that a session can have (the model has refused 0 before, RFC 7607).

    Raises:
        RecordUnusable: it is AS_TRANS (RFC 6793).
    """
    if number == AS_TRANS:
        raise unusable(path, number, f"another AS number ({AS_TRANS} stands for those that do not fit in 16 bits)")
    return number


def read_node(node: Node, cluster: Settings, own: Settings) -> tuple[NodeRecord, Sequence[Claim]]:
    """Read a Node; `own` are its settings, `cluster` those of all.

    Raises:
        RecordUnusable: no address, that of a whole subnet, or an AS number that no session can have.
    """
    bgp = node.spec.bgp
    if bgp is None or (bgp.ipv4_address is None and bgp.ipv6_address is None):
        raise unusable("spec.bgp.ipv4Address", None, "an IPv4 or an IPv6 address (ipv6Address)")
    address_v4, network_v4, problem = _own_address(bgp.ipv4_address)
    if problem is not None:
        raise unusable("spec.bgp.ipv4Address", bgp.ipv4_address, problem)
    address_v6, network_v6, _ = _own_address(bgp.ipv6_address)
    number = cluster.as_number if bgp.as_number is None else check_as_number("spec.bgp.asNumber", bgp.as_number)
    record = NodeRecord(
        name=node.name,
        address_v4=address_v4,
        network_v4=network_v4,
        address_v6=address_v6,
        network_v6=network_v6,
        as_number=number,
        cluster_id=bgp.route_reflector_cluster_id or None,
        listen_port=own.listen_port,
        labels=node.labels,
    )
    paths = ("spec.bgp.ipv4Address", address_v4), ("spec.bgp.ipv6Address", address_v6)
    return record, [_speaker_claim(path, address) for path, address in paths if address is not None]


class _OwnAddress(NamedTuple):
    """Address and subnet of ``address/length``, and the reason why no host can have it, or None."""

    address: str | None
    network: str | None
    problem: str | None


@lru_cache(maxsize=OWN_ADDRESSES_COUNT_MAX)
def _own_address(text: str | None) -> _OwnAddress:
    """Take a node's address apart; the subnet's own address and its broadcast address are no host's (RFC 3021)."""
    if text is None:
        return _OwnAddress(None, None, None)
    interface = ipaddress.ip_interface(text)
    network = interface.network
    problem = None
    if interface.version == IP_VERSION_4 and network.prefixlen < NETWORK_LENGTH_ALL_HOSTS:
        for address, what in ((network.network_address, "the subnet itself"), (network.broadcast_address, "all of it")):
            if interface.ip == address:
                problem = f"the address of a host ({address} in {network} is {what})"
    return _OwnAddress(str(interface.ip), str(network), problem)


def _speaker_claim(path: str, address: str) -> Claim:
    return Claim(path=path, value=address, expected="an address of its own", takes=(("speaker", address),))


def read_reflector(reflector: RouteReflector) -> tuple[ReflectorRecord, Sequence[Claim]]:
    """Read a reflector's record."""
    address = reflector.spec.ip
    record = ReflectorRecord(address=address, cluster_id=reflector.spec.cluster_id or None)
    return record, [_speaker_claim("ip", address)]


def read_peer(
    peer: BGPPeer, cluster: Settings, speakers: Speakers, filters: Filters, unsupported: Sequence[Unsupported]
) -> tuple[PeerRecord, Sequence[Claim]]:
    """Read a BGPPeer.

    Raises:
        RecordUnusable: an unsupported field; the name of a filter that is none; a link-local address; an AS number or
            time that no session can have; a node that has no address of the family or is its own peer; an AS number
            that is not the reflector's there.
    """
    _check_supported(peer, unsupported)
    spec = peer.spec
    for index, name in enumerate(spec.filters or ()):
        if name not in filters:
            raise unusable(f"spec.filters[{index}]", name, "the name of a BGPFilter (without it, routes would go by)")
    address = peer.peer_address
    if address is not None:
        _check_not_link_local(peer, address)
    number = cluster.as_number if spec.as_number is None else check_as_number("spec.asNumber", spec.as_number)
    record = PeerRecord(
        name=peer.name,
        node=spec.node or None,
        node_selector=parse_selector(spec.node_selector) if spec.node_selector else None,
        address=address,
        peer_selector=parse_selector(spec.peer_selector) if spec.peer_selector else None,
        workload_selector=parse_selector(spec.local_workload_selector) if spec.local_workload_selector else None,
        port=0 if address is None else _port(peer, number, speakers.nodes_by_address.get(address)),
        as_number=0 if spec.peer_selector else number,
        local_as=None if spec.local_as_number is None else check_as_number("spec.localASNumber", spec.local_as_number),
        options=_options(peer),
        is_reversed=spec.reverse_peering is not ReversePeering.MANUAL,
    )
    if address is not None:
        _check_own_node(record, address, speakers)
        if address in speakers.reflectors:
            check_reflector_as(record, cluster.as_number)
    return record, []


def _check_not_link_local(peer: BGPPeer, address: str) -> None:
    if ":" in address and ipaddress.ip_address(address).is_link_local:
        expected = "an address that says the host by itself (a link-local one needs an interface, RFC 4007 §6)"
        raise unusable("spec.peerIP", peer.spec.peer_ip, expected)


def _check_supported(peer: BGPPeer, unsupported: Sequence[Unsupported]) -> None:
    for item in unsupported:
        value = getattr(peer.spec, item.field)
        if value:  # 0 and an empty list ask for nothing
            raise unusable(f"spec.{item.path}", value, f"{UNSUPPORTED} ({item.reason})")
    if peer.peer_address is None and not (peer.spec.peer_selector or peer.spec.local_workload_selector):
        raise unusable("spec.peerIP", None, "an IP address, a peerSelector or a localWorkloadSelector")


def _options(peer: BGPPeer) -> PeerOptions:
    spec, annotations = peer.spec, peer.metadata.annotations
    source = spec.source_address
    return PeerOptions(
        next_hop_mode=spec.next_hop_mode.value.lower() if spec.next_hop_mode else None,
        is_next_hop_kept_outside=spec.keep_original_next_hop,
        is_source_chosen_by_system=None if source is None else source is SourceAddress.NONE,
        password=read_password("spec.password", spec.password),
        ttl_security_hops=spec.ttl_security or None,
        restart_time_s=read_seconds("spec.maxRestartTime", spec.max_restart_time, 0, RESTART_TIME_S_MAX),
        keepalive_time_s=read_seconds("spec.keepaliveTime", spec.keepalive_time, 1, KEEPALIVE_TIME_S_MAX),
        allowed_local_as_count=spec.num_allowed_local_as_numbers or None,
        reachable_by=spec.reachable_by or None,
        families=read_families(annotations),
        add_path=read_add_path(annotations),
        filters=tuple(spec.filters or ()) or None,
    )


def read_password(path: str, password: BGPPassword | None) -> SecretReference | None:
    """Return where a password is kept; None where none is asked for.

    Raises:
        RecordUnusable: one is asked for and it is not said where it is.
    """
    if password is None:
        return None
    if password.secret_key_ref is None:
        raise unusable(f"{path}.secretKeyRef", None, "name and key of the secret")
    return SecretReference(password.secret_key_ref.name, password.secret_key_ref.key)


def read_seconds(path: str, text: str | None, low: int, high: int) -> int | None:
    """Return a duration in whole seconds, rounded; None where none is given.

    Raises:
        RecordUnusable: it does not fit into its field on the wire.
    """
    if text is None:
        return None
    seconds = round(duration_s(text))
    if not low <= seconds <= high:
        raise unusable(path, text, f"{low} to {high} seconds")
    return seconds


def _port(peer: BGPPeer, as_number: int, node: NodeRecord | None) -> int:
    """Return the port to dial: the record's, else that of the node at the address with that AS number, else 179."""
    if peer.peer_port is not None:
        return peer.peer_port
    return node.listen_port if node is not None and node.as_number == as_number else BGP_PORT


def _check_own_node(record: PeerRecord, address: str, speakers: Speakers) -> None:
    node = speakers.nodes.get(record.node) if record.node is not None else None
    if node is None:
        return
    own = node.address(family_of(address))
    if own is None:
        title = FAMILY_TITLES[family_of(address)]
        raise unusable("spec.peerIP", address, f"a node with an {title} address: node '{node.name}' has none")
    if own == address:
        raise unusable("spec.peerIP", address, f"another address than that of node '{node.name}' itself")


def check_reflector_as(record: PeerRecord, as_number: int) -> None:
    """Refuse a peer record that gives a reflector another AS number than the cluster's (bird#28).

    Raises:
        RecordUnusable: RFC 4456: only an internal peer can be a client.
    """
    if record.as_number != as_number:
        expected = f"{as_number}, the cluster's: only an internal peer can be a client of reflector {record.address}"
        raise unusable("spec.asNumber", record.as_number, expected)


def read_pool(pool: IPPool) -> tuple[PoolIntent, Sequence[Claim]]:
    """Read an IPPool; it claims its range, so pools do not overlap."""
    spec = pool.spec
    record = PoolIntent(
        cidr=spec.cidr,
        ipip_mode=spec.ipip_mode.value,
        vxlan_mode=spec.vxlan_mode.value,
        nat_outgoing=spec.nat_outgoing,
        disabled=spec.disabled,
        disable_bgp_export=spec.disable_bgp_export,
    )
    covering = covering_prefixes(spec.cidr)
    claim = Claim(
        path="spec.cidr",
        value=spec.cidr,
        expected="a range that overlaps no other pool",
        takes=(("pool", spec.cidr), *(("pool beneath", prefix) for prefix in covering)),
        needs=(("pool beneath", spec.cidr), *(("pool", prefix) for prefix in covering)),
    )
    return record, [claim]


def read_block(affinity: BlockAffinity) -> tuple[BlockRecord, Sequence[Claim]] | None:
    """Read a BlockAffinity; None for what no node announces: claims in progress, virtual and deleted ones.

    Only confirmed blocks (and those of a time before states) claim their range: while an affinity is on
    its way out, the block may already belong to another node.
    """
    spec = affinity.spec
    if spec.deleted or spec.type is not AffinityType.HOST or spec.state is AffinityState.PENDING:
        return None
    record = BlockRecord(node=spec.node, cidr=spec.cidr, is_confirmed=spec.state is not AffinityState.PENDING_DELETION)
    key = ("block", spec.cidr)
    claim = Claim(path="spec.cidr", value=spec.cidr, expected="a block of its own", takes=(key,))
    return record, [claim] if record.is_confirmed else []


def read_endpoint(endpoint: WorkloadEndpoint) -> tuple[EndpointRecord, Sequence[Claim]]:
    """Read a WorkloadEndpoint.

    Raises:
        RecordUnusable: it has no interface name that a host can have.
    """
    interface = endpoint.spec.interface_name or None
    if interface is None or not _is_interface_name(interface):
        expected = f"the name of an interface, 1 to {INTERFACE_NAME_LENGTH_MAX} characters without blanks and '/'"
        raise unusable("spec.interfaceName", interface, expected)
    prefixes = tuple(dict.fromkeys(endpoint.spec.ip_networks))
    record = EndpointRecord(node=endpoint.spec.node, prefixes=prefixes, interface=interface, labels=endpoint.labels)
    return record, [
        Claim(
            path=f"spec.ipNetworks[{index}]",
            value=prefix,
            expected="an address of its own",
            takes=(("workload", prefix),),
        )
        for index, prefix in enumerate(prefixes)
    ]


def _is_interface_name(name: str) -> bool:
    """Return whether Linux takes it (dev_valid_name): short, neither "." nor "..", no "/", ":" or blank."""
    if not 0 < len(name.encode()) <= INTERFACE_NAME_LENGTH_MAX or name in (".", ".."):
        return False
    return not any(character in "/:" or character.isspace() or not character.isprintable() for character in name)
