"""Which change of a resource resets which session: what docs/sessions.md says, proven on engines joined in memory.

The page is the only place where the expectation stands. Here stands, for each of its rows, what there is before the
change and after it; the test fails when the two do not have the same rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from support.fabric import MESH_OFF, bgp_filter, block, configuration, endpoint, node, peer, pool, reflector
from support.planned_world import DASH, PlannedWorld, Scene, names
from tortie.bgp.engine import RESTART_TIME_S_DEFAULT
from tortie.model import (
    CONFIG_NAMES,
    BGPConfigurationSpec,
    BGPFilterSpec,
    BGPPeerSpec,
    IPPoolSpec,
    Node,
    NodeBGPSpec,
    NodeSpec,
    Resource,
    RouteReflectorSpec,
)

PAGE: Final = Path(__file__).parents[2] / "docs" / "sessions.md"

RR1, RR2, TOR = "10.0.0.8", "10.0.0.9", "10.0.0.200"
CLUSTER: Final = "1.0.0.1"


# ---------------------------------------------------------------- what there is


def _node(number: int, **more: Any) -> Node:  # noqa: ANN401 - as in a manifest
    return node(f"n{number}", f"10.0.0.{number}", **{"labels": {"rack": "a"}, **more})


def _both(number: int, **more: Any) -> Node:  # noqa: ANN401 - as in a manifest
    """A node with addresses of both families."""
    return node(f"n{number}", f"10.0.0.{number}", f"fd00::{number}", **more)


ADDRESSES: Final = (
    pool("pool", "192.168.0.0/16"),
    pool("pool6", "fd00:192::/48"),
    *(block(f"n{number}", f"192.168.{number}.0/26") for number in (1, 2, 3)),
    *(block(f"n{number}", f"fd00:192:0:{number}::/122") for number in (1, 2, 3)),
)
NODES: Final = (_node(1), _node(2), _node(3))
REFLECTORS: Final = (("rr1", (RR1,)), ("rr2", (RR2,)))
RECORDS: Final = (reflector(RR1, CLUSTER), reflector(RR2, CLUSTER))
TO_RR1, TO_RR2 = peer("rr1", RR1), peer("rr2", RR2)
N3_REFLECTS: Final = _node(3, labels={"role": "rr"}, cluster_id=CLUSTER)
BY_SELECTOR: Final = peer("to-rr", peerSelector="role == 'rr'")

MESH: Final = Scene((*ADDRESSES, *NODES))
BOTH: Final = Scene((*ADDRESSES, _both(1), _both(2)))
REFLECTED: Final = Scene((*ADDRESSES, _node(1), _node(2), MESH_OFF, *RECORDS, TO_RR1, TO_RR2), REFLECTORS)
SELECTED: Final = Scene((*ADDRESSES, _node(1), _node(2), N3_REFLECTS, MESH_OFF, BY_SELECTOR))
FABRIC: Final = peer("tor", TOR, asNumber=65000, node="n1")
BLOCKS_ONLY: Final = bgp_filter(
    "f",
    exportV4=[{"action": "Accept", "prefixLength": {"max": 26}, "cidr": "192.168.0.0/16", "matchOperator": "In"}],
    importV4=[{"action": "Accept", "operations": [{"setPriority": {"value": 50}}]}],
)
OUTSIDE: Final = Scene((*ADDRESSES, _node(1), _node(2), FABRIC), foreign=(("tor", TOR),))


def with_(scene: Scene, *resources: Resource) -> Scene:
    """The scene with some resources in the place of those of the same kind and name, or added."""
    keys = {(each.kind, each.name) for each in resources}
    kept = [each for each in scene.resources if (each.kind, each.name) not in keys]
    return replace(scene, resources=(*kept, *resources))


def without(scene: Scene, *resources: Resource) -> Scene:
    """The scene without some resources, by kind and name."""
    keys = {(each.kind, each.name) for each in resources}
    return replace(scene, resources=tuple(each for each in scene.resources if (each.kind, each.name) not in keys))


def default(**spec: Any) -> Resource:  # noqa: ANN401 - as in a manifest
    """The cluster's settings."""
    return configuration(**spec)


