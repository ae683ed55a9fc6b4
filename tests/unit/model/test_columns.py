"""Tables of `get`: headings and cells of each kind."""

import pytest

from tortie.model import (
    KINDS,
    BGPConfiguration,
    BGPPeer,
    BlockAffinity,
    IPAMBlock,
    IPAMHandle,
    IPPool,
    Node,
    Resource,
    RouteReflector,
    TableView,
    UnknownColumn,
    WorkloadEndpoint,
    table,
)
from tortie.model.columns import TABLES, V1_TABLES

WIDE = TableView(is_wide=True)
V1 = TableView(is_v1=True)
V1_WIDE = TableView(is_v1=True, is_wide=True)


def node(name: str, **bgp: object) -> Node:
    return Node.from_data({"metadata": {"name": name}, "spec": {"bgp": bgp} if bgp else {}})


def peer(**spec: object) -> BGPPeer:
    return BGPPeer.from_data({"metadata": {"name": "p"}, "spec": spec})


NODE = node("kube-node1", ipv4Address="10.10.31.193/24")
NODE_AS = node("kube-node2", ipv4Address="10.10.31.194/24", ipv6Address="fd00::2/64", asNumber=65001)
POOL = IPPool.from_data(
    {"metadata": {"name": "p"}, "spec": {"cidr": "10.0.0.0/16", "ipipMode": "CrossSubnet", "natOutgoing": True}}
)
PLAIN_POOL = IPPool.from_data({"metadata": {"name": "q"}, "spec": {"cidr": "10.1.0.0/16"}})
ENDPOINT = WorkloadEndpoint.from_data(
    {
        "metadata": {"name": "w", "namespace": "prod"},
        "spec": {
            "node": "n",
            "workload": "web",
            "ipNetworks": ["10.0.0.1/32", "fd00::1/128"],
            "interfaceName": "cali1",
            "profiles": ["a", "b"],
            "ipNATs": [{"internalIP": "10.0.0.1", "externalIP": "203.0.113.1"}],
        },
    }
)


