"""Hypothesis strategies for random fabrics: few names and addresses, so that records often collide.

Everything that a model accepts may come, sound or not: duplicate addresses and names, AS_TRANS, peers of nodes that
are not there, fields that this version cannot obey.
"""

from typing import Any

from hypothesis import strategies as st

from support.fabric import bgp_filter, block, configuration, endpoint, node, peer, pool, reflector
from tortie.model import BGPConfiguration, BGPFilter, BGPPeer, BlockAffinity, IPPool, Node, Resource, RouteReflector
from tortie.model import WorkloadEndpoint as Endpoint

V4 = [f"10.0.0.{number}" for number in (1, 2, 3, 9, 10, 100)]
V6 = [f"fd00::{number}" for number in (1, 2, 3, 10)]
OUTSIDE = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
NODE_NAMES = ["n1", "n2", "n3", "n10", "n20", "n30"]
BLOCKS = ["192.168.0.0/26", "192.168.0.64/26", "192.168.1.1/32", "172.16.0.0/26", "fd10::/122"]
HOSTS = ["192.168.0.1", "192.168.0.70", "192.168.1.1", "172.16.0.1", "10.99.0.1", "fd10::1", "fd10::ff"]
POOLS = ["192.168.0.0/16", "192.168.0.0/24", "172.16.0.0/16", "10.99.0.0/16", "fd10::/64"]