def own(**spec: Any) -> Resource:  # noqa: ANN401 - as in a manifest
    """The settings of node n1."""
    return configuration("node.n1", **spec)


def rest(**spec: Any) -> Node:  # noqa: ANN401 - as in a manifest
    """N1 with more in its spec."""
    return Node.from_data({**_node(1).to_data(), "spec": {**_node(1).to_data()["spec"], **spec}})


def described(**status: Any) -> Node:  # noqa: ANN401 - as in a manifest
    """N1 with a status."""
    return Node.from_data({**_node(1).to_data(), "status": status})


OFF: Final = {"nodeToNodeMeshEnabled": False}


def _rows() -> Iterator[tuple[str, Scene, Scene]]:
    yield from _node_rows()
    yield from _peer_rows()
    yield from _filter_rows()
    yield from _configuration_rows()
    yield from _pool_rows()
    yield from _reflector_rows()


def _node_rows() -> Iterator[tuple[str, Scene, Scene]]:
    yield "`asNumber` of n1", MESH, with_(MESH, _node(1, as_number=65001))
    yield "`ipv4Address` of n1: another address", MESH, with_(MESH, node("n1", "10.0.0.11", labels={"rack": "a"}))
    yield "`ipv4Address` of n1: another length of the subnet", MESH, with_(MESH, node("n1", "10.0.0.1/25"))
    yield "`ipv6Address` of n1: another address", BOTH, with_(BOTH, node("n1", "10.0.0.1", "fd00::11"))
    yield "`ipv6Address` of n1: taken away", BOTH, with_(BOTH, _node(1))
    yield "`ipv6Address` of n1: given one", with_(BOTH, _node(1)), BOTH
    yield "`ipv4Address` of n1: taken away, IPv6 stays", BOTH, with_(BOTH, node("n1", None, "fd00::1"))
    tunnel = {"bgp": {"ipv4Address": "10.0.0.1/24", "ipv4IPIPTunnelAddr": "192.168.1.1"}}
    yield "`ipv4IPIPTunnelAddr`", MESH, with_(MESH, rest(**tunnel))
    other = _node(3, labels={"role": "rr"}, cluster_id="1.0.0.2")
    yield "`routeReflectorClusterID` of n3: another one", SELECTED, with_(SELECTED, other)
    meshed = without(SELECTED, MESH_OFF)
    plain = with_(meshed, _node(3, labels={"role": "rr"}))
    yield "`routeReflectorClusterID` given to n3, which a peerSelector matches already; mesh on", plain, meshed
    yield "`routeReflectorClusterID` given to n3 with no BGPPeer; mesh on", MESH, with_(MESH, N3_REFLECTS)
    yield "`routeReflectorClusterID` taken from n3, mesh on", meshed, plain
    yield "metadata.labels that no selector asks for", MESH, with_(MESH, _node(1, labels={"rack": "b"}))
    yield (
        "metadata.labels of n3: no peerSelector matches it any more",
        SELECTED,
        with_(SELECTED, _node(3, cluster_id=CLUSTER)),
    )
    others = rest(
        addresses=[{"address": "10.0.0.1", "type": "InternalIP"}],
        interfaces=[{"name": "eth0", "addresses": ["10.0.0.1"]}],
        orchRefs=[{"nodeName": "n1", "orchestrator": "k8s"}],
        wireguard={"interfaceIPv4Address": "192.168.1.2"},
        ipv4VXLANTunnelAddr="192.168.1.3",
        vxlanTunnelMACAddr="66:00:00:00:00:01",
        ipv6VXLANTunnelAddr="fd00:192::3",
        vxlanTunnelMACAddrV6="66:00:00:00:00:02",
    )
    yield (
        (
            "`addresses`, `interfaces`, `orchRefs`, `wireguard`, `ipv4VXLANTunnelAddr`, `vxlanTunnelMACAddr`, "
            "`ipv6VXLANTunnelAddr`, `vxlanTunnelMACAddrV6`"
        ),
        MESH,
        with_(MESH, others),
    )
    yield "status", MESH, with_(MESH, described(wireguardPublicKey="k"))
    yield "a Node is added: n3", without(MESH, _node(3)), MESH
    yield "a Node is removed: n3", MESH, without(MESH, _node(3))
    yield "a Node is set aside: n3 has the AS number 23456", MESH, with_(MESH, _node(3, as_number=23456))


