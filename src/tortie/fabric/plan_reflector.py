"""The intent of a reflector that is no node: sessions only, no data path.

It is started with its addresses (the seed's IP and IP6). Where a record ``rr_v4/<ip>`` (``rr_v6``)
names them it is one of the mesh of reflectors and has the record's cluster id; without, it stands alone
and serves the peers that name it, with its router id as cluster id. What it is NOT for: nodes with
routeReflectorClusterID (``plan_node.py``). Reference B, rules 1 to 3; RFC 4456 §7, §8.
"""

from operator import is_

from tortie.fabric.addresses import FAMILIES, IPV4, IPV6, speaker_address
from tortie.fabric.callers import client_sessions
from tortie.fabric.filter_intent import ACCEPT_ALL
from tortie.fabric.intent import NodeIntent, Quarantined
from tortie.fabric.merge import planned_sessions
from tortie.fabric.reflector_mesh import reflector_mesh_sessions
from tortie.fabric.resources import Fabric
from tortie.fabric.speaker import LocalSpeaker


def reflector_intent(fabric: Fabric, ip4: str, ip6: str | None = None, add_path: str | None = None) -> NodeIntent:
    """Return what the reflector at some addresses should do.

    Its AS number is the cluster's, its router id `ip4`. Everything is accepted and reflected (reference
    A5: import all, export all).

    Args:
        fabric: the snapshot.
        ip4: its IPv4 address.
        ip6: its IPv6 address; None = no sessions over IPv6.
        add_path: which way several paths a prefix go where no BGPPeer says otherwise; None = as the cluster's settings.

    Raises:
        AddressUnusable: an argument is no address of its family that a speaker can own.
    Cost: O(nodes + reflectors).
    """
    addresses = {IPV4: speaker_address("IP", ip4, IPV4)}
    if ip6 is not None:
        addresses[IPV6] = speaker_address("IP6", ip6, IPV6)
    cluster_id, refused = _cluster_id(fabric, addresses)
    speaker = LocalSpeaker(
        title=f"reflector {addresses[IPV4]}",
        as_number=fabric.settings.cluster.as_number,
        cluster_id=cluster_id or addresses[IPV4],
        addresses=addresses,
        export_filters=dict.fromkeys(FAMILIES, ACCEPT_ALL),
        next_hop_mode="auto",
        families=fabric.settings.cluster.families,
        add_path=add_path or fabric.settings.cluster.add_path,
        speakers=fabric.speakers,
        filters=fabric.filters,
    )
    asked = (*reflector_mesh_sessions(fabric, speaker), *client_sessions(fabric, speaker))
    planned = planned_sessions(speaker, asked)
    return NodeIntent(
        name=addresses[IPV4],
        kind="reflector",
        router_id=addresses[IPV4],
        local_as=speaker.as_number,
        cluster_id=cluster_id,
        address_v4=addresses[IPV4],
        address_v6=addresses.get(IPV6),
        sessions=planned.sessions,
        log_level=fabric.settings.cluster.log_level,
        quarantine=tuple(sorted(refused | planned.refused | set(fabric.quarantine))),
    )


class ReflectorPlanner:
    """The intent of one reflector from one snapshot after another.

    Its intent comes from speakers, BGPPeers and settings; a change of anything else (a workload, a block, a pool) costs
    nothing, however many clients it has.
    """

    __slots__ = ("_add_path", "_decisive", "_intent", "_ip4", "_ip6", "_quarantine")

    def __init__(self, ip4: str, ip6: str | None = None, add_path: str | None = None) -> None:
        """Plan nothing yet; arguments as of `reflector_intent`."""
        self._ip4, self._ip6, self._add_path = ip4, ip6, add_path
        self._decisive: tuple[object, ...] = ()
        self._quarantine: tuple[Quarantined, ...] = ()
        self._intent: NodeIntent | None = None

    def __call__(self, fabric: Fabric) -> NodeIntent:
        """Return what `reflector_intent` does."""
        settings = fabric.settings
        decisive = (
            *(settings.cluster, settings.by_node, settings.is_default_usable),
            *(fabric.speakers, fabric.peers_by_address, fabric.nodes_of),
        )
        is_same = len(self._decisive) == len(decisive) and all(map(is_, self._decisive, decisive))
        if self._intent is None or not is_same or fabric.quarantine != self._quarantine:
            self._intent = reflector_intent(fabric, self._ip4, self._ip6, self._add_path)
            self._decisive, self._quarantine = decisive, fabric.quarantine
        return self._intent


def _cluster_id(fabric: Fabric, addresses: dict[str, str]) -> tuple[str | None, set[Quarantined]]:
    """Return the cluster id of the speaker, and the second one if its two records disagree.

    A speaker has one cluster id (upstream runs a daemon a family, each with its own).
    """
    records = [fabric.reflectors[address] for address in addresses.values() if address in fabric.reflectors]
    named = [record for record in records if record.cluster_id is not None]
    if not named:
        return None, set()
    chosen = named[0]
    refused = {
        Quarantined(
            "RouteReflector",
            record.address,
            f"cluster_id: {record.cluster_id}: expected {chosen.cluster_id}, as in the record "
            f"of {chosen.address}: one speaker has one cluster id",
        )
        for record in named[1:]
        if record.cluster_id != chosen.cluster_id
    }
    return chosen.cluster_id, refused