node_names = st.sampled_from(NODE_NAMES)
peer_names = st.sampled_from(["p1", "p2", "p3", "p4"])
pool_names = st.sampled_from(["a", "b", "c"])
workload_names = st.sampled_from(["w1", "w2", "w3"])
as_numbers = st.sampled_from([None] * 12 + [64512] * 3 + [65001] * 3 + [23456])
cluster_ids = st.sampled_from([None] * 5 + ["1.0.0.1", "1.0.0.2"])
ages = st.sampled_from([None, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00.5Z"])
uids = st.sampled_from([None, "a", "b"])
ports = st.sampled_from([None] * 5 + [179, 1790])
labels = st.sampled_from([{}, {"rack": "one"}, {"rack": "two"}, {"rack": "one", "role": "reflector"}])
selectors = st.sampled_from(["all()", "rack == 'one'", "rack != 'one'", "has(role)", "!has(role)", "rack == 'none'"])
SECRETS = [{"secretKeyRef": {"name": "s", "key": key}} for key in ("one", "two")]


def nodes(names: st.SearchStrategy[str] = node_names) -> st.SearchStrategy[Node]:
    """Nodes; about one in ten has no address."""
    return st.builds(
        node,
        names,
        st.sampled_from([*V4, *V4, None]),
        st.sampled_from([*V6, None, None, None, None]),
        as_number=as_numbers,
        cluster_id=cluster_ids,
        labels=labels,
        created=ages,
        uid=uids,
    )


OPTIONS: list[dict[str, Any]] = [
    *[{}] * 10,
    {"nextHopMode": "Keep"},
    {"keepOriginalNextHop": True},
    {"reversePeering": "Manual"},
    {"localASNumber": 65001},
    {"localASNumber": 64512},
    {"sourceAddress": "None"},
    {"sourceAddress": "UseNodeIP"},
    {"ttlSecurity": 1},
    {"maxRestartTime": "90s"},
    {"keepaliveTime": "5s", "numAllowedLocalASNumbers": 1},
    {"filters": ["f1"]},
    {"filters": ["f2", "f1"]},
    *({"password": secret} for secret in SECRETS),
]
options = st.sampled_from(OPTIONS)


@st.composite
def peers(draw: st.DrawFn, names: st.SearchStrategy[str] = peer_names) -> BGPPeer:
    """BGPPeers with any of the addresses in use, or with selectors, and at times with options."""
    spec: dict[str, Any] = dict(draw(options))
    whose = draw(st.sampled_from(["all", "node", "selector"]))
    if whose == "selector":
        spec["nodeSelector"] = draw(selectors)
    elif whose == "node":
        spec["node"] = draw(node_names)
    spec |= {"created": draw(ages), "uid": draw(uids)}
    with_whom = draw(st.sampled_from(["nodes", "nodes", "nodes", "address", "address", "address", "workloads"]))
    if with_whom == "nodes":
        return peer(draw(names), peerSelector=draw(selectors), **spec)
    if with_whom == "workloads":
        return peer(draw(names), localWorkloadSelector=draw(selectors), asNumber=65007, **spec)
    address = draw(st.sampled_from([*V4, *V4[3:], *V6, *V6[2:], *OUTSIDE]))
    port = draw(ports)
    peer_ip = address if port is None else f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return peer(draw(names), peer_ip, asNumber=draw(as_numbers), **spec)


def filters() -> st.SearchStrategy[BGPFilter]:
    """BGPFilters with a rule or two."""
    rules = st.lists(
        st.sampled_from(
            [
                {"action": "Reject", "cidr": "192.168.0.0/16", "matchOperator": "In", "prefixLength": {"max": 0}},
                {"action": "Accept", "operations": [{"setPriority": {"value": 5}}], "peerType": "iBGP"},
                {"action": "Reject", "communities": {"values": ["65000:1"]}, "interface": "cali*"},
            ]
        ),
        max_size=2,
    )
    return st.builds(bgp_filter, st.sampled_from(["f1", "f2"]), importV4=rules, exportV4=rules)


def reflectors() -> st.SearchStrategy[RouteReflector]:
    """Reflectors' records of both families."""
    return st.builds(reflector, st.sampled_from([*V4[3:], *V6[2:]]), st.sampled_from(["", "1.0.0.1", "1.0.0.2"]))


@st.composite
def configurations(draw: st.DrawFn) -> BGPConfiguration:
    """The cluster's settings, or a node's."""
    name = draw(st.sampled_from(["default", "default", "node.n1", "node.n2"]))
    spec: dict[str, object] = {"listenPort": draw(ports)}
    if name == "default":
        spec |= {"nodeToNodeMeshEnabled": draw(st.booleans()), "asNumber": draw(as_numbers)}
    return configuration(name, **{key: value for key, value in spec.items() if value is not None})


def pools(names: st.SearchStrategy[str] = pool_names) -> st.SearchStrategy[IPPool]:
    """Pools, some of which overlap."""
    return st.builds(
        pool,
        names,
        st.sampled_from(POOLS),
        disabled=st.booleans(),
        disableBGPExport=st.booleans(),
        created=ages,
    )


def blocks() -> st.SearchStrategy[BlockAffinity]:
    """Affinities in every state."""
    states = st.sampled_from(["", "confirmed", "pending", "pendingDeletion"])
    return st.builds(block, node_names, st.sampled_from(BLOCKS), states)


@st.composite
def endpoints(draw: st.DrawFn, names: st.SearchStrategy[str] = workload_names) -> Endpoint:
    """Workloads with one or two addresses."""
    return endpoint(
        draw(names),
        draw(node_names),
        *draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=2)),
        interface=draw(st.sampled_from(["cali1"] * 5 + ["cali2"] * 5 + ["a/b", None])),
        created=draw(ages),
        labels=draw(labels),
    )


@st.composite
def resources(draw: st.DrawFn) -> list[Resource]:
    """Resources of a fabric; a name may come several times."""
    parts: tuple[tuple[st.SearchStrategy[Resource], int, int], ...] = (
        (nodes(), 1, 6),
        (reflectors(), 0, 3),
        (peers(), 0, 5),
        (filters(), 0, 2),
        (configurations(), 0, 2),
        (pools(), 0, 2),
        (blocks(), 0, 3),
        (endpoints(), 0, 3),
    )
    return [item for strategy, low, high in parts for item in draw(st.lists(strategy, min_size=low, max_size=high))]


NEW_NAME = st.just("newcomer")


def newcomers() -> st.SearchStrategy[Resource]:
    """One more resource, of a name that no other has."""
    return st.one_of(nodes(NEW_NAME), peers(NEW_NAME), pools(NEW_NAME), endpoints(NEW_NAME))