def _peer_rows() -> Iterator[tuple[str, Scene, Scene]]:
    def rr1(**spec: Any) -> Scene:  # noqa: ANN401 - as in a manifest
        return with_(REFLECTED, peer("rr1", RR1, **spec))

    def tor(**spec: Any) -> Scene:  # noqa: ANN401 - as in a manifest
        return with_(OUTSIDE, peer("tor", TOR, **{"asNumber": 65000, "node": "n1", **spec}))

    yield "added: rr2", without(REFLECTED, TO_RR2), REFLECTED
    yield "removed: rr2", REFLECTED, without(REFLECTED, TO_RR2)
    yield (
        "removed, and the same peering added under another name",
        REFLECTED,
        with_(without(REFLECTED, TO_RR2), peer("renamed", RR2)),
    )
    yield "added: a second one for a peering that is there", REFLECTED, with_(REFLECTED, peer("again", RR2))
    yield "added: one for a pair of nodes that the mesh has already", MESH, with_(MESH, peer("extra", "10.0.0.3"))
    yield "`node`: from every node to n1 alone", REFLECTED, rr1(node="n1")
    yield "`nodeSelector`: from every node to one that matches the same", REFLECTED, rr1(nodeSelector="rack == 'a'")
    yield "`nodeSelector`: one that matches no node any more", REFLECTED, rr1(nodeSelector="rack == 'z'")
    yield "`peerIP`: another address", REFLECTED, with_(without(REFLECTED, TO_RR2), peer("rr1", RR2))
    yield "`peerIP`: another port", OUTSIDE, with_(OUTSIDE, peer("tor", f"{TOR}:1790", asNumber=65000, node="n1"))
    yield (
        "`peerIP`: the port that it had anyway",
        OUTSIDE,
        with_(OUTSIDE, peer("tor", f"{TOR}:179", asNumber=65000, node="n1")),
    )
    yield "`asNumber`: another than the peer has", OUTSIDE, tor(asNumber=65009)
    yield (
        "`asNumber` left out: it was the cluster's",
        REFLECTED,
        with_(without(REFLECTED, TO_RR1), _without_as("rr1", RR1)),
    )
    yield (
        "`peerSelector`: another text that matches the same",
        SELECTED,
        with_(SELECTED, peer("to-rr", peerSelector="has(role)")),
    )
    yield (
        "`peerSelector`: in the place of `peerIP`, the same pair",
        with_(without(SELECTED, BY_SELECTOR), peer("to-rr", "10.0.0.3")),
        SELECTED,
    )
    yield "`localASNumber`", OUTSIDE, tor(localASNumber=65077)
    yield "`keepOriginalNextHop`", OUTSIDE, tor(keepOriginalNextHop=True)
    yield "`nextHopMode`", REFLECTED, rr1(nextHopMode="Keep")
    yield "`sourceAddress`: None, and the system chooses the same", OUTSIDE, tor(sourceAddress="None")
    yield "`sourceAddress`: UseNodeIP again", tor(sourceAddress="None"), OUTSIDE
    yield "`maxRestartTime`", REFLECTED, rr1(maxRestartTime="60s")
    yield "`keepaliveTime`", REFLECTED, rr1(keepaliveTime="10s")
    from_rack = {"peerSelector": "role == 'rr'", "nodeSelector": "rack == 'a'"}
    yield (
        "`reversePeering`: Manual, and no record makes the other end",
        with_(SELECTED, peer("to-rr", **from_rack)),
        with_(SELECTED, peer("to-rr", **from_rack, reversePeering="Manual")),
    )
    for field, value in (
        ("password", {"secretKeyRef": {"name": "s", "key": "k"}}),
        ("ttlSecurity", 1),
        ("numAllowedLocalASNumbers", 1),
        ("reachableBy", "10.0.0.254"),
    ):
        yield f"`{field}`", OUTSIDE, tor(**{field: value})
    filtered = with_(tor(filters=["f"]), BLOCKS_ONLY)
    yield "`filters`: names a BGPFilter", with_(OUTSIDE, BLOCKS_ONLY), filtered
    yield "`filters`: names one that is none", OUTSIDE, tor(filters=["f"])
    local = peer("rr1", localWorkloadSelector="all()", asNumber=65001)
    yield "`localWorkloadSelector`, in the place of `peerIP`", REFLECTED, with_(REFLECTED, local)
    dual = with_(REFLECTED, _both(1), _both(2))
    yield (
        "annotation `tortie/families`: both over one session",
        dual,
        with_(dual, peer("rr1", RR1, annotations={"tortie/families": "ipv4,ipv6"})),
    )
    yield (
        "annotation `tortie/families`: what it carries anyway",
        REFLECTED,
        rr1(annotations={"tortie/families": "ipv4"}),
    )
    yield "annotation `tortie/add-path`", REFLECTED, rr1(annotations={"tortie/add-path": "receive"})
    yield "any other annotation, labels", REFLECTED, rr1(annotations={"note": "x"})