@pytest.mark.parametrize(
    ("resource", "view", "headings", "row"),
    [
        (NODE, TableView(), "NAME", ["kube-node1"]),
        (NODE, WIDE, "NAME ASN IPV4 IPV6", ["kube-node1", "(64512)", "10.10.31.193/24", ""]),
        (NODE_AS, WIDE, "NAME ASN IPV4 IPV6", ["kube-node2", "65001", "10.10.31.194/24", "fd00::2/64"]),
        (node("n"), V1_WIDE, "NAME ASN IPV4 IPV6", ["n", "", "", ""]),
        (
            peer(peerIP="10.10.31.168", asNumber=64512),
            V1,
            "SCOPE PEERIP NODE ASN",
            ["global", "10.10.31.168", "", "64512"],
        ),
        (
            peer(peerIP="fd00::1", asNumber=64512, node="n"),
            V1_WIDE,
            "SCOPE PEERIP NODE ASN",
            ["node", "fd00::1", "n", "64512"],
        ),
        (
            peer(peerIP="10.10.31.168", asNumber=64512),
            TableView(),
            "NAME PEERIP NODE ASN",
            ["p", "10.10.31.168", "(global)", "64512"],
        ),
        (peer(peerIP="10.0.0.1", node="n"), WIDE, "NAME PEERIP NODE ASN", ["p", "10.0.0.1", "n", "(64512)"]),
        (
            peer(peerSelector="has(rr)", nodeSelector="all()"),
            TableView(),
            "NAME PEERIP NODE ASN",
            ["p", "has(rr)", "all()", ""],
        ),
        (POOL, TableView(), "NAME CIDR SELECTOR", ["p", "10.0.0.0/16", "all()"]),
        (
            POOL,
            WIDE,
            "NAME CIDR NAT IPIPMODE VXLANMODE DISABLED DISABLEBGPEXPORT SELECTOR ASSIGNMENTMODE",
            ["p", "10.0.0.0/16", "true", "CrossSubnet", "Never", "false", "false", "all()", "Automatic"],
        ),
        (POOL, V1, "CIDR", ["10.0.0.0/16"]),
        (POOL, V1_WIDE, "CIDR NAT IPIP", ["10.0.0.0/16", "true", "cross-subnet"]),
        (PLAIN_POOL, V1_WIDE, "CIDR NAT IPIP", ["10.1.0.0/16", "false", "off"]),
        (
            BGPConfiguration.from_data({"metadata": {"name": "default"}}),
            TableView(),
            "NAME LOGSEVERITY MESHENABLED ASNUMBER",
            ["default", "-", "-", "-"],
        ),
        (
            BGPConfiguration.from_data(
                {
                    "metadata": {"name": "default"},
                    "spec": {"logSeverityScreen": "Info", "nodeToNodeMeshEnabled": False, "asNumber": 1},
                }
            ),
            V1,
            "NAME LOGSEVERITY MESHENABLED ASNUMBER",
            ["default", "Info", "false", "1"],
        ),
        (ENDPOINT, TableView(), "WORKLOAD NODE NETWORKS INTERFACE", ["web", "n", "10.0.0.1/32,fd00::1/128", "cali1"]),
        (
            ENDPOINT,
            TableView(is_wide=True, has_namespace=True),
            "NAMESPACE NAME WORKLOAD NODE NETWORKS INTERFACE PROFILES NATS",
            ["prod", "w", "web", "n", "10.0.0.1/32,fd00::1/128", "cali1", "a,b", "10.0.0.1/203.0.113.1"],
        ),
        (
            RouteReflector.from_data(
                {"metadata": {"name": "10.0.0.1"}, "spec": {"ip": "10.0.0.1", "clusterID": "1.0.0.1"}}
            ),
            TableView(),
            "IP CLUSTERID",
            ["10.0.0.1", "1.0.0.1"],
        ),
        (
            BlockAffinity.from_data(
                {"metadata": {"name": "a"}, "spec": {"node": "n", "cidr": "10.0.0.0/26", "state": "confirmed"}}
            ),
            TableView(),
            "NAME NODE CIDR STATE",
            ["a", "n", "10.0.0.0/26", "confirmed"],
        ),
        (
            IPAMBlock.from_data({"metadata": {"name": "b"}, "spec": {"cidr": "10.0.0.0/30", "unallocated": [1, 2]}}),
            TableView(),
            "NAME CIDR AFFINITY FREE",
            ["b", "10.0.0.0/30", "", "2"],
        ),
        (
            IPAMHandle.from_data({"metadata": {"name": "h"}, "spec": {"handleID": "h", "block": {"a": 1, "b": 2}}}),
            TableView(),
            "NAME ADDRESSES",
            ["h", "3"],
        ),
        (NODE_AS, TableView(headings=("asn", "NAME")), "ASN NAME", ["65001", "kube-node2"]),
    ],
)
def test_rows(resource: Resource, view: TableView, headings: str, row: list[str]) -> None:
    result = table(resource.kind, [resource], 64512, view)
    assert (result.headings, result.rows) == (tuple(headings.split()), (tuple(row),))


def test_order_is_kept_and_inherited_as_is_the_clusters() -> None:
    assert table("nodes", [NODE_AS, NODE], 65535, WIDE).rows == (
        ("kube-node2", "65001", "10.10.31.194/24", "fd00::2/64"),
        ("kube-node1", "(65535)", "10.10.31.193/24", ""),
    )


def test_no_resources() -> None:
    assert table("ippools", [], 64512).rows == ()


def test_unknown_column() -> None:
    with pytest.raises(UnknownColumn, match=r"Node has no column 'IPV44' .did you mean 'IPV4'"):
        table("node", [], 64512, TableView(headings=("IPV44",)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_columns_and_knows_those_it_shows(kind: str) -> None:
    for tables in (TABLES, V1_TABLES):
        columns = tables.get(kind, TABLES[kind])
        assert set(columns.plain) | set(columns.wide or ()) <= set(columns.cells)
