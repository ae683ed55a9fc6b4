"""Against what Calico's own generator makes of the same records, as far as this version's fields reach.

Compared are models, not text: sessions, blackholes, own blocks, local AS, router id, ignored interfaces. Which end
dials and what a session says of next hops by default differ on purpose and are not compared.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.corpus import corpus_folder
from support.fabric import block, configuration, fabric, node, peer, pool
from tortie.fabric import NodeIntent, node_intent, router_id_of_name
from tortie.model import Resource
from tortie.model.manifest import load_manifests

CASES = (
    "cluster_routes/ipip-only",
    "cluster_routes/noencap-only",
    "explicit_peering/specific_node",
    "felix_cluster_routing",
    "ignored_interfaces",
    "mesh/bgp-export",
    "mesh/hash",
    "mesh/ipip-always",
    "mesh/ipip-cross-subnet",
    "mesh/vxlan-always",
    "next_hop_mode/global_peers",
)
LEGACY_CASES = ("explicit_peering/specific_node", "mesh/ipip-always", "mesh/ipip-off")


@cache
def read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(path.read_text(encoding="utf-8"))


def sessions_of(intent: NodeIntent) -> set[tuple[str, int, int]]:
    return {(item.remote_address, item.port, item.peer_as) for item in intent.sessions}


def sessions_expected(golden: dict[str, Any]) -> set[tuple[str, int, int]]:
    return {
        (item["neighbor"], item.get("port") or 179, item["as"])
        for family in ("v4", "v6")
        for item in (golden[family] or {}).get("sessions", ())
    }


def check_routes(intent: NodeIntent, aggregation: list[str], static: list[str]) -> None:
    """Compare with the lines of `calico_aggr` and of the static routes."""
    aggregated = {match[1] for line in aggregation if (match := re.match(r"if \( net = (\S+) ", line))}
    blackholed = {match[1] for line in static if (match := re.match(r"(?:route )?(\S+) blackhole", line))}
    assert set(intent.originated) == aggregated
    assert set(intent.blackholes) == blackholed


@pytest.mark.parametrize("case", CASES)
def test_as_upstream(case: str) -> None:
    folder = corpus_folder("confd")
    manifest = read_json(folder / "manifest.json")
    described = manifest["cases"][case]
    golden = read_json(folder / "expected_normalised.json")[described["goldens"][0]["dir"]]
    resources: list[Resource] = [
        resource for path in described["initial"] for resource in load_manifests((folder / path).read_text(), path)
    ]
    if described["affinities"] == "standard":
        resources += [block(item["node"], item["cidr"], item["state"]) for item in manifest["standard_affinities"]]
    whole = fabric(*resources)
    intent = node_intent(whole, described["node"])
    assert whole.quarantine == ()
    assert sessions_of(intent) == sessions_expected(golden)
    check_routes(intent, golden["aggr4"]["aggr"], golden["aggr4"]["static"])
    assert intent.local_as == golden["v4"]["local_as"]
    by_hash = described["env"].get("CALICO_ROUTER_ID") == "hash"
    assert golden["v4"]["router_id"] == (router_id_of_name(intent.name) if by_hash else intent.router_id)
    ignored = set(re.findall(r'-"([^"]+)"', golden["v4"]["direct_interfaces"])) - {"cali*", "kube-ipvs*"}
    assert set(intent.ignored_interfaces) == ignored
    for item in golden["v4"]["sessions"]:
        if item["next_hop"] is not None:
            (session,) = [one for one in intent.sessions if one.remote_address == item["neighbor"]]
            assert session.next_hop_mode == item["next_hop"]


@pytest.mark.parametrize("case", LEGACY_CASES)
def test_as_the_seeds_generation(case: str) -> None:
    folder = corpus_folder("confd")
    golden = read_json(folder / "expected_normalised.json")[f"legacy-v2.6/compiled_templates/{case}"]
    dump = (folder / "legacy-v2.6" / "mock_data" / "etcd" / case / "etcd_data").read_text()
    whole = fabric(*legacy_resources(dump))
    intent = node_intent(whole, "kube-master")
    assert whole.quarantine == ()
    assert sessions_of(intent) == sessions_expected(golden)
    assert {session.next_hop_mode for session in intent.sessions} == {"self"}
    check_routes(intent, golden["aggr4"]["function calico_aggr ()"], golden["aggr4"]["protocol static"])
    assert golden["v4"]["router_id"] == intent.router_id
    assert f"local as {intent.local_as}" in golden["v4"]["bgp_template"]
    accepted = re.findall(r"net ~ (\S+) ", " ".join(golden["ipam4"]["filter calico_pools"]))
    within = [rule.prefix for rule in intent.sessions[0].export_filter.rules if rule.accept and rule.le is None]
    assert within == accepted


def legacy_resources(dump: str) -> list[Resource]:
    """Return what a dump of v2 keys (``key value`` lines) means (reference B)."""
    keys = dict(line.split(" ", 1) for line in dump.splitlines() if line)
    common = "/calico/bgp/v1/"
    mesh = json.loads(keys[f"{common}global/node_mesh"])["enabled"]
    number = keys[f"{common}global/as_num"]
    resources: list[Resource] = [configuration(nodeToNodeMeshEnabled=mesh, asNumber=number)]
    for key, value in keys.items():
        if match := re.fullmatch(rf"{common}host/([^/]+)/ip_addr_v4", key):
            length = keys[f"{common}host/{match[1]}/network_v4"].split("/")[1]
            resources.append(node(match[1], f"{value}/{length}"))
        elif match := re.fullmatch(rf"{common}host/([^/]+)/peer_v4/(.+)", key):
            name = f"{match[1]}.{match[2].replace('.', '-')}"
            resources.append(peer(name, match[2], node=match[1], asNumber=json.loads(value)["as_num"]))
        elif match := re.fullmatch(r"/calico/ipam/v2/host/([^/]+)/ipv4/block/(.+)-(\d+)", key):
            resources.append(block(match[1], f"{match[2]}/{match[3]}", ""))
        elif key.startswith("/calico/v1/ipam/v4/pool/"):
            resources.append(pool("pool", json.loads(value)["cidr"]))
    return resources