def _filter_rows() -> Iterator[tuple[str, Scene, Scene]]:
    filtered = with_(OUTSIDE, peer("tor", TOR, asNumber=65000, node="n1", filters=["f"]), BLOCKS_ONLY)
    yield "a BGPFilter is added that nobody names", OUTSIDE, with_(OUTSIDE, BLOCKS_ONLY)
    yield "a BGPFilter is removed that a BGPPeer names", filtered, without(filtered, BLOCKS_ONLY)
    for field, prefix in (
        ("exportV4", "192.168.1.0/26"),
        ("importV4", "203.0.113.0/24"),
        ("exportV6", "fd00:192::/48"),
        ("importV6", "::/0"),
    ):
        rules = [{"action": "Reject", "cidr": prefix, "matchOperator": "In"}]
        yield f"`{field}`: another rule", filtered, with_(filtered, bgp_filter("f", **{field: rules}))


def _without_as(name: str, address: str) -> Resource:
    made = peer(name, address)
    return made.with_spec(as_number=None)


def _configuration_rows() -> Iterator[tuple[str, Scene, Scene]]:
    yield "`nodeToNodeMeshEnabled`: off", MESH, with_(MESH, MESH_OFF)
    yield "`nodeToNodeMeshEnabled`: on", with_(MESH, MESH_OFF), MESH
    extra = with_(MESH, peer("extra", "10.0.0.3"))
    yield "`nodeToNodeMeshEnabled`: off, where a BGPPeer asks for n1-n3 and n2-n3 too", extra, with_(extra, MESH_OFF)
    meshed = without(REFLECTED, MESH_OFF)
    yield "`nodeToNodeMeshEnabled`: off, reflectors are there", meshed, REFLECTED
    yield "`nodeToNodeMeshEnabled`: on again, reflectors stay", REFLECTED, meshed
    yield "`asNumber`: nodes without one of their own", MESH, with_(MESH, default(asNumber=64999))
    keeps = with_(MESH, _node(1, as_number=64512), _node(2, as_number=64512))
    yield "`asNumber`: n1 and n2 have their own", keeps, with_(keeps, default(asNumber=64999))
    reflectors_too = with_(REFLECTED, _without_as("rr1", RR1), _without_as("rr2", RR2))
    yield (
        "`asNumber`: reflectors too, BGPPeers say none",
        reflectors_too,
        with_(reflectors_too, default(asNumber=64999, **OFF)),
    )
    yield "`listenPort`", MESH, with_(MESH, default(listenPort=1790))
    yield "`nodeMeshMaxRestartTime`", MESH, with_(MESH, default(nodeMeshMaxRestartTime="60s"))
    password = {"secretKeyRef": {"name": "s", "key": "k"}}
    yield "`nodeMeshPassword`", MESH, with_(MESH, default(nodeMeshPassword=password))
    yield (
        "default: annotation `tortie/families`, both over one session",
        BOTH,
        with_(BOTH, default(annotations={"tortie/families": "ipv4,ipv6"})),
    )
    yield "default: annotation `tortie/add-path`", MESH, with_(MESH, default(annotations={"tortie/add-path": "both"}))
    quiet = default(
        logSeverityScreen="Debug",
        bindMode="None",
        ignoredInterfaces=["eth9"],
        serviceClusterIPs=[{"cidr": "10.96.0.0/12"}],
        serviceExternalIPs=[{"cidr": "198.51.100.0/24"}],
        serviceLoadBalancerIPs=[{"cidr": "198.51.101.0/24"}],
        serviceLoadBalancerAggregation="Disabled",
        communities=[{"name": "c", "value": "65000:1"}],
        prefixAdvertisements=[{"cidr": "192.168.0.0/16", "communities": ["c"]}],
        localWorkloadPeeringIPV4="169.254.1.2",
        localWorkloadPeeringIPV6="fe80::2",
        programClusterRoutes="Disabled",
        ipv4NormalRoutePriority=1000,
        ipv6NormalRoutePriority=1000,
    )
    yield (
        (
            "`logSeverityScreen`, `bindMode`, `ignoredInterfaces`, `serviceClusterIPs`, `serviceExternalIPs`, "
            "`serviceLoadBalancerIPs`, `serviceLoadBalancerAggregation`, `communities`, `prefixAdvertisements`, "
            "`localWorkloadPeeringIPV4`, `localWorkloadPeeringIPV6`, `programClusterRoutes`, "
            "`ipv4NormalRoutePriority`, `ipv6NormalRoutePriority`"
        ),
        MESH,
        with_(MESH, quiet),
    )
    yield "node.n1: `listenPort`", MESH, with_(MESH, own(listenPort=1790))
    yield "node.n1: annotation `tortie/add-path`", MESH, with_(MESH, own(annotations={"tortie/add-path": "receive"}))
    small = own(logSeverityScreen="Debug", bindMode="None", ignoredInterfaces=["eth9"])
    yield "node.n1: `logSeverityScreen`, `bindMode`, `ignoredInterfaces`", MESH, with_(MESH, small)
    yield (
        "`config set nodeToNodeMesh off`, BGPPeers are there",
        meshed,
        with_(meshed, CONFIG_NAMES["nodetonodemesh"].write(configuration(), "off")),
    )
    yield "`config set asNumber 64999`", MESH, with_(MESH, CONFIG_NAMES["asnumber"].write(configuration(), "64999"))
    yield "`config set logLevel debug`", MESH, with_(MESH, CONFIG_NAMES["loglevel"].write(configuration(), "debug"))
    yield "`config set ipip on`", MESH, with_(MESH, CONFIG_NAMES["ipip"].write(configuration(), "on"))


def _pool_rows() -> Iterator[tuple[str, Scene, Scene]]:
    yield "an IPPool is added", MESH, with_(MESH, pool("more", "172.16.0.0/16"))
    yield "an IPPool is removed, `cidr`", with_(MESH, pool("more", "172.16.0.0/16")), MESH
    yield "`disabled`", MESH, with_(MESH, pool("pool", "192.168.0.0/16", disabled=True))
    yield "`disableBGPExport`", MESH, with_(MESH, pool("pool", "192.168.0.0/16", disableBGPExport=True))
    quiet = pool(
        "pool", "192.168.0.0/16", ipipMode="Always", vxlanMode="Never", natOutgoing=True, blockSize=27,
        nodeSelector="rack == 'a'", namespaceSelector="all()", allowedUses=["Workload"], assignmentMode="Manual",
    )  # fmt: skip
    yield (
        (
            "`ipipMode`, `vxlanMode`, `natOutgoing`, `blockSize`, `nodeSelector`, `namespaceSelector`, `allowedUses`, "
            "`assignmentMode`"
        ),
        MESH,
        with_(MESH, quiet),
    )
    yield "a block of addresses is added to n1", MESH, with_(MESH, block("n1", "192.168.99.0/26"))
    yield (
        "a block of addresses moves from n1 to n2",
        with_(MESH, block("n1", "192.168.99.0/26")),
        with_(MESH, block("n2", "192.168.99.0/26")),
    )
    yield "a WorkloadEndpoint is added", MESH, with_(MESH, endpoint("w", "n1", "192.168.200.1/32"))


def _reflector_rows() -> Iterator[tuple[str, Scene, Scene]]:
    without_rr2 = replace(without(REFLECTED, RECORDS[1], TO_RR2), reflectors=REFLECTORS[:1])
    yield (
        "rr2 and its record are added, no BGPPeer yet",
        without_rr2,
        replace(with_(without_rr2, RECORDS[1]), reflectors=REFLECTORS),
    )
    yield "rr2 is removed: record, BGPPeer and process", REFLECTED, without_rr2
    yield "a record is removed while the process runs on: rr2", REFLECTED, without(REFLECTED, RECORDS[1])
    yield "`clusterID` of rr2", REFLECTED, with_(REFLECTED, reflector(RR2, "1.0.0.2"))
    yield "`ip`: a second record, rr_v6, for rr1", _dual_rr1(), with_(_dual_rr1(), reflector("fd00::8", CLUSTER))
    yield "from a mesh to reflectors in one change", MESH_OF_TWO, REFLECTED
    yield "and back", REFLECTED, MESH_OF_TWO


MESH_OF_TWO: Final = Scene((*ADDRESSES, _node(1), _node(2), *RECORDS), REFLECTORS)


def _dual_rr1() -> Scene:
    return replace(REFLECTED, reflectors=(("rr1", (RR1, "fd00::8")), ("rr2", (RR2,))))


ROWS: Final = {change: (before, after) for change, before, after in _rows()}


# ---------------------------------------------------------------- what the page says


@dataclass(frozen=True)
class Row:
    """A line of the page's tables."""

    change: str
    resets: str
    ends_and_begins: str
    why: str


def rows_of_page() -> list[Row]:
    """Return the lines of all tables with four columns."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[0] != "Change" and set(cells[0]) != {"-"}:
            found.append(Row(*cells))
    return found


PAGE_ROWS: Final = {row.change: row for row in rows_of_page()} if PAGE.exists() else {}


def test_page_and_test_have_the_same_rows() -> None:
    assert list(ROWS) == [row.change for row in rows_of_page()]


def test_every_row_says_why() -> None:
    assert [row.change for row in rows_of_page() if len(row.why.split()) < 3] == []


@pytest.mark.parametrize(
    "model", [NodeBGPSpec, NodeSpec, BGPPeerSpec, BGPFilterSpec, BGPConfigurationSpec, IPPoolSpec, RouteReflectorSpec]
)
def test_every_field_has_its_row(model: type[Any]) -> None:
    text = " ".join(ROWS)
    fields = [info.alias or name for name, info in model.model_fields.items()]
    assert [field for field in fields if f"`{field}`" not in text and field != "bgp"] == []


def test_every_setting_has_its_row() -> None:
    text = " ".join(ROWS)
    assert [row.name for row in CONFIG_NAMES.values() if f"config set {row.name} " not in text] == []


# ---------------------------------------------------------------- the proof


def ends_and_begins(ended: str, begun: str) -> str:
    """Return the two as the page writes them."""
    parts = [f"{word} {found}" for word, found in (("ends:", ended), ("begins:", begun)) if found != DASH]
    return "; ".join(parts) or DASH


@pytest.mark.parametrize("is_reversed", [False, True], ids=["n1-first", "n1-last"])
@pytest.mark.parametrize("change", ROWS)
def test_what_a_change_resets(change: str, is_reversed: bool) -> None:
    before, after = ROWS[change]
    world = PlannedWorld(before, is_reversed=is_reversed)
    happened = world.change(after)
    found = names(happened.reset), ends_and_begins(names(happened.ended), names(happened.begun))
    row = PAGE_ROWS.get(change)
    assert row is not None, f"{PAGE.name} has no row {change!r}: {found}"
    assert found == (row.resets, row.ends_and_begins)
    fresh = PlannedWorld(after)
    assert world.ribs() == fresh.ribs()
    assert world.sessions() == fresh.sessions()


SCENES: Final = [scene for pair in ROWS.values() for scene in pair if not scene.foreign]


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_changes_ends_where_a_fresh_start_does(seed: int) -> None:
    chosen = Random(seed).choices(SCENES, k=8)
    world = PlannedWorld(chosen[0], is_reversed=bool(seed % 2))
    for scene in chosen[1:]:
        world.become(scene)
        world.world.run(
            RESTART_TIME_S_DEFAULT
        )  # of a peer that let go while the session was being reset paths are kept
        fresh = PlannedWorld(scene)
        assert world.sessions() == fresh.sessions()
        assert world.ribs() == fresh.ribs()
        assert any(fresh.ribs().values())
